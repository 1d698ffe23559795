import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addressKey,
  type Contact,
  type ContactEvent,
  isNewestRequest,
  isToBeAsked,
  levelOf,
  newContact,
  onContactEvent,
  refusalOf,
  UNSUBSCRIBED,
} from '../../src/domain/contact.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import { NOON, ref } from './builders.ts';

type Kind = Notice['facts']['kind'];
const KINDS: Kind[] = ['confirmation', 'warning', 'stopped', 'failure', 'digest'];

const met: ContactEvent = { kind: 'met', owner: 'd-lab/alice' };
const left: ContactEvent = { kind: 'left', owner: 'd-lab/alice' };
const asked: ContactEvent = { kind: 'asked' };
const confirmed: ContactEvent = { kind: 'confirmed' };
const from = (level: (typeof UNSUBSCRIBED)[number]): ContactEvent => ({ kind: 'unsubscribed', from: level });
const delivered: ContactEvent = { kind: 'delivered' };
const transient: ContactEvent = { kind: 'bounced', isPermanent: false };
const permanent: ContactEvent = { kind: 'bounced', isPermanent: true };
const complained: ContactEvent = { kind: 'complained' };
const invited: ContactEvent = { kind: 'invited' };

/** A contact that all this has happened to, the last at NOON, a millisecond apart: events that change nothing leave it as it was. */
function once(...events: ContactEvent[]): Contact {
  return events.reduce(
    (contact, event, i) => onContactEvent(contact, event, NOON - events.length + 1 + i) ?? contact,
    newContact(ref, 'jo@example.org', NOON - events.length),
  );
}

/** What a contact says of itself, in a line. */
function words({ consent, unsubscribed, asked, bounces, owners }: Contact): string {
  const facts = [
    consent,
    unsubscribed && `no ${unsubscribed}`,
    asked.length > 0 && `asked ${asked.length}`,
    bounces > 0 && `${bounces} bounces`,
    owners.length > 0 && `of ${owners.join(' and ')}`,
  ];
  return facts.filter(Boolean).join(', ');
}

/** Every state, each as it comes about. */
const STATES = {
  new: once(),
  met: once(met),
  asked: once(asked),
  confirmed: once(confirmed),
  'confirmed, bouncing now and then': once(confirmed, transient, transient, transient, transient),
  'confirmed, no reports': once(confirmed, from('reports')),
  'confirmed, no warnings': once(confirmed, from('warnings')),
  'confirmed, nothing': once(confirmed, from('everything')),
  'unconfirmed, no reports': once(from('reports')),
  'unconfirmed, nothing': once(from('everything')),
  bounced: once(confirmed, permanent),
  'bounced, five in a row': once(confirmed, transient, transient, transient, transient, transient),
  'bounced, nothing': once(from('everything'), permanent),
  complained: once(confirmed, complained),
};
type State = keyof typeof STATES;

/** By rule: the event, and what each state becomes; a state that is not named stays as it is. */
const RULES: [rule: string, event: ContactEvent, becomes: Partial<Record<State, string>>][] = [
  [
    'the profiles that the policy gives an address are remembered, each once, whatever its consent',
    met,
    Object.fromEntries(
      Object.entries(STATES)
        .filter(([state]) => state !== 'met')
        .map(([state, contact]) => [state, `${words(contact)}, of d-lab/alice`]),
    ),
  ],
  ['a profile that the policy gives the address no longer is forgotten', left, { met: 'unconfirmed' }],
  [
    'only whoever has not answered is asked',
    asked,
    {
      new: 'unconfirmed, asked 1',
      met: 'unconfirmed, asked 1, of d-lab/alice',
      'unconfirmed, no reports': 'unconfirmed, no reports, asked 1',
    },
  ],
  [
    'a button that was pressed is consent, also after an unsubscribing; it does not mend an address that bounces',
    confirmed,
    {
      new: 'confirmed',
      met: 'confirmed, of d-lab/alice',
      asked: 'confirmed, asked 1',
      'confirmed, no reports': 'confirmed',
      'confirmed, no warnings': 'confirmed',
      'confirmed, nothing': 'confirmed',
      'unconfirmed, no reports': 'confirmed',
      'unconfirmed, nothing': 'confirmed',
    },
  ],
  [
    'unsubscribing from reports leaves what was unsubscribed from before',
    from('reports'),
    {
      new: 'unconfirmed, no reports',
      met: 'unconfirmed, no reports, of d-lab/alice',
      asked: 'unconfirmed, no reports, asked 1',
      confirmed: 'confirmed, no reports',
      'confirmed, bouncing now and then': 'confirmed, no reports, 4 bounces',
      bounced: 'bounced, no reports',
      'bounced, five in a row': 'bounced, no reports, 5 bounces',
      complained: 'complained, no reports',
    },
  ],
  [
    'unsubscribing from warnings is from reports too',
    from('warnings'),
    {
      new: 'unconfirmed, no warnings',
      met: 'unconfirmed, no warnings, of d-lab/alice',
      asked: 'unconfirmed, no warnings, asked 1',
      confirmed: 'confirmed, no warnings',
      'confirmed, bouncing now and then': 'confirmed, no warnings, 4 bounces',
      'confirmed, no reports': 'confirmed, no warnings',
      'unconfirmed, no reports': 'unconfirmed, no warnings',
      bounced: 'bounced, no warnings',
      'bounced, five in a row': 'bounced, no warnings, 5 bounces',
      complained: 'complained, no warnings',
    },
  ],
  [
    'unsubscribing from everything is from all before',
    from('everything'),
    {
      new: 'unconfirmed, no everything',
      met: 'unconfirmed, no everything, of d-lab/alice',
      asked: 'unconfirmed, no everything, asked 1',
      confirmed: 'confirmed, no everything',
      'confirmed, bouncing now and then': 'confirmed, no everything, 4 bounces',
      'confirmed, no reports': 'confirmed, no everything',
      'confirmed, no warnings': 'confirmed, no everything',
      'unconfirmed, no reports': 'unconfirmed, no everything',
      bounced: 'bounced, no everything',
      'bounced, five in a row': 'bounced, no everything, 5 bounces',
      complained: 'complained, no everything',
    },
  ],
  [
    'a delivery ends a row of transient bounces, and brings no dead address back',
    delivered,
    { 'confirmed, bouncing now and then': 'confirmed' },
  ],
  [
    'transient bounces are counted, and the fifth in a row counts as permanent',
    transient,
    {
      new: 'unconfirmed, 1 bounces',
      met: 'unconfirmed, 1 bounces, of d-lab/alice',
      asked: 'unconfirmed, asked 1, 1 bounces',
      confirmed: 'confirmed, 1 bounces',
      'confirmed, bouncing now and then': 'bounced, 5 bounces',
      'confirmed, no reports': 'confirmed, no reports, 1 bounces',
      'confirmed, no warnings': 'confirmed, no warnings, 1 bounces',
      'confirmed, nothing': 'confirmed, no everything, 1 bounces',
      'unconfirmed, no reports': 'unconfirmed, no reports, 1 bounces',
      'unconfirmed, nothing': 'unconfirmed, no everything, 1 bounces',
    },
  ],
  [
    'a permanent bounce ends mail to the address; a complaint is not outdone by it',
    permanent,
    {
      new: 'bounced',
      met: 'bounced, of d-lab/alice',
      asked: 'bounced, asked 1',
      confirmed: 'bounced',
      'confirmed, bouncing now and then': 'bounced, 4 bounces',
      'confirmed, no reports': 'bounced, no reports',
      'confirmed, no warnings': 'bounced, no warnings',
      'confirmed, nothing': 'bounced, no everything',
      'unconfirmed, no reports': 'bounced, no reports',
      'unconfirmed, nothing': 'bounced, no everything',
    },
  ],
  [
    'a complaint ends mail to the address, also after an unsubscribing or a bounce',
    complained,
    {
      new: 'complained',
      met: 'complained, of d-lab/alice',
      asked: 'complained, asked 1',
      confirmed: 'complained',
      'confirmed, bouncing now and then': 'complained, 4 bounces',
      'confirmed, no reports': 'complained, no reports',
      'confirmed, no warnings': 'complained, no warnings',
      'confirmed, nothing': 'complained, no everything',
      'unconfirmed, no reports': 'complained, no reports',
      'unconfirmed, nothing': 'complained, no everything',
      bounced: 'complained',
      'bounced, five in a row': 'complained, 5 bounces',
      'bounced, nothing': 'complained, no everything',
    },
  ],
  [
    'an invitation begins anew, except for whoever has confirmed, complained or unsubscribed from everything',
    invited,
    {
      new: 'unconfirmed',
      met: 'unconfirmed, of d-lab/alice',
      asked: 'unconfirmed',
      'unconfirmed, no reports': 'unconfirmed, no reports',
      bounced: 'unconfirmed',
      'bounced, five in a row': 'unconfirmed',
    },
  ],
];

describe.each(RULES)('%s', (_, event, becomes) => {
  test.each(Object.entries(STATES) as [State, Contact][])('%s', (state, contact) => {
    const next = onContactEvent(contact, event, NOON + HOUR);
    expect(next && words(next)).toBe(becomes[state]);
  });
});

describe('a contact', () => {
  test('is named by its address, whatever its case', () => {
    expect(addressKey('Jo.Ann@Example.ORG')).toBe(addressKey('jo.ann@example.org'));
    expect(addressKey('jo.ann@example.org')).not.toBe(addressKey('joann@example.org'));
  });

  test('keeps when consent or what is unsubscribed changed; requests, bounces and profiles are no such change', () => {
    const contact = STATES.asked;
    const changedAt = (event: ContactEvent) => onContactEvent(contact, event, NOON + 3 * DAY)?.changedAt;
    for (const event of [confirmed, from('reports'), permanent, complained, invited])
      expect(changedAt(event)).toBe(NOON + 3 * DAY);
    for (const event of [met, transient]) expect(changedAt(event)).toBe(contact.changedAt);
    expect(onContactEvent(once(met, asked), asked, NOON + 3 * DAY)).toMatchObject({ changedAt: NOON - 2 });
  });

  test('remembers twenty profiles, and one more once another has left', () => {
    const crowd = once(...Array.from({ length: 25 }, (_, i) => ({ kind: 'met' as const, owner: `d-lab/p${i}` })));
    expect(crowd.owners).toHaveLength(20);
    const fewer = onContactEvent(crowd, { kind: 'left', owner: 'd-lab/p3' }, NOON)!;
    expect(onContactEvent(fewer, { kind: 'met', owner: 'd-lab/p20' }, NOON)!.owners.slice(-2)).toEqual([
      'd-lab/p19',
      'd-lab/p20',
    ]);
  });
});

describe('an address is asked to confirm three times: at once, after 2 days, after 7 days', () => {
  /** Asks whenever it is due, looking at these times after the first. */
  const askedAt = (looks: Instant[], contact = once(met)): Instant[] => {
    const { asked } = looks.reduce((one, look) => onContactEvent(one, { kind: 'asked' }, NOON + look) ?? one, contact);
    return asked.map((at) => at - NOON);
  };
  const hourly = Array.from({ length: 60 * 24 }, (_, i) => i * HOUR);

  test('looked at every hour for two months', () => {
    expect(askedAt(hourly)).toEqual([0, 2 * DAY, 7 * DAY]);
  });

  test('due on the millisecond, and no sooner', () => {
    expect(askedAt([0, 2 * DAY - 1])).toEqual([0]);
    expect(askedAt([0, 2 * DAY, 7 * DAY - 1])).toEqual([0, 2 * DAY]);
    expect(askedAt([0, 2 * DAY, 7 * DAY])).toEqual([0, 2 * DAY, 7 * DAY]);
  });

  test('a late reminder puts off the next: two never come together', () => {
    expect(askedAt([0, 8 * DAY, 8 * DAY + HOUR, 9 * DAY, 10 * DAY])).toEqual([0, 8 * DAY, 10 * DAY]);
    expect(askedAt([0, 3 * DAY, 7 * DAY])).toEqual([0, 3 * DAY, 7 * DAY]);
  });

  test('the same moment twice asks once', () => {
    expect(askedAt([0, 0, 2 * DAY, 2 * DAY, 7 * DAY, 7 * DAY])).toHaveLength(3);
  });

  test.each(Object.entries(STATES) as [State, Contact][])('%s', (state, contact) => {
    const isDue = ['new', 'met', 'unconfirmed, no reports'].includes(state);
    expect(isToBeAsked(contact, NOON)).toBe(isDue);
  });

  test('an invitation starts the count anew', () => {
    const weary = hourly.reduce((one, look) => onContactEvent(one, { kind: 'asked' }, NOON + look) ?? one, once(met));
    expect(isToBeAsked(weary, NOON + 400 * DAY)).toBe(false);
    const anew = onContactEvent(weary, invited, NOON + 100 * DAY)!;
    expect(anew).toMatchObject({ invitedAt: NOON + 100 * DAY, asked: [] });
    expect(
      askedAt(
        hourly.map((look) => 100 * DAY + look),
        anew,
      ),
    ).toEqual([100 * DAY, 102 * DAY, 107 * DAY]);
  });

  test('no reminder goes to an address that the policy gives nobody any more', () => {
    const left = once(met, asked, { kind: 'left', owner: 'd-lab/alice' });
    expect(isToBeAsked(left, NOON + 30 * DAY)).toBe(false);
    expect(isToBeAsked(onContactEvent(left, met, NOON + DAY)!, NOON + 2 * DAY)).toBe(true);
  });

  test('an address that an admin invites by hand is asked once, and reminded once a profile has it', () => {
    expect(isToBeAsked(once(invited), NOON)).toBe(true);
    expect(isToBeAsked(once(invited, asked), NOON + 2 * DAY)).toBe(false);
    expect(isToBeAsked(once(invited, asked, met), NOON + 2 * DAY)).toBe(true);
  });
});

describe('of several requests that waited for mail to work again, only the newest is sent', () => {
  const contact = { ...once(met), asked: [NOON, NOON + 2 * DAY] };

  test.each<[string, Contact | undefined, { number: number; at: Instant }, boolean]>([
    ['the newest', contact, { number: 2, at: NOON + 2 * DAY }, true],
    ['one before it', contact, { number: 1, at: NOON }, false],
    ['one that a crash kept from being noted', contact, { number: 3, at: NOON + 7 * DAY }, true],
    ['the first, not noted yet', once(met), { number: 1, at: NOON }, true],
    [
      'one from before an invitation',
      { ...contact, asked: [], invitedAt: NOON + 3 * DAY },
      { number: 2, at: NOON + 2 * DAY },
      false,
    ],
    ['one to a contact that was forgotten', undefined, { number: 1, at: NOON }, false],
  ])('%s', (_, known, request, expected) => expect(isNewestRequest(known, request)).toBe(expected));
});

describe('levels of unsubscribing, each with those before it', () => {
  test.each<[Kind, (typeof UNSUBSCRIBED)[number]]>([
    ['digest', 'reports'],
    ['warning', 'warnings'],
    ['stopped', 'everything'],
    ['failure', 'everything'],
    ['confirmation', 'everything'],
  ])('the button of a %s mail takes its reader from %s', (kind, level) => {
    expect(levelOf(kind)).toBe(level);
    expect(refusalOf(once(confirmed, from(level)), kind, 'owner')).toMatch(/unsubscribed/);
  });

  test('that an app was stopped is told to whoever has not unsubscribed from everything', () => {
    for (const level of ['reports', 'warnings'] as const)
      expect(refusalOf(once(confirmed, from(level)), 'stopped', 'owner')).toBeUndefined();
  });
});

describe('who may get what', () => {
  const comesBack = /comes back/;
  const spam = /spam/;
  const unsubscribed = /unsubscribed$/;
  const fromSuch = /unsubscribed from such mail/;
  const unconfirmed = /not confirmed/;
  const already = /confirmed already/;
  type Row = [State | 'unknown', Partial<Record<Kind, RegExp>>, Partial<Record<Kind, RegExp>>];
  const all = (why: RegExp) => Object.fromEntries(KINDS.map((kind) => [kind, why]));
  const onlyAsking = { ...all(unconfirmed), confirmation: undefined as never };

  // What refuses each kind, to an owner and to an admin; a kind that is not named may go.
  test.each<Row>([
    ['unknown', { ...all(unconfirmed), confirmation: already }, { confirmation: already }],
    ['new', onlyAsking, {}],
    ['met', onlyAsking, {}],
    ['asked', onlyAsking, {}],
    ['confirmed', { confirmation: already }, { confirmation: already }],
    ['confirmed, bouncing now and then', { confirmation: already }, { confirmation: already }],
    ['confirmed, no reports', { confirmation: already, digest: fromSuch }, { confirmation: already, digest: fromSuch }],
    [
      'confirmed, no warnings',
      { confirmation: already, digest: fromSuch, warning: fromSuch },
      { confirmation: already, digest: fromSuch, warning: fromSuch },
    ],
    ['confirmed, nothing', all(unsubscribed), all(unsubscribed)],
    ['unconfirmed, no reports', { ...onlyAsking, digest: fromSuch }, { digest: fromSuch }],
    ['unconfirmed, nothing', all(unsubscribed), all(unsubscribed)],
    ['bounced', all(comesBack), all(comesBack)],
    ['bounced, five in a row', all(comesBack), all(comesBack)],
    ['bounced, nothing', all(comesBack), all(comesBack)],
    ['complained', all(spam), all(spam)],
  ])('%s', (state, owner, admins) => {
    const contact = state === 'unknown' ? undefined : STATES[state];
    for (const [role, expected] of [['owner', owner] as const, ['admins', admins] as const])
      for (const kind of KINDS) {
        const why = refusalOf(contact, kind, role);
        if (expected[kind]) expect(why, `${kind} to ${role}`).toMatch(expected[kind]);
        else expect(why, `${kind} to ${role}`).toBeUndefined();
      }
  });
});

describe('consent, whatever happens to an address', () => {
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.constant(asked) },
    { weight: 2, arbitrary: fc.constant(confirmed) },
    { weight: 2, arbitrary: fc.constantFrom(met, left) },
    { weight: 1, arbitrary: fc.constantFrom(...UNSUBSCRIBED).map(from) },
    { weight: 1, arbitrary: fc.constant(delivered) },
    { weight: 3, arbitrary: fc.constant(transient) },
    { weight: 1, arbitrary: fc.constant(permanent) },
    { weight: 1, arbitrary: fc.constant(complained) },
    { weight: 2, arbitrary: fc.constant(invited) },
  );
  const history = fc.array(fc.record({ event, hours: fc.integer({ min: 1, max: 100 }) }), {
    maxLength: 60,
    size: 'max',
  });

  /** What the reader has said and their mailbox has done, told without the rules. */
  interface Truth {
    said: 'nothing' | 'yes';
    no: number;
    isDead: boolean;
    hasComplained: boolean;
    inARow: number;
  }
  function tell(truth: Truth, event: ContactEvent): Truth {
    const { no, isDead, hasComplained, inARow } = truth;
    switch (event.kind) {
      case 'confirmed':
        return isDead || hasComplained ? truth : { ...truth, said: 'yes', no: 0 };
      case 'unsubscribed':
        return { ...truth, no: Math.max(no, 1 + UNSUBSCRIBED.indexOf(event.from)) };
      case 'delivered':
        return { ...truth, inARow: 0 };
      case 'bounced': {
        if (isDead || hasComplained) return truth;
        const over = event.isPermanent || inARow === 4;
        return over ? { ...truth, said: 'nothing', isDead: true } : { ...truth, inARow: inARow + 1 };
      }
      case 'complained':
        return { ...truth, said: 'nothing', hasComplained: true };
      case 'invited':
        return hasComplained || no === 3 || (truth.said === 'yes' && !isDead)
          ? truth
          : { ...truth, said: 'nothing', isDead: false, inARow: 0 };
      default:
        return truth;
    }
  }

  const isUnwanted = (kind: Kind, no: number) => (kind === 'digest' && no >= 1) || (kind === 'warning' && no >= 2);

  test('no mail to who has not confirmed since, none to who wants or gets none, three requests an invitation at most', () => {
    fc.assert(
      fc.property(history, (steps) => {
        let contact = newContact(ref, 'jo@example.org', NOON);
        let truth: Truth = { said: 'nothing', no: 0, isDead: false, hasComplained: false, inARow: 0 };
        let now = NOON;
        let requests: Instant[] = [];
        for (const { event, hours } of steps) {
          now += hours * HOUR;
          const next = onContactEvent(contact, event, now);
          if (event.kind === 'invited' && next) requests = [];
          if (event.kind === 'asked' && next) requests.push(now);
          contact = next ?? contact;
          truth = tell(truth, event);

          expect(requests.length, 'three requests').toBeLessThanOrEqual(3);
          expect(requests).toEqual(contact.asked);
          for (const [i, at] of requests.entries())
            if (i > 0) expect(at - requests[i - 1]!, 'a pause between').toBeGreaterThanOrEqual(2 * DAY);
          const allowed = (role: 'owner' | 'admins') => KINDS.filter((kind) => !refusalOf(contact, kind, role));
          const never = truth.isDead || truth.hasComplained || truth.no === 3;
          const news = never ? [] : KINDS.filter((kind) => kind !== 'confirmation' && !isUnwanted(kind, truth.no));
          const request: Kind[] = never || truth.said === 'yes' ? [] : ['confirmation'];
          expect(allowed('owner')).toEqual([...request, ...(truth.said === 'yes' ? news : [])]);
          expect(allowed('admins')).toEqual([...request, ...news]);
          if (never) expect(isToBeAsked(contact, now + 1000 * DAY), 'asked again').toBe(false);
          expect([contact.address, contact.version]).toEqual(['jo@example.org', 1]);
        }
      }),
      { numRuns: 500 },
    );
  });
});

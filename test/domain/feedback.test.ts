import { describe, expect, test } from 'vitest';
import { type Contact, forgotten, isToBeAsked, newContact, onContactEvent } from '../../src/domain/contact.ts';
import {
  type BadNews,
  concernedBy,
  endOfMail,
  type Feedback,
  toldInstead,
  traceOf,
} from '../../src/domain/feedback.ts';
import type { NoticeFacts, PastNotice } from '../../src/domain/notice.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from './builders.ts';

const place = { account: ref.account, region: ref.region };
const alice: Contact = { ...newContact(place, 'alice@example.org', NOON), owners: ['d-lab/alice'] };
const transient = { kind: 'bounced', isPermanent: false } as const;
const permanent = { kind: 'bounced', isPermanent: true } as const;
type Event = Parameters<typeof onContactEvent>[1];

/** What happened to a contact, in the order in which it was heard. */
function heard(contact: Contact, ...news: [Event, number][]): Contact {
  return news.reduce(
    (known, [event, minutes]) => onContactEvent(known, event, NOON + minutes * MINUTE) ?? known,
    contact,
  );
}

describe('news of mail to a contact', () => {
  test('five bounces for now, in a row, end mail; a delivery since the last one ends the row', () => {
    const four: [Event, number][] = [1, 2, 3, 4].map((minute) => [transient, minute]);
    expect(heard(alice, ...four)).toMatchObject({ consent: 'unconfirmed', bounces: 4 });
    expect(heard(alice, ...four, [transient, 5])).toMatchObject({ consent: 'bounced', changedAt: NOON + 5 * MINUTE });
    expect(heard(alice, ...four, [{ kind: 'delivered' }, 5], [transient, 6])).toMatchObject({
      consent: 'unconfirmed',
      bounces: 1,
    });
  });

  test('the same bounce told again, or an older one told late, counts once; an older delivery ends no row', () => {
    const two = heard(alice, [transient, 5], [transient, 6]);
    expect(heard(two, [transient, 6], [transient, 5], [transient, 4], [{ kind: 'delivered' }, 6])).toEqual(two);
  });

  test('a bounce from before the reader confirmed, or an admin invited, ends nothing', () => {
    const confirmed = heard(alice, [{ kind: 'confirmed' }, 10]);
    expect(heard(confirmed, [permanent, 9], [transient, 9])).toEqual(confirmed);
    expect(heard(confirmed, [permanent, 11]).consent).toBe('bounced');
    const invited = heard(alice, [permanent, 5], [{ kind: 'invited' }, 10]);
    expect(heard(invited, [permanent, 5])).toEqual(invited);
  });

  test('a complaint counts whenever it is told, also of an address that bounces, and nothing follows it', () => {
    const done = heard(alice, [{ kind: 'confirmed' }, 10], [{ kind: 'complained' }, 5]);
    expect(done).toMatchObject({ consent: 'complained', changedAt: NOON + 5 * MINUTE });
    expect(heard(alice, [permanent, 1], [{ kind: 'complained' }, 2]).consent).toBe('complained');
    const later: Event[] = [permanent, { kind: 'delivered' }, { kind: 'invited' }, { kind: 'confirmed' }];
    for (const event of later) expect(onContactEvent(done, event, NOON + HOUR)).toBeUndefined();
  });
});

describe('a contact that is forgotten', () => {
  test.each<[string, Partial<Contact>]>([
    ['unconfirmed', {}],
    ['confirmed', { consent: 'confirmed' }],
    ['bounced', { consent: 'bounced' }],
    ['unsubscribed from warnings', { consent: 'confirmed', unsubscribed: 'warnings' }],
  ])('%s: nothing is left', (_, change) => expect(forgotten({ ...alice, ...change })).toBeUndefined());

  test.each<[string, Partial<Contact>, Partial<Contact>]>([
    ['complained', { consent: 'complained', unsubscribed: 'reports' }, { consent: 'complained' }],
    ['unsubscribed', { consent: 'confirmed', unsubscribed: 'everything' }, { unsubscribed: 'everything' }],
  ])('%s: the bare no is left, and nobody asks again', (_, change, left) => {
    const rest = forgotten({ ...alice, asked: [NOON], bounces: 2, version: 7, ...change })!;
    expect(rest).toEqual({ ...newContact(place, 'alice@example.org', NOON), version: 7, ...left });
    const met = heard(rest, [{ kind: 'met', owner: 'd-lab/alice' }, 1], [{ kind: 'invited' }, 2]);
    expect(isToBeAsked(met, NOON + HOUR)).toBe(false);
  });
});

const facts: NoticeFacts = {
  kind: 'warning',
  app: { ...ref, startedAt: NOON - HOUR, owner: 'alice' },
  audience: { role: 'owner' },
  rule: 'all: max-uptime',
  reason: 'up 26 h',
  warnedAt: NOON,
  stopAt: NOON + HOUR,
};
const warning: PastNotice = {
  notice: { id: 'warning-1', to: 'alice@example.org', ...place, owedAt: NOON, facts },
  attempts: 1,
  fate: { kind: 'sent', messageId: 'm', at: NOON },
  traces: {},
};
const news = { at: NOON + MINUTE, addresses: ['alice@example.org'], isSuppressed: false };
const gone: BadNews = { ...news, kind: 'bounced', isPermanent: true, said: 'Permanent, General' };
const full: BadNews = { ...gone, isPermanent: false };
const spam: BadNews = { ...news, kind: 'complained', said: 'abuse' };
const good: Feedback = { kind: 'delivered', at: NOON, addresses: ['alice@example.org'] };

describe('a warning that its owner did not get', () => {
  test.each([
    ['bounced for good', gone, 'Mail to alice (alice@example.org) came back, so you are told instead.'],
    ['bounced for now', full, 'Mail to alice (alice@example.org) came back, so you are told instead.'],
    ['marked as spam', spam, 'alice (alice@example.org) marked this mail as spam, so you are told instead.'],
  ])('%s: the admins are told the same, and why', (_, feedback, why) => {
    expect(toldInstead(feedback, warning, NOON + MINUTE)).toEqual({ ...facts, audience: { role: 'admins', why } });
  });

  const told = (past: Partial<PastNotice>, change: object = {}) => {
    const notice = { ...warning.notice, facts: { ...facts, ...change } as NoticeFacts };
    return { ...warning, notice, ...past };
  };
  test.each<[string, Feedback, PastNotice]>([
    ['it arrived', good, warning],
    ['it arrived, and was answered by itself', full, told({ traces: { delivered: NOON } })],
    ['it was the admins’ to begin with', gone, told({}, { audience: { role: 'admins' } })],
    ['its stop is due by now', gone, told({}, { stopAt: NOON + MINUTE })],
    ['it was no news of an app', gone, told({}, { kind: 'failure', audience: undefined })],
  ])('but not where %s', (_, feedback, past) => {
    const { audience, ...bare } = past.notice.facts as typeof facts;
    const notice = { ...past.notice, facts: (audience ? past.notice.facts : bare) as NoticeFacts };
    expect(toldInstead(feedback, { ...past, notice }, NOON + MINUTE)).toBeUndefined();
  });

  test('of one that announced no stop they are told whenever it is known', () => {
    const { stopAt: _, ...open } = facts as Extract<NoticeFacts, { kind: 'warning' }>;
    const past = { ...warning, notice: { ...warning.notice, facts: open } };
    expect(toldInstead(gone, past, NOON + 100 * HOUR)).toMatchObject({ audience: { role: 'admins' } });
  });
});

describe('whom an event is about', () => {
  const about = (...addresses: string[]) => concernedBy({ ...good, addresses }, warning.notice);
  test('each that it names', () => {
    expect(about('Alice@Example.org', 'bob@example.org')).toEqual(['Alice@Example.org', 'bob@example.org']);
    expect(concernedBy({ ...good, addresses: ['x@example.org'] }, undefined)).toEqual(['x@example.org']);
  });
  test('where a forwarded mail came back from elsewhere, the address that forwards', () =>
    expect(about('alice@elsewhere.example')).toEqual(['alice@example.org']));
});

describe('what the admins are told of an address that ended', () => {
  test('what happened, what follows, and what to do', () => {
    expect(endOfMail({ ...alice, consent: 'bounced' }, gone, facts)).toEqual({
      kind: 'failure',
      title: 'Mail to alice@example.org comes back',
      details: [
        'SES could not deliver the warning of JupyterLab default, and never will. It said: Permanent, General. ' +
          'Nothing more goes to this address: what concerns alice comes to you instead.',
      ],
      todo: [
        'Ask alice for another address, and name it in the policy (owners.exceptions).',
        "If the address does work, take it off SES's suppression list " +
          '(`aws sesv2 delete-suppressed-destination --email-address alice@example.org`), then `curfew contacts invite alice@example.org`.',
      ],
      at: NOON + MINUTE,
      app: facts.app,
    });
  });

  test.each<[string, BadNews, RegExp]>([
    ['complaint', spam, /^Whoever reads alice@example\.org marked .* as spam \(abuse\)\./],
    ['fifth bounce', full, /nor the mails before it/],
    ['suppression list', { ...gone, isSuppressed: true }, /on a suppression list, and did not try/],
  ])('the words fit a %s', (_, feedback, words) => {
    const told = endOfMail(alice, feedback, facts);
    expect(told.details[0]).toMatch(words);
    if (feedback.kind === 'complained') expect(told.todo.join(' ')).not.toContain('invite');
  });

  test('an admin’s address is mended in the policy, and by forgetting', () => {
    const told = endOfMail({ ...alice, owners: [] }, gone, undefined);
    expect(told.todo.join(' ')).toMatch(/policy \(admins\).*curfew contacts forget alice@example\.org --yes/);
  });

  test('a command is safe to paste, whatever the address', () => {
    const told = endOfMail({ ...alice, address: "o'`reboot`$x@example.org" }, gone, undefined);
    expect(told.todo[1]).toContain(`--email-address 'o'\\''\`reboot\`$x@example.org'`);
  });
});

test('what a suppression list held back is noted as that', () => {
  expect([gone, full, spam, good].map(traceOf)).toEqual(['bounced', 'bounced', 'complained', 'delivered']);
  expect(traceOf({ ...gone, isSuppressed: true })).toBe('suppressed');
  expect(traceOf({ ...spam, isSuppressed: true })).toBe('suppressed');
});

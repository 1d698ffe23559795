import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noteFeedback } from '../../src/application/mail-feedback.ts';
import { newContact } from '../../src/domain/contact.ts';
import type { Feedback } from '../../src/domain/feedback.ts';
import type { Notice, NoticeFacts } from '../../src/domain/notice.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { policy as basePolicy, NOON, ref } from '../domain/builders.ts';
import { memoryContacts, memoryOutbox, PLACE } from '../memory/ports.ts';
import { type Death, Killed, mortal } from './mortal.ts';

const ALICE = 'alice@example.org';
const warning: NoticeFacts = {
  kind: 'warning',
  app: { ...ref, startedAt: NOON - HOUR, owner: 'alice' },
  audience: { role: 'owner' },
  rule: 'all: max-uptime',
  reason: 'up 26 h',
  warnedAt: NOON,
  stopAt: NOON + 24 * HOUR,
};

/** Alice, who confirmed, and a warning that was sent to her; two admins. */
async function world() {
  const ports = { outbox: memoryOutbox(), contacts: memoryContacts() };
  const policy = { ...basePolicy, admins: ['one@example.org', 'two@example.org'] };
  const alice = { ...newContact(PLACE, ALICE, NOON), consent: 'confirmed' as const, owners: ['d-lab/alice'] };
  await ports.contacts.open(alice);
  const notice: Notice = { id: 'w', to: ALICE, ...PLACE, owedAt: NOON, facts: warning };
  await ports.outbox.owe(notice);
  await ports.outbox.settle(notice, { kind: 'sent', messageId: 'm' }, NOON);
  const lab = {
    ports,
    policy,
    hear: (feedback: Feedback, now = feedback.at) =>
      noteFeedback({ ...ports, policy: lab.policy }, PLACE, feedback, now),
    consent: async (address = ALICE) => (await ports.contacts.get(PLACE, address))?.consent,
    /** What is owed now, and to whom: `failure one@example.org`. */
    owed: async () =>
      (await ports.outbox.owed(PLACE, NOON + 1000 * HOUR, 100))
        .map(({ notice: { facts, to } }) => `${facts.kind} ${to}`)
        .sort(),
    traces: async () => (await ports.outbox.get(PLACE, 'w'))!.traces,
  };
  return lab;
}

const at = (minutes: number) => NOON + minutes * MINUTE;
const bounced = (minutes: number, change: Partial<Extract<Feedback, { kind: 'bounced' }>> = {}): Feedback => ({
  kind: 'bounced',
  at: at(minutes),
  notice: 'w',
  addresses: [ALICE],
  isPermanent: true,
  isSuppressed: false,
  said: 'Permanent, General',
  ...change,
});
const soft = (minutes: number, change: object = {}) => bounced(minutes, { isPermanent: false, ...change });
const delivered = (minutes: number): Feedback => ({
  kind: 'delivered',
  at: at(minutes),
  notice: 'w',
  addresses: [ALICE],
});
const complained = (minutes: number): Feedback => ({
  kind: 'complained',
  at: at(minutes),
  notice: 'w',
  addresses: [ALICE],
  isSuppressed: false,
  said: 'abuse',
});
const BOTH_TOLD = ['failure one@example.org', 'failure two@example.org'];
const BOTH_WARNED = ['warning one@example.org', 'warning two@example.org'];

describe('a bounce', () => {
  test('ends mail to the address at once; the admins are told of it, and of the app', async () => {
    const lab = await world();
    expect(await lab.hear(bounced(1))).toEqual({ noted: 'bounced', ended: 1, faults: [] });
    expect(await lab.consent()).toBe('bounced');
    expect(await lab.owed()).toEqual([...BOTH_TOLD, ...BOTH_WARNED]);
    expect(await lab.traces()).toEqual({ bounced: at(1) });
  });

  test('told again, or of another mail to the same address: once', async () => {
    const lab = await world();
    for (const feedback of [bounced(1), bounced(1), bounced(2), bounced(3, { notice: 'unknown' })])
      await lab.hear(feedback);
    expect(await lab.owed()).toEqual([...BOTH_TOLD, ...BOTH_WARNED]);
    expect(await lab.traces()).toEqual({ bounced: at(1) });
  });

  test('after an admin invited the address again, is told again', async () => {
    const lab = await world();
    await lab.hear(bounced(1));
    const contact = (await lab.ports.contacts.get(PLACE, ALICE))!;
    await lab.ports.contacts.change(contact, { ...contact, consent: 'unconfirmed', changedAt: at(10) });
    await lab.hear(bounced(1));
    expect(await lab.consent()).toBe('unconfirmed');
    await lab.hear(bounced(11));
    expect(await lab.owed()).toEqual([...BOTH_TOLD, ...BOTH_TOLD, ...BOTH_WARNED].sort());
  });

  test('for now: the warning goes to the admins, and mail goes on until the fifth in a row', async () => {
    const lab = await world();
    for (const minutes of [1, 2, 3, 4]) await lab.hear(soft(minutes));
    expect(await lab.consent()).toBe('confirmed');
    expect(await lab.owed()).toEqual(BOTH_WARNED);
    expect(await lab.hear(soft(5))).toMatchObject({ ended: 1 });
    expect(await lab.consent()).toBe('bounced');
    expect(await lab.owed()).toEqual([...BOTH_TOLD, ...BOTH_WARNED]);
  });

  test('for now, after a delivery, is an automatic answer: the reader has the warning', async () => {
    const lab = await world();
    await lab.hear(delivered(1));
    await lab.hear(soft(1));
    expect(await lab.owed()).toEqual([]);
  });

  test('by SES’s suppression list is noted as that', async () => {
    const lab = await world();
    expect(await lab.hear(bounced(1, { isSuppressed: true }))).toMatchObject({ noted: 'suppressed', ended: 1 });
    expect(await lab.traces()).toEqual({ suppressed: at(1) });
    expect(await lab.consent()).toBe('bounced');
  });

  test('of several addresses: each, and one in another case is the same contact', async () => {
    const lab = await world();
    await lab.hear(bounced(1, { addresses: ['ALICE@EXAMPLE.ORG', 'bob@example.org'] }));
    expect([await lab.consent(), await lab.consent('bob@example.org')]).toEqual(['bounced', 'bounced']);
    expect(lab.ports.contacts.items.size).toBe(2);
  });
});

test('a complaint ends mail, and the admins are told of it and of the app', async () => {
  const lab = await world();
  await lab.hear(complained(1));
  expect(await lab.consent()).toBe('complained');
  expect(await lab.owed()).toEqual([...BOTH_TOLD, ...BOTH_WARNED]);
  const told = [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts);
  expect(told).toContainEqual(
    expect.objectContaining({ audience: { role: 'admins', why: expect.stringContaining('spam') } }),
  );
});

describe('an admin’s address, which has no contact', () => {
  test('gets one where mail comes back, and only the other admins are told', async () => {
    const lab = await world();
    await lab.hear(bounced(1, { addresses: ['One@example.org'], notice: 'unknown' }));
    expect(await lab.consent('one@example.org')).toBe('bounced');
    expect(await lab.owed()).toEqual(['failure two@example.org']);
  });

  test('gets none where mail arrives', async () => {
    const lab = await world();
    await lab.hear({ ...delivered(1), addresses: ['one@example.org'], notice: 'unknown' });
    expect(lab.ports.contacts.items.size).toBe(1);
  });

  test('is told loudly where it is the only one', async () => {
    const lab = await world();
    lab.policy.admins = ['one@example.org'];
    const { faults } = await lab.hear(bounced(1, { addresses: ['one@example.org'], notice: 'unknown' }));
    expect(faults).toEqual([expect.stringContaining('only admin')]);
    expect(await lab.owed()).toEqual([]);
  });
});

test('a delivery writes no contact where there is no row of bounces to end', async () => {
  const lab = await world();
  const before = structuredClone([...lab.ports.contacts.items]);
  await lab.hear(delivered(1));
  expect([...lab.ports.contacts.items]).toEqual(before);
  expect(await lab.traces()).toEqual({ delivered: at(1) });
});

test('whatever the order and the repeats of news, an address that ended stays so, and each thing is told once', async () => {
  const news = [bounced(3), complained(4), soft(1), soft(2), delivered(1), delivered(5)];
  const histories = fc.shuffledSubarray([...news, ...news, ...news], { minLength: 12 });
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const lab = await world();
      let hasEnded = false;
      for (const feedback of history) {
        await lab.hear(feedback);
        hasEnded ||= ['bounced', 'complained'].includes((await lab.consent())!);
        if (hasEnded) expect(['bounced', 'complained']).toContain(await lab.consent());
      }
      if (history.includes(news[1]!)) expect(await lab.consent()).toBe('complained');
      const owed = await lab.owed();
      expect(owed.filter((one) => one.startsWith('warning')).length).toBeLessThanOrEqual(2);
      // At most one of the bounce and one of the complaint, each to both.
      expect(owed.filter((one) => one.startsWith('failure')).length).toBeLessThanOrEqual(4);
    }),
    { numRuns: 200 },
  );
});

describe('a crash at any call, and the event again', () => {
  const kinds: [string, Feedback][] = [
    ['bounce', bounced(1)],
    ['complaint', complained(1)],
    ['delivery', delivered(1)],
  ];
  test.each(kinds)('leaves what the %s leaves undisturbed', async (_, feedback) => {
    const hear = async (death?: Death) => {
      const lab = await world();
      const { ports, calls } = mortal(lab.ports, death);
      const event = () => noteFeedback({ ...ports, policy: lab.policy }, PLACE, feedback, feedback.at);
      const died = await event().then(
        () => false,
        (error: unknown) => error instanceof Killed,
      );
      if (died) await lab.hear(feedback);
      return { calls: calls(), died, end: [await lab.owed(), await lab.traces(), await lab.consent()] };
    };
    const undisturbed = await hear();
    let deaths = 0;
    for (let call = 0; call < undisturbed.calls; call++) {
      for (const when of ['before', 'after'] as const) {
        const { died, end } = await hear({ call, when });
        deaths += died ? 1 : 0;
        expect(end, `${when} call ${call}`).toEqual(undisturbed.end);
      }
    }
    expect(deaths).toBe(undisturbed.calls * 2);
  });
});

test('news that comes at the same moment: nobody’s write is lost', async () => {
  const lab = await world();
  await Promise.all([soft(1), bounced(2), complained(3), delivered(1), soft(2)].map((feedback) => lab.hear(feedback)));
  expect(await lab.consent()).toBe('complained');
  expect(await lab.traces()).toEqual({ delivered: at(1), bounced: expect.any(Number), complained: at(3) });
});

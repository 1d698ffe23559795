import { describe, expect, test } from 'vitest';
import { noteContact } from '../../src/application/note-contact.ts';
import type { ContactEvent } from '../../src/domain/contact.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const ADMIN = 'admin@example.org';
const ALICE = 'alice@people.example.org';
const OWNERS = { address: { template: '{profile}@people.example.org' }, exceptions: {} };

/** A lab that asks, with one app of alice's. */
function asking(overrides: Parameters<typeof world>[0] = {}) {
  const lab = world({ owners: OWNERS, ...overrides });
  lab.baseUrl = 'https://curfew.example.org';
  lab.ports.fleet.start(ref, NOON);
  return {
    ...lab,
    note: (event: ContactEvent, at: Instant) => noteContact(lab.ports.contacts, PLACE, ALICE, event, at),
    contact: () => lab.ports.contacts.get(PLACE, ALICE),
    /** A scan and a round of mail; what went out, as `kind to`. */
    async pass(now: Instant) {
      const before = lab.ports.postbox.sent.length;
      await lab.scan(now);
      await lab.deliver(now);
      return lab.ports.postbox.sent.slice(before).map(({ facts, to }) => `${facts.kind} ${to}`);
    },
  };
}

describe('being asked', () => {
  test('an owner seen for the first time is asked to confirm, once, by a link', async () => {
    const lab = asking();
    expect(await lab.pass(NOON)).toEqual([`confirmation ${ALICE}`]);
    expect(lab.ports.postbox.urls[0]!.confirm).toMatch(
      /^https:\/\/curfew\.example\.org\/confirm\/[\w-]{22}\.[\w-]{43}$/,
    );
    expect(await lab.contact()).toMatchObject({
      consent: 'unconfirmed',
      owners: ['d-abcdefghijkl/alice'],
      asked: [NOON],
    });
    expect(await lab.pass(NOON + MINUTE)).toEqual([]);
  });

  test('after 2 and 7 days again, from eight in the morning on, and then never again', async () => {
    const lab = asking({ limits: [], timezone: 'UTC' });
    const sent: number[] = [];
    for (let hour = 0; hour < 40 * 24; hour++) {
      const mails = await lab.pass(NOON + hour * HOUR);
      for (const mail of mails) if (mail.startsWith('confirmation')) sent.push(hour);
    }
    // Noon; two days later; seven days after the first.
    expect(sent).toEqual([0, 2 * 24 + 20, 7 * 24 + 20]);
  });

  test('an address that no profile has is not asked by itself: it is an admin’s, whose mailbox spoke', async () => {
    const lab = asking({ limits: [] });
    lab.ports.fleet.end(ref);
    await noteContact(lab.ports.contacts, PLACE, ADMIN, { kind: 'bounced', isPermanent: false }, NOON);
    expect([...(await lab.pass(NOON)), ...(await lab.pass(NOON + 3 * DAY))]).toEqual([]);
  });

  test('an asking that fails keeps no other from being asked, and nothing else of the day from being told', async () => {
    const lab = asking({ limits: [], report: { daily: 8 * 60 } });
    lab.ports.fleet.start({ ...ref, userProfileName: 'bob' }, NOON);
    await lab.pass(NOON);
    const { owe } = lab.ports.outbox;
    lab.ports.outbox.owe = async (notice) =>
      notice.to === ALICE ? Promise.reject(new Error('no write')) : owe(notice);
    const { faults } = await lab.scan(NOON + 3 * DAY);
    expect(faults).toEqual(['asking again to confirm failed: no write']);
    await lab.deliver(NOON + 3 * DAY);
    const sent = lab.ports.postbox.sent.slice(-2).map(({ facts, to }) => `${facts.kind} ${to}`);
    expect(sent.sort()).toEqual(['confirmation bob@people.example.org', `digest ${ADMIN}`]);
    // The digest is not told again for its sake.
    expect((await lab.scan(NOON + 3 * DAY + MINUTE)).faults).toEqual([]);
  });

  test('a quiet scan asks and writes nothing for it', async () => {
    const lab = asking({ limits: [] });
    await lab.pass(NOON);
    lab.ports.contacts.get = async () => Promise.reject(new Error('asked'));
    const writes = lab.writes();
    await lab.scan(NOON + MINUTE);
    expect(lab.writes()).toBe(writes);
  });

  test('a new profile is asked before it runs anything', async () => {
    const lab = asking();
    const event = { kind: 'profile created' as const, domainId: 'd-abcdefghijkl', userProfileName: 'bob', tags: {} };
    expect(await lab.event({ ...event, at: NOON })).toBe('owner met');
    expect(await lab.event({ ...event, at: NOON })).toBe('owner met');
    await lab.deliver(NOON);
    expect(lab.ports.postbox.sent.map(({ to }) => to)).toEqual(['bob@people.example.org']);
  });

  test('an event that starts a run asks its profile at once', async () => {
    const lab = asking();
    await lab.event({ kind: 'app created', app: { ...ref, appName: 'new' }, at: NOON });
    await lab.deliver(NOON);
    expect(lab.mails()).toEqual(['confirmation']);
  });

  test('a changed address is asked anew, and confirms for itself', async () => {
    const lab = asking({ limits: [] });
    await lab.pass(NOON);
    await lab.note({ kind: 'confirmed' }, NOON);
    lab.policy.owners = { ...OWNERS, exceptions: { alice: 'alice@new.example.org' } };
    expect(await lab.pass(NOON + HOUR)).toEqual(['confirmation alice@new.example.org']);
  });

  test('nobody is asked in mode observe, or without a base URL for links', async () => {
    expect(await asking({ mode: 'observe' }).pass(NOON)).toEqual([]);
    const lab = asking();
    lab.baseUrl = undefined;
    await lab.scan(NOON);
    expect(lab.ports.outbox.items.size).toBe(0);
    expect(await lab.contact()).toMatchObject({ asked: [] });
  });
});

describe('who is told', () => {
  const over = NOON + DAY;
  const told = (lab: ReturnType<typeof asking>) => {
    const { facts } = lab.ports.postbox.sent.findLast((one) => one.facts.kind === 'warning')!;
    return 'audience' in facts ? facts.audience : undefined;
  };

  test('a confirmed owner is warned, with buttons, and not the admins', async () => {
    const lab = asking();
    await lab.pass(NOON);
    await lab.note({ kind: 'confirmed' }, NOON);
    expect(await lab.pass(over)).toEqual([`warning ${ALICE}`]);
    expect(told(lab)).toEqual({ role: 'owner' });
    expect(Object.keys(lab.ports.postbox.urls.at(-1)!)).toEqual(['keep', 'stop', 'unsubscribe']);
  });

  test.each<[string, ContactEvent[]]>([
    ['has not confirmed this address', []],
    ['has unsubscribed', [{ kind: 'confirmed' }, { kind: 'unsubscribed', from: 'everything' }]],
    ['has unsubscribed from such mail', [{ kind: 'confirmed' }, { kind: 'unsubscribed', from: 'warnings' }]],
    ['cannot be reached at this address', [{ kind: 'confirmed' }, { kind: 'bounced', isPermanent: true }]],
    ['marked mail of ours as spam', [{ kind: 'confirmed' }, { kind: 'complained' }]],
  ])('an owner who %s: the admins are, and hear why', async (why, events) => {
    const lab = asking();
    await lab.pass(NOON);
    for (const event of events) await lab.note(event, NOON + HOUR);
    expect(await lab.pass(over)).toEqual([`warning ${ADMIN}`]);
    expect(told(lab)!.why).toContain(`alice (${ALICE}) ${why}`);
    const { intents } = await lab.scan(over + MINUTE);
    expect(intents[0]!.decision.reason).toContain(`(told: the admins: alice ${why}`);
    expect(intents[0]!.decision.reason).not.toContain('@');
  });

  test('a shared space: its owner, and the admins', async () => {
    const lab = asking();
    lab.ports.fleet.end(ref);
    const { userProfileName: _, ...shared } = { ...ref, spaceName: 'commons' };
    addSpace(lab.ports.fleet, { domainId: ref.domainId, spaceName: 'commons', owner: 'alice', sharing: 'Shared' });
    lab.ports.fleet.start(shared, NOON);
    await lab.pass(NOON);
    await lab.note({ kind: 'confirmed' }, NOON);
    expect((await lab.pass(over)).sort()).toEqual([`warning ${ADMIN}`, `warning ${ALICE}`]);
  });

  test('the clock of a warning runs whoever was told: owed to an owner who unsubscribes before it is sent', async () => {
    const lab = asking();
    await lab.pass(NOON);
    await lab.note({ kind: 'confirmed' }, NOON);
    await lab.scan(over);
    await lab.note({ kind: 'unsubscribed', from: 'everything' }, over);
    await lab.deliver(over);
    await lab.deliver(over + MINUTE);
    expect(lab.ports.postbox.sent.at(-1)!.to).toBe(ADMIN);
    expect(told(lab)!.why).toContain('has unsubscribed');
    const stopped = await lab.scan(over + 30 * MINUTE);
    expect(stopped.outcomes.map(({ kind }) => kind)).toEqual(['stopped']);
  });

  test('who unsubscribed from reports and warnings still hears that an app was stopped', async () => {
    const lab = asking();
    await lab.pass(NOON);
    await lab.note({ kind: 'confirmed' }, NOON);
    await lab.note({ kind: 'unsubscribed', from: 'warnings' }, NOON);
    expect(await lab.pass(over)).toEqual([`warning ${ADMIN}`]);
    expect(await lab.pass(over + 30 * MINUTE)).toEqual([`stopped ${ALICE}`]);
  });

  test('an admin who unsubscribed from reports gets no digest, and all else', async () => {
    const lab = asking({ report: { daily: 0 } });
    await noteContact(lab.ports.contacts, PLACE, ADMIN, { kind: 'unsubscribed', from: 'reports' }, NOON);
    const mails = [...(await lab.pass(NOON)), ...(await lab.pass(over))];
    expect(mails).toContain(`warning ${ADMIN}`);
    expect(mails).not.toContain(`digest ${ADMIN}`);
  });

  test('mail owed to an admin whom the policy names no longer is not sent', async () => {
    const lab = asking();
    await lab.pass(NOON);
    await lab.scan(over);
    lab.policy.admins = ['new@example.org'];
    const report = await lab.deliver(over);
    expect([report.sent, report.withheld]).toEqual([0, 1]);
  });

  test('no admin left who may be told: the round says so, but for a digest', async () => {
    const lab = asking({ report: { daily: 0 } });
    await noteContact(lab.ports.contacts, PLACE, ADMIN, { kind: 'bounced', isPermanent: true }, NOON);
    await lab.scan(NOON);
    expect((await lab.deliver(NOON)).faults).toEqual([]);
    await lab.scan(over);
    expect((await lab.deliver(over)).faults).toEqual(['no admin may get warning mail any more: nobody is told']);
    lab.policy.admins = [ADMIN, 'second@example.org'];
    await lab.scan(over + 2 * DAY);
    expect((await lab.deliver(over + 2 * DAY)).faults).toEqual([]);
  });
});

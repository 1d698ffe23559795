import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PortError } from '../../src/application/ports.ts';
import { appKey } from '../../src/domain/app.ts';
import { type ContactEvent, newContact, onContactEvent, UNSUBSCRIBED } from '../../src/domain/contact.ts';
import type { Notice } from '../../src/domain/notice.ts';
import type { Mode } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { type MemoryContacts, memoryContacts, memoryLinks, PLACE } from '../memory/ports.ts';
import { mortal } from './mortal.ts';
import { heed, readers, wrongs } from './readers.ts';
import { world } from './world.ts';

/** Few people and addresses, so that they meet: one is written in two ways, one is shared, one is an admin's too. */
const PROFILES = ['alice', 'bob', 'carol'];
const ADDRESSES = [
  'alice@example.org',
  'Alice@Example.org',
  'bob@example.org',
  'team@example.org',
  'admin@example.org',
];
/** Named by every policy, and never refuses: what nobody else may be told ends here. */
const ROOT = 'root@example.org';
const READERS = [...ADDRESSES, 'admin-2@example.org'];

const profile = fc.constantFrom(...PROFILES);
const address = fc.constantFrom(...READERS);
const death = fc.record({ call: fc.integer({ min: 0, max: 40 }), when: fc.constantFrom('before' as const, 'after') });
/** Which of the last mails is answered. */
const ago = fc.nat(5);
/** What its reader or their mailbox does about it. */
const answer = fc.oneof(
  { weight: 10, arbitrary: fc.constant<ContactEvent>({ kind: 'confirmed' }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...UNSUBSCRIBED).map<ContactEvent>((from) => ({ kind: 'unsubscribed', from })),
  },
  { weight: 1, arbitrary: fc.constant<ContactEvent>({ kind: 'delivered' }) },
  { weight: 3, arbitrary: fc.constant<ContactEvent>({ kind: 'bounced', isPermanent: false }) },
  { weight: 1, arbitrary: fc.constant<ContactEvent>({ kind: 'bounced', isPermanent: true }) },
  { weight: 1, arbitrary: fc.constant<ContactEvent>({ kind: 'complained' }) },
);
const wait = fc
  .oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 4 * 24 * 60 }))
  .map((n) => n * MINUTE);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('scan' as const), wait }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver' as const), wait: fc.integer({ min: 0, max: HOUR }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('two at once' as const) }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('start' as const), profile }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('answer' as const), ago, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('scan and answer' as const), ago, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('invite' as const), address }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('address' as const), profile, address: fc.constantFrom(...ADDRESSES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('admins' as const),
      admins: fc.subarray(['admin@example.org', 'admin-2@example.org']),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mode' as const),
      mode: fc.constantFrom<Mode>('observe', 'warn', 'enforce', 'enforce'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('mail fails' as const), times: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('scan dies' as const), death }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('deliver dies' as const), death }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What happened before: one person of three has agreed. */
const BEFORE: Step[] = [
  { do: 'start', profile: 'alice' },
  { do: 'scan', wait: MINUTE },
  { do: 'deliver', wait: MINUTE },
  { do: 'answer', ago: 0, answer: { kind: 'confirmed' } },
];

const scanAfter = (wait: number): Step => ({ do: 'scan', wait });
const answered = (answer: ContactEvent): Step => ({ do: 'answer', ago: 0, answer });
const deliverNow: Step = { do: 'deliver', wait: 0 };

/** Histories that chance comes to too seldom. */
const RARE: Step[][] = [
  // Three requests wait for mail to work, and perhaps still do after an invitation; then come three more.
  ...[[], [deliverNow]].map((delivered): Step[] => [
    { do: 'start', profile: 'bob' },
    ...[3 * HOUR, 2 * DAY, 5 * DAY].map(scanAfter),
    { do: 'invite', address: 'team@example.org' },
    ...delivered,
    ...[DAY, 2 * DAY, 5 * DAY].flatMap((wait) => [scanAfter(wait), ...delivered]),
  ]),
  // A warning is owed to a reader who then must be asked anew.
  [
    scanAfter(6 * HOUR),
    answered({ kind: 'bounced', isPermanent: true }),
    { do: 'invite', address: 'alice@example.org' },
    deliverNow,
  ],
  // The fifth bounce in a row comes while a warning is owed.
  [
    scanAfter(6 * HOUR),
    ...Array.from({ length: 5 }, () => answered({ kind: 'bounced', isPermanent: false })),
    deliverNow,
  ],
  // A request is owed, and whoever owed it dies before it can note that.
  ...Array.from({ length: 30 }, (_, call): Step[] => [
    { do: 'start', profile: 'bob' },
    { do: 'scan dies', death: { call, when: 'before' } },
    ...[3 * HOUR, 2 * DAY, 5 * DAY].flatMap((wait) => [deliverNow, scanAfter(wait)]),
  ]),
];

async function note(contacts: MemoryContacts, to: string, event: ContactEvent, at: Instant): Promise<void> {
  for (;;) {
    const known = await contacts.get(PLACE, to);
    const contact = known ?? newContact(PLACE, to, at);
    const next = onContactEvent(contact, event, at);
    if (known && !next) return;
    if (known ? await contacts.change(known, next!) : await contacts.open(next ?? contact)) return;
  }
}

/** Whether the use cases know consent: without it every mail is an admin's, and what admins answer counts nothing. */
const knowsConsent = 'contacts' in world().ports;

async function live(steps: Step[]) {
  const lab = Object.assign(
    world({
      admins: [ROOT, 'admin@example.org'],
      owners: { address: undefined, exceptions: { alice: 'alice@example.org', bob: 'team@example.org' } },
      limits: [{ name: 'all', match: {}, maxUptime: 6 * HOUR, grace: 30 * MINUTE }],
    }),
    { baseUrl: 'https://curfew.example.org' },
  );
  const ports = Object.assign(lab.ports, { contacts: memoryContacts(), links: memoryLinks() });
  const readerOf = readers();
  const truth = { now: NOON as Instant, violations: [] as string[] };

  const { send } = ports.postbox;
  ports.postbox.send = async (notice, urls) => {
    const messageId = await send(notice, urls);
    const reader = readerOf(notice.to);
    if (notice.facts.kind === 'confirmation') reader.requests.add(notice.id);
    if (knowsConsent) truth.violations.push(...wrongs(notice, reader, lab.policy));
    return messageId;
  };
  const start = (userProfileName: string) => {
    const app = { ...ref, userProfileName, instanceType: 'ml.g5.xlarge' };
    const isRunning = ports.fleet.apps.get(appKey(app))?.status === 'InService';
    if (!isRunning) ports.fleet.start(app, truth.now);
  };
  const answers = async ({ ago, answer }: { ago: number; answer: ContactEvent }) => {
    const mail = ports.postbox.sent.filter(({ to }) => to !== ROOT).at(-1 - ago);
    if (!knowsConsent || !mail) return;
    const reader = readerOf(mail.to);
    // Only a request has a button to confirm.
    if (answer.kind === 'confirmed' && reader.requests.size === 0) return;
    // Two bounces of one moment are one.
    truth.now += 1;
    heed(reader, answer);
    await note(ports.contacts, mail.to, answer, truth.now);
  };
  const dying = async (death: { call: number; when: 'before' | 'after' }, work: () => Promise<unknown>) => {
    const alive = { ...ports };
    Object.assign(ports, mortal(alive, death).ports);
    await work().catch(() => undefined);
    Object.assign(ports, alive);
  };

  for (const one of [...BEFORE, ...steps]) {
    switch (one.do) {
      case 'scan':
        truth.now += one.wait;
        await lab.scan(truth.now);
        break;
      case 'deliver':
        truth.now += one.wait;
        await lab.deliver(truth.now);
        break;
      case 'two at once':
        await Promise.all([lab.scan(truth.now), lab.deliver(truth.now), lab.scan(truth.now), lab.deliver(truth.now)]);
        break;
      case 'start':
        start(one.profile);
        break;
      case 'answer':
        await answers(one);
        break;
      case 'scan and answer':
        await Promise.all([lab.scan(truth.now), answers(one)]);
        break;
      case 'invite':
        // An invitation at the moment of a request would be no other moment.
        truth.now += 1;
        heed(readerOf(one.address), { kind: 'invited' });
        await note(ports.contacts, one.address, { kind: 'invited' }, truth.now);
        break;
      case 'address':
        lab.policy.owners.exceptions[one.profile] = one.address;
        break;
      case 'admins':
        lab.policy.admins = [ROOT, ...one.admins];
        break;
      case 'mode':
        lab.policy.mode = one.mode;
        break;
      case 'mail fails':
        ports.postbox.failures = Array.from(
          { length: one.times },
          (_, i) => new PortError(i % 2 ? 'throttled' : 'fault', 'Down', 'down'),
        );
        break;
      case 'scan dies':
        await dying(one.death, () => lab.scan(truth.now));
        break;
      case 'deliver dies':
        await dying(one.death, () => lab.deliver(truth.now));
        break;
    }
  }
  // Nothing fails any more: what is owed goes out.
  ports.postbox.failures = [];
  for (const end = truth.now + DAY; truth.now < end; truth.now += HOUR) await lab.deliver(truth.now);
  return { ports, truth, readerOf };
}

/** News of an app, whoever reads it. */
function newsOf({ facts }: Notice): string | undefined {
  if (facts.kind !== 'warning' && facts.kind !== 'stopped') return undefined;
  return `${facts.kind} ${facts.app.userProfileName} ${facts.app.startedAt} ${facts.rule}`;
}

test('consent: nobody gets mail that they have not agreed to, three requests apart; what an owner cannot be told is told', async () => {
  const seen = { owners: 0, requests: 0, thirds: 0, redirected: 0, withheld: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), async (steps) => {
      const { ports, truth } = await live(steps);
      expect(truth.violations).toEqual([]);
      const notices = [...ports.outbox.items.values()];
      expect(notices.filter(({ fate }) => !fate)).toEqual([]);
      const told = new Set(ports.postbox.sent.map(newsOf));
      expect(
        notices.map(({ notice }) => newsOf(notice)).filter((news) => news !== undefined && !told.has(news)),
      ).toEqual([]);

      for (const { facts } of ports.postbox.sent) {
        if ('audience' in facts && facts.audience.role === 'owner') seen.owners++;
        if (facts.kind === 'confirmation') seen.requests++;
        if (facts.kind === 'confirmation' && facts.number === 3) seen.thirds++;
      }
      for (const { fate } of notices) if (fate?.kind === 'redirected' || fate?.kind === 'withheld') seen[fate.kind]++;
    }),
    { numRuns: 400, examples: RARE.map((steps) => [steps]) },
  );
  // Histories in which nothing of the kind happens would prove nothing.
  if (knowsConsent) for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PortError } from '../../src/application/ports.ts';
import { type ContactEvent, newContact, onContactEvent, UNSUBSCRIBED } from '../../src/domain/contact.ts';
import type { Notice } from '../../src/domain/notice.ts';
import type { Mode, Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { type MemoryContacts, memoryContacts, memoryLinks, PLACE } from '../memory/ports.ts';
import { mortal } from './mortal.ts';
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
/** What a reader or their mailbox does about mail that came. */
const answer = fc.oneof(
  { weight: 5, arbitrary: fc.constant<ContactEvent>({ kind: 'confirmed' }) },
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
  { weight: 5, arbitrary: fc.record({ do: fc.constant('start' as const), profile }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('answer' as const), address, answer }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('scan and answer' as const), address, answer }) },
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
      mode: fc.constantFrom<Mode>('observe', 'warn', 'enforce'),
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

/** What a reader has said and their mailbox has done, kept beside the service and sharing no code with its rules. */
interface Reader {
  hasAgreed: boolean;
  /** 0 wants all; 1 no reports, 2 no warnings either, 3 nothing. */
  no: number;
  isDead: boolean;
  hasComplained: boolean;
  bounces: number;
  /** Requests to confirm that came since the last invitation; one that a crash repeats is one. */
  requests: Set<string>;
  mails: number;
}

function readers() {
  const all = new Map<string, Reader>();
  return (to: string): Reader => {
    const key = to.toLowerCase();
    const nobody = { hasAgreed: false, no: 0, isDead: false, hasComplained: false, bounces: 0, mails: 0 };
    const reader = all.get(key) ?? { ...nobody, requests: new Set() };
    all.set(key, reader);
    return reader;
  };
}

/** What is wrong with a mail at the moment it goes out. */
function wrongs({ id, to, facts }: Notice, reader: Reader, policy: Policy): string[] {
  const isAdmin = policy.admins.includes(to);
  const isForOwner = 'audience' in facts && facts.audience.role === 'owner';
  const isRequest = facts.kind === 'confirmation';
  const unwantedFrom = { digest: 1, warning: 2, stopped: 3, failure: 3, confirmation: 3 }[facts.kind];
  const rules: [string, boolean][] = [
    ['to an address that bounces', reader.isDead],
    ['to a reader who complained', reader.hasComplained],
    ['of a kind that its reader unsubscribed from', reader.no >= unwantedFrom],
    ['a request to a reader who has agreed', isRequest && reader.hasAgreed],
    ['a fourth request', isRequest && reader.requests.size > 3],
    ['an owner’s mail to a reader who has not agreed', isForOwner && !reader.hasAgreed],
    ['an admins’ mail to another reader', !isRequest && !isForOwner && !isAdmin],
  ];
  return rules.filter(([, broken]) => broken).map(([rule]) => `${facts.kind} ${id} to ${to}: ${rule}`);
}

/** Notes in the truth what a reader or their mailbox did. */
function heed(reader: Reader, event: ContactEvent): void {
  const isLost = reader.isDead || reader.hasComplained;
  if (event.kind === 'confirmed' && !isLost) Object.assign(reader, { hasAgreed: true, no: 0 });
  if (event.kind === 'unsubscribed') reader.no = Math.max(reader.no, 1 + UNSUBSCRIBED.indexOf(event.from));
  if (event.kind === 'complained') Object.assign(reader, { hasComplained: true, hasAgreed: false });
  if (event.kind === 'delivered') reader.bounces = 0;
  if (event.kind === 'bounced' && !isLost) {
    reader.bounces += event.isPermanent ? 0 : 1;
    if (event.isPermanent || reader.bounces === 5) Object.assign(reader, { isDead: true, hasAgreed: false });
  }
  if (event.kind === 'invited' && !reader.hasComplained && !reader.hasAgreed && reader.no < 3)
    Object.assign(reader, { isDead: false, bounces: 0, requests: new Set() });
}

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
    reader.mails++;
    if (notice.facts.kind === 'confirmation') reader.requests.add(notice.id);
    truth.violations.push(...wrongs(notice, reader, lab.policy));
    return messageId;
  };
  const answers = async (to: string, event: ContactEvent) => {
    const reader = readerOf(to);
    // Nobody answers what never came.
    const hasCome = event.kind === 'confirmed' ? reader.requests.size > 0 : reader.mails > 0;
    if (!knowsConsent || !hasCome) return;
    heed(reader, event);
    await note(ports.contacts, to, event, truth.now);
  };
  const dying = async (death: { call: number; when: 'before' | 'after' }, work: () => Promise<unknown>) => {
    const alive = { ...ports };
    Object.assign(ports, mortal(alive, death).ports);
    await work().catch(() => undefined);
    Object.assign(ports, alive);
  };

  for (const one of steps) {
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
        ports.fleet.start({ ...ref, userProfileName: one.profile, instanceType: 'ml.g5.xlarge' }, truth.now);
        break;
      case 'answer':
        await answers(one.address, one.answer);
        break;
      case 'scan and answer':
        await Promise.all([lab.scan(truth.now), answers(one.address, one.answer)]);
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
  const { app, rule, kind } = facts;
  return [
    kind,
    app.userProfileName,
    app.startedAt,
    rule,
    'stoppedAt' in facts ? facts.stoppedAt : facts.warnedAt,
  ].join();
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
    { numRuns: 400 },
  );
  // Histories in which nothing of the kind happens would prove nothing.
  if (knowsConsent) for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
});

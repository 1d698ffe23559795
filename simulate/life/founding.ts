import { randomOf } from '../../local/lab/random.ts';
import type { Founding } from '../lab.ts';
import { type Slot, slotIdOf } from '../oracle/truth.ts';
import { DAY, HOUR, MINUTE, type Spec } from '../spec.ts';

const DOMAINS = ['d-alphalabs001', 'd-betaclass002'];
export const ROOT = 'root@example.org';
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kolkata', 'UTC'];
const INSTANCES = ['ml.t3.medium', 'ml.m5.large', 'ml.g5.xlarge', 'ml.t3.large', 'ml.p3.2xlarge', 'ml.x9.unpriced'];

/** A person of a lab: their profile, address and apps. */
export interface Person {
  name: string;
  domainId: string;
  address: string | undefined;
  slots: string[];
}

/** A lab as it begins, by its seed: whole years lie ahead of it, with their changes of the clock. */
export function foundingOf(seed: string, people: number): Founding & { persons: Person[] } {
  const luck = randomOf(seed, 'founding');
  const at = Date.UTC(
    2026,
    Math.floor(luck.next() * 12),
    1 + Math.floor(luck.next() * 28),
    Math.floor(luck.next() * 24),
  );
  const persons = Array.from({ length: people }, (_, i) => personOf(i));
  const slots = persons.flatMap(({ name, domainId }, i) => slotsOf(name, domainId, i));
  for (const [i, person] of persons.entries())
    person.slots = slots
      .filter(({ user }) => user === person.name)
      .map((slot) => slot.id)
      .concat(i % 10 === 9 ? [] : []);
  const spaces = slots
    .filter(({ spaceName }) => spaceName !== undefined)
    .map(({ spaceName, domainId, user, appType }, i) => {
      const isShared = spaceName!.startsWith('shared');
      return { domainId, name: spaceName!, appType, isShared, ...(i % 11 === 10 ? {} : { owner: user }) };
    });
  const profiles = persons.map(({ name, domainId }) => ({ domainId, name }));
  const isTagged = luck.next() < 0.75;
  const bill = {
    factor: 0.97 + 0.03 * Math.floor(luck.next() * 3),
    late: 2 + Math.floor(luck.next() * 4),
    isTagged,
    taggedFrom: isTagged ? 0 : at + 150 * DAY,
  };
  return { at, spec: specOf(persons, luck.next), bill, slots, spaces, profiles, persons };
}

function personOf(i: number): Person {
  const name = `p${String(i).padStart(2, '0')}`;
  const domainId = DOMAINS[i % 3 === 2 ? 1 : 0]!;
  // Two share an address, one's is written in another case, some have none.
  const address =
    i % 13 === 12 ? undefined : i === 5 ? 'P04@Example.org' : i === 4 ? 'p04@example.org' : `${name}@example.org`;
  return { name, domainId, address, slots: [] };
}

function slotsOf(user: string, domainId: string, i: number): Slot[] {
  const instanceType = INSTANCES[(i * 7) % INSTANCES.length]!;
  const slot = (own: Omit<Slot, 'id' | 'domainId' | 'user'>): Slot => {
    return { id: slotIdOf({ domainId, ...own }), domainId, user, ...own };
  };
  const lab = { appType: 'JupyterLab', appName: 'default', instanceType };
  switch (i % 10) {
    case 5:
    case 6: {
      const kernels = ['kernel-a', 'kernel-b'].map((appName) =>
        slot({ userProfileName: user, appType: 'KernelGateway', appName, instanceType }),
      );
      return [
        ...kernels,
        slot({ userProfileName: user, appType: 'JupyterServer', appName: 'default', instanceType: 'system' }),
      ];
    }
    case 7:
      return [slot({ ...lab, spaceName: `code-${user}`, appType: 'CodeEditor' })];
    case 8:
      return [slot({ userProfileName: user, appType: 'Canvas', appName: 'default' })];
    case 9:
      return [slot({ ...lab, spaceName: `shared-${user}` })];
    default:
      return [slot({ ...lab, spaceName: `lab-${user}` })];
  }
}

/** The policy that a lab begins with. */
function specOf(persons: Person[], next: () => number): Spec {
  const pick = <T>(all: T[]) => all[Math.floor(next() * all.length)]!;
  const named = persons.flatMap(({ name, address }) => (address === undefined ? [] : [[name, address]]));
  return {
    mode: 'enforce',
    timezone: pick(ZONES),
    admins: [ROOT, 'admin@example.org'],
    limits: [
      { name: 'long training', tag: { key: 'curfew', value: 'training' }, up: 3 * DAY, grace: 2 * HOUR },
      { name: 'cheap', instance: 'ml.t3.', up: 2 * DAY, idle: 4 * HOUR, grace: HOUR },
      { name: 'everything else', up: DAY, idle: pick([2 * HOUR, 3 * HOUR]), grace: pick([30 * MINUTE, HOUR]) },
    ],
    exempt: [{ tag: { key: 'curfew', value: 'exempt' } }, { appType: 'JupyterServer' }],
    maxStops: pick([{ percent: 25 }, { percent: 29 }, { count: 3 }, { percent: 50 }]),
    extensions: { for: 4 * HOUR, atMost: 2 },
    staleAfter: pick([30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR]),
    addresses: Object.fromEntries(named),
    digest: pick([8 * 60, 9 * 60 + 30, 0, 'never']),
    weekly: pick([
      undefined,
      undefined,
      undefined,
      undefined,
      { weekday: 1, minutes: 8 * 60 },
      { weekday: 0, minutes: 2 * 60 + 30 },
    ]),
    backstop: {
      for: pick<Spec['backstop']['for']>([[], ['budget'], ['budget', 'uptime'], ['uptime']]),
      margin: pick([30 * MINUTE, HOUR]),
    },
    ...moneyOf(pick),
  };
}

const USD = 1_000_000;

/** Budgets that many reach, and guardrails; some labs have none. */
function moneyOf(pick: <T>(all: T[]) => T): Pick<Spec, 'budgets' | 'rails'> {
  const thresholds = { warnAt: [50, 80], forecastAt: [] as number[] };
  const owner = { name: 'per person', for: 'each owner' as const, period: 'month' as const, ...thresholds };
  const domain = { name: 'the class', for: { domain: DOMAINS[1]! }, period: 'week' as const, ...thresholds };
  const account = { name: 'all of it', for: 'account' as const, period: 'month' as const, warnAt: [50, 90] };
  const budgets: Spec['budgets'] = [
    { ...owner, limit: pick([15, 40, 90]) * USD, atLimit: 'block', ...pick([{}, {}, { grace: 30 * MINUTE }]) },
    { ...domain, limit: pick([40, 120]) * USD, atLimit: 'stop', ...pick([{}, { grace: HOUR }]) },
    { ...account, forecastAt: [100], limit: pick([400, 1500]) * USD, atLimit: 'warn' },
  ];
  const allow = { name: 'no big ones', domain: DOMAINS[1]!, allow: ['ml.t3.', 'ml.m5.', 'ml.g5.'] };
  const quota = { name: 'one kernel', appType: 'KernelGateway', atMost: 1 };
  return { budgets: pick([budgets, [], [], []]), rails: pick([[], [allow], [allow, quota]]) };
}

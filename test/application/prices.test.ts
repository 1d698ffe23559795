import { describe, expect, test } from 'vitest';
import type { Rates } from '../../src/domain/cost.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { BudgetFacts, DigestFacts } from '../../src/domain/notice.ts';
import type { Budget } from '../../src/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const gpu = { ...ref, instanceType: 'ml.g5.xlarge' };
const listed: Rates = {
  source: 'AWS price list of 2026-11-22',
  asOf: '2026-11-22',
  byInstance: new Map(),
  byAppType: new Map([['JupyterLab', new Map([['ml.g5.xlarge', parseRate('2')]])]]),
};

/** What the digest says of money in a lab that has run one app for an hour, and one of a type that nobody has heard of. */
async function told({ kept, prices = {} }: { kept?: Rates; prices?: Record<string, number> }): Promise<DigestFacts> {
  const lab = world({ limits: [], report: { daily: 0 }, prices });
  if (kept) await lab.ports.kept.keep(PLACE, kept);
  lab.ports.fleet.start(gpu, NOON);
  lab.ports.fleet.start({ ...ref, appName: 'q', instanceType: 'ml.q9.qubit' }, NOON);
  await lab.scan(NOON + HOUR);
  const [owed] = [...lab.ports.outbox.items.values()];
  return owed!.notice.facts as DigestFacts;
}
const costs = ({ longest }: DigestFacts) => longest.map(({ app }) => [app.cost, app.basis]);

describe('what the admins are told of money rests on', () => {
  test('the list that comes with Curfew, until AWS’s has been read; what it lacks is named, never $0', async () => {
    const digest = await told({});
    const basis = 'list price of 2026-09-24 (as it came with Curfew)';
    expect(digest).toMatchObject({ hourly: 1_410_000, basis, unpriced: ['ml.q9.qubit'] });
    expect(costs(digest)).toEqual([
      [1_410_000, basis],
      [undefined, undefined],
    ]);
  });

  test('AWS’s list as it was last read, with its day', async () => {
    const digest = await told({ kept: listed });
    expect(digest).toMatchObject({ hourly: 2_000_000, basis: 'list price of 2026-11-22', unpriced: ['ml.q9.qubit'] });
    expect(costs(digest)[0]).toEqual([2_000_000, 'list price of 2026-11-22']);
  });

  test('the policy’s prices before both, and says so', async () => {
    const both = { 'ml.q9.qubit': parseRate('5.10') };
    const digest = await told({ kept: listed, prices: both });
    expect(digest).toMatchObject({
      hourly: 7_100_000,
      basis: "list price of 2026-11-22 and the policy's price",
      unpriced: [],
    });
    expect(costs(digest)).toEqual([
      [2_000_000, 'list price of 2026-11-22'],
      [5_100_000, "the policy's price"],
    ]);
    const own = await told({ kept: listed, prices: { ...both, 'ml.g5.xlarge': parseRate('1') } });
    expect(own).toMatchObject({ hourly: 6_100_000, basis: "the policy's price" });
  });
});

test('what has no price is told to the admins each day until its days are closed, though it was gone before any digest', async () => {
  const lab = world({ limits: [], report: { daily: 12 * 60 }, timezone: 'UTC' });
  lab.ports.fleet.start(gpu, NOON - DAY);
  await lab.scan(NOON);
  const { userProfileName: _, ...inDomain } = ref;
  const [seen, unseen] = ['ml.q9.qubit', 'ml.x9.large'].map((type) => ({ ...ref, appName: type, instanceType: type }));
  lab.ports.fleet.start(seen!, NOON + HOUR);
  addSpace(lab.ports.fleet, {
    ...inDomain,
    spaceName: 'lab',
    owner: 'alice',
    gigabytes: 5,
    createdAt: NOON + HOUR,
  } as never);
  await lab.scan(NOON + 2 * HOUR);
  lab.ports.fleet.end(seen!);
  lab.ports.fleet.spaces.clear();
  // No scan sees it.
  await lab.event({ kind: 'app created', app: unseen!, at: NOON + 2.5 * HOUR });
  await lab.event({ kind: 'app deleted', app: unseen!, at: NOON + 2.8 * HOUR });
  for (let at = NOON + 3 * HOUR; at <= NOON + 5 * DAY; at += 6 * HOUR) await lab.scan(at);
  const facts = [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts as DigestFacts);
  const told = facts.filter(({ kind }) => kind === 'digest').map(({ unpricedSince = [] }) => unpricedSince);
  const all = ['ml.q9.qubit', 'ml.x9.large', 'volume'];
  expect(told).toEqual([[], all, all, [], []]);
});

describe('what a budget’s mail says that its estimate rests on', () => {
  /** In a lab that runs one app, after another of a type with the policy's own price has gone. */
  async function basis({ kept, alone = false }: { kept?: Rates; alone?: boolean }): Promise<string> {
    const budget = { name: 'all', for: 'account', period: 'month', limit: 1_000_000, warnAt: [], forecastAt: [] };
    const lab = world({
      ...{ limits: [], prices: { 'ml.q9.qubit': parseRate('5.10') } },
      budgets: [{ ...budget, atLimit: 'warn' } as Budget],
    });
    if (kept) await lab.ports.kept.keep(PLACE, kept);
    const gone = { ...ref, appName: 'q', instanceType: 'ml.q9.qubit' };
    if (!alone) {
      await lab.event({ kind: 'app created', app: gone, at: NOON - 2 * HOUR });
      await lab.event({ kind: 'app deleted', app: gone, at: NOON - HOUR });
    }
    lab.ports.fleet.start(gpu, NOON);
    await lab.scan(NOON + HOUR);
    const facts = [...lab.ports.outbox.items.values()].map(({ notice }) => notice.facts);
    return (facts.find(({ kind }) => kind === 'budget') as BudgetFacts).basis;
  }

  test('the policy’s price also where nothing runs at it any more', async () => {
    expect(await basis({ kept: listed, alone: true })).toBe('list price of 2026-11-22');
    expect(await basis({ kept: listed })).toBe("list price of 2026-11-22 and the policy's price");
  });

  test('the list that comes with Curfew', async () => {
    expect(await basis({ alone: true })).toBe('list price of 2026-09-24 (as it came with Curfew)');
  });
});

test('an app that was stopped yesterday has cost what it ran, in today’s digest', async () => {
  const lab = world({
    report: { daily: 0 },
    limits: [{ name: 'all', match: {}, maxUptime: HOUR, grace: 30 * MINUTE }],
  });
  lab.ports.fleet.start(gpu, NOON);
  for (let at = NOON; at <= NOON + DAY; at += 30 * MINUTE) {
    await lab.scan(at);
    await lab.deliver(at);
  }
  const digests = lab.ports.postbox.sent.flatMap(({ facts }) => (facts.kind === 'digest' ? [facts] : []));
  expect(digests.at(-1)!.stopped.map(({ app }) => app.cost)).toEqual([1.5 * 1_410_000]);
});

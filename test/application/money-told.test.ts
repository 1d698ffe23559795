import { expect, test } from 'vitest';
import { renderNotice } from '../../src/adapters/ses/render.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { BudgetFacts, DigestFacts, NoticeFacts } from '../../src/domain/notice.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const gpu = { ...ref, instanceType: 'ml.g5.xlarge' };
const budget: Budget = {
  ...{ name: 'per person', for: 'each owner', period: 'month', limit: 100_000_000, warnAt: [0.5] },
  ...{ forecastAt: [], atLimit: 'stop' },
};

/** A lab in which one app costs $10 an hour, and what is owed to anybody. */
function lab(policy: Partial<Policy> = {}) {
  const it = world({ limits: [], budgets: [budget], prices: { 'ml.g5.xlarge': parseRate('10') }, ...policy });
  it.ports.fleet.start(gpu, NOON);
  const owed = <Kind extends NoticeFacts['kind']>(kind: Kind) =>
    [...it.ports.outbox.items.values()].map(({ notice }) => notice).filter(({ facts }) => facts.kind === kind);
  return Object.assign(it, { owed });
}

test('the digest has what keeps the bill from being read, and what to do about it', async () => {
  const it = lab({ budgets: [], report: { daily: 0 } });
  const books = { since: NOON - DAY, closedUntil: NOON - DAY, sums: [], unsettled: [] };
  const findings = ['No row of the bill carries sagemaker:user-profile-arn: activate it.'];
  await it.ports.ledger.keep(PLACE, { ...books, drift: { billed: 0, accrued: 0, days: 0 }, findings });
  await it.scan(NOON + HOUR);
  const [digest] = it.owed('digest').map(({ facts }) => facts as DigestFacts);
  expect(digest!.money).toEqual({ budgets: [], more: 0, findings });
});

test('the digest names whose app was that is stopped on its creation, which no scan has seen', async () => {
  const it = lab({ budgets: [], report: { daily: 0 } });
  const space = { domainId: ref.domainId, spaceName: 'zoe-sweep', owner: 'zoe', sharing: 'Private' as const };
  addSpace(it.ports.fleet, { ...space, appType: 'JupyterLab', createdAt: NOON - HOUR, gigabytes: 5 });
  const { userProfileName: _, ...inDomain } = gpu;
  const app = { ...inDomain, spaceName: 'zoe-sweep' };
  await it.event({ kind: 'app created', app, at: NOON });
  const run = (await it.ports.runs.get(app))!;
  const reason = 'not allowed here';
  const stop = { at: NOON, rule: 'g: guardrail', reason, failures: 0, told: true as const };
  const stopping = await it.ports.runs.change(run, { kind: 'stop', stop });
  expect(stopping).toBeDefined();
  await it.event({ kind: 'app deleted', app, at: NOON + MINUTE });
  await it.scan(NOON + HOUR);
  const [digest] = it.owed('digest').map(({ facts }) => facts as DigestFacts);
  expect(digest!.stopped.map(({ app: { spaceName, owner } }) => [spaceName, owner])).toEqual([['zoe-sweep', 'zoe']]);
});

test.each([
  ['enforce', 'stop', 'At the limit, the apps of this budget that run then are stopped at once'],
  ['warn', 'warn', 'Nothing will be stopped'],
] as const)('in mode %s a budget’s mail says of a budget that stops: %s', async (mode, atLimit, words) => {
  const it = lab({ mode });
  await it.scan(NOON + 6 * HOUR);
  const [notice] = it.owed('budget');
  expect((notice!.facts as BudgetFacts).atLimit).toBe(atLimit);
  expect(renderNotice(notice!, { timezone: 'UTC' }, {}).text).toContain(words);
});

test('half a picture tells of no budget, and marks none as told: the next whole one tells', async () => {
  const it = lab();
  it.ports.fleet.missing = [{ part: 'spaces', why: 'throttled' }];
  await it.scan(NOON + 6 * HOUR);
  expect([it.owed('budget'), (await it.ports.runs.load(PLACE)).marks ?? []]).toEqual([[], []]);
  it.ports.fleet.missing = [];
  await it.scan(NOON + 7 * HOUR);
  expect(it.owed('budget')).toHaveLength(1);
});

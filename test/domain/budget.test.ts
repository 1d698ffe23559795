import { describe, expect, test } from 'vitest';
import {
  crossingsOf,
  describeCrossed,
  overMark,
  overSince,
  type Standing,
  subjectOf,
  underMark,
} from '../../src/domain/budget.ts';
import type { Budget, BudgetFor } from '../../src/domain/policy.ts';
import { guardrailVerdicts } from '../../src/domain/rules/guardrail.ts';
import type { OwnerSpend } from '../../src/domain/spending.ts';
import { type BudgetFacts, forecastOf, standingsOf } from '../../src/domain/standings.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { NOON, policy, quietApp, ref } from './builders.ts';

const budget: Budget = {
  ...{ name: 'b', for: 'each owner', period: 'month', limit: 100_000_000, warnAt: [0.5, 0.8], forecastAt: [1] },
  atLimit: 'block',
};
const period = { from: NOON - 10 * DAY, to: NOON + 10 * DAY };
const spent: OwnerSpend = { domainId: 'd-1', owner: 'alice', billed: 0, accrued: 0, recent: 0, unpriced: {} };
const facts = (owners: OwnerSpend[], more: Partial<BudgetFacts> = {}): BudgetFacts => ({
  spending: new Map([['b', { period, closedUntil: NOON - 2 * DAY, trendDays: 7, owners }]]),
  ...{ burning: [], exceptions: [], marks: [], drift: undefined, domains: new Map() },
  ...more,
});
const standings = (whose: BudgetFor, owners: OwnerSpend[], more: Partial<BudgetFacts> = {}, over = {}) =>
  standingsOf({ ...policy, ...over, budgets: [{ ...budget, for: whose }] }, facts(owners, more), NOON);
const named = (whose: BudgetFor, owners: OwnerSpend[], over = {}) =>
  standings(whose, owners, {}, over).map(({ subject, spend }) => `${subject.kind} ${subject.name}: ${spend.amount}`);

describe('whose spend a budget bounds', () => {
  const owners = [
    { ...spent, billed: 1 },
    { ...spent, owner: 'bob', accrued: 2, team: 'alpha' },
    { ...spent, domainId: 'd-2', owner: 'alice', billed: 4 },
    { domainId: 'd-1', billed: 8, accrued: 0, recent: 0, unpriced: {} },
    { billed: 16, accrued: 0, recent: 0, unpriced: {} },
  ];
  test.each<[BudgetFor, string[]]>([
    ['each owner', ['owner d-1/alice: 1', 'owner d-1/bob: 2', 'owner d-2/alice: 4']],
    ['each team', ['team d-1: 11', 'team d-2: 4']],
    [{ owner: 'alice' }, ['owner d-1/alice: 1', 'owner d-2/alice: 4']],
    [{ owner: 'd-2/alice' }, ['owner d-2/alice: 4']],
    [{ domain: 'd-1' }, ['domain d-1: 11']],
    [{ team: 'd-2' }, ['team d-2: 4']],
    // What the bill gives nobody, an ownerless space's included, is the account's alone, or its domain's.
    ['account', ['account : 31']],
  ])('%j', (whose, expected) => expect(named(whose, owners)).toEqual(expected));

  test('a team by its tag; who has none is in no team', () =>
    expect(named('each team', owners, { team: { tag: 'team' } })).toEqual(['team alpha: 2']));

  test('a domain by its name, where the policy speaks of names', () =>
    expect(subjectOf({ domain: 'vision' }, spent, policy, 'vision')).toEqual({ kind: 'domain', name: 'd-1' }));

  test('whoever runs something stands there before anything is spent', () => {
    const burning = [{ domainId: 'd-1', owner: 'carol', hourly: 1_000_000 }];
    expect(standings('each owner', [], { burning })).toMatchObject([
      { subject: { name: 'd-1/carol' }, hourly: 1_000_000 },
    ]);
  });
});

describe('what is spent and expected', () => {
  test('what is not billed yet is corrected by what earlier bills made of estimates; what is billed is not', () => {
    const drift = { billed: 97_000_000, accrued: 100_000_000, days: 5 };
    const [standing] = standings('each owner', [{ ...spent, billed: 50_000_000, accrued: 10_000_000 }], { drift });
    expect(standing!.spend.amount).toBe(59_700_000);
    // Bill and estimate that far apart speak of different things: a fifth is the most.
    const wild = { billed: 50_000_000, accrued: 100_000_000, days: 5 };
    expect(standings('each owner', [{ ...spent, accrued: 10_000_000 }], { drift: wild })[0]!.spend.amount).toBe(
      8_000_000,
    );
  });

  test('a day of what runs, and the mean of the last closed days for each day after', () => {
    const spend = { ...spent, amount: 40_000_000, recent: 7_000_000 };
    const spending = { period, trendDays: 7 };
    expect(forecastOf(spend, 500_000, spending, NOON)).toBe(40_000_000 + 12_000_000 + 9 * 1_000_000);
    expect(forecastOf(spend, 500_000, spending, period.to - 2 * HOUR)).toBe(41_000_000);
    expect(forecastOf(spend, 0, { ...spending, trendDays: 0 }, NOON)).toBe(40_000_000);
    expect(
      forecastOf(spend, 0, { period: { from: 0, to: Number.POSITIVE_INFINITY }, trendDays: 7 }, NOON),
    ).toBeUndefined();
  });

  test('for the account AWS’s own forecast, where it is the worse', () => {
    const awsForecast = { amount: 500_000_000, from: NOON, period };
    expect(standings('account', [spent], { awsForecast })[0]!.forecast).toBe(500_000_000);
    expect(standings('each owner', [spent], { awsForecast })[0]!.forecast).toBe(0);
  });

  test('a grant adds to the limit while it lasts, to its budget and subject alone', () => {
    const grant = {
      ...{ kind: 'grant' as const, subject: { kind: 'owner' as const, name: 'd-1/alice' }, amount: 5_000_000 },
      ...{ at: NOON - DAY, until: NOON + 1, by: 'x', why: '' },
    };
    const limit = (exceptions: BudgetFacts['exceptions']) => standings('each owner', [spent], { exceptions })[0]!.limit;
    expect(limit([grant, { ...grant, budget: 'b' }])).toBe(110_000_000);
    expect(
      limit([
        { ...grant, until: NOON },
        { ...grant, budget: 'other' },
      ]),
    ).toBe(100_000_000);
    expect(limit([{ ...grant, subject: { kind: 'owner', name: 'd-1/bob' } }])).toBe(100_000_000);
    // Given by another terminal's clock, it is still to come.
    expect(limit([{ ...grant, at: NOON + 1, until: NOON + DAY }])).toBe(100_000_000);
    expect(limit([{ ...grant, at: NOON, until: NOON + DAY }])).toBe(105_000_000);
  });

  test('a limit is spent since the earlier of two passes saw it; and, where it was unspent meanwhile, since it was seen so anew', () => {
    const since = (over: string[], more: Partial<Standing> = {}) =>
      overSince({
        mark: { budget: 'b', subject: { kind: 'account', name: '' }, period, told: [], over },
        limit: 100,
        ...more,
      });
    expect(since([overMark(100, 7), overMark(100, 5), overMark(200, 1)])).toBe(5);
    expect(since([overMark(100, 5), underMark(100, 8), overMark(100, 9), underMark(200, 10)])).toBe(9);
    expect(since([overMark(100, 5), underMark(100, 8)])).toBeUndefined();
    // A limit that nothing is marked of was spent when it was made, or it was seen unspent.
    expect(since([overMark(80, 3), overMark(90, 5)])).toBe(5);
    expect(since([overMark(80, 3), underMark(100, 4)])).toBeUndefined();
    expect(since([overMark(80, 3), underMark(80, 4)])).toBeUndefined();
    expect(since([])).toBeUndefined();
  });

  test('only a part of AWS’s forecast is still to come: what it expected of the days since has come, or not', () => {
    const awsForecast = { amount: 500_000_000, from: NOON - 10 * DAY, period };
    expect(standings('account', [spent], { awsForecast })[0]!.forecast).toBe(250_000_000);
  });
});

describe('thresholds', () => {
  const at = (amount: number, over: Partial<Standing> = {}): Standing => ({
    ...{ budget, subject: { kind: 'owner', name: 'd-1/alice' }, period, limit: 100_000_000, hourly: 0 },
    ...{ spend: { ...spent, amount }, isOver: amount >= 100_000_000 },
    ...over,
  });
  const crossed = (standing: Standing) => describeCrossed(crossingsOf(standing));

  test.each([
    [49_999_999, ''],
    [50_000_000, '50 % spent'],
    [99_999_999, '80 % spent'],
    [100_000_000, '100 % spent'],
  ])('of $100, %i micro-dollars: %s', (amount, words) => expect(crossed(at(amount))).toBe(words));

  test('what was told is not told again, and the limit itself always is', () => {
    const mark = { budget: 'b', subject: at(0).subject, period, told: ['spent 0.5 of 100000000'], over: [] };
    expect(crossed(at(60_000_000, { mark }))).toBe('');
    expect(crossed(at(60_000_000, { mark, limit: 120_000_000 }))).toBe('50 % spent');
    expect(crossed(at(100_000_000, { budget: { ...budget, warnAt: [] } }))).toBe('100 % spent');
  });

  test('expected and spent in one breath', () =>
    expect(crossed(at(55_000_000, { forecast: 130_000_000 }))).toBe('50 % spent, 100 % expected'));
});

describe('guardrails', () => {
  const rail = { name: 'g', match: {}, atMost: [], for: 'each owner' as const };
  const says = (guardrail: object, app = quietApp, running = [quietApp]) =>
    guardrailVerdicts(app, running, { ...policy, guardrails: [{ ...rail, ...guardrail }] }, NOON).map(
      ({ says: word, grace }) => `${word}${grace === 0 ? ' at once' : ''}`,
    );

  test('an instance that is allowed, one that is not, and one that AWS does not show', () => {
    expect(says({ allow: ['ml.g5.*'] })).toEqual(['within']);
    expect(says({ allow: ['ml.t3.*'] })).toEqual(['over at once']);
    const { instanceType: _, ...unknown } = quietApp;
    expect(says({ allow: ['ml.t3.*'] }, unknown)).toEqual(['within']);
    expect(says({ allow: ['ml.t3.*'] }, { ...quietApp, instanceType: 'system' })).toEqual(['within']);
  });

  test('only what it matches', () => expect(says({ allow: ['ml.t3.*'], match: { owner: ['bob'] } })).toEqual([]));

  test('of too many the newest; of the same second, one', () => {
    const other = (appName: string, startedAt: number) => ({ ...quietApp, ref: { ...ref, appName }, startedAt });
    const apps = [quietApp, other('b', quietApp.startedAt), other('a', NOON)];
    const quota = { atMost: [{ pattern: 'ml.g5.*', count: 2 }] };
    expect(apps.map((app) => says(quota, app, apps)[0])).toEqual(['within', 'within', 'over at once']);
    const one = { atMost: [{ pattern: 'ml.g5.*', count: 1 }] };
    expect(apps.map((app) => says(one, app, apps)[0])).toEqual(['over at once', 'within', 'over at once']);
  });

  test('an app that nobody owns counts for itself alone', () => {
    const { owner: _, ...orphan } = quietApp;
    expect(says({ atMost: [{ pattern: '*', count: 0 }] }, orphan)).toEqual(['over at once']);
    expect(says({ atMost: [{ pattern: '*', count: 1 }] }, orphan)).toEqual(['within']);
  });
});

import { expect, test } from 'vitest';
import { periodOf } from '../../src/domain/period.ts';
import { type BudgetFacts, standingsOf } from '../../src/domain/standings.ts';
import { DAY } from '../../src/domain/time.ts';
import { policy } from './builders.ts';

test('of AWS’s forecast, what is left of its time counts: a pass late in the month expects no more of it than that', () => {
  const from = Date.parse('2026-11-20T00:00:00Z');
  const period = periodOf('month', from, 'UTC');
  const budget = {
    name: 'all',
    for: 'account' as const,
    period: 'month' as const,
    limit: 1e9,
    atLimit: 'warn' as const,
  };
  const budgets = [{ ...budget, warnAt: [], forecastAt: [1] }];
  const spent = { domainId: 'd-1', owner: 'alice', billed: 40_000_000, accrued: 0, recent: 0, unpriced: {} };
  const spending = { period, closedUntil: from, trendDays: 7, owners: [spent] };
  const facts: BudgetFacts = {
    ...{ spending: new Map([['all', spending]]), burning: [], exceptions: [], marks: [], drift: undefined },
    ...{ domains: new Map(), awsForecast: { amount: 110_000_000, from, period } },
  };
  const expected = (now: number) => standingsOf({ ...policy, budgets }, facts, now)[0]!.forecast! / 1e6;
  expect(expected(from)).toBe(40 + 110);
  expect(expected(from + DAY)).toBe(40 + 100);
  expect(expected(period.to - DAY / 2)).toBe(40 + 5);
});

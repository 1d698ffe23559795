import { describe, expect, test } from 'vitest';
import { PortError } from '../../src/application/ports.ts';
import { periodOf } from '../../src/domain/period.ts';
import { sumSpend } from '../../src/domain/spending.ts';
import { forecastOf } from '../../src/domain/standings.ts';
import { DAY } from '../../src/domain/time.ts';
import { appOf, at, budgetOver, LAB, lab, profile, TOTAL } from './books-lab.ts';

// What the books learn late: a bill that could not be read at first, a budget that comes after them, days before Curfew.

const TERM = { from: '2026-08-01', to: '2026-12-20' };
const term = budgetOver(TERM, { name: 'term', for: 'account' });
const denied = () => new PortError('denied', 'AccessDeniedException', 'no');
const first = at('2026-11-20T06:00');
const whole = periodOf(TERM, first, 'UTC');
const ofAugust = { date: '2026-08-15', holder: profile('alice'), usage: LAB, amount: 500_000_000 };

describe('a first reading that fails', () => {
  test('loses nothing: the next that succeeds goes as far back, however much later it is', async () => {
    for (const later of [1, 90]) {
      const it = lab({ budgets: [term] });
      it.bill.rows = [ofAugust];
      for (let day = 0; day < later; day += 30) {
        it.bill.failures = [denied()];
        await it.close(first + day * DAY);
      }
      expect(await it.dollars(whole, first + later * DAY)).toEqual({});
      await it.close(first + later * DAY);
      expect(await it.dollars(whole, first + later * DAY)).toEqual({ alice: 500 });
      expect((await it.books()).unsettled).toEqual([]);
    }
  });

  test('keeps no pass from reading no more runs than it closes days', async () => {
    const it = lab({ budgets: [term] });
    it.bill.failures = [denied(), denied()];
    await it.close(first);
    const asked: number[] = [];
    const { history } = it.ports.runs;
    it.ports.runs.history = async (place, from, to) => {
      asked.push(from);
      return history(place, from, to);
    };
    await it.close(first + DAY);
    expect(asked).toEqual([at('2026-11-18')]);
  });
});

test('a day that AWS could be asked of and still calls an estimate after two months is given up', async () => {
  const it = lab();
  it.bill.estimatedFrom = '2026-11-01';
  await it.close(first);
  expect((await it.books()).unsettled).toContain('2026-11-01');
  it.bill.failures = [denied()];
  await it.close(first + 65 * DAY);
  expect((await it.books()).unsettled).toContain('2026-11-01');
  await it.close(first + 66 * DAY);
  await it.close(first + 67 * DAY);
  expect((await it.books()).unsettled).not.toContain('2026-11-01');
});

describe('a budget that comes later than the books', () => {
  test('knows what was spent before them: the bill of those days is read once', async () => {
    const it = lab();
    it.bill.rows = [ofAugust];
    await it.close(first);
    expect((await it.books()).since).toBe(at('2026-11-01'));
    it.policy.budgets = [...it.policy.budgets, term];
    const asked: string[] = [];
    const { read } = it.bill;
    it.bill.read = async (region, from, to) => {
      asked.push(from);
      return read(region, from, to);
    };
    expect(await it.close(first + DAY)).toMatchObject({ closed: 93, findings: [] });
    await it.close(first + 2 * DAY);
    expect(asked).toEqual(['2026-08-01', '2026-11-19']);
    expect((await it.books()).since).toBe(at('2026-08-01'));
    expect(await it.dollars(whole, first + 2 * DAY)).toEqual({ alice: 500 });
    expect((await it.books()).sums.find(({ period }) => period.from === whole.from)!.owners).toHaveLength(1);
  });

  test('says what it lacks until then, and what AWS knows no more', async () => {
    const it = lab();
    await it.close(first);
    it.policy.budgets = [term];
    it.bill.failures = [denied()];
    const { findings } = await it.close(first + DAY);
    expect(findings).toContainEqual(
      expect.stringContaining('Budget "term" lacks what was spent from 2026-08-01 until 2026-11-01'),
    );
    expect((await it.close(first + 2 * DAY)).findings).toEqual([]);
    it.policy.budgets = [{ ...term, period: { from: '2025-01-01', to: '2026-12-20' } }];
    const late = await it.close(first + 3 * DAY);
    expect(late.findings).toEqual([expect.stringMatching(/from 2025-01-01 until 2025-10-29: .*up to 13 months back/)]);
    expect((await it.close(first + 4 * DAY)).findings).toEqual(late.findings);
  });
});

test('days before Curfew that no bill has told of make no trend; days on which nothing ran do', async () => {
  const it = lab();
  const fails = () => {
    it.bill.failures = [denied()];
  };
  const now = at('2026-11-23T06:00');
  it.ports.fleet.start(appOf('alice'), at('2026-11-20'));
  await it.event({ kind: 'app created', app: appOf('alice'), at: at('2026-11-20') });
  for (let day = 3; day >= 0; day--) {
    fails();
    await it.close(now - day * DAY);
  }
  const month = periodOf('month', now, 'UTC');
  const spending = await it.spent(month, now);
  // The first closed day, and the two whole ones that are not closed yet.
  expect(spending.trendDays).toBe(3);
  // $240 a day since the 20th, eleven days in November.
  const forecast = forecastOf(sumSpend(spending.owners, undefined), 10_000_000, spending, now)!;
  expect(forecast).toBe(11 * 240_000_000);
  await it.event({ kind: 'app deleted', app: appOf('alice'), at: now });
  fails();
  await it.close(now + 5 * DAY);
  expect((await it.spent(month, now + 5 * DAY)).trendDays).toBe(8);
  // A bill that tells that nothing was spent tells something.
  await it.close(now + 6 * DAY);
  expect((await it.spent(month, now + 6 * DAY)).trendDays).toBe(9);
});

test('a total counts what was read for the term of another, and that is said', async () => {
  const total = budgetOver('total', { name: 'all of it', for: 'account' });
  const it = lab({ budgets: [total] });
  it.bill.rows = [{ date: '2026-08-15', holder: profile('alice'), usage: LAB, amount: 500_000_000 }];
  const first = at('2026-11-20T06:00');
  expect((await it.close(first)).findings.join()).not.toContain('all of it');
  it.policy.budgets = [total, budgetOver({ from: '2026-08-01', to: '2026-12-20' }, { name: 'term' })];
  const { findings } = await it.close(first + DAY);
  expect(findings.join()).toContain('from 2026-08-01 on: the total of "all of it" counts from there too.');
  expect(await it.dollars(TOTAL, first + DAY)).toEqual({ alice: 500 });
  expect((await it.close(first + 2 * DAY)).findings.join()).not.toContain('all of it');
});

test('a trend counts the days of the last week alone, and what they cost', async () => {
  const it = lab({ budgets: [budgetOver({ from: '2026-10-01', to: '2026-12-31' })] });
  it.bill.rows = [{ date: '2026-10-03', holder: profile('alice'), usage: LAB, amount: 70_000_000 }];
  it.bill.estimatedFrom = '2026-10-10';
  const first = at('2026-11-20T06:00');
  await it.close(first);
  const spending = await it.spent(periodOf({ from: '2026-10-01', to: '2026-12-31' }, first, 'UTC'), first);
  // Two whole days that are not closed yet, on which nothing ran; of those before nobody knows.
  expect([spending.trendDays, sumSpend(spending.owners, undefined).recent]).toEqual([2, 0]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { periodOf } from '../../src/domain/period.ts';
import { adminReport } from '../../src/domain/report/report.ts';
import { standingsOf } from '../../src/domain/standings.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { appOf, at, budgetOver } from './books-lab.ts';
import { reportLab } from './report-lab.ts';

const alice = { kind: 'owner', name: `${ref.domainId}/alice` } as const;
const usd = (dollars: number) => dollars * 1_000_000;

/** Alice ran an hour, $10, on each of these days. */
async function ranOn(it: ReturnType<typeof reportLab>, ...days: string[]) {
  for (const day of days) await it.ran(appOf('alice'), at(`${day}T09:00`), at(`${day}T10:00`));
}

const rows = async (it: ReturnType<typeof reportLab>, week: string, now: Instant) =>
  adminReport((await it.book(week, now)).book).budgets.map(({ budget, spent, limit, granted, lifted, period }) => ({
    ...{ budget, spent, limit, from: new Date(period.from).toISOString().slice(0, 10) },
    ...(granted === undefined ? {} : { granted }),
    ...(lifted ? { lifted } : {}),
  }));

describe('the budgets of a week’s report', () => {
  test('are of the period that the week ended in, as it left them: what came since is in none', async () => {
    const it = reportLab({ budgets: [budgetOver('month', { name: 'month', limit: usd(100) })] });
    await ranOn(it, '2026-10-20', '2026-10-30', '2026-11-03', '2026-11-10', '2026-11-17', '2026-11-24');
    await it.close(at('2026-11-25T06:00'));
    const now = at('2026-11-25T08:00');
    // October is over; November's is told without what was spent since.
    expect(await rows(it, '2026-W43', now)).toEqual([
      { budget: 'month', spent: usd(10), limit: usd(100), from: '2026-10-01' },
    ]);
    expect(await rows(it, '2026-W46', now)).toEqual([
      { budget: 'month', spent: usd(20), limit: usd(100), from: '2026-11-01' },
    ]);
    // Of a week that is not over, as it stands now.
    expect(await rows(it, '2026-W48', now)).toEqual([
      { budget: 'month', spent: usd(40), limit: usd(100), from: '2026-11-01' },
    ]);
    expect(await rows(it, '2026-W40', now)).toEqual([]);
  });

  test('are none of a term that the week does not overlap', async () => {
    const term = budgetOver({ from: '2026-11-09', to: '2026-11-15' }, { name: 'term', limit: usd(50) });
    const it = reportLab({ budgets: [term, budgetOver('total', { name: 'total' })] });
    await ranOn(it, '2026-11-03', '2026-11-10', '2026-11-17');
    const now = at('2026-11-25T08:00');
    const names = async (week: string) => (await rows(it, week, now)).map(({ budget, spent }) => [budget, spent]);
    expect(await names('2026-W45')).toEqual([['total', usd(10)]]);
    expect(await names('2026-W46')).toEqual([
      ['term', usd(10)],
      ['total', usd(20)],
    ]);
    expect(await names('2026-W47')).toEqual([['total', usd(30)]]);
  });

  test('are told with what was granted and lifted as the week ended', async () => {
    const budgets = [budgetOver('month', { name: 'month', limit: usd(15) }), budgetOver('week', { name: 'week' })];
    const it = reportLab({ budgets });
    await ranOn(it, '2026-11-10', '2026-11-17');
    const given = { subject: alice, by: 'admin', until: at('2026-12-01') } as const;
    await it.ports.ledger.except(PLACE, { ...given, kind: 'grant', amount: usd(5), at: at('2026-11-12') });
    await it.ports.ledger.except(PLACE, { ...given, kind: 'lift', budget: 'month', at: at('2026-11-18') });
    await it.ports.ledger.except(PLACE, { ...given, kind: 'grant', amount: usd(7), at: at('2026-11-23T01:00') });
    const now = at('2026-11-23T08:00');
    expect(await rows(it, '2026-W46', now)).toEqual([
      { budget: 'month', spent: usd(10), limit: usd(20), granted: usd(5), from: '2026-11-01' },
      { budget: 'week', spent: usd(10), limit: usd(1005), granted: usd(5), from: '2026-11-09' },
    ]);
    expect(await rows(it, '2026-W47', now)).toEqual([
      {
        ...{ budget: 'month', spent: usd(20), limit: usd(20), granted: usd(5), from: '2026-11-01' },
        lifted: { until: at('2026-12-01') },
      },
      { budget: 'week', spent: usd(10), limit: usd(1005), granted: usd(5), from: '2026-11-16' },
    ]);
  });

  test('are what whoever asked as the week ended was told, whatever ran and was billed since', async () => {
    const runs = fc.array(
      fc.record({ hour: fc.integer({ min: 0, max: 30 * 24 }), long: fc.integer({ min: 1, max: 60 }) }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(runs, fc.option(fc.integer({ min: 0, max: 30 })), async (some, closed) => {
        const budgets = (['month', 'total', { from: '2026-10-20', to: '2026-12-20' }] as const).map((period) =>
          budgetOver(period),
        );
        const it = reportLab({ budgets, timezone: 'America/New_York' });
        const begin = at('2026-10-26');
        let free = begin;
        for (const { hour, long } of [...some].sort((a, b) => a.hour - b.hour)) {
          const from = Math.max(free, begin + hour * HOUR);
          free = from + long * HOUR;
          await it.ran(appOf('alice'), from, free);
        }
        if (closed !== null) await it.close(begin + closed * DAY);
        const now = Math.max(free, at('2026-11-28'));
        for (const name of ['2026-W45', '2026-W47']) {
          const { book, week } = await it.book(name, now);
          const spending = new Map(
            await Promise.all(
              budgets.map(async (one) => {
                const period = periodOf(one.period, week.to - 1, 'America/New_York');
                const spent = await it.spent({ from: period.from, to: week.to }, now);
                return [one.name, { ...spent, period }] as const;
              }),
            ),
          );
          const { books } = await it.goings();
          const facts = { spending, burning: [], exceptions: [], marks: [], drift: books?.drift, domains: new Map() };
          const then = standingsOf(it.policy, facts, week.to - 1);
          const told = (all: typeof then) =>
            all
              // Whoever spent nothing yet stands there by what a trend knows of them.
              .filter(({ spend }) => spend.amount > 0)
              .map(({ budget, spend }) => [budget.name, spend.amount, spend.accrued])
              .sort();
          expect(told(book.standings)).toEqual(told(then));
        }
      }),
      { numRuns: 30 },
    );
  });
});

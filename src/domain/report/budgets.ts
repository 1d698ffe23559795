import { type Exception, type Standing, subjectKey, subjectOf } from '../budget.ts';
import { corrected, type Drift, type LedgerLine } from '../ledger.ts';
import type { Policy } from '../policy.ts';
import { describeSubject } from '../rules/budget.ts';
import { type SpendSum, sumClosed, sumSpend } from '../spending.ts';
import type { Duration, Instant } from '../time.ts';
import type { WeekBook } from './book.ts';
import type { BudgetRow } from './facts.ts';

/** How budgets stand, the most spent first. @param isTheirs whether a subject is the reader's business */
export function budgetRows(
  { standings, at }: Pick<WeekBook, 'standings' | 'at'>,
  isTheirs: (subject: Standing['subject']) => boolean,
): BudgetRow[] {
  return standings
    .filter(({ subject }) => isTheirs(subject))
    .map(({ budget, subject, spend, limit, forecast, period: { from, to }, lifted }): BudgetRow => {
      const granted = limit - budget.limit;
      return {
        budget: budget.name,
        whose: describeSubject(subject),
        spent: spend.amount,
        limit,
        ...(granted > 0 ? { granted } : {}),
        ...(lifted ? { lifted: Number.isFinite(lifted.until) ? { until: lifted.until } : {} } : {}),
        ...(Object.keys(spend.unpriced).length > 0 ? { unpriced: spend.unpriced } : {}),
        // What is over has no future.
        ...(forecast === undefined || to <= at ? {} : { forecast }),
        period: { from, ...(Number.isFinite(to) ? { to } : {}) },
      };
    })
    .sort((a, b) => b.spent / b.limit - a.spent / a.limit);
}

/**
 * Where budgets stood at an earlier moment of the periods that they are in: without what was spent since, and with what
 * had been granted and lifted by then. What a period is expected to end at is as it is known now.
 * @param since what all of them spent since
 * @returns those that had spent something by then
 */
export function standingsBefore(
  standings: Standing[],
  since: LedgerLine[],
  known: { exceptions: Exception[]; drift: Drift | undefined; policy: Policy; domains: ReadonlyMap<string, string> },
  at: Instant,
): Standing[] {
  const { exceptions, drift, policy, domains } = known;
  const byBudget = new Map(
    policy.budgets.map((budget) => {
      const keyOf = (line: LedgerLine) => {
        const subject = subjectOf(budget.for, line, policy, domains.get(line.domainId ?? ''));
        return subject ? subjectKey(subject) : '';
      };
      return [budget.name, Map.groupBy(since, keyOf)];
    }),
  );
  return standings.flatMap((standing): Standing[] => {
    const { budget, subject, period, forecast } = standing;
    const lines = byBudget.get(budget.name)?.get(subjectKey(subject)) ?? [];
    const later = sumSpend(sumClosed(period, period.from, [{ lines }]).owners, undefined);
    const spend = minus(standing.spend, later, drift);
    if (spend.billed === 0 && spend.accrued === 0 && Object.keys(spend.unpriced).length === 0) return [];
    const its = exceptions.filter((one) => {
      const isOf = (one.budget ?? budget.name) === budget.name && subjectKey(one.subject) === subjectKey(subject);
      return isOf && one.at <= at && at < one.until;
    });
    const granted = its.reduce((sum, { kind, amount = 0 }) => sum + (kind === 'grant' ? amount : 0), 0);
    const lifted = its.find(({ kind }) => kind === 'lift');
    const limit = budget.limit + granted;
    return [
      {
        ...{ budget, subject, period, limit, spend, hourly: 0, isOver: spend.amount >= limit },
        ...(forecast === undefined ? {} : { forecast }),
        ...(lifted ? { lifted } : {}),
      },
    ];
  });
}

function minus(all: SpendSum, part: SpendSum, drift: Drift | undefined): SpendSum {
  const [billed, accrued] = [all.billed - part.billed, all.accrued - part.accrued];
  const unpriced: Record<string, Duration> = {};
  for (const [what, duration] of Object.entries(all.unpriced)) {
    const left = duration - (part.unpriced[what] ?? 0);
    if (left > 0) unpriced[what] = left;
  }
  return { billed, accrued, recent: 0, unpriced, amount: billed + corrected(accrued, drift) };
}

import { type Standing, subjectOf } from '../budget.ts';
import type { MicroDollars } from '../money.ts';
import { describeSubject } from '../rules/budget.ts';
import type { WeekBook, Who } from './book.ts';
import type { BudgetRow } from './facts.ts';

/**
 * How budgets stand, the most spent first. That of a week is told of the week that the report is about, since the one that
 * has begun says nothing yet; all others are told as they stand now.
 * @param isTheirs whether a subject is the reader's business
 * @param who for a budget of a week: whose spend is told, and what it was
 */
export function budgetRows(
  { standings, policy, domains, week }: Pick<WeekBook, 'standings' | 'policy' | 'domains' | 'week'>,
  isTheirs: (subject: Standing['subject']) => boolean,
  who: { who: Who; spent: MicroDollars }[],
): BudgetRow[] {
  const now = standings
    .filter(({ budget, subject }) => budget.period !== 'week' && isTheirs(subject))
    .map(({ budget, subject, spend, limit, forecast, period }): BudgetRow => {
      const { from, to } = period;
      return {
        budget: budget.name,
        whose: describeSubject(subject),
        spent: spend.amount,
        limit,
        ...(forecast === undefined ? {} : { forecast }),
        period: { from, ...(Number.isFinite(to) ? { to } : {}) },
      };
    });
  const ofWeek = policy.budgets
    .filter(({ period }) => period === 'week')
    .flatMap((budget) =>
      who.flatMap(({ who: one, spent }): BudgetRow[] => {
        const subject = subjectOf(budget.for, one, policy, domains.get(one.domainId ?? ''));
        if (!subject || !isTheirs(subject)) return [];
        const { from, to } = week;
        return [
          { budget: budget.name, whose: describeSubject(subject), spent, limit: budget.limit, period: { from, to } },
        ];
      }),
    );
  return [...now, ...ofWeek].sort((a, b) => b.spent / b.limit - a.spent / a.limit);
}

import { type Exception, type Standing, subjectKey, subjectOf } from '../budget.ts';
import type { MicroDollars } from '../money.ts';
import { describeSubject } from '../rules/budget.ts';
import type { SpendSum } from '../spending.ts';
import type { Instant } from '../time.ts';
import type { WeekBook, Who } from './book.ts';
import type { BudgetRow } from './facts.ts';

/**
 * How budgets stand, the most spent first. That of a week is told of the week that the report is about, since the one that
 * has begun says nothing yet; all others are told as they stand now.
 * @param isTheirs whether a subject is the reader's business
 * @param who for a budget of a week: whose spend is told, and what it was and lacks
 */
export function budgetRows(
  book: Pick<WeekBook, 'standings' | 'policy' | 'domains' | 'week' | 'at' | 'exceptions'>,
  isTheirs: (subject: Standing['subject']) => boolean,
  who: { who: Who; spent: MicroDollars; unpriced: SpendSum['unpriced'] }[],
): BudgetRow[] {
  const { standings, policy, domains, week, at, exceptions } = book;
  // The last moment of it that was.
  const end = Math.min(week.to - 1, at);
  const now = standings
    .filter(({ budget, subject }) => budget.period !== 'week' && isTheirs(subject))
    .map(({ budget, subject, spend, limit, forecast, period }): BudgetRow => {
      const { from, to } = period;
      return {
        budget: budget.name,
        whose: describeSubject(subject),
        spent: spend.amount,
        limit,
        ...lacking(spend.unpriced),
        ...(forecast === undefined ? {} : { forecast }),
        period: { from, ...(Number.isFinite(to) ? { to } : {}) },
      };
    });
  const ofWeek = policy.budgets
    .filter(({ period }) => period === 'week')
    .flatMap((budget) =>
      who.flatMap(({ who: one, spent, unpriced }): BudgetRow[] => {
        const subject = subjectOf(budget.for, one, policy, domains.get(one.domainId ?? ''));
        if (!subject || !isTheirs(subject)) return [];
        const { from, to } = week;
        const limit = budget.limit + grantedOf(exceptions, budget.name, subject, end);
        const row = { budget: budget.name, whose: describeSubject(subject), spent, limit, ...lacking(unpriced) };
        return [{ ...row, period: { from, to } }];
      }),
    );
  return [...now, ...ofWeek].sort((a, b) => b.spent / b.limit - a.spent / a.limit);
}

function lacking(unpriced: SpendSum['unpriced']): Pick<BudgetRow, 'unpriced'> {
  return Object.keys(unpriced).length > 0 ? { unpriced } : {};
}

/** What admins had given a subject beyond its limit, as it held at a moment. */
function grantedOf(exceptions: Exception[], budget: string, subject: Standing['subject'], at: Instant): MicroDollars {
  return exceptions
    .filter((one) => one.kind === 'grant' && (one.budget ?? budget) === budget && one.at <= at && at < one.until)
    .filter((one) => subjectKey(one.subject) === subjectKey(subject))
    .reduce((sum, { amount = 0 }) => sum + amount, 0);
}

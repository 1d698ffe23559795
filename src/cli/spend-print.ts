import { correctionOf, type Drift, describeDrift, type LedgerLine } from '../domain/ledger.ts';
import { describeMoney, type MicroDollars } from '../domain/money.ts';
import { dateOf, type Period } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { describeSubject } from '../domain/rules/budget.ts';
import { DAY, describeDuration, type Instant, localTime } from '../domain/time.ts';
import { describeHours, describeLeft, describeSum, isIncomplete, isSamePeriod, type Left } from './budget-left.ts';
import { note } from './print.ts';
import { describePeriod } from './spend-period.ts';
import { type Burning, isRowIncomplete, isRunningUnpriced, type SpendRow } from './spend-rows.ts';

export const columnsOf = (by: string) => [
  { head: by.toUpperCase() },
  { head: 'BILLED' },
  { head: 'ACCRUED' },
  { head: 'SPENT' },
  { head: 'AN HOUR' },
  { head: 'FORECAST' },
  { head: 'LEFT' },
  { head: 'HOURS LEFT' },
  { head: 'LEFT OF', grow: true },
  { head: 'WITHOUT A PRICE', grow: true },
];

/** A row of a period; where its budget is of another one, that is named with it. */
export const tableRow =
  (period: Period, timezone: string) =>
  (row: SpendRow): string[] => {
    const { name, billed, accrued, spent, hourly, forecast, left, unpriced } = row;
    const isLacking = isRowIncomplete(row);
    const budget = left?.standing;
    const another = budget && !isSamePeriod(budget.period, period);
    return [
      name,
      // Nothing of it was billed yet: what it costs, the bill will tell.
      billed === 0 && accrued === 0 && isLacking ? '-' : describeMoney(billed),
      describeSum(accrued, isLacking),
      describeSum(spent, isLacking),
      hourly === undefined || (hourly === 0 && !row.isRunningUnpriced)
        ? '-'
        : describeSum(hourly, row.isRunningUnpriced),
      forecast === undefined ? '-' : describeSum(forecast, isLacking || row.isRunningUnpriced),
      left === undefined ? '-' : describeLeft(left),
      left === undefined ? '-' : describeHours(left, row.isRunningUnpriced),
      budget === undefined
        ? '-'
        : `${budget.budget.name}${another ? ` (${describePeriod(budget.period, timezone)})` : ''}`,
      Object.entries(unpriced)
        .map(([what, duration]) => `${describeDuration(duration)} of ${what}`)
        .join(', ') || '-',
    ];
  };

/** Of the budgets that bound whoever was asked about. */
export const BUDGET_COLUMNS = [
  { head: 'BUDGET', grow: true },
  { head: 'WHOSE' },
  { head: 'PERIOD' },
  { head: 'SPENT' },
  { head: 'LIMIT' },
  { head: 'LEFT' },
  { head: 'HOURS LEFT' },
  { head: 'FORECAST' },
];

export const budgetRow =
  (burning: Burning[], policy: Policy) =>
  (left: Left): string[] => {
    const { budget, subject, period, spend, limit, forecast } = left.standing;
    const isRunning = isRunningUnpriced(left.standing, burning, policy);
    const isLacking = isIncomplete(spend.unpriced);
    return [
      budget.name,
      describeSubject(subject),
      describePeriod(period, policy.timezone),
      describeSum(spend.amount, isLacking),
      describeMoney(limit),
      describeLeft(left),
      describeHours(left, isRunning),
      forecast === undefined ? '-' : describeSum(forecast, isLacking || isRunning),
    ];
  };

/** All that `curfew spend` prints. */
export interface Sums {
  period: Period;
  rows: SpendRow[];
  /** Of the budgets that bound whoever was asked about; undefined where nobody was, or of another time than now. */
  lefts: Left[] | undefined;
  unattributed: LedgerLine[];
  drift: Drift | undefined;
  books: { closedUntil: Instant; billedAt?: Instant; findings: string[]; unsettled: string[] } | undefined;
  credits: { amount: MicroDollars; from: string } | undefined;
  /** What all that is accrued rests on; undefined where all is billed. */
  basis: string | undefined;
  source: string;
}

export function tellSums(sums: Sums, timezone: string, now: Instant): void {
  const { period, rows, lefts, unattributed, books, basis } = sums;
  const sum = (pick: (row: SpendRow) => number) => rows.reduce((total, row) => total + pick(row), 0);
  const isLacking = rows.some(isRowIncomplete);
  const head = Number.isFinite(period.to) ? `From ${describePeriod(period, timezone)}` : 'In all';
  const spent = describeSum(
    sum((row) => row.spent),
    isLacking,
  );
  const rest = basis === undefined ? '' : `; the rest is estimated at ${basis}`;
  note(`${head}: ${spent}, of which ${describeMoney(sum(({ billed }) => billed))} billed${rest}.`);
  if (isLacking) note('Incomplete: what has no price is in no sum. `prices` in the policy can name one.');
  if (lefts?.length === 0) note('No budget bounds whom you asked about, or none of theirs goes on.');
  tellDrift(sums);
  if (unattributed.length > 0) {
    const byUsage = [...Map.groupBy(unattributed, ({ usage }) => usage)].map(([usage, lines]) => {
      return `${describeMoney(lines.reduce((total, { billed = 0 }) => total + billed, 0))} of ${usage}`;
    });
    note(`Unattributed, because AWS's bill names no owner: ${byUsage.join(', ')}.`);
  }
  if (books) tellBooks(books, sums.drift, now);
  else note('The books were never closed: all figures are estimates until the spend function has run.');
  tellCredits(sums, timezone, now);
}

/** Why BILLED and ACCRUED together are not SPENT. */
function tellDrift({ drift, rows }: Sums): void {
  if (rows.every(({ accrued, billed, spent }) => billed + accrued === spent)) return;
  const percent = correctionPercent(drift);
  const sign = percent < 0 ? '-' : '+';
  note(
    `SPENT is BILLED and ACCRUED, of which accrued is corrected by ${sign}${Math.abs(percent).toFixed(1)} %: what bills made of earlier estimates.`,
  );
}

/** By how many percent what was accrued is corrected; 0 where it is not. */
export function correctionPercent(drift: Drift | undefined): number {
  return Math.round((correctionOf(drift) - 1) * 1000) / 10;
}

function tellBooks(
  { billedAt, unsettled, findings }: NonNullable<Sums['books']>,
  drift: Drift | undefined,
  now: Instant,
) {
  const count = unsettled.length;
  const parts = [
    `read ${billedAt === undefined ? 'never' : dateOf(billedAt)}`,
    ...(count > 0 ? [`${count} closed day${count === 1 ? '' : 's'} not settled yet`] : []),
    ...(drift ? [describeDrift(drift)] : []),
  ];
  note(`Bill: ${parts.join('; ')}.`);
  if (billedAt === undefined || now - billedAt > 2 * DAY) note('The bill is not up to date.');
  for (const finding of findings) note(finding);
}

/** AWS gives them to the account, so that they are in no row. */
export function tellCredits(
  { credits, period }: Pick<Sums, 'credits' | 'period'>,
  timezone: string,
  now: Instant,
): void {
  if (!credits) return;
  const { amount, from } = credits;
  const until = now < period.to ? 'until now' : `until ${localTime(period.to - 1, timezone).date}`;
  note(`Credits and refunds of the account from ${from} ${until}, in none of these figures: ${describeMoney(amount)}.`);
}

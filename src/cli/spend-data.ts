import type { Drift } from '../domain/ledger.ts';
import type { MicroDollars } from '../domain/money.ts';
import { dateOf } from '../domain/period.ts';
import { HOUR, type Instant } from '../domain/time.ts';
import { leftToJson } from './budget-left.ts';
import { correctionPercent, type Sums } from './spend-print.ts';
import { isRowIncomplete, type SpendRow } from './spend-rows.ts';

export const CSV = [
  ...['name', 'billed_usd', 'accrued_usd', 'spent_usd', 'usd_per_hour', 'forecast_usd'],
  ...['budget', 'budget_ends', 'budget_left_usd', 'hours_left'],
  ...['hours_without_price', 'accrued_corrected_by_percent', 'accrued_at'],
];

/** A row; a sum of which nothing has a price is empty, never 0, and `hours_without_price` says how much every other lacks. */
export const csvRow =
  (drift: Drift | undefined) =>
  (row: SpendRow): string[] => {
    const { name, billed, unpriced, left, basis = '' } = row;
    const usd = (amount: MicroDollars | undefined) => (amount === undefined ? '' : (amount / 1e6).toFixed(6));
    const { accrued, spent, hourly, forecast } = knownOf(row);
    const end = left?.standing.period.to ?? Number.POSITIVE_INFINITY;
    const hours = Object.values(unpriced).reduce((sum, one) => sum + one, 0) / HOUR;
    return [
      ...[name, usd(billed), usd(accrued), usd(spent), usd(hourly), usd(forecast)],
      ...[left?.standing.budget.name ?? '', Number.isFinite(end) ? new Date(end).toISOString() : ''],
      ...[usd(left?.amount), left?.hours?.toFixed(3) ?? ''],
      ...[hours.toFixed(3), correctionPercent(drift).toFixed(1), basis],
    ];
  };

/** The sums of a row, undefined where nothing of them has a price. */
function knownOf(
  row: SpendRow,
): Partial<Record<'accrued' | 'spent' | 'hourly' | 'forecast', MicroDollars | undefined>> {
  const isLacking = isRowIncomplete(row);
  const { isRunningUnpriced } = row;
  const known = (amount: MicroDollars | undefined, lacks: boolean) => (lacks && amount === 0 ? undefined : amount);
  return {
    accrued: known(row.accrued, isLacking),
    spent: known(row.spent, isLacking),
    hourly: known(row.hourly, isRunningUnpriced),
    forecast: known(row.forecast, isLacking || isRunningUnpriced),
  };
}

export function toJson(sums: Sums, by: string, now: Instant): object {
  const { period, rows, lefts, unattributed, drift, books, credits, basis, source } = sums;
  const iso = (at: Instant) => (Number.isFinite(at) ? new Date(at).toISOString() : null);
  const usd = (amount: MicroDollars | undefined) => (amount === undefined ? null : amount / 1e6);
  return {
    now: iso(now),
    period: { from: iso(period.from), to: iso(period.to) },
    by,
    prices: source,
    basis: basis ?? null,
    rows: rows.map((row) => {
      const { accrued, spent, hourly, forecast } = knownOf(row);
      const { name, billed, unpriced, left } = row;
      return {
        name,
        billedUsd: usd(billed),
        accruedUsd: usd(accrued),
        spentUsd: usd(spent),
        basis: row.basis ?? null,
        isIncomplete: isRowIncomplete(row),
        usdPerHour: usd(hourly),
        forecastUsd: usd(forecast),
        budgetLeftUsd: usd(left?.amount),
        hoursLeft: left?.hours ?? null,
        leftOf: left ? leftToJson(left) : null,
        unpricedHours: Object.fromEntries(Object.entries(unpriced).map(([what, duration]) => [what, duration / HOUR])),
      };
    }),
    ...(lefts ? { budgets: lefts.map(leftToJson) } : {}),
    unattributed: unattributed.map(({ usage, from, billed }) => ({
      usage,
      date: dateOf(from),
      billedUsd: usd(billed),
    })),
    drift: drift
      ? {
          billedUsd: usd(drift.billed),
          accruedUsd: usd(drift.accrued),
          days: drift.days,
          accruedCorrectedByPercent: correctionPercent(drift),
        }
      : null,
    bill: books
      ? {
          closedUntil: iso(books.closedUntil),
          readAt: books.billedAt === undefined ? null : iso(books.billedAt),
          unsettled: books.unsettled,
          findings: books.findings,
        }
      : null,
    ...(credits === undefined ? {} : { creditsUsd: usd(credits.amount), creditsFrom: credits.from }),
  };
}

import { type Drift, describeDrift, type LedgerLine } from '../domain/ledger.ts';
import { describeMoney, type MicroDollars } from '../domain/money.ts';
import { dateOf, type Period } from '../domain/period.ts';
import { DAY, describeDuration, HOUR, type Instant, localTime } from '../domain/time.ts';
import { note } from './print.ts';

/** One row: what somebody, or something, spent. */
export interface SpendRow {
  name: string;
  billed: MicroDollars;
  /** Of days that no bill has settled: as it was reckoned. */
  accrued: MicroDollars;
  /** Billed, and accrued as earlier bills correct it. */
  spent: MicroDollars;
  unpriced: Record<string, number>;
  hourly: MicroDollars;
  forecast: MicroDollars | undefined;
  /** Of the tightest budget. */
  left: MicroDollars | undefined;
}

export const columnsOf = (by: string) => [
  { head: by.toUpperCase() },
  { head: 'BILLED' },
  { head: 'ACCRUED' },
  { head: 'SPENT' },
  { head: 'AN HOUR' },
  { head: 'FORECAST' },
  { head: 'LEFT' },
  { head: 'HOURS LEFT' },
  { head: 'WITHOUT A PRICE', grow: true },
];

export function tableRow({ name, billed, accrued, spent, hourly, forecast, left, unpriced }: SpendRow): string[] {
  return [
    name,
    describeMoney(billed),
    describeMoney(accrued),
    describeMoney(spent),
    hourly === 0 ? '-' : describeMoney(hourly),
    forecast === undefined ? '-' : describeMoney(forecast),
    left === undefined ? '-' : describeMoney(left),
    hoursLeft(left, hourly),
    Object.entries(unpriced)
      .map(([what, duration]) => `${describeDuration(duration)} of ${what}`)
      .join(', ') || '-',
  ];
}

/** How long what runs now may go on before the budget is spent. */
function hoursLeft(left: MicroDollars | undefined, hourly: MicroDollars): string {
  if (left === undefined || hourly === 0) return '-';
  return left <= 0 ? 'none' : `${(left / hourly).toFixed(1)} h`;
}

export const CSV = [
  'name',
  'billed_usd',
  'accrued_usd',
  'spent_usd',
  'usd_per_hour',
  'forecast_usd',
  'budget_left_usd',
  'hours_without_price',
];

export function csvRow({ name, billed, accrued, spent, hourly, forecast, left, unpriced }: SpendRow): string[] {
  const usd = (amount: MicroDollars | undefined) => (amount === undefined ? '' : (amount / 1e6).toFixed(6));
  const hours = Object.values(unpriced).reduce((sum, one) => sum + one, 0) / HOUR;
  return [name, usd(billed), usd(accrued), usd(spent), usd(hourly), usd(forecast), usd(left), hours.toFixed(3)];
}

/** All that `curfew spend` prints. */
export interface Sums {
  period: Period;
  rows: SpendRow[];
  unattributed: LedgerLine[];
  drift: Drift | undefined;
  books: { closedUntil: Instant; billedAt?: Instant; findings: string[]; unsettled: string[] } | undefined;
  credits: MicroDollars | undefined;
  basis: string;
  source: string;
}

export function tellSums(
  { period, rows, unattributed, drift, books, credits, source }: Sums,
  timezone: string,
  now: Instant,
): void {
  const sum = (pick: (row: SpendRow) => number) => describeMoney(rows.reduce((total, row) => total + pick(row), 0));
  const day = (at: Instant) => localTime(at, timezone).date;
  const until = Number.isFinite(period.to) ? ` to ${day(period.to - 1)}` : '';
  const from = period.from === 0 ? 'In all' : `From ${day(period.from)}${until}`;
  note(`${from}: ${sum(({ spent }) => spent)}, of which ${sum(({ billed }) => billed)} billed (${source}).`);
  if (Object.keys(Object.assign({}, ...rows.map(({ unpriced }) => unpriced))).length > 0)
    note('Incomplete: what has no price is in no sum. `prices` in the policy can name one.');
  if (unattributed.length > 0) {
    const byUsage = [...Map.groupBy(unattributed, ({ usage }) => usage)].map(([usage, lines]) => {
      return `${describeMoney(lines.reduce((total, { billed = 0 }) => total + billed, 0))} of ${usage}`;
    });
    note(`Unattributed, because AWS's bill names no owner: ${byUsage.join(', ')}.`);
  }
  if (!books) note('The books were never closed: all figures are estimates until the spend function has run.');
  else {
    const read = books.billedAt === undefined ? 'never' : dateOf(books.billedAt);
    note(
      `Bill: read ${read}; ${books.unsettled.length} closed days not settled yet; ${drift ? describeDrift(drift) : ''}.`,
    );
    if (books.billedAt === undefined || now - books.billedAt > 2 * DAY) note('The bill is not up to date.');
    for (const finding of books.findings) note(finding);
  }
  if (credits !== undefined) note(`Credits and refunds, in none of these figures: ${describeMoney(credits)}.`);
}

export function toJson(
  { period, rows, unattributed, drift, books, credits, basis, source }: Sums,
  by: string,
  now: Instant,
): object {
  const iso = (at: Instant) => (Number.isFinite(at) ? new Date(at).toISOString() : null);
  const usd = (amount: MicroDollars | undefined) => (amount === undefined ? null : amount / 1e6);
  return {
    now: iso(now),
    period: { from: iso(period.from), to: iso(period.to) },
    by,
    prices: source,
    basis,
    rows: rows.map(({ name, billed, accrued, spent, hourly, forecast, left, unpriced }) => ({
      name,
      billedUsd: usd(billed),
      accruedUsd: usd(accrued),
      spentUsd: usd(spent),
      usdPerHour: usd(hourly),
      forecastUsd: usd(forecast),
      budgetLeftUsd: usd(left),
      unpricedHours: Object.fromEntries(Object.entries(unpriced).map(([what, duration]) => [what, duration / HOUR])),
    })),
    unattributed: unattributed.map(({ usage, from, billed }) => ({
      usage,
      date: dateOf(from),
      billedUsd: usd(billed),
    })),
    drift: drift ? { billedUsd: usd(drift.billed), accruedUsd: usd(drift.accrued), days: drift.days } : null,
    bill: books
      ? {
          closedUntil: iso(books.closedUntil),
          readAt: books.billedAt === undefined ? null : iso(books.billedAt),
          unsettled: books.unsettled,
          findings: books.findings,
        }
      : null,
    ...(credits === undefined ? {} : { creditsUsd: usd(credits) }),
  };
}

import type { OnRecord } from '../../src/application/ports.ts';
import { ratesOf } from '../../src/application/prices.ts';
import { linesIn } from '../../src/application/spending.ts';
import { driftOf, type LedgerDay, type LedgerLine } from '../../src/domain/ledger.ts';
import type { MicroDollars } from '../../src/domain/money.ts';
import { billingDay, dateOf } from '../../src/domain/period.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, type Instant } from '../../src/domain/time.ts';
import { ledgerOf, pricesOf, runsOf, volumesOf } from '../../src/wiring.ts';
import type { EmbeddedAws } from '../aws/index.ts';
import type { Meter } from './meter.ts';

/** What Curfew has on record of money when the lab ends. */
export interface BooksRead {
  known: OnRecord;
  /** Closed days. */
  days: LedgerDay[];
  /** Of closed days, and of open ones as Curfew reckons them. */
  lines: LedgerLine[];
}

/** One day of the bill (UTC), or all days before the lab's first: in micro-dollars. */
export interface BillRow {
  /** The first day of the row, and how many there are. */
  date: string;
  days: number;
  /** What truly ran and has a price. */
  ran: MicroDollars;
  /** What Curfew reckoned of it. */
  accrued: MicroDollars;
  /** All that AWS billed; absent, like what follows, until it is settled. */
  billed?: MicroDollars;
  /** Of it, what the bill gives nobody and Curfew neither. */
  unattributed?: MicroDollars;
  /** Of it, what has no list price. */
  unlisted?: MicroDollars;
  /** Of it, what carried no tag, and is its owner's as Curfew reckoned it. */
  reckoned?: MicroDollars;
  /** What AWS billed of each dollar that Curfew reckoned, less one. */
  drift?: number;
}

/** Estimate against bill. */
export interface LabBill {
  rows: BillRow[];
  /** Of the rows that are settled. */
  settled: BillRow;
  /** Of Cost Explorer, each $0.01, and the closings of the books that made them. */
  requests: number;
  closings: number;
}

/** Reads the books as any of Curfew's functions does. */
export async function readBooks(
  { studio }: EmbeddedAws,
  { policy, table }: { policy: Policy; table: string },
  now: Instant,
): Promise<BooksRead> {
  const { account, region } = studio.place;
  const place = { account, region };
  const at = { region, table };
  const ports = { runs: runsOf(at), volumes: volumesOf(at), ledger: ledgerOf(at) };
  const known = await ports.runs.load(place);
  const { books, prices, runs, volumes = [] } = known;
  const rates = await ratesOf({ prices: pricesOf(), policy }, region, prices);
  const period = { from: 0, to: Number.POSITIVE_INFINITY };
  const lines = await linesIn(period, ports, { place, runs, volumes, rates, books }, policy.timezone, now);
  return { known, days: books ? await ports.ledger.days(place, books.since, books.closedUntil) : [], lines };
}

/** Holds estimate against bill day by day: what truly ran, what Curfew reckoned, what AWS billed. */
export function billOf(
  { days, lines }: BooksRead,
  meter: Meter,
  { from, to }: { from: Instant; to: Instant },
  counts: Pick<LabBill, 'requests' | 'closings'>,
): LabBill {
  const first = Math.floor(from / DAY) * DAY;
  const dates = Array.from({ length: Math.ceil((to - first) / DAY) }, (_, i) => first + i * DAY);
  const settled = days.filter(({ settledAt }) => settledAt !== undefined);
  const row = (start: Instant, end: Instant): BillRow => {
    const isIn = (at: Instant) => at >= start && at < end;
    const its = settled.filter(({ date }) => isIn(billingDay(date).from));
    const accrued = sum(
      lines.filter((line) => isIn(line.from)),
      ({ accrued: amount }) => amount,
    );
    const length = Math.ceil((Math.min(end, to) - start) / DAY);
    const ran = Math.round(meter.spent(undefined, start, Math.min(end, to)));
    return { date: dateOf(start), days: length, ran, accrued, ...(its.length > 0 ? billedOn(its) : {}) };
  };
  const before = Math.min(first, ...lines.map((line) => Math.floor(line.from / DAY) * DAY));
  const rows = [...(before < first ? [row(before, first)] : []), ...dates.map((at) => row(at, at + DAY))];
  const whole = rows.filter(({ billed }) => billed !== undefined);
  return { rows, settled: totalOf(whole, settled), ...counts };
}

function billedOn(days: LedgerDay[]): Omit<BillRow, 'date' | 'days' | 'ran' | 'accrued'> {
  const lines = days.flatMap((day) => day.lines);
  const amount = ({ billed }: LedgerLine) => billed;
  const drift = driftOf(days);
  const isUnlisted = ({ domainId, accrued }: LedgerLine) => domainId !== undefined && accrued === undefined;
  return {
    billed: sum(lines, amount),
    unattributed: sum(
      lines.filter(({ domainId }) => domainId === undefined),
      amount,
    ),
    unlisted: sum(lines.filter(isUnlisted), amount),
    reckoned: sum(
      lines.filter(({ isReckoned }) => isReckoned),
      amount,
    ),
    ...(drift.accrued > 0 ? { drift: drift.billed / drift.accrued - 1 } : {}),
  };
}

function totalOf(rows: BillRow[], settled: LedgerDay[]): BillRow {
  const all = (pick: (row: BillRow) => number | undefined) => sum(rows, pick);
  const { drift } = billedOn(settled);
  return {
    date: rows[0]?.date ?? '',
    days: all(({ days }) => days),
    ran: all(({ ran }) => ran),
    accrued: all(({ accrued }) => accrued),
    billed: all(({ billed }) => billed),
    unattributed: all(({ unattributed }) => unattributed),
    unlisted: all(({ unlisted }) => unlisted),
    reckoned: all(({ reckoned }) => reckoned),
    ...(drift === undefined ? {} : { drift }),
  };
}

function sum<T>(items: T[], pick: (item: T) => number | undefined): number {
  return items.reduce((total, item) => total + (pick(item) ?? 0), 0);
}

import type { Place } from '../domain/app.ts';
import type { Rates } from '../domain/cost.ts';
import { closeDay, type LedgerLine } from '../domain/ledger.ts';
import { dateOf, type Period, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import { beganAt, type Charge, chargesOf } from '../domain/spend.ts';
import { addOpen, type Spending, sumClosed, TREND, within } from '../domain/spending.ts';
import { DAY, type Instant } from '../domain/time.ts';
import type { Volume } from '../domain/volume.ts';
import type { Books, Ledger, Runs, Volumes } from './ports.ts';

/** Where what was spent is on record. */
export interface SpendPorts {
  runs: Runs;
  volumes: Volumes;
  ledger: Ledger;
}

/** What goes on, as whoever asks has just seen it, and what the books say. */
export interface Goings {
  place: Place;
  runs: Run[];
  volumes: Volume[];
  rates: Rates;
  books?: Books | undefined;
}

/**
 * What was spent in each period until `now`, owner by owner: closed days by the books, open ones by arithmetic on runs. It
 * asks the table for the ended runs of the open days alone, and for closed days only where the books have no sum of the period.
 */
export async function spendingIn(
  periods: Period[],
  { runs, volumes, ledger }: SpendPorts,
  goings: Goings,
  now: Instant,
): Promise<Spending[]> {
  if (periods.length === 0) return [];
  const { place, books } = goings;
  const openFrom = (period: Period) => Math.max(period.from, books?.closedUntil ?? period.from);
  const since = Math.min(...periods.map(openFrom));
  const [past, gone] = await Promise.all([runs.history(place, since, now), volumes.history(place, since, now)]);
  // What goes on comes last: it tells whose a space is now.
  const record = { runs: [...past, ...goings.runs], volumes: [...gone, ...goings.volumes] };
  // Of most periods the same days are open.
  const reckoned = new Map<string, Charge[]>();
  const chargesIn = (open: Period) => {
    const key = `${open.from} ${open.to}`;
    const charges = reckoned.get(key) ?? chargesOf(record, goings.rates, open, now);
    reckoned.set(key, charges);
    return charges;
  };
  return Promise.all(
    periods.map(async (period) => {
      const closed = await closedPart(period, ledger, place, books);
      const [from, to] = [openFrom(period), Math.min(now, period.to)];
      // Whole days tell of a trend, though they are not closed yet: today does not.
      const today = Math.max(from, Math.min(Math.floor(now / DAY) * DAY, to));
      // Before the first closing nobody knows since when there is a record.
      const began = books ? from : Math.max(from, Math.min(today, Math.floor(beganAt(record) / DAY) * DAY));
      const whole = addOpen(closed, chargesIn({ from, to: today }), (today - began) / DAY);
      return addOpen(whole, chargesIn({ from: today, to }));
    }),
  );
}

async function closedPart(period: Period, ledger: Ledger, place: Place, books: Books | undefined): Promise<Spending> {
  if (!books) return sumClosed(period, period.from, []);
  const { closedUntil, sums } = books;
  const known = sums.find((sum) => isSame(sum.period, period));
  if (known) return known;
  return sumClosed(period, closedUntil, await ledger.days(place, trendFrom(period, books), closedUntil));
}

/** From which day on closed days are read for a period, which may begin within it; a trend may look at some before it. */
export function trendFrom(period: Period, { since, closedUntil }: Pick<Books, 'since' | 'closedUntil'>): Instant {
  return Math.max(since, Math.floor(Math.min(period.from, closedUntil - TREND) / DAY) * DAY);
}

export function isSame(a: Period, b: Period): boolean {
  return a.from === b.from && a.to === b.to;
}

/** The periods that a policy's budgets are in at `now`, each once. */
export function periodsOf({ budgets, timezone }: Pick<Policy, 'budgets' | 'timezone'>, now: Instant): Period[] {
  const periods = budgets.map(({ period }) => periodOf(period, now, timezone));
  return periods.filter((period, i) => periods.findIndex((other) => isSame(other, period)) === i);
}

/**
 * All that was spent in a period until `now`, line by line and day by day: closed days as the books have them, open ones
 * reckoned the same way. Their sums are those of `spendingIn`.
 */
export async function linesIn(
  period: Period,
  { runs, volumes, ledger }: SpendPorts,
  goings: Goings,
  timezone: string,
  now: Instant,
): Promise<LedgerLine[]> {
  const { place, books, rates } = goings;
  const closedUntil = books?.closedUntil ?? period.from;
  const openFrom = Math.max(period.from, closedUntil);
  // Of a period that is closed whole, the books know all.
  const isOpen = closedUntil < period.to;
  // And none of one that began after the last closed day.
  const [firstClosed, lastClosed] = [Math.floor(period.from / DAY) * DAY, Math.min(closedUntil, period.to)];
  const [past, gone, days] = await Promise.all([
    isOpen ? runs.history(place, openFrom, now) : [],
    isOpen ? volumes.history(place, openFrom, now) : [],
    books && firstClosed < lastClosed ? ledger.days(place, Math.max(books.since, firstClosed), lastClosed) : [],
  ]);
  const record = { runs: [...past, ...goings.runs], volumes: [...gone, ...goings.volumes] };
  const first = Math.max(openFrom, Math.min(now, beganAt(record)));
  const open: LedgerLine[] = [];
  for (let at = Math.floor(first / DAY) * DAY; at < Math.min(now, period.to); at += DAY) {
    const charges = (slice: Period) => chargesOf(record, rates, slice, now);
    open.push(...closeDay(dateOf(at), timezone, charges).lines);
  }
  return [...days.flatMap(({ lines }) => lines), ...open].flatMap((line) => within(line, period));
}

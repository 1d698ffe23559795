import type { BilledDay } from './bill.ts';
import type { MicroDollars } from './money.ts';
import { billingDay, type Period, slicesOf } from './period.ts';
import type { Charge } from './spend.ts';
import { DAY, type Duration, type Instant } from './time.ts';

/** What one owner, or nobody, spent on one usage in one slice of a day. */
export interface LedgerLine extends Period {
  /** Undefined: AWS's bill does not say whose it is, and nothing that Curfew saw does. */
  domainId?: string;
  owner?: string;
  team?: string;
  what: string;
  usage: string;
  /** How long it ran, by what is on record. */
  duration: Duration;
  /** What Curfew reckoned; undefined where there was no price, or where it saw nothing. */
  accrued?: MicroDollars;
  isPolicys?: true;
  /** What AWS billed; undefined until the day is settled. */
  billed?: MicroDollars;
  /** AWS billed it to nobody: that it is this owner's is Curfew's own reckoning. */
  isReckoned?: true;
}

/** A day of AWS's bill (UTC), closed: what was accrued in it stays, and once it is settled, so does what was billed. */
export interface LedgerDay {
  /** `2026-11-01` */
  date: string;
  lines: LedgerLine[];
  /** It lies before Curfew's first look, and no bill has told of it: that it has no lines says nothing. */
  isUnseen?: true;
  /** When the bill was read that settled it. */
  settledAt?: Instant;
  /** Amounts in other currencies, as billed: in no sum. */
  foreign?: BilledDay['foreign'];
}

/** How old a day must be, from its end on, before its figures stay: whatever comes late has come by then. */
export const SETTLES_AFTER: Duration = 2 * DAY;

/** The first day (UTC) that is still open at `now`: all before it may be closed. */
export function closableUntil(now: Instant): Instant {
  return Math.floor((now - SETTLES_AFTER) / DAY) * DAY;
}

/** Closes a day: the charges of each of its slices as lines, one for each owner and usage. */
export function closeDay(date: string, timezone: string, chargesIn: (slice: Period) => Charge[]): LedgerDay {
  const lines: LedgerLine[] = [];
  for (const slice of slicesOf(billingDay(date), timezone)) {
    const byLine = new Map<string, LedgerLine>();
    for (const { amount, duration, ...rest } of chargesIn(slice)) {
      const { domainId, owner, team, usage, what } = rest;
      // No name of AWS's holds the end of a line.
      const key = [domainId, owner, team, usage, what, amount === undefined].join('\n');
      const known = byLine.get(key);
      if (known) {
        known.duration += duration;
        if (amount !== undefined) known.accrued! += amount;
      } else {
        byLine.set(key, { ...slice, ...rest, duration, ...(amount === undefined ? {} : { accrued: amount }) });
      }
    }
    lines.push(...byLine.values());
  }
  return { date, lines };
}

/** Whether AWS's figures of a day may replace ours. Other currencies are no sum of ours: such a day keeps what was accrued. */
export function isSettled({ date, isEstimated, foreign }: BilledDay, now: Instant): boolean {
  return !isEstimated && foreign.length === 0 && billingDay(date).to + SETTLES_AFTER <= now;
}

/** What was accrued of usage that the bill of a settled day has no row of, by usage type. */
export function unbilledOf({ lines, settledAt }: LedgerDay): Map<string, MicroDollars> {
  const unbilled = new Map<string, MicroDollars>();
  for (const { usage, accrued = 0, billed } of settledAt === undefined ? [] : lines)
    if (billed === undefined && accrued > 0) unbilled.set(usage, (unbilled.get(usage) ?? 0) + accrued);
  return unbilled;
}

/** What AWS bills of each dollar that was accrued, in millionths, and on how much that rests. */
export interface Drift {
  billed: MicroDollars;
  accrued: MicroDollars;
  days: number;
}

/**
 * Holds estimate against bill over settled days: only usage that Curfew meters, and that has a price. What AWS bills at $0
 * is given away, which says nothing of how it is metered; and what is somebody's, and was not seen, nothing of an estimate.
 */
export function driftOf(days: LedgerDay[]): Drift {
  const drift: Drift = { billed: 0, accrued: 0, days: 0 };
  for (const { lines, settledAt, isUnseen: isEarlier } of days) {
    if (settledAt === undefined || isEarlier) continue;
    const isBoth = ({ accrued, billed }: LedgerLine) => accrued !== undefined && accrued > 0 && billed !== undefined;
    const isUnseen = ({ domainId, duration, isReckoned }: LedgerLine) =>
      domainId !== undefined && duration === 0 && !isReckoned;
    const seen = lines.filter((line) => !isUnseen(line));
    const both = [...Map.groupBy(seen, ({ usage }) => usage.toLowerCase()).values()]
      .filter((its) => its.some(isBoth) && its.some(({ billed = 0 }) => billed !== 0))
      .flat();
    if (both.length === 0) continue;
    drift.days++;
    for (const { billed = 0, accrued = 0 } of both) {
      drift.billed += billed;
      drift.accrued += accrued;
    }
  }
  return drift;
}

/**
 * Beyond this, the bill and the estimate speak of different things: estimates are corrected by so much and no more. Not by
 * nothing: a hair's breadth would then move them by a fifth, and lift a block overnight.
 */
export const MOST_DRIFT = 0.2;
/** Less is no ground for a correction. */
const LEAST_ACCRUED: MicroDollars = 1_000_000;

/** An estimate, corrected by what the bill made of earlier ones; as it is where there is too little to go by. */
export function corrected(amount: MicroDollars, drift: Drift | undefined): MicroDollars {
  const { billed, accrued } = usable(drift);
  return Number((BigInt(amount) * BigInt(billed) + BigInt(accrued) / 2n) / BigInt(accrued));
}

/** By what estimates are multiplied: 0.97, say; 1 where there is too little to go by. */
export function correctionOf(drift: Drift | undefined): number {
  const { billed, accrued } = usable(drift);
  return billed / accrued;
}

function usable(drift: Drift | undefined): Pick<Drift, 'billed' | 'accrued'> {
  if (!drift || drift.accrued < LEAST_ACCRUED) return { billed: 1, accrued: 1 };
  const { billed, accrued } = drift;
  const most = Math.floor(accrued * MOST_DRIFT);
  return { billed: Math.min(Math.max(billed, accrued - most), accrued + most), accrued };
}

/** `the bill is 3.0 % below the estimate, over 12 days`. */
export function describeDrift(drift: Drift): string {
  if (drift.accrued === 0) return 'no day is settled yet';
  const off = Math.round((drift.billed / drift.accrued - 1) * 1000) / 10;
  const words =
    off === 0 ? 'as the estimate' : `${Math.abs(off).toFixed(1)} % ${off < 0 ? 'below' : 'above'} the estimate`;
  const doubt =
    drift.accrued < LEAST_ACCRUED
      ? '; too little to correct estimates by'
      : Math.abs(drift.billed / drift.accrued - 1) > MOST_DRIFT
        ? `; that is too far off: estimates are corrected by ${MOST_DRIFT * 100} % at most`
        : '';
  return `the bill is ${words}, over ${drift.days} day${drift.days === 1 ? '' : 's'}${doubt}`;
}

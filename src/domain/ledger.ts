import type { BilledDay, BilledRow } from './bill.ts';
import type { MicroDollars } from './money.ts';
import { billingDay, type Period, slicesOf } from './period.ts';
import { shareOut } from './share-out.ts';
import type { Charge } from './spend.ts';
import { DAY, type Duration, type Instant } from './time.ts';
import type { Owners } from './whose.ts';

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

/**
 * Puts AWS's bill of a day beside what was accrued. What carries a tag is its owner's. A usage that an owner accrued and
 * the bill gives nobody is theirs as it was reckoned, taken out of what the bill gives nobody, and no more than lies
 * there; what is left over is nobody's line. So the lines' sum is the bill, to the micro-dollar. What has no price stays
 * without a figure where something of its usage lies untagged: that may be its own, and is no $0. And of a usage that the
 * bill has no row of at all, nothing is known: it stays as it was reckoned.
 */
export function settleDay(
  day: LedgerDay,
  billed: BilledDay,
  owners: Owners,
  timezone: string,
  now: Instant,
): LedgerDay {
  const slices = slicesOf(billingDay(day.date), timezone);
  // Settled again, after a crash or by a better bill: what an earlier bill alone knew of is not ours.
  const seen = day.lines.filter(({ duration }) => duration > 0);
  const lines: LedgerLine[] = seen.map(({ billed: _, isReckoned: __, ...line }) => line);
  // Of equal remainders the first gets the micro-dollar: whichever order an earlier settling left them in, it is the same.
  lines.sort((a, b) => (ownerKey(a) < ownerKey(b) ? -1 : ownerKey(a) > ownerKey(b) ? 1 : a.from - b.from));
  const byUsage = Map.groupBy(billed.rows, ({ usage }) => usage.toLowerCase());
  for (const line of lines) if (!byUsage.has(line.usage.toLowerCase())) byUsage.set(line.usage.toLowerCase(), []);
  const settled: LedgerLine[] = [];
  for (const [usage, rows] of byUsage) {
    const accrued = lines.filter((line) => line.usage.toLowerCase() === usage);
    settled.push(...settleUsage(accrued, rows, owners, slices));
  }
  return { date: day.date, lines: settled, settledAt: now };
}

const ownerKey = ({ domainId, owner }: Pick<LedgerLine, 'domainId' | 'owner'>) => JSON.stringify([domainId, owner]);

function settleUsage(accrued: LedgerLine[], rows: BilledRow[], owners: Owners, slices: Period[]): LedgerLine[] {
  if (rows.length === 0) return accrued;
  const byOwner = Map.groupBy(accrued, ownerKey);
  const settled: LedgerLine[] = [];
  const nobodys: BilledRow[] = [];
  const held: Held[] = [];
  for (const row of rows) {
    const whose = whoseIs(row, owners);
    if (whose) held.push(whose);
    else nobodys.push(row);
  }
  const tagged = Map.groupBy(held, ownerKey);
  for (const [key, its] of tagged) {
    const { domainId, owner, usage } = its[0]!;
    const team = owners.teamOf(domainId, owner);
    const line = { domainId, ...(owner === undefined ? {} : { owner }), ...(team === undefined ? {} : { team }) };
    const lines = byOwner.get(key) ?? emptyLines({ ...line, usage, what: whatOf(usage) }, slices);
    settled.push(...shared(lines, sum(its)).map(({ line: one, amount }) => ({ ...one, billed: amount })));
    byOwner.delete(key);
  }
  const left = sum(nobodys);
  const others = [...byOwner.values()].flat();
  const reckoned = others.reduce((total, { accrued: amount = 0 }) => total + amount, 0);
  const theirs = Math.max(0, Math.min(reckoned, left));
  for (const { line, amount } of shared(others, theirs)) {
    if (left > 0 && line.accrued === undefined) settled.push(line);
    else settled.push({ ...line, billed: amount, ...(amount > 0 ? { isReckoned: true as const } : {}) });
  }
  if (left - theirs !== 0) {
    const usage = nobodys[0]!.usage;
    const lines = emptyLines({ usage, what: whatOf(usage) }, slices);
    settled.push(...shared(lines, left - theirs).map(({ line, amount }) => ({ ...line, billed: amount })));
  }
  return settled;
}

type Held = Pick<BilledRow, 'usage' | 'amount'> & { domainId: string; owner?: string };

/** Who pays a row: by its tag, under the name that is on record. Undefined where it has none, or nobody can tell whom it names. */
function whoseIs({ holder, usage, amount }: BilledRow, owners: Owners): Held | undefined {
  if (!holder) return undefined;
  const { domainId, userProfileName, spaceName } = holder;
  const row = { domainId, usage, amount };
  if (userProfileName !== undefined) {
    const owner = owners.ofProfile(domainId, userProfileName);
    return owner === undefined ? undefined : { ...row, owner };
  }
  const owner = owners.ofSpace(domainId, spaceName!);
  return owner === undefined ? row : { ...row, owner };
}

function sum(rows: { amount: MicroDollars }[]): MicroDollars {
  return rows.reduce((total, { amount }) => total + amount, 0);
}

/** `Studio:JupyterLab-ml.t3.medium` is `ml.t3.medium`; what Curfew does not meter keeps the name that AWS gives it. */
function whatOf(usage: string): string {
  const [, instance] = /^Studio:[A-Za-z]+-(ml\..+)$/i.exec(usage) ?? [];
  if (/^Studio:VolumeUsage/i.test(usage)) return 'volumes';
  return /^Canvas:/i.test(usage) ? 'Canvas' : (instance ?? usage);
}

/** Lines of what the bill knows and Curfew did not see: over the whole day. */
function emptyLines(line: Omit<LedgerLine, 'from' | 'to' | 'duration'>, slices: Period[]): LedgerLine[] {
  return slices.map((slice) => ({ ...line, ...slice, duration: 0 }));
}

/** Shares an amount out by what was accrued, or else by time: whole micro-dollars, the largest remainders first. */
export function shared<T extends LedgerLine>(lines: T[], amount: MicroDollars): { line: T; amount: MicroDollars }[] {
  const weights = [
    lines.map(({ accrued = 0 }) => accrued),
    lines.map(({ duration }) => duration),
    lines.map(({ from, to }) => to - from),
  ].find((some) => some.some((one) => one > 0));
  if (!weights) return lines.map((line) => ({ line, amount: 0 }));
  const parts = shareOut(amount, weights);
  return lines.map((line, i) => ({ line, amount: parts[i]! }));
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

/** Holds estimate against bill over settled days: only usage that Curfew meters, and that has a price. */
export function driftOf(days: LedgerDay[]): Drift {
  const drift: Drift = { billed: 0, accrued: 0, days: 0 };
  for (const { lines, settledAt } of days) {
    if (settledAt === undefined) continue;
    const isBoth = ({ accrued, billed }: LedgerLine) => accrued !== undefined && accrued > 0 && billed !== undefined;
    const metered = new Set(lines.filter(isBoth).map(({ usage }) => usage.toLowerCase()));
    const both = lines.filter(({ usage }) => metered.has(usage.toLowerCase()));
    if (both.length === 0) continue;
    drift.days++;
    for (const { billed = 0, accrued = 0 } of both) {
      drift.billed += billed;
      drift.accrued += accrued;
    }
  }
  return drift;
}

/** Beyond this, the bill and the estimate speak of different things, and no figure is corrected by it. */
const MOST_DRIFT = 0.2;
/** Less is no ground for a correction. */
const LEAST_ACCRUED: MicroDollars = 1_000_000;

/** An estimate, corrected by what the bill made of earlier ones; as it is where there is too little to go by. */
export function corrected(amount: MicroDollars, drift: Drift | undefined): MicroDollars {
  if (!isUsable(drift)) return amount;
  const { billed, accrued } = drift!;
  return Number((BigInt(amount) * BigInt(billed) + BigInt(accrued) / 2n) / BigInt(accrued));
}

/** Whether estimates are corrected by it. */
export function isUsable(drift: Drift | undefined): boolean {
  if (!drift || drift.accrued < LEAST_ACCRUED) return false;
  return Math.abs(drift.billed / drift.accrued - 1) <= MOST_DRIFT;
}

/** `the bill is 3.0 % below the estimate, over 12 days`. */
export function describeDrift(drift: Drift): string {
  if (drift.accrued === 0) return 'no day is settled yet';
  const off = Math.round((drift.billed / drift.accrued - 1) * 1000) / 10;
  const words =
    off === 0 ? 'as the estimate' : `${Math.abs(off).toFixed(1)} % ${off < 0 ? 'below' : 'above'} the estimate`;
  const doubt = isUsable(drift) ? '' : '; too far off, or too little, to correct estimates by';
  return `the bill is ${words}, over ${drift.days} day${drift.days === 1 ? '' : 's'}${doubt}`;
}

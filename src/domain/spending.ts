import { corrected, type Drift, type LedgerDay, type LedgerLine } from './ledger.ts';
import type { MicroDollars } from './money.ts';
import { overlap, type Period } from './period.ts';
import type { Charge } from './spend.ts';
import { DAY, type Duration, describeDuration, type Instant } from './time.ts';

/** What one owner spent in a period: billed where AWS has settled the day, else reckoned. */
export interface OwnerSpend {
  /** Undefined: the bill says of nobody that it is theirs. */
  domainId?: string;
  owner?: string;
  team?: string;
  billed: MicroDollars;
  /** Reckoned, of days that no bill has settled; not corrected by drift yet. */
  accrued: MicroDollars;
  /** Of it, what is reckoned at prices that the policy names; absent where nothing is. */
  atPolicys?: MicroDollars;
  /** What the last whole days were, within the period or before it: `Spending.trendDays` of them. */
  recent: MicroDollars;
  /** What has no price and no bill, and for how long it ran, by what it is charged as. */
  unpriced: Record<string, Duration>;
}

/** What was spent in a period until a moment, owner by owner. */
export interface Spending {
  period: Period;
  /** The closed days end here. */
  closedUntil: Instant;
  /** Over how many days `recent` goes: seven closed ones at most, and the whole ones since. */
  trendDays: number;
  owners: OwnerSpend[];
}

/** A sum of spend, as people are shown it. */
export interface SpendSum extends Omit<OwnerSpend, 'domainId' | 'owner' | 'team'> {
  /** Billed, and what was reckoned, corrected by drift. */
  amount: MicroDollars;
}

/** How far back a trend looks. */
export const TREND: Duration = 7 * DAY;

/** Adds lines of closed days to nothing, owner by owner: those of the period, and those that a trend looks at. */
export function sumClosed(
  period: Period,
  closedUntil: Instant,
  days: (Pick<LedgerDay, 'lines' | 'isUnseen'> & { date?: string })[],
): Spending {
  const isRecent = (date: string | undefined) => date === undefined || Date.parse(date) >= closedUntil - TREND;
  const recent = days.filter(({ date, isUnseen }) => !isUnseen && isRecent(date));
  const trendDays = Math.min(TREND / DAY, recent.length);
  const spending: Spending = { period, closedUntil, trendDays, owners: [] };
  const sumFor = byOwner(spending);
  for (const line of days.flatMap(({ lines }) => lines)) {
    const { billed, accrued, isPolicys, what, duration } = line;
    const trend = { from: closedUntil - TREND, to: closedUntil };
    const isInside = liesIn(line, period);
    if (!isInside && !liesIn(line, trend)) continue;
    const sum = sumFor(line);
    sum.recent += partOf(billed ?? accrued ?? 0, line, trend);
    if (!isInside) continue;
    if (billed !== undefined) sum.billed += partOf(billed, line, period);
    else if (accrued !== undefined) accrue(sum, partOf(accrued, line, period), isPolicys);
    else sum.unpriced[what] = (sum.unpriced[what] ?? 0) + partOf(duration, line, period);
  }
  return spending;
}

function liesIn({ from, to }: Period, period: Period): boolean {
  return overlap(from, to, period) > 0;
}

/**
 * What of a line's amount lies in a period: all or nothing, unless the policy's zone has changed since its day was closed.
 * Then it is shared out by time, as a meter shows it: parts that join lose nothing.
 */
function partOf(amount: number, { from, to }: Period, period: Period): number {
  if (period.from <= from && to <= period.to) return amount;
  const shownAt = (at: Instant) => Math.round(amount * ((Math.min(Math.max(at, from), to) - from) / (to - from)));
  return shownAt(period.to) - shownAt(period.from);
}

/** A line as far as it lies in a period: none, itself, or a part of it where the policy's zone has changed since. */
export function within(line: LedgerLine, period: Period): LedgerLine[] {
  const { accrued, billed, duration, from, to } = line;
  if (!liesIn(line, period)) return [];
  if (period.from <= from && to <= period.to) return [line];
  return [
    {
      ...line,
      from: Math.max(from, period.from),
      to: Math.min(to, period.to),
      duration: partOf(duration, line, period),
      ...(accrued === undefined ? {} : { accrued: partOf(accrued, line, period) }),
      ...(billed === undefined ? {} : { billed: partOf(billed, line, period) }),
    },
  ];
}

/**
 * Adds charges of days that are still open.
 * @param days how many whole days they are of, which a trend looks at; 0 for a day that is not over
 */
export function addOpen(closed: Spending, charges: Charge[], days = 0): Spending {
  const trendDays = closed.trendDays + days;
  const spending = {
    ...closed,
    trendDays,
    owners: closed.owners.map((one) => ({ ...one, unpriced: { ...one.unpriced } })),
  };
  const sumFor = byOwner(spending);
  for (const charge of charges) {
    const sum = sumFor(charge);
    if (charge.amount !== undefined) {
      accrue(sum, charge.amount, charge.isPolicys);
      if (days > 0) sum.recent += charge.amount;
    } else sum.unpriced[charge.what] = (sum.unpriced[charge.what] ?? 0) + charge.duration;
  }
  return spending;
}

function accrue(sum: Pick<OwnerSpend, 'accrued' | 'atPolicys'>, amount: MicroDollars, isPolicys?: true): void {
  sum.accrued += amount;
  if (isPolicys) sum.atPolicys = (sum.atPolicys ?? 0) + amount;
}

function byOwner(spending: Spending): (who: Pick<OwnerSpend, 'domainId' | 'owner' | 'team'>) => OwnerSpend {
  type Name = string | undefined;
  const known = new Map<Name, Map<Name, Map<Name, OwnerSpend>>>();
  const add = (one: OwnerSpend) => {
    const ofDomain = known.get(one.domainId) ?? new Map<Name, Map<Name, OwnerSpend>>();
    const ofOwner = ofDomain.get(one.owner) ?? new Map<Name, OwnerSpend>();
    known.set(one.domainId, ofDomain.set(one.owner, ofOwner.set(one.team, one)));
    return one;
  };
  for (const one of spending.owners) add(one);
  return ({ domainId, owner, team }) => {
    const found = known.get(domainId)?.get(owner)?.get(team);
    if (found) return found;
    const who = {
      ...(domainId === undefined ? {} : { domainId }),
      ...(owner === undefined ? {} : { owner }),
      ...(team === undefined ? {} : { team }),
    };
    const made = add({ ...who, billed: 0, accrued: 0, recent: 0, unpriced: {} });
    spending.owners.push(made);
    return made;
  };
}

/** Adds owners up. The correction by drift is made once, on the sum. */
export function sumSpend(owners: OwnerSpend[], drift: Drift | undefined): SpendSum {
  const sum: SpendSum = { billed: 0, accrued: 0, recent: 0, unpriced: {}, amount: 0 };
  for (const { billed, accrued, atPolicys, recent, unpriced } of owners) {
    sum.billed += billed;
    sum.accrued += accrued;
    if (atPolicys !== undefined) sum.atPolicys = (sum.atPolicys ?? 0) + atPolicys;
    sum.recent += recent;
    for (const [what, duration] of Object.entries(unpriced)) sum.unpriced[what] = (sum.unpriced[what] ?? 0) + duration;
  }
  sum.amount = sum.billed + corrected(sum.accrued, drift);
  return sum;
}

/** `5 h of Canvas`, `5 h of Canvas and 3 h of ml.x9.large and more`: what a sum lacks, the longest first; empty where it lacks nothing. */
export function describeUnpriced(unpriced: Record<string, Duration>): string {
  const lacking = Object.entries(unpriced).sort(([, a], [, b]) => b - a);
  const named = lacking.slice(0, 2).map(([what, duration]) => `${describeDuration(duration)} of ${what}`);
  return named.join(' and ') + (lacking.length > named.length ? ' and more' : '');
}

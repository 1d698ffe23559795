import type { BilledDay, BilledRow } from './bill.ts';
import { type LedgerDay, type LedgerLine, MOST_DRIFT } from './ledger.ts';
import type { MicroDollars } from './money.ts';
import { billingDay, type Period, slicesOf } from './period.ts';
import { shareOut } from './share-out.ts';
import type { Instant } from './time.ts';
import type { Owners } from './whose.ts';

/**
 * Puts AWS's bill of a day beside what was accrued. What carries a tag is its owner's. What an owner accrued of a usage and
 * the bill lacks is theirs as it was reckoned, taken out of what the bill gives nobody, and no more than lies there; what
 * is left over is nobody's line. So the lines' sum is that of the bill's rows, exactly. What has no price stays without a
 * figure where something of its usage lies untagged: that may be its own, and is no $0. And of a usage that the bill has no
 * row of at all, nothing is known: it stays as it was reckoned.
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
  // What the bill gives each of those who accrued, line by line.
  const billedTo = new Map<LedgerLine, MicroDollars>();
  for (const [key, its] of tagged) {
    const { domainId, owner, usage } = its[0]!;
    const team = owners.teamOf(domainId, owner);
    const line = { domainId, ...(owner === undefined ? {} : { owner }), ...(team === undefined ? {} : { team }) };
    const lines = byOwner.get(key) ?? emptyLines({ ...line, usage, what: whatOf(usage) }, slices);
    for (const { line: one, amount } of shared(lines, sum(its))) {
      settled.push({ ...one, billed: amount });
      billedTo.set(one, amount);
    }
  }
  const left = sum(nobodys);
  // Where all of it was billed lower than it was reckoned, so was everybody's part.
  const level = Math.min(1, sum(rows) / accruedIn(accrued));
  const lacking = [...byOwner.values()].flatMap((lines) => lacksOf(lines, billedTo, level));
  const theirs = Math.max(0, Math.min(sum(lacking), left));
  const parts = shareOut(
    theirs,
    lacking.map(({ amount }) => amount),
  );
  for (const [i, { line }] of lacking.entries()) {
    const billed = parts[i]!;
    const reckoned = { billed, ...(billed > 0 ? { isReckoned: true as const } : {}) };
    if (!billedTo.has(line)) settled.push(left > 0 && line.accrued === undefined ? line : { ...line, ...reckoned });
    else if (billed > 0) {
      // Beside the line that AWS itself billed: what it ran and what was accrued are on that one.
      settled.push({ ...line, duration: 0, accrued: 0, ...reckoned });
    }
  }
  if (left - theirs !== 0) {
    const usage = nobodys[0]!.usage;
    const lines = emptyLines({ usage, what: whatOf(usage) }, slices);
    settled.push(...shared(lines, left - theirs).map(({ line, amount }) => ({ ...line, billed: amount })));
  }
  return settled;
}

/**
 * What the bill lacks of what an owner accrued of a usage: all of it, where none of it is on the bill; what is missing,
 * where less than four fifths is of what there should be by the bill as a whole. A smaller difference is drift, which
 * everybody has: were it a lack, it would be taken out of what somebody else's tag was lost of. And $0, or money taken
 * back, is what AWS says itself.
 */
function lacksOf(lines: LedgerLine[], billedTo: ReadonlyMap<LedgerLine, MicroDollars>, level: number) {
  const billed = lines.reduce((total, line) => total + (billedTo.get(line) ?? 0), 0);
  const isBilled = lines.some((line) => billedTo.has(line));
  if (isBilled && (billed <= 0 || billed >= accruedIn(lines) * level * (1 - MOST_DRIFT))) return [];
  return lines.map((line) => ({ line, amount: Math.max(0, (line.accrued ?? 0) - (billedTo.get(line) ?? 0)) }));
}

function accruedIn(lines: LedgerLine[]): MicroDollars {
  return lines.reduce((total, { accrued = 0 }) => total + accrued, 0);
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

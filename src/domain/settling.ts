import type { BilledDay, BilledRow } from './bill.ts';
import type { LedgerDay, LedgerLine } from './ledger.ts';
import type { MicroDollars } from './money.ts';
import { billingDay, type Period, slicesOf } from './period.ts';
import { shareOut } from './share-out.ts';
import type { Instant } from './time.ts';
import type { Owners } from './whose.ts';

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

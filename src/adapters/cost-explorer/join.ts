import type { BilledDay, BilledRow } from '../../domain/bill.ts';
import { describeExact, type Exact, isNear } from './decimal.ts';
import { type Holder, type Kind, readHolder } from './holder.ts';
import { type AnswerDay, rounded } from './query.ts';

/** What was billed of one usage type in one currency, by the one tag and by the other. */
interface Line {
  usage: string;
  currency: string;
  byKind: Record<Kind, { total: Exact; held: Map<string, { holder: Holder; amount: Exact }> }>;
  /** Groups of both answers that it was added up of. */
  groups: number;
}

/** A line's rows before they are rounded. */
type ExactRow = Pick<BilledRow, 'holder' | 'usage'> & { amount: Exact };

/** What is told once, however many rows it is true of. */
export interface Doubts {
  faults: Set<string>;
  /** Whose account the bill is asked for; undefined: of all that it is of. */
  account: string | undefined;
  /** The accounts that tags named. */
  accounts: Set<string>;
  /** Whether anything carries a tag, whatever is in it. */
  isTagged: boolean;
}

/** What Studio itself bills, and SageMaker tags. */
export const OF_STUDIO = /^(Studio|Canvas):/i;

/** `USE1-Studio:…`, `EU-Studio:…`: usage types begin with their region's short name, or in us-east-1 with nothing. */
const REGION = /^[A-Z]{2,4}\d?-/;

/**
 * Makes one day of two answers about it. Each tells the whole of the day, and what one tags is untagged in the other:
 * what neither tags is the total less both. It is made of the exact amounts; every row is rounded once.
 */
export function joinDay(date: string, answers: Record<Kind, AnswerDay>, doubts: Doubts): BilledDay {
  const lines = new Map<string, Line>();
  for (const kind of ['user-profile', 'space'] as const)
    for (const group of answers[kind].groups) {
      const usage = group.usage.replace(REGION, '');
      const line = lineOf(lines, usage, group.currency);
      const { held } = line.byKind[kind];
      line.byKind[kind].total += group.amount;
      line.groups++;
      const holder = holderOf(kind, group.tag, doubts);
      if (!holder) continue;
      const key = JSON.stringify(Object.values(holder));
      held.set(key, { holder, amount: (held.get(key)?.amount ?? 0n) + group.amount });
    }
  const day: BilledDay = {
    date,
    isEstimated: answers['user-profile'].isEstimated || answers.space.isEstimated,
    rows: [],
    foreign: [],
  };
  for (const line of lines.values()) {
    const { usage, currency, byKind } = line;
    const what = `${date}, ${usage}`;
    const [first, then] = [byKind['user-profile'].total, byKind.space.total];
    const isAtRest = isNear(first, then, line.groups);
    if (!isAtRest) {
      // The second answer is the newer one. Tomorrow's reading finds the day at rest.
      day.isEstimated = true;
      const change = `from ${describeExact(first)} to ${describeExact(then)} ${currency}`;
      doubts.faults.add(`${what}: the bill changed ${change} while it was read; the day counts as an estimate`);
    }
    if (currency !== 'USD') {
      if (then !== 0n) day.foreign.push({ usage, amount: describeExact(then), currency });
      continue;
    }
    for (const { amount, ...row } of rowsOf(line, what, doubts.faults)) {
      // Studio that costs nothing was billed so, as in a free tier: that is not to have no bill of it.
      if (amount === 0n && !(isAtRest && OF_STUDIO.test(usage))) continue;
      if (amount < 0n) doubts.faults.add(`${what}: AWS took back ${describeExact(-amount)} USD ${ofWhom(row.holder)}`);
      day.rows.push({ ...row, amount: rounded(amount, what) });
    }
  }
  return day;
}

/**
 * Whose a line is. What is left is nobody's. Where the tagged amounts are more than all, something carries both tags (or
 * AWS corrected what nobody holds): where one tag accounts for all of it, that one counts; where not, nobody can say
 * how much is whose, and the line stays whole and nobody's, rather than be charged to two. An overlap that is smaller
 * than what is untagged cannot be seen: SageMaker gives the one tag or the other. All of it within what AWS's own rounding
 * of each group leaves.
 */
function rowsOf({ usage, byKind, groups }: Line, what: string, faults: Set<string>): ExactRow[] {
  const { 'user-profile': profiles, space: spaces } = byKind;
  const total = spaces.total;
  const [ofProfiles, ofSpaces] = [heldIn(profiles), heldIn(spaces)];
  const tagged = (held: Line['byKind'][Kind]['held']): ExactRow[] =>
    [...held.values()].map(({ holder, amount }) => ({ holder, usage, amount }));
  const isAll = (amount: Exact) => isNear(amount, total, groups);
  const left = isAll(ofProfiles + ofSpaces) ? 0n : total - ofProfiles - ofSpaces;
  const isAtRest = isAll(profiles.total);
  if (left >= 0n || (isAtRest && (profiles.held.size === 0 || spaces.held.size === 0)))
    return withRest([...tagged(profiles.held), ...tagged(spaces.held)], { usage, amount: left });
  const both = `${what}: the tags of profiles and of spaces together hold ${describeExact(-left)} USD more than was billed`;
  if (isAtRest && isAll(ofProfiles)) {
    faults.add(`${both}; what has both tags counts as its profile's`);
    return tagged(profiles.held);
  }
  if (isAtRest && isAll(ofSpaces)) {
    faults.add(`${both}; what has both tags counts as its space's`);
    return tagged(spaces.held);
  }
  faults.add(`${both}; nobody can say how much is whose, so all of it counts as untagged`);
  return [{ usage, amount: total }];
}

/** Rows that are somebody's, and what is left over where anything is: without them, that is all, and may be nothing. */
function withRest(rows: ExactRow[], rest: ExactRow): ExactRow[] {
  return rest.amount === 0n && rows.length > 0 ? rows : [...rows, rest];
}

function heldIn({ held }: Line['byKind'][Kind]): Exact {
  return [...held.values()].reduce((sum, { amount }) => sum + amount, 0n);
}

function lineOf(lines: Map<string, Line>, usage: string, currency: string): Line {
  const key = `${currency} ${usage}`;
  const known = lines.get(key);
  if (known) return known;
  const of = () => ({ total: 0n, held: new Map() });
  const line: Line = { usage, currency, groups: 0, byKind: { 'user-profile': of(), space: of() } };
  lines.set(key, line);
  return line;
}

function holderOf(kind: Kind, tag: string, doubts: Doubts): Holder | undefined {
  if (tag === '') return undefined;
  const { faults, account, accounts } = doubts;
  doubts.isTagged = true;
  const read = readHolder(kind, tag);
  if (!read) {
    faults.add(`the tag "${tag}" is no ARN of a ${kind}: what carries it counts as untagged`);
    return undefined;
  }
  if (account !== undefined && read.account !== account) {
    faults.add(`the tag "${tag}" is of another account: what carries it counts as untagged`);
    return undefined;
  }
  accounts.add(read.account);
  return read.holder;
}

function ofWhom(holder: Holder | undefined): string {
  if (!holder) return 'of what carries no tag';
  const { domainId, userProfileName, spaceName } = holder;
  return `of ${userProfileName === undefined ? 'space' : 'profile'} ${domainId}/${userProfileName ?? spaceName}`;
}

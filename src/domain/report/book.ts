import type { Standing } from '../budget.ts';
import type { ListOf } from '../cost.ts';
import type { Drift, LedgerLine } from '../ledger.ts';
import type { MicroDollars } from '../money.ts';
import type { AppFacts } from '../notice.ts';
import type { Policy } from '../policy.ts';
import type { OwnerSpend } from '../spending.ts';
import type { Instant } from '../time.ts';
import type { AdminFacts, ReportSource } from './facts.ts';
import type { InstanceWeek } from './instances.ts';
import type { Week } from './week.ts';

/** Whose something is. */
export type Who = Pick<LedgerLine, 'domainId' | 'owner' | 'team'>;

/** An app that runs, and what an hour of it costs. */
export interface RunningNow extends Who {
  facts: AppFacts;
  hourly: MicroDollars;
  isUnpriced?: true;
}

/** All that the reports of one week are made of. */
export interface WeekBook {
  week: Week;
  at: Instant;
  account: string;
  policy: Policy;
  /** Domain id to name, as far as the policy speaks of names. */
  domains: ReadonlyMap<string, string>;
  lines: LedgerLine[];
  instances: InstanceWeek[];
  /** What was spent in the weeks before, the last first, as far as they are on record. */
  before: OwnerSpend[][];
  running: RunningNow[];
  /** As the week left them, each in the period that it was in then; as they stand now where the week is not over. */
  standings: Standing[];
  drift: Drift | undefined;
  /** The price list that counts now: what the policy names is told by the lines. */
  list: ListOf;
  source: Omit<ReportSource, 'basis' | 'drift'>;
  /** By team, for those that the policy gives a first day. */
  totals: ReadonlyMap<string, MicroDollars>;
  /** What the admins are told besides money. */
  admin: Pick<
    AdminFacts,
    'ownCost' | 'withoutAgent' | 'moreWithoutAgent' | 'failedStops' | 'unconfirmed' | 'moreUnconfirmed' | 'findings'
  >;
}

/** What of a week's book is somebody's. */
export type Part = Pick<WeekBook, 'lines' | 'instances' | 'before' | 'running'>;

/** Names an owner; what has none is its domain's, and what the bill gives nobody has neither. */
export function ownerKey({ domainId, owner }: Who): string {
  return domainId === undefined ? '' : owner === undefined ? domainId : `${domainId}/${owner}`;
}

/** A week's book, owner by owner: ten thousand reports are made of one reading. */
export function partsByOwner(book: WeekBook): Map<string, Part> {
  const parts = new Map<string, Part>();
  const partOf = (who: Who) => {
    const key = ownerKey(who);
    const known = parts.get(key) ?? { lines: [], instances: [], running: [], before: book.before.map(() => []) };
    parts.set(key, known);
    return known;
  };
  for (const line of book.lines) partOf(line).lines.push(line);
  for (const instance of book.instances) partOf(instance).instances.push(instance);
  for (const one of book.running) partOf(one).running.push(one);
  for (const [i, owners] of book.before.entries()) for (const one of owners) partOf(one).before[i]!.push(one);
  return parts;
}

/** Several parts as one. */
export function joined(parts: Part[], weeks: number): Part {
  return {
    lines: parts.flatMap(({ lines }) => lines),
    instances: parts.flatMap(({ instances }) => instances),
    running: parts.flatMap(({ running }) => running),
    before: Array.from({ length: weeks }, (_, i) => parts.flatMap(({ before }) => before[i] ?? [])),
  };
}

/** What of a book is a team's: a domain's, by its id or name, or what carries the tag's value. */
export function partOfTeam(book: WeekBook, team: string): Part {
  const isIts = (who: Who) => isOfTeam(team, who, book);
  return {
    lines: book.lines.filter(isIts),
    instances: book.instances.filter(isIts),
    running: book.running.filter(isIts),
    before: book.before.map((owners) => owners.filter(isIts)),
  };
}

export function isOfTeam(team: string, who: Who, { policy, domains }: Pick<WeekBook, 'policy' | 'domains'>): boolean {
  if (policy.team !== 'domain') return who.team === team;
  return who.domainId !== undefined && (who.domainId === team || domains.get(who.domainId) === team);
}

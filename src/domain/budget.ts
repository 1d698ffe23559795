import { describeMoney, type MicroDollars } from './money.ts';
import { isOwnerCalled } from './owner.ts';
import type { Period } from './period.ts';
import type { Budget, BudgetFor, Policy } from './policy.ts';
import type { OwnerSpend, SpendSum } from './spending.ts';
import type { Instant } from './time.ts';

/** Whose spend one budget bounds: an owner (`domain/profile`), a team, a domain, or the account. */
export interface Subject {
  kind: 'owner' | 'team' | 'domain' | 'account';
  /** `d-abcdefghijkl/alice`, `alpha`, `d-abcdefghijkl`; empty for the account. */
  name: string;
}

/** What an admin gave a subject beyond its limit, or that a budget acts on it no more for a while. */
export interface Exception {
  kind: 'grant' | 'lift';
  /** The budget's name; undefined: every budget of the subject. */
  budget?: string;
  subject: Subject;
  /** Of a grant. */
  amount?: MicroDollars;
  at: Instant;
  until: Instant;
  /** Who did it: an ARN, or whoever ran the command. */
  by: string;
  why?: string;
  /** How the record knows it: of what was read from it. */
  id?: string;
  /** An admin took it back, which is when `until` is; and until when it would have held, if not for good. */
  revoked?: { by: string; why?: string; until?: Instant };
}

/** What has been told of a budget in one period: each threshold once, whatever the spend does afterwards. */
export interface BudgetMark {
  budget: string;
  subject: Subject;
  period: Period;
  /** Thresholds that were told, each with its limit: `spent 0.8 of 200000000`. */
  told: string[];
  /**
   * When each limit was first seen spent, `200000000 since 1764028800000`: apps that had started by then are stopped. A
   * grant makes another limit. `200000000 until 1764029100000`: it was seen unspent again, since a bill said less, or when it was made.
   */
  over: string[];
}

/** What a mark says of a limit that is seen spent. */
export function overMark(limit: MicroDollars, since: Instant): string {
  return `${limit} since ${since}`;
}

/** What a mark says of a limit that is seen unspent, though it was spent, or another. */
export function underMark(limit: MicroDollars, until: Instant): string {
  return `${limit} until ${until}`;
}

/** What a mark tells of limits: since when each is spent, and when it was seen unspent. */
function momentsOf(mark: BudgetMark | undefined): { limit: MicroDollars; is: string; at: Instant }[] {
  return (mark?.over ?? []).map((one) => {
    const [limit, is, at] = one.split(' ') as [string, string, string];
    return { limit: Number(limit), is, at: Number(at) };
  });
}

/**
 * Since when the limit is spent: of two passes that saw it, the earlier counts. One that was spent already when it was made, by too small a
 * grant, is spent since another was. Undefined where it was not seen spent, or was seen unspent since.
 */
export function overSince({ mark, limit }: Pick<Standing, 'mark' | 'limit'>): Instant | undefined {
  const all = momentsOf(mark);
  const sinceOf = (wanted: MicroDollars): Instant | undefined => {
    const its = all.filter((one) => one.limit === wanted);
    const unspent = Math.max(...its.flatMap(({ is, at }) => (is === 'until' ? [at] : [])), Number.NEGATIVE_INFINITY);
    const spent = its.flatMap(({ is, at }) => (is === 'since' && at > unspent ? [at] : []));
    return spent.length === 0 ? undefined : Math.min(...spent);
  };
  if (all.some((one) => one.limit === limit)) return sinceOf(limit);
  const others = [...new Set(all.map((one) => one.limit))].flatMap((other) => sinceOf(other) ?? []);
  return others.length === 0 ? undefined : Math.max(...others);
}

/**
 * Since when a spent budget acts on an app that started then; undefined where `at-limit: stop` lets it be, since it started after the limit
 * was reached. What started under a grant or a lift, before all of that was spent too, is ended when that ends.
 * @param now for a limit that is seen spent for the first time
 */
export function actsSince(
  standing: Pick<Standing, 'budget' | 'mark' | 'limit' | 'ended'>,
  startedAt: Instant,
  now: Instant,
): Instant | undefined {
  const since = overSince(standing);
  if (since === undefined || startedAt <= since || standing.budget.atLimit !== 'stop') return since ?? now;
  const reached = momentsOf(standing.mark).filter(({ is, at }) => is === 'since' && at <= startedAt);
  const under = (standing.ended ?? []).find(
    (one) => one.at <= startedAt && startedAt < one.until && !reached.some(({ at }) => at > one.at),
  );
  return under?.until;
}

/** Where one budget stands for one subject. */
export interface Standing {
  budget: Budget;
  subject: Subject;
  period: Period;
  /** With what was granted. */
  limit: MicroDollars;
  spend: SpendSum;
  /** What an hour of its running apps costs. */
  hourly: MicroDollars;
  /** What the period is expected to end at; undefined for a period without end. */
  forecast?: MicroDollars;
  isOver: boolean;
  /** What was granted and lifted, as far as it holds now. */
  exceptions?: Exception[];
  /** Why it acts on nobody, if so. */
  lifted?: Exception;
  /** What was granted and lifted, and has ended. */
  ended?: Pick<Exception, 'at' | 'until'>[];
  mark?: BudgetMark;
}

/** Whether a term is over: then its budget acts and tells no more. A month and a week have turned into the next. */
export function isEnded({ period }: Pick<Standing, 'period'>, now: Instant): boolean {
  return now >= period.to;
}

/** Names a subject within its budget. */
export function subjectKey({ kind, name }: Subject): string {
  return `${kind} ${name}`;
}

type Who = Pick<OwnerSpend, 'domainId' | 'owner' | 'team'>;

/** The subjects of a budget that somebody with this spend belongs to: one or none. */
export function subjectOf(
  whose: BudgetFor,
  who: Who,
  policy: Pick<Policy, 'team'>,
  domainName?: string,
): Subject | undefined {
  const { domainId, owner } = who;
  if (whose === 'account') return { kind: 'account', name: '' };
  // What the bill gives nobody is the account's alone.
  if (domainId === undefined) return undefined;
  const own = owner === undefined ? undefined : `${domainId}/${owner}`;
  const team = policy.team === 'domain' ? domainId : who.team;
  const isDomain = (name: string) => name === domainId || name === domainName;
  if (whose === 'each owner') return own === undefined ? undefined : { kind: 'owner', name: own };
  if (whose === 'each team') return team === undefined ? undefined : { kind: 'team', name: team };
  if ('owner' in whose)
    return own !== undefined && isOwnerCalled(own, whose.owner) ? { kind: 'owner', name: own } : undefined;
  if ('domain' in whose) return isDomain(whose.domain) ? { kind: 'domain', name: domainId } : undefined;
  const isTeam = policy.team === 'domain' ? isDomain(whose.team) : team === whose.team;
  return isTeam && team !== undefined ? { kind: 'team', name: team } : undefined;
}

/** Thresholds that are reached and were not told yet, the lowest first, each as it is told and marked. */
export interface Crossing {
  kind: 'spent' | 'forecast';
  share: number;
  mark: string;
}

/** What is newly crossed: each threshold fires once a period and limit, and never again after a dip. */
export function crossingsOf({ budget, limit, spend, forecast, mark }: Standing): Crossing[] {
  const told = new Set(mark?.told);
  const reached = (kind: Crossing['kind'], shares: number[], amount: MicroDollars | undefined) =>
    shares
      .filter((share) => amount !== undefined && amount >= shareOf(limit, share))
      .map((share): Crossing => ({ kind, share, mark: `${kind} ${share} of ${limit}` }))
      .filter((crossing) => !told.has(crossing.mark));
  const shares = [...new Set([...budget.warnAt, 1])].sort((a, b) => a - b);
  return [...reached('spent', shares, spend.amount), ...reached('forecast', budget.forecastAt, forecast)];
}

/** A share of a limit: shares are whole percents in the policy, so that this is exact. */
export function shareOf(limit: MicroDollars, share: number): MicroDollars {
  return (limit / 100) * Math.round(share * 100);
}

/** `80 % spent, 100 % expected`: what was crossed, the highest of each kind. */
export function describeCrossed(crossed: Pick<Crossing, 'kind' | 'share'>[]): string {
  const most = (kind: Crossing['kind']) => crossed.findLast((one) => one.kind === kind)?.share;
  const words = [
    [most('spent'), 'spent'],
    [most('forecast'), 'expected'],
  ] as const;
  return words
    .flatMap(([share, word]) => (share === undefined ? [] : [`${Math.round(share * 100)} % ${word}`]))
    .join(', ');
}

/** `$201.30 of $200.00`. */
export function describeStanding({ spend, limit }: Pick<Standing, 'spend' | 'limit'>): string {
  const lacking = Object.keys(spend.unpriced).length > 0 ? ', and more without a price' : '';
  return `${describeMoney(spend.amount)}${lacking} of ${describeMoney(limit)}`;
}

import { type Exception, isEnded, overSince, type Standing } from '../domain/budget.ts';
import { type ListOf, spendBasisOf } from '../domain/cost.ts';
import { describeMoney } from '../domain/money.ts';
import { isPaused, type Pause } from '../domain/pause.ts';
import type { Policy } from '../domain/policy.ts';
import { describeInstant, type Instant, localTime } from '../domain/time.ts';
import { describeSum, isIncomplete, usdOf } from './budget-left.ts';
import { describePeriod } from './spend-period.ts';
import { describeKnown, type Known } from './subject.ts';

export const COLUMNS = [
  { head: 'BUDGET', grow: true },
  { head: 'WHOSE' },
  { head: 'PERIOD' },
  { head: 'SPENT' },
  { head: 'LIMIT', grow: true },
  { head: 'SHARE' },
  { head: 'FORECAST' },
  { head: 'AT LIMIT' },
  { head: 'STATE', grow: true },
];

/** What words about budgets rest on. */
export interface Said {
  policy: Pick<Policy, 'mode' | 'timezone'>;
  pause: Pause | undefined;
  known: Known;
  /** What estimates rest on. */
  list: ListOf;
  now: Instant;
}

export function standingRow(standing: Standing, said: Said): string[] {
  const { budget, subject, period, spend, forecast } = standing;
  const isLacking = isIncomplete(spend.unpriced);
  return [
    budget.name,
    describeKnown(subject, said.known),
    describePeriod(period, said.policy.timezone),
    describeSum(spend.amount, isLacking),
    describeLimit(standing),
    isLacking && spend.amount === 0 ? 'not known' : `${shareOf(standing)} %${isLacking ? ' and more' : ''}`,
    forecast === undefined ? '-' : describeSum(forecast, isLacking),
    budget.atLimit,
    stateOf(standing, said),
  ];
}

/** Rounded down, as everywhere: 99.6 % is not all of it. */
function shareOf({ spend, limit }: Standing): number {
  return Math.floor((spend.amount * 100) / limit);
}

function describeLimit({ budget, limit }: Standing): string {
  const granted = limit - budget.limit;
  return `${describeMoney(limit)}${granted > 0 ? `, ${describeMoney(granted)} of it granted` : ''}`;
}

function stateOf(standing: Standing, said: Said): string {
  const { isOver, lifted, period } = standing;
  const { policy, now } = said;
  if (isEnded(standing, now)) return 'ended';
  if (now < period.from) return `begins ${localTime(period.from, policy.timezone).date}`;
  if (lifted) return `lifted ${describeEnd(lifted.until, policy.timezone, now)}`;
  if (!isOver) return 'within';
  return describeOver(standing, said);
}

/** `over since Mon 09:02, blocked`; or what holds that, in a pause or a mode that stops nothing. */
export function describeOver(standing: Standing, { policy, pause, now }: Said): string {
  const at = overSince(standing);
  const over = at === undefined ? 'over' : `over since ${describeInstant(at, policy.timezone, now)}`;
  const { atLimit } = standing.budget;
  if (atLimit === 'warn') return over;
  const held = isPaused(pause, now)
    ? 'Curfew is paused'
    : policy.mode === 'enforce'
      ? undefined
      : `mode ${policy.mode}`;
  if (held !== undefined) return `${over}; nothing is ${atLimit === 'block' ? 'blocked' : 'stopped'}: ${held}`;
  return `${over}${atLimit === 'block' ? ', blocked' : ''}`;
}

export function describeEnd(until: Instant, timezone: string, now: Instant): string {
  return Number.isFinite(until) ? `until ${describeInstant(until, timezone, now)}` : 'for good';
}

/** `$50.00 granted to alice until Tue 00:00, of budget "per person", by arn:…: the paper's.` */
export function describeException(
  { kind, amount = 0, budget, subject, until, by, why, revoked }: Exception,
  { policy: { timezone }, known, now }: Pick<Said, 'policy' | 'known' | 'now'>,
): string {
  const what = kind === 'grant' ? `${describeMoney(amount)} granted to` : 'lifted for';
  const of = budget === undefined ? 'all budgets' : `budget "${budget}"`;
  const whom = describeKnown(subject, known);
  const back = revoked ? `; taken back then by ${revoked.by}${revoked.why ? `: ${revoked.why}` : ''}` : '';
  return `${what} ${whom} ${describeEnd(until, timezone, now)}, of ${of}, by ${by}${why ? `: ${why}` : ''}${back}.`;
}

export function exceptionToJson({ amount, until, at, why, revoked, ...rest }: Exception): object {
  return {
    ...rest,
    at: iso(at),
    until: iso(until),
    ...(why ? { why } : {}),
    ...(amount === undefined ? {} : { usd: amount / 1e6 }),
    ...(revoked ? { revoked: { ...revoked, until: iso(revoked.until ?? Number.POSITIVE_INFINITY) } } : {}),
  };
}

export function standingToJson(standing: Standing, said: Said): object {
  const { budget, subject, period, limit, spend, hourly, forecast, isOver, lifted, mark } = standing;
  const since = overSince(standing);
  const isLacking = isIncomplete(spend.unpriced);
  return {
    budget: budget.name,
    subject,
    period: { from: iso(period.from), to: iso(period.to) },
    limitUsd: limit / 1e6,
    grantedUsd: (limit - budget.limit) / 1e6,
    spentUsd: usdOf(spend.amount, isLacking),
    billedUsd: spend.billed / 1e6,
    accruedUsd: usdOf(spend.accrued, isLacking),
    basis: spend.accrued === 0 ? null : spendBasisOf(spend, said.list),
    unpricedHours: Object.fromEntries(Object.entries(spend.unpriced).map(([what, ms]) => [what, ms / 3_600_000])),
    usdPerHour: hourly / 1e6,
    forecastUsd: usdOf(forecast, isLacking),
    atLimit: budget.atLimit,
    isOver,
    state: stateOf(standing, said),
    lifted: lifted ? exceptionToJson(lifted) : null,
    told: (mark?.told ?? []).map(readMark),
    overSince: since === undefined ? null : iso(since),
  };
}

/** A mark of a threshold, `spent 0.5 of 180000000`, for people. */
function readMark(mark: string): object {
  const [, kind, share, limit] = /^(spent|forecast) ([\d.]+) of (\d+)$/.exec(mark) ?? [];
  return { kind, share: Number(share), limitUsd: Number(limit) / 1e6 };
}

export function iso(instant: Instant): string | null {
  return Number.isFinite(instant) ? new Date(instant).toISOString() : null;
}

import { actsSince, describeStanding, type Exception, type Standing } from './budget.ts';
import { corrected, type Drift } from './ledger.ts';
import { matches } from './match.ts';
import { describeMoney, type MicroDollars } from './money.ts';
import { type Period, periodOf } from './period.ts';
import type { Limit, Policy } from './policy.ts';
import { budgetRule, describeSubject, standingsOn } from './rules/budget.ts';
import { extendedUntil, extensionsLeft } from './rules/extension.ts';
import type { RunningApp } from './running-app.ts';
import { DAY, type Duration, describeDuration, describeInstant, HOUR, type Instant, localTime } from './time.ts';

/** The moment after which a run may go on in no case that is known of now. */
export interface Deadline {
  at: Instant;
  /** When its reason is over: a budget's period turns. Absent where it never is. */
  until?: Instant;
  rule: string;
  /** In words, which only what is armed needs. */
  reason: () => string;
}

/** What is known of money: where budgets stand, and what bills make of estimates. */
export interface MoneyFacts {
  /** By `standingKey`. */
  standings: ReadonlyMap<string, Standing>;
  drift: Drift | undefined;
}

/** Whether the policy has a deadline for any app at all. */
export function hasDeadlines({ mode, backstop, budgets, limits }: Policy): boolean {
  if (mode !== 'enforce') return false;
  const ofBudget = backstop.for.includes('budget') && budgets.some(({ atLimit }) => atLimit !== 'warn');
  return ofBudget || (backstop.for.includes('uptime') && limits.some(({ maxUptime }) => maxUptime !== undefined));
}

/** The deadlines of an app that `backstop.for` speaks of, the earliest first. An exemption is not looked at. */
export function deadlinesOf(app: RunningApp, policy: Policy, money: MoneyFacts, now: Instant): Deadline[] {
  const deadlines: Deadline[] = [];
  if (policy.backstop.for.includes('budget'))
    for (const standing of standingsOn(app, money.standings, policy))
      deadlines.push(...budgetDeadlines(app, standing, money.drift, policy.timezone, now));
  if (policy.backstop.for.includes('uptime')) deadlines.push(...uptimeDeadline(app, policy, now));
  return deadlines.sort((a, b) => a.at - b.at);
}

/**
 * A budget that stops or blocks: the moment at which its limit is spent, if what runs now goes on as it is; and its grace.
 * What has no price, and what volumes cost until then, moves it to no earlier time. Of a month or a week also the next one:
 * the first may end too soon for anything to come of it.
 */
function budgetDeadlines(
  app: RunningApp,
  standing: Standing,
  drift: Drift | undefined,
  timezone: string,
  now: Instant,
): Deadline[] {
  const { budget, subject, hourly } = standing;
  const rate = corrected(hourly, drift);
  return runsOut(standing, rate, app.startedAt, timezone, now).map(({ at: spentAt, until }): Deadline => {
    const reason = () => {
      const when = spentAt <= now ? '' : `; at ${describeMoney(rate)} an hour all of it by ${say(spentAt, timezone)}`;
      return `${describeStanding(standing)} spent on ${say(now, timezone)} (${describeSubject(subject)})${when}`;
    };
    const ends = Number.isFinite(until) ? { until } : {};
    return { at: spentAt + (budget.grace ?? 0), ...ends, rule: budgetRule(budget.name), reason };
  });
}

/** Beyond this there is no deadline: there will be, once it is nearer. A vast limit lies where no calendar goes. */
export const HORIZON: Duration = 366 * DAY;

/** So many periods are looked ahead: what no month of a year can spend, none will. */
const MOST_PERIODS = 13;

/**
 * When a budget first acts on an app, at a steady rate (micro-dollars an hour), in the first two periods in which it does: this
 * one, and those to come, which begin at nothing. And until when. Grants and lifts end when they say.
 */
function runsOut(
  standing: Standing,
  rate: MicroDollars,
  startedAt: Instant,
  timezone: string,
  now: Instant,
): { at: Instant; until: Instant }[] {
  const { budget, spend } = standing;
  // A term or all time is followed by no other.
  const isLast = budget.period !== 'month' && budget.period !== 'week';
  let { period } = standing;
  let from = Math.max(now, period.from);
  let spent = spend.amount;
  const found: { at: Instant; until: Instant }[] = [];
  for (let i = 0; i < MOST_PERIODS; i++) {
    const until = period.to;
    const at = actsWithin({ ...standing, period, from, until, spent }, rate, startedAt);
    if (at !== undefined && at <= now + HORIZON) found.push({ at, until });
    if (isLast || found.length === 2 || !mayEverSpend(budget, rate)) break;
    period = periodOf(budget.period, period.to, timezone);
    from = period.from;
    spent = 0;
  }
  return found;
}

/** Whether a month or a week that begins at nothing may spend a limit at this rate: none is longer than these. */
function mayEverSpend({ period, limit }: Standing['budget'], rate: MicroDollars): boolean {
  return growth(rate, 0, period === 'week' ? 8 * DAY : 32 * DAY) >= limit;
}

/** A budget from a moment on, while its period is the same. */
interface Stretch extends Pick<Standing, 'budget' | 'mark' | 'exceptions' | 'ended'> {
  period: Period;
  from: Instant;
  until: Instant;
  /** At `from`. */
  spent: MicroDollars;
}

/** When it acts on an app that started then; undefined where it does not before the stretch ends. */
function actsWithin(stretch: Stretch, rate: MicroDollars, startedAt: Instant): Instant | undefined {
  const { budget, mark, exceptions = [], ended = [], period, from, until, spent } = stretch;
  if (from >= until) return undefined;
  const ends = exceptions.map((one) => one.until).filter((end) => end > from && end < until);
  const edges = [from, ...ends.sort((a, b) => a - b), until];
  for (const [i, edge] of edges.slice(0, -1).entries()) {
    const held = exceptions.filter((one) => one.until > edge);
    if (held.some(({ kind }) => kind === 'lift')) continue;
    const limit = budget.limit + granted(held);
    const left = limit - spent - growth(rate, from, Math.min(edge, period.to));
    if (left <= 0) {
      // Marks are of this period alone: those of the next are still to be made.
      const known = mark?.period.from === period.from ? { mark } : {};
      const over = [...ended, ...exceptions.filter((one) => one.until <= edge)];
      const since = actsSince({ budget, limit, ...known, ended: over }, startedAt, edge);
      if (since === undefined) continue;
      return i === 0 ? since : edge;
    }
    const at = rate > 0 ? edge + Math.ceil((left * HOUR) / rate) : Number.POSITIVE_INFINITY;
    if (at < edges[i + 1]! && at <= period.to) return at;
  }
  return undefined;
}

function granted(exceptions: Exception[]): MicroDollars {
  return exceptions.reduce((sum, { kind, amount = 0 }) => sum + (kind === 'grant' ? amount : 0), 0);
}

function growth(rate: MicroDollars, from: Instant, to: Instant): MicroDollars {
  return Math.max(0, (rate * (to - from)) / HOUR);
}

/**
 * A run's uptime limit, its grace, and what "keep it running" may still buy: each asking comes at the last moment, and has its
 * hours and a grace of its own. Where windows of the week decide which limit governs, the latest of all of them; none, where
 * any lets it go on.
 */
function uptimeDeadline(app: RunningApp, policy: Policy, now: Instant): Deadline[] {
  const limits = mayGovern(app, policy, now);
  if (limits === undefined || limits.length === 0) return [];
  const { extensions } = policy;
  const left = extensionsLeft(app.run, extensions);
  const until = extendedUntil(app.run, extensions) ?? app.startedAt;
  const deadlines = limits.map(({ name, maxUptime = Number.POSITIVE_INFINITY, grace }): Deadline => {
    const due = Math.max(app.startedAt + maxUptime, until);
    const reason = () =>
      `up since ${say(app.startedAt, policy.timezone)}, limit ${describeDuration(maxUptime)}, grace ${describeDuration(grace)}`;
    return { at: due + grace + left * (extensions.hours + grace), rule: `${name}: max-uptime`, reason };
  });
  const latest = deadlines.reduce((a, b) => (b.at > a.at ? b : a));
  return Number.isFinite(latest.at) ? [latest] : [];
}

/** The limits that govern the app at one time of the week or another; undefined where at some time none does. */
function mayGovern(app: RunningApp, policy: Policy, now: Instant): Limit[] | undefined {
  const local = localTime(now, policy.timezone);
  const limits: Limit[] = [];
  for (const limit of policy.limits) {
    const { during, ...always } = limit.match;
    if (!matches(always, app, local)) continue;
    limits.push(limit);
    if (during === undefined) return limits;
  }
  return undefined;
}

/** With its date: it is read days later. */
function say(at: Instant, timezone: string): string {
  return describeInstant(at, timezone, 0);
}

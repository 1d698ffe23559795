import { type Deadline, deadlinesOf, HORIZON, type MoneyFacts } from './deadline.ts';
import { windowEdges } from './forecast.ts';
import type { Intent } from './plan.ts';
import type { Policy } from './policy.ts';
import { exemption } from './rules/exemption.ts';
import { mostStops } from './rules/valve.ts';
import type { Armed, Run, Stop } from './run.ts';
import type { RunningApp } from './running-app.ts';
import { DAY, type Duration, HOUR, type Instant, localTime, MINUTE, SECOND } from './time.ts';

/** What the backstop should be for an app: any moment from `earliest` to `latest` will do, and `at` is where it is put. */
export interface Wanted {
  earliest: Instant;
  latest: Instant;
  at: Instant;
  rule: string;
  reason: () => string;
}

/**
 * What is to become of an app's schedule. `leave` touches nothing, since nobody can tell; `none` wants it gone.
 * `crowded` too: so many apps are due at once that a scan's safety valve would stop none of them.
 */
export type Guard = { kind: 'arm'; wanted: Wanted } | { kind: 'none' | 'crowded' | 'leave' };

/** How long Scheduler goes on trying to stop an app. Its own default is a day, which may lie in another world. */
export const RETRIED: Duration = HOUR;

/** Stops that fall so close together are those of one scan: they are five minutes apart. */
const ONE_SCAN: Duration = 5 * MINUTE;

/**
 * How far a schedule may be late: a twentieth of what is left, a quarter of an hour at the least. Within that, a deadline that
 * moves a little moves no schedule; and as the deadline comes near, the schedule comes near to it.
 */
function slackAt(earliest: Instant, now: Instant): Duration {
  return Math.max(15 * MINUTE, (earliest - now) / 20);
}

/**
 * What the backstop should be for each running app, by what a living scan has just decided on it: never within `margin` of
 * a look that let it run, never for what is exempt at that hour, and never for more apps at once than one scan may stop.
 * @param money whether it `isUnknown`: budgets could not be reckoned
 * @param isWhole whether all of the picture could be had
 */
export function guardsOf(
  intents: Intent[],
  policy: Policy,
  money: MoneyFacts & { isUnknown: boolean },
  { isWhole, isPaused, now }: { isWhole: boolean; isPaused: boolean; now: Instant },
): Guard[] {
  if (isPaused || policy.mode !== 'enforce') return intents.map(() => ({ kind: 'none' }));
  const guards = intents.map((intent): Guard => {
    const { app } = intent.decision;
    const { backstop: armed } = app.run;
    // Half a picture may lack an exemption, and apps that spend: it arms nothing and takes nothing back. What is near, it puts off.
    if (!isWhole || money.isUnknown) {
      if (!isNear(armed, policy.backstop.margin, now)) return { kind: 'leave' };
      const putOff = wantedFor(intent, { at: now, rule: armed.rule, reason: () => armed.reason }, policy, now);
      return putOff ? { kind: 'arm', wanted: putOff } : { kind: 'leave' };
    }
    for (const deadline of deadlinesOf(app, policy, money, now)) {
      const wanted = wantedFor(intent, deadline, policy, now);
      if (wanted) return { kind: 'arm', wanted };
    }
    return { kind: 'none' };
  });
  return withoutCrowds(guards, mostStops(policy.safety.maxStops, intents.length));
}

/** Whether a schedule is still to come, and within the margin. */
export function isNear(armed: Armed | undefined, margin: Duration, now: Instant): armed is Armed {
  return armed !== undefined && now < armed.at && armed.at < now + margin;
}

/** Undefined where nothing may come of the deadline: all the while Scheduler tries, its reason must hold. */
function wantedFor(
  { decision, held }: Intent,
  { at, until = Number.POSITIVE_INFINITY, rule, reason }: Deadline,
  policy: Policy,
  now: Instant,
): Wanted | undefined {
  const { app, action, next } = decision;
  const { margin } = policy.backstop;
  if (at > now + HORIZON) return undefined;
  // Whoever has just looked, and let it run, knows better; what was announced is kept. A stop under way is let come.
  const isTried = action === 'stop' && held === undefined;
  const floor = isTried ? Number.NEGATIVE_INFINITY : Math.max(now, action === 'warn' ? (next?.at ?? now) : now);
  const earliest = outOfExemption(app, policy, Math.max(at, floor) + margin, now);
  if (earliest === undefined) return undefined;
  const from = Math.max(earliest, now + margin);
  const last = until - RETRIED;
  if (from > last - 2 * MINUTE) return undefined;
  const slack = Math.min(slackAt(from, now), last - from);
  const put = outOfExemption(app, policy, wholeMinute(from + slack / 2), now);
  const latest = outOfExemption(app, policy, from + slack, now);
  if (put === undefined || latest === undefined || put > last) return undefined;
  return { earliest, latest: Math.min(latest, last), at: put, rule, reason };
}

/** Scheduler counts in seconds, and is late by up to one minute. */
function wholeMinute(at: Instant): Instant {
  return Math.ceil(at / MINUTE) * MINUTE;
}

/** The first moment from `at` on at which, and for as long as Scheduler tries, no exemption holds; undefined within a week: none. */
function outOfExemption(app: RunningApp, policy: Policy, at: Instant, now: Instant): Instant | undefined {
  const isExempt = (moment: Instant) => exemption(app, policy, localTime(moment, policy.timezone)).says === 'keep';
  if (!policy.exempt.some(({ during }) => during)) return isExempt(now) ? undefined : at;
  // Of a week, and of what Scheduler tries after its end.
  const edges = windowEdges(policy.exempt, policy.timezone, at, 8);
  const isFree = (moment: Instant) =>
    [moment, ...edges.filter((edge) => edge > moment && edge <= moment + RETRIED)].every((one) => !isExempt(one));
  return [at, ...edges.filter((edge) => edge <= at + 7 * DAY)].find(isFree);
}

/** Takes out what the safety valve would hold: more stops within one scan's time than it may make. */
function withoutCrowds(guards: Guard[], most: number): Guard[] {
  const due = guards
    .flatMap((guard, i) => (guard.kind === 'arm' ? [{ i, at: guard.wanted.earliest }] : []))
    .sort((a, b) => a.at - b.at);
  const crowded = new Set<number>();
  let first = 0;
  for (const [last, { at }] of due.entries()) {
    while (due[first]!.at <= at - ONE_SCAN) first++;
    if (last - first >= most) for (const { i } of due.slice(first, last + 1)) crowded.add(i);
  }
  return guards.map((guard, i) => (crowded.has(i) ? { kind: 'crowded' } : guard));
}

/** How long a pass may be at a schedule: no function runs longer than five minutes. */
export const LEASE: Duration = 6 * MINUTE;

/** Whether another pass may be at a run's schedule at this moment: it is left alone. */
export function isInHand(armed: Armed | undefined, now: Instant): boolean {
  return armed !== undefined && !armed.isSet && armed.since > now - LEASE && armed.since <= now + LEASE;
}

/**
 * Whether what is armed for a run will do. A schedule that stood before the end of a pause was taken down in it, by `curfew pause`.
 */
export function isRight(armed: Armed, wanted: Wanted, app: RunningApp, policy: Policy, now: Instant): boolean {
  return (
    armed.isSet === true &&
    armed.rule === wanted.rule &&
    armed.since >= (app.warningsFrom ?? Number.NEGATIVE_INFINITY) &&
    armed.at > now &&
    wanted.earliest <= armed.at &&
    armed.at <= wanted.latest &&
    outOfExemption(app, policy, armed.at, now) === armed.at
  );
}

/**
 * What ended a run that nobody here stopped and whose schedule was due by `at`: the backstop. A schedule that a pass was
 * about to make or move may not have been there: only an event can tell.
 * @param isTold an event says that Scheduler made the call
 */
export function stopByBackstop(run: Run, at: Instant, isTold: boolean): Stop | undefined {
  const { backstop, stop, startedAt } = run;
  if (!backstop || backstop.at < startedAt || (stop && !stop.hadNoEffect)) return undefined;
  // An event tells to the second, and Scheduler is never early.
  if (backstop.at > at + SECOND || !(isTold || backstop.isSet)) return undefined;
  const { rule, reason } = backstop;
  const why = `${reason}; stopped by the backstop, since Curfew itself had not`;
  return { at: backstop.at, rule, reason: why, failures: 0, by: 'backstop' };
}

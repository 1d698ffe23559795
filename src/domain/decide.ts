import { matches } from './match.ts';
import type { Limit, Policy } from './policy.ts';
import { exemption } from './rules/exemption.ts';
import { extendedUntil } from './rules/extension.ts';
import { idleness } from './rules/idleness.ts';
import { uptime } from './rules/uptime.ts';
import type { Warning } from './run.ts';
import type { RunningApp } from './running-app.ts';
import type { Duration, Instant, LocalTime } from './time.ts';
import { describeDuration, describeInstant, localTime } from './time.ts';
import { isMoneyRule, type Verdict } from './verdict.ts';

/** What is wanted of a running app, and why. Doing nothing has a reason too. */
export interface Decision {
  app: RunningApp;
  /** `warn`: it is over a limit, and its warning is due or running. */
  action: 'keep' | 'warn' | 'stop';
  /** The rule that decided: `exempt`, `extension`, `no limit`, or a limit's name and key. */
  rule: string;
  reason: string;
  /** When the deciding rule's bound was reached; set when the action is warn or stop. */
  due?: Instant;
  /** When the warning that counts was given; absent when it is still to be given. */
  warnedAt?: Instant;
  /** A budget or a guardrail stops it, and gives no grace. */
  isAtOnce?: true;
  /** Rules that it is over, and that have warned of it for the reason that still holds. */
  upheld: string[];
  /** It rests on evidence of use, not on the clock alone. */
  isIdle?: boolean;
  /** How long after its warning it is stopped at the earliest; set when the action is warn or stop. */
  grace?: Duration;
  /** The next thing that will happen if nothing changes; absent when nothing will. */
  next?: { action: 'warn' | 'stop'; at: Instant };
}

/** The first limit that matches governs; undefined when none does. */
export function governingLimit(app: RunningApp, policy: Policy, local: LocalTime): Limit | undefined {
  return policy.limits.find((limit) => matches(limit.match, app, local));
}

/**
 * Every rule that is tried on the app, and what each says, the deciding order first.
 * @param money what budgets and guardrails say of it: they go before its limit
 */
export function tryRules(
  app: RunningApp,
  policy: Policy,
  now: Instant,
  money: Verdict[] = [],
): { limit?: Limit; verdicts: Verdict[] } {
  const local = localTime(now, policy.timezone);
  const verdicts = [exemption(app, policy, local), ...money];
  const limit = governingLimit(app, policy, local);
  if (!limit) {
    verdicts.push({ rule: 'no limit', says: 'nothing', reason: 'no limit in the policy matches' });
    return { verdicts };
  }
  return { limit, verdicts: [...verdicts, ...boundsOf(app, limit, policy, now)] };
}

/** What a limit's bounds say of the app, with what its owner asked to postpone. */
export function boundsOf(app: RunningApp, limit: Limit, policy: Policy, now: Instant): Verdict[] {
  const until = extendedUntil(app.run, policy.extensions);
  const bounds = [uptime(app, limit, now), idleness(app, limit, policy, now)];
  return bounds.map((verdict) => postponed(verdict, until, policy, now));
}

/** A bound that an owner asked to postpone falls due when the extension ends. */
function postponed(verdict: Verdict, until: Instant | undefined, policy: Policy, now: Instant): Verdict {
  if (until === undefined || verdict.due === undefined || verdict.due >= until) return verdict;
  const reason = `${verdict.reason}; kept running by its owner until ${describeInstant(until, policy.timezone, now)}`;
  return { ...verdict, says: now >= until ? 'over' : 'within', due: until, reason };
}

/**
 * Decides on one running app: an exemption wins; else a bound that is reached asks for a warning; and a warning of
 * the same reason that is at least `grace` old, for a stop. A budget or a guardrail without a grace stops at once. Of
 * several bounds the one decides that stops first: none puts off what another has announced.
 * @param money what budgets and guardrails say of it
 */
export function decide(app: RunningApp, policy: Policy, now: Instant, money: Verdict[] = []): Decision {
  const { limit, verdicts } = tryRules(app, policy, now, money);
  const [exempt, ...bounds] = verdicts as [Verdict, ...Verdict[]];
  if (exempt.says === 'keep') return { app, action: 'keep', rule: exempt.rule, reason: exempt.reason, upheld: [] };

  const over = bounds
    .filter(({ says }) => says === 'over')
    .map((verdict) => ({ verdict, ...standing(app, verdict, limit, policy, now) }));
  const [first] = over.sort((a, b) => a.comes - b.comes);
  if (!first) return keep(app, limit, bounds);
  // Heartbeats can put idleness off for ever, and its stop in the very moment: the clock's bound warns before that, and stops before it.
  const clocks = first.verdict.seenAt === undefined ? [] : over.filter((one) => one.verdict.seenAt === undefined);
  const clock = clocks.find(({ comes }) => comes <= now) ?? clocks.find((one) => !one.given);
  const { verdict, grace, given, stopAt } = clock ?? first;
  const { rule, due } = verdict;
  const upheld = over.flatMap((one) => (one.given ? [one.verdict.rule] : []));
  const base = { app, rule, due: due!, grace, isIdle: verdict.seenAt !== undefined, upheld };
  if (grace === 0) return { ...base, action: 'stop', isAtOnce: true, reason: verdict.reason };
  if (!given) {
    const reason = `${verdict.reason}; grace ${describeDuration(grace)}`;
    return { ...base, action: 'warn', reason, next: { action: 'stop', at: now + grace } };
  }
  const reason = `${verdict.reason}; warned ${describeInstant(given.at, policy.timezone, now)}${given.told === undefined ? '' : ` (told: ${given.told})`}, grace ${describeDuration(stopAt - given.at)}`;
  if (now >= stopAt && hasLookedSince(verdict, given.at))
    return { ...base, action: 'stop', warnedAt: given.at, reason };
  if (now >= stopAt) {
    const waiting = `${reason}; waiting for a look since the warning`;
    return { ...base, action: 'warn', warnedAt: given.at, reason: waiting, next: { action: 'stop', at: now } };
  }
  return { ...base, action: 'warn', warnedAt: given.at, reason, next: { action: 'stop', at: stopAt } };
}

/** A bound that is reached: its grace, the warning that was given for this very reason, and when its stop may come, and comes. */
function standing(app: RunningApp, verdict: Verdict, limit: Limit | undefined, policy: Policy, now: Instant) {
  const { grace = limit?.grace ?? 0 } = verdict;
  if (grace === 0) return { grace, given: undefined, stopAt: now, comes: 0 };
  const given = warningFor(app, verdict, policy);
  // A grace made shorter since must not break the promise of the mail; one made longer holds at once.
  const stopAt = given ? Math.max(given.stopAt ?? 0, given.at + grace) : now + grace;
  const isWaiting = given !== undefined && now >= stopAt && !hasLookedSince(verdict, given.at);
  return { grace, given, stopAt, comes: isWaiting ? Number.MAX_SAFE_INTEGER : stopAt };
}

/** Idleness that nobody has looked at since the warning may be over: the owner may have come back. The clock needs no look. */
function hasLookedSince({ seenAt }: Verdict, warnedAt: Instant): boolean {
  return seenAt === undefined || seenAt > warnedAt;
}

function keep(app: RunningApp, limit: Limit | undefined, bounds: Verdict[]): Decision {
  const spoken = bounds.filter((verdict) => verdict.says !== 'nothing' && !isMoneyRule(verdict.rule));
  const soonest = spoken.filter((verdict) => verdict.due !== undefined).sort((a, b) => a.due! - b.due!)[0];
  return {
    app,
    action: 'keep',
    rule: (soonest ?? spoken[0])?.rule ?? limit?.name ?? 'no limit',
    upheld: [],
    reason: limit ? spoken.map((verdict) => verdict.reason).join('; ') : 'no limit in the policy matches',
    ...(soonest ? { next: { action: 'warn', at: soonest.due! } } : {}),
  };
}

/**
 * The warning given for this very reason: for a bound reached at another time, it was another reason. A warning that
 * said that nothing would be stopped is none once the policy enforces, and one that announced a stop none while it does not.
 * One from before the end of a pause is none: whoever was told then has reason to think it off.
 */
function warningFor(app: RunningApp, verdict: Verdict, { mode }: Policy): Warning['given'] {
  const given = app.run.warnings[verdict.rule]?.given;
  if (given?.due !== verdict.due || given === undefined) return undefined;
  if (given.at < (app.warningsFrom ?? Number.NEGATIVE_INFINITY)) return undefined;
  return (given.stopAt !== undefined) === (mode === 'enforce') ? given : undefined;
}

/**
 * The rules whose standing warnings no longer have their reason: they lift. One that was given after `now`, by a clock that
 * is ahead or before this pass was tried again, stands: whoever gave it knew more.
 */
export function liftedWarnings({ app, upheld }: Decision, now: Instant): string[] {
  return Object.entries(app.run.warnings).flatMap(([name, { given }]) =>
    given !== undefined && given.at <= now && !upheld.includes(name) ? [name] : [],
  );
}

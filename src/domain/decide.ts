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
import type { Verdict } from './verdict.ts';

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

/** Every rule that is tried on the app, and what each says, the deciding order first. */
export function tryRules(app: RunningApp, policy: Policy, now: Instant): { limit?: Limit; verdicts: Verdict[] } {
  const local = localTime(now, policy.timezone);
  const verdicts = [exemption(app, policy, local)];
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
 * the same reason that is at least `grace` old, for a stop.
 */
export function decide(app: RunningApp, policy: Policy, now: Instant): Decision {
  const { limit, verdicts } = tryRules(app, policy, now);
  const exempt = verdicts[0]!;
  if (exempt.says === 'keep') return { app, action: 'keep', rule: exempt.rule, reason: exempt.reason };
  if (!limit) return { app, action: 'keep', rule: 'no limit', reason: 'no limit in the policy matches' };

  const bounds = verdicts.slice(1);
  // The clock's bound comes first: heartbeats can move the other for ever, and each time it would be warned of anew.
  const verdict = bounds.find(({ says }) => says === 'over');
  if (!verdict) return keep(app, limit, bounds);

  const given = warningFor(app, verdict, policy);
  const base = { app, rule: verdict.rule, due: verdict.due!, grace: limit.grace, isIdle: verdict.seenAt !== undefined };
  if (!given) {
    const stopAt = now + limit.grace;
    const reason = `${verdict.reason}; grace ${describeDuration(limit.grace)}`;
    return { ...base, action: 'warn', reason, next: { action: 'stop', at: stopAt } };
  }
  // A grace made shorter since must not break the promise of the mail; one made longer holds at once.
  const stopAt = Math.max(given.stopAt ?? 0, given.at + limit.grace);
  const reason = `${verdict.reason}; warned ${describeInstant(given.at, policy.timezone, now)}${given.told === undefined ? '' : ` (told: ${given.told})`}, grace ${describeDuration(stopAt - given.at)}`;
  if (now >= stopAt && hasLookedSince(verdict, given.at))
    return { ...base, action: 'stop', warnedAt: given.at, reason };
  if (now >= stopAt) {
    const waiting = `${reason}; waiting for a look since the warning`;
    return { ...base, action: 'warn', warnedAt: given.at, reason: waiting, next: { action: 'stop', at: now } };
  }
  return { ...base, action: 'warn', warnedAt: given.at, reason, next: { action: 'stop', at: stopAt } };
}

/** Idleness that nobody has looked at since the warning may be over: the owner may have come back. The clock needs no look. */
function hasLookedSince({ seenAt }: Verdict, warnedAt: Instant): boolean {
  return seenAt === undefined || seenAt > warnedAt;
}

function keep(app: RunningApp, limit: Limit, bounds: Verdict[]): Decision {
  const spoken = bounds.filter((verdict) => verdict.says !== 'nothing');
  const soonest = spoken.filter((verdict) => verdict.due !== undefined).sort((a, b) => a.due! - b.due!)[0];
  return {
    app,
    action: 'keep',
    rule: (soonest ?? spoken[0])?.rule ?? limit.name,
    reason: spoken.map((verdict) => verdict.reason).join('; '),
    ...(soonest ? { next: { action: 'warn', at: soonest.due! } } : {}),
  };
}

/**
 * The warning given for this very reason: for a bound reached at another time, it was another reason. A warning that
 * said that nothing would be stopped is none once the policy enforces, and one that announced a stop none while it does not.
 */
function warningFor(app: RunningApp, verdict: Verdict, { mode }: Policy): Warning['given'] {
  const given = app.run.warnings[verdict.rule]?.given;
  if (given?.due !== verdict.due) return undefined;
  return (given?.stopAt !== undefined) === (mode === 'enforce') ? given : undefined;
}

/**
 * The rules whose standing warnings no longer have their reason: they lift. One that was given after `now`, by a clock that
 * is ahead or before this pass was tried again, stands: whoever gave it knew more.
 */
export function liftedWarnings({ app, rule, warnedAt }: Decision, now: Instant): string[] {
  const standing = Object.entries(app.run.warnings).filter(([, { given }]) => given !== undefined && given.at <= now);
  return standing.filter(([name]) => warnedAt === undefined || name !== rule).map(([name]) => name);
}

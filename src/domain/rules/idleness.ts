import type { Evidence } from '../evidence.ts';
import type { Limit, Policy } from '../policy.ts';
import type { RunningApp } from '../running-app.ts';
import type { Instant } from '../time.ts';
import { describeDuration } from '../time.ts';
import type { Verdict } from '../verdict.ts';

/**
 * An app may be idle for `max-idle`, counted from its newest evidence of use. Without evidence younger than
 * `evidence.stale-after` its use is unknown, and unknown is never idle. One source that says busy is use now.
 */
export function idleness(app: RunningApp, limit: Limit, policy: Pick<Policy, 'evidence'>, now: Instant): Verdict {
  const rule = `${limit.name}: max-idle`;
  if (limit.maxIdle === undefined) return { rule, says: 'nothing', reason: 'no max-idle' };
  const all = Object.values(app.run.evidence);
  if (all.length === 0) return { rule, says: 'unknown', reason: 'idle: unknown (no evidence of use)' };

  // A source that saw the app busy may not be outvoted by another that looked elsewhere, or by its own silence.
  const newest = all.reduce((a, b) => (b.observedAt > a.observedAt ? b : a));
  const silent = all.filter((evidence) => now - evidence.observedAt > policy.evidence.staleAfter);
  if (silent.length === all.length || silent.some((evidence) => evidence.busy)) {
    const since = describeDuration(now - (silent.find((evidence) => evidence.busy) ?? newest).observedAt);
    return { rule, says: 'unknown', reason: `idle: unknown (evidence is ${since} old)` };
  }
  const busy = all.find((evidence) => evidence.busy);
  if (busy) return { rule, says: 'within', reason: `in use now (${name(busy)})` };

  const last = all.reduce((a, b) => (b.lastUseAt > a.lastUseAt ? b : a));
  const lastUseAt = Math.max(last.lastUseAt, app.startedAt);
  const due = lastUseAt + limit.maxIdle;
  const used =
    lastUseAt > app.startedAt
      ? `last use ${describeDuration(now - lastUseAt)} ago (${name(last)})`
      : 'never used since its start';
  const reason = `idle ${describeDuration(now - lastUseAt)}, limit ${describeDuration(limit.maxIdle)}; ${used}`;
  return { rule, says: now >= due ? 'over' : 'within', due, seenAt: newest.observedAt, reason };
}

function name(evidence: Evidence): string {
  return evidence.kind === evidence.source ? evidence.source : `${evidence.kind}, by ${evidence.source}`;
}

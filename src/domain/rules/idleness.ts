import { type Evidence, useOf } from '../evidence.ts';
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
  const use = useOf(app.run.evidence, policy.evidence.staleAfter, now);
  if (use.kind === 'unknown') return { rule, says: 'unknown', reason: `idle: unknown (${use.why})` };
  if (use.kind === 'busy') return { rule, says: 'within', reason: `in use now (${name(use.evidence)})` };

  const { last, seenAt } = use;
  const lastUseAt = Math.max(last.lastUseAt, app.startedAt);
  const due = lastUseAt + limit.maxIdle;
  const used =
    lastUseAt > app.startedAt
      ? `last use ${describeDuration(now - lastUseAt)} ago (${name(last)})`
      : 'never used since its start';
  const reason = `idle ${describeDuration(now - lastUseAt)}, limit ${describeDuration(limit.maxIdle)}; ${used}`;
  return { rule, says: now >= due ? 'over' : 'within', due, seenAt, reason };
}

function name(evidence: Evidence): string {
  return evidence.kind === evidence.source ? evidence.source : `${evidence.kind}, by ${evidence.source}`;
}

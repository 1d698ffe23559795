import { appKey } from '../app.ts';
import { fits } from '../glob.ts';
import { matches } from '../match.ts';
import type { Guardrail, Policy } from '../policy.ts';
import type { RunningApp } from '../running-app.ts';
import { type Instant, localTime } from '../time.ts';
import type { Verdict } from '../verdict.ts';

/**
 * What a guardrail does not allow is stopped at once; of more apps than it allows at a time, the newest. An app whose
 * owner or team nobody knows counts for itself alone.
 * @param running all running apps, for quotas
 */
export function guardrailVerdicts(app: RunningApp, running: RunningApp[], policy: Policy, now: Instant): Verdict[] {
  return policy.guardrails.flatMap((guardrail): Verdict[] => {
    if (!matches(guardrail.match, app, localTime(now, policy.timezone))) return [];
    const reason = notAllowed(app, guardrail) ?? overQuota(app, running, guardrail, policy, now);
    const rule = `${guardrail.name}: guardrail`;
    if (reason === undefined) return [{ rule, says: 'within', reason: 'allowed' }];
    return [{ rule, says: 'over', due: app.startedAt, grace: 0, reason }];
  });
}

/** An app whose type AWS does not show is let be: unknown is no offence. */
function notAllowed({ instanceType }: RunningApp, { allow }: Guardrail): string | undefined {
  if (!allow || instanceType === undefined || instanceType === 'system') return undefined;
  if (allow.some((pattern) => fits(pattern, instanceType))) return undefined;
  return `${instanceType} is not allowed here, only ${allow.join(', ')}`;
}

function overQuota(
  app: RunningApp,
  running: RunningApp[],
  guardrail: Guardrail,
  policy: Policy,
  now: Instant,
): string | undefined {
  const group = groupOf(app, guardrail);
  const local = localTime(now, policy.timezone);
  for (const { pattern, count } of guardrail.atMost) {
    if (!fits(pattern, app.instanceType ?? '')) continue;
    const before = running.filter(
      (other) =>
        isOlder(other, app) &&
        fits(pattern, other.instanceType ?? '') &&
        groupOf(other, guardrail) === group &&
        matches(guardrail.match, other, local),
    );
    if (before.length >= count) {
      if (count === 0) return `nothing may run on ${pattern} here`;
      const whose = guardrail.for === 'each owner' ? app.owner : `team ${app.teams[0]}`;
      return `${whose} runs ${before.length} on ${pattern} already, and at most ${count} are allowed at once`;
    }
  }
  return undefined;
}

/** Whose apps are counted together. One that nobody answers for is alone. */
function groupOf({ ref, owner, teams }: RunningApp, guardrail: Guardrail): string {
  const whose = guardrail.for === 'each team' ? teams.at(-1) : owner && `${ref.domainId}/${owner}`;
  return whose ?? appKey(ref);
}

/** The oldest stay. */
function isOlder(a: RunningApp, b: RunningApp): boolean {
  return a.startedAt - b.startedAt < 0 || (a.startedAt === b.startedAt && appKey(a.ref) < appKey(b.ref));
}

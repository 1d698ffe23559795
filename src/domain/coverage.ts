import type { Decision } from './decide.ts';
import { governingLimit } from './decide.ts';
import { useOf } from './evidence.ts';
import type { Policy } from './policy.ts';
import type { Instant, LocalTime } from './time.ts';
import { localTime } from './time.ts';

/** Whether a limit on idleness governs the app: then somebody has to know of its use. */
export function isIdleLimited({ app, rule }: Decision, policy: Policy, local: LocalTime): boolean {
  return rule !== 'exempt' && governingLimit(app, policy, local)?.maxIdle !== undefined;
}

/** Of the apps under a limit on idleness, the share whose use is known, from 0 to 1; undefined where there is none. */
export function evidenceCoverage(decisions: Decision[], policy: Policy, now: Instant): number | undefined {
  const local = localTime(now, policy.timezone);
  const limited = decisions.filter((decision) => isIdleLimited(decision, policy, local));
  if (limited.length === 0) return undefined;
  const known = limited.filter(
    ({ app }) => useOf(app.run.evidence, policy.evidence.staleAfter, now).kind !== 'unknown',
  );
  return known.length / limited.length;
}

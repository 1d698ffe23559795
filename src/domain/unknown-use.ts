import { type Decision, governingLimit } from './decide.ts';
import { useOf } from './evidence.ts';
import type { Policy } from './policy.ts';
import type { RunningApp } from './running-app.ts';
import { type Instant, localTime } from './time.ts';

/** An app under a `max-idle` whose use nobody tells, and why not. */
export interface UnknownUse {
  app: RunningApp;
  why: string;
}

/** Of the apps that a `max-idle` governs, how many there are, and those whose use is unknown: only `max-uptime` binds them. */
export function unknownUses(
  decisions: Decision[],
  policy: Policy,
  now: Instant,
): { all: number; unknown: UnknownUse[] } {
  const local = localTime(now, policy.timezone);
  const limited = decisions.filter(
    ({ app, rule }) => rule !== 'exempt' && governingLimit(app, policy, local)?.maxIdle !== undefined,
  );
  const unknown = limited.flatMap(({ app }) => {
    const use = useOf(app.run.evidence, policy.evidence.staleAfter, now);
    return use.kind === 'unknown' ? [{ app, why: use.why }] : [];
  });
  return { all: limited.length, unknown };
}

import type { Limit } from '../../src/domain/policy.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import { LOOK } from './agents.ts';
import type { LabRun } from './ledger.ts';
import { lastUse } from './use.ts';

/** A run that Curfew stopped for idleness, and when it was truly used last. */
export interface IdleStop {
  run: LabRun;
  maxIdle: Duration;
  /** As of the last heartbeat that arrived: of later use nobody could know. The run's start where there was no use. */
  knownUse: Instant;
  /** As of the stop. */
  lastUse: Instant;
}

/** The stops for idleness among those that Curfew made. `ruleOf` tells the rule that it named for one. */
export function idleStopsOf(runs: LabRun[], limits: Limit[], ruleOf: (run: LabRun) => string | undefined): IdleStop[] {
  return runs
    .filter(({ endedBy }) => endedBy === 'Curfew')
    .flatMap((run) => {
      const limit = limits.find(({ name }) => ruleOf(run) === `${name}: max-idle`);
      if (limit?.maxIdle === undefined) return [];
      const { startedAt, heardAt = startedAt, endedAt } = run;
      const [knownUse, used] = [heardAt, endedAt!].map((at) => lastUse(run, at) ?? startedAt) as [Instant, Instant];
      return [{ run, maxIdle: limit.maxIdle, knownUse, lastUse: used }];
    });
}

/** Whether the last use was within `max-idle` of the stop, but for the minute by which an agent's look may miss it. */
export function wasInUse({ run, maxIdle }: IdleStop, used: Instant): boolean {
  return run.endedAt! - used < maxIdle - LOOK;
}

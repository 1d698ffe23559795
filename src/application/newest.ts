import type { Instant } from '../domain/time.ts';
import type { OnRecord } from './ports.ts';

/**
 * The newest moment that the record tells of. CloudTrail's events come minutes late, and hours where they are tried again: by their own
 * time a grant since then would not hold yet, and what a pass is at would be taken for nobody's. What no record tells, as that an
 * exempt weekend has begun, only a look at AWS does: `survey`.
 */
export function newestOn({ runs, exceptions = [], pause }: OnRecord): Instant {
  const stamps = runs.flatMap((run) => [run.startedAt, run.endedAt, run.backstop?.since, ...run.extensions]);
  const given = exceptions.map(({ at }) => at);
  const known = [...stamps, ...given, pause?.from, pause?.resumedAt];
  return known.reduce<Instant>((newest, stamp = 0) => Math.max(newest, stamp), 0);
}

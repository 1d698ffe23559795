import { hasDeadlines } from '../deadline.ts';
import type { Policy } from '../policy.ts';
import type { Run } from '../run.ts';
import { describeInstant, type Instant } from '../time.ts';
import { count, type Finding, ok, warning } from './finding.ts';

const CHECK = 'backstop';

/** What the backstop would find where it cannot be asked: undefined where there is something to ask. */
export function backstopBeforehand(policy: Policy, group: string | undefined): Finding | undefined {
  if (!hasDeadlines(policy)) return ok(CHECK, 'the policy has no deadline that it would enforce');
  if (group !== undefined) return undefined;
  const says =
    'the policy has deadlines, and none is deployed (CURFEW_BACKSTOP_GROUP is not set): should all functions die, everything runs on';
  return warning(CHECK, says, 'npm ci && npm run package && npx serverless deploy');
}

/**
 * What stands is what is on record, and the other way round.
 * @param names all schedules of the group
 */
export function checkBackstop(names: string[], runs: Run[], timezone: string, now: Instant): Finding {
  const armed = runs.flatMap(({ backstop, endedAt }) =>
    backstop ? [{ ...backstop, isOver: endedAt !== undefined }] : [],
  );
  const standing = new Set(names);
  const known = new Set(armed.map(({ name }) => name));
  const strays = names.filter((name) => !known.has(name)).length;
  const lost = armed.filter(
    ({ name, isSet, at, isOver }) => isSet && !isOver && at > now && !standing.has(name),
  ).length;
  const inVain = armed.filter(({ isSet, at, isOver }) => isSet && !isOver && at <= now).length;
  const faults = [
    ...(strays > 0 ? [`${count(strays, 'schedule')} without a run on record`] : []),
    ...(lost > 0 ? [`${count(lost, 'run')} whose schedule is gone`] : []),
    ...(inVain > 0 ? [`${count(inVain, 'schedule')} that came due, of an app that is not known to be stopped`] : []),
  ];
  const next = Math.min(...armed.filter(({ isOver }) => !isOver).map(({ at }) => at));
  const soonest = Number.isFinite(next)
    ? `; the next is due ${describeInstant(next, timezone, now)}, should no scan come`
    : '';
  const says = `${count(standing.size - strays, 'run')} with a schedule outside${soonest}`;
  if (faults.length === 0) return ok(CHECK, says);
  const mend = 'the next scans and the daily `spend` set it right; if they do not: aws logs tail, `scan` and `spend`';
  return warning(CHECK, `${says}; ${faults.join('; ')}`, mend);
}

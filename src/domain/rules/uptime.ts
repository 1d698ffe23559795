import type { Limit } from '../policy.ts';
import type { RunningApp } from '../running-app.ts';
import type { Instant } from '../time.ts';
import { describeDuration } from '../time.ts';
import type { Verdict } from '../verdict.ts';

/** An app may be up for `max-uptime`, counted from its run's start, whether or not it is used. */
export function uptime(app: RunningApp, limit: Limit, now: Instant): Verdict {
  const rule = `${limit.name}: max-uptime`;
  if (limit.maxUptime === undefined) return { rule, says: 'nothing', reason: 'no max-uptime' };
  const due = app.startedAt + limit.maxUptime;
  const reason = `up ${describeDuration(now - app.startedAt)}, limit ${describeDuration(limit.maxUptime)}`;
  return { rule, says: now >= due ? 'over' : 'within', due, reason };
}

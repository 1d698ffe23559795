import { boundsOf, type Decision, governingLimit } from './decide.ts';
import type { Match } from './match.ts';
import type { Policy } from './policy.ts';
import { exemption } from './rules/exemption.ts';
import type { RunningApp } from './running-app.ts';
import { DAY, type Instant, localTime, MINUTE } from './time.ts';

/** What will happen next; of a warning that is to come, the limit that asks for it, which need not be the one that governs now. */
export type Coming = NonNullable<Decision['next']> & { limit?: string };

/**
 * The next thing that will happen to the app under the policy's mode, if nothing changes but the clock: windows of the
 * week open and close, and another limit may govern then. Undefined when nothing will happen within a week.
 */
export function comingNext(
  { app, action, warnedAt, next, isAtOnce }: Decision,
  policy: Policy,
  now: Instant,
): Coming | undefined {
  if (policy.mode === 'observe') return undefined;
  if (action === 'keep') {
    return nextWarning(app, policy, now);
  }
  if (isAtOnce) return policy.mode === 'enforce' ? { action: 'stop', at: now } : undefined;
  // Over its limit, and its warning is still to be given: the next scan gives it, which is as good as now.
  if (warnedAt === undefined) return { action: 'warn', at: now };
  if (policy.mode === 'warn') return undefined;
  return action === 'stop' ? { action, at: now } : next;
}

/** When the first bound will be reached that governs at that moment. */
function nextWarning(app: RunningApp, policy: Policy, now: Instant): Coming | undefined {
  let from = now;
  const matches = [...policy.limits.map(({ match }) => match), ...policy.exempt];
  for (const to of [...windowEdges(matches, policy.timezone, now), Number.POSITIVE_INFINITY]) {
    const local = localTime(from, policy.timezone);
    const limit = governingLimit(app, policy, local);
    if (limit && exemption(app, policy, local).says !== 'keep') {
      const dues = boundsOf(app, limit, policy, now).flatMap(({ due }) => (due === undefined ? [] : [due]));
      const at = Math.max(from, Math.min(...dues));
      if (at < to) return { action: 'warn', at, limit: limit.name };
    }
    from = to;
  }
  return undefined;
}

/** When the windows of some matches open or close within a week, or so many days, in order. */
export function windowEdges(matches: Match[], timezone: string, now: Instant, days = 7): Instant[] {
  const windows = matches.flatMap(({ during }) => during ?? []);
  const clocks = new Set(windows.flatMap(({ from, to }) => [from, to]));
  const { minutes: today } = localTime(now, timezone);
  const edges: Instant[] = [];
  for (const clock of clocks) {
    for (let day = 0; day <= days; day++) {
      const guess = now - (now % MINUTE) + day * DAY + (clock - today) * MINUTE;
      // Where the clock on the wall has jumped in between, the guess shows another time: by as much it is moved.
      const shown = localTime(guess, timezone).minutes;
      const off = ((clock - shown + 36 * 60) % (24 * 60)) - 12 * 60;
      const edge = guess + off * MINUTE;
      if (edge > now) edges.push(edge);
    }
  }
  return edges.sort((a, b) => a - b);
}

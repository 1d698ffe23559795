/** Calendar periods by the clock on the wall of a zone: the judge's own, by asking Intl what the wall shows. */

const walls = new Map<string, Intl.DateTimeFormat>();

/** What the wall shows, as if it were in UTC. */
function shownAt(at: number, timeZone: string): number {
  let wall = walls.get(timeZone);
  if (!wall) {
    const two = '2-digit' as const;
    const parts = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
    wall = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...parts });
    walls.set(timeZone, wall);
  }
  const [, day, month, year, time] = /^(\d\d)\/(\d\d)\/(\d{4}), (.*)$/.exec(wall.format(at)) ?? [];
  return Date.parse(`${year}-${month}-${day}T${time}Z`);
}

/** The first moment at which the wall shows this day, or a later time where its midnight is jumped over. */
function firstOfDay(day: number, timeZone: string): number {
  let [low, high] = [day - 86_400_000, day + 86_400_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shownAt(middle, timeZone) >= day) high = middle;
    else low = middle;
  }
  return high;
}

const known = new Map<string, { from: number; to: number }>();

/** The month, or the week from Monday on, that a moment lies in. */
export function periodAt(kind: 'month' | 'week', now: number, timeZone: string): { from: number; to: number } {
  const today = new Date(Math.floor(shownAt(now, timeZone) / 86_400_000) * 86_400_000);
  const key = `${kind} ${today.getTime()} ${timeZone}`;
  const before = known.get(key);
  if (before) return before;
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
  const monday = day - ((today.getUTCDay() + 6) % 7);
  const [first, next] =
    kind === 'month'
      ? [Date.UTC(year, month), Date.UTC(year, month + 1)]
      : [Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7)];
  const period = { from: firstOfDay(first, timeZone), to: firstOfDay(next, timeZone) };
  known.set(key, period);
  return period;
}

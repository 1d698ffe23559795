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
  const key = `${day} ${timeZone}`;
  const before = days.get(key);
  if (before !== undefined) return before;
  let [low, high] = [day - 86_400_000, day + 86_400_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shownAt(middle, timeZone) >= day) high = middle;
    else low = middle;
  }
  days.set(key, high);
  return high;
}

const periods = new Map<string, { from: number; to: number }>();
const days = new Map<string, number>();

/** The month, or the week from Monday on, that a moment lies in. */
export function periodAt(kind: 'month' | 'week', now: number, timeZone: string): { from: number; to: number } {
  // No zone is ahead by other than whole quarters of an hour.
  const moment = `${kind} ${Math.floor(now / 900_000)} ${timeZone}`;
  const known = periods.get(moment);
  if (known) return known;
  const today = new Date(Math.floor(shownAt(now, timeZone) / 86_400_000) * 86_400_000);
  const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
  const monday = day - ((today.getUTCDay() + 6) % 7);
  const [first, next] =
    kind === 'month'
      ? [Date.UTC(year, month), Date.UTC(year, month + 1)]
      : [Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7)];
  const period = { from: firstOfDay(first, timeZone), to: firstOfDay(next, timeZone) };
  periods.set(moment, period);
  return period;
}

/** How long ago the clock on the wall last showed a time of the week; an hour more or less where it was set since. */
export function sinceDue(
  { weekday, minutes }: { weekday: number; minutes: number },
  now: number,
  timeZone: string,
): number {
  const wall = shownAt(now, timeZone);
  const days = new Date(wall).getUTCDay() - weekday;
  const since = days * 86_400_000 + (wall % 86_400_000) - minutes * 60_000;
  return (since + 7 * 86_400_000) % (7 * 86_400_000);
}

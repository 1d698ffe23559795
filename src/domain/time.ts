/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** A length of time in milliseconds. */
export type Duration = number;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNITS: Record<string, Duration> = { d: DAY, h: HOUR, m: MINUTE };

/** Reads `30m`, `4h`, `5d` or `1d12h`; undefined when the text is anything else, or is no time at all. */
export function parseDuration(text: string): Duration | undefined {
  const compact = text.replaceAll(' ', '');
  if (!/^(\d+d)?(\d+h)?(\d+m)?$/.test(compact)) return undefined;
  let total = 0;
  for (const [, count, unit] of compact.matchAll(/(\d+)([dhm])/g)) total += Number(count) * (UNITS[unit!] ?? 0);
  return total > 0 && Number.isSafeInteger(total) ? total : undefined;
}

/** A duration as people say it: `45 s`, `26 h 10 min`, `5 d 3 h`. Rounded down, so that nothing looks older than it is. */
export function describeDuration(duration: Duration): string {
  if (duration < MINUTE) return `${Math.max(0, Math.floor(duration / SECOND))} s`;
  const minutes = Math.floor(duration / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours * 60 === minutes ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** What the wall clock of a time zone shows at an instant. */
export interface LocalTime {
  /** `2026-11-23` */
  date: string;
  /** 0 is Sunday. */
  weekday: number;
  /** Minutes since local midnight by the clock on the wall, which jumps when daylight saving begins or ends. */
  minutes: number;
}

// A pass asks for the same moments as often as it has apps, and for those of the same days.
const MOST_KNOWN = 1024;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const zones = new Map<string, Zone>();

interface Zone {
  format: Intl.DateTimeFormat;
  /** How far its wall is ahead of UTC on a day of UTC; undefined on a day on which it is set. */
  days: Map<number, Duration | undefined>;
  shown: Map<Instant, LocalTime>;
}

/** What the clock on the wall shows in `timezone` (an IANA name). Throws RangeError for a zone that does not exist. */
export function localTime(instant: Instant, timezone: string): LocalTime {
  const zone = zones.get(timezone) ?? addZone(timezone);
  const known = zone.shown.get(instant);
  if (known) return known;
  const wall = new Date(instant + (offsetOn(Math.floor(instant / DAY), zone) ?? offsetAt(instant, zone)));
  const minutes = wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const local = { date: wall.toISOString().slice(0, 10), weekday: wall.getUTCDay(), minutes };
  if (zone.shown.size >= MOST_KNOWN) zone.shown.clear();
  zone.shown.set(instant, local);
  return local;
}

function addZone(timezone: string): Zone {
  const two = '2-digit' as const;
  const shown = { year: 'numeric', month: two, day: two, hour: two, minute: two, second: two } as const;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', ...shown });
  const zone = { format, days: new Map(), shown: new Map() };
  zones.set(timezone, zone);
  return zone;
}

function offsetOn(day: number, zone: Zone): Duration | undefined {
  if (zone.days.has(day)) return zone.days.get(day);
  const [first, last] = [offsetAt(day * DAY, zone), offsetAt((day + 1) * DAY, zone)];
  if (zone.days.size >= MOST_KNOWN) zone.days.clear();
  zone.days.set(day, first === last ? first : undefined);
  return zone.days.get(day);
}

function offsetAt(instant: Instant, { format }: Zone): Duration {
  const second = Math.floor(instant / SECOND) * SECOND;
  const part: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(second)) part[type] = value;
  return Date.parse(`${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`) - second;
}

/**
 * The first instant of a local day: its midnight, the first of two where the clock is set back over it, or the moment
 * at which the clock jumps over it.
 * @param date `2026-11-23`; of a day that a zone skipped altogether, the first instant after it; of what is no day, NaN
 */
export function startOfDay(date: string, timezone: string): Instant {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(midnight)) return Number.NaN;
  // No zone is further from UTC than 12 hours west or 14 hours east.
  let [before, after] = [midnight - 15 * HOUR, midnight + 13 * HOUR];
  const offset = (instant: Instant) => {
    const local = localTime(instant, timezone);
    return Date.parse(`${local.date}T00:00:00Z`) + local.minutes * MINUTE - instant;
  };
  const isMidnight = (instant: Instant) => {
    const local = localTime(instant, timezone);
    return local.date === date && local.minutes === 0;
  };
  const midnights = [midnight - offset(before), midnight - offset(after)].filter(isMidnight);
  if (midnights.length > 0) return Math.min(...midnights);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (localTime(middle, timezone).date < date) before = middle;
    else after = middle;
  }
  return after;
}

/** `14:05`, or `Tue 14:05` when that is another local day than `now`'s, or `2026-11-17 14:05` when it is a week or more away. */
export function describeInstant(instant: Instant, timezone: string, now: Instant): string {
  const then = localTime(instant, timezone);
  const clock = `${String(Math.floor(then.minutes / 60)).padStart(2, '0')}:${String(then.minutes % 60).padStart(2, '0')}`;
  if (then.date === localTime(now, timezone).date) return clock;
  if (Math.abs(instant - now) < 6 * DAY) return `${WEEKDAYS[then.weekday]} ${clock}`;
  return `${then.date} ${clock}`;
}

import type { Period } from './period.ts';
import { DAY, describeInstant, HOUR, type Instant, localTime, MINUTE, parseDuration, startOfDay } from './time.ts';

/** The kill switch, as it was last thrown: until its end nothing is stopped, and nobody is written to. */
export interface Pause {
  from: Instant;
  /** It ends by itself; without one, somebody has to resume. */
  until?: Instant;
  /** Who threw it: an ARN, or the name of a user of some machine. */
  by: string;
  why?: string;
  resumedAt?: Instant;
  /** The pauses before it: whatever stood of the backstop in one of them was taken down, and has not fired. */
  earlier?: Period[];
}

/** So many pauses are remembered. */
const MOST_EARLIER = 20;

/** The switch is thrown, perhaps while it is thrown already: that is a pause which ends where this one begins. */
export function pauseAfter(known: Pause | undefined, pause: Pause): Pause {
  if (!known) return pause;
  const before = { from: known.from, to: Math.min(pauseEnd(known), pause.from) };
  const earlier = [...(known.earlier ?? []), before].filter(({ from, to }) => from < to).slice(-MOST_EARLIER);
  return earlier.length === 0 ? pause : { ...pause, earlier };
}

/** Whether a schedule that was made at `since`, for `at`, was taken down in a pause. */
export function isTakenDown(pause: Pause, { since, at }: { since: Instant; at: Instant }): boolean {
  const all = [...(pause.earlier ?? []), { from: pause.from, to: pauseEnd(pause) }];
  return all.some(({ from, to }) => since < to && at >= from);
}

/** When a pause is over, or will be: Infinity until somebody resumes, where nothing else ends it. */
export function pauseEnd({ until, resumedAt }: Pick<Pause, 'until' | 'resumedAt'>): Instant {
  return Math.min(until ?? Number.POSITIVE_INFINITY, resumedAt ?? Number.POSITIVE_INFINITY);
}

/** Whether a pause holds. One on record holds whatever the clock that it was thrown by: only its end is a matter of time. */
export function isPaused(pause: Pause | undefined, now: Instant): pause is Pause {
  return pause !== undefined && now < pauseEnd(pause);
}

/** `paused until Tue 08:00`, or `paused until somebody resumes`: no names, so that logs may hold it. */
export function describePause(pause: Pause, timezone: string, now: Instant): string {
  const end = pauseEnd(pause);
  return Number.isFinite(end)
    ? `paused until ${describeInstant(end, timezone, now)}`
    : 'paused until somebody resumes (`curfew resume`)';
}

/** No pause that ends by itself is longer: a typo in a year must not be one for good. */
const LONGEST = 400 * DAY;

/**
 * Reads when a pause is to end: `4h`, a day (`2026-12-01`), a local time (`2026-12-01T08:00`), or one with its offset.
 * @returns undefined for what is none of these, or not between now and 400 days from now
 */
export function readUntil(text: string, timezone: string, now: Instant): Instant | undefined {
  const duration = parseDuration(text);
  const at = duration === undefined ? readTime(text, timezone) : now + duration;
  return at > now && at <= now + LONGEST ? at : undefined;
}

function readTime(text: string, timezone: string): Instant {
  const [, date, hour, minute, zone] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (date === undefined) return Number.NaN;
  // `2026-02-30` is no day, and JavaScript takes it for March.
  const day = new Date(Date.parse(`${date}T00:00:00Z`));
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return Number.NaN;
  if (hour === undefined) return startOfDay(date, timezone);
  if (zone !== undefined) return Date.parse(text.replace(' ', 'T'));
  if (Number(hour) > 23 || Number(minute) > 59) return Number.NaN;
  return atLocalTime(date, Number(hour) * 60 + Number(minute), timezone);
}

/** When the clock on the wall shows it: the first time where it is set back, and just after where it jumps over it. */
function atLocalTime(date: string, minutes: number, timezone: string): Instant {
  const guess = startOfDay(date, timezone) + minutes * MINUTE;
  const shown = localTime(guess, timezone);
  // Between midnight and then the clock may have been set: by as much the guess is off.
  const off =
    (shown.date === date ? shown.minutes : shown.minutes + (shown.date > date ? DAY : -DAY) / MINUTE) - minutes;
  const at = guess - off * MINUTE;
  const earlier = at - HOUR;
  const isTwice = off < 0 && localTime(earlier, timezone).minutes === minutes;
  return isTwice ? earlier : at;
}

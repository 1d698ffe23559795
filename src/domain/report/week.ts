import { type Period, periodOf } from '../period.ts';
import type { Policy } from '../policy.ts';
import { DAY, HOUR, type Instant, localTime, MINUTE, startOfDay } from '../time.ts';

/** A week as people name it, `2026-W47` (ISO 8601: from Monday on, and of the year that its Thursday lies in). */
export interface Week extends Period {
  name: string;
}

/** The week in which `now` lies, by the calendar of `timezone`. */
export function weekOf(now: Instant, timezone: string): Week {
  const period = periodOf('week', now, timezone);
  const thursday = Date.parse(localTime(period.from, timezone).date) + 3 * DAY;
  const year = new Date(thursday).getUTCFullYear();
  const number = 1 + Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY));
  return { name: `${year}-W${String(number).padStart(2, '0')}`, ...period };
}

/** The week of a name; undefined for what names none. */
export function weekNamed(name: string, timezone: string): Week | undefined {
  const [, year = '', number = ''] = /^(\d{4})-W(\d\d)$/.exec(name) ?? [];
  if (year === '') return undefined;
  // The fourth of January always lies in the first week.
  const inside = Date.UTC(Number(year), 0, 4) + (Number(number) - 1) * 7 * DAY;
  const week = weekOf(startOfDay(new Date(inside).toISOString().slice(0, 10), timezone) + 12 * HOUR, timezone);
  return week.name === name ? week : undefined;
}

/** The week that is so many weeks before another. */
export function weekBefore({ from }: Week, weeks: number, timezone: string): Week {
  const monday = Date.parse(localTime(from, timezone).date) - weeks * 7 * DAY;
  return weekOf(startOfDay(new Date(monday).toISOString().slice(0, 10), timezone) + 12 * HOUR, timezone);
}

/** The dates of a week's days, `2026-11-16` first. */
export function datesOf({ from }: Period, timezone: string): string[] {
  const monday = Date.parse(localTime(from, timezone).date);
  return Array.from({ length: 7 }, (_, i) => new Date(monday + i * DAY).toISOString().slice(0, 10));
}

/** A report that its hour has missed is made good for so long; what is older stays away. */
const MADE_GOOD: number = 2 * DAY;

/**
 * The week whose report is due: that before the one in which the policy's day and hour last came, by the clock on the wall.
 * @param done the name of the last week that was reported
 */
export function weekDue(
  { report, timezone }: Pick<Policy, 'report' | 'timezone'>,
  done: string | undefined,
  now: Instant,
): Week | undefined {
  if (!report.weekly) return undefined;
  const due = lastTime(report.weekly, now, timezone);
  if (now - due >= MADE_GOOD) return undefined;
  const week = weekBefore(weekOf(due, timezone), 1, timezone);
  return week.name === done ? undefined : week;
}

/** When a day and hour of the week last came, by the clock on the wall. */
function lastTime(
  { weekday, minutes }: NonNullable<Policy['report']['weekly']>,
  now: Instant,
  timezone: string,
): Instant {
  const local = localTime(now, timezone);
  const back = (local.weekday - weekday + 7) % 7;
  const isYetToCome = back === 0 && local.minutes < minutes;
  const date = new Date(Date.parse(local.date) - (back + (isYetToCome ? 7 : 0)) * DAY).toISOString().slice(0, 10);
  return timeOf(date, minutes, timezone);
}

/** When the clock on the wall shows a time of a day: where it is set over it, the first moment after. */
function timeOf(date: string, minutes: number, timezone: string): Instant {
  const midnight = startOfDay(date, timezone);
  for (const shift of [0, -HOUR, HOUR, -HOUR / 2, HOUR / 2]) {
    const at = midnight + minutes * MINUTE + shift;
    const shown = localTime(at, timezone);
    if (shown.date === date && shown.minutes === minutes) return at;
  }
  return midnight + minutes * MINUTE;
}

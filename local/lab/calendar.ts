import type { Instant } from '../../src/domain/time.ts';
import { DAY, HOUR, localTime, MINUTE } from '../../src/domain/time.ts';

/** The lab's zone: its clocks go back on Sunday, 1 November 2026. */
export const ZONE = 'America/New_York';

/** Monday 2026-10-26, as if in UTC. */
const FIRST_DAY = Date.UTC(2026, 9, 26);

/** When the clock on the lab's wall shows so many hours after midnight of its day `day` (0 is the first; 30 h is 6:00 of the next). */
export function wallTime(day: number, hours: number): Instant {
  const wall = FIRST_DAY + day * DAY + Math.round(hours * HOUR);
  let instant = wall;
  for (let i = 0; i < 2; i++) instant = wall - offsetAt(instant);
  return instant;
}

function offsetAt(instant: Instant): number {
  const { date, minutes } = localTime(instant, ZONE);
  return Date.parse(date) + minutes * MINUTE - Math.floor(instant / MINUTE) * MINUTE;
}

/** 0 is Sunday. The first day is a Monday. */
export function weekdayOf(day: number): number {
  return (((day + 1) % 7) + 7) % 7;
}

/** `Sunday, 1 November` */
export function dayHeading(instant: Instant): string {
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, weekday: 'long', day: 'numeric', month: 'long' });
  return day.format(instant);
}

/** `14:05`; where the clock shows an hour twice, `01:05 EST` tells the second. */
export function clockTime(instant: Instant): string {
  const { minutes } = localTime(instant, ZONE);
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return localTime(instant - HOUR, ZONE).minutes === minutes ? `${clock} EST` : clock;
}

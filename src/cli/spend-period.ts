import { ConfigError } from '../config.ts';
import { type Period, periodOf } from '../domain/period.ts';
import { weekNamed } from '../domain/report/week.ts';
import { type Instant, localTime } from '../domain/time.ts';

/** `month`, `week`, `total`, `2026-11`, `2026-W47` or `2026-09-01..2026-12-20`. Throws ConfigError. */
export function periodFrom(text: string, now: Instant, timezone: string): Period {
  if (text === 'month' || text === 'week' || text === 'total') return periodOf(text, now, timezone);
  const refused = (why: string) => new ConfigError(`--period ${text}: ${why}`);
  const [, year] = /^(\d{4})-W\d\d$/.exec(text) ?? [];
  if (year !== undefined) {
    const week = weekNamed(text, timezone);
    if (week) return week;
    const last = weekNamed(`${year}-W53`, timezone) ? 53 : 52;
    throw refused(`there is no such week; those of ${year} are ${year}-W01 to ${year}-W${last}`);
  }
  const [, month] = /^(\d{4}-\d\d)$/.exec(text) ?? [];
  if (month !== undefined) {
    if (isDate(`${month}-01`)) return periodOf('month', Date.parse(`${month}-15T12:00:00Z`), timezone);
    throw refused('there is no such month; they are 01 to 12');
  }
  const [, from = '', to = ''] = /^(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)$/.exec(text) ?? [];
  if (from === '') throw refused('not month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20');
  for (const date of [from, to]) if (!isDate(date)) throw refused(`there is no day ${date}`);
  if (from > to) throw refused(`it ends (${to}) before it begins (${from})`);
  return periodOf({ from, to }, now, timezone);
}

function isDate(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date) ?? false;
}

/** `total`, or `2026-11-01 to 2026-11-30`, by its first and last day. */
export function describePeriod({ from, to }: Period, timezone: string): string {
  const day = (at: Instant) => localTime(at, timezone).date;
  return Number.isFinite(to) ? `${day(from)} to ${day(to - 1)}` : 'total';
}

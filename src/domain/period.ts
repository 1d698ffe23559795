import { DAY, type Instant, localTime, startOfDay } from './time.ts';

/** A stretch of time: from `from` on, and before `to`. */
export interface Period {
  from: Instant;
  to: Instant;
}

/** What a budget or a report covers: a calendar month, a week from Monday on, a term with its first and last day, or all time. */
export type PeriodKind = 'month' | 'week' | 'total' | { from: string; to: string };

/** The period of a kind that `now` lies in, by the calendar of `timezone`; of a term, the term, whenever `now` is. */
export function periodOf(kind: PeriodKind, now: Instant, timezone: string): Period {
  const { date, weekday } = localTime(now, timezone);
  const days = (first: string, last: string): Period => ({
    from: startOfDay(first, timezone),
    to: startOfDay(dayAfter(last, 1), timezone),
  });
  if (kind === 'total') return { from: 0, to: Number.POSITIVE_INFINITY };
  if (kind === 'week') {
    const monday = dayAfter(date, -((weekday + 6) % 7));
    return days(monday, dayAfter(monday, 6));
  }
  if (kind === 'month') {
    const next = dayAfter(`${date.slice(0, 8)}01`, 31).slice(0, 8);
    return days(`${date.slice(0, 8)}01`, dayAfter(`${next}01`, -1));
  }
  return days(kind.from, kind.to);
}

/** The date so many days later, by the calendar alone. */
function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** How much of [from, to) lies in the period. */
export function overlap(from: Instant, to: Instant, period: Period): number {
  return Math.max(0, Math.min(to, period.to) - Math.max(from, period.from));
}

/** The calendar months (UTC, as AWS bills) that a stretch of time touches, each with its own beginning and end. */
export function billingMonths(from: Instant, to: Instant): Period[] {
  const months: Period[] = [];
  for (let at = from; at < to; ) {
    const first = new Date(at);
    const start = Date.UTC(first.getUTCFullYear(), first.getUTCMonth());
    const end = Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1);
    months.push({ from: start, to: end });
    at = end;
  }
  return months;
}

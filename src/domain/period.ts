import { DAY, type Instant, type LocalTime, localTime, startOfDay } from './time.ts';

/** A stretch of time: from `from` on, and before `to`. */
export interface Period {
  from: Instant;
  to: Instant;
}

/** What a budget or a report covers: a calendar month, a week from Monday on, a term with its first and last day, or all time. */
export type PeriodKind = 'month' | 'week' | 'total' | { from: string; to: string };

// Of each app, budget and period to come it is asked anew, and in a day the answer is one.
const answers = new Map<string, Period>();
const MOST_ANSWERS = 256;

/** The period of a kind that `now` lies in, by the calendar of `timezone`; of a term, the term, whenever `now` is. */
export function periodOf(kind: PeriodKind, now: Instant, timezone: string): Period {
  const local = localTime(now, timezone);
  const question = `${typeof kind === 'string' ? kind : `${kind.from} ${kind.to}`} ${local.date} ${timezone}`;
  const answered = answers.get(question);
  if (answered) return answered;
  if (answers.size >= MOST_ANSWERS) answers.clear();
  const period = Object.freeze(periodOn(kind, local, timezone));
  answers.set(question, period);
  return period;
}

function periodOn(kind: PeriodKind, { date, weekday }: LocalTime, timezone: string): Period {
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

/**
 * The pieces of a stretch of time that lie in one day of AWS's bill (UTC) and in one day of the policy's zone: days of the
 * bill add up of them, and so does every period.
 */
export function slicesOf({ from, to }: Period, timezone: string): Period[] {
  const edges = new Set<Instant>([from, to]);
  for (let day = Math.floor(from / DAY) * DAY; day < to; day += DAY) {
    edges.add(day);
    // A day of the bill meets two local days, or three where a clock is changed.
    for (const moment of [day, day + DAY / 2, day + DAY])
      edges.add(startOfDay(localTime(moment, timezone).date, timezone));
  }
  const inside = [...edges].filter((edge) => edge >= from && edge <= to).sort((a, b) => a - b);
  return inside.slice(1).map((edge, i) => ({ from: inside[i]!, to: edge }));
}

/** The date of a day of AWS's bill. */
export function dateOf(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** A day of AWS's bill: from midnight to midnight in UTC. */
export function billingDay(date: string): Period {
  const from = Date.parse(`${date}T00:00:00Z`);
  return { from, to: from + DAY };
}

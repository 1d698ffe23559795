import { type Input, invalid } from './answers.ts';

/** Days by UTC, `2026-11-23`; `to` is not in it. */
export interface Dates {
  from: string;
  to: string;
}

/** The day of an instant. */
export function dateOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return dateOf(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000);
}

export function addMonths(date: string, months: number): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return dateOf(Date.UTC(year, month - 1 + months, day));
}

export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;
}

/** Checks a DateInterval. */
export function checkPeriod(period: Input): Dates {
  const { Start: from, End: to } = period ?? {};
  for (const date of [from, to]) {
    const isDay = typeof date === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(date);
    if (!isDay || Number.isNaN(Date.parse(`${date}T00:00:00Z`))) throw invalid(`Invalid date: ${date}.`);
  }
  if (from >= to) throw invalid('Start date (and hour) should be before end date (and hour)');
  return { from, to };
}

/** Checks a DateInterval of the past: thirteen months back (AWS's message speaks of 14), and no further than this month's end. */
export function checkHistory(period: Input, now: number): Dates {
  const dates = checkPeriod(period);
  const today = dateOf(now);
  const thisMonth = `${today.slice(0, 8)}01`;
  if (dates.from > today) throw invalid('start date is in the future');
  if (dates.to > addMonths(thisMonth, 1)) throw invalid('end date past the beginning of next month');
  if (dates.from < addMonths(thisMonth, -13)) throw invalid('Data beyond the past 14 months is not available.');
  return dates;
}

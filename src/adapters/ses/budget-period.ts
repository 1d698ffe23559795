import type { BudgetFacts } from '../../domain/notice.ts';
import { periodOf } from '../../domain/period.ts';
import { type Instant, localTime } from '../../domain/time.ts';
import { dayOf } from './wording.ts';

const MONTH = new Intl.DateTimeFormat('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** How mail speaks of a budget's period. */
interface PeriodWords {
  /** `this month`, `from 1 Sep to 20 Dec`, `in all`: when something was spent. */
  when: string;
  /** `end the month at $1,130 of $1,000`: what is expected. */
  end: (sum: string) => string;
  /** `by the end of the month`: until when a forecast reaches. */
  by: string;
  /** `the month ends on Mon 30 Nov`; empty where it does not, or has ended already. */
  ends: string;
  /** `November 2026, until Mon 30 Nov`. */
  row: string;
}

/** Puts a period into words: a calendar month and a week by their names, any other by its first and last day. */
export function describePeriod({ from, to }: BudgetFacts['period'], at: Instant, zone: string): PeriodWords {
  if (to === undefined)
    return {
      when: 'in all',
      end: (sum) => `reach ${sum}`,
      by: 'in the end',
      ends: '',
      row: 'all time',
    };
  const isNow = from <= at && at < to;
  const [first, last] = [from, to - 1].map((moment) => localTime(moment, zone).date) as [string, string];
  const year = (date: string) =>
    date.slice(0, 4) === localTime(at, zone).date.slice(0, 4) ? '' : ` ${date.slice(0, 4)}`;
  const day = (date: string) => `${dayOf(date)}${year(date)}`;
  const short = (date: string) => day(date).slice(4);
  const is = (kind: 'month' | 'week') => {
    const period = periodOf(kind, from, zone);
    return period.from === from && period.to === to;
  };
  const named = (kind: 'month' | 'week') => ({
    end: (sum: string) => `end the ${kind} at ${sum}`,
    by: `by the end of the ${kind}`,
    ends: isNow ? `the ${kind} ends on ${day(last)}` : '',
  });
  if (is('month')) {
    const month = MONTH.format(new Date(first));
    const when = isNow ? 'this month' : `in ${month}`;
    return { ...named('month'), when, row: `${month}, until ${day(last)}` };
  }
  const row = `${day(first)} to ${day(last)}`;
  if (is('week')) {
    const when = isNow ? `this week (from ${day(first)})` : `in the week from ${day(first)}`;
    return { ...named('week'), when, row };
  }
  return {
    when: `from ${short(first)} to ${short(last)}`,
    end: (sum) => `reach ${sum} by ${short(last)}`,
    by: `by ${day(last)}`,
    ends: isNow ? `the period ends on ${day(last)}` : '',
    row,
  };
}

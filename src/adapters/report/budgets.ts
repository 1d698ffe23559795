import type { BudgetRow, ReportFacts } from '../../domain/report/facts.ts';
import { describeUnpriced } from '../../domain/spending.ts';
import { HOUR, type Instant, localTime } from '../../domain/time.ts';
import { isolate, tidy } from '../ses/wording.ts';
import type { Format } from './format.ts';

/** A budget as a bar, `bar` percent of it full, with words. */
export interface BudgetView {
  name: string;
  about: string;
  bar: number;
  rest: number;
  colour: string;
  background: string;
}

/**
 * Where a budget stood at the end of the week, or stands now where that is not over: with what was granted, and whether it
 * was lifted. Of a sum that lacks what has no price, it says what that is, and that it is the least.
 */
export function budgetView(row: BudgetRow, facts: ReportFacts, say: Format, timezone: string): BudgetView {
  const { budget, whose, spent, limit, granted = 0, lifted, unpriced = {}, forecast, period } = row;
  const day = (until: Instant) => say.day(localTime(until - HOUR, timezone).date);
  const share = Math.max(0, spent / limit);
  // Rounded down, as everywhere: 99.6 % is not all of it.
  const percent = Math.floor((Math.max(0, spent) * 100) / limit);
  const bar = Math.min(100, Math.round(share * 100));
  const left = limit - spent;
  const lacking = isolate(tidy(describeUnpriced(unpriced)));
  const [least, most] = lacking === '' ? ['', ''] : ['at least ', 'at most '];
  const parts = [spent === 0 && lacking ? '' : say.money(spent), lacking && `${lacking} without a price`];
  const ratio = spent === 0 && lacking ? '' : ` (${least}${say.percent(percent / 100)})`;
  const { when, until } = timeOf(row, facts, day);
  const about = [
    `${parts.filter(Boolean).join(', and ')}${lacking && ','} of ${say.money(limit)}${ratio} ${when}`,
    granted > 0 ? `${say.money(granted)} of the limit granted by an admin` : '',
    `${left > 0 ? `${most}${say.money(left)} left` : 'nothing left'}${until}`,
    forecast === undefined || period.to === undefined ? '' : `expected by then: ${least}${say.money(forecast)}`,
    lifted ? `lifted ${lifted.until === undefined ? 'for good' : `until ${day(lifted.until)}`}: it stops nothing` : '',
  ];
  return {
    name: facts.scope === 'owner' ? isolate(budget) : `${isolate(budget)}: ${isolate(whose)}`,
    about: about.filter(Boolean).join('; '),
    ...{ bar, rest: 100 - bar },
    colour: share >= 1 ? 'over' : 'spent',
    background: share >= 1 ? '#c62f3b' : '#4f46b8',
  };
}

/** By when so much was spent, and until when the rest has to last: nothing of a period that was over then. */
function timeOf({ period }: BudgetRow, { at, period: week }: ReportFacts, day: (until: Instant) => string) {
  const asOf = Math.min(at, week.to);
  const until = period.to === undefined ? '' : ` until ${day(period.to)}`;
  if (period.to !== undefined && period.to <= asOf)
    return {
      when: period.from === week.from && period.to === week.to ? 'that week' : `by ${day(period.to)}`,
      until: '',
    };
  return { when: asOf < week.to ? 'so far' : "by the week's end", until };
}

import type { MailUrls } from '../../application/ports.ts';
import { correctionOf } from '../../domain/ledger.ts';
import type { ReportFacts } from '../../domain/report/facts.ts';
import { sentenceOf } from '../../domain/report/sentence.ts';
import { unpricedIn } from '../../domain/report/spent.ts';
import { centsThatAddUp } from '../../domain/share-out.ts';
import { describeDuration, HOUR, type Instant, localTime } from '../../domain/time.ts';
import { isolate } from '../ses/wording.ts';
import { type BudgetView, budgetView } from './budgets.ts';
import { type Format, formatFor } from './format.ts';
import type { List } from './list.ts';
import { listsOf } from './lists.ts';

/** A report in words and figures, for mail and page alike. What is absent is ''. */
export interface ReportView {
  title: string;
  /** The main thing, in one sentence. */
  lead: string;
  span: string;
  numbers: { value: string; label: string }[];
  days: { day: string; amount: string; bar: number; rest: number }[];
  hours: string;
  budgets: BudgetView[];
  moreBudgets: string;
  lists: List[];
  notes: string[];
  isEmpty: boolean;
}

/** `most`: so many rows a list has at the most. */
export function reportView(facts: ReportFacts, timezone: string, urls: MailUrls, most: number): ReportView {
  const say = formatFor(facts.locale, timezone);
  // A bar and its words are high: a mail has fewer of them.
  const shown = Math.min(most, most > 50 ? most : 6);
  const dates = facts.days.map(({ date }) => date);
  const span = `${say.day(dates[0]!)} – ${say.date(dates.at(-1)!)}`;
  const whose = isolate(facts.whose);
  const budgets = facts.budgets.map((one) => ({ ...one, budget: isolate(one.budget), whose: isolate(one.whose) }));
  const spent = say.sum({ amount: facts.spent, unpriced: unpricedIn(facts.unpriced) });
  const title = {
    owner: `Your week in Studio: ${spent}`,
    team: `Team ${whose}, the week in Studio: ${spent}`,
    admin: `Studio, the week's cost: ${spent}`,
  }[facts.scope];
  return {
    title,
    lead: sentenceOf({ ...facts, whose, budgets }, { ...say, day: (at) => say.day(localTime(at, timezone).date) }),
    span: `Week ${facts.week.slice(6)}, ${span}`,
    numbers: numbersOf(facts, say),
    days: daysOf(facts, say, timezone),
    hours: hoursOf(facts, say),
    budgets: facts.budgets.slice(0, shown).map((budget) => budgetView(budget, facts, say, timezone)),
    moreBudgets: more(Math.max(0, facts.budgets.length - shown) + facts.moreBudgets, say),
    lists: listsOf(facts, say, urls, most),
    notes: notesOf(facts, say, timezone),
    isEmpty: facts.rows.length === 0,
  };
}

export function more(count: number, say: Format): string {
  return count > 0 ? `and ${say.number(count)} more` : '';
}

function numbersOf(facts: ReportFacts, say: Format): ReportView['numbers'] {
  const { spent, last, mean, total, saved, hourly, isHourlyLeast, unpriced } = facts;
  const running = { amount: hourly, ...(isHourlyLeast ? { unpriced: HOUR } : {}) };
  return [
    { value: say.sum({ amount: spent, unpriced: unpricedIn(unpriced) }, say.round(spent)), label: 'this week' },
    { value: last === undefined ? '–' : say.round(last), label: 'the week before' },
    ...(mean ? [{ value: say.round(mean.amount), label: `a week, mean of the ${mean.weeks} before` }] : []),
    ...(total ? [{ value: say.round(total.amount), label: `since ${say.date(total.since)}` }] : []),
    ...(saved.amount > 0
      ? [{ value: say.sum(saved, say.round(saved.amount)), label: 'saved by stops, by estimate' }]
      : []),
    ...(hourly > 0 || isHourlyLeast
      ? [{ value: say.sum(running, say.round(hourly)), label: 'an hour, by what runs now' }]
      : []),
  ].slice(0, 4);
}

/** A day that is still to come, or was before there was a record, has a dash: of a `$0.00` something is known. */
function daysOf({ days, at, source }: ReportFacts, say: Format, timezone: string): ReportView['days'] {
  const cents = centsThatAddUp(days.map(({ amount }) => amount));
  const most = Math.max(1, ...days.map(({ amount }) => amount));
  const dateOf = (instant: Instant) => localTime(instant, timezone).date;
  const first = source.recordedSince === undefined ? '' : dateOf(source.recordedSince);
  return days.map(({ date, amount, unpriced }, i) => {
    const bar = Math.max(amount > 0 ? 1 : 0, Math.round((Math.max(0, amount) / most) * 100));
    const isKnown = amount !== 0 || (date >= first && date <= dateOf(at));
    const shown = say.cents(cents[i]!, amount);
    const text = amount === 0 && unpriced ? 'no price' : isKnown ? shown : '–';
    return { day: say.day(date), amount: text, bar, rest: 100 - bar };
  });
}

function hoursOf({ hours }: ReportFacts, say: Format): string {
  const { up, used, idle, unknown, idleCost } = hours;
  if (up === 0) return '';
  const parts = [
    `${say.hours(used)} in use`,
    `${say.hours(idle)} idle${idleCost > 0 ? ` (${say.money(idleCost)})` : ''}`,
    ...(unknown > 0 ? [`${say.hours(unknown)} unknown, since no agent saw them`] : []),
  ];
  return `Instances were up for ${say.hours(up)}: ${parts.join(', ')}.`;
}

/** What the figures are, and what they are not. */
function notesOf(facts: ReportFacts, say: Format, timezone: string): string[] {
  const { source, billed, estimated, spent, unpriced, period, at } = facts;
  const { billedUntil, billedAt, drift, basis, foreign } = source;
  const read = billedAt === undefined ? '' : `, last read ${say.time(billedAt)}`;
  const until = (instant: Instant) => say.day(localTime(instant - HOUR, timezone).date);
  const rest = `${say.money(estimated)} is estimated at ${basis}`;
  const off = correctionOf(drift) - 1;
  const by =
    Math.abs(off) >= 0.0005 ? `, corrected by ${say.change(off)}, as AWS's bill made of earlier estimates` : '';
  const notes: string[] = [];
  if (source.recordedSince !== undefined)
    notes.push(`Curfew's record begins ${say.time(source.recordedSince)}: what ran before it is in no figure here.`);
  if (at < period.to) notes.push('The week is not over: these figures are of what it has been so far.');
  if (billedUntil === undefined)
    notes.push(
      spent === 0
        ? `AWS's bill of this week is not there yet${read}.`
        : `All of it is estimated, at ${basis}${by}: AWS's bill of this week is not there yet${read}.`,
    );
  else if (billedUntil >= period.to && estimated === 0) notes.push(`All of it is as AWS billed it${read}.`);
  else notes.push(`${say.money(billed)} is as AWS billed it, until ${until(billedUntil)}${read}. ${rest}${by}.`);
  for (const [what, duration] of Object.entries(unpriced).slice(0, 5))
    notes.push(`${describeDuration(duration)} of ${isolate(what)} ran without a known price: in no figure here.`);
  for (const { currency, amount } of foreign)
    notes.push(`AWS billed ${amount} ${currency} in the account besides: in no figure here, which are in USD.`);
  if (facts.rows.some(({ kind }) => kind === 'app'))
    notes.push(
      'AWS bills no single apps: what an instance type cost is shared out by the time that each app was up. Idle is only what an agent saw idle.',
    );
  if (facts.saved.duration > 0)
    notes.push('Saved is an estimate: from a stop until the app was started again, for a day at most, at its price.');
  notes.push(`As of ${say.time(at)}.`);
  return notes;
}

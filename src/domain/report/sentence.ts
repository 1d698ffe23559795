import type { MicroDollars } from '../money.ts';
import { describeUnpriced } from '../spending.ts';
import type { Instant } from '../time.ts';
import type { Idlest, ReportFacts } from './facts.ts';

/** How a sentence says amounts and days: words are the rule's, figures the reader's. */
export interface Say {
  money(amount: MicroDollars): string;
  /** `Sunday` of `2026-11-22`. */
  weekday(date: string): string;
  /** `Mon 16 Nov` */
  day(instant: Instant): string;
}

type Said = Pick<
  ReportFacts,
  'scope' | 'whose' | 'spent' | 'last' | 'unpriced' | 'idlest' | 'period' | 'at' | 'moreBudgets'
> & {
  hours: Pick<ReportFacts['hours'], 'idleCost'>;
  source: Pick<ReportFacts['source'], 'recordedSince'>;
  budgets: Pick<ReportFacts['budgets'][number], 'budget' | 'whose' | 'spent' | 'limit'>[];
};

/** All that was idle is worth a word from a dollar, and a tenth of what was spent. */
const LEAST_IDLE: MicroDollars = 1_000_000;
const LEAST_SHARE = 0.1;

/**
 * The main thing, in one sentence: what was spent, how that is against the week before, and the largest part of it that
 * nobody used, and budgets of which nothing is left. What has no price is never passed over, what is not known to be idle is
 * never called so, and neither a week that is not over nor one that is not on record whole is held against another.
 */
export function sentenceOf(said: Said, say: Say): string {
  const { scope, whose, spent, last, unpriced, period, at } = said;
  const { recordedSince } = said.source;
  const who = { owner: 'You', team: `Team ${whose}`, admin: 'The account' }[scope];
  const lacking = describeUnpriced(unpriced);
  if (recordedSince !== undefined && recordedSince >= Math.min(period.to, at) && spent === 0 && lacking === '')
    return 'Nothing is on record of this week.';
  const when = whenOf(recordedSince, at < period.to, say);
  const over = budgetsOf(said);
  if (spent === 0 && lacking !== '') return `${who} used ${lacking}${when}, which has no known price${over}.`;
  const isWhole = when === '';
  if (spent === 0)
    return `${who} spent nothing${when}${last && isWhole ? `, after ${say.money(last)} the week before` : ''}${over}.`;
  const compared = isWhole ? comparisonOf(spent, last, say) : '';
  const without = lacking !== '' ? `; ${lacking} ran without a known price, and is not in it` : '';
  return `${who} spent ${say.money(spent)}${when}${compared}${wasteOf(said, say)}${without}${over}.`;
}

function whenOf(recordedSince: Instant | undefined, isSoFar: boolean, say: Say): string {
  const from = recordedSince === undefined ? '' : ` since ${say.day(recordedSince)}, where the record begins`;
  return isSoFar ? ` this week so far${from && `,${from}`}` : from;
}

function comparisonOf(spent: MicroDollars, last: MicroDollars | undefined, say: Say): string {
  if (last === undefined || spent <= 0) return '';
  if (last <= 0) return ', and nothing the week before';
  const ratio = spent / last;
  const before = say.money(last);
  if (say.money(spent) === before || Math.abs(ratio - 1) < 0.05) return ', about as much as the week before';
  if (ratio >= 20) return `, after ${before} the week before`;
  if (ratio >= 1.9 && ratio <= 2.1) return `, twice the week before (${before})`;
  if (ratio >= 2.9 && Math.abs(ratio / Math.round(ratio) - 1) <= 0.05)
    return `, ${Math.round(ratio)} times the week before (${before})`;
  if (ratio >= 0.45 && ratio <= 0.55) return `, half of the week before (${before})`;
  const difference = say.money(Math.abs(spent - last));
  return `, ${difference} ${ratio > 1 ? 'more' : 'less'} than the week before`;
}

/** One instance's idleness where that is most of it, else all that was idle. */
function wasteOf({ idlest, hours, spent }: Said, say: Say): string {
  if (idlest)
    return `; ${say.money(idlest.amount)} of it was ${kindOf(idlest.what)} that nobody used${dayOf(idlest, say)}`;
  const { idleCost } = hours;
  const isMuch = idleCost >= LEAST_IDLE && idleCost >= spent * LEAST_SHARE;
  return isMuch ? `; ${say.money(idleCost)} of it was time that nobody used` : '';
}

/** Whose budget is spent: of the account's report, one that bounds each person is no news of the account. */
function budgetsOf({ scope, budgets, moreBudgets }: Said): string {
  const over = budgets.filter(({ spent, limit }) => spent >= limit);
  const [first] = over;
  if (!first) return '';
  // Those that are not told here have more left than the last that is.
  const atLeast = over.length === budgets.length && moreBudgets > 0 ? 'at least ' : '';
  const isOne = over.every(({ budget }) => budget === first.budget);
  const isOwn = scope !== 'admin' || first.whose === 'the account';
  if (over.length === 1 && atLeast === '')
    return isOwn
      ? `; the budget “${first.budget}” is spent`
      : `; ${first.whose} has spent all of the budget “${first.budget}”`;
  if (isOne && !isOwn) return `; for ${atLeast}${countOf(over)} the budget “${first.budget}” is spent`;
  return `; ${atLeast}${over.length} budgets are spent${isOwn && isOne ? '' : ofWhom(over, scope)}`;
}

/** `3 people`, `2 teams`: a profile's name has no space (CreateUserProfile), and others are told with what they are. */
function countOf(some: Said['budgets']): string {
  const isTeam = some[0]!.whose.startsWith('team ');
  return `${some.length} ${isTeam ? (some.length === 1 ? 'team' : 'teams') : some.length === 1 ? 'person' : 'people'}`;
}

/** The budgets by name, and for how many each is spent, where they are few. */
function ofWhom(over: Said['budgets'], scope: Said['scope']): string {
  const byName = [...Map.groupBy(over, ({ budget }) => budget)];
  if (scope !== 'admin' || byName.length > 3) return '';
  const named = byName.map(([budget, some]) => {
    const [{ whose }] = some as [Said['budgets'][number]];
    return `“${budget}”${whose === 'the account' ? '' : ` for ${some.length === 1 ? whose : countOf(some)}`}`;
  });
  return `: ${named.join(', ')}`;
}

function dayOf({ when }: Idlest, say: Say): string {
  if (when === undefined) return '';
  return when === 'weekend' ? ' at the weekend' : ` on ${say.weekday(when.date)}`;
}

/** Families of instances that carry GPUs (EC2 instance types: accelerated computing). */
function kindOf(what: string): string {
  if (/^ml\.(g|p)\d/.test(what)) return `GPU time (${what})`;
  return what === 'Canvas' ? 'Canvas time' : `time on an ${what}`;
}

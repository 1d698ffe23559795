import type { MicroDollars } from '../money.ts';
import { describeDuration } from '../time.ts';
import type { Idlest, ReportFacts } from './facts.ts';

/** How a sentence says amounts and days: words are the rule's, figures the reader's. */
export interface Say {
  money(amount: MicroDollars): string;
  /** `Sunday` of `2026-11-22`. */
  weekday(date: string): string;
}

type Said = Pick<ReportFacts, 'scope' | 'whose' | 'spent' | 'last' | 'unpriced' | 'idlest'>;

/**
 * The main thing, in one sentence: what was spent, how that is against the week before, and the largest part of it that
 * nobody used. What has no price is never passed over, and what is not known to be idle is never called so.
 */
export function sentenceOf({ scope, whose, spent, last, unpriced, idlest }: Said, say: Say): string {
  const who = { owner: 'You', team: `Team ${whose}`, admin: 'The account' }[scope];
  const lacking = Object.entries(unpriced)
    .sort(([, a], [, b]) => b - a)
    .map(([what, duration]) => `${describeDuration(duration)} of ${what}`);
  const most = lacking.slice(0, 2).join(' and ') + (lacking.length > 2 ? ' and more' : '');
  const without = lacking.length > 0 ? `; ${most} ran without a known price, and is not in it` : '';
  const compared = comparisonOf(spent, last, say);
  const waste = idlest ? `; ${wasteOf(idlest, say)}` : '';
  if (spent === 0 && lacking.length > 0) return `${who} used ${most}, which has no known price.`;
  if (spent === 0) return `${who} spent nothing${last ? `, after ${say.money(last)} the week before` : ''}.`;
  return `${who} spent ${say.money(spent)}${compared}${waste}${without}.`;
}

function comparisonOf(spent: MicroDollars, last: MicroDollars | undefined, say: Say): string {
  if (last === undefined || spent <= 0) return '';
  if (last <= 0) return ', and nothing the week before';
  const ratio = spent / last;
  const before = say.money(last);
  if (say.money(spent) === before || Math.abs(ratio - 1) < 0.05) return ', about as much as the week before';
  if (ratio >= 20) return `, after ${before} the week before`;
  if (ratio >= 1.9 && ratio <= 2.1) return `, twice the week before (${before})`;
  if (ratio >= 2.9) return `, ${Math.round(ratio)} times the week before (${before})`;
  if (ratio >= 0.45 && ratio <= 0.55) return `, half of the week before (${before})`;
  const difference = say.money(Math.abs(spent - last));
  return `, ${difference} ${ratio > 1 ? 'more' : 'less'} than the week before`;
}

function wasteOf({ amount, what, when }: Idlest, say: Say): string {
  const day = when === undefined ? '' : when === 'weekend' ? ' at the weekend' : ` on ${say.weekday(when.date)}`;
  return `${say.money(amount)} of it was ${kindOf(what)} that nobody used${day}`;
}

/** Families of instances that carry GPUs (EC2 instance types: accelerated computing). */
function kindOf(what: string): string {
  if (/^ml\.(g|p)\d/.test(what)) return `a GPU (${what})`;
  return what === 'Canvas' ? 'a Canvas session' : `an ${what}`;
}

import type { BudgetFacts } from '../../domain/notice.ts';
import { describeDuration, HOUR } from '../../domain/time.ts';
import { addressLinks } from './address-links.ts';
import { ADMIN } from './app-view.ts';
import { costsWords, hasNoPrice, hourlyOfApps, hourlyWords, row } from './budget-apps.ts';
import { budgetBar, COLORS } from './budget-bar.ts';
import { atLimitWords, budgetTodo } from './budget-limit.ts';
import { describePeriod } from './budget-period.ts';
import { clip, fullTime, isolate, listed, money, number, tidy } from './wording.ts';

/** So many running apps are shown. */
const MOST_APPS = 20;

/** So many instance types without a price are named. */
const MOST_UNPRICED = 8;

/** What the mail of a budget that reached thresholds says, with so many rows of running apps at most. */
export function budgetView(facts: BudgetFacts, zone: string, names: number, rowsAtMost: number) {
  const { at, running, more = 0, audience, owner } = facts;
  const all = running.length + more;
  const period = describePeriod(facts.period, at, zone);
  const isOwn = audience.role === 'owner' && owner !== undefined;
  const unpriced = Object.entries(facts.unpriced).map(
    ([what, time]) => `${isolate(tidy(what))} (${describeDuration(time)})`,
  );
  const hourly = hourlyWords(facts);
  const limit = atLimitWords(facts, period.ends, isOwn);
  const bar = budgetBar(facts);
  const rows = running.slice(0, Math.min(MOST_APPS, rowsAtMost));
  const costs = costsWords(facts, rows, zone);
  const heading = `Running now (${number(all)})`;
  const summary = headline(facts, clip(isolate(facts.whose), names), isOwn, period);
  return {
    summary,
    preview: `${limit.main}.`,
    lead: lead(facts, period.when),
    // Nothing known is nothing to draw.
    bar: isKnown(facts.spent, facts) ? bar : '',
    legend: legend(facts, period.by).filter(({ tone }) => bar.pieces.some((piece) => piece.tone === tone)),
    unpriced: listed(unpriced, MOST_UNPRICED),
    limit,
    todo: budgetTodo(facts, isOwn, hourly),
    admins: addressLinks(facts.admins),
    ask: audience.role === 'owner',
    figures: [
      { label: 'Spent', value: spentWords(facts) },
      { label: 'Billed', value: facts.billed === 0 ? 'nothing yet' : money(facts.billed) },
      { label: 'Estimated', value: estimatedWords(facts) },
      { label: 'Limit', value: money(facts.limit) },
      ...(facts.spent < facts.limit && isKnown(facts.spent, facts)
        ? [{ label: 'Left', value: `${most(facts)}${money(facts.limit - facts.spent)}` }]
        : []),
      ...(isKnown(facts.forecast, facts)
        ? [{ label: 'Expected', value: expectedWords(facts, facts.forecast, period.by) }]
        : []),
      ...(running.length === 0
        ? [{ label: 'Running now', value: 'nothing' }]
        : [{ label: 'An hour now', value: hourlyOfApps(facts, all, hourly) }]),
      ...timeLeft(facts, zone),
      { label: 'Budget', value: isolate(facts.budget) },
      ...(isOwn ? [] : [{ label: 'Whose', value: whose(facts) }]),
      { label: 'Period', value: period.row },
    ],
    heading,
    capitals: heading.toUpperCase(),
    rows: rows.map((app) => row(app, facts)),
    more: all > rows.length ? `and ${number(all - rows.length)} more` : '',
    costs,
    costHead: costs ? 'Whole run' : 'Cost so far',
    why: audience.role === 'admins' ? (audience.why ?? ADMIN) : reasonToWrite(isOwn),
  };
}

type Period = ReturnType<typeof describePeriod>;

/** The main thing, in one sentence: what is spent, or where only a forecast reached a threshold, what is expected. */
function headline(facts: BudgetFacts, whose: string, isOwn: boolean, { when, end }: Period): string {
  const { spent, limit, forecast, owner } = facts;
  // A profile's name is written as it is.
  const who = owner === undefined ? whose.charAt(0).toUpperCase() + whose.slice(1) : whose;
  const [has, is, of] = isOwn ? ['You have', 'You are', 'your '] : [`${who} has`, `${who} is`, ''];
  if (isForecastOnly(facts) && forecast !== undefined)
    return `${is} expected to ${end(`${about(forecast, limit)} of ${brief(limit)}`)}`;
  if (!isKnown(spent, facts))
    return `What ${isOwn ? 'you have' : `${whose} has`} spent ${when} is not known: it has no price`;
  if (spent < limit) return `${has} spent ${spentWords(facts)} of ${of}${money(limit)} ${when}`;
  const over = money(spent - limit);
  if (lacksPrices(facts)) return `${has} spent ${spentWords(facts)} ${when}, over the limit of ${money(limit)}`;
  if (over === '$0.00' || over === money(1)) return `${has} spent all of ${of}${money(limit)} ${when}`;
  return `${has} spent ${money(spent)} ${when}, ${over} over the limit of ${money(limit)}`;
}

/** What that is of the budget, and why the mail comes now. */
function lead(facts: BudgetFacts, when: string): string {
  const { spent, limit, forecast, budget, crossed } = facts;
  const name = `the budget "${isolate(budget)}"`;
  const sentences: string[] = [];
  if (isForecastOnly(facts) && forecast !== undefined) {
    sentences.push(`That would be ${percentOf(forecast, limit)} of ${name}.`);
    sentences.push(`So far, ${spentWords(facts)} is spent${limit > 0 ? `, ${percentOf(spent, limit)}` : ''}.`);
  } else if (!isKnown(spent, facts)) {
    sentences.push(`The limit of ${name} is ${money(limit)} ${when}.`);
  } else sentences.push(`That is ${limit > 0 ? `${percentOf(spent, limit)} of ${name}` : `beyond ${name}`}.`);
  const reached = (kind: 'spent' | 'forecast') => {
    const shares = crossed.filter((one) => one.kind === kind).map(({ share }) => `${Math.round(share * 100)} %`);
    return shares.length < 2 ? shares.join('') : `${shares.slice(0, -1).join(', ')} and ${shares.at(-1)}`;
  };
  const reasons = [
    reached('spent') && `the spend reached ${reached('spent')}`,
    reached('forecast') && `the forecast reached ${reached('forecast')}`,
  ].filter(Boolean);
  if (reasons.length > 0) sentences.push(`This mail comes because ${reasons.join(', and ')}.`);
  return sentences.join(' ');
}

/** What the bar's colors are, in words. */
function legend(facts: BudgetFacts, by: string): { color: string; tone: keyof typeof COLORS; words: string }[] {
  const { spent, limit, forecast } = facts;
  const share = (amount: number) => (limit > 0 ? `, ${percentOf(amount, limit)}` : '');
  const entry = (tone: keyof typeof COLORS, words: string) => ({ tone, color: COLORS[tone], words });
  return [
    entry('spent', `${spentWords(facts)} spent${share(spent)}`),
    ...(spent > limit ? [entry('over', `${least(facts)}${money(spent - limit)} of it over the limit`)] : []),
    ...(isKnown(forecast, facts) && forecast > spent
      ? [entry('expected', `${least(facts)}${about(forecast, limit)} expected ${by}${share(forecast)}`)]
      : []),
    ...(spent < limit ? [entry('left', `${most(facts)}${money(limit - spent)} left of ${money(limit)}`)] : []),
  ];
}

/** How long the rest would last if what runs now went on; undefined where nothing that runs or is left has a sum. */
function restOf({ spent, limit, hourly }: BudgetFacts): number | undefined {
  return hourly <= 0 || spent >= limit ? undefined : Math.floor(((limit - spent) / hourly) * HOUR);
}

/** Whether what runs now would spend the rest within the period, though less is expected: days have nights. */
function isAtOdds(facts: BudgetFacts): boolean {
  const { period, at, forecast, limit } = facts;
  const left = restOf(facts);
  const isSooner = left !== undefined && (period.to === undefined || at + left < period.to);
  return isSooner && isKnown(forecast, facts) && forecast < limit;
}

function expectedWords(facts: BudgetFacts, forecast: number, by: string): string {
  const rests = isAtOdds(facts) ? ', if days to come cost what the last days did' : '';
  return `${least(facts)}${about(forecast, facts.limit)} ${by}${rests}`;
}

/** How long the rest lasts if what runs now goes on. */
function timeLeft(facts: BudgetFacts, zone: string): { label: string; value: string }[] {
  const { hourly, period, at } = facts;
  const left = restOf(facts);
  if (left === undefined) return [];
  const isLonger = period.to !== undefined && at + left >= period.to;
  const rate = `at ${money(hourly)} an hour${facts.running.some((app) => hasNoPrice(app, facts.unpriced)) ? ' or more' : ''}`;
  const value = isLonger
    ? `longer than the period, ${rate}`
    : `${most(facts)}${describeDuration(left)} ${rate}${isAtOdds(facts) ? ', if all that runs now goes on' : ''}, until ${fullTime(at + left, at, zone)}`;
  return [{ label: 'The rest lasts', value }];
}

function whose({ whose, owner }: BudgetFacts): string {
  return owner === undefined ? isolate(whose) : `${isolate(whose)} in ${isolate(owner.slice(0, owner.indexOf('/')))}`;
}

function reasonToWrite(isOwn: boolean): string {
  return `You get this mail because ${isOwn ? 'the budget is yours' : 'your apps count in this budget'}.`;
}

function isForecastOnly({ crossed, spent, limit }: BudgetFacts): boolean {
  return spent < limit && crossed.length > 0 && crossed.every(({ kind }) => kind === 'forecast');
}

function lacksPrices({ unpriced }: BudgetFacts): boolean {
  return Object.keys(unpriced).length > 0;
}

/** What has no price is in no sum: one that lacks it is the least that was spent, and an empty one is unknown. */
function isKnown(sum: number | undefined, facts: BudgetFacts): sum is number {
  return sum !== undefined && (sum !== 0 || !lacksPrices(facts));
}

function least(facts: BudgetFacts): string {
  return lacksPrices(facts) ? 'at least ' : '';
}

function most(facts: BudgetFacts): string {
  return lacksPrices(facts) ? 'at most ' : '';
}

function spentWords(facts: BudgetFacts): string {
  return isKnown(facts.spent, facts) ? `${least(facts)}${money(facts.spent)}` : 'an unknown sum';
}

function estimatedWords(facts: BudgetFacts): string {
  const estimated = facts.spent - facts.billed;
  if (estimated === 0) return lacksPrices(facts) ? 'unknown' : 'nothing';
  return `${least(facts)}${money(estimated)} at ${facts.basis}`;
}

/** Rounded down: 100 % is reached, not nearly. */
function percentOf(amount: number, limit: number): string {
  return `${number(Math.floor((amount * 100) / limit))} %`;
}

/** A forecast in whole dollars, unless that moved it onto the limit or across it: it is no more exact than that. */
function about(forecast: number, limit: number): string {
  const whole = Math.round(forecast / 1_000_000) * 1_000_000;
  const isMoved = Math.sign(whole - limit) !== Math.sign(forecast - limit);
  return forecast < 10_000_000 || isMoved ? money(forecast) : brief(whole);
}

/** `$1,000` of $1,000.00. */
function brief(amount: number): string {
  return money(amount).replace(/\.00$/, '');
}

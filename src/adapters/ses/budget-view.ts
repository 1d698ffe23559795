import type { AppFacts, BudgetFacts } from '../../domain/notice.ts';
import { describeDuration, HOUR, type Instant, localTime } from '../../domain/time.ts';
import { clip, dayOf, fullTime, isolate, listed, money, number, shortTime, typeName } from './wording.ts';

/** Apps that the mail lists at most. */
const MOST_APPS = 30;

/** The mail of a budget that has passed thresholds, in words. `names`: names in the subject are cut to so many characters. */
export function budgetView(facts: BudgetFacts, owedAt: Instant, zone: string, names: number) {
  const { spent, billed, limit, forecast, hourly, running, at } = facts;
  const mine = facts.audience.role === 'owner';
  const whose = isolate(clip(facts.whose, names));
  const share = Math.floor((spent / limit) * 100);
  const isSpent = facts.crossed.some(({ kind }) => kind === 'spent');
  const isOver = spent >= limit;
  const left = limit - spent;
  const when = periodOf(facts, zone);
  const unpriced = Object.entries(facts.unpriced).map(([what, duration]) => `${describeDuration(duration)} of ${what}`);
  const of = `${money(spent)} of ${mine ? 'your ' : ''}${money(limit)}`;
  const expected = `${mine ? 'You are' : `${capital(whose)} is`} expected to spend ${money(forecast ?? 0)} of ${money(limit)} ${when}`;
  const title = isSpent ? `${mine ? 'You have' : `${capital(whose)} has`} spent ${of} ${when}` : expected;
  const estimate = spent - billed;
  const hours =
    hourly > 0 && left > 0
      ? ` At what runs now, ${money(hourly)} an hour, the rest lasts ${(left / hourly).toFixed(1)} h.`
      : '';
  const sentence = isOver
    ? `The budget "${isolate(facts.budget)}" is spent: ${share} % of ${money(limit)}.`
    : `That is ${share} % of the budget "${isolate(facts.budget)}": ${money(left)} are left.${hours}`;
  const apps = running.slice(0, MOST_APPS).map((app) => appRow(app, owedAt, zone));
  return {
    title,
    preview: sentence,
    sentence,
    unpriced: listed(unpriced, 6),
    bar: {
      spent: Math.min(100, share),
      left: Math.max(0, 100 - share),
      colour: isOver ? 'over' : 'spent',
      background: isOver ? '#c62f3b' : '#4f46b8',
      words: `${share} % spent${forecast === undefined ? '' : `, ${Math.floor((forecast / limit) * 100)} % expected by the end`}`,
    },
    consequence: consequenceOf(facts, isOver),
    todo: todoOf(facts, isOver, mine),
    rows: [
      { label: 'Budget', value: `${isolate(facts.budget)}, ${when}` },
      { label: 'Whose', value: mine ? '' : isolate(facts.whose) },
      { label: 'Limit', value: money(limit) },
      { label: 'Spent', value: money(spent) },
      { label: 'Billed by AWS', value: money(billed) },
      { label: 'Estimated since', value: `${money(estimate)}, at ${facts.basis}` },
      { label: 'Expected', value: forecast === undefined ? '' : `${money(forecast)} by the end of the period` },
      { label: 'Running now', value: hourly > 0 ? `${money(hourly)} an hour` : 'nothing that has a price' },
      { label: 'Without a price', value: listed(unpriced, 12) },
      { label: 'As of', value: fullTime(at, owedAt, zone) },
    ].filter(({ value }) => value !== ''),
    count: number(running.length),
    apps,
    more: running.length > apps.length ? `and ${number(running.length - apps.length)} more` : '',
    why:
      facts.audience.role === 'owner'
        ? 'You get this mail because the budget is yours.'
        : (facts.audience.why ?? ADMIN),
  };
}

const ADMIN = 'You get this mail because the policy names you as an admin.';

function capital(text: string): string {
  return /^(team|domain|the) /.test(text) ? `${text[0]!.toUpperCase()}${text.slice(1)}` : text;
}

/** `in November 2026`, `in the week from Mon 23 Nov`, `from Tue 1 Sep to Sun 20 Dec`, `in all`. */
function periodOf({ period: { from, to } }: BudgetFacts, zone: string): string {
  if (to === undefined) return 'in all';
  const [first, last] = [localTime(from, zone).date, localTime(to - HOUR, zone).date];
  const isMonth =
    first.endsWith('-01') && first.slice(0, 7) === last.slice(0, 7) && localTime(to, zone).date.endsWith('-01');
  if (isMonth)
    return `in ${new Date(`${first}T00:00:00Z`).toLocaleDateString('en-US', { month: 'long', year: 'numeric', timeZone: 'UTC' })}`;
  const days = Math.round((Date.parse(last) - Date.parse(first)) / (24 * HOUR)) + 1;
  return days === 7 ? `in the week from ${dayOf(first)}` : `from ${dayOf(first)} to ${dayOf(last)}`;
}

function consequenceOf({ atLimit, grace, running }: BudgetFacts, isOver: boolean): string {
  const soon = grace === undefined ? 'at once' : `${describeDuration(grace)} after a warning`;
  if (atLimit === 'warn') return 'Nothing is stopped for it: this budget only tells.';
  const what =
    running.length === 0
      ? 'Apps that run then are'
      : running.length === 1
        ? 'The app that runs is'
        : 'The apps that run are';
  const then =
    atLimit === 'block'
      ? ' Whatever is started afterwards is stopped too, until the period ends, more is granted, or an admin lifts it.'
      : ' What is started afterwards goes on.';
  const files = ' Files are kept: only apps are stopped.';
  return isOver
    ? `${what} stopped ${soon}.${then}${files}`
    : `Once the limit is spent, apps are stopped ${soon}.${then}${files}`;
}

function todoOf({ admins, atLimit, running }: BudgetFacts, isOver: boolean, mine: boolean): string[] {
  const who = listed(admins, 3);
  if (mine)
    return [
      ...(running.length > 0 && !isOver ? ['Save your work, and stop what you do not need.'] : []),
      ...(running.length > 0 && isOver && atLimit !== 'warn' ? ['Save your work now.'] : []),
      `If you need more, ask your Studio admins: ${who}. They can grant an amount, or lift the budget for a while.`,
    ];
  return [
    'Have a look at what runs, and stop what nobody needs.',
    ...(atLimit === 'warn' ? [] : ['To let it go on: curfew budget grant, or curfew budget lift.']),
  ];
}

function appRow(app: AppFacts, now: Instant, zone: string) {
  const about = [app.owner ?? '', typeName(app.appType), app.instanceType ?? ''];
  return {
    name: isolate(app.appName === 'default' ? (app.spaceName ?? app.userProfileName ?? app.appName) : app.appName),
    about: about.filter(Boolean).map(isolate).join(', '),
    since: shortTime(app.startedAt, now, zone),
    cost: app.cost === undefined ? '' : money(app.cost),
  };
}

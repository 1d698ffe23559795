import { isFree } from '../../domain/app.ts';
import type { AppFacts, BudgetFacts } from '../../domain/notice.ts';
import { describeDuration, localTime } from '../../domain/time.ts';
import { count, dayOf, isolate, money, number, typeName } from './wording.ts';

/** `$1.41 for 1 app; 4 more are free`: what is free is not what costs so much. */
export function hourlyOfApps({ free = 0 }: BudgetFacts, all: number, hourly: string): string {
  if (free === 0) return `${hourly} for ${count(all, 'app')}`;
  if (free >= all) return `nothing: ${count(all, 'app')} ${all === 1 ? 'is' : 'are'} free`;
  return `${hourly} for ${count(all - free, 'app')}; ${number(free)} more ${free === 1 ? 'is' : 'are'} free`;
}

/** What an hour of what runs now costs, as far as there are prices. */
export function hourlyWords({ hourly, running, unpriced }: BudgetFacts): string {
  if (!running.some((app) => hasNoPrice(app, unpriced))) return money(hourly);
  return hourly === 0 ? 'unknown' : `at least ${money(hourly)}`;
}

/** What apps cost is told of their whole runs: of some of it the budget may know nothing. */
export function costsWords({ period }: BudgetFacts, rows: AppFacts[], zone: string): string {
  const priced = rows.filter(({ cost }) => cost !== undefined);
  if (priced.length === 0) return '';
  const bases = [...new Set(priced.map(({ basis = 'list price' }) => basis))].join(' or ');
  const isOlder = priced.some(({ startedAt }) => startedAt < period.from);
  const before = isOlder ? `: what ran before ${dayOf(localTime(period.from, zone).date)} is not in this budget` : '';
  return `Each cost is of the app's whole run, at ${bases}${before}.`;
}

/** An app that runs, as a row. */
export function row(app: BudgetFacts['running'][number], { at, owner, unpriced }: BudgetFacts) {
  const name = app.spaceName !== undefined && app.appName === 'default' ? app.spaceName : app.appName;
  const about = [
    owner === undefined ? (app.owner ?? '') : '',
    typeName(app.appType),
    app.instanceType ?? '',
    app.isExempt ? 'exempt, goes on' : '',
  ];
  return {
    name: isolate(name),
    about: about.filter(Boolean).map(isolate).join(', '),
    up: `up ${describeDuration(at - app.startedAt)}`,
    cost: costOf(app, unpriced),
  };
}

function costOf(app: AppFacts, unpriced: BudgetFacts['unpriced']): string {
  if (app.cost !== undefined) return money(app.cost);
  return hasNoPrice(app, unpriced) ? 'no price' : isFree(app) ? 'free' : '';
}

/** Whether what an app is charged as has no price. */
export function hasNoPrice({ cost, instanceType }: AppFacts, unpriced: BudgetFacts['unpriced']): boolean {
  return cost === undefined && instanceType !== undefined && Object.hasOwn(unpriced, instanceType);
}

import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { type Survey, survey } from '../application/survey.ts';
import { ConfigError } from '../config.ts';
import { DOMAIN_ID } from '../domain/app.ts';
import { type Exception, overSince, type Standing, type Subject, subjectKey, subjectOf } from '../domain/budget.ts';
import { describeMoney, readMoney } from '../domain/money.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { type Period, periodOf } from '../domain/period.ts';
import type { Budget, Policy } from '../domain/policy.ts';
import { describeSubject } from '../domain/rules/budget.ts';
import { describeInstant, type Instant, localTime, startOfDay } from '../domain/time.ts';
import { note, printJson, printTable, progress } from './print.ts';
import { tellFaults } from './scan.ts';
import { whoAmI } from './who.ts';
import { openWorld, type World, type WorldOptions } from './world.ts';

interface Opened extends World {
  seen: Survey;
  standings: Standing[];
  faults: string[];
}

async function open(options: WorldOptions, command: string): Promise<Opened> {
  const world = await openWorld(options, { tableFor: command });
  const { policy, place, now, ports, notes } = world;
  for (const text of notes) note(text);
  if (policy.budgets.length === 0) note('The policy has no budgets.');
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const { standings, faults } = await moneyOf(ports, policy, seen, rates, now);
  return { ...world, seen, standings, faults: [...seen.faults, ...faults] };
}

/** `curfew budget list`. @returns the exit code */
export async function budgetListCommand(options: WorldOptions & { json?: boolean }): Promise<number> {
  const opened = await open(options, '`budget`');
  const { standings, policy, now, seen, faults } = opened;
  const sorted = [...standings].sort((a, b) => b.spend.amount / b.limit - a.spend.amount / a.limit);
  if (options.json) printJson({ now: iso(now), budgets: sorted.map((one) => toJson(one)) });
  else if (sorted.length > 0)
    printTable(
      COLUMNS,
      sorted.map((one) => row(one, policy, now)),
    );
  tellFaults({ missing: seen.picture.missing, unusable: seen.picture.unusable, faults });
  if (!options.json && policy.budgets.length > 0)
    note(
      `${sorted.length} ${sorted.length === 1 ? 'standing' : 'standings'} of ${policy.budgets.length} budgets, ${sorted.filter(({ isOver }) => isOver).length} over.`,
    );
  return seen.picture.missing.length + faults.length > 0 ? 1 : 0;
}

/** `curfew budget show SUBJECT`: where it stands in each budget, and what was granted and lifted. @returns the exit code */
export async function budgetShowCommand(name: string, options: WorldOptions & { json?: boolean }): Promise<number> {
  const opened = await open(options, '`budget show`');
  const { policy, now, seen } = opened;
  const subject = subjectNamed(name, opened);
  const its = opened.standings.filter((one) => subjectKey(one.subject) === subjectKey(subject));
  const exceptions = (seen.books.exceptions ?? []).filter((one) => subjectKey(one.subject) === subjectKey(subject));
  if (options.json) {
    printJson({
      now: iso(now),
      subject,
      budgets: its.map((one) => toJson(one)),
      exceptions: exceptions.map(exceptionToJson),
    });
    return 0;
  }
  if (its.length === 0) note(`No budget bounds ${describeSubject(subject)}, or it has spent nothing and runs nothing.`);
  else
    printTable(
      COLUMNS,
      its.map((one) => row(one, policy, now)),
    );
  for (const one of exceptions) note(describeException(one, policy.timezone, now));
  return 0;
}

export interface ExceptionOptions extends WorldOptions {
  budget?: string;
  until?: string;
  why?: string;
}

/** `curfew budget grant SUBJECT AMOUNT --until DATE`. @returns the exit code */
export async function budgetGrantCommand(name: string, text: string, options: ExceptionOptions): Promise<number> {
  const amount = readMoney(text);
  if ('wrong' in amount)
    throw new ConfigError(
      `${text} ${amount.wrong === '' ? 'is not' : `${amount.wrong}; write`} an amount such as 50USD or 49.50USD`,
    );
  if (options.until === undefined) throw new ConfigError('until when? Name the last day with --until 2026-12-31');
  return except('grant', name, options, amount.value);
}

/** `curfew budget lift SUBJECT`: a budget acts on it no more until its period ends. @returns the exit code */
export function budgetLiftCommand(name: string, options: ExceptionOptions): Promise<number> {
  return except('lift', name, options);
}

async function except(
  kind: Exception['kind'],
  name: string,
  options: ExceptionOptions,
  amount?: number,
): Promise<number> {
  const opened = await open(options, `\`budget ${kind}\``);
  const { policy, place, now, ports } = opened;
  const subject = subjectNamed(name, opened);
  const named = policy.budgets.filter(({ name: one }) => options.budget === undefined || one === options.budget);
  if (options.budget !== undefined && named.length === 0)
    throw new ConfigError(`--budget ${options.budget}: the policy's budgets are ${listed(policy.budgets)}`);
  const budgets = named.filter((budget) => isBoundBy(budget, subject, opened));
  if (budgets.length === 0)
    throw new ConfigError(
      `${options.budget === undefined ? 'no budget bounds' : `budget "${options.budget}" does not bound`} ${describeSubject(subject)}`,
    );
  const until = options.until === undefined ? endOf(budgets, policy, now) : lastDay(options.until, policy, now);
  const exception: Exception = {
    kind,
    subject,
    at: now,
    until,
    by: await whoAmI(place.region),
    why: options.why ?? '',
    ...(options.budget === undefined ? {} : { budget: options.budget }),
    ...(amount === undefined ? {} : { amount }),
  };
  await ports.ledger!.except(place, exception);
  process.stdout.write(`${describeException(exception, policy.timezone, now)}\n`);
  return 0;
}

/** A subject by what people call it: `alice`, `d-…/alice`, `team:alpha`, `domain:d-…`, `account`. Throws ConfigError. */
function subjectNamed(name: string, { standings, seen, policy }: Opened): Subject {
  if (name === 'account') return { kind: 'account', name: '' };
  const [, kind, rest] = /^(team|domain):(.+)$/.exec(name) ?? [];
  const isDomain = kind === 'domain' || (kind === 'team' && policy.team === 'domain');
  if (isDomain && !DOMAIN_ID.test(rest!)) throw new ConfigError(`${name}: not a domain's id such as d-abcdefghijkl`);
  if (kind !== undefined) return { kind: kind as 'team' | 'domain', name: rest! };
  const known = new Set(standings.flatMap(({ subject }) => (subject.kind === 'owner' ? [subject.name] : [])));
  for (const { app, owner = app.userProfileName } of seen.runs)
    if (owner !== undefined) known.add(`${app.domainId}/${owner}`);
  const called = [...known].filter((owner) => isOwnerCalled(owner, name)).sort();
  if (called.length > 1) throw new ConfigError(`"${name}" is several owners: name one of ${called.join(', ')}`);
  const found = called[0] ?? (name.includes('/') ? name : undefined);
  if (found === undefined)
    throw new ConfigError(`nobody on record is called "${name}": name DOMAIN/PROFILE, team:NAME, domain:ID or account`);
  return { kind: 'owner', name: found };
}

/** Whether the spend of a subject counts for a budget as that subject's own, whether or not it has spent anything. */
function isBoundBy({ for: whose }: Budget, subject: Subject, { policy, seen }: Opened): boolean {
  const { kind, name } = subject;
  const [domainId = '', owner] = kind === 'team' && policy.team !== 'domain' ? ['any'] : name.split('/');
  const who = { domainId, ...(owner === undefined ? {} : { owner }), ...(kind === 'team' ? { team: name } : {}) };
  const bound = subjectOf(whose, who, policy, seen.picture.domains.get(domainId));
  return bound !== undefined && subjectKey(bound) === subjectKey(subject);
}

function lastDay(date: string, { timezone }: Policy, now: Instant): Instant {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(date) && new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date);
  const next = isDate ? new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10) : '';
  const until = isDate ? startOfDay(next, timezone) : Number.NaN;
  if (Number.isNaN(until) || until <= now)
    throw new ConfigError(`--until ${date}: not the last day of it, today or later, such as 2026-12-31`);
  return until;
}

/** When the last of these budgets' periods ends. */
function endOf(budgets: Budget[], { timezone }: Policy, now: Instant): Instant {
  return Math.max(...budgets.map(({ period }): Period => periodOf(period, now, timezone)).map(({ to }) => to));
}

function listed(budgets: Budget[]): string {
  return budgets.map(({ name }) => `"${name}"`).join(', ') || 'none';
}

const COLUMNS = [
  { head: 'BUDGET', grow: true },
  { head: 'WHOSE' },
  { head: 'PERIOD' },
  { head: 'SPENT' },
  { head: 'LIMIT' },
  { head: 'SHARE' },
  { head: 'FORECAST' },
  { head: 'AT LIMIT' },
  { head: 'STATE', grow: true },
];

function row(standing: Standing, { timezone }: Policy, now: Instant): string[] {
  const { budget, subject, period, spend, limit, forecast } = standing;
  const day = (at: Instant) => localTime(at, timezone).date;
  const end = Number.isFinite(period.to) ? ` to ${day(period.to - 1)}` : '';
  const lacking = Object.keys(spend.unpriced).length > 0 ? ' and more' : '';
  return [
    budget.name,
    describeSubject(subject),
    period.from === 0 ? 'total' : `${day(period.from)}${end}`,
    `${describeMoney(spend.amount)}${lacking}`,
    describeMoney(limit),
    `${Math.floor((spend.amount / limit) * 100)} %`,
    forecast === undefined ? '-' : describeMoney(forecast),
    budget.atLimit,
    stateOf(standing, timezone, now),
  ];
}

function stateOf(standing: Standing, timezone: string, now: Instant): string {
  const { isOver, lifted, budget } = standing;
  if (lifted) return `lifted until ${describeInstant(lifted.until, timezone, now)}`;
  if (!isOver) return 'within';
  const at = overSince(standing);
  const since = at === undefined ? '' : ` since ${describeInstant(at, timezone, now)}`;
  return `over${since}${budget.atLimit === 'block' ? ', blocked' : ''}`;
}

function describeException(
  { kind, amount = 0, budget, subject, until, by, why }: Exception,
  timezone: string,
  now: Instant,
): string {
  const end = Number.isFinite(until) ? `until ${describeInstant(until, timezone, now)}` : 'for good';
  const what = kind === 'grant' ? `${describeMoney(amount)} granted to` : 'lifted for';
  const of = budget === undefined ? 'all budgets' : `budget "${budget}"`;
  return `${what} ${describeSubject(subject)} ${end}, of ${of}, by ${by}${why ? `: ${why}` : ''}.`;
}

function exceptionToJson({ amount, until, at, ...rest }: Exception): object {
  const end = Number.isFinite(until) ? iso(until) : null;
  return { ...rest, at: iso(at), until: end, ...(amount === undefined ? {} : { usd: amount / 1e6 }) };
}

function toJson(standing: Standing): object {
  const { budget, subject, period, limit, spend, hourly, forecast, isOver, lifted, mark } = standing;
  const since = overSince(standing);
  return {
    budget: budget.name,
    subject,
    period: { from: iso(period.from), to: Number.isFinite(period.to) ? iso(period.to) : null },
    limitUsd: limit / 1e6,
    spentUsd: spend.amount / 1e6,
    billedUsd: spend.billed / 1e6,
    accruedUsd: spend.accrued / 1e6,
    unpricedHours: Object.fromEntries(Object.entries(spend.unpriced).map(([what, ms]) => [what, ms / 3_600_000])),
    usdPerHour: hourly / 1e6,
    forecastUsd: forecast === undefined ? null : forecast / 1e6,
    atLimit: budget.atLimit,
    isOver,
    lifted: lifted ? exceptionToJson(lifted) : null,
    told: mark?.told ?? [],
    overSince: since === undefined ? null : iso(since),
  };
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}

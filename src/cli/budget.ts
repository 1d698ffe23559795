import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { type Survey, survey } from '../application/survey.ts';
import { type Exception, type Standing, type Subject, subjectKey } from '../domain/budget.ts';
import { spendBasisOf } from '../domain/cost.ts';
import { isPaused } from '../domain/pause.ts';
import type { Budget, Policy } from '../domain/policy.ts';
import {
  COLUMNS,
  describeException,
  exceptionToJson,
  iso,
  type Said,
  standingRow,
  standingToJson,
} from './budget-print.ts';
import { note, printJson, printTable, progress } from './print.ts';
import { tellFaults } from './scan.ts';
import { describeKnown, type Known, knownOf, subjectNamed } from './subject.ts';
import { openWorld, type World, type WorldOptions } from './world.ts';

/** All that a command on budgets works on. */
export interface Opened extends World {
  seen: Survey;
  standings: Standing[];
  /** All that is on record of grants and lifts, over or not. */
  exceptions: Exception[];
  known: Known;
  said: Said;
  faults: string[];
}

export async function openBudgets(options: WorldOptions, command: string): Promise<Opened> {
  const world = await openWorld(options, { tableFor: command });
  const { policy, place, now, ports, notes } = world;
  for (const text of notes) note(text);
  if (policy.budgets.length === 0) note('The policy has no budgets.');
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const { standings, faults } = await moneyOf(ports, policy, seen, rates, now);
  const known = knownOf(policy, seen, { standings, listing: ports.settings });
  const said = { policy, pause: seen.pause, known, list: rates, now };
  const { exceptions = [] } = seen.books;
  return { ...world, seen, standings, exceptions, known, said, faults: [...seen.faults, ...faults] };
}

/** `curfew budget list`. @returns the exit code */
export async function budgetListCommand(options: WorldOptions & { json?: boolean }): Promise<number> {
  const opened = await openBudgets(options, '`budget`');
  const { standings, policy, now, seen, faults, said, exceptions } = opened;
  const sorted = [...standings].sort((a, b) => b.spend.amount / b.limit - a.spend.amount / a.limit);
  const inForce = exceptions.filter((one) => isInForce(one, now));
  const empty = policy.budgets.filter(({ name }) => !standings.some(({ budget }) => budget.name === name));
  if (options.json)
    printJson({
      now: iso(now),
      budgets: sorted.map((one) => standingToJson(one, said)),
      exceptions: inForce.map(exceptionToJson),
      withoutStanding: faults.length > 0 ? [] : empty.map(({ name }) => name),
    });
  else if (sorted.length > 0)
    printTable(
      COLUMNS,
      sorted.map((one) => standingRow(one, said)),
    );
  tellFaults({ missing: seen.picture.missing, unusable: seen.picture.unusable, faults });
  if (!options.json) {
    for (const one of inForce) note(describeException(one, said));
    tellEmpty(faults.length > 0 ? [] : empty);
    tellHeld(policy, said);
    tellBasis(sorted, said);
    if (policy.budgets.length > 0)
      note(
        `${sorted.length} ${sorted.length === 1 ? 'standing' : 'standings'} of ${policy.budgets.length} budgets, ${sorted.filter(({ isOver }) => isOver).length} over.`,
      );
  }
  return seen.picture.missing.length + faults.length > 0 ? 1 : 0;
}

export function isInForce({ at, until }: Pick<Exception, 'at' | 'until'>, now: number): boolean {
  return at <= now && now < until;
}

/** What is not billed yet rests on prices: on whose, and of when. */
function tellBasis(standings: Standing[], { list }: Said): void {
  const sum = { accrued: 0, atPolicys: 0 };
  for (const { spend } of standings) {
    sum.accrued += spend.accrued;
    sum.atPolicys += spend.atPolicys ?? 0;
  }
  if (sum.accrued > 0) note(`What is not billed yet is estimated at ${spendBasisOf(sum, list)}.`);
}

/** A budget that stands nowhere bounds nobody yet, or nobody ever: its name for them may be wrong. */
function tellEmpty(budgets: Budget[]): void {
  for (const { name, for: whose } of budgets) {
    const whom = typeof whose === 'string' ? whose : Object.entries(whose).map(([kind, one]) => `${kind} ${one}`)[0]!;
    const why = typeof whose === 'string' ? '' : '; is it misspelt?';
    note(`Budget "${name}" stands nowhere: it bounds nobody who spent or runs anything (${whom}${why}).`);
  }
}

/** Nothing that is over acts in such a mode, or in a pause. */
function tellHeld({ mode }: Pick<Policy, 'mode'>, { pause, now }: Said): void {
  if (isPaused(pause, now)) note('Curfew is paused: no budget stops anything until it is resumed.');
  else if (mode !== 'enforce') note(`In mode ${mode} no budget stops anything.`);
}

/** `curfew budget show SUBJECT`: where it stands in each budget, and what was granted and lifted. @returns the exit code */
export async function budgetShowCommand(name: string, options: WorldOptions & { json?: boolean }): Promise<number> {
  const opened = await openBudgets(options, '`budget show`');
  const { now, said, known } = opened;
  const subject = await subjectNamed(name, withExcepted(opened));
  const its = opened.standings.filter((one) => isSame(one.subject, subject));
  const exceptions = opened.exceptions.filter((one) => isSame(one.subject, subject));
  if (options.json) {
    printJson({
      now: iso(now),
      subject,
      budgets: its.map((one) => standingToJson(one, said)),
      exceptions: exceptions.map(exceptionToJson),
    });
    return 0;
  }
  if (its.length === 0)
    note(`No budget bounds ${describeKnown(subject, known)}, or it has spent nothing and runs nothing.`);
  else
    printTable(
      COLUMNS,
      its.map((one) => standingRow(one, said)),
    );
  tellBasis(its, said);
  for (const one of exceptions) note(describeException(one, said));
  return 0;
}

export function isSame(a: Subject, b: Subject): boolean {
  return subjectKey(a) === subjectKey(b);
}

/** Whoever was granted something is known by that, though nothing else is on record of them. */
export function withExcepted({ known, exceptions }: Pick<Opened, 'known' | 'exceptions'>): Known {
  const names = (kind: Subject['kind']) =>
    exceptions.flatMap(({ subject }) => (subject.kind === kind ? [subject.name] : []));
  const isDomain = known.teamIs === 'domain';
  const domains = [...names('domain'), ...(isDomain ? names('team') : [])].map((id) => [id, undefined] as const);
  return {
    ...known,
    owners: new Set([...known.owners, ...names('owner')]),
    teams: new Set([...known.teams, ...(isDomain ? [] : names('team'))]),
    domains: new Map([...domains, ...known.domains]),
  };
}

import { ConfigError } from '../config.ts';
import { type Exception, type Standing, type Subject, subjectOf } from '../domain/budget.ts';
import { describeMoney, type MicroDollars, readMoney } from '../domain/money.ts';
import { type Period, periodOf } from '../domain/period.ts';
import type { Budget, Policy } from '../domain/policy.ts';
import { describeInstant, type Instant, localTime, startOfDay } from '../domain/time.ts';
import { isInForce, isSame, type Opened, openBudgets } from './budget.ts';
import { describeSum, isIncomplete } from './budget-left.ts';
import { describeEnd, describeException, describeOver, type Said } from './budget-print.ts';
import { note } from './print.ts';
import { describeKnown, subjectNamed } from './subject.ts';
import { whoAmI } from './who.ts';
import type { WorldOptions } from './world.ts';

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

/** `curfew budget lift SUBJECT`: budgets act on it no more, each until its own period ends. @returns the exit code */
export function budgetLiftCommand(name: string, options: ExceptionOptions): Promise<number> {
  return except('lift', name, options);
}

/** One exception for each budget that bounds the subject: a month's ends with the month, though a total never does. */
async function except(
  kind: Exception['kind'],
  name: string,
  options: ExceptionOptions,
  amount?: MicroDollars,
): Promise<number> {
  const opened = await openBudgets(options, `\`budget ${kind}\``);
  const { policy, place, now, ports, said } = opened;
  const subject = await subjectNamed(name, opened.known);
  const bound = budgetsOf(subject, options, opened).map((budget) => {
    return { budget, period: periodOf(budget.period, now, policy.timezone) };
  });
  const going = bound.filter(({ period }) => now < period.to);
  if (going.length === 0) throw new ConfigError(describeEnded(bound, policy));
  const by = await whoAmI(place.region);
  const last = options.until === undefined ? undefined : lastDay(options.until, policy, now);
  const exceptions = going.map(({ budget, period }): Exception => {
    return {
      ...{ kind, budget: budget.name, subject, at: now, until: last ?? period.to, by },
      ...(options.why ? { why: options.why } : {}),
      ...(amount === undefined ? {} : { amount }),
    };
  });
  for (const [i, exception] of exceptions.entries()) {
    const { budget, period } = going[i]!;
    const before = inForceOf(opened, subject, budget.name);
    const lifted = before.find((one) => one.kind === 'lift' && one.until >= exception.until);
    if (kind === 'lift' && lifted) {
      note(
        `Nothing is recorded of budget "${budget.name}", since it is so already: ${describeException(lifted, said)}`,
      );
      continue;
    }
    await ports.ledger!.except(place, exception);
    process.stdout.write(`${describeException(exception, said)}\n`);
    if (kind === 'grant') for (const line of afterGrant(exception, { budget, period }, before, opened)) note(line);
  }
  return 0;
}

/** What a budget's subject has in force now; with no budget named, of all that bound it. */
export function inForceOf({ exceptions, now }: Opened, subject: Subject, budget: string | undefined): Exception[] {
  return exceptions.filter(
    (one) =>
      isSame(one.subject, subject) &&
      isInForce(one, now) &&
      (budget === undefined || (one.budget ?? budget) === budget),
  );
}

/** What a grant comes to: on what it lies, for how many periods it counts, and where its subject now stands. */
function afterGrant(
  { amount = 0, until, subject }: Exception,
  { budget, period }: { budget: Budget; period: Period },
  before: Exception[],
  { policy, standings, said, now }: Opened,
): string[] {
  const grants = before.filter(({ kind }) => kind === 'grant');
  const granted = grants.reduce((sum, one) => sum + (one.amount ?? 0), 0);
  const same = grants.find((one) => one.amount === amount && one.until === until);
  const at = (instant: Instant) => describeInstant(instant, policy.timezone, now);
  const kept = '`curfew budget revoke` takes back all that is granted.';
  const lines: string[] = [];
  if (same) lines.push(`The same was granted before, at ${at(same.at)} by ${same.by}: this adds to it. ${kept}`);
  else if (granted > 0) lines.push(`It adds to ${describeMoney(granted)} that was granted before. ${kept}`);
  if (until > period.to && (budget.period === 'month' || budget.period === 'week'))
    lines.push(
      `It raises the limit of each ${budget.period} until then by ${describeMoney(amount)}, not of all of them together.`,
    );
  const standing = standings.find((one) => one.budget.name === budget.name && isSame(one.subject, subject));
  lines.push(
    describeNow(budget.name, standing && { ...standing, limit: standing.limit + amount }, {
      limit: budget.limit + granted + amount,
      said,
      isStill: true,
    }),
  );
  return lines;
}

/** Where a budget stands after what was just changed of it: `Budget "per person" is now $540.00, of which $41.20 is spent.` */
export function describeNow(
  name: string,
  standing: Standing | undefined,
  { limit, said, isStill = false }: { limit: MicroDollars; said: Said; isStill?: boolean },
) {
  if (!standing) return `The limit of budget "${name}" is now ${describeMoney(limit)}, of which nothing is spent.`;
  const { spend } = standing;
  const isOver = spend.amount >= standing.limit;
  const spent = describeSum(spend.amount, isIncomplete(spend.unpriced));
  const over = standing.lifted
    ? `over, and lifted ${describeEnd(standing.lifted.until, said.policy.timezone, said.now)}`
    : describeOver({ ...standing, isOver }, said);
  const state = isOver ? `: ${isStill ? 'still ' : ''}${over}` : '';
  return `The limit of budget "${name}" is now ${describeMoney(standing.limit)}, of which ${spent} is spent${state}.`;
}

/** The policy's budgets that bound a subject, or the named one. Throws ConfigError where there is none. */
function budgetsOf(subject: Subject, { budget: named }: ExceptionOptions, opened: Opened): Budget[] {
  const { budgets } = opened.policy;
  const meant = budgets.filter(({ name }) => named === undefined || name === named);
  if (named !== undefined && meant.length === 0) {
    const names = budgets.map(({ name }) => `"${name}"`).join(', ') || 'none';
    throw new ConfigError(`--budget ${named}: the policy's budgets are ${names}`);
  }
  const bound = meant.filter((budget) => isBoundBy(budget, subject, opened));
  if (bound.length > 0) return bound;
  const what = named === undefined ? 'no budget bounds' : `budget "${named}" does not bound`;
  throw new ConfigError(`${what} ${describeKnown(subject, opened.known)}`);
}

/** Whether the spend of a subject counts for a budget as that subject's own, whether or not it has spent anything. */
function isBoundBy({ for: whose }: Budget, subject: Subject, { policy, known }: Opened): boolean {
  const { kind, name } = subject;
  const [domainId = '', owner] = kind === 'team' && policy.team !== 'domain' ? ['any'] : name.split('/');
  const who = { domainId, ...(owner === undefined ? {} : { owner }), ...(kind === 'team' ? { team: name } : {}) };
  const bound = subjectOf(whose, who, policy, known.domains.get(domainId));
  return bound !== undefined && isSame(bound, subject);
}

function describeEnded(bound: { budget: Budget; period: Period }[], { timezone }: Policy): string {
  const ends = bound.map(
    ({ budget, period }) => `budget "${budget.name}" ended on ${localTime(period.to - 1, timezone).date}`,
  );
  return `${ends.join(', ')}: it acts no more, so there is nothing to grant or lift`;
}

/** Beyond it no calendar that we have goes. */
const LAST_YEAR = '9999';

function lastDay(date: string, { timezone }: Policy, now: Instant): Instant {
  const isDate = /^\d{4}-\d\d-\d\d$/.test(date) && new Date(`${date}T00:00:00Z`).toJSON()?.startsWith(date);
  if (isDate && date >= LAST_YEAR)
    throw new ConfigError(`--until ${date}: too far; name a day before ${LAST_YEAR}-01-01`);
  const next = isDate ? new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10) : '';
  const until = isDate ? startOfDay(next, timezone) : Number.NaN;
  if (Number.isNaN(until) || until <= now)
    throw new ConfigError(`--until ${date}: not the last day of it, today or later, such as 2026-12-31`);
  return until;
}

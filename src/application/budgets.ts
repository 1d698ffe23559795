import type { Place } from '../domain/app.ts';
import { appKey, isFree } from '../domain/app.ts';
import { crossingsOf, isEnded, overMark, overSince, type Standing, underMark } from '../domain/budget.ts';
import { refusalOf } from '../domain/contact.ts';
import { type Cost, costsSoFar, type Rates, spendBasisOf } from '../domain/cost.ts';
import type { Decision } from '../domain/decide.ts';
import { costOf } from '../domain/money.ts';
import type { BudgetFacts } from '../domain/notice.ts';
import { ownerAddress } from '../domain/owner.ts';
import { periodOf } from '../domain/period.ts';
import type { Plan } from '../domain/plan.ts';
import type { Budget, Policy } from '../domain/policy.ts';
import { budgetRule, budgetVerdicts, describeSubject, isSubjects, standingKey } from '../domain/rules/budget.ts';
import { guardrailVerdicts } from '../domain/rules/guardrail.ts';
import { type RunningApp, tagsOfSpace, teamOnRecord } from '../domain/running-app.ts';
import { type Burning, standingsOf } from '../domain/standings.ts';
import { HOUR, type Instant } from '../domain/time.ts';
import type { Verdict } from '../domain/verdict.ts';
import { meet } from './invite.ts';
import type { Ledger } from './ports.ts';
import { isSame, periodsOf, type SpendPorts, spendingIn } from './spending.ts';
import type { Survey } from './survey.ts';
import { addressOf, appFacts, namedForAdmins, type Teller, tell, tellAdmins } from './tell.ts';

/** What budgets and guardrails make of what was seen. */
export interface Money {
  standings: Standing[];
  /** What they say of one of the running apps. */
  verdictsOn(app: RunningApp): Verdict[];
  /** Why nobody knows what was spent, in words: then no budget acts. */
  faults: string[];
}

/**
 * Where every budget stands, and what budgets and guardrails say of each running app. Without a record nobody knows what
 * was spent, and budgets say nothing; guardrails need none.
 */
export async function moneyOf(
  ports: Partial<{ [port in keyof SpendPorts]: SpendPorts[port] | undefined }>,
  policy: Policy,
  seen: Survey,
  rates: Rates,
  now: Instant,
): Promise<Money> {
  const running = seen.running.map(({ app }) => app);
  const faults: string[] = [];
  const { runs, volumes, ledger } = ports;
  let standings: Standing[] = [];
  if (policy.budgets.length > 0 && runs && volumes && ledger) {
    standings = await standingsNow({ runs, volumes, ledger }, policy, seen, rates, now).catch((error: unknown) => {
      faults.push(`budgets could not be reckoned: ${error instanceof Error ? error.message : error}`);
      return [];
    });
  }
  const byKey = new Map(standings.map((one) => [standingKey(one.budget.name, one.subject), one]));
  const verdictsOn = (app: RunningApp) => [
    ...budgetVerdicts(app, byKey, policy, now),
    ...(policy.guardrails.length > 0 ? guardrailVerdicts(app, running, policy, now) : []),
  ];
  return { standings, verdictsOn, faults };
}

/** Where every budget stands at `now`, by what was seen and what is on record. */
export async function standingsNow(
  ports: SpendPorts,
  policy: Policy,
  seen: Survey,
  rates: Rates,
  now: Instant,
): Promise<Standing[]> {
  const { picture, runs, volumes, books } = seen;
  const { account, region } = picture;
  const goings = { place: { account, region }, runs, volumes, rates, books: books.books };
  const periods = periodsOf(policy, now);
  const spendings = await spendingIn(periods, ports, goings, now);
  const spending = new Map(
    policy.budgets.map(({ name, period }) => {
      const of = periodOf(period, now, policy.timezone);
      return [name, spendings[periods.findIndex((one) => isSame(one, of))]!];
    }),
  );
  const running = seen.running.map(({ app }) => app);
  const costs = costsSoFar(running, rates, now);
  const burning = running.map((app): Burning => {
    const { ref, owner, domainName } = app;
    return { domainId: ref.domainId, domainName, owner, team: teamOnRecord(app, policy), hourly: hourlyOf(costs, app) };
  });
  const { marks = [], exceptions = [] } = books;
  const { drift, awsForecast } = books.books ?? { drift: undefined, awsForecast: undefined };
  return standingsOf(
    policy,
    { spending, burning, exceptions, marks, drift, awsForecast, domains: picture.domains },
    now,
  );
}

function hourlyOf(costs: Map<string, Cost>, { ref }: RunningApp): number {
  const cost = costs.get(appKey(ref));
  return cost?.kind === 'known' ? costOf(cost.rate, HOUR) : 0;
}

/** What came of telling. */
export interface BudgetNews {
  /** What failed, in words. */
  faults: string[];
  /** Budgets of which it could not be written down since when they are spent: by them nobody is warned yet, and `stop` ends nothing. */
  unmarked: Budget[];
}

/**
 * Tells each threshold that a budget has newly passed, once a period: several at once in one mail. The notice first, then
 * the mark of it. A limit that is spent is marked with its moment, which decides what `stop` ends; and so is one that is spent no more.
 */
export async function tellBudgets(
  actor: Teller & { ledger: Ledger },
  standings: Standing[],
  seen: Survey,
  { intents, valve }: Plan,
  now: Instant,
): Promise<BudgetNews> {
  const { policy, ledger } = actor;
  const news: BudgetNews = { faults: [], unmarked: [] };
  if (policy.mode === 'observe') return news;
  const { account, region } = seen.picture;
  // What half a picture lacks may be an owner's address, or what they spent no more: the next whole one tells.
  const isWhole = seen.picture.missing.length === 0;
  for (const standing of standings) {
    if (isEnded(standing, now)) continue;
    const { isOver, limit, budget } = standing;
    const crossed = isWhole ? crossingsOf(standing) : [];
    const isKnownOver = overSince(standing) !== undefined;
    const isUnspent = isWhole && !isOver && isKnownOver && budget.atLimit !== 'warn';
    const over = [
      ...(isOver && !isKnownOver ? [overMark(limit, now)] : []),
      ...(isUnspent ? [underMark(limit, now)] : []),
    ];
    if (crossed.length + over.length === 0) continue;
    let isMarked = false;
    try {
      const { subject, period } = standing;
      const mark = { budget: budget.name, subject, period };
      // Since when it is spent waits for no mail: it decides what is stopped.
      if (over.length > 0) await ledger.mark({ account, region }, { ...mark, told: [], over });
      isMarked = true;
      if (crossed.length === 0) continue;
      const its = { ...standing, crossed, ...(valve ? { valve } : {}), intents };
      await tellBudget(actor, { account, region }, its, seen, now);
      await ledger.mark({ account, region }, { ...mark, told: crossed.map((one) => one.mark), over: [] });
    } catch (error) {
      const whose = `${standing.budget.name} (${describeSubject(standing.subject)})`;
      if (isOver && !isKnownOver && !isMarked) news.unmarked.push(budget);
      news.faults.push(`telling of budget ${whose} failed: ${error instanceof Error ? error.message : error}`);
    }
  }
  return news;
}

/** Apps that a notice names: an account's thousands are more than an item of the table holds. */
const MOST_APPS = 20;

type Told = Standing & { crossed: ReturnType<typeof crossingsOf> } & Plan;

async function tellBudget(actor: Teller, place: Place, told: Told, seen: Survey, now: Instant): Promise<void> {
  const { outbox, policy } = actor;
  const facts = factsOf(actor, told, seen, now);
  // What was crossed is part of what it is: after a crash the same news is the same notice.
  const about = JSON.stringify([
    told.budget.name,
    told.subject,
    told.period.from,
    told.crossed.map(({ mark }) => mark),
  ]);
  const forAdmins = namedForAdmins(about);
  const admins = (why?: string) => {
    const audience = { role: 'admins' as const, ...(why === undefined ? {} : { why }) };
    return tellAdmins({ outbox, policy }, place, forAdmins, { ...facts, audience }, now);
  };
  if (told.subject.kind !== 'owner') {
    await admins();
    return;
  }
  const [domainId, userProfileName] = told.subject.name.split('/') as [string, string];
  const owner = { domainId, userProfileName };
  const address = await addressOfOwner(actor, owner, seen);
  if (!('address' in address)) {
    await admins(`No address is known for ${userProfileName}: ${address.unknown}. You are told instead.`);
    return;
  }
  const refusal = refusalOf(await meet(actor, place, owner, address.address, now), 'budget', 'owner');
  if (refusal !== undefined) {
    await admins(`${userProfileName} (${address.address}) ${refusal}, so you are told instead.`);
    return;
  }
  const audience = { role: 'owner' as const };
  const reader = { to: address.address, about, facts: { ...facts, audience }, forAdmins };
  await tell(outbox, place, [reader], now);
}

/** An owner's address, whether or not an app of theirs runs. */
async function addressOfOwner(teller: Teller, owner: { domainId: string; userProfileName: string }, seen: Survey) {
  const { policy } = teller;
  const { domainId, userProfileName } = owner;
  const tags = tagsOfSpace({ domainId, owner: userProfileName }, seen.picture);
  if (policy.owners.address !== 'sso') return ownerAddress(owner, policy.owners, { tags });
  const { account, region } = seen.picture;
  const ref = { account, region, domainId, userProfileName, appType: '', appName: '' };
  const pseudo = { ref, owner: userProfileName, tags } as unknown as RunningApp;
  return (await addressOf(teller, pseudo))!;
}

function factsOf({ policy, rates }: Teller, told: Told, seen: Survey, now: Instant): Omit<BudgetFacts, 'audience'> {
  const { budget, subject, period, limit, spend, forecast, crossed, hourly, lifted, intents, valve } = told;
  const decisions = new Map(intents.map(({ decision }) => [decision.app, decision]));
  const apps = seen.running.flatMap(({ app }) => (isOf(app, subject, policy) ? [app] : []));
  const its = apps.map((app) => {
    const isExempt = decisions.get(app)?.rule === 'exempt';
    return { ...appFacts(app, rates, now), ...(isExempt ? { isExempt: true as const } : {}) };
  });
  const isStopped = (decision?: Decision) => decision?.action === 'stop' && decision.rule === budgetRule(budget.name);
  const isHeld = valve && apps.some((app) => isStopped(decisions.get(app)));
  const free = apps.filter(({ ref, instanceType }) => isFree({ appType: ref.appType, instanceType })).length;
  const running = its.sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0)).slice(0, MOST_APPS);
  return {
    kind: 'budget',
    budget: budget.name,
    whose: describeSubject(subject),
    ...(subject.kind === 'owner' ? { owner: subject.name } : {}),
    period: { from: period.from, ...(Number.isFinite(period.to) ? { to: period.to } : {}) },
    limit,
    spent: spend.amount,
    billed: spend.billed,
    ...(forecast === undefined ? {} : { forecast }),
    unpriced: spend.unpriced,
    crossed: crossed.map(({ kind, share }) => ({ kind, share })),
    warnAt: budget.warnAt,
    atLimit: policy.mode === 'enforce' && !lifted ? budget.atLimit : 'warn',
    ...(lifted ? { isLifted: true as const } : {}),
    ...(isHeld ? { valve } : {}),
    ...(budget.grace === undefined ? {} : { grace: budget.grace }),
    running,
    ...(its.length > running.length ? { more: its.length - running.length } : {}),
    ...(free > 0 ? { free } : {}),
    hourly,
    basis: spendBasisOf(spend, rates),
    admins: policy.admins,
    at: now,
  };
}

function isOf(app: RunningApp, subject: Standing['subject'], policy: Policy): boolean {
  const team = teamOnRecord(app, policy);
  const who = { domainId: app.ref.domainId, owner: app.owner ?? '', ...(team === undefined ? {} : { team }) };
  return isSubjects(subject, who, policy.team);
}

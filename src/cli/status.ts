import { moneyOf } from '../application/budgets.ts';
import { ratesOf } from '../application/prices.ts';
import { survey } from '../application/survey.ts';
import { appKey, isFree } from '../domain/app.ts';
import { type Cost, costsSoFar } from '../domain/cost.ts';
import { type Decision, decide, governingLimit } from '../domain/decide.ts';
import { useOf } from '../domain/evidence.ts';
import { comingNext } from '../domain/forecast.ts';
import { costOf, describeMoney } from '../domain/money.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { isPaused } from '../domain/pause.ts';
import { plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import { describeDuration, describeInstant, HOUR, localTime } from '../domain/time.ts';
import { isMoneyRule } from '../domain/verdict.ts';
import { pauseToJson, tellPause } from './pause.ts';
import { note, printJson, printTable, progress } from './print.ts';
import { isBlind, nameForPeople, ownerOf, tellFaults } from './scan.ts';
import { tellUnknown } from './who.ts';
import { openWorld, type WorldOptions } from './world.ts';

export interface StatusOptions extends WorldOptions {
  all?: boolean;
  json?: boolean;
  owner?: string;
}

/** `curfew status`. @returns the exit code */
export async function statusCommand(options: StatusOptions): Promise<number> {
  const { policy, place, now, ports, notes } = await openWorld(options);
  for (const text of notes) note(text);
  const seen = await progress('Looking at SageMaker Studio', survey(ports, policy, { place, now }));
  const { picture, running, prices, faults, pause } = seen;
  tellPause(pause, policy.timezone, now);
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, prices);
  const costs = costsSoFar(
    running.map(({ app }) => app),
    rates,
    now,
  );
  const money = await moneyOf(ports, policy, seen, rates, now);
  const decisions = running.map(({ app }) => decide(app, policy, now, money.verdictsOn(app)));
  const held = new Map(plan(decisions, picture, policy).intents.map((intent) => [intent.decision, intent.held]));
  const owned = decisions.filter(
    ({ app: { ref, owner } }) =>
      options.owner === undefined || (owner !== undefined && isOwnerCalled(`${ref.domainId}/${owner}`, options.owner)),
  );
  if (options.owner !== undefined && owned.length === 0) tellUnknown(options.owner, seen);
  const shown = owned
    .filter((decision) => options.all || !isQuiet(decision))
    .sort((a, b) => a.app.startedAt - b.app.startedAt || (appKey(a.app.ref) < appKey(b.app.ref) ? -1 : 1));
  const costOfApp = ({ app }: Decision): Cost => costs.get(appKey(app.ref))!;
  if (options.json)
    printJson({
      now: new Date(now).toISOString(),
      paused: pauseToJson(pause, now) ?? null,
      prices: rates.source,
      apps: shown.map((decision) => toJson(decision, held.get(decision), costOfApp(decision), policy, now)),
    });
  else if (shown.length > 0)
    printStatus(
      shown,
      (decision) => row(decision, held.get(decision), costOfApp(decision), policy, now, isPaused(pause, now)),
      policy,
      now,
    );
  tellFaults({ missing: picture.missing, unusable: picture.unusable, faults });
  if (!options.json && !isBlind({ missing: picture.missing, intents: running })) {
    const hidden = owned.filter((decision) => !options.all && isQuiet(decision));
    note(sumUp(shown.map(costOfApp), hidden.map(costOfApp), rates.source));
  }
  return picture.missing.length + picture.unusable.length + faults.length > 0 ? 1 : 0;
}

/** Free or exempt: nothing will happen to it, and --all shows it. */
function isQuiet({ app, rule }: Decision): boolean {
  return rule === 'exempt' || isFree({ appType: app.ref.appType, instanceType: app.instanceType });
}

const COLUMNS = [
  { head: 'OWNER' },
  { head: 'APP' },
  { head: 'INSTANCE' },
  { head: 'UP SINCE' },
  { head: 'LAST USE', grow: true },
  { head: 'LIMIT', grow: true },
  { head: 'NEXT', grow: true },
  { head: 'COST' },
];

/** What stops an app should no scan do it stands last, where anything has such. */
function printStatus(shown: Decision[], rowOf: (decision: Decision) => string[], policy: Policy, now: number): void {
  if (!shown.some(({ app }) => app.run.backstop)) {
    printTable(COLUMNS, shown.map(rowOf));
    return;
  }
  const at = ({ app: { run } }: Decision) => {
    if (!run.backstop) return 'none';
    return run.backstop.isSet ? describeInstant(run.backstop.at, policy.timezone, now) : 'being set';
  };
  printTable(
    [...COLUMNS, { head: 'BACKSTOP' }],
    shown.map((decision) => [...rowOf(decision), at(decision)]),
  );
}

function row(
  decision: Decision,
  held: string | undefined,
  cost: Cost,
  policy: Policy,
  now: number,
  isPaused: boolean,
): string[] {
  const { app } = decision;
  const since = `${describeInstant(app.startedAt, policy.timezone, now)} (${describeDuration(now - app.startedAt)})`;
  const limit = governingLimit(app, policy, localTime(now, policy.timezone));
  const next = comingNext(decision, policy, now);
  const when = next && (next.at <= now ? 'now' : describeInstant(next.at, policy.timezone, now));
  const isDue = next === undefined || next.at <= now;
  const coming =
    held !== undefined && isDue
      ? `${decision.action} (held: ${held})`
      : next
        ? `${next.action} ${when}${next.limit === undefined || next.limit === limit?.name ? '' : ` (${next.limit})`}`
        : 'nothing';
  return [
    ownerOf(app),
    nameForPeople(app.ref),
    app.instanceType ?? '-',
    since,
    describeUse(app.run, policy.evidence.staleAfter, now),
    governs(decision, limit?.name),
    isPaused ? 'nothing while paused' : coming,
    describeCost(cost),
  ];
}

/** What decides on an app: a budget or a guardrail that it is over goes before its limit. */
function governs({ action, rule }: Decision, limit: string | undefined): string {
  if (action !== 'keep' && isMoneyRule(rule)) return rule.replace(/: (\w+)$/, ' ($1)');
  return rule === 'exempt' ? 'exempt' : (limit ?? 'none');
}

/** The last use that is proven, and by what; or why it is unknown. */
function describeUse({ evidence, app }: Run, staleAfter: number, now: number): string {
  const use = useOf(evidence, staleAfter, now);
  if (use.kind === 'busy') return `now (${use.evidence.kind})`;
  if (use.kind === 'quiet') return `${describeDuration(now - use.last.lastUseAt)} ago (${use.last.kind})`;
  const source = app.appType === 'Canvas' ? 'metric' : 'agent';
  return `unknown (${Object.keys(evidence).length === 0 ? `no ${source}` : use.why})`;
}

function describeCost(cost: Cost): string {
  if (cost.kind === 'known') return `${describeMoney(cost.amount)}${cost.isPolicys ? " (policy's price)" : ''}`;
  return cost.kind === 'unknown' ? 'no price' : cost.kind;
}

function toJson(decision: Decision, held: string | undefined, cost: Cost, policy: Policy, now: number): object {
  const { app, action, rule, reason } = decision;
  const next = comingNext(decision, policy, now);
  const { ref, instanceType, owner, sharing, teams, tags, startedAt, run } = app;
  const { account, region, domainId, userProfileName, spaceName, appType, appName } = ref;
  const limit = governingLimit(app, policy, localTime(now, policy.timezone));
  const iso = (instant: number) => new Date(instant).toISOString();
  return {
    account,
    region,
    domainId,
    ...(spaceName === undefined ? { userProfileName } : { spaceName }),
    appType,
    appName,
    instanceType: instanceType ?? null,
    owner: owner ?? null,
    sharing: sharing ?? null,
    team: teams[0] ?? null,
    tags,
    startedAt: iso(startedAt),
    evidence: Object.values(run.evidence).map((one) => ({
      ...one,
      lastUseAt: iso(one.lastUseAt),
      observedAt: iso(one.observedAt),
      ...(one.seen
        ? {
            seen: one.seen.map((use) => ({
              ...use,
              lastUseAt: use.lastUseAt === undefined ? null : iso(use.lastUseAt),
            })),
          }
        : {}),
    })),
    limit: rule === 'exempt' ? null : (limit?.name ?? null),
    action,
    rule,
    reason,
    held: held ?? null,
    next: next ? { action: next.action, at: iso(next.at), limit: next.limit ?? null } : null,
    backstop: run.backstop
      ? { at: iso(run.backstop.at), rule: run.backstop.rule, isSet: run.backstop.isSet ?? false }
      : null,
    cost:
      cost.kind === 'known'
        ? { usd: cost.amount / 1e6, usdPerHour: cost.rate / 1e10, price: cost.isPolicys ? 'policy' : 'list' }
        : { unknown: cost.kind === 'unknown', note: cost.kind },
  };
}

function sumUp(shown: Cost[], hidden: Cost[], source: string): string {
  const isPolicys = [...shown, ...hidden].some((cost) => cost.kind === 'known' && cost.isPolicys);
  const sources = isPolicys ? `${source}; prices that the policy names` : source;
  const sum = `${shown.length} running${sumOf(shown)} (${sources}).`;
  // What is exempt costs all the same.
  return hidden.length === 0 ? sum : `${sum} ${hidden.length} free or exempt not shown (--all)${sumOf(hidden)}.`;
}

/** `: $1.97 so far, $0.20 an hour, and 1 without a price`. */
function sumOf(costs: Cost[]): string {
  const known = costs.filter((cost) => cost.kind === 'known');
  const unknown = costs.filter(({ kind }) => kind === 'unknown').length;
  const total = describeMoney(known.reduce((sum, cost) => sum + cost.amount, 0));
  const hourly = describeMoney(known.reduce((sum, cost) => sum + costOf(cost.rate, HOUR), 0));
  const lacking = `${unknown} without a price`;
  if (known.length === 0) return unknown > 0 ? `, ${lacking}` : '';
  return `: ${total} so far, ${hourly} an hour${unknown > 0 ? `, and ${lacking}` : ''}`;
}

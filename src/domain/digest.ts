import { appKey } from './app.ts';
import { type Standing, shareOf } from './budget.ts';
import { type Cost, chargedAs, VOLUME } from './cost.ts';
import type { Decision } from './decide.ts';
import { costOf } from './money.ts';
import type { IdleReview } from './native-idle.ts';
import type { AppFacts, DigestBudget, DigestFacts, DigestRow } from './notice.ts';
import type { Policy } from './policy.ts';
import { describeSubject } from './rules/budget.ts';
import type { Run } from './run.ts';
import type { RunningApp } from './running-app.ts';
import { type Charge, UNSIZED } from './spend.ts';
import type { Instant } from './time.ts';
import { describeDuration, HOUR, localTime } from './time.ts';
import { unknownUses } from './unknown-use.ts';
import { VOLUME_USAGE } from './usage.ts';

/** Rows that a list of the digest holds at most: a mail, not a report. */
const MOST_ROWS = 30;
const MOST_LONGEST = 10;

/**
 * The local day for which the admins' digest is due: once a day, from the policy's hour on.
 * @param last the day of the last one
 * @returns the day as `2026-11-23`; undefined when none is due
 */
export function digestDue(policy: Policy, last: string | undefined, now: Instant): string | undefined {
  const { daily } = policy.report;
  const local = localTime(now, policy.timezone);
  return daily !== 'never' && local.minutes >= daily && local.date !== last ? local.date : undefined;
}

/** The fleet at a glance; undefined when there is nothing to tell. */
export function digestOf(
  decisions: Decision[],
  past: Run[],
  {
    policy,
    costs,
    charges = [],
    basis,
    since,
    now,
    idle,
    money,
    facts,
  }: {
    policy: Policy;
    costs: Map<string, Cost>;
    /** What was charged lately, of all that ran or was stored. */
    charges?: Charge[];
    /** What the costs rest on. */
    basis?: string;
    since: Instant;
    now: Instant;
    /** What the day's look at idle settings found, where the policy asks for one. */
    idle?: IdleReview | undefined;
    /** Where budgets stand, and what keeps the bill from being read. */
    money?: { standings: Standing[]; findings: string[] };
    facts: (app: RunningApp | Run) => AppFacts;
  },
): DigestFacts | undefined {
  // What this very pass stops is the next digest's news.
  const stopped = past
    .filter(({ stop, endedAt }) => stop !== undefined && !stop.hadNoEffect && endedAt! >= since && endedAt! < now)
    .sort((a, b) => a.endedAt! - b.endedAt!);
  const nativeIdle = idle && idleFacts(idle);
  const budgets = money && moneyFacts(money.standings, money.findings);
  const unpriced = decisions
    .filter(({ app }) => costs.get(appKey(app.ref))?.kind === 'unknown')
    .map(({ app: { ref, instanceType } }) =>
      chargedAs({ app: ref, ...(instanceType === undefined ? {} : { instanceType }) }),
    );
  const unpricedSince = charges.filter(({ amount }) => amount === undefined).map(pricedAs);
  const isQuiet = decisions.length + stopped.length + unpricedSince.length === 0;
  if (isQuiet && !nativeIdle && !budgets) return undefined;
  const local = localTime(now, policy.timezone);
  const warned = decisions
    .filter(({ action }) => action !== 'keep')
    .map(({ app, reason, next }) => row(facts(app), reason, next?.at));
  const failing = decisions
    .filter(({ app }) => (app.run.stop?.failures ?? 0) > 0)
    .map(({ app }) => row(facts(app), `${app.run.stop!.failures} failed stops, the last with ${app.run.stop!.code}`));
  const unknownUse = unknownUses(decisions, policy, now).unknown.map(({ app, why }) => row(facts(app), why));
  const longest = [...decisions]
    .sort((a, b) => a.app.startedAt - b.app.startedAt)
    .map(({ app, reason }) => row(facts(app), howLong(app, reason, now)));
  return {
    kind: 'digest',
    date: local.date,
    at: now,
    mode: policy.mode,
    running: decisions.length,
    unlimited: decisions.filter(({ rule }) => rule === 'no limit').length,
    hourly: [...costs.values()].reduce((sum, cost) => sum + (cost.kind === 'known' ? costOf(cost.rate, HOUR) : 0), 0),
    ...(basis === undefined ? {} : { basis }),
    unpriced: [...new Set(unpriced)].sort(),
    ...(unpricedSince.length === 0 ? {} : { unpricedSince: [...new Set(unpricedSince)].sort() }),
    warned: warned.slice(0, MOST_ROWS),
    stopped: stopped.map((run) => row(facts(run), run.stop!.reason, run.endedAt)).slice(0, MOST_ROWS),
    failing: failing.slice(0, MOST_ROWS),
    unknownUse: unknownUse.slice(0, MOST_ROWS),
    longest: longest.slice(0, MOST_LONGEST),
    more: {
      warned: Math.max(0, warned.length - MOST_ROWS),
      stopped: Math.max(0, stopped.length - MOST_ROWS),
      failing: Math.max(0, failing.length - MOST_ROWS),
      unknownUse: Math.max(0, unknownUse.length - MOST_ROWS),
      longest: Math.max(0, longest.length - MOST_LONGEST),
    },
    ...(nativeIdle ? { nativeIdle } : {}),
    ...(budgets ? { money: budgets } : {}),
  };
}

/** What the policy's `prices` calls what a charge is for. No price makes up for a size that AWS does not tell. */
function pricedAs({ usage, what }: Charge): string {
  return usage === VOLUME_USAGE && what !== UNSIZED ? VOLUME : what;
}

/** What stands for an app, with how long it has run where that says nothing of it: an exemption does not. */
function howLong({ startedAt }: RunningApp, reason: string, now: Instant): string {
  return reason.startsWith('up ') ? reason : `up ${describeDuration(now - startedAt)}; ${reason}`;
}

/** Budgets of which a threshold is passed, and what admins must mend of the bill; undefined where there is nothing of either. */
function moneyFacts(standings: Standing[], findings: string[]): DigestFacts['money'] {
  const passed = standings
    .filter(({ budget, spend, limit }) => spend.amount >= shareOf(limit, budget.warnAt[0] ?? 1))
    .sort((a, b) => b.spend.amount / b.limit - a.spend.amount / a.limit);
  if (passed.length + findings.length === 0) return undefined;
  const rows = passed.slice(0, MOST_ROWS).map(({ budget, subject, spend, limit, isOver, lifted }): DigestBudget => {
    const over = budget.atLimit === 'block' ? ('blocked' as const) : ('over' as const);
    const state = lifted ? ('lifted' as const) : isOver ? over : undefined;
    const row = { budget: budget.name, whose: describeSubject(subject), spent: spend.amount, limit };
    const { unpriced } = spend;
    return { ...row, ...(Object.keys(unpriced).length > 0 ? { unpriced } : {}), ...(state ? { state } : {}) };
  });
  return { budgets: rows, more: passed.length - rows.length, findings };
}

/** What failed first, then what drifts, then what was set; undefined where all is as the policy wants it. */
function idleFacts({ findings, faults, unseen }: IdleReview): DigestFacts['nativeIdle'] {
  if (findings.length + faults.length + unseen === 0) return undefined;
  const rank = { failed: 0, drift: 1, set: 2 };
  const rows = [...findings].sort((a, b) => rank[a.outcome] - rank[b.outcome]).slice(0, MOST_ROWS);
  return { findings: rows, faults, unseen, more: findings.length - rows.length };
}

function row(app: AppFacts, reason: string, at?: Instant): DigestRow {
  return { app, reason, ...(at === undefined ? {} : { at }) };
}

import { appKey, type Place } from '../domain/app.ts';
import { hourlyOf, type Rates } from '../domain/cost.ts';
import { type Decision, decide } from '../domain/decide.ts';
import type { MicroDollars } from '../domain/money.ts';
import { describePause, isPaused, type Pause } from '../domain/pause.ts';
import type { Missing } from '../domain/picture.ts';
import { type Intent, inReadingOrder, type Plan, plan } from '../domain/plan.ts';
import type { Budget, Policy } from '../domain/policy.ts';
import { budgetRule } from '../domain/rules/budget.ts';
import type { Run } from '../domain/run.ts';
import { DAY, type Instant } from '../domain/time.ts';
import { isMoneyRule } from '../domain/verdict.ts';
import { type Actor, act, type Outcome } from './act.ts';
import { type BackstopReport, keepBackstops } from './backstop.ts';
import { type BudgetNews, moneyOf, tellBudgets } from './budgets.ts';
import { tellDaily } from './daily.ts';
import { each } from './each.ts';
import {
  type Backstop,
  type CanvasUse,
  type Contacts,
  type Fleet,
  type Ledger,
  type Outbox,
  PortError,
  type Prices,
  type Runs,
  type StudioSettings,
  type Volumes,
} from './ports.ts';
import { ratesOf } from './prices.ts';
import { finish } from './stop.ts';
import { type Survey, survey } from './survey.ts';
import { withOwner } from './tell.ts';
import { recordVolumes } from './volumes.ts';

/** What a scan found, wanted and did. */
export interface ScanReport {
  now: Instant;
  place: Place;
  /** In reading order: what is stopped first, what is kept last. */
  intents: Intent[];
  outcomes: Outcome[];
  missing: Missing[];
  unusable: string[];
  valve?: Plan['valve'];
  /** Set while Curfew is paused: nothing was stopped, and nobody warned. */
  pause?: Pause;
  /** What the apps that were stopped cost an hour; those without a known price add nothing. */
  stoppedHourly: MicroDollars;
  /** What became of schedules outside; absent where there is no backstop. */
  backstop?: BackstopReport;
  /** Faults outside any one app, in words. */
  faults: string[];
}

/** What a scan works on. Without a table it can only be a dry run; without `canvasUse`, that is unknown. */
export interface ScanPorts {
  fleet: Fleet;
  canvasUse?: CanvasUse | undefined;
  runs?: Runs | undefined;
  outbox?: Outbox | undefined;
  contacts?: Contacts | undefined;
  /** For spend: without it, what volumes cost is not on record. */
  volumes?: Volumes | undefined;
  /** For budgets: without it, nobody knows what was spent. */
  ledger?: Ledger | undefined;
  prices: Prices;
  /** Stops what is over its deadline, should no scan do it. */
  backstop?: Backstop | undefined;
  /** For the digest of a policy that has `native-idle`. */
  settings?: StudioSettings | undefined;
}

/** Where and when, and how far a scan may go. */
export interface ScanOptions {
  place: Place;
  now: Instant;
  /** Do it: a dry run changes nothing. */
  apply: boolean;
  /** Where links in mail point: without it nobody is asked to confirm. */
  baseUrl?: string | undefined;
  /** Whether there is time for more of what can wait. */
  hasTime?: (() => boolean) | undefined;
}

/** How many apps' records are written at once, and how many DeleteApp calls run at once: AWS publishes no rate for those. */
const RECORD_WIDTH = 32;
const STOP_WIDTH = 4;

/** How long an ended run keeps its app's name: AWS lists a deleted app for about a day, and may keep its CreationTime. */
const RETIRE_AFTER = 2 * DAY;

/**
 * The pass: sees every app, decides by the policy, and with `apply` records, warns and stops. A dry run changes nothing.
 * One app's failure stays its own; the report tells all of them.
 * @param hasTime whether there is time to begin what can wait for another day
 */
export async function scan(
  ports: ScanPorts,
  policy: Policy,
  { place, now, apply, baseUrl, hasTime }: ScanOptions,
): Promise<ScanReport> {
  const seen = await survey(ports, policy, { place, now });
  const rates = await ratesOf({ prices: ports.prices, policy }, place.region, seen.prices);
  const money = await moneyOf(ports, policy, seen, rates, now);
  const decisions = seen.running.map(({ app }) => decide(app, policy, now, money.verdictsOn(app)));
  if (money.faults.length > 0) decisions.forEach(keepWarned);
  const pause = isPaused(seen.pause, now) ? seen.pause : undefined;
  const paused = pause && `Curfew is ${describePause(pause, policy.timezone, now)}`;
  const { intents, valve } = plan(decisions, seen.picture, policy, paused);
  const { missing, unusable } = seen.picture;
  const found = {
    now,
    place,
    intents: inReadingOrder(intents),
    missing,
    unusable,
    ...(valve ? { valve } : {}),
    ...(pause ? { pause } : {}),
  };
  if (!apply) {
    const wanted = found.intents.filter(({ decision }) => decision.action !== 'keep');
    const faults = [...seen.faults, ...money.faults];
    return { ...found, outcomes: wanted.map(dryRun), stoppedHourly: 0, faults };
  }
  const { fleet, runs, outbox, contacts, ledger, settings, backstop } = ports;
  if (!runs || !outbox || !contacts) throw new Error('a scan that applies needs a table');
  const actor: Actor = {
    fleet,
    runs,
    outbox,
    contacts,
    policy,
    baseUrl,
    rates,
    backstop,
    isPaused: pause !== undefined,
  };
  const wanted = { intents, ...(valve ? { valve } : {}) };
  const news: BudgetNews =
    ledger && !pause
      ? await tellBudgets({ ...actor, ledger }, money.standings, seen, wanted, now)
      : { faults: [], unmarked: [] };
  for (const intent of intents) holdUnmarked(intent, news);
  const outcomes = await carryOut(actor, seen, intents, now);
  const kept = backstop
    ? await keepBackstops({ backstop, runs, policy }, seen, { intents, outcomes, money }, now, hasTime)
    : undefined;
  const unrecorded = ports.volumes ? await recordVolumes(ports.volumes, seen) : [];
  // The digest and what goes with it, settings that it sets among them, wait until the pause is over.
  const daily = pause
    ? Promise.resolve([])
    : tellDaily(actor, {
        ...found,
        seen,
        decisions,
        settings,
        volumes: ports.volumes,
        hasTime,
        standings: money.standings,
      });
  const told = await daily.catch((error: unknown) => [
    `telling the admins failed: ${error instanceof Error ? error.message : error}`,
  ]);
  const faults = [...seen.faults, ...money.faults, ...news.faults, ...unrecorded, ...(kept?.faults ?? []), ...told];
  const stopped = stoppedHourly(outcomes, seen, rates, now);
  return { ...found, outcomes, stoppedHourly: stopped, ...(kept ? { backstop: kept } : {}), faults };
}

/** What budgets could not say this once is no reason to take back what they have warned of. */
function keepWarned({ app, upheld }: Decision): void {
  upheld.push(...Object.keys(app.run.warnings).filter(isMoneyRule));
}

/** A warning counts from when its budget was spent: by one that is not written down, each scan would warn anew. */
function holdUnmarked(intent: Intent, { unmarked }: BudgetNews): void {
  const { action, rule } = intent.decision;
  // By `stop`, what starts until the next scan would be taken for started before.
  const isToWait = ({ name, atLimit }: Budget) =>
    rule === budgetRule(name) && (action === 'warn' || (action === 'stop' && atLimit === 'stop'));
  if (unmarked.some(isToWait)) intent.held ??= 'since when its budget is spent could not be recorded';
}

/** What the fleet costs less an hour: an app that shared its instance with one that stays cost nothing. */
function stoppedHourly(outcomes: Outcome[], { running }: Survey, rates: Rates, now: Instant): MicroDollars {
  const stopped = new Set(outcomes.filter(({ kind }) => kind === 'stopped').map(({ app }) => appKey(app)));
  if (stopped.size === 0) return 0;
  const apps = running.map(({ app }) => app);
  const left = apps.filter(({ ref }) => !stopped.has(appKey(ref)));
  return hourlyOf(apps, rates, now) - hourlyOf(left, rates, now);
}

/** Records and does all of it, each app by itself: an app that fails is an outcome, and the others go on. */
async function carryOut(actor: Actor, seen: Survey, intents: Intent[], now: Instant): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const alone = async (run: Run, work: () => Promise<Outcome[]>) => {
    outcomes.push(...(await work().catch((error: unknown) => [failure(run, error)])));
  };
  const running = seen.running.map((one, i) => ({ one, intent: intents[i]! }));
  const isStop = ({ intent: { decision, held } }: (typeof running)[number]) =>
    decision.action === 'stop' && held === undefined;
  const handle = ({ one, intent }: (typeof running)[number]) => alone(one.app.run, () => act(actor, one, intent, now));
  await each(
    running.filter((one) => !isStop(one)),
    RECORD_WIDTH,
    handle,
  );
  await each(running.filter(isStop), STOP_WIDTH, handle);

  const isUntold = ({ stop }: Run) => stop !== undefined && !stop.told;
  const over = [...seen.ended, ...seen.past.filter(isUntold)].map((run) => withOwner(run, seen.picture));
  await each(over, RECORD_WIDTH, (run) => alone(run, () => finish(actor, run, now)));
  const isDone = (run: Run) => !isUntold(run) && !(run.backstop && actor.backstop);
  const retiring = seen.past.filter(
    (run) => isDone(run) && Math.max(run.endedAt!, ...(run.laterEnds ?? [])) < now - RETIRE_AFTER,
  );
  await each(retiring, RECORD_WIDTH, (run) => alone(run, () => actor.runs.retire(run).then(() => [])));
  return outcomes.sort((a, b) => (appKey(a.app) < appKey(b.app) ? -1 : 1));
}

function dryRun({ decision, held }: Intent): Outcome {
  const { app, rule, reason } = decision;
  return { app: app.ref, kind: held === undefined ? 'dry run' : 'held', rule, reason: held ?? reason };
}

function failure(run: Run, error: unknown): Outcome {
  const code = error instanceof PortError ? error.code : 'Unexpected';
  return { app: run.app, kind: 'failed', code, reason: error instanceof Error ? error.message : String(error) };
}

/** Whether anything failed: the pass is over, and whoever called it must hear. */
export function hasFailed({ missing, unusable, faults, outcomes }: ScanReport): boolean {
  return missing.length + unusable.length + faults.length > 0 || outcomes.some(({ kind }) => kind === 'failed');
}

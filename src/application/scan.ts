import { appKey, type Place } from '../domain/app.ts';
import { costsSoFar } from '../domain/cost.ts';
import { type Decision, decide } from '../domain/decide.ts';
import { digestDue, digestOf } from '../domain/digest.ts';
import type { Missing } from '../domain/picture.ts';
import { type Intent, inReadingOrder, type Plan, plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import { DAY, type Instant } from '../domain/time.ts';
import { type Actor, act, finish, type Outcome } from './act.ts';
import { each } from './each.ts';
import { type Fleet, type Outbox, PortError, type Prices, type Runs, type ScanState } from './ports.ts';
import { type Survey, survey } from './survey.ts';
import { appFacts, endedApp, tellAdmins } from './tell.ts';

/** What a scan found, wanted and did. */
export interface ScanReport {
  now: Instant;
  place: Place;
  intents: Intent[];
  outcomes: Outcome[];
  missing: Missing[];
  unusable: string[];
  valve?: Plan['valve'];
  /** Faults outside any one app, in words: each makes the pass fail loudly in the end. */
  faults: string[];
}

/** How many apps' records are written at once, and how many DeleteApp calls run at once: AWS publishes no rate for those. */
const RECORD_WIDTH = 32;
const STOP_WIDTH = 4;

/** How long an ended run keeps its app's name: AWS lists a deleted app for about a day, and may keep its CreationTime. */
const RETIRE_AFTER = 2 * DAY;

export interface ScanPorts {
  fleet: Fleet;
  runs?: Runs | undefined;
  outbox?: Outbox | undefined;
  prices: Prices;
}

/**
 * The pass: sees every app, decides by the policy, and with `apply` records, warns and stops. A dry run changes nothing.
 * One app's failure stays its own; the report tells all of them.
 */
export async function scan(
  ports: ScanPorts,
  policy: Policy,
  at: { place: Place; now: Instant; apply: boolean },
): Promise<ScanReport> {
  const { place, now, apply } = at;
  const seen = await survey(ports, policy, { place, now });
  const decisions = seen.running.map(({ app }) => decide(app, policy, now));
  const { intents, valve } = plan(decisions, seen.picture, policy);
  const { missing, unusable } = seen.picture;
  const report: ScanReport = {
    now,
    place,
    intents: inReadingOrder(intents),
    outcomes: [],
    missing,
    unusable,
    faults: [],
    ...(valve ? { valve } : {}),
  };
  const { fleet, runs, outbox, prices } = ports;
  if (!apply) {
    report.outcomes = report.intents.filter(({ decision }) => decision.action !== 'keep').map(dryRun);
    return report;
  }
  if (!runs || !outbox) throw new Error('a scan that applies needs a table');
  const actor: Actor = { fleet, runs, outbox, policy, rates: await prices.rates(place.region) };

  const onOne = (work: () => Promise<Outcome[]>, run: Run) => work().catch((error) => [failure(run, error)]);
  await each(
    seen.running.map((one, i) => ({ one, intent: intents[i]! })),
    RECORD_WIDTH,
    async ({ one, intent }) => {
      if (isStop(intent)) return;
      report.outcomes.push(...(await onOne(() => act(actor, one, intent, now), one.app.run)));
    },
  );
  await each(
    seen.running.map((one, i) => ({ one, intent: intents[i]! })),
    STOP_WIDTH,
    async ({ one, intent }) => {
      if (!isStop(intent)) return;
      report.outcomes.push(...(await onOne(() => act(actor, one, intent, now), one.app.run)));
    },
  );
  const untold = seen.past.filter(({ stop }) => stop && !stop.told);
  await each([...seen.ended, ...untold], RECORD_WIDTH, async (run) => {
    report.outcomes.push(...(await onOne(() => finish(actor, run, now), run)));
  });
  const retiring = seen.past.filter((run) => !untold.includes(run) && run.endedAt! < now - RETIRE_AFTER);
  await each(retiring, RECORD_WIDTH, async (run) => {
    report.outcomes.push(...(await onOne(() => runs.retire(run).then(() => []), run)));
  });
  await tellOfTheDay(actor, report, seen, decisions).catch((error) =>
    report.faults.push(`telling the admins failed: ${error.message}`),
  );
  report.outcomes.sort((a, b) => (appKey(a.app) < appKey(b.app) ? -1 : 1));
  return report;
}

function isStop({ decision, held }: Intent): boolean {
  return decision.action === 'stop' && held === undefined;
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
export function hasFailed(report: ScanReport): boolean {
  const { missing, unusable, faults, outcomes } = report;
  return missing.length + unusable.length + faults.length > 0 || outcomes.some(({ kind }) => kind === 'failed');
}

/** Once a day: the admins' digest, and that the safety valve closed. */
async function tellOfTheDay(actor: Actor, report: ScanReport, seen: Survey, decisions: Decision[]): Promise<void> {
  const { policy, rates } = actor;
  const { now, place, valve } = report;
  const state: ScanState = { ...seen.state };
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: policy.timezone }).format(now);
  if (valve && state.valve !== today) {
    await tellAdmins(actor, place, `valve ${today}`, valveFacts(valve, report), now);
    state.valve = today;
  }
  const day = digestDue(policy, state.digest, now);
  if (day !== undefined && report.missing.length === 0) {
    const costs = costsSoFar(
      decisions.map(({ app }) => app),
      rates,
      now,
    );
    const facts = digestOf(decisions, seen.past, {
      policy,
      costs,
      now,
      facts: (app) => appFacts('run' in app ? app : endedApp(app), rates, now),
    });
    if (facts) await tellAdmins(actor, place, `digest ${day}`, facts, now);
    state.digest = day;
  }
  if (state.valve !== seen.state.valve || state.digest !== seen.state.digest) await actor.runs.remember(place, state);
}

function valveFacts({ wanted, most }: NonNullable<Plan['valve']>, { now, intents }: ScanReport) {
  const names = intents
    .filter(({ decision }) => decision.action === 'stop')
    .map(
      ({ decision: { app, reason } }) =>
        `${app.ref.appType} ${app.ref.appName} of ${app.owner ?? app.ref.spaceName}: ${reason}`,
    );
  const shown = names.slice(0, 20);
  if (names.length > shown.length) shown.push(`and ${names.length - shown.length} more`);
  return {
    kind: 'failure' as const,
    title: `Safety valve: ${wanted} stops wanted, none made`,
    details: [
      `A scan wanted to stop ${wanted} apps, and the policy's safety.max-stops allows ${most} in one scan. Nothing was stopped.`,
      ...shown,
    ],
    todo: [
      'If a change of the policy did this, mend the policy.',
      'If all of them are to go, stop them with `curfew scan --apply --max-stops N`.',
      'Curfew writes of this once a day, and stops nothing while it lasts.',
    ],
    at: now,
  };
}

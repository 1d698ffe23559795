import { type App, appKey, type Place } from '../domain/app.ts';
import { decide } from '../domain/decide.ts';
import type { Match } from '../domain/match.ts';
import { needsOf } from '../domain/needs.ts';
import { emptyPicture, type Picture, spaceKey } from '../domain/picture.ts';
import { plan } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { type Run, START_TOLERANCE } from '../domain/run.ts';
import { type RunningApp, runningApp } from '../domain/running-app.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { moneyOf } from './budgets.ts';
import { newestOn } from './newest.ts';
import type { Fleet, OnRecord } from './ports.ts';
import type { SpendPorts } from './spending.ts';
import { type StopResult, stopRun } from './stop.ts';
import type { StudioEvent } from './studio-event.ts';
import { type Survey, survey } from './survey.ts';
import { withTags } from './with-tags.ts';

type AppCreated = Extract<StudioEvent, { kind: 'app created' }>;

/** What a new app was held against, and what came of it. */
export type Enforced = { kind: 'let be' } | { kind: 'held'; why: string } | (StopResult & { rule: string });

/**
 * An app that was just created is stopped at once where a budget blocks its owner or a guardrail does not allow it. The
 * record is asked first: only where it says so, or cannot tell, is AWS asked, and what AWS shows decides, exemptions
 * included.
 */
export async function enforceOn(
  ports: SpendPorts & { fleet: Fleet },
  actor: Actor,
  { place, app, at: createdAt, tags }: { place: Place } & Pick<AppCreated, 'app' | 'at' | 'tags'>,
  eventTime: Instant,
): Promise<Enforced> {
  const { policy, rates } = actor;
  if (!policy.budgets.some(({ atLimit }) => atLimit === 'block') && policy.guardrails.length === 0)
    return { kind: 'let be' };
  const row: App = { ...app, status: 'Pending', createdAt };
  const known = await ports.runs.load(place);
  const now = Math.max(eventTime, newestOn(known));
  if (!(await mayBeStopped(ports, actor, { place, row, known }, now))) return { kind: 'let be' };

  const seen = await survey({ ...ports, fleet: withTags(ports.fleet, app, tags) }, policy, {
    place,
    now,
    isLate: true,
  });
  const running = withNew(seen, row, policy);
  if (!running) return { kind: 'let be' };
  const money = await moneyOf(ports, policy, seen, rates, seen.now);
  if (money.faults.length > 0) throw new Error(money.faults.join('; '));
  const decision = decide(running, policy, seen.now, money.verdictsOn(running));
  if (decision.action !== 'stop' || !decision.isAtOnce) return { kind: 'let be' };
  const { rule, reason } = decision;
  const { held } = plan([decision], seen.picture, policy).intents[0]!;
  if (held !== undefined) return { kind: 'held', why: `${held}; ${reason}` };
  return { rule, ...(await stopRun(actor, running, { rule, reason }, seen.now)) };
}

/** The new app among what was seen; a listing may lack it, or show it before it knew. Undefined where its run is over. */
function withNew(seen: Survey, row: App, policy: Policy): RunningApp | undefined {
  const listed = seen.running.find(({ app }) => appKey(app.ref) === appKey(row));
  if (listed) return listed.app;
  const run = seen.runs.findLast((one) => appKey(one.app) === appKey(row) && one.endedAt === undefined);
  if (!run) return undefined;
  const app = runningApp(row, run, seen.picture, policy);
  seen.running.push({ app, sighting: { now: 'running', run } });
  return app;
}

/** Whether the record alone speaks for a stop, or cannot tell: what it does not know is taken for the worst. */
async function mayBeStopped(
  ports: SpendPorts,
  actor: Actor,
  { place, row, known }: { place: Place; row: App; known: OnRecord },
  now: Instant,
): Promise<boolean> {
  const { volumes = [], state, prices, pause, books, marks, exceptions } = known;
  const policy = unknowing(actor.policy);
  const picture: Picture = emptyPicture(place);
  for (const { domainId, spaceName, owner } of volumes)
    picture.spaces.set(spaceKey({ domainId, spaceName }), { domainId, spaceName, ...(owner ? { owner } : {}) });
  const runs = known.runs.filter(({ endedAt }) => endedAt === undefined);
  const running = runs.map((run) => ({
    app: asKnown(run, picture, policy),
    sighting: { now: 'running' as const, run },
  }));
  const app = running.find((one) => appKey(one.app.ref) === appKey(row))?.app;
  // Over by now, or another run than the event tells of.
  if (!app || Math.abs(app.startedAt - row.createdAt!) > START_TOLERANCE) return false;
  // Whose it is, or which team's, only AWS can tell yet.
  if (app.owner === undefined || app.teams.length === 0 || needsOf(policy).domainNames) return true;
  const faults: string[] = [];
  const record = {
    books: { ...(books ? { books } : {}), ...(marks ? { marks } : {}), ...(exceptions ? { exceptions } : {}) },
  };
  const seen: Survey = {
    now,
    picture,
    running,
    ended: [],
    past: [],
    runs: known.runs,
    volumes,
    volumeChanges: [],
    prices,
    pause,
    state,
    faults,
    ...record,
  };
  const money = await moneyOf(ports, policy, seen, actor.rates, now);
  if (money.faults.length > 0) return true;
  return money.verdictsOn(app).some(({ says, grace }) => says === 'over' && grace === 0);
}

/** A running app as the record knows it. */
function asKnown(run: Run, picture: Picture, policy: Policy): RunningApp {
  const { app, instanceType } = run;
  const row = { ...app, status: 'InService', createdAt: run.startedAt, ...(instanceType ? { instanceType } : {}) };
  const known = runningApp(row, run, picture, policy);
  const owner = known.owner ?? run.owner;
  const teams = policy.team === 'domain' ? known.teams : run.team === undefined ? [] : [run.team];
  return { ...known, teams, ...(owner === undefined ? {} : { owner }) };
}

/** The policy without what the record cannot tell: a match by it counts as met, and names of domains as anybody's. */
function unknowing(policy: Policy): Policy {
  const guardrails = policy.guardrails.map((guardrail) => {
    const { tag: _, sharing: __, domain: ___, team: ____, ...match }: Match = guardrail.match;
    return { ...guardrail, match };
  });
  return { ...policy, guardrails };
}

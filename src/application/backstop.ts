import { createHash } from 'node:crypto';
import { appKey, holderName, placeKey } from '../domain/app.ts';
import { type Guard, guardsOf, isInHand, isNear, isRight, type Wanted } from '../domain/backstop.ts';
import { isPaused } from '../domain/pause.ts';
import type { Intent } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';
import { standingKey } from '../domain/rules/budget.ts';
import type { Armed, Run } from '../domain/run.ts';
import type { Instant } from '../domain/time.ts';
import type { Outcome } from './act.ts';
import type { Money } from './budgets.ts';
import { each } from './each.ts';
import type { Backstop, Runs } from './ports.ts';
import type { Survey } from './survey.ts';
import { runId } from './tell.ts';

/** What a pass did with the backstop. */
export interface BackstopReport {
  /** Runs that have one now. */
  armed: number;
  /** Schedules that were made or moved. */
  set: number;
  removed: number;
  /** Schedules that were to be removed, and still stand. */
  remain: number;
  /** Runs without one, since the safety valve would stop none of so many at once. */
  crowded: number;
  faults: string[];
}

/** What is needed to arm and disarm. */
export interface Arming {
  backstop: Backstop;
  runs: Runs;
  policy: Policy;
}

/** Calls at once: AWS grants 5,000 a second in the large regions, and 250 in the small ones (EventBridge Scheduler, "Quotas"). */
const WIDTH = 16;

/**
 * The name of a run's schedule, of at most 64 letters that Scheduler takes: the app's holder and name, for people, and the
 * start and a hash, which make it this run's alone.
 */
export function scheduleName({ app, startedAt }: Pick<Run, 'app' | 'startedAt'>): string {
  const key = `${placeKey(app)}#${appKey(app)}@${startedAt}`;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 20);
  const start = new Date(startedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${`${holderName(app)}.${app.appName}`.slice(0, 27)}.${start}.${hash}`;
}

/**
 * Makes the schedules of all runs what they should be, by what a scan has just decided and done. Where that is what they
 * are, nobody is asked anything.
 * @param hasTime whether there is time to begin another
 */
export async function keepBackstops(
  arming: Arming,
  seen: Survey,
  done: { intents: Intent[]; outcomes: Outcome[]; money: Money },
  now: Instant,
  hasTime: () => boolean = () => true,
): Promise<BackstopReport> {
  const { todo, report } = compare(arming.policy, seen, done, now);
  if (todo.length === 0) return report;
  const { account, region } = seen.picture;
  // Whoever began before a pause arms nothing after it: the switch is asked for before, and once more after it.
  const paused = () =>
    arming.runs.lastPause({ account, region }).then(
      (pause) => isPaused(pause, now),
      (error: unknown) => {
        report.faults.push(`whether Curfew is paused is unknown: ${error instanceof Error ? error.message : error}`);
        return undefined;
      },
    );
  const isOff = todo.some(({ wanted }) => wanted) && (await paused());
  // Where that is unknown nothing is armed; what stands may be right, and stays.
  const known = isOff === undefined ? todo.filter(({ wanted }) => !wanted) : todo;
  const wanted = isOff ? todo.flatMap(({ run }) => (run.backstop ? [{ run }] : [])) : known;
  const set = await carryOut(arming, wanted, report, now, hasTime);
  report.set = set.length;
  if (set.length > 0 && (await paused())) {
    const off = set.map((run) => ({ run }));
    await carryOut(arming, off, report, now, () => true);
  } else report.armed += set.length;
  return report;
}

/** Holds what is armed against what should be, and asks nobody. */
function compare(
  policy: Policy,
  seen: Survey,
  { intents, outcomes, money }: { intents: Intent[]; outcomes: Outcome[]; money: Money },
  now: Instant,
): { todo: Todo[]; report: BackstopReport } {
  const isWhole = seen.picture.missing.length === 0 && seen.picture.unusable.length === 0;
  const facts = {
    standings: new Map(money.standings.map((one) => [standingKey(one.budget.name, one.subject), one])),
    drift: seen.books.books?.drift,
    isUnknown: money.faults.length > 0,
  };
  const guards = guardsOf(heldBack(intents, outcomes), policy, facts, {
    isWhole,
    isPaused: isPaused(seen.pause, now),
    now,
  });
  const isSure = isWhole && !facts.isUnknown;
  const over = new Set(outcomes.flatMap(({ kind, app }) => (isOver(kind) ? [appKey(app)] : [])));
  // Whose start or end could not be written down keeps what tells by whom the run before it ended, until that comes near.
  const unrecorded = new Set(
    outcomes.flatMap(({ kind, app, rule }) => (kind === 'failed' && rule === undefined ? [appKey(app)] : [])),
  );
  const todo: Todo[] = [];
  const report: BackstopReport = { armed: 0, set: 0, removed: 0, remain: 0, crowded: 0, faults: [] };
  for (const [i, { app }] of seen.running.entries()) {
    const isGone = over.has(appKey(app.ref));
    const run = isGone ? { ...app.run, endedAt: now } : app.run;
    const isOwn = run.backstop?.name === (run.backstop && scheduleName(run));
    // What a run before it has left goes, whatever cannot be seen of this one.
    const isStray = !isOwn && !isSure;
    const guard: Guard = isGone || isStray ? { kind: 'none' } : guards[i]!;
    if (guard.kind === 'crowded') report.crowded++;
    const isLater = unrecorded.has(appKey(app.ref)) && !isNear(run.backstop, policy.backstop.margin, now);
    if (isInHand(run.backstop, now) || isLater) continue;
    if (guard.kind === 'arm') {
      if (run.backstop && isOwn && isRight(run.backstop, guard.wanted, app, policy, now)) report.armed++;
      else todo.push({ run, wanted: guard.wanted });
    } else if (guard.kind !== 'leave' && run.backstop) todo.push({ run });
    else if (run.backstop) report.armed++;
  }
  for (const run of [...seen.ended, ...seen.past])
    if (run.backstop && !isInHand(run.backstop, now) && !unrecorded.has(appKey(run.app)))
      todo.push({ run: { endedAt: now, ...run } });
  return { todo, report };
}

/** A stop may be held at the last moment too, for want of its warning's mail: then it is no stop under way. */
function heldBack(intents: Intent[], outcomes: Outcome[]): Intent[] {
  const held = new Map(
    outcomes.flatMap(({ kind, app, reason = '' }) => (kind === 'held' ? [[appKey(app), reason]] : [])),
  );
  return intents.map((intent) => {
    const why = held.get(appKey(intent.decision.app.ref));
    return why === undefined ? intent : { ...intent, held: why };
  });
}

/** Arms and disarms, each run by itself: one that fails is a fault, and the others go on. @returns the runs that are armed now */
async function carryOut(
  arming: Arming,
  todo: Todo[],
  report: BackstopReport,
  now: Instant,
  hasTime: () => boolean,
): Promise<Run[]> {
  const set: Run[] = [];
  await each(todo, WIDTH, async ({ run, wanted }) => {
    if (!hasTime()) {
      if (!wanted) report.remain++;
      return;
    }
    try {
      if (wanted) {
        const armed = await arm(arming, run, wanted, now);
        if (armed) set.push({ ...run, backstop: armed });
      } else if (await disarm(arming, run, now)) report.removed++;
    } catch (error) {
      if (!wanted) report.remain++;
      const why = error instanceof Error ? error.message : error;
      report.faults.push(`the backstop of ${runId(run)} was not ${wanted ? 'set' : 'removed'}: ${why}`);
    }
  });
  return set;
}

interface Todo {
  run: Run;
  /** Absent: nothing is to be armed. */
  wanted?: Wanted;
}

function isOver(kind: Outcome['kind']): boolean {
  return kind === 'stopped' || kind === 'stopped by the backstop' || kind === 'already gone';
}

/**
 * Takes down what an earlier run has left under the name; then the intention on record, the schedule, and the note that it
 * is so. Killed in between, the next pass sees that it cannot know, and does it again; meanwhile what stands is what was asked
 * before or what is asked now.
 * @returns what is armed; undefined where another pass was first, or the run is over
 */
async function arm(
  { backstop, runs }: Arming,
  run: Run,
  { at, rule, reason }: Wanted,
  now: Instant,
): Promise<Armed | undefined> {
  const name = scheduleName(run);
  if (run.backstop && run.backstop.name !== name) await backstop.disarm(run.backstop.name);
  const intention: Armed = { name, at, rule, reason: reason(), since: now };
  if (!(await runs.change(run, { kind: 'backstop', backstop: intention }))) return undefined;
  await backstop.arm({ name, app: run.app, at });
  const armed: Armed = { ...intention, isSet: true };
  await runs.change({ ...run, backstop: intention }, { kind: 'backstop', backstop: armed });
  return armed;
}

/**
 * Takes down what stands under a run's name. While the run goes on it is noted first that nobody can be sure of it, so that
 * a pass that dies after the schedule is gone leaves no record of one that stands. `false`: another pass was first.
 */
async function disarm({ backstop, runs }: Pick<Arming, 'backstop' | 'runs'>, run: Run, now: Instant): Promise<boolean> {
  const known = run.backstop!;
  let noted = run;
  if (run.endedAt === undefined && known.name === scheduleName(run)) {
    const { isSet: _, ...doubt } = { ...known, since: now };
    if (!(await runs.change(run, { kind: 'backstop', backstop: doubt }))) return false;
    noted = { ...run, backstop: doubt };
  }
  await backstop.disarm(known.name);
  return runs.change(noted, { kind: 'backstop', backstop: undefined });
}

/** Takes down what a run has left behind: one that is over, or one before it under its name. */
export async function disarmStray(
  arming: { backstop?: Backstop | undefined; runs: Runs },
  run: Run,
  now: Instant,
): Promise<void> {
  const { backstop, runs } = arming;
  // An event may come late: what it finds in another's hands is in them, whatever the event's own time.
  if (!backstop || !run.backstop || isInHand(run.backstop, Math.max(now, run.backstop.since))) return;
  if (run.endedAt !== undefined || run.backstop.name !== scheduleName(run)) await disarm({ backstop, runs }, run, now);
}

import { stopByBackstop } from '../domain/backstop.ts';
import { isPaused, isTakenDown } from '../domain/pause.ts';
import { BY_REQUEST } from '../domain/rules/by-request.ts';
import { isUnderWay, type Run, type Stop } from '../domain/run.ts';
import type { RunningApp } from '../domain/running-app.ts';
import { type Instant, SECOND } from '../domain/time.ts';
import type { Actor, Outcome } from './act.ts';
import { PortError } from './ports.ts';
import type { Teller } from './tell.ts';
import { endedApp, failureOf, runId, tellAdmins, tellStopped } from './tell.ts';

/** What came of setting out to stop a run. `superseded`: it is not as it was read, and nothing was done; nor while `paused`. */
export type StopResult =
  | { kind: 'stopped' | 'stopped by the backstop' | 'already gone' | 'superseded' | 'paused' }
  | { kind: 'failed'; code: string; message: string };

/** After this many failed stops of one run, the admins are told. */
const FAILURES_TOLD = 3;

/**
 * The intention first, on the condition that nothing has changed; then the call; then the notice; then the run's end. Every
 * stop goes through here, and asks for the kill switch at the last moment: whoever set out on it may have begun before it was
 * thrown.
 */
export async function stopRun(
  actor: Actor,
  app: RunningApp,
  { rule, reason, isIdle = false }: { rule: string; reason: string; isIdle?: boolean },
  now: Instant,
): Promise<StopResult> {
  const { run } = app;
  if (isPaused(await actor.runs.lastPause(app.ref), now)) return { kind: 'paused' };
  // A new app may be stopped in the second of its start; a run of no length would be a mark of one never heard of.
  const endedAt = Math.max(now, run.startedAt + SECOND);
  const intention: Stop = { at: now, rule, reason, failures: run.stop?.failures ?? 0 };
  if (!(await actor.runs.change(run, { kind: 'stop', stop: intention, isIdle }))) return { kind: 'superseded' };
  let answer: 'stopping' | 'gone';
  try {
    answer = await actor.fleet.stop(app.ref);
  } catch (error) {
    return failed(actor, app, intention, error, now);
  }
  if (answer === 'gone' && isUnderWay(run.stop, now)) {
    // Another pass may have ended it: that one tells, or whoever looks once it must be over.
    await actor.runs.change(run, { kind: 'retry', stop: run.stop });
    return { kind: 'superseded' };
  }
  if (answer === 'gone' && !(run.stop && mayHaveStopped(run.stop))) {
    const fired = await firedOn(actor, run, now);
    if (fired) {
      await tellStopped(actor, app, fired, now);
      await actor.runs.change(run, { kind: 'end', at: fired.at, stop: { ...fired, told: true } });
      return { kind: 'stopped by the backstop' };
    }
    // Gone at the first call: its owner was quicker, and nothing is ours to tell.
    await disown(actor, run, intention);
    await actor.runs.change(run, { kind: 'end', at: endedAt });
    return { kind: 'already gone' };
  }
  await tellStopped(actor, app, intention, now);
  await actor.runs.change(run, { kind: 'end', at: endedAt, stop: { ...intention, told: true } });
  return { kind: 'stopped' };
}

/** Notes that a stop has ended nothing. With `next`, it is wanted still. */
async function disown({ runs }: Actor, run: Run, intention: Stop, next?: Stop): Promise<void> {
  if (await runs.change(run, { kind: 'retry', stop: next })) return;
  // An event has told the run's end meanwhile: whoever comes to that must not take it for ours. Nor another pass's for nobody's.
  const known = await runs.get(run.app);
  const isIts = known?.startedAt === run.startedAt && known.stop?.at === intention.at && !known.stop.told;
  if (isIts && known.endedAt !== undefined)
    await runs.change(run, { kind: 'end', at: known.endedAt, stop: { ...intention, hadNoEffect: true, told: true } });
}

/** Whether a stop that Curfew set out on may have ended the run: not if every call of it was turned away. */
function mayHaveStopped(stop: Stop): boolean {
  return !stop.told && !stop.hadNoEffect;
}

/** As the other mail names it: `ivo-marek's JupyterLab app in space "ivo-detector"`. In a space every app is called `default`. */
function nameForAdmins({ ref, owner = ref.userProfileName }: RunningApp): string {
  const { appType, appName, spaceName } = ref;
  const whose = owner === undefined ? 'The' : `${owner}'s`;
  const own = spaceName !== undefined && appName === 'default' ? '' : ` "${appName}"`;
  return `${whose} ${appType} app${own}${spaceName === undefined ? '' : ` in space "${spaceName}"`}`;
}

async function failed(
  actor: Actor,
  app: RunningApp,
  intention: Stop,
  error: unknown,
  now: Instant,
): Promise<StopResult> {
  const code = error instanceof PortError ? error.code : 'Unexpected';
  const message = error instanceof Error ? error.message : String(error);
  const failures = intention.failures + 1;
  // Turned away, the call did nothing; after a time-out or a fault of AWS's own, it may have worked.
  const isTurnedAway =
    error instanceof PortError && error.kind !== 'fault' && !(app.run.stop && mayHaveStopped(app.run.stop));
  const stop: Stop = { ...intention, failures, code, ...(isTurnedAway ? { hadNoEffect: true } : {}) };
  if (isTurnedAway) await disown(actor, app.run, intention, stop);
  else await actor.runs.change(app.run, { kind: 'retry', stop });
  if (failures >= FAILURES_TOLD) {
    const facts = failureOf(app, actor.rates, now, {
      title: `${nameForAdmins(app)} cannot be stopped`,
      details: [
        `${failures} calls of DeleteApp have failed; the last answer was ${code}: ${message}`,
        `It was to be stopped because: ${intention.reason}.`,
      ],
      todo: [
        'Stop it in the SageMaker console, or find out what keeps it.',
        intention.rule === BY_REQUEST
          ? 'Curfew tries again only when somebody asks again, or a limit says so, and does not write again about this run.'
          : 'Curfew goes on trying at every scan, and does not write again about this run.',
      ],
    });
    await tellAdmins(actor, app.ref, `stop failed ${runId(app.run)}`, facts, now);
  }
  return { kind: 'failed', code, message };
}

/**
 * Records that a run is over. A stop that a crash cut off before its notice is told now; one that did nothing is forgotten;
 * one that another pass may still be at is left to that, or to the next look. What the backstop ended, while nobody here was
 * well enough to, is told as that.
 */
export async function finish(actor: Actor, seen: Run, now: Instant): Promise<Outcome[]> {
  if (isUnderWay(seen.stop, now)) return [];
  const fired = seen.endedAt === undefined ? await firedOn(actor, seen, now) : undefined;
  const run = fired ? { ...seen, stop: fired } : seen;
  await tellUntoldStop(actor, run, now);
  const ours = run.stop && !run.stop.hadNoEffect ? run.stop : undefined;
  if (run.stop && !ours && run.endedAt === undefined) await actor.runs.change(run, { kind: 'retry', stop: undefined });
  const at = fired?.at ?? now;
  const end = { kind: 'end' as const, at, ...(run.stop ? { stop: { ...run.stop, told: true as const } } : {}) };
  const change = run.endedAt === undefined && !ours ? { kind: 'end' as const, at } : end;
  if (!(await actor.runs.change(run, change))) return [];
  const why = ours ? { rule: ours.rule, reason: ours.reason } : {};
  if (ours?.by === 'backstop') return [{ app: run.app, kind: 'stopped by the backstop', ...why }];
  return run.endedAt === undefined ? [{ app: run.app, kind: 'ended', ...why }] : [];
}

/**
 * Tells what is still to be told of a run that another has followed under its name. One that nobody saw end, and whose
 * schedule was due by then, was ended by that.
 * @returns the run as it is to be put away
 */
export async function tellReplaced(actor: Actor, run: Run, by: Run, now: Instant): Promise<Run> {
  const fired = run.endedAt === by.startedAt ? await firedOn(actor, run, by.startedAt) : undefined;
  if (fired) {
    await tellStopped(actor, endedApp(run), fired, now);
    return { ...run, endedAt: fired.at, stop: { ...fired, told: true } };
  }
  await tellUntoldStop(actor, run, now);
  return run;
}

/** What ended a run that nobody saw end, if the backstop did. What stood while Curfew was paused, `curfew pause` had taken down. */
async function firedOn({ runs }: Actor, run: Run, by: Instant): Promise<Stop | undefined> {
  const fired = stopByBackstop(run, by, false);
  const pause = fired && (await runs.lastPause(run.app));
  return pause && isTakenDown(pause, run.backstop!) ? undefined : fired;
}

/** Owes the notice of a stop that Curfew set out on, and that ended the run, if it is not owed yet. */
async function tellUntoldStop(teller: Teller, run: Run, now: Instant): Promise<void> {
  if (run.stop && mayHaveStopped(run.stop)) await tellStopped(teller, endedApp(run), run.stop, now);
}

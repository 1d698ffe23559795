import { type AppRef, holderName } from '../domain/app.ts';
import type { Decision } from '../domain/decide.ts';
import { liftedWarnings } from '../domain/decide.ts';
import type { Intent } from '../domain/plan.ts';
import { waitsForMail } from '../domain/rules/delivery.ts';
import type { Run, Stop } from '../domain/run.ts';
import { teamOnRecord } from '../domain/running-app.ts';
import { DAY, type Instant } from '../domain/time.ts';
import type { Runs } from './ports.ts';
import { PortError } from './ports.ts';
import type { Seen } from './survey.ts';
import type { Teller } from './tell.ts';
import { endedApp, failureOf, runId, tellAdmins, tellStopped, tellWarning } from './tell.ts';

/** What came of a decision. `started` and `ended` are what the scan found; the rest is what it did. */
export interface Outcome {
  app: AppRef;
  kind:
    | 'started'
    | 'ended'
    | 'warned'
    | 'lifted'
    | 'stopped'
    | 'already gone'
    | 'failed'
    | 'held'
    | 'superseded'
    | 'dry run';
  rule?: string;
  reason?: string;
  /** When the stop is announced for, with a warning. */
  stopAt?: Instant;
  /** AWS's error code, with a failure. */
  code?: string;
}

/** After this many failed stops of one run, the admins are told. */
const FAILURES_TOLD = 3;

/** What acting needs. */
export interface Actor extends Teller {
  runs: Runs;
}

/**
 * Records what was seen of one running app, and does what was decided. Every step may be the last before a crash:
 * each is safe to do again, and the next scan finds whatever is left to do.
 */
export async function act(
  actor: Actor,
  seen: Seen,
  { decision, held, isBlind }: Intent,
  now: Instant,
): Promise<Outcome[]> {
  const { sighting } = seen;
  const outcomes: Outcome[] = [];
  if (sighting.now === 'started') {
    if (sighting.replaces) await tellUntoldStop(actor, sighting.replaces, now);
    // Another scan or an event was first: the next scan decides on what that wrote.
    if (!(await actor.runs.open(sighting.run, sighting.replaces))) return [outcome(decision, 'superseded')];
    outcomes.push(outcome(decision, 'started'));
  }
  const { run } = seen.app;
  // A stop insists on the run as it was decided on: nothing is written before it that can wait.
  if (decision.action === 'stop')
    return [...outcomes, held === undefined ? await stop(actor, decision, now) : heldBack(decision, held)];
  // What half a picture shows is no reason to take anything back.
  if (isBlind) return held === undefined ? outcomes : [...outcomes, heldBack(decision, held)];
  await refreshFacts(actor, seen);
  const lifted = liftedWarnings(decision).map((rule) => ({ rule, number: run.warnings[rule]!.number }));
  if (lifted.length > 0 && (await actor.runs.change(run, { kind: 'lift', warnings: lifted }))) {
    for (const { rule } of lifted) outcomes.push({ ...outcome(decision, 'lifted'), rule });
  }
  if (run.stop) await actor.runs.change(run, { kind: 'retry', stop: undefined });
  if (decision.action === 'keep') return outcomes;
  return [...outcomes, ...(held === undefined ? await warn(actor, decision, now) : [heldBack(decision, held)])];
}

function heldBack(decision: Decision, held: string): Outcome {
  return { ...outcome(decision, 'held'), reason: held };
}

function outcome({ app, rule, reason }: Decision, kind: Outcome['kind']): Outcome {
  return { app: app.ref, kind, rule, reason };
}

async function refreshFacts(actor: Actor, { app, sighting }: Seen): Promise<void> {
  const { owner, instanceType } = app;
  const isNew = owner !== undefined && owner !== sighting.run.owner;
  const isTyped = instanceType !== undefined && instanceType !== sighting.run.instanceType;
  const team = teamOnRecord(app, actor.policy);
  const isTeamed = team !== undefined && team !== sighting.run.team;
  if (!isNew && !isTyped && !isTeamed) return;
  await actor.runs.change(sighting.run, {
    kind: 'facts',
    ...(isNew ? { owner } : {}),
    ...(isTyped ? { instanceType } : {}),
    ...(isTeamed ? { team } : {}),
  });
}

/** The notice first, then the run's own note of it: a crash in between finds the notice owed, and keeps its clock. */
async function warn(actor: Actor, decision: Decision, now: Instant): Promise<Outcome[]> {
  const { app, rule, reason, due, next, warnedAt } = decision;
  if (warnedAt !== undefined) return [];
  const isEnforced = actor.policy.mode === 'enforce';
  const announced = isEnforced ? { stopAt: next!.at } : {};
  const grace = next!.at - now;
  let number = (app.run.warnings[rule]?.number ?? 0) + 1;
  const tell = () => tellWarning(actor, app, { rule, reason, number, due: due!, ...announced }, now);
  let told = await tell();
  // Owed by a pass that died, so long ago that its grace is over: who knows what was in between. It is given anew.
  if (told.at + grace <= now) {
    number++;
    told = await tell();
  }
  const { at, notices } = told;
  // The grace runs from when the notice was first owed, which a crash may have put before now.
  const promise = isEnforced ? { stopAt: at + grace } : {};
  const warning = { number, given: { due: due!, at, notices, ...promise } };
  if (!(await actor.runs.change(app.run, { kind: 'warn', rule, warning }))) return [outcome(decision, 'superseded')];
  return [{ ...outcome(decision, 'warned'), ...promise }];
}

/** The intention first, on the condition that nothing has changed; then the call; then the notice; then the run's end. */
async function stop(actor: Actor, decision: Decision, now: Instant): Promise<Outcome> {
  const { app, rule, reason } = decision;
  const { run } = app;
  const standings = await actor.outbox.standings(app.ref, run.warnings[rule]?.given?.notices ?? []);
  const waits = waitsForMail(standings, { grace: decision.grace ?? 0, now, timezone: actor.policy.timezone });
  if (waits !== undefined) {
    // Refused for all its readers a day ago: given up, so that the next scan warns whoever the admins are by then.
    const given = run.warnings[rule]?.given;
    const isHopeless =
      standings.every(({ fate }) => fate?.kind === 'refused') && given !== undefined && now - given.at >= DAY;
    if (isHopeless)
      await actor.runs.change(run, { kind: 'lift', warnings: [{ rule, number: run.warnings[rule]!.number }] });
    return heldBack(decision, waits);
  }
  const earlier = run.stop;
  const intention: Stop = { at: now, rule, reason, failures: earlier?.failures ?? 0 };
  if (!(await actor.runs.change(run, { kind: 'stop', stop: intention }))) return outcome(decision, 'superseded');
  let answer: 'stopping' | 'gone';
  try {
    answer = await actor.fleet.stop(app.ref);
  } catch (error) {
    return failedStop(actor, decision, intention, error, now);
  }
  if (answer === 'gone' && !(run.stop && mayHaveStopped(run.stop))) {
    // Gone at the first call: its owner was quicker, and nothing is ours to tell.
    await actor.runs.change(run, { kind: 'retry', stop: undefined });
    await actor.runs.change(run, { kind: 'end', at: now });
    return outcome(decision, 'already gone');
  }
  await tellStopped(actor, app, intention, now);
  await actor.runs.change(run, { kind: 'end', at: now, stop: { ...intention, told: true } });
  return outcome(decision, 'stopped');
}

/** Whether a stop that Curfew set out on may have ended the run: not if every call of it was turned away. */
function mayHaveStopped(stop: Stop): boolean {
  return !stop.told && !stop.hadNoEffect;
}

async function failedStop(
  actor: Actor,
  decision: Decision,
  intention: Stop,
  error: unknown,
  now: Instant,
): Promise<Outcome> {
  const { app } = decision;
  const code = error instanceof PortError ? error.code : 'Unexpected';
  const message = error instanceof Error ? error.message : String(error);
  const failures = intention.failures + 1;
  // Turned away, the call did nothing; after a time-out or a fault of AWS's own, it may have worked.
  const isTurnedAway =
    error instanceof PortError && error.kind !== 'fault' && !(app.run.stop && mayHaveStopped(app.run.stop));
  const effect = isTurnedAway ? { hadNoEffect: true as const } : {};
  await actor.runs.change(app.run, { kind: 'retry', stop: { ...intention, failures, code, ...effect } });
  if (failures >= FAILURES_TOLD) {
    const facts = failureOf(app, actor.rates, now, {
      title: `${holderName(app.ref)}'s ${app.ref.appType} app "${app.ref.appName}" cannot be stopped`,
      details: [
        `${failures} calls of DeleteApp have failed; the last answer was ${code}: ${message}`,
        `It was to be stopped because: ${intention.reason}.`,
      ],
      todo: [
        'Stop it in the SageMaker console, or find out what keeps it.',
        'Curfew goes on trying at every scan, and does not write again about this run.',
      ],
    });
    await tellAdmins(actor, app.ref, `stop failed ${runId(app.run)}`, facts, now);
  }
  return { ...outcome(decision, 'failed'), code, reason: `${message}; ${decision.reason}` };
}

/** Records that a run is over. A stop that a crash cut off before its notice is told now; one that did nothing is forgotten. */
export async function finish(actor: Actor, run: Run, now: Instant): Promise<Outcome[]> {
  await tellUntoldStop(actor, run, now);
  const ours = run.stop && !run.stop.hadNoEffect ? run.stop : undefined;
  if (run.stop && !ours && run.endedAt === undefined) await actor.runs.change(run, { kind: 'retry', stop: undefined });
  const end = { kind: 'end' as const, at: now, ...(run.stop ? { stop: { ...run.stop, told: true as const } } : {}) };
  const change = run.endedAt === undefined && !ours ? { kind: 'end' as const, at: now } : end;
  if (!(await actor.runs.change(run, change)) || run.endedAt !== undefined) return [];
  return [{ app: run.app, kind: 'ended', ...(ours ? { rule: ours.rule, reason: ours.reason } : {}) }];
}

/** Owes the notice of a stop that Curfew set out on, and that ended the run, if it is not owed yet. */
export async function tellUntoldStop(teller: Teller, run: Run, now: Instant): Promise<void> {
  if (run.stop && mayHaveStopped(run.stop)) await tellStopped(teller, endedApp(run), run.stop, now);
}

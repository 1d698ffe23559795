import type { AppRef, Place } from '../domain/app.ts';
import type { Decision } from '../domain/decide.ts';
import { liftedWarnings } from '../domain/decide.ts';
import type { Intent } from '../domain/plan.ts';
import { isHopeless, waitsForMail } from '../domain/rules/delivery.ts';
import { isShared, type RunningApp, teamOnRecord } from '../domain/running-app.ts';
import { DAY, type Instant } from '../domain/time.ts';
import { meet, part } from './invite.ts';
import type { Backstop, Runs } from './ports.ts';
import { stopRun, tellReplaced } from './stop.ts';
import type { Seen } from './survey.ts';
import type { Teller } from './tell.ts';
import { addressOf, tellWarning } from './tell.ts';

/** What came of a decision. `started` and `ended` are what the scan found; the rest is what it did. */
export interface Outcome {
  app: AppRef;
  kind:
    | 'started'
    | 'ended'
    | 'warned'
    | 'lifted'
    | 'stopped'
    | 'stopped by the backstop'
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

/** What acting needs. */
export interface Actor extends Teller {
  runs: Runs;
  /** Without it, nothing is armed and nothing disarmed. */
  backstop?: Backstop | undefined;
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
    const replaces = sighting.replaces && (await tellReplaced(actor, sighting.replaces, sighting.run, now));
    const contact = isBlind ? undefined : await contactOf(actor, seen.app, now);
    const run = contact === undefined ? sighting.run : { ...sighting.run, contact };
    // Another scan or an event was first: the next scan decides on what that wrote.
    if (!(await actor.runs.open(run, replaces))) return [outcome(decision, 'superseded')];
    outcomes.push(outcome(decision, 'started'));
  }
  const { run } = seen.app;
  // A stop insists on the run as it was decided on: nothing is written before it that can wait.
  if (decision.action === 'stop')
    return [...outcomes, held === undefined ? await stop(actor, decision, now) : heldBack(decision, held)];
  // What half a picture shows is no reason to take anything back.
  if (isBlind) return held === undefined ? outcomes : [...outcomes, heldBack(decision, held)];
  const isWarning = decision.action === 'warn' && decision.warnedAt === undefined && held === undefined;
  if (isWarning && !(await recordEvidence(actor, seen))) return [...outcomes, outcome(decision, 'superseded')];
  if (sighting.now === 'running') await refreshFacts(actor, seen.app, now);
  const lifted = liftedWarnings(decision, now).map((rule) => ({ rule, number: run.warnings[rule]!.number }));
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

/** Records what a warning rests on before it: told anew, the same use keeps the moment that the warning belongs to. */
async function recordEvidence(actor: Actor, { app, sighting }: Seen): Promise<boolean> {
  for (const evidence of Object.values(app.run.evidence)) {
    const isNew = evidence !== sighting.run.evidence[evidence.source];
    if (isNew && !(await actor.runs.change(app.run, { kind: 'evidence', evidence }))) return false;
  }
  return true;
}

/** Records what a listing says anew of a run that goes on. */
async function refreshFacts(actor: Actor, app: RunningApp, now: Instant): Promise<void> {
  const { owner, sharing, instanceType, run } = app;
  const team = teamOnRecord(app, actor.policy);
  const contact = await contactOf(actor, app, now);
  const facts = {
    ...(owner !== undefined && owner !== run.owner ? { owner } : {}),
    ...(instanceType !== undefined && instanceType !== run.instanceType ? { instanceType } : {}),
    ...(team !== undefined && team !== run.team ? { team } : {}),
    ...(isShared(app) && run.sharing === undefined ? { sharing } : {}),
    ...(contact === undefined ? {} : { contact }),
  };
  if (Object.keys(facts).length > 0) await actor.runs.change(run, { kind: 'facts', ...facts });
}

/**
 * The address of a run's owner once its contact is made, empty where there is none; undefined where the run has it on
 * record already. The SSO user name is a call of its own, so it is asked for once a run.
 */
export async function contactOf(actor: Actor, app: RunningApp, now: Instant): Promise<string | undefined> {
  const { ref, owner, run } = app;
  const isSso = actor.policy.owners.address === 'sso';
  if (isSso && run.contact !== undefined) return undefined;
  const address = await addressOf(actor, app);
  if (address && 'isFault' in address) return undefined;
  const known = address && 'address' in address ? address.address : '';
  if (known === (isSso ? run.contact : (run.contact ?? ''))) return undefined;
  const profile = { domainId: ref.domainId, userProfileName: owner ?? '' };
  if (run.contact) await part(actor.contacts, ref, profile, run.contact, now);
  if (known !== '') await meet(actor, ref, profile, known, now);
  return known;
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
  const { at, notices, told: words } = told;
  // The grace runs from when the notice was first owed, which a crash may have put before now.
  const stopAt = Math.max(at + grace, ...(await stopsNamed(actor, app.ref, told.known)));
  const promise = isEnforced ? { stopAt } : {};
  const warning = { number, given: { due: due!, at, notices, told: words, ...promise } };
  if (!(await actor.runs.change(app.run, { kind: 'warn', rule, warning }))) return [outcome(decision, 'superseded')];
  return [{ ...outcome(decision, 'warned'), ...promise }];
}

/** When notices that a pass owed and died after name the stop for: the policy may have given another grace then. */
async function stopsNamed({ outbox }: Actor, place: Place, known: string[]): Promise<Instant[]> {
  const past = await Promise.all(known.map((id) => outbox.get(place, id)));
  return past.flatMap((one) => {
    const facts = one?.notice.facts;
    return facts?.kind === 'warning' && facts.stopAt !== undefined ? [facts.stopAt] : [];
  });
}

/** Stops what is over its limit, once its warning's mail has gone out. */
async function stop(actor: Actor, decision: Decision, now: Instant): Promise<Outcome> {
  const { app, rule, reason } = decision;
  const { run } = app;
  const standings = await actor.outbox.standings(app.ref, run.warnings[rule]?.given?.notices ?? []);
  const waits = waitsForMail(standings, { grace: decision.grace ?? 0, now, timezone: actor.policy.timezone });
  if (waits !== undefined) {
    // Refused for all its readers a day ago: given up, so that the next scan warns whoever the admins are by then.
    const given = run.warnings[rule]?.given;
    const isOver = standings.every(isHopeless) && given !== undefined && now - given.at >= DAY;
    if (isOver)
      await actor.runs.change(run, { kind: 'lift', warnings: [{ rule, number: run.warnings[rule]!.number }] });
    return heldBack(decision, waits);
  }
  const { isIdle = false } = decision;
  const result = await stopRun(actor, app, { rule, reason, isIdle }, now);
  if (result.kind === 'paused') return heldBack(decision, 'Curfew was paused meanwhile');
  if (result.kind !== 'failed') return outcome(decision, result.kind);
  return { ...outcome(decision, 'failed'), code: result.code, reason: `${result.message}; ${reason}` };
}

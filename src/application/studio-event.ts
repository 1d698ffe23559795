import type { App, AppRef, Place } from '../domain/app.ts';
import { assertNever } from '../domain/assert-never.ts';
import { stopByBackstop } from '../domain/backstop.ts';
import { ownerAddress } from '../domain/owner.ts';
import type { Tags } from '../domain/picture.ts';
import type { EventEffect, Run } from '../domain/run.ts';
import { onCreated, onDeleted } from '../domain/run.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { contactOf } from './act.ts';
import { disarmStray } from './backstop.ts';
import { meet } from './invite.ts';
import { tellReplaced } from './stop.ts';
import { endedApp } from './tell.ts';

/** A call on SageMaker that succeeded, as CloudTrail tells it. */
export type StudioEvent =
  /** `tags`: those that the call itself gave it. */
  | { kind: 'app created'; app: AppRef & Pick<App, 'instanceType'>; at: Instant; tags?: Tags }
  /** `isBackstops`: EventBridge Scheduler made the call, for whoever. */
  | { kind: 'app deleted'; app: AppRef; at: Instant; isBackstops?: true }
  | { kind: 'space created'; domainId: string; spaceName: string; owner?: string; at: Instant }
  | {
      kind: 'profile created';
      domainId: string;
      userProfileName: string;
      ssoUserName?: string;
      tags: Tags;
      at: Instant;
    };

type AppEvent = Extract<StudioEvent, { app: AppRef }>;

/** What an event did: `nothing` was new to us, or another writer was first. */
export type Noted = 'run started' | 'run ended' | 'owner met' | 'nothing';

/** How often an event that lost a race looks again: a scan, heartbeats and other events may write beside it. */
const TRIES = 5;

/**
 * Starts and ends runs on the second. Events are best effort: repeated, late and reordered ones do no harm, and a scan
 * finds whatever they missed. A new profile's owner is met, and asked to confirm; spaces are read afresh by every scan.
 */
export async function noteStudioEvent(actor: Actor, place: Place, event: StudioEvent, now: Instant): Promise<Noted> {
  if (event.kind === 'space created') return 'nothing';
  if (event.kind === 'profile created') {
    const address = ownerAddress(event, actor.policy.owners, event);
    if (!('address' in address)) return 'nothing';
    await meet(actor, place, event, address.address, now);
    return 'owner met';
  }
  const { noted, run } = await noteApp(actor, event, now);
  if (run) await disarmStray(actor, run, now);
  return noted;
}

/** @returns the run that then holds the app's name, where its record may have changed */
async function noteApp(actor: Actor, event: AppEvent, now: Instant): Promise<{ noted: Noted; run?: Run | undefined }> {
  for (let i = 0; i < TRIES; i++) {
    const known = await actor.runs.get(event.app);
    const effect = effectOf(event, known);
    if (effect.kind === 'none') return { noted: 'nothing', run: known };
    if (effect.kind === 'end') {
      const stop = event.kind === 'app deleted' && event.isBackstops && stopByBackstop(known!, event.at, true);
      const end = { ...effect, kind: 'ends' as const, ...(stop ? { stop } : {}) };
      if (await actor.runs.change(known!, end)) return { noted: 'run ended', run: { ...known!, ...effect } };
      continue;
    }
    if (effect.kind === 'past') {
      await actor.runs.backfill(effect.run, known!);
      return { noted: 'run ended' };
    }
    const replaces = effect.replaces && (await tellReplaced(actor, effect.replaces, effect.run, now));
    const contact = await ownContact(actor, effect.run, now);
    const run = contact ? { ...effect.run, contact } : effect.run;
    if (await actor.runs.open(run, replaces))
      return { noted: effect.run.endedAt === undefined ? 'run started' : 'run ended', run };
  }
  throw new Error(
    `the record of ${event.app.appType} ${event.app.appName} changed ${TRIES} times while an event was noted`,
  );
}

/** The address of the profile that started a run. An event tells no space's owner and no profile's tags: a scan does. */
async function ownContact(actor: Actor, run: Run, now: Instant): Promise<string | undefined> {
  const isOwn = run.app.userProfileName !== undefined && run.endedAt === undefined;
  return isOwn ? contactOf(actor, endedApp(run), now) : undefined;
}

function effectOf(event: AppEvent, known: Parameters<typeof onCreated>[2]): EventEffect {
  switch (event.kind) {
    case 'app created':
      return onCreated(event.app, event.at, known);
    case 'app deleted':
      return onDeleted(event.app, event.at, known);
    default:
      return assertNever(event);
  }
}

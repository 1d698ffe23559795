import type { App, AppRef } from '../domain/app.ts';
import { assertNever } from '../domain/assert-never.ts';
import type { EventEffect } from '../domain/run.ts';
import { onCreated, onDeleted } from '../domain/run.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { tellUntoldStop } from './act.ts';

/** A call on SageMaker that succeeded, as CloudTrail tells it. */
export type StudioEvent =
  | { kind: 'app created'; app: AppRef & Pick<App, 'instanceType'>; at: Instant }
  | { kind: 'app deleted'; app: AppRef; at: Instant }
  | { kind: 'space created'; domainId: string; spaceName: string; owner?: string; at: Instant }
  | { kind: 'profile created'; domainId: string; userProfileName: string; at: Instant };

/** What an event did: `nothing` was new to us, or another writer was first. */
export type Noted = 'run started' | 'run ended' | 'nothing';

/** How often an event that lost a race looks again: a scan, heartbeats and other events may write beside it. */
const TRIES = 5;

/**
 * Starts and ends runs on the second. Events are best effort: repeated, late and reordered ones do no harm, and a scan
 * finds whatever they missed. Spaces and profiles are read afresh by every scan: their events leave nothing to record yet.
 */
export async function noteStudioEvent(
  actor: Pick<Actor, 'runs' | 'outbox' | 'fleet' | 'policy' | 'rates'>,
  event: StudioEvent,
  now: Instant,
): Promise<Noted> {
  if (event.kind === 'space created' || event.kind === 'profile created') return 'nothing';
  for (let i = 0; i < TRIES; i++) {
    const known = await actor.runs.get(event.app);
    const effect = effectOf(event, known);
    if (effect.kind === 'none') return 'nothing';
    if (effect.kind === 'end') {
      if (await actor.runs.change(known!, { ...effect, kind: 'ends' })) return 'run ended';
      continue;
    }
    if (effect.kind === 'past') {
      await actor.runs.backfill(effect.run, known!);
      return 'run ended';
    }
    if (effect.replaces) await tellUntoldStop(actor, effect.replaces, now);
    if (await actor.runs.open(effect.run, effect.replaces))
      return effect.run.endedAt === undefined ? 'run started' : 'run ended';
  }
  throw new Error(
    `the record of ${event.app.appType} ${event.app.appName} changed ${TRIES} times while an event was noted`,
  );
}

function effectOf(event: Extract<StudioEvent, { app: AppRef }>, known: Parameters<typeof onCreated>[2]): EventEffect {
  switch (event.kind) {
    case 'app created':
      return onCreated(event.app, event.at, known);
    case 'app deleted':
      return onDeleted(event.app, event.at, known);
    default:
      return assertNever(event);
  }
}

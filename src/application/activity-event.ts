import type { AppRef } from '../domain/app.ts';
import { evidenceOf, type Heartbeat } from '../domain/evidence.ts';
import { withLook } from '../domain/use.ts';
import type { Runs } from './ports.ts';

/** How often a heartbeat that lost a race looks again: others of the same app, or a scan's own writes. */
const TRIES = 5;

/**
 * Makes a heartbeat evidence of the run that it is from. Late, repeated and reordered ones, and those of an app that is
 * not known to run, do no harm. Throws when it loses every race: it is then worth another invocation.
 */
export async function noteActivity(runs: Runs, app: AppRef, heartbeat: Heartbeat): Promise<'evidence' | 'nothing'> {
  for (let i = 0; i < TRIES; i++) {
    const run = await runs.get(app);
    if (!run || run.endedAt !== undefined) return 'nothing';
    const evidence = evidenceOf(heartbeat, run);
    if (!evidence) return 'nothing';
    const use = withLook(run.use, run.evidence.agent, evidence, run.startedAt);
    if (await runs.change(run, { kind: 'evidence', evidence, use })) return 'evidence';
  }
  throw new Error(`the run of ${app.appType} ${app.appName} changed ${TRIES} times while a heartbeat was noted`);
}

import type { AppRef } from '../domain/app.ts';
import { evidenceOf, type Heartbeat } from '../domain/evidence.ts';
import type { Runs } from './ports.ts';

/**
 * Makes a heartbeat evidence of the run that it is from. Late, repeated and reordered ones, and those of an app that is
 * not known to run, do no harm: the newest of a source wins, by one conditional write.
 */
export async function noteActivity(runs: Runs, app: AppRef, heartbeat: Heartbeat): Promise<'evidence' | 'nothing'> {
  const run = await runs.get(app);
  if (!run || run.endedAt !== undefined) return 'nothing';
  const evidence = evidenceOf(heartbeat, run);
  if (!evidence) return 'nothing';
  return (await runs.change(run, { kind: 'evidence', evidence })) ? 'evidence' : 'nothing';
}

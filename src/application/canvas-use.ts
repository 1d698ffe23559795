import { appKey } from '../domain/app.ts';
import { canvasEvidence } from '../domain/evidence.ts';
import { needsCanvasUse } from '../domain/needs.ts';
import type { Policy } from '../domain/policy.ts';
import type { RunningApp } from '../domain/running-app.ts';
import type { Instant } from '../domain/time.ts';
import type { CanvasUse } from './ports.ts';

/**
 * Adds what Canvas tells of its use to the runs of the apps that need it; where none does, nothing is asked. It is asked
 * anew at each look and not recorded, so that a quiet scan writes nothing: only a warning records what it rests on.
 * @returns what could not be had, in words: the use of those apps is unknown, and all else goes on
 */
export async function addCanvasUse(
  canvasUse: CanvasUse,
  running: RunningApp[],
  policy: Policy,
  now: Instant,
): Promise<string[]> {
  const apps = running.filter((app) => needsCanvasUse(app, policy, now));
  if (apps.length === 0) return [];
  // What is older says nothing any more: a source that is silent for so long leaves use unknown.
  const since = now - policy.evidence.staleAfter;
  const { readings, unknown } = await canvasUse.read(
    apps.map(({ ref }) => ref),
    since,
    now,
  );
  const unasked = new Set(unknown.map(({ app }) => appKey(app)));
  for (const app of apps) {
    const key = appKey(app.ref);
    if (unasked.has(key)) app.isUnasked = true;
    const evidence = canvasEvidence(readings.get(key) ?? [], app.run, now);
    if (evidence) app.run = { ...app.run, evidence: { ...app.run.evidence, [evidence.source]: evidence } };
  }
  return [...new Set(unknown.map(({ why }) => why))].map((why) => {
    const count = unknown.filter((one) => one.why === why).length;
    return `the use of ${count === 1 ? '1 Canvas app' : `${count} Canvas apps`} is unknown (${why})`;
  });
}

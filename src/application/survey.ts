import type { App, Place } from '../domain/app.ts';
import { appKey, isRunning } from '../domain/app.ts';
import type { Rates } from '../domain/cost.ts';
import { needsOf } from '../domain/needs.ts';
import { type Pause, pauseEnd } from '../domain/pause.ts';
import type { Picture } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run, Sighting } from '../domain/run.ts';
import { sight } from '../domain/run.ts';
import type { RunningApp } from '../domain/running-app.ts';
import { isShared, runningApp, teamOnRecord } from '../domain/running-app.ts';
import type { Instant } from '../domain/time.ts';
import { sightVolumes, type Volume, type VolumeChange, volumesAfter } from '../domain/volume.ts';
import { addCanvasUse } from './canvas-use.ts';
import type { CanvasUse, Fleet, OnRecord, Runs, ScanState } from './ports.ts';

/** A running app, and how it is known. */
export interface Seen {
  app: RunningApp;
  sighting: Extract<Sighting, { now: 'running' | 'started' }>;
}

/** The fleet as it is now, held against what was known of it. */
export interface Survey {
  /** The moment that it is of. */
  now: Instant;
  picture: Picture;
  running: Seen[];
  /** Runs recorded as going on that are over. */
  ended: Run[];
  /** Runs that were over before, and still hold their app's name. */
  past: Run[];
  /** Volumes that go on by the record, as the picture shows them: whoever lost a space pays for it no more. */
  volumes: Volume[];
  /** What is to be written of them. */
  volumeChanges: VolumeChange[];
  /** AWS's price list as it was last read; undefined where it never was. */
  prices: Rates | undefined;
  /** The last pause, over or not; undefined where there never was one. */
  pause: Pause | undefined;
  state: ScanState;
  /** Every run that holds its app's name, as it is now seen: what spend is reckoned from, beside history. */
  runs: Run[];
  /** What the books, budgets and admins left on record. */
  books: Pick<OnRecord, 'books' | 'marks' | 'exceptions'>;
  /** What else could not be had, in words. It holds nothing but what rests on it. */
  faults: string[];
}

/**
 * Looks at everything at once: all pages of AWS, and all that is recorded; then asks about what that shows. Changes nothing.
 * Without a record (`runs`), every run starts at its CreationTime, and no warning is known.
 * @param isLate what asks may come hours after `now`, as events do: it is of when AWS answered
 */
export async function survey(
  ports: { fleet: Fleet; runs?: Runs | undefined; canvasUse?: CanvasUse | undefined },
  policy: Policy,
  { place, now: since, isLate = false }: { place: Place; now: Instant; isLate?: boolean },
): Promise<Survey> {
  const nothing: OnRecord = { runs: [], state: {} };
  const [known, picture] = await Promise.all([
    ports.runs?.load(place) ?? nothing,
    ports.fleet.look(place, needsOf(policy)),
  ]);
  const now = isLate ? Math.max(since, picture.at ?? since) : since;
  const rows = rowsByApp(picture.apps);
  const { state, prices, pause, books, marks, exceptions } = known;
  const volumeChanges = sightVolumes(picture, known.volumes ?? [], policy, now);
  const volumes = volumesAfter(known.volumes ?? [], volumeChanges);
  const result: Survey = {
    ...{
      now,
      picture,
      running: [],
      ended: [],
      past: [],
      runs: [],
      volumes,
      volumeChanges,
      prices,
      pause,
      state,
      faults: [],
    },
    books: { ...(books ? { books } : {}), ...(marks ? { marks } : {}), ...(exceptions ? { exceptions } : {}) },
  };
  // A row that names no app may be the one that a known run is missing.
  const isComplete = !picture.missing.some(({ part }) => part === 'apps') && picture.unusable.length === 0;
  for (const run of known.runs) {
    const key = appKey(run.app);
    const row = rows.get(key);
    rows.delete(key);
    // A row that half a listing lacks may be on the page that failed.
    if (row || isComplete) record(result, row, run, policy, now);
    else {
      result.runs.push(run);
      if (run.endedAt !== undefined) result.past.push(run);
    }
  }
  for (const row of rows.values()) record(result, row, undefined, policy, now);
  if (pause) for (const { app } of result.running) app.warningsFrom = pauseEnd(pause);
  if (ports.canvasUse) {
    const running = result.running.map(({ app }) => app);
    result.faults = await addCanvasUse(ports.canvasUse, running, policy, now);
  }
  return result;
}

function record(result: Survey, row: App | undefined, known: Run | undefined, policy: Policy, now: Instant): void {
  const sighting = sight(row, known, now);
  if (sighting.now === 'running') {
    const app = runningApp(row!, sighting.run, result.picture, policy);
    result.running.push({ app, sighting });
    result.runs.push({ ...sighting.run, ...answerableFor(app, policy) });
  } else if (sighting.now === 'started') {
    const app = runningApp(row!, sighting.run, result.picture, policy);
    // The run is recorded with who answers for it: once it is over, no listing tells.
    app.run = { ...app.run, ...answerableFor(app, policy) };
    result.running.push({ app, sighting: { ...sighting, run: app.run } });
    result.runs.push(...(sighting.replaces ? [sighting.replaces] : []), app.run);
  } else if (sighting.now === 'ended') {
    result.ended.push(sighting.run);
    result.runs.push({ ...sighting.run, endedAt: sighting.at });
  } else if (known) {
    result.runs.push(known);
    if (known.endedAt !== undefined) result.past.push(known);
  }
}

function answerableFor(app: RunningApp, policy: Policy): Pick<Run, 'owner' | 'team' | 'sharing'> {
  const { owner, sharing } = app;
  const team = teamOnRecord(app, policy);
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(team === undefined ? {} : { team }),
    ...(isShared(app) ? { sharing } : {}),
  };
}

/** One row an app: where pages overlap, or a name is listed deleted and running, the running and newest row counts. */
function rowsByApp(apps: App[]): Map<string, App> {
  const rows = new Map<string, App>();
  const rank = (app: App) => (isRunning(app) ? 1e15 : 0) + (app.createdAt ?? 0);
  for (const app of apps) {
    const key = appKey(app);
    const other = rows.get(key);
    if (!other || rank(app) > rank(other)) rows.set(key, app);
  }
  return rows;
}

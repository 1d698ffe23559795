import type { Duration, Instant } from './time.ts';
import { describeDuration, MINUTE } from './time.ts';

/**
 * A dated proof of use of one run, from one source. A source keeps one piece of evidence: the newest.
 * `DescribeApp.LastUserActivityTimestamp` is no such source: health checks move it (aws-facts, "Idleness").
 */
export interface Evidence {
  /** Where it comes from: `agent`, `canvas-metric`. */
  source: string;
  /** What was used last, or is at work: `kernel`, `terminal`, `editor`, `gpu`, `cpu`, `canvas`. */
  kind: string;
  /** Something was at work when the source looked. */
  busy: boolean;
  /** The last use that the source knows of; the run's start where there was none. */
  lastUseAt: Instant;
  /** When the source looked. A source that falls silent makes this old, and the evidence stale. */
  observedAt: Instant;
  /** All that the source looked at, for people. */
  seen?: Activity[];
}

/** What a source saw of one kind of use. */
export interface Activity {
  kind: string;
  busy: boolean;
  /** Absent where it looked, and there was never any. */
  lastUseAt?: Instant;
}

/** What the agent in an app sends. */
export interface Heartbeat {
  observedAt: Instant;
  activity: Activity[];
}

/** Clocks differ: what is further ahead than this is no observation. */
export const MOST_AHEAD: Duration = 5 * MINUTE;

/** Without one of these, the agent did not reach the app's own API: it saw the machine, and not its user. */
const PEOPLE = ['kernel', 'editor'];

/**
 * What a heartbeat proves of a run. A busy GPU proves use even where the app's API did not answer; that nothing is
 * busy proves no idleness there: the evidence goes stale instead, and use is unknown. A use that such a heartbeat
 * remembers counts as a look that found it at that time.
 */
function provenBy({ observedAt, activity }: Heartbeat, run: { startedAt: Instant }): Evidence | undefined {
  if (observedAt < run.startedAt) return undefined;
  // A use before the run's start belongs to another run, one after the look to a clock that is ahead.
  const clamp = (at: Instant) => Math.min(Math.max(at, run.startedAt), observedAt);
  const seen = activity.map((one) => (one.lastUseAt === undefined ? one : { ...one, lastUseAt: clamp(one.lastUseAt) }));
  const used = seen.filter((one) => one.lastUseAt !== undefined).sort((a, b) => b.lastUseAt! - a.lastUseAt!)[0];
  const busy = activity.find((one) => one.busy);
  if (busy) return { source: 'agent', kind: busy.kind, busy: true, lastUseAt: observedAt, observedAt, seen };
  if (activity.some(({ kind }) => PEOPLE.includes(kind))) {
    const lastUseAt = used?.lastUseAt ?? run.startedAt;
    return { source: 'agent', kind: (used ?? seen[0]!).kind, busy: false, lastUseAt, observedAt, seen };
  }
  if (!used || used.lastUseAt! <= run.startedAt) return undefined;
  return {
    source: 'agent',
    kind: used.kind,
    busy: true,
    lastUseAt: used.lastUseAt!,
    observedAt: used.lastUseAt!,
    seen,
  };
}

/**
 * A run's evidence with a heartbeat added. What is newest tells whether anything is busy; the last use is the latest that
 * any heartbeat proved, in whatever order they come: a kernel that was used and then shut down was used.
 * @returns undefined where the heartbeat says nothing new, proves nothing, or is of another run of the name
 */
export function evidenceOf(
  heartbeat: Heartbeat,
  run: { startedAt: Instant; evidence?: Record<string, Evidence> },
): Evidence | undefined {
  const proven = provenBy(heartbeat, run);
  return proven && newerOf(run.evidence?.agent, proven);
}

/** What Canvas's metric told: at some moment of the minute that begins `at`, its user had done nothing for `idle`. */
export interface Reading {
  at: Instant;
  idle: Duration;
}

/** CloudWatch keeps values by the minute: when within it one was measured, nobody can tell. */
export const READING_SPAN: Duration = MINUTE;

/**
 * A run's evidence with readings added. A use is put at the latest moment that they leave open, so that nothing looks
 * idler than it is; two readings of one use may then lie a minute apart, so one that is later by less is the same use,
 * and stays where it is: a warning belongs to the moment its reason began.
 * @returns undefined where no reading proves anything new of this run
 */
export function canvasEvidence(
  readings: Reading[],
  run: { startedAt: Instant; evidence?: Record<string, Evidence> },
  now: Instant,
): Evidence | undefined {
  const proven = readings.filter((one) => one.at <= now && isOfRun(one, run));
  if (proven.length === 0) return undefined;
  const latest = Math.max(run.startedAt, ...proven.map(({ at, idle }) => at + READING_SPAN - idle));
  const source = 'canvas-metric';
  const evidence: Evidence = {
    source,
    kind: 'canvas',
    busy: false,
    lastUseAt: Math.min(latest, now),
    observedAt: Math.max(...proven.map(({ at }) => at)),
  };
  return newerOf(run.evidence?.[source], evidence, READING_SPAN);
}

/** Whether a reading can be of this run: nobody has been idle for less than no time, or for longer than the run goes on. */
function isOfRun({ at, idle }: Reading, { startedAt }: { startedAt: Instant }): boolean {
  return at >= startedAt && idle >= 0 && at - idle >= startedAt - MOST_AHEAD;
}

/** What is newest tells whether anything is busy; the last use is the latest that was proven, and never goes back. */
function newerOf(known: Evidence | undefined, proven: Evidence, sameUse: Duration = 0): Evidence | undefined {
  if (!known) return proven;
  const newest = proven.observedAt > known.observedAt ? proven : known;
  const latest = proven.lastUseAt > known.lastUseAt + sameUse ? proven : known;
  if (newest === known && latest === known) return undefined;
  return { ...newest, lastUseAt: latest.lastUseAt, kind: newest.busy ? newest.kind : latest.kind };
}

/** What all of a run's evidence says of its use. */
export type Use =
  | { kind: 'unknown'; why: string }
  | { kind: 'busy'; evidence: Evidence }
  /** `last` proves the newest use; `seenAt` is the newest look. */
  | { kind: 'quiet'; last: Evidence; seenAt: Instant };

/**
 * Weighs the evidence: without any that is younger than `staleAfter` use is unknown, one source that says busy is use
 * now, and else the newest proven use counts. A source that saw the run busy may not be outvoted by another that looked
 * elsewhere, or by its own silence.
 */
export function useOf(evidence: Record<string, Evidence>, staleAfter: Duration, now: Instant): Use {
  const all = Object.values(evidence);
  if (all.length === 0) return { kind: 'unknown', why: 'no evidence of use' };
  const newest = all.reduce((a, b) => (b.observedAt > a.observedAt ? b : a));
  const silent = all.filter(({ observedAt }) => now - observedAt > staleAfter);
  const lost = silent.find(({ busy }) => busy) ?? (silent.length === all.length ? newest : undefined);
  if (lost) return { kind: 'unknown', why: `${lost.source} silent for ${describeDuration(now - lost.observedAt)}` };
  const busy = all.find((one) => one.busy);
  if (busy) return { kind: 'busy', evidence: busy };
  const last = all.reduce((a, b) => (b.lastUseAt > a.lastUseAt ? b : a));
  return { kind: 'quiet', last, seenAt: newest.observedAt };
}

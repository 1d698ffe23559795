import type { App, AppRef } from './app.ts';
import { isRunning, refOf } from './app.ts';
import type { Evidence } from './evidence.ts';
import type { Duration, Instant } from './time.ts';
import { MINUTE, SECOND } from './time.ts';
import type { UseRecord } from './use.ts';

/** One life of an app, from start to stop. Names are used again, so all state hangs on the run. */
export interface Run {
  app: AppRef;
  startedAt: Instant;
  instanceType?: string;
  /** The owner's profile when last seen: an ended run keeps who answered for it. */
  owner?: string;
  /** The address that the policy gives the owner, once its contact was made; empty where none is known. */
  contact?: string;
  /** The value of the team's tag when last seen, where the policy makes teams by one. */
  team?: string;
  /** `Shared`, where its space is: the admins are told too, also once no listing tells it. */
  sharing?: string;
  endedAt?: Instant;
  /** Ends told of after `endedAt`, the earliest first: each a later run's of the name, whose CreateApp may still come. */
  laterEnds?: Instant[];
  /** By rule. One without `due` was lifted, and keeps only its number. */
  warnings: Record<string, Warning>;
  /** When "keep it running" was asked: the policy says what each asking buys. */
  extensions: Instant[];
  /** By source. */
  evidence: Record<string, Evidence>;
  /** What the agent's heartbeats told of its use over time, for reports: no rule goes by it. */
  use?: UseRecord;
  /** The stop that Curfew has set out on: recorded before the call, so that a crash in between is not lost. */
  stop?: Stop;
  /** The schedule that stands under the app's name: this run's own, or one that a run before it has left there. */
  backstop?: Armed;
  /** Grows with every write but evidence, so that a stop can insist that nothing has changed since it was decided. */
  version: number;
  /** Grows with every piece of evidence, which a stop by the clock does not wait for: it would never end under a flood of heartbeats. */
  looks?: number;
}

/** A warning that was given: what for, when, and what it announced. */
export interface Warning {
  /** How many warnings this run has had by this rule, this one included: each is a notice of its own. */
  number: number;
  given?: {
    /** When the warning's reason began. Another beginning is another reason, and needs another warning. */
    due: Instant;
    at: Instant;
    /** When it said that the stop would come; absent when it said that nothing would be stopped (mode `warn`). */
    stopAt?: Instant;
    /** The ids of its notices, one for each reader. */
    notices: string[];
    /** Who was told, in words: `alice`, or `the admins: alice has not confirmed`. */
    told?: string;
  };
}

export interface Stop {
  at: Instant;
  rule: string;
  reason: string;
  /** Calls that failed so far. */
  failures: number;
  /** The last failure's code. */
  code?: string;
  /** Every call was turned away: whatever ends the run, it was not this. */
  hadNoEffect?: true;
  /** The run is over and the notice of it is owed: nothing is left to do. */
  told?: true;
  /** EventBridge Scheduler made the call: nothing of ours was there to make it. */
  by?: 'backstop';
}

/** A schedule of EventBridge Scheduler that stops an app. Written down before it is made or moved. */
export interface Armed {
  /** Its name, which tells the run that it was made for. */
  name: string;
  /** When it stops the app. */
  at: Instant;
  /** The rule whose deadline it enforces, and why it falls then, as the owner will be told. */
  rule: string;
  reason: string;
  /** When a pass set out to make it so. */
  since: Instant;
  /** It is so. Without it a pass is at it, or has died. */
  isSet?: true;
}

/**
 * How far two tellings of one start may lie apart: CloudTrail cuts to the second, ListApps does not.
 * No app is created, deleted and created again within it: stopping alone takes about a minute.
 */
export const START_TOLERANCE: Duration = MINUTE;

/** CloudTrail's times are cut to the second: a run's own DeleteApp is no earlier than its start by more. */
const CLOUDTRAIL_CUT: Duration = 2 * SECOND;

/**
 * How old a listing may be when it meets what events have recorded: an app that an event says started or
 * ended within this time before the scan may not be in the scan's listing yet.
 */
export const LISTING_LAG: Duration = 2 * MINUTE;

/** No pass lives longer: the scan's Lambda ends after so long, and those of events and links sooner (serverless.yml). */
const PASS_LIVES: Duration = 5 * MINUTE;

/** Whether a pass that set out on a stop may still be waiting for AWS's answer: only it can tell whose end the run's is. */
export function isUnderWay(stop: Stop | undefined, now: Instant): boolean {
  if (stop === undefined || stop.told || stop.code !== undefined || stop.by === 'backstop') return false;
  return now - stop.at < PASS_LIVES;
}

/** A run at its start: a clean slate. */
export function newRun(
  app: AppRef,
  startedAt: Instant,
  facts: Pick<App, 'instanceType'> & { owner?: string } = {},
): Run {
  return {
    app: refOf(app),
    startedAt,
    ...(facts.instanceType === undefined ? {} : { instanceType: facts.instanceType }),
    ...(facts.owner === undefined ? {} : { owner: facts.owner }),
    warnings: {},
    extensions: [],
    evidence: {},
    version: 1,
  };
}

/** A run that follows one under its name: what was seen at work since its start was this one, whatever run that was noted on. */
function newRunAfter(known: Run, app: AppRef & Pick<App, 'instanceType'>, startedAt: Instant): Run {
  const seen = Object.entries(known.evidence).filter(([, { busy, observedAt }]) => busy && observedAt >= startedAt);
  return { ...newRun(app, startedAt, app), evidence: Object.fromEntries(seen), ...leftBy(known) };
}

/** A schedule acts on a name: what a run leaves armed is its successor's to disarm. */
function leftBy({ backstop }: Run): Pick<Run, 'backstop'> {
  return backstop ? { backstop } : {};
}

/** What seeing an app, or not seeing it, makes of what was known of it. */
export type Sighting =
  /** Nothing runs, and nothing was known to. */
  | { now: 'absent' }
  /** The known run goes on. */
  | { now: 'running'; run: Run }
  /** A new run, the one before it over: `replaces` is the ended run that the name still holds. */
  | { now: 'started'; run: Run; replaces?: Run }
  /** The known run is over. */
  | { now: 'ended'; run: Run; at: Instant }
  /** The listing and the record disagree, and the record may be newer: the next scan will know. */
  | { now: 'unsure'; run: Run };

/**
 * Holds a row of a complete listing (or the lack of one) against the last known run of that name.
 *
 * A run's start is the latest of CreationTime, the CreateApp event's time, and the first sight of the app running
 * again after it was seen gone: AWS may keep CreationTime over a restart ("update of the previous application").
 * @param app the row; undefined when the complete listing has none
 * @param known the last recorded run under this name
 * @param now the scan's time, at or before the moment of listing
 */
export function sight(app: App | undefined, known: Run | undefined, now: Instant): Sighting {
  const createdAt = app?.createdAt;
  if (app === undefined || !isRunning(app)) {
    if (!known || known.endedAt !== undefined) return { now: 'absent' };
    // An event may have opened the run after the page was listed that would have shown it.
    if (known.startedAt > now - LISTING_LAG) return { now: 'unsure', run: known };
    return { now: 'ended', run: known, at: now };
  }
  if (!known) return { now: 'started', run: newRun(app, createdAt ?? now, app) };
  if (known.endedAt === undefined) {
    const recreated = createdAt !== undefined && createdAt > known.startedAt + START_TOLERANCE;
    if (!recreated) return { now: 'running', run: known };
    return { now: 'started', run: newRunAfter(known, app, createdAt), replaces: { ...known, endedAt: createdAt } };
  }
  if (createdAt !== undefined && createdAt > known.endedAt) {
    return { now: 'started', run: newRunAfter(known, app, createdAt), replaces: known };
  }
  // Recorded as ended, listed as running, and not created since: running again, or listed before it ended.
  if (known.endedAt > now - LISTING_LAG) return { now: 'unsure', run: known };
  // Created after the known run was, it is another: whoever saw that one end had a clock that was ahead.
  if (createdAt !== undefined && createdAt > known.startedAt + START_TOLERANCE)
    return { now: 'started', run: newRunAfter(known, app, createdAt), replaces: { ...known, endedAt: createdAt } };
  // A DeleteApp that AWS took and that ended nothing would look the same. Of the two errors the worse is to stop what was started anew.
  return { now: 'started', run: { ...newRun(app, now, app), ...leftBy(known) }, replaces: known };
}

/** What a CreateApp or DeleteApp event makes of what was known of the app. */
export type EventEffect =
  | { kind: 'none' }
  | { kind: 'start'; run: Run; replaces?: Run }
  | { kind: 'end'; endedAt: Instant; laterEnds: Instant[] }
  /** It tells of a time before the known run: that belongs to history. */
  | { kind: 'past'; run: Run };

/**
 * A run of no length is a mark: something ended then, and nobody has told yet what. Its CreateApp may still come, and
 * until it does, whatever ran before was over by then.
 */
export function isMark(run: Run): boolean {
  return run.endedAt === run.startedAt;
}

/** A mark: an app's DeleteApp at `at`. */
export function markOf(app: AppRef, at: Instant): Run {
  return { ...newRun(app, at), endedAt: at };
}

/**
 * A CreateApp call that succeeded at `at`: AWS refuses it while the app exists, so whatever ran before is over.
 * Repeated, late and reordered events do no harm: nothing that an event tells is lost, whatever came before it, so
 * that the same events make the same runs in any order.
 */
export function onCreated(app: AppRef & Pick<App, 'instanceType'>, at: Instant, known: Run | undefined): EventEffect {
  if (!known) return { kind: 'start', run: newRun(app, at, app) };
  const isDated = isMark(known) && at <= known.startedAt;
  if (!isMark(known) && Math.abs(at - known.startedAt) <= START_TOLERANCE) return { kind: 'none' };
  if (!isDated && at < known.startedAt)
    return { kind: 'past', run: { ...newRun(app, at, app), endedAt: known.startedAt } };
  // The end of the run before may be a scan's word, whose clock was ahead: no app is over within a minute.
  const isIts = (end: Instant) => end > (end === known.endedAt ? at + START_TOLERANCE : at);
  const ends = endsAs(endsOf(known).filter((end) => isDated || isIts(end)));
  // What was asked since is asked of this run, whatever it was taken for.
  const run = { ...newRunAfter(known, app, at), ...ends, extensions: known.extensions.filter((asked) => asked >= at) };
  // Its DeleteApp came first, and left a mark: now its start is known.
  if (isDated) return { kind: 'start', run, replaces: known };
  return { kind: 'start', run, replaces: { ...known, endedAt: Math.min(at, known.endedAt ?? at) } };
}

/**
 * A DeleteApp call that succeeded at `at`. Where a scan had already seen the app gone, the event's time is the
 * exact one, and earlier. An app never heard of leaves a mark, so that its late CreateApp opens no run that goes on.
 */
export function onDeleted(app: AppRef, at: Instant, known: Run | undefined): EventEffect {
  if (!known) return { kind: 'start', run: markOf(app, at) };
  const ends = endsOf(known);
  if (isMark(known) && at < known.startedAt)
    return { kind: 'start', run: { ...markOf(app, at), ...endsAs([at, ...ends]), ...leftBy(known) }, replaces: known };
  if (at < known.startedAt - CLOUDTRAIL_CUT) return { kind: 'past', run: markOf(app, at) };
  const told = Math.max(at, known.startedAt);
  // The same end told twice, or the event of a stop that Curfew wrote down just before it called.
  if (ends.some((end) => end <= told && told - end <= START_TOLERANCE)) return { kind: 'none' };
  const others = ends.filter((end) => end < told || end - told > START_TOLERANCE);
  const { endedAt, laterEnds = [] } = endsAs([...others, told]);
  return { kind: 'end', endedAt: endedAt!, laterEnds };
}

function endsOf({ endedAt, laterEnds = [] }: Run): Instant[] {
  return endedAt === undefined ? [] : [endedAt, ...laterEnds];
}

/** The first end is the run's own; the rest are kept for runs that are still to be told of. */
function endsAs(ends: Instant[]): Pick<Run, 'endedAt' | 'laterEnds'> {
  const [endedAt, ...laterEnds] = [...new Set(ends)].sort((a, b) => a - b);
  return { ...(endedAt === undefined ? {} : { endedAt }), ...(laterEnds.length > 0 ? { laterEnds } : {}) };
}

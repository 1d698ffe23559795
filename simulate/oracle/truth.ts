import type { FitSpec, LimitSpec, Spec } from '../spec.ts';

/** What truly is and was, kept beside the service: nothing under `oracle/` runs any code of `src`. */

/** A place for an app: its name, its holder, and who uses it. */
export interface Slot {
  id: string;
  domainId: string;
  userProfileName?: string;
  spaceName?: string;
  appType: string;
  appName: string;
  instanceType?: string;
  user: string;
}

/** One life of an app. */
export interface TrueRun {
  slot: Slot;
  start: number;
  startOrder: number;
  /** AWS shows the start of the run before as its own: unless it was told, or seen gone, nobody can know that it is another. */
  kin?: TrueRun;
  /** When a scan in which nothing went wrong first saw it: the latest that anybody may take for its start. */
  seenAt?: number;
  end?: number;
  endedBy?: 'owner' | 'scan' | 'link' | 'backstop' | 'itself';
  /** The service set out to stop it, and cannot know whether that was what ended it. */
  isDoubtful?: true;
  /** When it is at work, in order. */
  uses: [from: number, to: number][];
  /** Until when its agent lives; -1: it has none. */
  agentUntil: number;
  words: Word[];
  keeps: Keep[];
  /** Since when it is on record; when a pass saw it gone; its end, where an event has told that. */
  knownAt?: number;
  goneAt?: number;
  toldEnd?: number;
  /** When its tags, its owner or its keeping last changed. */
  disturbedAt: number;
  /** When the service last heard of a use that was new. */
  usedAt: number;
  /** The budget that gives it a grace and is surely spent, when that was last looked at, and how often before. */
  spent?: { key: string; at: number; rounds: number } | undefined;
  /** The next liveness round, and how many there were. */
  rounds: { over: number; at: number; untold: number };
}

/** What a source told the service of a run. `isSure`: the service answered that it had noted it. */
export interface Word {
  order: number;
  source: 'agent' | 'canvas';
  at: number;
  busy: boolean;
  lastUse: number;
  isSure: boolean;
}

/** A "keep it running" that was pressed: `at` counts from. */
export interface Keep {
  order: number;
  at: number;
  isSure: boolean;
}

/** A value and since when it is so, by order. */
interface Since<T> {
  order: number;
  at: number;
  value: T;
}

/** A grant or a lift. Without `budget`, of every budget of its subject. */
interface Exception {
  order: number;
  kind: 'grant' | 'lift';
  subject: { kind: string; name: string };
  budget?: string;
  amount?: number;
  until: number;
}

/** The world as it truly is. */
export interface Truth {
  /** Counts all that happens. */
  order: number;
  now: number;
  slots: Map<string, Slot>;
  /** All runs of a slot, the last may go on. */
  runs: Map<string, TrueRun[]>;
  tags: Map<string, Since<Record<string, string>>[]>;
  /** Spaces' owners; undefined: nobody. And when a scan in which nothing went wrong first saw it. */
  owners: Map<string, (Since<string | undefined> & { seenAt?: number })[]>;
  /** The kill switch, each time it was thrown or taken back: when that pause ends, or ended. */
  pauses: { order: number; end: number }[];
  /** What admins granted and lifted, each from when it was on record. */
  exceptions: Exception[];
  /** AWS's bill: what it is of list prices, after how many days it is final, and from when on it names holders. */
  bill: { factor: number; late: number; isTagged: boolean; taggedFrom: number; writtenUntil: number };
  /** Since when nothing at all has gone wrong, the policy has stood, and nothing was paused. */
  calmSince: number;
}

export function newTruth(now: number): Truth {
  const writtenUntil = now - (now % 86_400_000);
  const bill = { factor: 1, late: 2, isTagged: true, taggedFrom: 0, writtenUntil };
  const maps = { slots: new Map(), runs: new Map(), tags: new Map(), owners: new Map() };
  return { order: 0, now, calmSince: now, pauses: [], exceptions: [], bill, ...maps };
}

/** The run that goes on under a slot. */
export function runningIn(truth: Truth, slotId: string): TrueRun | undefined {
  const last = truth.runs.get(slotId)?.at(-1);
  return last?.end === undefined ? last : undefined;
}

/** The first of the runs that AWS shows as one. */
export function firstOf(run: TrueRun): TrueRun {
  return run.kin ? firstOf(run.kin) : run;
}

export function slotIdOf(app: {
  domainId: string;
  userProfileName?: string | undefined;
  spaceName?: string | undefined;
  appType: string;
  appName: string;
}): string {
  const holder = app.spaceName === undefined ? `profile:${app.userProfileName}` : `space:${app.spaceName}`;
  return `${app.domainId}/${holder}/${app.appType}/${app.appName}`;
}

function asOf<T>(history: Since<T>[] | undefined, order: number): T | undefined {
  for (let i = (history?.length ?? 0) - 1; i >= 0; i--) if (history![i]!.order <= order) return history![i]!.value;
  return undefined;
}

/** Who answered for a slot at a moment. */
export function ownerAt(truth: Truth, { domainId, spaceName, userProfileName }: Slot, order: number) {
  return spaceName === undefined ? userProfileName : asOf(truth.owners.get(`${domainId}/${spaceName}`), order);
}

function tagAt(truth: Truth, slot: Slot, key: string, order: number): string | undefined {
  const { domainId, spaceName, userProfileName, appType, appName } = slot;
  const owner = ownerAt(truth, slot, order);
  const resources = [
    `app/${domainId}/${spaceName ?? userProfileName}/${appType.toLowerCase()}/${appName}`,
    spaceName === undefined ? undefined : `space/${domainId}/${spaceName}`,
    owner === undefined ? undefined : `user-profile/${domainId}/${owner}`,
    `domain/${domainId}`,
  ];
  for (const resource of resources) {
    const value = resource && asOf(truth.tags.get(resource), order)?.[key];
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

function isWeekend(now: number, timeZone: string): boolean {
  let clock = clocks.get(timeZone);
  if (!clock) {
    clock = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short' });
    clocks.set(timeZone, clock);
  }
  return clock.format(now).startsWith('S');
}

/** Whether a slot is all that is given. */
export function fits(truth: Truth, slot: Slot, fit: FitSpec, { now, order, timezone }: Moment): boolean {
  if (fit.instance !== undefined && !slot.instanceType?.startsWith(fit.instance)) return false;
  if (fit.appType !== undefined && slot.appType !== fit.appType) return false;
  if (fit.owner !== undefined && ownerAt(truth, slot, order) !== fit.owner) return false;
  if (fit.tag && tagAt(truth, slot, fit.tag.key, order) !== fit.tag.value) return false;
  return !fit.weekend || isWeekend(now, timezone);
}

interface Moment {
  now: number;
  order: number;
  timezone: string;
}

/** What the policy says of a slot at a moment: exempt, a limit, or nothing. */
export function lawOf(
  truth: Truth,
  slot: Slot,
  spec: Spec,
  now: number,
  order: number,
): LimitSpec | 'exempt' | undefined {
  const moment = { now, order, timezone: spec.timezone };
  if (spec.exempt.some((fit) => fits(truth, slot, fit, moment))) return 'exempt';
  return spec.limits.find((limit) => fits(truth, slot, limit, moment));
}

/** Until when a run is kept running by all that was pressed before `order`; `doubtful` where nobody can be sure. */
export function keptUntil({ keeps }: TrueRun, { extensions }: Spec, order: number): number | 'doubtful' {
  const all = keeps.filter((keep) => keep.order <= order);
  if (all.some(({ isSure }) => !isSure)) return 'doubtful';
  const counted = [...new Set(all.map(({ at }) => at))].sort((a, b) => a - b).slice(0, extensions.atMost);
  return counted.length === 0 ? Number.NEGATIVE_INFINITY : counted.at(-1)! + extensions.for;
}

/** The latest use that a run's agent can know of at a moment, and whether it is at work. */
export function useAt({ uses, start }: TrueRun, at: number): { busy: boolean; lastUse: number } {
  let lastUse = start;
  for (const [from, to] of uses) {
    if (from <= at && at < to) return { busy: true, lastUse: at };
    if (to <= at) lastUse = Math.max(lastUse, to);
  }
  return { busy: false, lastUse };
}

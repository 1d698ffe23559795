import type {
  Fate,
  Fleet,
  KeptPrices,
  Outbox,
  Postbox,
  Prices,
  RunChange,
  Runs,
  ScanState,
  Volumes,
} from '../../src/application/ports.ts';
import { PortError } from '../../src/application/ports.ts';
import { type App, type AppRef, appKey, type Place, placeKey, type Space } from '../../src/domain/app.ts';
import { assertNever } from '../../src/domain/assert-never.ts';
import type { Rates } from '../../src/domain/cost.ts';
import { asTheyWere } from '../../src/domain/history.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { emptyPicture, type Missing, spaceKey, type Tags } from '../../src/domain/picture.ts';
import { isMark, type Run, START_TOLERANCE } from '../../src/domain/run.ts';
import type { Instant } from '../../src/domain/time.ts';
import type { Volume } from '../../src/domain/volume.ts';

/** Ports in memory that keep the adapters' contract (test/contract): for timelines and for crashes. */

const copy = <T>(value: T): T => structuredClone(value);
const URGENCY = { warning: 1, stopped: 2, failure: 2, digest: 5 };

export interface MemoryRuns extends Runs {
  items: Map<string, Run>;
  past: Map<string, Run>;
  states: Map<string, ScanState>;
  writes: number;
}

export interface MemoryVolumes extends Volumes {
  items: Map<string, Volume>;
  writes: number;
}

export function memoryVolumes(): MemoryVolumes {
  const key = (volume: Volume) => `${placeKey(volume)}#${spaceKey(volume)}`;
  const past = new Map<string, Volume>();
  const store: MemoryVolumes = {
    items: new Map(),
    writes: 0,
    async record({ ended, opened }) {
      store.writes++;
      const known = store.items.get(key((opened ?? ended)!));
      const name = ended && `${key(ended)}@${ended.since}`;
      const before = past.get(name ?? '');
      if (ended && !(before && before.until! < ended.until!)) past.set(name!, copy(ended));
      if (known?.since !== ended?.since) return false;
      if (opened) store.items.set(key(opened), copy(opened));
      else store.items.delete(key(ended!));
      return true;
    },
    async history(place, since) {
      return copy([...past.values()].filter((one) => placeKey(one) === placeKey(place) && one.until! > since));
    },
  };
  return store;
}

/** `volumes` and `kept` prices lie beside the runs, and are loaded with them. */
export function memoryRuns(
  volumes: MemoryVolumes = memoryVolumes(),
  kept: MemoryKeptPrices = memoryKeptPrices(),
): MemoryRuns {
  const key = (app: AppRef) => `${placeKey(app)}#${appKey(app)}`;
  const name = (run: Run) => `${key(run.app)}${isMark(run) ? '!' : '@'}${run.startedAt}`;
  const archive = (run: Run) => {
    const known = store.past.get(name(run));
    const isNewer =
      !known || run.version > known.version || (run.version === known.version && run.endedAt! < known.endedAt!);
    if (isNewer) store.past.set(name(run), copy(run));
  };
  const store: MemoryRuns = {
    items: new Map(),
    past: new Map(),
    states: new Map(),
    writes: 0,
    async load(place) {
      const runs = [...store.items.values()].filter(({ app }) => placeKey(app) === placeKey(place));
      const goingOn = [...volumes.items.values()].filter((volume) => placeKey(volume) === placeKey(place));
      const state = copy(store.states.get(placeKey(place)) ?? {});
      const prices = copy(kept.items.get(placeKey(place)));
      const others = { ...(goingOn.length > 0 ? { volumes: copy(goingOn) } : {}), ...(prices ? { prices } : {}) };
      return { runs: copy(runs), state, ...others };
    },
    async get(app) {
      return copy(store.items.get(key(app)));
    },
    async open(run, replaces) {
      const item = store.items.get(key(run.app));
      store.writes++;
      if (replaces) archive(replaces);
      if (replaces ? !item || !isSame(item, replaces) || item.version !== replaces.version : item) return false;
      store.items.set(key(run.app), copy(run));
      return true;
    },
    async change(run, change) {
      const item = store.items.get(key(run.app));
      store.writes++;
      if (!item || !isSame(item, run) || !holds(item, run, change)) return false;
      apply(item, change);
      item.version++;
      return true;
    },
    async retire(run) {
      const item = store.items.get(key(run.app));
      store.writes++;
      archive(run);
      if (!item || !isSame(item, run) || item.version !== run.version) return false;
      return store.items.delete(key(run.app));
    },
    async backfill(run) {
      store.writes++;
      const isSameStart = (other: Run) =>
        key(other.app) === key(run.app) && Math.abs(other.startedAt - run.startedAt) <= START_TOLERANCE;
      if (isMark(run) || ![...store.past.values()].some((other) => !isMark(other) && isSameStart(other))) archive(run);
    },
    async history(place, since) {
      const told = [...store.past.values()].filter(({ app }) => placeKey(app) === placeKey(place));
      return copy(asTheyWere(told).filter(({ endedAt }) => endedAt! > since));
    },
    async remember(place, state) {
      store.writes++;
      store.states.set(placeKey(place), copy(state));
    },
    async place() {
      const [first] = store.items.values();
      const [account, region] = [...store.states.keys()][0]?.split('#') ?? [first?.app.account, first?.app.region];
      return account === undefined ? undefined : { account, region: region! };
    },
  };
  return store;
}

const isSame = (a: Run, b: Run) => a.startedAt === b.startedAt;

function holds(item: Run, run: Run, change: RunChange): boolean {
  if (change.kind === 'end') return change.stop !== undefined || item.endedAt === undefined || item.endedAt > change.at;
  if (change.kind === 'ends') return item.version === run.version;
  if (item.endedAt !== undefined) return false;
  if (change.kind === 'stop' || change.kind === 'evidence') return item.version === run.version;
  return change.kind !== 'extend' || !item.extensions.includes(change.at);
}

function apply(item: Run, change: RunChange): void {
  switch (change.kind) {
    case 'warn':
      item.warnings[change.rule] = copy(change.warning);
      return;
    case 'lift':
      for (const { rule, number } of change.warnings) item.warnings[rule] = { number };
      return;
    case 'stop':
      item.stop = copy(change.stop);
      return;
    case 'retry':
      if (change.stop) item.stop = copy(change.stop);
      else delete item.stop;
      return;
    case 'end':
      if (change.stop) {
        item.endedAt ??= change.at;
        item.stop = copy(change.stop);
      } else {
        item.endedAt = change.at;
      }
      return;
    case 'ends':
      item.endedAt = change.endedAt;
      item.laterEnds = copy(change.laterEnds);
      return;
    case 'facts':
      if (change.owner !== undefined) item.owner = change.owner;
      if (change.team !== undefined) item.team = change.team;
      if (change.instanceType !== undefined) item.instanceType = change.instanceType;
      return;
    case 'extend':
      item.extensions.push(change.at);
      return;
    case 'evidence':
      item.evidence[change.evidence.source] = copy(change.evidence);
      return;
    default:
      assertNever(change);
  }
}

interface OutboxItem {
  notice: Notice;
  attempts: number;
  claimedUntil?: Instant;
  fate?: Fate;
  settledAt?: Instant;
}

export interface MemoryOutbox extends Outbox {
  items: Map<string, OutboxItem>;
  writes: number;
}

export function memoryOutbox(): MemoryOutbox {
  const isFree = ({ claimedUntil, fate }: OutboxItem, now: Instant) =>
    !fate && (claimedUntil === undefined || claimedUntil <= now);
  const order = ({ notice }: OutboxItem) =>
    `${URGENCY[notice.facts.kind]}#${new Date(notice.owedAt).toISOString()}#${notice.id}`;
  const store: MemoryOutbox = {
    items: new Map(),
    writes: 0,
    async owe(notice) {
      store.writes++;
      const item = store.items.get(notice.id);
      if (item) return { owedAt: item.notice.owedAt, isNew: false };
      store.items.set(notice.id, { notice: copy(notice), attempts: 0 });
      return { owedAt: notice.owedAt, isNew: true };
    },
    async standings(_, ids) {
      return ids.flatMap((id) => {
        const item = store.items.get(id);
        if (!item) return [];
        const { notice, attempts, fate, settledAt } = item;
        return [{ owedAt: notice.owedAt, attempts, ...(fate ? { fate: { kind: fate.kind, at: settledAt! } } : {}) }];
      });
    },
    async owed(place, now, limit) {
      const free = [...store.items.values()].filter(
        (item) => placeKey(item.notice) === placeKey(place) && isFree(item, now),
      );
      return copy(free.sort((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, limit)).map(({ notice, attempts }) => ({
        notice,
        attempts,
      }));
    },
    async claim({ id }, now, until) {
      store.writes++;
      const item = store.items.get(id);
      if (!item || !isFree(item, now)) return false;
      item.claimedUntil = until;
      item.attempts++;
      return true;
    },
    async settle({ id }, fate, now) {
      store.writes++;
      const item = store.items.get(id);
      if (item) Object.assign(item, { fate: copy(fate), settledAt: now });
    },
    async postpone({ id }, at) {
      store.writes++;
      const item = store.items.get(id);
      if (item && !item.fate) item.claimedUntil = at;
    },
  };
  return store;
}

/** A Studio in memory, with a hand for tests to start, stop and break things. */
export interface MemoryFleet extends Fleet {
  apps: Map<string, App>;
  spaces: Map<string, Space>;
  tags: Map<string, Tags>;
  missing: Missing[];
  /** Every DeleteApp that took effect. */
  stopped: { app: AppRef; startedAt: Instant | undefined }[];
  failStops: number;
  start(app: AppRef & { instanceType?: string }, at: Instant): void;
  end(app: AppRef): void;
}

export function memoryFleet(): MemoryFleet {
  const fleet: MemoryFleet = {
    apps: new Map(),
    spaces: new Map(),
    tags: new Map(),
    missing: [],
    stopped: [],
    failStops: 0,
    start(app, at) {
      fleet.apps.set(appKey(app), { ...app, status: 'InService', createdAt: at });
    },
    end(app) {
      const row = fleet.apps.get(appKey(app));
      if (row) row.status = 'Deleted';
    },
    async look(place) {
      const picture = { ...emptyPicture(place), missing: copy(fleet.missing), tags: fleet.tags, spaces: fleet.spaces };
      for (const row of fleet.apps.values()) picture.apps.push(copy(row));
      return picture;
    },
    async stop(app) {
      const row = fleet.apps.get(appKey(app));
      if (!row || row.status === 'Deleted') return 'gone';
      if (fleet.failStops > 0) {
        fleet.failStops--;
        throw new PortError('throttled', 'ThrottlingException', 'Rate exceeded');
      }
      row.status = 'Deleted';
      fleet.stopped.push({ app, startedAt: row.createdAt });
      return 'stopping';
    },
    async ssoUserName(_, profile) {
      return `${profile}@sso.example.org`;
    },
  };
  return fleet;
}

export function addSpace(fleet: MemoryFleet, space: Space): void {
  fleet.spaces.set(spaceKey(space), space);
}

export interface MemoryPostbox extends Postbox {
  sent: Notice[];
  /** Makes the next sends fail with this. */
  failures: PortError[];
  left: number;
}

export function memoryPostbox(): MemoryPostbox {
  const postbox: MemoryPostbox = {
    sent: [],
    failures: [],
    left: Number.POSITIVE_INFINITY,
    async quota() {
      return { perSecond: 14, left: postbox.left };
    },
    async send(notice) {
      const failure = postbox.failures.shift();
      if (failure) throw failure;
      postbox.sent.push(copy(notice));
      return `message-${postbox.sent.length}`;
    },
  };
  return postbox;
}

export function memoryPrices(): Prices {
  return { rates: async () => ({ source: 'test prices', byInstance: new Map([['ml.g5.xlarge', 14_100_000_000]]) }) };
}

export interface MemoryKeptPrices extends KeptPrices {
  items: Map<string, Rates>;
}

export function memoryKeptPrices(): MemoryKeptPrices {
  const items = new Map<string, Rates>();
  return {
    items,
    async get(place) {
      return copy(items.get(placeKey(place)));
    },
    async keep(place, rates) {
      const { byPolicy: _, ...kept } = rates;
      items.set(placeKey(place), copy(kept));
    },
  };
}

export const PLACE: Place = { account: '111122223333', region: 'us-east-1' };

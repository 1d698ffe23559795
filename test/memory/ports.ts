import type {
  Backstop,
  Books,
  CanvasUse,
  Contacts,
  Fleet,
  KeptPrices,
  Ledger,
  Links,
  MailUrls,
  Outbox,
  Postbox,
  Prices,
  ReportProgress,
  Reports,
  RunChange,
  Runs,
  ScanState,
  Schedule,
  StudioSettings,
  Volumes,
} from '../../src/application/ports.ts';
import { PortError } from '../../src/application/ports.ts';
import { type App, type AppRef, appKey, type Place, placeKey, refOf, type Space } from '../../src/domain/app.ts';
import { assertNever } from '../../src/domain/assert-never.ts';
import { type BudgetMark, type Exception, subjectKey } from '../../src/domain/budget.ts';
import { addressKey, type Contact } from '../../src/domain/contact.ts';
import type { Rates } from '../../src/domain/cost.ts';
import { READING_SPAN, type Reading } from '../../src/domain/evidence.ts';
import { asTheyWere } from '../../src/domain/history.ts';
import type { LedgerDay } from '../../src/domain/ledger.ts';
import type { MailLink } from '../../src/domain/mail-link.ts';
import type { Fate, Notice, PastNotice, Trace } from '../../src/domain/notice.ts';
import type { Pause } from '../../src/domain/pause.ts';
import { emptyPicture, type Missing, spaceKey, type Tags } from '../../src/domain/picture.ts';
import { isMark, type Run, START_TOLERANCE } from '../../src/domain/run.ts';
import type { AppSettingsByType, SettingsRef } from '../../src/domain/studio-settings.ts';
import { DAY, type Instant, SECOND } from '../../src/domain/time.ts';
import type { Volume } from '../../src/domain/volume.ts';

/** Ports in memory that keep the adapters' contract (test/contract): for timelines and for crashes. */

/** A deep copy of plain data and maps: what is stored and what is given never share anything. */
function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, copy(one)])) as T;
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) made[key] = copy((value as Record<string, unknown>)[key]);
  return made as T;
}

const isIn = (one: Place, { account, region }: Place) => one.region === region && one.account === account;

const URGENCY = { warning: 1, stopped: 2, budget: 2, failure: 2, confirmation: 3, digest: 5, report: 6 };

export interface MemoryRuns extends Runs {
  items: Map<string, Run>;
  past: Map<string, Run>;
  states: Map<string, ScanState>;
  pauses: Map<string, Pause>;
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
      return copy([...past.values()].filter((one) => isIn(one, place) && one.until! > since));
    },
  };
  return store;
}

export interface MemoryLedger extends Ledger {
  closed: Map<string, LedgerDay>;
  books: Map<string, Books>;
  marks: Map<string, BudgetMark>;
  exceptions: { place: string; exception: Exception }[];
  writes: number;
}

export function memoryLedger(): MemoryLedger {
  const store: MemoryLedger = {
    closed: new Map(),
    books: new Map(),
    marks: new Map(),
    exceptions: [],
    writes: 0,
    async days(place, from, to) {
      const days: LedgerDay[] = [];
      for (let at = Math.ceil(from / DAY) * DAY; at < to; at += DAY) {
        const day = store.closed.get(`${placeKey(place)}#${new Date(at).toISOString().slice(0, 10)}`);
        if (day) days.push(day);
      }
      return days;
    },
    async close(place, day) {
      store.writes++;
      store.closed.set(`${placeKey(place)}#${day.date}`, copy(day));
    },
    async keep(place, books) {
      store.writes++;
      store.books.set(placeKey(place), copy(books));
    },
    async mark(place, mark) {
      store.writes++;
      const key = JSON.stringify([placeKey(place), mark.budget, subjectKey(mark.subject), mark.period.from]);
      const known = store.marks.get(key);
      const told = [...new Set([...(known?.told ?? []), ...mark.told])].sort();
      const over = [...new Set([...(known?.over ?? []), ...mark.over])].sort();
      store.marks.set(key, copy({ ...mark, told, over }));
    },
    async except(place, exception) {
      store.writes++;
      const id = String(store.exceptions.length);
      store.exceptions.push({ place: placeKey(place), exception: copy({ ...exception, id }) });
    },
    async revoke(place, { id, until }, { at, by, why }) {
      store.writes++;
      const found = store.exceptions.find((one) => one.place === placeKey(place) && one.exception.id === id);
      if (!found || found.exception.until !== until || until <= at) return false;
      const revoked = { by, ...(why ? { why } : {}), ...(Number.isFinite(until) ? { until } : {}) };
      found.exception = copy({ ...found.exception, until: at, revoked });
      return true;
    },
  };
  return store;
}

/** `volumes`, `kept` prices and the `ledger` lie beside the runs, and are loaded with them. */
export function memoryRuns(
  volumes: MemoryVolumes = memoryVolumes(),
  kept: MemoryKeptPrices = memoryKeptPrices(),
  ledger: MemoryLedger = memoryLedger(),
): MemoryRuns {
  const key = (app: AppRef) => `${placeKey(app)}#${appKey(app)}`;
  const name = (run: Run) => `${key(run.app)}${isMark(run) ? '!' : '@'}${run.startedAt}`;
  const archive = (run: Run) => {
    const known = store.past.get(name(run));
    const isNewer =
      !known || run.version > known.version || (run.version === known.version && run.endedAt! < known.endedAt!);
    if (!isNewer) return;
    store.past.set(name(run), copy(run));
    const told = byApp.get(key(run.app)) ?? { names: new Set(), until: 0 };
    told.names.add(name(run));
    told.until = Math.max(told.until, run.endedAt!);
    byApp.set(key(run.app), told);
  };
  /** What is in the past, by the app's name, and no later than when all of it had ended. */
  const byApp = new Map<string, { names: Set<string>; until: Instant }>();
  const store: MemoryRuns = {
    items: new Map(),
    past: new Map(),
    states: new Map(),
    pauses: new Map(),
    writes: 0,
    async load(place) {
      const runs = [...store.items.values()].filter(({ app }) => isIn(app, place));
      const goingOn = [...volumes.items.values()].filter((volume) => isIn(volume, place));
      const state = store.states.get(placeKey(place)) ?? {};
      const prices = kept.items.get(placeKey(place));
      const pause = store.pauses.get(placeKey(place));
      const books = ledger.books.get(placeKey(place));
      const ofPlace = `[${JSON.stringify(placeKey(place))},`;
      const marks = [...ledger.marks].filter(([key]) => key.startsWith(ofPlace)).map(([, mark]) => mark);
      const exceptions = ledger.exceptions.filter((one) => one.place === placeKey(place));
      const others = {
        ...(goingOn.length > 0 ? { volumes: goingOn } : {}),
        ...(prices ? { prices } : {}),
        ...(books ? { books } : {}),
        ...(marks.length > 0 ? { marks } : {}),
        ...(exceptions.length > 0 ? { exceptions: exceptions.map(({ exception }) => exception) } : {}),
        ...(pause ? { pause } : {}),
      };
      // What is stored is never changed in place, so that it may be given as it is.
      return { runs, state, ...others };
    },
    async get(app) {
      return store.items.get(key(app));
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
      const next = { ...item };
      apply(next, copy(change));
      if (change.kind === 'evidence') next.looks = (next.looks ?? 0) + 1;
      else next.version++;
      store.items.set(key(run.app), next);
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
      // What was told of other runs of a name only ever makes a run end earlier: names without a late end have none.
      const told: Run[] = [];
      for (const [app, { names, until }] of byApp) {
        if (until <= since) continue;
        const its = [...names].map((one) => store.past.get(one)!);
        if (app.startsWith(`${placeKey(place)}#`) && its.some(({ endedAt }) => endedAt! > since)) told.push(...its);
      }
      return asTheyWere(told).filter(({ endedAt }) => endedAt! > since);
    },
    async remember(place, state) {
      store.writes++;
      store.states.set(placeKey(place), copy(state));
    },
    async lastPause(place) {
      return store.pauses.get(placeKey(place));
    },
    async pause(place, pause) {
      store.writes++;
      store.pauses.set(placeKey(place), copy(pause));
    },
    async resume(place, { from }, at) {
      store.writes++;
      const pause = store.pauses.get(placeKey(place));
      if (!pause || pause.from !== from || pause.resumedAt !== undefined) return false;
      store.pauses.set(placeKey(place), { ...pause, resumedAt: at });
      return true;
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
  if (change.kind === 'backstop') {
    const isIntention = change.backstop !== undefined && !change.backstop.isSet;
    return isSameArmed(item.backstop, run.backstop) && (!isIntention || item.endedAt === undefined);
  }
  if (item.endedAt !== undefined) return false;
  const isUnseen = item.looks === run.looks;
  if (change.kind === 'evidence') return isUnseen;
  if (change.kind === 'stop') return item.version === run.version && (!change.isIdle || isUnseen);
  return change.kind !== 'extend' || !item.extensions.includes(change.at);
}

const isSameArmed = (a: Run['backstop'], b: Run['backstop']) =>
  a?.name === b?.name && a?.at === b?.at && a?.since === b?.since && a?.isSet === b?.isSet;

function apply(item: Run, change: RunChange): void {
  switch (change.kind) {
    case 'warn':
      item.warnings = { ...item.warnings, [change.rule]: change.warning };
      return;
    case 'lift':
      item.warnings = { ...item.warnings };
      for (const { rule, number } of change.warnings) item.warnings[rule] = { number };
      return;
    case 'stop':
      item.stop = change.stop;
      return;
    case 'retry':
      if (change.stop) item.stop = change.stop;
      else delete item.stop;
      return;
    case 'end':
      if (change.stop) {
        item.endedAt ??= change.at;
        item.stop = change.stop;
      } else {
        item.endedAt = change.at;
      }
      return;
    case 'ends':
      item.endedAt = change.endedAt;
      item.laterEnds = change.laterEnds;
      if (change.stop) item.stop = change.stop;
      return;
    case 'backstop':
      if (change.backstop) item.backstop = change.backstop;
      else delete item.backstop;
      return;
    case 'facts':
      if (change.owner !== undefined) item.owner = change.owner;
      if (change.team !== undefined) item.team = change.team;
      if (change.sharing !== undefined) item.sharing = change.sharing;
      if (change.instanceType !== undefined) item.instanceType = change.instanceType;
      if (change.contact !== undefined) item.contact = change.contact;
      return;
    case 'extend':
      item.extensions = [...item.extensions, change.at];
      return;
    case 'evidence':
      item.evidence = { ...item.evidence, [change.evidence.source]: change.evidence };
      if (change.use) item.use = copy(change.use);
      return;
    default:
      assertNever(change);
  }
}

export interface MemoryBackstop extends Backstop {
  /** By name. */
  schedules: Map<string, Schedule>;
  calls: number;
  /** What is due by `now`, each once: as Scheduler, it forgets what it has fired. Whoever holds the fleet stops the apps. */
  fire(now: Instant): Schedule[];
}

export function memoryBackstop({ page = 100 } = {}): MemoryBackstop {
  const store: MemoryBackstop = {
    schedules: new Map(),
    calls: 0,
    async arm({ name, app, at }) {
      store.calls++;
      store.schedules.set(name, copy({ name, app: refOf(app), at: Math.floor(at / SECOND) * SECOND }));
    },
    async disarm(name) {
      store.calls++;
      store.schedules.delete(name);
    },
    async armed(after) {
      store.calls++;
      const names = [...store.schedules.keys()].sort().filter((name) => after === undefined || name > after);
      const given = names.slice(0, page);
      return { names: given, ...(names.length > page ? { next: given.at(-1)! } : {}) };
    },
    fire(now) {
      const due = [...store.schedules.values()].filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
      for (const { name } of due) store.schedules.delete(name);
      return due;
    },
  };
  return store;
}

interface OutboxItem {
  notice: Notice;
  attempts: number;
  claimedUntil?: Instant;
  fate?: Fate;
  settledAt?: Instant;
  traces?: Partial<Record<Trace, Instant>>;
}

export interface MemoryOutbox extends Outbox {
  items: Map<string, OutboxItem>;
  writes: number;
}

export function memoryOutbox(): MemoryOutbox {
  const key = (place: Place, id: string) => `${placeKey(place)}#${id}`;
  const isFree = ({ claimedUntil, fate }: OutboxItem, now: Instant) =>
    !fate && (claimedUntil === undefined || claimedUntil <= now);
  /** Those without a fate, each with its place in the order: what is settled costs a round nothing. */
  const open = new Map<OutboxItem, string>();
  const store: MemoryOutbox = {
    items: new Map(),
    writes: 0,
    async owe(notice) {
      store.writes++;
      const item = store.items.get(key(notice, notice.id));
      if (item) return { owedAt: item.notice.owedAt, isNew: false };
      const owed = { notice: copy(notice), attempts: 0 };
      store.items.set(key(notice, notice.id), owed);
      const { id, owedAt, facts } = notice;
      open.set(owed, `${URGENCY[facts.kind]}#${new Date(owedAt).toISOString()}#${id}`);
      return { owedAt: notice.owedAt, isNew: true };
    },
    async standings(place, ids) {
      return ids.flatMap((id) => {
        const item = store.items.get(key(place, id));
        if (!item) return [];
        const { notice, attempts, fate, settledAt } = item;
        return [{ owedAt: notice.owedAt, attempts, ...(fate ? { fate: { kind: fate.kind, at: settledAt! } } : {}) }];
      });
    },
    async owed(place, now, limit) {
      const free = [...open.keys()].filter((item) => isIn(item.notice, place) && isFree(item, now));
      free.sort((a, b) => (open.get(a)! < open.get(b)! ? -1 : 1));
      // A notice that is stored is never changed in place, so that it may be given as it is.
      return free.slice(0, limit).map(({ notice, attempts }) => ({ notice, attempts }));
    },
    async oldest(place) {
      const owed = [...open.keys()].filter(({ notice }) => isIn(notice, place));
      const byUrgency = Map.groupBy(owed, (item) => open.get(item)!.split('#')[0]);
      return [...byUrgency.values()].map((some) => {
        const { facts, owedAt } = some.reduce((a, b) => (b.notice.owedAt < a.notice.owedAt ? b : a)).notice;
        return { kind: facts.kind, owedAt };
      });
    },
    async claim(notice, now, until) {
      store.writes++;
      const item = store.items.get(key(notice, notice.id));
      if (!item || !isFree(item, now)) return false;
      item.claimedUntil = until;
      item.attempts++;
      return true;
    },
    async settle(notice, fate, now) {
      store.writes++;
      const item = store.items.get(key(notice, notice.id));
      if (!item || item.fate) return;
      Object.assign(item, { fate: copy(fate), settledAt: now });
      open.delete(item);
    },
    async postpone(notice, at) {
      store.writes++;
      const item = store.items.get(key(notice, notice.id));
      if (item && !item.fate) item.claimedUntil = at;
    },
    async get(place, id) {
      const item = store.items.get(key(place, id));
      return item && past(item);
    },
    async trace(place, id, what, at) {
      store.writes++;
      const item = store.items.get(key(place, id));
      if (!item || item.traces?.[what] !== undefined) return false;
      item.traces = { ...item.traces, [what]: at };
      return true;
    },
    async history(place, since) {
      const items = [...store.items.values()].filter(({ notice }) => isIn(notice, place) && notice.owedAt >= since);
      return items.map(past).sort((a, b) => b.notice.owedAt - a.notice.owedAt || (a.notice.id < b.notice.id ? -1 : 1));
    },
  };
  return store;
}

function past({ notice, attempts, fate, settledAt, traces = {} }: OutboxItem): PastNotice {
  return { notice, attempts, traces: { ...traces }, ...(fate ? { fate: { ...fate, at: settledAt! } } : {}) };
}

export interface MemoryReports extends Reports {
  items: Map<string, ReportProgress>;
  /** How often anybody asked. */
  reads: number;
}

export function memoryReports(): MemoryReports {
  const store: MemoryReports = {
    items: new Map(),
    reads: 0,
    async progress(place) {
      store.reads++;
      return copy(store.items.get(placeKey(place)));
    },
    async remember(place, progress) {
      store.items.set(placeKey(place), copy(progress));
    },
  };
  return store;
}

export interface MemoryContacts extends Contacts {
  items: Map<string, Contact>;
}

export function memoryContacts(): MemoryContacts {
  const key = (place: Place, address: string) => `${placeKey(place)}#${addressKey(address)}`;
  const isAsRead = (contact: Contact) => store.items.get(key(contact, contact.address))?.version === contact.version;
  const store: MemoryContacts = {
    items: new Map(),
    get: async (place, address) => copy(store.items.get(key(place, address))),
    async list(place) {
      const ours = [...store.items.values()].filter((contact) => isIn(contact, place));
      return copy(ours.sort((a, b) => (addressKey(a.address) < addressKey(b.address) ? -1 : 1)));
    },
    async open(contact) {
      if (store.items.has(key(contact, contact.address))) return false;
      store.items.set(key(contact, contact.address), copy(contact));
      return true;
    },
    async change(contact, next) {
      if (!isAsRead(contact)) return false;
      store.items.set(key(contact, contact.address), copy({ ...next, version: contact.version + 1 }));
      return true;
    },
    async remove(contact) {
      return isAsRead(contact) && store.items.delete(key(contact, contact.address));
    },
  };
  return store;
}

export interface MemoryLinks extends Links {
  items: Map<string, MailLink>;
}

export function memoryLinks(): MemoryLinks {
  const rates = new Map<string, number>();
  const store: MemoryLinks = {
    items: new Map(),
    async open(link) {
      store.items.set(link.id, copy(link));
    },
    get: async (id) => copy(store.items.get(id)),
    async use(link, purpose, at) {
      const item = store.items.get(link.id);
      if (item) item.used[purpose] ??= at;
      return item?.used[purpose] ?? at;
    },
    async allow(key, most, window, now) {
      const name = `${key}@${now - (now % window)}`;
      const count = rates.get(name) ?? 0;
      if (count < most) rates.set(name, count + 1);
      return count < most;
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
  /** AWS's clock, where it tells. */
  at: Instant | undefined;
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
    at: undefined,
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
      return fleet.at === undefined ? picture : { ...picture, at: fleet.at };
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
    async find(app) {
      return copy(fleet.apps.get(appKey(app)));
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

/** The settings of a Studio in memory, by `d-1` and `d-1/alice`. */
export interface MemorySettings extends StudioSettings {
  domainNames: Map<string, string>;
  settings: Map<string, AppSettingsByType>;
  /** Every call, `update d-1/alice`; those that are named here fail. */
  calls: string[];
  failures: Map<string, PortError>;
}

export function memorySettings(): MemorySettings {
  const key = ({ domainId, userProfileName }: SettingsRef) =>
    userProfileName === undefined ? domainId : `${domainId}/${userProfileName}`;
  const called = (call: string) => {
    port.calls.push(call);
    const failure = port.failures.get(call) ?? port.failures.get(call.split(' ')[0]!);
    if (failure) throw failure;
  };
  const port: MemorySettings = {
    domainNames: new Map(),
    settings: new Map(),
    calls: [],
    failures: new Map(),
    async domains() {
      called('domains');
      return [...port.domainNames].map(([domainId, domainName]) => ({ domainId, domainName }));
    },
    async profiles(domainId = '') {
      called('profiles');
      const names = [...port.settings.keys()].filter((name) => name.includes('/') && name.startsWith(domainId));
      return names.map((name) => ({ domainId: name.split('/')[0]!, userProfileName: name.split('/')[1]! }));
    },
    async read(holder) {
      called(`read ${key(holder)}`);
      const apps = port.settings.get(key(holder));
      const domainName = port.domainNames.get(key(holder));
      return apps && copy({ ...holder, ...(domainName ? { domainName } : {}), arn: key(holder), user: { apps } });
    },
    async update(holder, { user }) {
      called(`update ${key(holder)}`);
      const old = port.settings.get(key(holder));
      if (!old) throw new PortError('fault', 'ResourceNotFound', `${key(holder)} does not exist`);
      port.settings.set(key(holder), { ...old, ...copy(user) });
    },
  };
  return port;
}

/** Canvas's metric in memory. */
export interface MemoryCanvasUse extends CanvasUse {
  reads: number;
  /** While set, nobody can be asked about. */
  fault?: string | undefined;
  /** Publishes how long a profile's user had been idle at `at`. */
  put(app: Pick<AppRef, 'domainId' | 'userProfileName'>, at: Instant, idle: number): void;
}

export function memoryCanvasUse(): MemoryCanvasUse {
  const told = new Map<string, Map<Instant, Reading>>();
  const minute = (at: Instant) => Math.floor(at / READING_SPAN) * READING_SPAN;
  const key = ({ domainId, userProfileName }: Pick<AppRef, 'domainId' | 'userProfileName'>) =>
    `${domainId}#${userProfileName}`;
  const store: MemoryCanvasUse = {
    reads: 0,
    put(app, instant, idle) {
      const readings = told.get(key(app)) ?? new Map<Instant, Reading>();
      const at = minute(instant);
      readings.set(at, { at, idle: Math.min(idle, readings.get(at)?.idle ?? Number.POSITIVE_INFINITY) });
      told.set(key(app), readings);
    },
    async read(apps, since, until) {
      store.reads++;
      const why = store.fault;
      if (why !== undefined) return { readings: new Map(), unknown: apps.map((app) => ({ app, why })) };
      const readings = apps.map((app) => {
        const all = told.get(key(app));
        const found: Reading[] = [];
        for (let at = minute(since); all && at < until; at += READING_SPAN) if (all.has(at)) found.push(all.get(at)!);
        return [appKey(app), found] as const;
      });
      return { readings: new Map(readings), unknown: [] };
    },
  };
  return store;
}

export interface MemoryPostbox extends Postbox {
  sent: Notice[];
  /** The links of each. */
  urls: MailUrls[];
  /** Makes the next sends fail with this. */
  failures: PortError[];
  left: number;
}

export function memoryPostbox(): MemoryPostbox {
  const postbox: MemoryPostbox = {
    sent: [],
    urls: [],
    failures: [],
    left: Number.POSITIVE_INFINITY,
    async quota() {
      return { perSecond: 14, left: postbox.left, isPaused: false };
    },
    async send(notice, urls) {
      const failure = postbox.failures.shift();
      if (failure) throw failure;
      postbox.sent.push(copy(notice));
      postbox.urls.push(urls);
      return `message-${postbox.sent.length}`;
    },
  };
  return postbox;
}

export function memoryPrices(): Prices {
  const byInstance = new Map([['ml.g5.xlarge', 14_100_000_000]]);
  return { rates: async () => ({ source: 'test prices', asOf: '2026-09-24', isBundled: true, byInstance }) };
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

export { memoryBill } from './bill.ts';

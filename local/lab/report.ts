import type { Contact } from '../../src/domain/contact.ts';
import type { MicroDollars } from '../../src/domain/money.ts';
import type { Instant } from '../../src/domain/time.ts';
import type { Mail } from '../aws/index.ts';
import type { LabBill } from './bill.ts';
import type { Tally } from './curfew.ts';
import type { IdleStop } from './idle-stops.ts';
import { wasInUse } from './idle-stops.ts';
import type { Invariant } from './invariants.ts';
import type { LabRun } from './ledger.ts';
import type { Readers } from './readers.ts';
import type { Savings } from './savings.ts';
import { SAVED_MEANS } from './savings.ts';
import type { Story } from './stories.ts';
import type { Entry } from './timeline.ts';
import { isOfMoney } from './told.ts';

/** What is left of a lab when it has been lived: all that is shown, by seed alone. */
export interface Report {
  seed: string;
  days: number;
  /** The policy's file, where it is not the lab's own. */
  policy?: string | undefined;
  from: Instant;
  to: Instant;
  timeline: Entry[];
  summary: Summary;
  bill: LabBill;
  stories: Story[];
  invariants: Invariant[];
}

/** The lab in numbers. */
export interface Summary {
  /** Runs that there were, and how many of them Curfew saw: an app that comes and goes between two scans leaves only events, and some are lost. */
  runs: number;
  runsSeen: number;
  warned: number;
  warnedIdle: number;
  lifted: number;
  stopped: number;
  stoppedIdle: number;
  /** Stopped at once, by a budget or a guardrail. */
  stoppedForMoney: number;
  /** Stopped for idleness while in use again, which no heartbeat had told in time. */
  stoppedUnheard: number;
  alreadyGone: number;
  /** Stops that failed at first; each was tried again. */
  failed: number;
  mails: Record<string, number>;
  /** Of addresses, and of what their readers did. */
  addresses: { asked: number; confirmed: number; bounced: number; unsubscribed: number; kept: number };
  scans: number;
  callsPerScan: number;
  eventsLost: number;
  heartbeats: number;
  heartbeatsLost: number;
  savedHours: number;
  savedMicroDollars: MicroDollars;
  /** Saved hours of what has no known price, by type. */
  unpricedHours: Record<string, number>;
  savedMeans: string;
  prices: string;
}

const HOUR = 3_600_000;
const hours = (duration: number) => Math.round((duration / HOUR) * 10) / 10;

/** Adds up. */
export function summaryOf(lived: {
  entries: Entry[];
  runs: LabRun[];
  tally: Tally;
  mails: Mail[];
  idleStops: IdleStop[];
  eventsLost: number;
  heartbeats: number;
  heartbeatsLost: number;
  savings: Savings;
  prices: string;
  contacts: Contact[];
  readers: Readers;
}): Summary {
  const { entries, runs, tally, mails, idleStops, savings, prices, contacts, readers, ...numbers } = lived;
  const count = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind).length;
  const byKind = Map.groupBy(mails, ({ tags }) => tags.notice ?? 'other');
  return {
    runs: runs.length,
    runsSeen: tally.runs,
    warned: count('warned'),
    warnedIdle: entries.filter(({ kind, rule }) => kind === 'warned' && rule?.endsWith(': max-idle')).length,
    lifted: count('lifted'),
    stopped: runs.filter(({ endedBy }) => endedBy === 'Curfew').length,
    stoppedIdle: idleStops.length,
    stoppedForMoney: entries.filter(({ kind, rule }) => kind === 'stopped' && isOfMoney(rule)).length,
    stoppedUnheard: idleStops.filter((one) => !wasInUse(one, one.knownUse) && wasInUse(one, one.lastUse)).length,
    alreadyGone: count('already gone'),
    failed: entries.filter(({ kind, app }) => kind === 'failed' && app !== undefined).length,
    mails: Object.fromEntries([...byKind].map(([kind, list]) => [kind, list.length] as const).sort()),
    addresses: {
      asked: contacts.filter(({ asked }) => asked.length > 0).length,
      confirmed: contacts.filter(({ consent }) => consent === 'confirmed').length,
      bounced: contacts.filter(({ consent }) => consent === 'bounced').length,
      unsubscribed: contacts.filter(({ unsubscribed }) => unsubscribed !== undefined).length,
      kept: [...readers.all.values()].reduce((sum, { kept }) => sum + kept, 0),
    },
    scans: tally.scans,
    callsPerScan: Math.round((tally.scanCalls / Math.max(1, tally.scans)) * 100) / 100,
    ...numbers,
    savedHours: hours(savings.priced),
    savedMicroDollars: savings.amount,
    unpricedHours: Object.fromEntries(savings.unpriced.map(({ type, duration }) => [type, hours(duration)])),
    savedMeans: SAVED_MEANS,
    prices,
  };
}

/** The report as one JSON document. */
export function toJson(report: Report): string {
  const at = (instant: Instant) => new Date(instant).toISOString();
  const { seed, days, policy, from, to, timeline, summary, bill, stories, invariants } = report;
  const entries = timeline.map(({ at: instant, stopAt, ...entry }) => ({
    at: at(instant),
    ...entry,
    ...(stopAt === undefined ? {} : { stopAt: at(stopAt) }),
  }));
  return JSON.stringify(
    { lab: { seed, days, policy, from: at(from), to: at(to) }, timeline: entries, summary, bill, stories, invariants },
    null,
    2,
  );
}

import type { Spec } from '../spec.ts';
import { type BackstopKept, newBackstopKept } from './backstop.ts';
import { type MoneyKept, newMoneyKept } from './money.ts';
import { type Reader, readersOf } from './readers.ts';
import { firstOf, newTruth, type TrueRun, type Truth } from './truth.ts';

/** A promise that was broken. */
export interface Violation {
  /** The promise's number in docs/simulate.md, and what was wrong. */
  rule: string;
  about: string;
  at: number;
}

/** One invocation of the service, as it looks from outside. */
export interface Pass {
  id: number;
  does: string;
  /** Its own clock, and the true one when it began. */
  now: number;
  at: number;
  spec: Spec;
  /** When it began, or last waited a second: whatever was so by then, it may know. */
  restedOrder: number;
  /** When it loaded the record. */
  loadOrder?: number;
  /** By slot, when it last asked for the kill switch before a stop. */
  asked: Map<string, number>;
  /** When it looked at the fleet, and whether that showed all. */
  lookOrder?: number;
  isWhole?: boolean;
  /** How many rows ran, as AWS listed them. */
  listed?: number;
  /** By slot, when it wrote down that it sets out to stop. */
  intents: Map<string, { order: number; rule: string; at: number }>;
  /** When it last wrote something of a run. */
  wroteOrder?: number;
  stops: number;
  /** Calls that failed, or whose answer was lost. */
  faults: number;
  /** Loads of the record that failed: a pass cannot go on without. */
  isBlind: boolean;
  isDead: boolean;
  /** It ran beside others, or its clock was off. */
  isAlone: boolean;
  /** The link that is pressed, where it is a press. */
  pressed?: { slot: string; startedAt: number; button: string };
}

/** What a pass may go by: an event that comes late by its own time, or by the newest that anybody knows of, at most the true one. */
export function clockOf({ does, now, at }: Pass): number {
  return does === 'event' ? Math.max(now, at) : now;
}

/** What mail shows of an app, as far as the judge reads it. */
export interface AppShown {
  domainId: string;
  userProfileName?: string | undefined;
  spaceName?: string | undefined;
  appType: string;
  appName: string;
  instanceType?: string | undefined;
  startedAt: number;
  cost?: number | undefined;
}

/** A mail as it is owed: what the judge reads of the service's notices. */
export interface Letter {
  id: string;
  to: string;
  owedAt: number;
  facts: {
    kind: string;
    app?: AppShown | undefined;
    audience?: { role: 'owner' | 'admins'; why?: string | undefined };
    rule?: string;
    stopAt?: number | undefined;
    warnedAt?: number;
    stoppedAt?: number;
    title?: string;
    date?: string;
    number?: number;
    budget?: string;
    whose?: string;
    owner?: string | undefined;
    period?: { from: number; to: number };
    limit?: number;
    crossed?: { kind: string; share: number }[];
    week?: string;
    scope?: string;
    owners?: string[];
    spent?: number;
  };
}

/** A notice from its owing on. */
export interface OwedLetter {
  letter: Letter;
  slot: string | undefined;
  order: number;
  /** By the true clock. */
  at: number;
  by: Pass;
  claims: { pass: Pass; order: number }[];
  taken: { at: number; now: number; order: number; by: Pass; isAnswered: boolean }[];
  fate?: { kind: string; now: number; order: number };
  rounds: { at: number; count: number };
}

/** Everything that the judge knows. */
export interface Judge {
  truth: Truth;
  readerOf: (to: string) => Reader;
  letters: Map<string, OwedLetter>;
  /** Those that are not done with. */
  open: Map<string, OwedLetter>;
  /** By slot, those of its last runs. */
  bySlot: Map<string, OwedLetter[]>;
  /** What was told of a run to a reader: for "once". */
  told: Map<string, OwedLetter>;
  /** Runs that Curfew stopped, until their news is owed. */
  untold: Set<TrueRun>;
  money: MoneyKept;
  /** Reports that are owed, by week, scope and reader. */
  reports: Set<string>;
  /** When a round of them last came to its end. */
  reportedAt: number;
  backstop: BackstopKept;
  /** Since when the policy has stood. */
  lawSince: number;
  /** When the admins were last told that the safety valve is closed. */
  valveToldAt: number;
  /** When a round of delivery last went well. */
  deliveredAt: number;
  violations: Violation[];
  accuse(rule: string, about: string): void;
}

export function newJudge(now: number): Judge {
  const judge: Judge = {
    truth: newTruth(now),
    readerOf: readersOf(),
    letters: new Map(),
    open: new Map(),
    bySlot: new Map(),
    told: new Map(),
    untold: new Set(),
    money: newMoneyKept(),
    reports: new Set(),
    reportedAt: Number.NEGATIVE_INFINITY,
    backstop: newBackstopKept(),
    lawSince: now,
    valveToldAt: Number.NEGATIVE_INFINITY,
    deliveredAt: Number.NEGATIVE_INFINITY,
    violations: [],
    accuse: (rule, about) => void judge.violations.push({ rule, about, at: judge.truth.now }),
  };
  return judge;
}

/** How far a start by the service's word may lie from the true one: CloudTrail cuts to the second, clocks differ. */
const START_APART = 61_000;

/** Whether the service means this run by the start that it names. */
export function isMeant(run: TrueRun, startedAt: number): boolean {
  if (Math.abs(startedAt - run.start) <= START_APART) return true;
  // Of a run that AWS shows as older than it is, any start since the one before may be believed.
  return (
    run.kin !== undefined &&
    startedAt >= firstOf(run).start - START_APART &&
    startedAt <= (run.end ?? Infinity) + START_APART
  );
}

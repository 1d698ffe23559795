import type { AppRef } from '../app.ts';
import type { Drift } from '../ledger.ts';
import type { MicroDollars } from '../money.ts';
import type { AppFacts, Audience } from '../notice.ts';
import type { Period } from '../period.ts';
import type { Duration, Instant } from '../time.ts';

/** The cost report of one week, for one reader: what a person, a team or the account spent, and on what. */
export interface ReportFacts {
  kind: 'report';
  scope: 'owner' | 'team' | 'admin';
  audience: Audience;
  /** `2026-W47` */
  week: string;
  period: Period;
  /** When it was made: what runs now, and what is billed, is of then. */
  at: Instant;
  /** How numbers and dates are written: a BCP 47 tag. */
  locale: string;
  /** Whose spend, as people say it: `alice`, `alpha`, the account's number. */
  whose: string;
  /** Of a report for an owner: the profiles that it is about, `domain/profile`. */
  owners: string[];
  /** Billed, and estimated where AWS has not billed yet. */
  spent: MicroDollars;
  billed: MicroDollars;
  estimated: MicroDollars;
  /** The week before; absent where it is not on record, or had no price. */
  last?: MicroDollars;
  /** The mean of the last weeks on record before this one. */
  mean?: { amount: MicroDollars; weeks: number };
  /** What each local day cost; together `spent`. */
  days: DayRow[];
  hours: Hours;
  /** What ran without a price, and for how long: in no sum. */
  unpriced: Record<string, Duration>;
  /** Where it went, the most first; with `more`, together `spent`. */
  rows: ReportRow[];
  more: RestRow;
  /** Of a team and the account: who spent it, the most first; with `morePeople`, together `spent`. */
  people: PersonRow[];
  morePeople: RestRow;
  budgets: BudgetRow[];
  moreBudgets: number;
  /** What was spent since the team began. */
  total?: { since: string; amount: MicroDollars };
  /** The largest cost of known idleness, where it is worth a word. */
  idlest?: Idlest;
  saved: Saved;
  /** What ran when the report was made, the most costly first. */
  running: RunningRow[];
  moreRunning: number;
  /** What an hour of it costs. */
  hourly: MicroDollars;
  /** Some of it has no price, and is not in `hourly`. */
  isHourlyLeast?: true;
  source: ReportSource;
  admin?: AdminFacts;
}

/** An amount, and for how long what it is of ran without a price: that is in no sum, and absent where nothing did. */
export interface Amount {
  amount: MicroDollars;
  unpriced?: Duration;
}

/** Of one local day, `2026-11-16`. */
export interface DayRow extends Amount {
  date: string;
}

/** So many rows are left out. */
export interface RestRow extends Amount {
  count: number;
}

export type RunningRow = AppFacts & { isUnpriced?: true };

/** Time on instances: `up` is what was charged; the three others together are `up`. */
export interface Hours {
  up: Duration;
  used: Duration;
  idle: Duration;
  /** Nobody could tell: no agent, a silent one, or a use that nothing measures. */
  unknown: Duration;
  /** What the idle hours cost. */
  idleCost: MicroDollars;
}

/** An app and its instance type, or another line of the bill. */
export interface ReportRow extends Partial<Hours>, Amount {
  /** The space or profile, or the app's own name; the usage as AWS calls it where no app is known. */
  name: string;
  kind: 'app' | 'storage' | 'other' | 'unattributed';
  appType?: string;
  instanceType?: string;
  owner?: string;
  /** AWS's bill gives it to nobody: that it is theirs is reckoned. */
  isReckoned?: true;
}

export interface PersonRow extends Hours, Amount {
  /** `alice`; undefined for what nobody answers for, or what the bill gives nobody. */
  name?: string;
  team?: string;
  /** Absent where it is not on record, or had no price. */
  last?: MicroDollars;
}

export interface BudgetRow {
  budget: string;
  /** Whose, where the report's reader has several. */
  whose: string;
  spent: MicroDollars;
  /** With what was granted. */
  limit: MicroDollars;
  /** Of it, what an admin granted; absent where nothing was. */
  granted?: MicroDollars;
  /** An admin has lifted it, so that it acts on nobody; without `until`: for good. */
  lifted?: { until?: Instant };
  /** What ran without a price, and for how long: in no sum. Absent where nothing did. */
  unpriced?: Record<string, Duration>;
  forecast?: MicroDollars;
  /** Without `to`: all time. */
  period: { from: Instant; to?: Instant };
}

/** Time of one instance in which nobody used it. */
export interface Idlest {
  amount: MicroDollars;
  what: string;
  name: string;
  /** On one day, at a weekend, or neither. */
  when?: { date: string } | 'weekend';
}

/** What Curfew's stops saved, by estimate: until the app's next start, a day at most, as far as it lies in the week. */
export interface Saved {
  amount: MicroDollars;
  duration: Duration;
  /** Of apps without a price: no dollars are made up for them. */
  unpriced: Duration;
  stops: SavedRow[];
  more: number;
}

export interface SavedRow {
  app: Pick<AppRef, 'appType' | 'appName' | 'spaceName' | 'userProfileName'>;
  instanceType?: string;
  owner?: string;
  at: Instant;
  rule: string;
  duration: Duration;
  /** Absent without a price. */
  amount?: MicroDollars;
}

/** What the figures rest on. */
export interface ReportSource {
  /** Of what is estimated: `list price of 2026-09-24` */
  basis: string;
  /** Where the record begins after the week did: what was before, nobody knows. */
  recordedSince?: Instant;
  /** When AWS's bill was last read. */
  billedAt?: Instant;
  /** Up to here AWS has settled its bill of the week; what is later is estimated, corrected by `drift`. */
  billedUntil?: Instant;
  drift?: Drift;
  /** What AWS billed in other currencies: in no sum. */
  foreign: { currency: string; amount: string }[];
}

/** What only the admins are told. */
export interface AdminFacts {
  teams: (PersonRow & { name: string })[];
  moreTeams: number;
  /** What the bill gives nobody. */
  unattributed: MicroDollars;
  running: number;
  /** What Curfew itself cost; absent where AWS does not tell. */
  ownCost?: MicroDollars;
  /** The costliest known idleness of the week. */
  savings: ReportRow[];
  /** Running apps under an idle limit whose use is unknown. */
  withoutAgent: string[];
  moreWithoutAgent: number;
  failedStops: string[];
  /** Profiles whose address is not confirmed, or cannot be reached. */
  unconfirmed: string[];
  moreUnconfirmed: number;
  findings: string[];
}

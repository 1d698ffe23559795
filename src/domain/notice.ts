import type { AppRef, Place } from './app.ts';
import type { MicroDollars } from './money.ts';
import type { IdleReview } from './native-idle.ts';
import type { ReportFacts } from './report/facts.ts';
import type { Duration, Instant } from './time.ts';

/** A mail that is owed to one address: recorded once, sent by `deliver`. */
export interface Notice extends Place {
  /** Made of what the notice is about and to whom: the same notice has the same id, so that it is owed once. */
  id: string;
  /** The address it goes to. */
  to: string;
  owedAt: Instant;
  facts: NoticeFacts;
  /** Of an owner's news: the name under which the admins are told of the same, instead of them or with them: once. */
  forAdmins?: string;
  /** The event that it came of, as log lines name it. */
  cause?: string;
}

/** What became of a notice. */
export type Fate =
  | { kind: 'sent'; messageId: string }
  | { kind: 'refused'; code: string; why: string }
  /** Its reader may not get it any more; the admins were told instead, each by a notice of their own. */
  | { kind: 'redirected'; why: string }
  /** Its reader may not get it any more, and it concerns nobody else. */
  | { kind: 'withheld'; why: string };

/** What may be known of a mail after it was sent. `suppressed`: SES took it, and held it back by a list of its own. */
export const TRACES = ['delivered', 'bounced', 'suppressed', 'complained', 'opened'] as const;
export type Trace = (typeof TRACES)[number];

/** A notice and what became of it; `fate` is absent while it is owed. */
export interface PastNotice {
  notice: Notice;
  attempts: number;
  fate?: Fate & { at: Instant };
  /** Each when it was first known. */
  traces: Partial<Record<Trace, Instant>>;
}

/** What a mail has to say, as data: words and layout are the templates'. */
export type NoticeFacts =
  | WarningFacts
  | StoppedFacts
  | FailureFacts
  | DigestFacts
  | ConfirmationFacts
  | BudgetFacts
  | ReportFacts;

/** An app as mail shows it. */
export type AppFacts = AppRef & {
  instanceType?: string;
  domainName?: string;
  owner?: string;
  startedAt: Instant;
  /** Absent when the price is unknown, or the app is free or shares a charge. */
  cost?: MicroDollars;
  /** What the cost rests on: `list price of 2026-09-24`. */
  basis?: string;
};

/** Who is written to, and why. */
export interface Audience {
  /** `owner`: the mail is the reader's own business. `admins`: the reader answers for it, or stands in. */
  role: 'owner' | 'admins';
  /** One sentence for an admin on why the mail came here: "alice has not confirmed an address, so you are told instead." */
  why?: string;
}

/** The request to confirm an address: the only mail that it gets before. */
export interface ConfirmationFacts {
  kind: 'confirmation';
  /** The profiles that the policy gives this address, `domain/profile`. */
  owners: string[];
  /** The first, second or third request. */
  number: number;
  /** Who answers for Curfew here: the policy's admins. */
  admins: string[];
  at: Instant;
}

/** The app is over a limit, and will be stopped unless something changes. */
export interface WarningFacts {
  kind: 'warning';
  app: AppFacts;
  audience: Audience;
  rule: string;
  reason: string;
  warnedAt: Instant;
  /** The earliest moment of the stop; absent when the policy's mode is `warn`: nothing will be stopped. */
  stopAt?: Instant;
}

/** The app was stopped. */
export interface StoppedFacts {
  kind: 'stopped';
  app: AppFacts;
  audience: Audience;
  rule: string;
  reason: string;
  stoppedAt: Instant;
  /** Who can lift the budget or the guardrail that stopped it: the policy's admins. Absent for a limit. */
  appeal?: string[];
  /** Of a budget that stopped it: what becomes of what is started again, and in which period; without `to`: all time. */
  budget?: { atLimit: 'stop' | 'block'; period: { from: Instant; to?: Instant } };
}

/** A budget has passed one or more of its thresholds. */
export interface BudgetFacts {
  kind: 'budget';
  audience: Audience;
  /** The budget's name. */
  budget: string;
  /** Whose it is: `alice`, `team alpha`, `domain d-abcdefghijkl`, `the account`. */
  whose: string;
  /** `domain/profile`, where it is an owner's own. */
  owner?: string;
  /** Without `to`: all time. */
  period: { from: Instant; to?: Instant };
  /** With what was granted. */
  limit: MicroDollars;
  /** What was spent: billed, and what was reckoned since, corrected by what earlier bills made of it. */
  spent: MicroDollars;
  /** Of it, what AWS has billed and settled. */
  billed: MicroDollars;
  /** What the period is expected to end at. */
  forecast?: MicroDollars;
  /** What ran without a price, and for how long: in no sum. */
  unpriced: Record<string, Duration>;
  /** What was crossed, the lowest first: shares of the limit, 0.8 for 80 %. */
  crossed: { kind: 'spent' | 'forecast'; share: number }[];
  /** Of which shares of the limit the policy has it told, reached or to come. */
  warnAt?: number[];
  /** An admin has lifted it: `atLimit` is `warn`, whatever the policy says. */
  isLifted?: true;
  /** Its stops are held: so many were wanted in one scan, which may make so many. */
  valve?: { wanted: number; most: number };
  /** What happens at the limit; `warn` where the policy's mode stops nothing. */
  atLimit: 'warn' | 'stop' | 'block';
  /** How long after its warning an app is stopped; absent: at once. */
  grace?: Duration;
  /** What runs now, the dearest first, as many as a mail shows; and how many more run. */
  running: (AppFacts & { isExempt?: true })[];
  more?: number;
  /** Of all that runs, how many are free; absent where none is. */
  free?: number;
  /** What an hour of all that costs. */
  hourly: MicroDollars;
  /** What the reckoned figures rest on: `list price of 2026-09-24`. */
  basis: string;
  /** Who can grant more, or lift it. */
  admins: string[];
  at: Instant;
}

/** Something that an admin must know of: told once. */
export interface FailureFacts {
  kind: 'failure';
  /** `The stop of alice/default failed 3 times` */
  title: string;
  /** What happened, in whole sentences, a paragraph each. */
  details: string[];
  /** What to do now, a step each. */
  todo: string[];
  at: Instant;
  app?: AppFacts;
}

/** The admins' day at a glance. */
export interface DigestFacts {
  kind: 'digest';
  /** `2026-11-23`, in the policy's zone. */
  date: string;
  at: Instant;
  mode: 'observe' | 'warn' | 'enforce';
  /** Running now. */
  running: number;
  /** Of them, how many have no limit that governs them. */
  unlimited: number;
  /** What all running apps with a known price cost an hour. */
  hourly: MicroDollars;
  /** What that rests on: `list price of 2026-09-24`. */
  basis?: string;
  /** What running apps without a known price are charged as: an instance type, or `Canvas`. */
  unpriced: string[];
  /** The same of all that ran or was stored on days that are still open, `volume` among it; absent where nothing lacks a price. */
  unpricedSince?: string[];
  /** Under a warning now. */
  warned: DigestRow[];
  /** Ended by Curfew in the last 24 hours. */
  stopped: DigestRow[];
  /** Stops that keep failing. */
  failing: DigestRow[];
  /** Under an idle limit, with an agent that is missing or silent: their use is unknown, and only uptime binds them. */
  unknownUse: DigestRow[];
  /** The longest-running apps, exempt ones included. */
  longest: DigestRow[];
  /** Rows left out of the lists above, by list, where a list was cut. */
  more: { warned: number; stopped: number; failing: number; unknownUse: number; longest: number };
  /** SageMaker's own idle shutdown, where the policy wants it and there is something to tell; `more` findings are left out. */
  nativeIdle?: Pick<IdleReview, 'findings' | 'faults' | 'unseen'> & { more: number };
  /** Budgets of which a threshold is passed, the most spent first, and what keeps the bill from being read; `more` are left out. */
  money?: { budgets: DigestBudget[]; more: number; findings: string[] };
}

/** Where one budget stands. */
export interface DigestBudget {
  budget: string;
  whose: string;
  spent: MicroDollars;
  limit: MicroDollars;
  /** What ran without a price, and for how long: in no sum. Absent where nothing did. */
  unpriced?: Record<string, Duration>;
  /** `blocked`, `over`, `lifted`; absent: within its limit. */
  state?: 'blocked' | 'over' | 'lifted';
}

export interface DigestRow {
  app: AppFacts;
  reason: string;
  /** When it was or will be stopped. */
  at?: Instant;
}

import type { AppRef, Place } from './app.ts';
import type { MicroDollars } from './money.ts';
import type { IdleReview } from './native-idle.ts';
import type { Instant } from './time.ts';

/** A mail that is owed to one address: recorded once, sent by `deliver`. */
export interface Notice extends Place {
  /** Made of what the notice is about and to whom: the same notice has the same id, so that it is owed once. */
  id: string;
  /** The address it goes to. */
  to: string;
  owedAt: Instant;
  facts: NoticeFacts;
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
export type NoticeFacts = WarningFacts | StoppedFacts | FailureFacts | DigestFacts | ConfirmationFacts;

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
  /** Running apps without a known price, by instance type. */
  unpriced: string[];
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
}

export interface DigestRow {
  app: AppFacts;
  reason: string;
  /** When it was or will be stopped. */
  at?: Instant;
}

import type { Spec } from './spec.ts';

/** What may go wrong at one call of an invocation. `timeout`: the call does its work, and its answer is lost. */
export interface Fault {
  /** The n-th call, from 0 on. */
  call: number;
  how: 'throttled' | 'fault' | 'timeout' | 'denied' | 'refused' | 'dies before' | 'dies after';
}

/** How one invocation of a Lambda goes. */
export interface Going {
  faults?: Fault[];
  /** How far its clock is ahead, in milliseconds; behind where negative. */
  skew?: number;
}

/** What happens to a mailbox. */
export type News = 'delivered' | 'bounced for good' | 'bounced for now' | 'complained';

/** The buttons of mail. */
export type Button = 'confirm' | 'keep' | 'stop' | 'unsubscribe';

/** What an admin grants or lifts, of one budget or of all of a subject. */
export interface Exception {
  kind: 'grant' | 'lift';
  subject: { kind: 'owner' | 'domain' | 'account'; name: string };
  budget?: string;
  amount?: number;
  until: number;
}

/** One thing that happens: plain data, so that a timeline may be kept, cut short and lived again. */
export type Step = Common & (World | Call);

interface Common {
  /** By the true clock. */
  at: number;
  /** It begins before those before it have ended. */
  overlaps?: true;
  /** Chance's own number for this step: how its calls interleave with those of others. */
  luck?: number;
}

/** What people and AWS do. */
type World =
  | { do: 'start'; slot: string; keepsCreationTime?: true; fails?: true; agent?: number }
  | { do: 'end'; slot: string }
  /** The app is at work until then. */
  | { do: 'use'; slot: string; until: number }
  | { do: 'tag'; resource: string; tags: Record<string, string> }
  | { do: 'own'; space: string; owner?: string }
  | { do: 'policy'; change: Partial<Spec> }
  /** The weather: what fails until it is said to work again. */
  | { do: 'ses'; is: 'up' | 'down' | 'throttling' | 'without quota' }
  | { do: 'stops'; are: 'up' | 'throttled' | 'denied' }
  | { do: 'listing'; lacks?: 'apps' | 'spaces' | 'tags' }
  /** Canvas publishes its metric. */
  | { do: 'metric'; slot: string }
  /** EventBridge Scheduler makes what is due. */
  | { do: 'fire' };

/** Invocations of the service. */
type Call = Going &
  (
    | { do: 'scan'; dry?: true }
    | { do: 'deliver' }
    /** The daily closing of the books. */
    | { do: 'spend' }
    /** A round of the weekly reports. With `batches`, there is no time for more. */
    | { do: 'report'; batches?: number }
    /** An admin grants a subject more, or lifts its budgets: `curfew budget`. */
    | ({ do: 'except' } & Exception)
    /** A reader asks for fresh links in place of those of an old mail. */
    | { do: 'renew'; to: string; button: Button; ago: number; source: string }
    | { do: 'event'; what: 'created' | 'deleted'; slot: string; of: number }
    | { do: 'profile'; profile: string }
    | { do: 'beat'; slot: string; run: number; observedAt: number }
    /** Whoever reads an address opens one of its last mails, or presses a button in it. */
    | { do: 'open'; to: string; button: Button; ago: number }
    | { do: 'press'; to: string; button: Button; ago: number; level?: 'reports' | 'warnings' | 'everything' }
    | { do: 'news'; to: string; ago: number; what: News }
    | { do: 'invite'; to: string }
    /** An admin throws the kill switch: `curfew pause`, with `--until` or without; and takes it back. */
    | { do: 'pause'; until?: number }
    | { do: 'resume' }
  );

/** What is done by our own functions: while they are dead, it is not. */
export const OURS: ReadonlySet<Step['do']> = new Set<Call['do']>([
  'scan',
  'deliver',
  'spend',
  'report',
  'except',
  'renew',
  'event',
  'profile',
  'beat',
  'open',
  'press',
  'news',
  'invite',
  'pause',
  'resume',
]);

/** A step of one kind. */
export type StepOf<Kind extends Step['do']> = Extract<Step, { do: Kind }>;

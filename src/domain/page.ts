import type { Place } from './app.ts';
import type { Unsubscribed } from './contact.ts';
import type { Purpose } from './mail-link.ts';
import type { AppFacts, Audience } from './notice.ts';
import type { ReportFacts } from './report/facts.ts';
import type { Instant } from './time.ts';

/** What the page of a link has to say, as data: words and layout are the adapter's. */
export type Page = AskingPage | AnswerPage;

/** A page whose button does what its link is for. */
export type AskingPage =
  | { kind: 'confirm'; address: string; owners: string[]; admins: string[] }
  /**
   * `until`: how long the button keeps it running; `keptUntil`: how long it is kept already; `left`: how often more after
   * this; `isStopping`: a stop was set out on before, and may be quicker.
   */
  | (AboutApp & {
      kind: 'keep';
      until: Instant;
      stopAt?: Instant;
      keptUntil?: Instant;
      left: number;
      isStopping?: true;
    })
  | (AboutApp & { kind: 'stop'; stopAt?: Instant })
  /** `from`: what the mail's own kind needs; `already`: what its reader gets no longer. */
  | { kind: 'unsubscribe'; address: string; from: Unsubscribed; already?: Unsubscribed; isRequest: boolean };

/** A page that says what holds now. `isNews`: the button of this very request did it. */
export type AnswerPage =
  | { kind: 'confirmed'; address: string; isNews?: true; unsubscribed?: Unsubscribed }
  | { kind: 'not to confirm'; why: 'bounced' | 'complained' | 'unknown' }
  | (AboutApp & { kind: 'kept'; until: Instant; left: number; isStopping?: true; isNews?: true })
  | (AboutApp & { kind: 'kept enough'; times: number; until?: Instant })
  /** The run is over. `isOurs`: Curfew stopped it; `isAgain`: its name runs again, as another run. */
  | (AboutApp & { kind: 'over'; endedAt?: Instant; isOurs?: true; isAgain?: true; isNews?: true })
  /** A stop has been set out on. */
  | (AboutApp & { kind: 'stopping' })
  /** Curfew is paused: nothing is stopped, and no mail sent. `until`: where an end is set. */
  | { kind: 'paused'; until?: Instant }
  | { kind: 'unsubscribed'; address: string; from: Unsubscribed }
  /** The whole report that a mail is about. */
  | { kind: 'report'; facts: ReportFacts; place: Place }
  /** The link was good once; `canRenew`: a fresh mail is to be had. */
  | { kind: 'expired'; purpose: Purpose; canRenew: boolean }
  /** A mail is owed to the address on file; or the reader must wait for the next. */
  | { kind: 'renewed' | 'renewed before' }
  /** No link of ours: unknown and forged ones look alike. It offers to ask for a mail. */
  | { kind: 'no link'; isBadAddress?: true }
  /** The answer to whoever asks for a mail by an address, whether it is known or not. */
  | { kind: 'asked' }
  | { kind: 'too many' | 'home' | 'not found' | 'not allowed' | 'malformed' | 'foreign' }
  /** AWS did not do its part: the same button may be pressed again. */
  | { kind: 'failed'; code: string };

/** An app as the page's reader knows it: theirs, or one that they answer for. */
interface AboutApp {
  app: AppFacts;
  role: Audience['role'];
}

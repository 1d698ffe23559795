import type { App, AppRef, Place } from '../domain/app.ts';
import type { BillReading } from '../domain/bill.ts';
import type { BudgetMark, Exception } from '../domain/budget.ts';
import type { Contact } from '../domain/contact.ts';
import type { Rates } from '../domain/cost.ts';
import type { Evidence, Reading } from '../domain/evidence.ts';
import type { Drift, LedgerDay } from '../domain/ledger.ts';
import type { MailLink, Purpose } from '../domain/mail-link.ts';
import type { MicroDollars } from '../domain/money.ts';
import type { Fate, Notice, PastNotice, Trace } from '../domain/notice.ts';
import type { Page } from '../domain/page.ts';
import type { Pause } from '../domain/pause.ts';
import type { Period } from '../domain/period.ts';
import type { Needs, Picture } from '../domain/picture.ts';
import type { ReportFacts } from '../domain/report/facts.ts';
import type { OwnUse } from '../domain/report/own-cost.ts';
import type { Standing } from '../domain/rules/delivery.ts';
import type { Armed, Run, Stop, Warning } from '../domain/run.ts';
import type { Spending } from '../domain/spending.ts';
import type { AwsForecast } from '../domain/standings.ts';
import type { SettingsHolder, SettingsRef, SettingsUpdate } from '../domain/studio-settings.ts';
import type { Duration, Instant } from '../domain/time.ts';
import type { UseRecord } from '../domain/use.ts';
import type { Volume, VolumeChange } from '../domain/volume.ts';

/**
 * The few ways in which the outside can fail. Adapters turn every SDK error into one, with the SDK's own as `cause`.
 * `denied`: a right is missing; `throttled`: ask again later; `refused`: asking again is of no use; `fault`: anything else.
 */
export class PortError extends Error {
  readonly kind: 'denied' | 'throttled' | 'refused' | 'fault';
  /** AWS's own code, such as `ThrottlingException`. */
  readonly code: string;
  /** How many requests were made until then, where AWS charges for each. */
  requests?: number;
  constructor(kind: PortError['kind'], code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PortError';
    this.kind = kind;
    this.code = code;
  }
}

/** SageMaker Studio's apps. */
export interface Fleet {
  /** Everything the policy needs to know, in full pages. Never throws for a part: what fails is in `missing`. */
  look(place: Place, needs: Needs): Promise<Picture>;
  /** Stops an app; its files stay. `gone`: it already was. Throws PortError. */
  stop(app: AppRef): Promise<'stopping' | 'gone'>;
  /** An app as AWS shows it at this moment; undefined where there is none of its name. Throws PortError. */
  find(app: AppRef): Promise<App | undefined>;
  /** The SSO user name of a profile, if it has one. Throws PortError. */
  ssoUserName(domainId: string, userProfileName: string): Promise<string | undefined>;
}

/** An app that is to be stopped at a time, whoever is alive then. */
export interface Schedule {
  name: string;
  app: AppRef;
  /** Cut to the second. */
  at: Instant;
}

/** EventBridge Scheduler, which stops apps by itself. All throw PortError. */
export interface Backstop {
  /** Makes a schedule, or makes the one of that name so: whatever was asked before. */
  arm(schedule: Schedule): Promise<void>;
  /** There is none of that name any more. One that is not there is no fault. */
  disarm(name: string): Promise<void>;
  /** A page of the names of all schedules, and what asks for the next; undefined after the last. */
  armed(after?: string): Promise<{ names: string[]; next?: string | undefined }>;
}

/** What Canvas tells of how it is used. */
export interface CanvasUse {
  /** What it told of each app from the minute of `since` to that of `until`. Never throws: apps that could not be asked about are in `unknown`. */
  read(apps: AppRef[], since: Instant, until: Instant): Promise<CanvasReadings>;
}

export interface CanvasReadings {
  /** By `appKey`; empty where nothing was told. */
  readings: Map<string, Reading[]>;
  /** Why nobody knows; names the IAM action where a right is missing. */
  unknown: { app: AppRef; why: string }[];
}

/** What the passes have to remember of themselves. */
export interface ScanState {
  /** The last local day for which the admins' digest is owed, `2026-11-23`. */
  digest?: string;
  /** When that one was made: the next tells what was stopped since. */
  digestAt?: Instant;
  /** The last local day on which the admins were told of the safety valve. */
  valve?: string;
  /** The last local day on which unconfirmed contacts were looked through for whom to ask again. */
  asked?: string;
  /** The profile after which the next look at idle settings goes on; absent where the last one saw all. */
  idleAfter?: string | undefined;
}

/** The fields of a run that a write may change. Each is set on its own: what another pass wrote beside it stays. */
export type RunChange =
  | { kind: 'warn'; rule: string; warning: Warning }
  | { kind: 'lift'; warnings: { rule: string; number: number }[] }
  /** With `isIdle` it rests on evidence, and insists that none has come since. */
  | { kind: 'stop'; stop: Stop; isIdle?: boolean }
  /** A stop failed once more, or is wanted no longer (`undefined`). */
  | { kind: 'retry'; stop: Stop | undefined }
  /** The run is over since `at`; an earlier end on record stays. With `stop`, Curfew ended it: any end on record stays. */
  | { kind: 'end'; at: Instant; stop?: Stop }
  /** When the run ended, by all that events have told so far, and what they told beyond it. With `stop`, what ended it. */
  | { kind: 'ends'; endedAt: Instant; laterEnds: Instant[]; stop?: Stop }
  /**
   * What is armed under the app's name, or that nothing is (`undefined`). It insists on what is known of that, and one that
   * is not set yet on a run that goes on.
   */
  | { kind: 'backstop'; backstop: Armed | undefined }
  | ({ kind: 'facts' } & Pick<Run, 'owner' | 'team' | 'sharing' | 'instanceType' | 'contact'>)
  | { kind: 'extend'; at: Instant }
  /** With `use`, what it adds to what is known of the run's use over time: in the same write. */
  | { kind: 'evidence'; evidence: Evidence; use?: UseRecord };

/** What a scan reads of the record, all at once. */
export interface OnRecord {
  /** The last known run under every name. */
  runs: Run[];
  /** The passes' own state. */
  state: ScanState;
  /** The volumes that go on; absent where there are none. */
  volumes?: Volume[];
  /** AWS's price list as it was last read; absent where it never was. */
  prices?: Rates;
  /** The last pause, over or not; absent where there never was one. */
  pause?: Pause;
  /** What the last closing of the books left; absent before the first. */
  books?: Books;
  /** What budgets have told in periods that go on, and a while after. */
  marks?: BudgetMark[];
  /** What admins granted and lifted. */
  exceptions?: Exception[];
}

/** What the daily closing of the books leaves for the passes, so that none reads a month. */
export interface Books {
  /** The first day that was ever closed: no reader need look before it. */
  since: Instant;
  /** Since when Curfew saw what ran: of days before, only a bill can tell. Undefined in books of an earlier release. */
  seenFrom?: Instant;
  /** Days before this are closed: what was accrued in them stays. */
  closedUntil: Instant;
  /** What closed days add up to, for each period that the policy's budgets speak of. */
  sums: Spending[];
  /** Closed days whose bill is still to come, `2026-11-01`. */
  unsettled: string[];
  /** Estimate against bill, over the last settled days. */
  drift: Drift;
  /** When AWS's bill was last read whole. */
  billedAt?: Instant;
  /** What keeps the bill from being read or from naming owners, and what to do, in whole sentences. */
  findings: string[];
  /** What AWS expects the account to spend from `from` until the month's end, where a budget asks. */
  awsForecast?: AwsForecast;
}

/** The books: closed days, what they add up to, and what budgets have told and been told. */
export interface Ledger {
  /** Closed days that begin from `from` on and before `to`, in order. */
  days(place: Place, from: Instant, to: Instant): Promise<LedgerDay[]>;
  /** Puts a closed day on record, in place of what was there of it. */
  close(place: Place, day: LedgerDay): Promise<void>;
  /** Keeps what the closing leaves; `Runs.load` gives it. */
  keep(place: Place, books: Books): Promise<void>;
  /** Adds to what a budget has told and seen. `Runs.load` gives it. */
  mark(place: Place, mark: BudgetMark): Promise<void>;
  /** Records a grant or a lift. `Runs.load` gives it, with an id. */
  except(place: Place, exception: Exception): Promise<void>;
  /** Takes a grant or a lift back, as it was loaded: it holds until `at` and no longer. `false`: it is no longer so, or had ended by then. */
  revoke(place: Place, known: Exception, revocation: { at: Instant; by: string; why?: string }): Promise<boolean>;
}

/** AWS's bill, as Cost Explorer tells it. Each page costs $0.01. */
export interface Bill {
  /** What was consumed on each day (UTC) from `from` until before `to` (`2026-11-01`), in full page sets. Throws PortError, with the requests made; never half a set. */
  read(region: string, from: string, to: string): Promise<BillReading>;
  /** What credits and refunds took off in that time, in micro-dollars (negative), one request. Throws PortError. */
  credits(region: string, from: string, to: string): Promise<MicroDollars>;
  /** What AWS expects all of SageMaker in the account and region to cost from `from` until before `to`, one request. undefined where AWS has too little to go by (DataUnavailable). Throws PortError. */
  forecast(region: string, from: string, to: string): Promise<MicroDollars | undefined>;
}

/** Whose credentials are in use. */
export interface Caller {
  account: string;
  arn: string;
}

/** The kill switch. `Runs.load` reads it too. */
export interface Pauses {
  /** The last pause, over or not. Strongly consistent. */
  lastPause(place: Place): Promise<Pause | undefined>;
  /** Pauses. It replaces whatever pause is on record: this must never be refused. */
  pause(place: Place, pause: Pause): Promise<void>;
  /** Ends a pause at `at`. `false`: another has replaced it, or it was ended before. */
  resume(place: Place, pause: Pause, at: Instant): Promise<boolean>;
}

/**
 * The record of runs: the last run of each app's name, and the ended ones before it. Every write is one conditional
 * write on one item; `false` means that the run was no longer as expected, and stays as it is.
 */
export interface Runs extends Pauses {
  /** Strongly consistent. */
  load(place: Place): Promise<OnRecord>;
  get(app: AppRef): Promise<Run | undefined>;
  /** Begins a run under a name that `replaces` holds (or nobody), which is kept as history. */
  open(run: Run, replaces?: Run): Promise<boolean>;
  /**
   * Changes a run, if it is still the same run. A `stop` and `ends` insist on the version that they were made from,
   * `evidence` on the evidence that it was added to, a `backstop` on the one before it; an asking to `extend` of the same moment counts once.
   */
  change(run: Run, change: RunChange): Promise<boolean>;
  /** Moves an ended run to history and frees its name. */
  retire(run: Run): Promise<boolean>;
  /**
   * Adds to history what an event told late: a run that was over, or a mark, from before `holder`, the run that holds the
   * name. A run whose start history knows already stays as it is.
   */
  backfill(run: Run, holder: Run): Promise<void>;
  /**
   * Ended runs that history holds, each once and as they were by all that has been told, of those that ended after
   * `since`; not the ones that still hold their app's name.
   */
  history(place: Place, since: Instant, now: Instant): Promise<Run[]>;
  /** Remembers a pass's own state. */
  remember(place: Place, state: ScanState): Promise<void>;
  /** Whose table this is: the account and region that a scan last recorded; undefined before the first. */
  place(): Promise<Place | undefined>;
}

/** The record of spaces' volumes: of each the stretch that goes on, which `Runs.load` gives, and those before it. */
export interface Volumes {
  /** Begins a stretch, ends one, or both. `false`: the one on record is no longer the one that this was made from. */
  record(change: VolumeChange): Promise<boolean>;
  /** Stretches that are over, each once, of those that ended after `since`. */
  history(place: Place, since: Instant, now: Instant): Promise<Volume[]>;
}

/** A notice to be sent, and how many tries it has had. */
export interface Owed {
  notice: Notice;
  attempts: number;
}

/** Notices that are owed: written once, sent by `deliver`. */
export interface Outbox {
  /** Owes a notice, once. One that was owed before keeps its clock: `owedAt` is when it first was. */
  owe(notice: Notice): Promise<{ owedAt: Instant; isNew: boolean }>;
  /** Where notices stand; one that was never owed is left out. */
  standings(place: Place, ids: string[]): Promise<Standing[]>;
  /** What is owed, the most urgent first, at most `limit`. Notices waiting for a retry are left out. */
  owed(place: Place, now: Instant, limit: number): Promise<Owed[]>;
  /** The oldest of each urgency that is owed, waiting for a retry or not: what it is, and since when it has been. */
  oldest(place: Place): Promise<{ kind: Notice['facts']['kind']; owedAt: Instant }[]>;
  /** Takes a notice for sending until `until`, so that no other round sends it. `false`: another has it, or it is done. */
  claim(notice: Notice, now: Instant, until: Instant): Promise<boolean>;
  /** The notice is done with. */
  settle(notice: Notice, fate: Fate, now: Instant): Promise<void>;
  /** Gives a claimed notice back: it is tried again at `at`. */
  postpone(notice: Notice, at: Instant, code: string): Promise<void>;
  get(place: Place, id: string): Promise<PastNotice | undefined>;
  /** Notes what is known of a sent mail, once each. `false`: it was known, or there is no such notice. */
  trace(place: Place, id: string, what: Trace, at: Instant): Promise<boolean>;
  /** Every notice that was owed since then, the newest first. */
  history(place: Place, since: Instant, now: Instant): Promise<PastNotice[]>;
}

/** Addresses and their consent. Addresses differing in case are one. Every write is one conditional write on one item. */
export interface Contacts {
  /** Strongly consistent. */
  get(place: Place, address: string): Promise<Contact | undefined>;
  /** All of them, in order of address. */
  list(place: Place): Promise<Contact[]>;
  /** Begins a contact. `false`: there is one already. */
  open(contact: Contact): Promise<boolean>;
  /** Makes a contact another, if nobody has changed it since it was read. */
  change(contact: Contact, next: Contact): Promise<boolean>;
  /** Forgets a contact, if nobody has changed it since it was read. */
  remove(contact: Contact): Promise<boolean>;
}

/** The links of mail, and how often they may be asked for. */
export interface Links {
  open(link: MailLink): Promise<void>;
  /** Strongly consistent. */
  get(id: string): Promise<MailLink | undefined>;
  /** Notes the first use of a link. Returns when that was: at `at`, or earlier where another was first. */
  use(link: MailLink, purpose: Purpose, at: Instant): Promise<Instant>;
  /** Counts one more asking under a key. `false`: there were `most` in this window of time already. */
  allow(key: string, most: number, window: Duration, now: Instant): Promise<boolean>;
}

/** Where a mail's links lead: whole URLs. */
export type MailUrls = Partial<Record<Purpose, string>> & {
  /** Of a report: one for each of the running apps that can be stopped from it, in their order. */
  stops?: string[];
};

/** How far the reports of a week have come. */
export interface ReportProgress {
  /** `2026-W47` */
  week: string;
  /** All of them are owed. */
  isDone: boolean;
  /** The address up to which owners' reports are owed, where there was no time for all. */
  after?: string;
}

/** What the weekly report has to remember of itself. */
export interface Reports {
  progress(place: Place): Promise<ReportProgress | undefined>;
  remember(place: Place, progress: ReportProgress): Promise<void>;
}

/** What AWS counts of Curfew's own functions. */
export interface OwnMeter {
  /** What they used in a period; undefined where AWS has counted no call of them. */
  read(period: Period): Promise<OwnUse | undefined>;
}

/** What may be sent now. */
export interface SendingQuota {
  /** Messages a second. */
  perSecond: number;
  /** Messages left in these 24 hours; Infinity where there is no limit. */
  left: number;
  /** AWS, or an admin, has paused all sending of the account. */
  isPaused: boolean;
}

/** SES. */
export interface Postbox {
  quota(): Promise<SendingQuota>;
  /** Sends a notice's mail, with these links. Returns SES's message id. Throws PortError: `refused` is for good. */
  send(notice: Notice, urls: MailUrls): Promise<string>;
}

/** Where a page stands, and what its form needs. */
export interface PageStand {
  now: Instant;
  /** The path of the base URL, without a slash at its end. */
  basePath: string;
  /** The link's own path below it, `/keep/<token>`; empty without a link. */
  link: string;
  /** What the form gives back, to show that it is ours. */
  formKey: string;
}

/** A page as HTTP carries it. */
export interface PageAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** The pages of links. */
export interface Pages {
  show(page: Page, at: PageStand): PageAnswer;
}

/** A report in a form of its own. */
export interface ReportWriter {
  /** One HTML page that stands alone. */
  page(facts: ReportFacts, place: Place): string;
  /** As its mail says it, without links. */
  text(facts: ReportFacts, place: Place): string;
}

/** The prices that come with Curfew. */
export interface Prices {
  rates(region: string): Promise<Rates>;
}

/** AWS's own price list. */
export interface PriceList {
  /**
   * Every price of Studio in a region that is in force, and what was wrong with single rows, in words. Throws PortError:
   * `refused` where AWS lists none.
   */
  read(region: string, now: Instant): Promise<{ rates: Omit<Rates, 'source'>; faults: string[] }>;
}

/** AWS's price list as it was last read. `Runs.load` gives it too. */
export interface KeptPrices {
  get(place: Place): Promise<Rates | undefined>;
  keep(place: Place, rates: Rates): Promise<void>;
}

/** The settings of Studio's domains and user profiles. All throw PortError. */
export interface StudioSettings {
  /** A domain, or a user profile in it; undefined where there is none. */
  read(ref: SettingsRef): Promise<SettingsHolder | undefined>;
  domains(): Promise<{ domainId: string; domainName?: string }[]>;
  /** All user profiles, or those of one domain, in full pages. */
  profiles(domainId?: string): Promise<Required<SettingsRef>[]>;
  /** Sets what is given and nothing else. Returns once AWS is done with it. */
  update(ref: SettingsRef, settings: SettingsUpdate): Promise<void>;
}

/** A lifecycle configuration: what runs when an app of that type starts. */
export interface LifecycleConfig {
  name: string;
  appType: string;
  script: string;
}

/** Studio's lifecycle configurations. AWS never changes one once it is made. All throw PortError. */
export interface LifecycleConfigs {
  /** The script of a configuration; undefined where there is none of that name. */
  script(name: string): Promise<string | undefined>;
  /** The names that hold `part`, in full pages. */
  names(part: string): Promise<string[]>;
  /** Makes one. One of the same name and script counts as made. */
  create(config: LifecycleConfig): Promise<void>;
  /** `in use`: settings or running apps still name it, and it stays. */
  remove(name: string): Promise<'removed' | 'gone' | 'in use'>;
}

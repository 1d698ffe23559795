import type { Match } from './match.ts';
import type { PeriodKind } from './period.ts';
import type { Duration } from './time.ts';

/** How far Curfew may go: `observe` only looks, `warn` also writes, `enforce` also stops. */
export type Mode = 'observe' | 'warn' | 'enforce';

/** The policy file, read and checked: everything that an admin decides. docs/policy.md tells each key. */
export interface Policy {
  mode: Mode;
  /** IANA name: the zone of every hour in the policy and in mail. */
  timezone: string;
  admins: string[];
  /** The From of every mail, `Name <address>`. */
  sender: string;
  owners: OwnersPolicy;
  /** What makes a team: the domain, or the value of a tag. */
  team: 'domain' | { tag: string };
  /** By a team's name (a domain's id or name, or the tag's value): who is told of it, and its first day, `2026-09-01`. */
  teams: Record<string, { leads: string[]; since?: string }>;
  /** The first that matches governs. */
  limits: Limit[];
  extensions: ExtensionsPolicy;
  exempt: Match[];
  budgets: Budget[];
  guardrails: Guardrail[];
  report: Report;
  safety: { maxStops: MaxStops };
  backstop: BackstopPolicy;
  evidence: { staleAfter: Duration };
  /** Prices that AWS does not list, or that are other than its own: by instance type, `Canvas` or `volume`, in HourlyRate's unit. */
  prices: Record<string, number>;
  nativeIdle?: NativeIdle;
}

/** What the policy says of a team, if anything: a tag's value may be `constructor`, which every object has. */
export function teamNamed({ teams }: Pick<Policy, 'teams'>, name: string): Policy['teams'][string] | undefined {
  return Object.hasOwn(teams, name) ? teams[name] : undefined;
}

/** The app types that SageMaker can shut down by itself when they are idle. Source: SageMaker developer guide, "Idle shutdown". */
export const NATIVE_IDLE_APPS = ['JupyterLab', 'CodeEditor'] as const;
export type NativeIdleApp = (typeof NATIVE_IDLE_APPS)[number];

/** An app type that is absent is not compared. */
export type IdleTimeouts = { [appType in NativeIdleApp]?: Duration | undefined };

/** What SageMaker's own idle shutdown is to be set to. */
export interface NativeIdle {
  timeouts: IdleTimeouts;
  /** Whether the daily pass may set it, in mode `enforce`; it reports what drifts all the same. */
  apply: boolean;
}

/** Where owners' addresses come from. */
export interface OwnersPolicy {
  address: { template: string } | { tag: string } | 'sso' | undefined;
  /** Profile, or domain/profile, to address. */
  exceptions: Record<string, string>;
}

/** A rule on uptime or idleness, for the apps that it matches. */
export interface Limit {
  name: string;
  match: Match;
  maxUptime?: Duration;
  maxIdle?: Duration;
  /** How long after its warning an app is stopped, at the earliest. */
  grace: Duration;
}

/** What "keep it running" buys: so many hours from the moment it is asked, at most so many times a run. */
export interface ExtensionsPolicy {
  hours: Duration;
  atMost: number;
}

/** A ceiling on the stops of one scan: a number of apps, or a share of those running. */
export type MaxStops = { count: number } | { share: number };

/** What the backstop stops, with nothing of ours alive: in mode `enforce` alone. */
export interface BackstopPolicy {
  /** Which deadlines it enforces; none: there is no backstop. */
  for: ('budget' | 'uptime')[];
  /** How long after a deadline it stops an app at the earliest, so that a living Curfew is always first. */
  margin: Duration;
}

/** What may be spent, by whom, in which period. */
export interface Budget {
  name: string;
  for: BudgetFor;
  period: PeriodKind;
  /** Micro-dollars. */
  limit: number;
  /** Shares of the limit at which to warn once it is spent, 0.5 for 50 %, in rising order. */
  warnAt: number[];
  /** Shares of the limit at which to warn once the period is expected to end there. */
  forecastAt: number[];
  /**
   * What happens to apps once the limit is spent: `stop` ends those that had started by then; `block` also whatever is
   * started afterwards, until the period turns, more is granted or the block is lifted.
   */
  atLimit: 'warn' | 'stop' | 'block';
  /** How long after its warning an app is stopped at the earliest; at once where it is absent. */
  grace?: Duration;
}

/** Whose spend a budget bounds: `each …` bounds every owner or team by itself. */
export type BudgetFor =
  | 'each owner'
  | 'each team'
  | 'account'
  | { owner: string }
  | { team: string }
  | { domain: string };

/** What may be run at all, or how many at once: whatever is beyond it is stopped, the newest first. */
export interface Guardrail {
  name: string;
  /** The apps that it is about. */
  match: Match;
  /** Instance types that may be used; undefined: any. */
  allow?: string[];
  /** How many apps may run at once on instances of a pattern, for each owner or team. */
  atMost: { pattern: string; count: number }[];
  for: 'each owner' | 'each team';
}

/** When reports go out: local times in the policy's zone. */
export interface Report {
  weekly?: { weekday: number; minutes: number };
  /** How its numbers and dates are written: a BCP 47 tag; `en-US` where it is absent. */
  locale?: string;
  /** Whether a person or team with nothing to tell gets one all the same; `skip` where it is absent. */
  empty?: 'send' | 'skip';
  /** The admins' daily digest, in minutes after local midnight. */
  daily: number | 'never';
}

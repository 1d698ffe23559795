/** A policy in the simulator's own words: the oracle judges by these, and `policies.ts` writes them as the service's. */
export interface Spec {
  mode: 'observe' | 'warn' | 'enforce';
  timezone: string;
  admins: string[];
  /** The first that fits governs. */
  limits: LimitSpec[];
  exempt: FitSpec[];
  maxStops: { count: number } | { percent: number };
  extensions: { for: number; atMost: number };
  staleAfter: number;
  /** Profile to address. A profile that is not named has none. */
  addresses: Record<string, string>;
  budgets: BudgetSpec[];
  rails: RailSpec[];
  /** Which deadlines EventBridge Scheduler enforces, and how long after them. */
  backstop: { for: ('budget' | 'uptime')[]; margin: number };
  /** Minutes after local midnight. */
  digest: number | 'never';
  /** When the week's reports are due, by the clock on the wall: 0 is Sunday. */
  weekly?: { weekday: number; minutes: number } | undefined;
}

/** What an app must be: every member that is given must fit. */
export interface FitSpec {
  /** How the instance type begins: `ml.t3.`. */
  instance?: string;
  tag?: { key: string; value: string };
  appType?: string;
  owner?: string;
  /** Saturday and Sunday by the clock on the wall. */
  weekend?: true;
}

export interface LimitSpec extends FitSpec {
  name: string;
  up?: number;
  idle?: number;
  grace: number;
}

/** What may be spent, in micro-dollars; thresholds in percent. */
export interface BudgetSpec {
  name: string;
  for: 'each owner' | 'account' | { domain: string };
  period: 'month' | 'week';
  limit: number;
  warnAt: number[];
  forecastAt: number[];
  atLimit: 'warn' | 'stop' | 'block';
  /** From the warning of it to the stop; at once where it is absent. */
  grace?: number;
}

/** A guardrail: what instance types may begin with, or how many apps of an owner may run at once. */
export interface RailSpec extends FitSpec {
  name: string;
  domain?: string;
  allow?: string[];
  atMost?: number;
}

/** Milliseconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The longest grace that any policy of the simulator gives. */
export const MOST_GRACE = 2 * HOUR;

import { PRICES } from '../aws-prices.ts';
import type { MicroDollars } from '../money.ts';
import type { Period } from '../period.ts';
import { type Duration, HOUR, SECOND } from '../time.ts';

/** What Curfew's own functions used in a period, as AWS counted it. */
export interface OwnUse {
  /** Calls of its functions, and how long they ran together. */
  invocations: number;
  ran: Duration;
  /** Request units of its table. */
  reads: number;
  writes: number;
  mails: number;
  /** Closings of the books: each asks Cost Explorer. */
  closings: number;
}

/** What the stack is charged for being there: stack/alarms.yml, stack/dashboard.yml and src/handlers/metrics.ts, held by a test. */
export const STANDING = { metrics: 15, alarmMetrics: 8, dashboards: 1 };

/** Gigabytes of each function: serverless.yml. */
export const FUNCTION_GB = 1;
/** Requests of Cost Explorer at a closing: one of what is closed, one of whose it is. A bill of several pages takes more. */
const REQUESTS_EACH = 2;
/** AWS's own month of hours. */
const MONTH: Duration = 730 * HOUR;

/**
 * What Curfew itself costs: what it used, and what is charged by the month, at AWS's list prices of us-east-1. What AWS gives each account
 * for nothing is not taken off, since others may have used it up; logs, keys and the table's size are left out.
 */
export function ownCostOf(use: OwnUse, { from, to }: Period): MicroDollars {
  const used =
    (use.ran / SECOND) * FUNCTION_GB * PRICES.lambdaGbSecond +
    // Each call came of an event or of a schedule: both cost the same.
    use.invocations * (PRICES.lambdaRequest + PRICES.schedulerInvocation) +
    use.reads * PRICES.dynamodbRead +
    use.writes * PRICES.dynamodbWrite +
    use.mails * PRICES.sesMail +
    use.closings * REQUESTS_EACH * PRICES.costExplorerRequest;
  const { metrics, alarmMetrics, dashboards } = STANDING;
  const monthly = metrics * PRICES.metric + alarmMetrics * PRICES.alarmMetric + dashboards * PRICES.dashboard;
  return Math.round((used + (monthly * (to - from)) / MONTH) * 1e6);
}

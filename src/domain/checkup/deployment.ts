import { type Duration, describeDuration, HOUR, type Instant, MINUTE } from '../time.ts';
import { count, type Finding, notKnown, ok, some, warning, wrong } from './finding.ts';

/** One deployed function of ours. */
export interface DeployedFunction {
  /** Which it is: `scan`, `deliver`, … */
  handler: string;
  /** Its name at AWS. */
  name: string;
  /** The ARN of its role. */
  role: string;
  /** The version that it says it is; absent where it does not say. */
  version?: string;
  configurationSet?: string;
  /** Where the backstop's schedules lie, and the role that they act with. */
  backstop?: { group: string; role?: string };
}

/**
 * All functions are deployed on this table, in the version of this package.
 * @param expected the handlers that this version has
 */
export function checkVersion(
  functions: DeployedFunction[],
  expected: string[],
  version: string,
  table: string,
): Finding {
  const check = 'version';
  const deploy = 'npm ci && npm run package && npx serverless deploy';
  if (functions.length === 0)
    return wrong(check, `no function in this region works on the table ${table}: nothing is deployed`, deploy);
  const missing = expected.filter((name) => !functions.some(({ handler }) => handler === name));
  if (missing.length > 0) return wrong(check, `of the deployed functions ${some(missing)} is missing`, deploy);
  const others = functions.filter((one) => one.version !== undefined && one.version !== version);
  if (others.length > 0)
    return warning(
      check,
      `${some([...new Set(others.map((one) => one.version!))])} is deployed, and this is ${version}`,
      deploy,
    );
  const silent = functions.filter((one) => one.version === undefined);
  if (silent.length > 0)
    return notKnown(
      check,
      `${count(functions.length, 'function')} are deployed, and do not say of which version (CURFEW_VERSION is not set); this is ${version}`,
      deploy,
    );
  return ok(check, `${count(functions.length, 'function')} are deployed, all of version ${version}`);
}

/** What a function's own metrics tell of a few minutes. */
export interface Beat {
  /** The start of those minutes. */
  at: Instant;
  invocations: number;
  errors: number;
}

/** How many minutes a beat sums up. */
export const BEAT: Duration = 5 * MINUTE;

/** How far back beats are read. */
export const BEATS_FOR: Duration = 3 * HOUR;

/** A scan is due every five minutes: after this long without one nobody is governed. */
const SILENT_AFTER: Duration = 15 * MINUTE;

/**
 * A scan was made within 15 minutes, and none has failed for an hour. By Lambda's own metrics, which need no write of
 * ours: a scan that finds nothing new leaves no mark in the table.
 */
export function checkLastScan(scan: DeployedFunction | undefined, beats: Beat[], now: Instant): Finding {
  const check = 'last scan';
  if (!scan) return notKnown(check, 'no scan function was found, so nobody knows when one was made');
  const logs = `aws logs tail /aws/lambda/${scan.name} --since 1h`;
  const made = beats.filter(({ invocations, at }) => invocations > 0 && at <= now);
  const last = made.reduce((newest, { at }) => Math.max(newest, at), Number.NEGATIVE_INFINITY);
  // A beat stands at its start: how late in it the scan was, nobody tells.
  const ago = Math.max(0, now - last - BEAT);
  if (made.length === 0 || ago > SILENT_AFTER) {
    const since = made.length === 0 ? `for ${describeDuration(BEATS_FOR)} at least` : `for ${describeDuration(ago)}`;
    return wrong(
      check,
      `no scan was made ${since}, and one is due every 5 minutes`,
      `Console: Amazon EventBridge > Schedules, the one of ${scan.name}; then: ${logs}`,
    );
  }
  const lately = made.filter(({ at }) => at >= now - HOUR);
  const errors = lately.reduce((sum, one) => sum + one.errors, 0);
  const all = lately.reduce((sum, one) => sum + one.invocations, 0);
  const newest = made.find(({ at }) => at === last)!;
  const says = `${all} scans in an hour, ${errors} of them failed; the last within ${describeDuration(now - last)}`;
  if (newest.errors >= newest.invocations) return wrong(check, `the last scan failed: ${says}`, logs);
  return errors > 0 ? warning(check, says, logs) : ok(check, says);
}

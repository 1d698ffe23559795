import type { ScanReport } from '../application/scan.ts';
import { describeMissing } from '../domain/plan.ts';
import type { Policy } from '../domain/policy.ts';

/** What a scan did, as its log line and its answer tell it: no addresses, and no more than a Lambda answer may hold. */
export interface ScanSummary {
  now: string;
  mode: Policy['mode'];
  apps: number;
  started: number;
  ended: number;
  warned: number;
  stopped: number;
  failed: number;
  /** Apps that the backstop had stopped, seen first now. */
  backstopFired: number;
  /** Absent where there is none. */
  backstop?: Omit<NonNullable<ScanReport['backstop']>, 'faults'>;
  held: number;
  /** Set while Curfew is paused. */
  isPaused?: true;
  faults: string[];
  /** What was done to whom, and why; cut where it is long. */
  outcomes: ScanReport['outcomes'];
}

const MOST_OUTCOMES = 200;
const MOST_FAULTS = 20;

/** Sums a report up. */
export function summaryOf(report: ScanReport, policy: Policy): ScanSummary {
  const { outcomes, intents, missing, unusable, faults, now, pause } = report;
  const count = (...kinds: string[]) => outcomes.filter(({ kind }) => kinds.includes(kind)).length;
  const failed = outcomes.filter(({ kind }) => kind === 'failed');
  const { faults: _, ...kept } = report.backstop ?? { faults: [] };
  const told = outcomes.filter(({ kind }) => kind !== 'started' && kind !== 'ended' && kind !== 'held');
  return {
    now: new Date(now).toISOString(),
    mode: policy.mode,
    apps: intents.length,
    started: count('started'),
    ended: count('ended'),
    warned: count('warned'),
    stopped: count('stopped', 'already gone'),
    failed: failed.length,
    backstopFired: count('stopped by the backstop'),
    ...('armed' in kept ? { backstop: kept } : {}),
    held: count('held'),
    ...(pause ? { isPaused: true } : {}),
    faults: [
      ...missing.map(describeMissing),
      ...unusable,
      ...faults,
      ...failed.map(
        ({ app, code, reason }) =>
          `${app.appType} ${app.appName} of ${app.spaceName ?? app.userProfileName}: ${code} (${reason})`,
      ),
    ]
      .slice(0, MOST_FAULTS)
      .map(withoutAddresses),
    outcomes: told.slice(0, MOST_OUTCOMES),
  };
}

/** A text without mail addresses: SES names them in its errors, and logs must not. */
export function withoutAddresses(text: string): string {
  return text.replaceAll(/[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/g, '(an address)');
}

/** The pass went on to its end, and something in it failed: thrown last, so that Lambda counts an error and an alarm sees it. */
export class PassFailed<S extends { faults: string[] }> extends Error {
  override name = 'PassFailed';
  readonly summary: S;
  constructor(pass: string, summary: S) {
    super(`${pass}: ${summary.faults.length} failed: ${summary.faults.join('; ')}`);
    this.summary = summary;
  }
}

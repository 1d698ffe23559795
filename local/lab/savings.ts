import type { HourlyRate, MicroDollars } from '../../src/domain/money.ts';
import { costOf } from '../../src/domain/money.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import type { LabRun } from './ledger.ts';

/** What stopping saved, by what the lab's people would have done without it. */
export interface Savings {
  /** Of apps with a price. */
  priced: Duration;
  amount: MicroDollars;
  /** Of apps without a known price, by instance type (or app type where there is none): no dollars are made up for them. */
  unpriced: { type: string; duration: Duration }[];
}

export const SAVED_MEANS =
  'Saved: from each stop until its user would have stopped the app, or started it again, or the lab ended, whichever came first; at list price.';

/** A stretch of time: from `from` on, and before `to`. */
export interface Interval {
  from: Instant;
  to: Instant;
}

/** Adds up what the stops saved until `end`. */
export function savingsOf(runs: LabRun[], rates: ReadonlyMap<string, HourlyRate>, end: Instant): Savings {
  const groups = Map.groupBy(runs, chargedAs);
  const savings: Savings = { priced: 0, amount: 0, unpriced: [] };
  const unpriced = new Map<string, Duration>();
  for (const group of groups.values()) {
    const { appType, instanceType } = group[0]!.app;
    const duration = savedBy(group, end);
    if (duration === 0) continue;
    const rate = instanceType === undefined || appType === 'Canvas' ? undefined : rates.get(instanceType);
    if (rate === undefined) {
      const type = instanceType ?? appType;
      unpriced.set(type, (unpriced.get(type) ?? 0) + duration);
    } else {
      savings.priced += duration;
      savings.amount += costOf(rate, duration);
    }
  }
  savings.unpriced = [...unpriced]
    .map(([type, duration]) => ({ type, duration }))
    .sort((a, b) => (a.type < b.type ? -1 : 1));
  return savings;
}

/** One charge: an app, or all KernelGateway apps of one user on one instance type (aws-facts, "Bills"). */
export function chargedAs({ app }: LabRun): string {
  if (app.appType !== 'KernelGateway') return `${app.arn} ${app.instanceType}`;
  return `${app.domainId} ${app.userProfileName ?? app.spaceName} ${app.instanceType}`;
}

/** What would have run and did not. */
function savedBy(group: LabRun[], end: Instant): Duration {
  const ran = union(group.map(({ startedAt, endedAt = end }) => ({ from: startedAt, to: endedAt })));
  const wouldHave = group
    .filter(({ endedBy }) => endedBy === 'Curfew')
    .map(({ endedAt, until }) => {
      const next = ran.find(({ from }) => from > endedAt!)?.from ?? end;
      return { from: endedAt!, to: Math.min(until, next, end) };
    });
  return length(union([...ran, ...wouldHave])) - length(ran);
}

/** Joins what overlaps or touches. */
export function union(intervals: Interval[]): Interval[] {
  const joined: Interval[] = [];
  for (const { from, to } of intervals.filter((one) => one.to > one.from).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

function length(intervals: Interval[]): Duration {
  return intervals.reduce((sum, { from, to }) => sum + (to - from), 0);
}

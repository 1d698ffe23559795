import { periodOf } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { DAY, type Duration, describeDuration, type Instant, MINUTE } from '../../src/domain/time.ts';
import type { EmbeddedAws } from '../aws/index.ts';
import type { Agenda } from './agenda.ts';
import { clockTime, dayHeading } from './calendar.ts';
import type { Invariant } from './invariants.ts';
import { isExempt, type LabRun, tagOf } from './ledger.ts';
import { type Meter, meterOf, ownerOf } from './meter.ts';
import { isLike } from './money-promises.ts';

/** How long the world goes on once nothing of Curfew lives: a month turns in it. */
const AFTERWARDS: Duration = 40 * DAY;

/** How far what Curfew reckons may be beside what truly ran: what bills make of estimates, and events that were lost. */
const BESIDE = 0.965;
const BELOW = 1.045;

/** What became of the lab after the last day, with every function dead. */
export interface Afterwards {
  from: Instant;
  /** Apps that went on, in the order in which they were stopped; the rest ran on. */
  went: LabRun[];
  stopped: LabRun[];
  /** How many of them are exempt. */
  exempt: number;
  /** Calls of EventBridge Scheduler for each run of the lab, while Curfew lived. */
  callsEach: number;
}

/**
 * Every function dies at once. Nobody starts or ends anything any more, so that the rest of the world is its clock, and the
 * schedules that Curfew has left behind, which EventBridge Scheduler fires.
 */
export async function liveOnWithoutCurfew(aws: EmbeddedAws, agenda: Agenda, runs: LabRun[]): Promise<Afterwards> {
  const from = agenda.clock.now;
  const callsEach = aws.calls.count('scheduler') / Math.max(1, runs.length);
  const went = runs.filter(({ endedAt }) => endedAt === undefined);
  for (let next = aws.scheduler.next(); next !== undefined && next < from + AFTERWARDS; next = aws.scheduler.next()) {
    agenda.clock.now = Math.max(agenda.clock.now, next);
    await aws.scheduler.fire();
  }
  agenda.clock.now = from + AFTERWARDS;
  const exempt = went.filter(({ app }) => isExempt(aws.studio, app)).length;
  return { from, went, exempt, callsEach, stopped: went.filter(({ endedAt }) => endedAt !== undefined) };
}

const CAPPED = 'every function dead: what the policy caps still stopped';

/**
 * What the backstop promises, held against what truly ran.
 * @param lastScan when the last pass was that saw everything
 */
export function checkAfterwards(
  aws: EmbeddedAws,
  policy: Policy,
  { from, went, stopped }: Afterwards,
  runs: LabRun[],
  { lastScan, isOwnPolicy }: { lastScan: Instant; isOwnPolicy: boolean },
): Invariant[] {
  const end = from + AFTERWARDS;
  const meter = meterOf(aws, runs, end, policy.prices);
  const budgets = policy.mode === 'enforce' && policy.backstop.for.includes('budget') ? policy.budgets : [];
  const blocks = budgets.filter((budget) => budget.for === 'each owner' && budget.atLimit !== 'warn');
  const early = stopped.flatMap((run) => {
    const isSpent = blocks.some(({ limit, period }) => {
      const since = periodOf(period, run.endedAt!, policy.timezone).from;
      return meter.spent(ownerOf(aws, run), since, run.endedAt!) >= limit * BESIDE;
    });
    const isUp = uptimesOf(aws, policy, run).some(({ least }) => run.endedAt! >= least);
    return isSpent || isUp || !isOwnPolicy
      ? []
      : [`${describe(run)}: its owner’s budget was not spent, nor its uptime`];
  });
  // Started before the last pass that lived, and not so many at once that its safety valve would have held them.
  const seen = went.filter((run) => run.startedAt < lastScan && !isExempt(aws.studio, run.app) && isOwned(aws, run));
  const dues = seen.map((run) => ({ run, due: dueOf(run, blocks, policy, { aws, meter, from, end }) }));
  const most =
    'count' in policy.safety.maxStops ? policy.safety.maxStops.count : went.length * policy.safety.maxStops.share;
  const outlived = dues.flatMap(({ run, due }) => {
    if (due === undefined || due.latest > end) return [];
    const crowd = dues.filter((other) => other.due && Math.abs(other.due.at - due.at) < 15 * MINUTE).length;
    const isOver = (run.endedAt ?? Number.POSITIVE_INFINITY) <= due.latest;
    return isOver || crowd > most ? [] : [`${describe(run)}: ${due.what} ${when(due.at)}`];
  });
  const exempt = stopped.filter(({ app }) => isExempt(aws.studio, app));
  const before = runs.filter((run) => run.endedBy === 'the backstop' && !stopped.includes(run));
  return [
    invariant('while Curfew lived, the backstop stopped nothing', before.map(describe)),
    invariant(
      'every function dead: no app was stopped that was exempt, or before its budget or uptime was truly over',
      [...exempt.map(describe), ...early],
    ),
    isOwnPolicy
      ? invariant(CAPPED, outlived)
      : { ...invariant(CAPPED, []), skipped: 'the lab knows only its own policy’s exemptions' },
  ];
}

/** Apps that went on, and how many of them stopped by themselves, for people. */
export function tellAfterwards({ from, went, stopped, exempt, callsEach }: Afterwards): string {
  const took = `A run took ${callsEach.toFixed(1)} calls of Scheduler.`;
  const since = `Had every function died on ${when(from)}: of ${went.length} apps that ran, ${exempt} of them exempt`;
  if (stopped.length === 0) return `${since}, none would have been stopped: nothing of theirs is capped. ${took}`;
  const after = stopped.map(({ endedAt }) => endedAt! - from).sort((a, b) => a - b);
  const span = after.length === 1 ? '' : ` to ${describeDuration(after.at(-1)!)}`;
  return `${since}, EventBridge Scheduler would still have stopped ${stopped.length}, once a budget or an uptime ran out, ${describeDuration(after[0]!)}${span} later. ${took}`;
}

interface Truth {
  aws: EmbeddedAws;
  meter: Meter;
  from: Instant;
  end: Instant;
}

/** When a run's owner has spent their budget for certain, or its uptime is over, and when the run must be: a margin and the slack later. */
function dueOf(run: LabRun, blocks: Budget[], policy: Policy, { aws, meter, from, end }: Truth) {
  const whose = ownerOf(aws, run);
  const moments = blocks.flatMap(({ limit, period }) => {
    for (let at = from; at < end; ) {
      const { from: begin, to } = periodOf(period, at, policy.timezone);
      const spentAt = meter.whenSpent(whose, limit * BELOW, begin, Math.min(to, end));
      if (spentAt !== undefined) return [{ at: Math.max(spentAt, from), what: 'its budget was spent' }];
      if (to <= at) break;
      at = to;
    }
    return [];
  });
  const uptimes = uptimesOf(aws, policy, run);
  if (uptimes.length > 0)
    moments.push({ at: Math.max(from, ...uptimes.map(({ most }) => most)), what: 'its uptime was over' });
  if (moments.length === 0) return undefined;
  const first = moments.reduce((a, b) => (b.at < a.at ? b : a));
  // Two margins: whoever lived last may just have looked, and put it off by one.
  return { ...first, latest: first.at + 60 * MINUTE + Math.max(15 * MINUTE, (first.at - from) / 15) };
}

/**
 * Of every limit of the lab's policy that may govern a run: when it is up at the least, and at the most, with all that its owner
 * could still ask for. One that has no max-uptime lets it run on.
 */
function uptimesOf(
  { studio }: EmbeddedAws,
  policy: Policy,
  { app, startedAt }: LabRun,
): { least: Instant; most: Instant }[] {
  if (policy.mode !== 'enforce' || !policy.backstop.for.includes('uptime')) return [];
  const { hours, atMost } = policy.extensions;
  const limits = policy.limits.filter(({ match: { instance, tag } }) => {
    const isTagged = Object.values(tag ?? {}).every((values) => values.includes(tagOf(studio, app) ?? ''));
    return isTagged && (!instance || instance.some((pattern) => isLike(pattern, app.instanceType ?? '')));
  });
  return limits.map(({ maxUptime = Number.POSITIVE_INFINITY, grace }) => {
    const least = startedAt + maxUptime + grace;
    return { least, most: least + atMost * (hours + grace) };
  });
}

function isOwned(aws: EmbeddedAws, run: LabRun): boolean {
  return !ownerOf(aws, run).endsWith('/nobody') && run.habit.keepsCreationTime !== true;
}

function invariant(promise: string, broken: string[]): Invariant {
  return { promise, holds: broken.length === 0, broken };
}

function describe({ app, endedAt }: LabRun): string {
  const whose = app.spaceName ?? app.userProfileName;
  return `${app.appType} ${app.appName} of ${whose}, ${endedAt === undefined ? 'running still' : `stopped ${when(endedAt)}`}`;
}

function when(instant: Instant): string {
  return `${dayHeading(instant)} ${clockTime(instant)}`;
}

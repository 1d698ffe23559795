import type { PastNotice } from '../../src/domain/notice.ts';
import { type Period, periodOf } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { START_TOLERANCE } from '../../src/domain/run.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import { HOUR, SECOND } from '../../src/domain/time.ts';
import { readAmount, writeAmount } from '../aws/bill-money.ts';
import type { App, EmbeddedAws, Mail } from '../aws/index.ts';
import type { BooksRead } from './bill.ts';
import { SCAN_EVERY } from './curfew.ts';
import { isExempt, type LabRun } from './ledger.ts';
import { type Meter, ownerKey, ownerOf } from './meter.ts';
import { TOLERANCE } from './record.ts';
import { isOfMoney } from './told.ts';

/** What the promises on money are checked on. */
export interface MoneyEvidence {
  aws: EmbeddedAws;
  policy: Policy;
  runs: LabRun[];
  meter: Meter;
  books: BooksRead;
  /** Notices of budgets that were owed. */
  notices: PastNotice[];
  mails: Mail[];
  /** When scans ran that saw everything. */
  scans: Instant[];
  /** CloudTrail's events that were lost, or late: what happened to an app, and when. */
  missed: { arn: string; at: Instant }[];
  /** Runs that AWS would not let Curfew stop at its first try. */
  refused: ReadonlySet<LabRun>;
  ruleOf: (run: LabRun) => string | undefined;
  from: Instant;
  to: Instant;
}

/** How far the bill may be below what ran: its drift, and a hair for rows that it gives nobody. */
const BELOW = 1.035;
/** How far what Curfew reckons may be beside what ran, while an event is under way. */
const BESIDE = 0.99;

/** What Curfew has accrued for whom, and the meter says otherwise: no more than lost and late events explain. */
export function wrongAccruals({ aws, runs, meter, books, missed, ruleOf, to }: MoneyEvidence): string[] {
  const accrued = new Map<string, [amount: number, lines: number]>();
  for (const { domainId, owner, accrued: amount = 0 } of books.lines) {
    if (domainId === undefined) continue;
    const whose = ownerKey(domainId, owner);
    const [known, count] = accrued.get(whose) ?? [0, 0];
    accrued.set(whose, [known + amount, count + 1]);
  }
  const isMissed = ({ app, startedAt, endedAt }: LabRun) =>
    missed.some(({ arn, at }) => arn === app.arn && (at === startedAt || at === endedAt));
  const owners = [...new Set([...accrued.keys(), ...meter.owners])].sort();
  return owners.flatMap((whose) => {
    const its = runs.filter((run) => ownerOf(aws, run) === whose);
    // What went on when the lab ended may have ended a moment before: its event is under way.
    const isOpen = ({ endedAt = to }: LabRun) => endedAt > to - TOLERANCE;
    const unsure = its.map(
      (run) => (isMissed(run) || isOpen(run) ? TOLERANCE : beside(run, ruleOf(run))) * meter.hourly(run),
    );
    const [got, lines] = accrued.get(whose) ?? [0, 0];
    const truly = meter.spent(whose, 0, to);
    // Each line is rounded by itself.
    const allowed = unsure.reduce((sum, amount) => sum + amount / HOUR, lines);
    return Math.abs(got - truly) <= allowed ? [] : [`${whose}: ${usd(got)} accrued, ${usd(truly)} truly ran`];
  });
}

/**
 * How far a run's record may be off though its events came in time: they tell whole seconds. A scan that came between a
 * start and its event goes by AWS's CreationTime, which may be another run's; what is within a minute counts as one
 * start. A stop within the event of a creation is noted at the event's own time.
 */
function beside({ habit, startedAt, endedAt = Number.POSITIVE_INFINITY }: LabRun, rule: string | undefined): Duration {
  const lived = endedAt - startedAt;
  if (isOfMoney(rule) && lived <= SCAN_EVERY) return lived;
  return habit.keepsCreationTime ? START_TOLERANCE : 2 * SECOND;
}

/** Settled days whose lines do not add up to the bill, but for half a micro-dollar a row, each of which is rounded once. */
export function wrongBills({ aws, books }: Pick<MoneyEvidence, 'aws' | 'books'>): string[] {
  const lines = aws.costExplorer.lines().filter(({ recordType = 'Usage' }) => recordType === 'Usage');
  const byDate = Map.groupBy(lines, ({ date }) => date);
  return books.days.flatMap(({ date, settledAt, lines: recorded }) => {
    if (settledAt === undefined) return [];
    const its = byDate.get(date) ?? [];
    const rows = new Set(its.map(({ usage, tags = {} }) => `${usage} ${JSON.stringify(tags)}`)).size;
    const bill = its.reduce((sum, { amount = '0' }) => sum + (readAmount(amount) ?? 0n), 0n);
    const got = recorded.reduce((sum, { billed = 0 }) => sum + billed, 0);
    const off = BigInt(got) * MICRO - bill;
    // Cost Explorer itself rounds each group of either answer to ten decimals.
    const allowed = BigInt(rows) * (MICRO / 2n + 2n * TEN_DECIMALS);
    const isRight = (off < 0n ? -off : off) <= allowed;
    return isRight ? [] : [`${date}: ${got} micro-dollars on record, ${writeAmount(bill)} USD on the bill`];
  });
}

const MICRO = 10n ** 24n;
const TEN_DECIMALS = 10n ** 20n;

/**
 * Apps that outlived a scan after their owner's blocking budget was spent for certain, and apps that were stopped for a
 * budget that was not spent yet.
 */
export function wrongBlocks(evidence: MoneyEvidence): string[] {
  const { aws, policy, runs, meter, scans, refused, ruleOf, from, to } = evidence;
  const ofOwners = policy.budgets.filter((budget) => budget.for === 'each owner');
  const blocks = ofOwners.filter(({ atLimit, grace }) => atLimit === 'block' && grace === undefined);
  const outlived = blocks.flatMap((budget) =>
    meter.owners.flatMap((whose) =>
      periodsIn(budget, policy.timezone, from, to).flatMap((period) => {
        const end = Math.min(period.to, to);
        const spentAt = isNobodys(whose) ? undefined : meter.whenSpent(whose, budget.limit * BELOW, period.from, end);
        if (spentAt === undefined) return [];
        const lives = runs.filter((run) => ownerOf(aws, run) === whose && !refused.has(run) && !wasExempt(aws, run));
        return lives.flatMap((run) => {
          const since = Math.max(spentAt, run.startedAt, from);
          const scan = scans.find((at) => at > since);
          const isOver = (run.endedAt ?? to) <= (scan ?? to) || since >= end || (scan ?? to) > end;
          return isOver ? [] : [`${describe(run)}: ${budget.name} was spent ${iso(spentAt)}`];
        });
      }),
    ),
  );
  const early = runs.flatMap((run) => {
    const budget = ofOwners.find(({ name }) => ruleOf(run) === `${name}: budget`);
    if (!budget || run.endedBy !== 'Curfew') return [];
    const period = periodOf(budget.period, run.endedAt!, policy.timezone);
    const whose = ownerOf(aws, run);
    const spent = meter.spent(whose, period.from, run.endedAt!);
    const isSpent = spent >= budget.limit * BESIDE || !meter.isWhole(whose);
    return isSpent ? [] : [`${describe(run)}: only ${usd(spent)} of ${usd(budget.limit)} was spent`];
  });
  return [...outlived, ...early];
}

/** Apps that a guardrail stopped, and that were not beyond it. */
export function wrongGuards({ aws, policy, runs, ruleOf }: MoneyEvidence): string[] {
  return runs.flatMap((run) => {
    const guardrail = policy.guardrails.find(({ name }) => ruleOf(run) === `${name}: guardrail`);
    if (!guardrail || run.endedBy !== 'Curfew') return [];
    const { instanceType = '' } = run.app;
    const groupOf = (one: LabRun) => (guardrail.for === 'each team' ? one.app.domainId : ownerOf(aws, one));
    const isOlder = ({ startedAt, endedAt = run.endedAt! }: LabRun) =>
      startedAt <= run.startedAt && endedAt >= run.startedAt;
    const older = runs.filter((one) => one !== run && isOlder(one) && groupOf(one) === groupOf(run));
    const isBeyond = guardrail.atMost.some(
      ({ pattern, count }) =>
        isLike(pattern, instanceType) &&
        older.filter(({ app }) => isLike(pattern, app.instanceType ?? '')).length >= count,
    );
    const isForbidden = guardrail.allow !== undefined && !guardrail.allow.some((one) => isLike(one, instanceType));
    return isBeyond || isForbidden ? [] : [`${describe(run)}: within ${guardrail.name}`];
  });
}

export function isLike(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(text);
}

/** Thresholds that a reader was told of twice, or before they were truly reached, or never though they were. */
export function wrongThresholds(evidence: MoneyEvidence): string[] {
  const { policy, meter, notices, mails, from, to } = evidence;
  const told = notices.flatMap(({ notice }) => {
    const { facts } = notice;
    if (facts.kind !== 'budget') return [];
    return facts.crossed.map(({ kind, share }) => ({
      ...{ kind, share, budget: facts.budget, whose: facts.owner ?? facts.whose, limit: facts.limit },
      ...{ since: facts.period.from, at: notice.owedAt, to: notice.to, id: notice.id },
    }));
  });
  const key = ({ budget, whose, since, limit, kind, share }: Omit<(typeof told)[number], 'at' | 'to' | 'id'>) =>
    `${budget} of ${whose} since ${iso(since)}: ${Math.round(share * 100)} % ${kind} of ${usd(limit)}`;
  const twice = [...Map.groupBy(told, (one) => `${key(one)}, told to ${one.to}`)].filter(([, all]) => all.length > 1);
  const sent = Map.groupBy(
    mails.filter(({ tags }) => tags.notice === 'budget'),
    ({ tags }) => tags.id!,
  );
  const sentTwice = [...sent].filter(([, all]) => all.length > 1).map(([id]) => `mail ${id} went out twice`);
  const early = told.flatMap((one) => {
    if (one.kind !== 'spent' || !one.whose.includes('/') || !meter.isWhole(one.whose)) return [];
    const spent = meter.spent(one.whose, one.since, one.at);
    return spent >= one.limit * one.share * BESIDE ? [] : [`${key(one)} told ${iso(one.at)}, at ${usd(spent)}`];
  });
  const known = new Set(told.map(key));
  const never = policy.budgets
    .filter((budget) => budget.for === 'each owner')
    .flatMap((budget) =>
      meter.owners
        .filter((whose) => !isNobodys(whose))
        .flatMap((whose) =>
          periodsIn(budget, policy.timezone, from, to).flatMap((period) =>
            [...new Set([...budget.warnAt, 1])].flatMap((share) => {
              const end = Math.min(period.to, to) - TOLERANCE;
              if (meter.spent(whose, period.from, end) < budget.limit * share * BELOW) return [];
              const { name, limit } = budget;
              const words = key({ budget: name, whose, since: period.from, limit, kind: 'spent', share });
              return known.has(words) ? [] : [`${words}: never told`];
            }),
          ),
        ),
    );
  return [...twice.map(([words, all]) => `${words}: ${all.length} times`), ...sentTwice, ...early, ...never];
}

/** The periods of a budget that the lab lived in. */
function periodsIn({ period }: Budget, timezone: string, from: Instant, to: Instant): Period[] {
  const periods: Period[] = [];
  for (let at = from; at < to; at = periods.at(-1)!.to) {
    const next = periodOf(period, at, timezone);
    // A term that is over has no next one.
    if (next.to <= at) break;
    periods.push(next);
  }
  return periods;
}

/** The owner who left, and those whom nobody knows: no budget is theirs alone. */
function isNobodys(whose: string): boolean {
  return whose.endsWith('/nobody');
}

function wasExempt(aws: EmbeddedAws, run: LabRun): boolean {
  return run.wasExempt || isExempt(aws.studio, run.app as App);
}

function describe({ app, startedAt, endedAt }: LabRun): string {
  const ended = endedAt === undefined ? 'still running' : `ended ${iso(endedAt)}`;
  return `${app.appType} ${app.appName} of ${app.spaceName ?? app.userProfileName}, started ${iso(startedAt)}, ${ended}`;
}

function iso(at: Instant): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

function usd(amount: number): string {
  return `$${(amount / 1e6).toFixed(6)}`;
}

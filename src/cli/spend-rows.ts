import { appKey } from '../domain/app.ts';
import type { Standing } from '../domain/budget.ts';
import { chargedAs, costsSoFar, type ListOf, type Rates, spendBasisOf } from '../domain/cost.ts';
import type { Drift, LedgerLine } from '../domain/ledger.ts';
import { costOf, type MicroDollars } from '../domain/money.ts';
import type { Period } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { isSubjects } from '../domain/rules/budget.ts';
import { type RunningApp, teamOnRecord } from '../domain/running-app.ts';
import { type SpendSum, sumClosed, sumSpend } from '../domain/spending.ts';
import { forecastOf } from '../domain/standings.ts';
import { DAY, HOUR, type Instant, localTime } from '../domain/time.ts';
import { isIncomplete, type Left, leftOf } from './budget-left.ts';

/** What a row of `curfew spend` is about. */
export type By = 'owner' | 'team' | 'domain' | 'what' | 'day';

type Who = Pick<LedgerLine, 'domainId' | 'owner' | 'team'>;

/** What runs now, and what an hour of it costs. */
export interface Burning extends Who {
  what: string;
  /** 0 where it is free, shares a charge, or has no price. */
  hourly: MicroDollars;
  isUnpriced: boolean;
}

/** One row: what somebody, or something, spent. */
export interface SpendRow {
  name: string;
  billed: MicroDollars;
  /** Of days that no bill has settled: as it was reckoned. */
  accrued: MicroDollars;
  /** Billed, and accrued as earlier bills correct it. */
  spent: MicroDollars;
  /** What the accrued part rests on: `list price of 2026-09-24`; undefined where all is billed. */
  basis: string | undefined;
  unpriced: Record<string, number>;
  /** Undefined in a period in which now does not lie. */
  hourly: MicroDollars | undefined;
  isRunningUnpriced: boolean;
  forecast: MicroDollars | undefined;
  /** Of the tightest budget. */
  left: Left | undefined;
}

/** All that rows are made of. */
export interface SpendFacts {
  /** Also those of some days before the period, which a trend looks at. */
  lines: LedgerLine[];
  burning: Burning[];
  standings: Standing[];
  period: Period;
  closedUntil: Instant;
  /** Over how many whole days a trend goes, closed or not. */
  trendDays: number;
  drift: Drift | undefined;
  list: ListOf;
}

/** What runs, as the books would write it. */
export function burningOf(apps: RunningApp[], rates: Rates, policy: Policy, now: Instant): Burning[] {
  const costs = costsSoFar(apps, rates, now);
  return apps.map((app): Burning => {
    const { ref, owner } = app;
    const team = teamOnRecord(app, policy);
    const cost = costs.get(appKey(ref));
    return {
      domainId: ref.domainId,
      ...(owner === undefined ? {} : { owner }),
      ...(team === undefined ? {} : { team }),
      what: chargedAs({ app: ref, ...(app.instanceType === undefined ? {} : { instanceType: app.instanceType }) }),
      hourly: cost?.kind === 'known' ? costOf(cost.rate, HOUR) : 0,
      isUnpriced: cost?.kind === 'unknown',
    };
  });
}

/** The rows, the most spent first; days in their order. */
export function rowsOf(facts: SpendFacts, by: By, policy: Policy, now: Instant): SpendRow[] {
  const { lines, burning, standings, period, closedUntil, trendDays, drift, list } = facts;
  const isNow = period.from <= now && now < period.to;
  const nameOfLine = (line: LedgerLine) => nameBy(by, line, localTime(line.from, policy.timezone).date, policy);
  const nameOfApp = (one: Burning) => nameBy(by, one, localTime(now, policy.timezone).date, policy);
  const groups = Map.groupBy(lines, nameOfLine);
  const running = isNow ? Map.groupBy(burning, nameOfApp) : new Map<string, Burning[]>();
  for (const name of running.keys()) if (!groups.has(name)) groups.set(name, []);
  const isShown = (its: LedgerLine[]) => its.length === 0 || its.some(({ from }) => from >= period.from);
  const shown = [...groups].filter(([, its]) => isShown(its));
  const rows = shown.map(([name, its]): SpendRow => {
    const spend = sumSpend(sumClosed(period, closedUntil, [{ lines: its }]).owners, drift);
    const trend = { ...spend, recent: spend.recent + openWhole(its, Math.max(period.from, closedUntil), now) };
    const apps = running.get(name) ?? [];
    const hourly = apps.reduce((sum, one) => sum + one.hourly, 0);
    const who = its[0] ?? apps[0]!;
    return {
      name,
      billed: spend.billed,
      accrued: spend.accrued,
      spent: spend.amount,
      basis: basisOfSpend(spend, list),
      unpriced: spend.unpriced,
      hourly: isNow ? hourly : undefined,
      isRunningUnpriced: apps.some(({ isUnpriced }) => isUnpriced),
      forecast: by === 'day' || !isNow ? undefined : forecastOf(trend, hourly, { period, trendDays }, now),
      left: isNow ? tightest(standings, by, who, burning, policy, now) : undefined,
    };
  });
  const before = (a: SpendRow, b: SpendRow) => (a.name < b.name ? -1 : 1);
  return rows.sort(by === 'day' ? before : (a, b) => b.spent - a.spent || before(a, b));
}

/** What an accrued sum rests on; undefined where nothing is accrued. */
export function basisOfSpend(spend: Pick<SpendSum, 'accrued' | 'atPolicys'>, list: ListOf): string | undefined {
  return spend.accrued === 0 ? undefined : spendBasisOf(spend, list);
}

/** What whole days cost that are not closed yet: today is none. */
function openWhole(lines: LedgerLine[], openFrom: Instant, now: Instant): MicroDollars {
  const today = Math.floor(now / DAY) * DAY;
  const open = lines.filter(({ from, to }) => from >= openFrom && to <= today);
  return open.reduce((sum, { accrued = 0 }) => sum + accrued, 0);
}

function nameBy(
  by: By,
  { domainId, owner, team, what }: Who & { what: string },
  date: string,
  policy: Pick<Policy, 'team'>,
): string {
  if (by === 'day') return date;
  if (by === 'what') return what;
  if (domainId === undefined) return 'unattributed';
  if (by === 'domain') return domainId;
  if (by === 'team') return (policy.team === 'domain' ? domainId : team) ?? 'no team';
  return owner === undefined ? `no owner (${domainId})` : `${domainId}/${owner}`;
}

/** What the budget leaves that leaves the least, of those about the row's own subject; undefined where none bounds it. */
function tightest(
  standings: Standing[],
  by: By,
  who: Who,
  burning: Burning[],
  policy: Policy,
  now: Instant,
): Left | undefined {
  const its = standings.filter(({ subject }) => subject.kind === by && isSubjects(subject, who, policy.team));
  return leftsOf(its, burning, policy, now).sort((a, b) => a.amount - b.amount)[0];
}

/** What budgets leave, each at the rate of all that runs of its own subject. */
export function leftsOf(standings: Standing[], burning: Burning[], policy: Policy, now: Instant): Left[] {
  return standings.flatMap((standing) => {
    const isLacking = isRunningUnpriced(standing, burning, policy);
    return leftOf(standing, { hourly: standing.hourly, isLacking }, now) ?? [];
  });
}

/** Whether something runs of the budget's subject that has no price. */
export function isRunningUnpriced({ subject }: Pick<Standing, 'subject'>, burning: Burning[], policy: Policy): boolean {
  return burning.some((one) => one.isUnpriced && isSubjects(subject, one, policy.team));
}

/** Whether what a row says of its spend lacks something. */
export function isRowIncomplete({ unpriced }: Pick<SpendRow, 'unpriced'>): boolean {
  return isIncomplete(unpriced);
}

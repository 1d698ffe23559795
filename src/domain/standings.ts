import { type BudgetMark, type Exception, type Standing, type Subject, subjectKey, subjectOf } from './budget.ts';
import type { Drift } from './ledger.ts';
import type { MicroDollars } from './money.ts';
import type { Period } from './period.ts';
import type { Budget, Policy } from './policy.ts';
import { type OwnerSpend, type Spending, type SpendSum, sumSpend } from './spending.ts';
import { DAY, HOUR, type Instant, localTime, startOfDay } from './time.ts';

/** A running app's part in budgets: who answers for it, and what it costs an hour. */
export interface Burning {
  domainId: string;
  domainName?: string | undefined;
  owner?: string | undefined;
  team?: string | undefined;
  /** 0 where it is free, shares a charge, or has no price. */
  hourly: MicroDollars;
}

type Who = Pick<OwnerSpend, 'domainId' | 'owner' | 'team'>;

/** What standings are made of. */
export interface BudgetFacts {
  /** By budget name: what was spent in its period. */
  spending: Map<string, Spending>;
  burning: Burning[];
  exceptions: Exception[];
  marks: BudgetMark[];
  drift: Drift | undefined;
  /** Domain id to name, as far as the policy speaks of names. */
  domains: ReadonlyMap<string, string>;
  awsForecast?: AwsForecast | undefined;
}

/** What AWS expects the account to spend from `from` until the end of a period. */
export interface AwsForecast {
  amount: MicroDollars;
  from: Instant;
  period: Period;
}

/** Where every budget stands for everybody whom it bounds and who spent or runs something. */
export function standingsOf(policy: Policy, facts: BudgetFacts, now: Instant): Standing[] {
  return policy.budgets.flatMap((budget) => {
    const spending = facts.spending.get(budget.name);
    return spending ? standingsOfBudget(budget, spending, policy, facts, now) : [];
  });
}

function standingsOfBudget(
  budget: Budget,
  spending: Spending,
  policy: Policy,
  { burning, exceptions, marks, drift, domains, awsForecast }: BudgetFacts,
  now: Instant,
): Standing[] {
  const groups = new Map<string, { subject: Subject; owners: OwnerSpend[]; hourly: MicroDollars }>();
  const groupOf = (who: Who) => {
    const subject = subjectOf(budget.for, who, policy, domains.get(who.domainId ?? ''));
    if (!subject) return undefined;
    const key = subjectKey(subject);
    const group = groups.get(key) ?? { subject, owners: [], hourly: 0 };
    groups.set(key, group);
    return group;
  };
  for (const owner of spending.owners) groupOf(owner)?.owners.push(owner);
  for (const { hourly, ...who } of burning) {
    const group = groupOf(who as Who);
    if (group) group.hourly += hourly;
  }
  const { period } = spending;
  const its = marks.filter(
    (mark) => mark.budget === budget.name && isSameByClock(mark.period, period, policy.timezone),
  );
  const marked = Map.groupBy(its, (mark) => subjectKey(mark.subject));
  const given = exceptions.filter((one) => (one.budget ?? budget.name) === budget.name && one.at <= now);
  const excepted = Map.groupBy(given, (one) => subjectKey(one.subject));
  return [...groups].map(([key, { subject, owners, hourly }]) => {
    const spend = sumSpend(owners, drift);
    const ofSubject = (excepted.get(key) ?? []).filter(({ until }) => now < until);
    const ended = (excepted.get(key) ?? []).filter(({ until }) => until <= now);
    const granted = ofSubject.reduce((sum, { kind, amount = 0 }) => sum + (kind === 'grant' ? amount : 0), 0);
    const limit = budget.limit + granted;
    const lifted = ofSubject.find(({ kind }) => kind === 'lift');
    const mark = joined(marked.get(key), period);
    const ours = forecastOf(spend, hourly, spending, now);
    const isAwsOwn = subject.kind === 'account' && awsForecast?.period.to === period.to;
    // Of two expectations the worse: a warning too early costs a mail.
    const forecast =
      isAwsOwn && ours !== undefined ? Math.max(ours, spend.amount + awsRemainder(awsForecast, now)) : ours;
    return {
      budget,
      subject,
      period,
      limit,
      spend,
      hourly,
      ...(forecast === undefined ? {} : { forecast }),
      isOver: spend.amount >= limit,
      ...(ofSubject.length > 0 ? { exceptions: ofSubject } : {}),
      ...(lifted ? { lifted } : {}),
      ...(ended.length > 0 ? { ended } : {}),
      ...(mark ? { mark } : {}),
    };
  });
}

/** No two clocks on earth are further apart. */
const APART = 26 * HOUR;

/**
 * Whether a mark is of this period. The policy's zone may have been changed within it: then the mark's begins and ends at no midnight of the
 * present one, and close by.
 */
function isSameByClock(marked: Period, period: Period, timezone: string): boolean {
  if (marked.from === period.from && marked.to === period.to) return true;
  const isMidnight = startOfDay(localTime(marked.from, timezone).date, timezone) === marked.from;
  const isNear = Math.abs(marked.from - period.from) <= APART && Math.abs(marked.to - period.to) <= APART;
  return isNear && !isMidnight;
}

/** What was told in a period, by whichever zone's clock. */
function joined(marks: BudgetMark[] | undefined, period: Period): BudgetMark | undefined {
  const [first, ...more] = marks ?? [];
  if (!first || (more.length === 0 && first.period.from === period.from)) return first;
  const all = [first, ...more];
  return { ...first, period, told: all.flatMap(({ told }) => told), over: all.flatMap(({ over }) => over) };
}

/**
 * What a period is expected to end at: what was spent; for the next day, what runs now, going on as it is; and for each
 * day after that, the mean of the last whole days. Undefined for a period without end, and for one that has not begun.
 */
export function forecastOf(
  spend: SpendSum,
  hourly: MicroDollars,
  { period, trendDays }: Pick<Spending, 'period' | 'trendDays'>,
  now: Instant,
): MicroDollars | undefined {
  if (period.to === Number.POSITIVE_INFINITY || now < period.from) return undefined;
  const left = Math.max(0, period.to - now);
  const soon = Math.min(left, DAY);
  const daily = trendDays === 0 ? 0 : spend.recent / trendDays;
  return spend.amount + Math.round(hourly * 24 * (soon / DAY) + daily * ((left - soon) / DAY));
}

function awsRemainder({ amount, from, period }: AwsForecast, now: Instant): MicroDollars {
  return Math.round(amount * (Math.max(0, period.to - now) / (period.to - from)));
}

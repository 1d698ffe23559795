import { isEnded, type Standing } from '../domain/budget.ts';
import { describeMoney, type MicroDollars } from '../domain/money.ts';
import type { Period } from '../domain/period.ts';
import { HOUR, type Instant } from '../domain/time.ts';

/** What a budget leaves somebody, and for how long what runs now may go on. */
export interface Left {
  standing: Standing;
  amount: MicroDollars;
  /** What is lacking a price may have used some of it already. */
  isAtMost: boolean;
  /** Undefined where nothing runs that has a price. */
  hours?: number;
  /** Whether the period ends before it is spent, at this rate. */
  isToItsEnd: boolean;
}

/** What a budget leaves; undefined where its term is over, or has not begun. */
export function leftOf(
  standing: Standing,
  { hourly, isLacking }: { hourly: MicroDollars; isLacking: boolean },
  now: Instant,
): Left | undefined {
  const { period, limit, spend } = standing;
  if (isEnded(standing, now) || now < period.from) return undefined;
  const amount = limit - spend.amount;
  const hours = amount <= 0 ? 0 : hourly === 0 ? undefined : amount / hourly;
  return {
    standing,
    amount,
    isAtMost: isLacking || isIncomplete(spend.unpriced),
    ...(hours === undefined ? {} : { hours }),
    isToItsEnd: hours !== undefined && now + hours * HOUR >= period.to,
  };
}

/** Whether a sum lacks something that has no price. */
export function isIncomplete(unpriced: Record<string, number>): boolean {
  return Object.keys(unpriced).length > 0;
}

/** `$2.02`; `$2.02 and more` where something of it has no price; `no price` where nothing of it has one. Never $0 for that. */
export function describeSum(amount: MicroDollars, isLacking: boolean): string {
  if (!isLacking) return describeMoney(amount);
  return amount === 0 ? 'no price' : `${describeMoney(amount)} and more`;
}

export function describeLeft({ amount, isAtMost }: Pick<Left, 'amount' | 'isAtMost'>): string {
  return `${isAtMost ? 'at most ' : ''}${describeMoney(amount)}`;
}

/** `8.5 h`, `to its end`, `none`; `not known` where all that runs has no price. */
export function describeHours({ amount, hours, isAtMost, isToItsEnd }: Left, isRunningUnpriced: boolean): string {
  if (amount <= 0) return 'none';
  if (hours === undefined) return isRunningUnpriced ? 'not known' : '-';
  return `${isAtMost ? 'at most ' : ''}${isToItsEnd ? 'to its end' : `${hours.toFixed(1)} h`}`;
}

export function isSamePeriod(a: Period, b: Period): boolean {
  return a.from === b.from && a.to === b.to;
}

/** Dollars of a sum; null where nothing of it has a price: no figure is 0 for what is unknown. */
export function usdOf(amount: MicroDollars | undefined, isLacking: boolean): number | null {
  return amount === undefined || (amount === 0 && isLacking) ? null : amount / 1e6;
}

/** What a budget leaves, as JSON: amounts in dollars. */
export function leftToJson({ standing, amount, isAtMost, hours, isToItsEnd }: Left): object {
  const { budget, subject, period, limit, spend, hourly, forecast } = standing;
  const iso = (at: Instant) => (Number.isFinite(at) ? new Date(at).toISOString() : null);
  return {
    budget: budget.name,
    subject,
    period: { from: iso(period.from), to: iso(period.to) },
    limitUsd: limit / 1e6,
    spentUsd: usdOf(spend.amount, isIncomplete(spend.unpriced)),
    leftUsd: amount / 1e6,
    isAtMost,
    usdPerHour: usdOf(hourly, isAtMost),
    hoursLeft: hours ?? null,
    isLeftToItsEnd: isToItsEnd,
    forecastUsd: usdOf(forecast, isAtMost),
  };
}

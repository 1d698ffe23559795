import type { MicroDollars } from '../money.ts';
import { inside, lengthOf } from '../stretches.ts';
import { DAY, type Instant, startOfDay } from '../time.ts';
import type { Idlest } from './facts.ts';
import type { Row } from './spent.ts';

/** Less is not worth a word: a dollar, and a fifth of what was spent. */
const LEAST: MicroDollars = 1_000_000;
const LEAST_SHARE = 0.2;
/** So much of the idleness must lie on one day, or at the weekend, to be said to have been then. */
const MOST_OF_IT = 0.75;

/**
 * The idleness that cost most, if it is worth a word: only what is known to have been idle. Where most of it was on one day
 * or at the weekend, its cost is what it was then.
 * @param dates the week's, Monday first
 */
export function idlestOf(rows: Row[], spent: MicroDollars, dates: string[], timezone: string): Idlest | undefined {
  const row = rows.reduce<Row | undefined>(
    (most, one) => ((one.idleCost ?? 0) > (most?.idleCost ?? 0) ? one : most),
    undefined,
  );
  if (!row?.instance) return undefined;
  const { idleCost = 0, instance } = row;
  if (idleCost < LEAST || idleCost < spent * LEAST_SHARE) return undefined;
  const about = { what: row.instanceType ?? row.appType ?? row.name, name: row.name };
  const all = lengthOf(instance.idle);
  const day = (date: string): { from: Instant; to: Instant } => ({
    from: startOfDay(date, timezone),
    to: startOfDay(new Date(Date.parse(date) + DAY).toISOString().slice(0, 10), timezone),
  });
  const shareOf = (some: string[]) =>
    some.reduce((sum, date) => sum + lengthOf(inside(instance.idle, day(date))), 0) / all;
  const [date] = [...dates].sort((a, b) => shareOf([b]) - shareOf([a]));
  if (date !== undefined && shareOf([date]) >= MOST_OF_IT)
    return { ...about, amount: Math.round(idleCost * shareOf([date])), when: { date } };
  const weekend = shareOf(dates.slice(5));
  if (weekend >= MOST_OF_IT) return { ...about, amount: Math.round(idleCost * weekend), when: 'weekend' };
  return { ...about, amount: idleCost };
}

import type { Standing } from '../domain/budget.ts';
import type { Rates } from '../domain/cost.ts';
import type { LedgerLine } from '../domain/ledger.ts';
import { overlap, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { standingsBefore } from '../domain/report/budgets.ts';
import type { Week } from '../domain/report/week.ts';
import { sumClosed } from '../domain/spending.ts';
import { standingsOf } from '../domain/standings.ts';
import type { Instant } from '../domain/time.ts';
import { standingsNow } from './budgets.ts';
import { type Goings, isSame, linesIn, type SpendPorts } from './spending.ts';
import type { Survey } from './survey.ts';

/**
 * Where budgets stood when a week ended, each in the period that it was in then; of a week that is not over, where they
 * stand now. A term that does not overlap the week is left out: the report is about another time.
 * @param lines what was spent in the week
 */
export async function standingsIn(
  week: Week,
  lines: LedgerLine[],
  ports: SpendPorts,
  { policy, seen, rates, goings }: { policy: Policy; seen: Survey; rates: Rates; goings: Goings },
  now: Instant,
): Promise<Standing[]> {
  if (policy.budgets.length === 0) return [];
  const { timezone } = policy;
  const current = await standingsNow(ports, policy, seen, rates, now);
  const isOfWeek = ({ period }: Standing) =>
    overlap(period.from, period.to, { ...week, to: Math.min(week.to, now) }) > 0;
  if (now < week.to) return current.filter(isOfWeek);
  // The last moment of it that was.
  const at = week.to - 1;
  const { exceptions = [] } = seen.books;
  const known = { exceptions, drift: goings.books?.drift, policy, domains: seen.picture.domains };
  const wasIn = ({ period }: Policy['budgets'][number]) => periodOf(period, at, timezone);
  const isStillIn = ({ budget, period }: Standing) => isSame(wasIn(budget), period);
  const going = current.filter((one) => isOfWeek(one) && isStillIn(one));
  const since =
    going.length > 0
      ? await linesIn({ from: week.to, to: Number.POSITIVE_INFINITY }, ports, goings, timezone, now)
      : [];
  // Of a week all is told already, and of a month what came before it.
  const turned = policy.budgets.filter((budget) => !isSame(wasIn(budget), periodOf(budget.period, now, timezone)));
  const from = Math.min(week.from, ...turned.map((budget) => wasIn(budget).from));
  const earlier = from < week.from ? await linesIn({ from, to: week.from }, ports, goings, timezone, now) : [];
  const days = [{ lines: [...earlier, ...lines] }];
  const spending = new Map(turned.map((budget) => [budget.name, sumClosed(wasIn(budget), at, days)]));
  const facts = { ...known, spending, burning: [], marks: [] };
  const ended = standingsOf({ ...policy, budgets: turned }, facts, at).map(({ forecast: _, ...one }) => one);
  return [...standingsBefore(going, since, known, at), ...ended];
}

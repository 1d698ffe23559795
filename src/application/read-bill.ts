import type { Place } from '../domain/app.ts';
import type { BillReading } from '../domain/bill.ts';
import { dateOf, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { DAY, type Instant } from '../domain/time.ts';
import { type Bill, type Books, PortError } from './ports.ts';

type Reading = Pick<BillReading, 'days' | 'faults' | 'requests'> & {
  doubts: string[];
  findings: string[];
  isWhole: boolean;
};

/** Reads the bill of every day that is not settled yet. What AWS refuses is told, with what to do. */
export async function readBill(bill: Bill, place: Place, start: string, now: Instant): Promise<Reading> {
  const end = dateOf(now);
  const nothing: Reading = { days: [], doubts: [], faults: [], requests: 0, findings: [], isWhole: false };
  if (start >= end) return nothing;
  try {
    const { days, faults, requests } = await bill.read(place.region, start, end);
    return { ...nothing, days, requests, isWhole: true, doubts: faults };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const why = `the bill was not read (${error.code}: ${error.message}); figures stay as they were reckoned`;
    // What a right or Cost Explorer itself does not give is no failure of the pass: it would fail every day.
    const isFailure = error.kind !== 'denied' && error.code !== 'DataUnavailableException';
    const { requests = 0 } = error;
    return { ...nothing, requests, faults: isFailure ? [why] : [], findings: [`${why}. ${remedyOf(error)}`] };
  }
}

function remedyOf({ kind, code }: PortError): string {
  if (kind === 'denied')
    return 'Give the spend function ce:GetCostAndUsage, and enable Cost Explorer and IAM access to billing in the management account.';
  if (code === 'DataUnavailableException')
    return 'Cost Explorer has no data yet: it takes up to 24 hours after it was first enabled.';
  return 'It is tried again tomorrow.';
}

type Forecast = Pick<Books, 'awsForecast' | 'findings'> & { requests: number; faults: string[] };

/**
 * AWS's own forecast, for a budget of the account that asks for one: a request a day. Where it cannot be read, the last one
 * stays while its period lasts.
 */
export async function readForecast(
  bill: Bill,
  { budgets, timezone }: Policy,
  before: Books['awsForecast'],
  { place, now }: { place: Place; now: Instant },
): Promise<Forecast> {
  const asks = budgets.find(
    (budget) => budget.for === 'account' && budget.period === 'month' && budget.forecastAt.length > 0,
  );
  if (!asks) return { requests: 0, findings: [], faults: [] };
  const period = periodOf('month', now, timezone);
  // AWS forecasts whole days of UTC, from today on. In most zones the month ends within one: of that a part counts.
  const [from, to] = [Math.floor(now / DAY) * DAY, Math.ceil(period.to / DAY) * DAY];
  const result: Forecast = { requests: 1, findings: [], faults: [] };
  try {
    const whole = await bill.forecast(place.region, dateOf(from), dateOf(to));
    const part = (period.to - from) / (to - from);
    return whole === undefined
      ? result
      : { ...result, awsForecast: { amount: Math.round(whole * part), from, period } };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const last = before?.period.to === period.to ? before : undefined;
    const kept = last ? `that of ${dateOf(last.from)} stays` : "budgets go by Curfew's own alone";
    const why = `AWS's forecast was not read (${error.code}: ${error.message}); ${kept}`;
    const isDenied = error.kind === 'denied';
    const remedy = isDenied
      ? 'Give the spend function ce:GetCostForecast, or take forecast-at out of the budget of the account.'
      : 'It is tried again tomorrow.';
    return {
      ...result,
      ...(last ? { awsForecast: last } : {}),
      findings: [`${why}. ${remedy}`],
      // What a right does not give is no failure of the pass: it would fail every day.
      faults: isDenied ? [] : [why],
    };
  }
}

/** Where the bill has no row of anything that Curfew saw, it is another's, or somebody else pays. */
export function notOnTheBill({ account, region }: Place): string {
  return `AWS's bill has no row of any Studio usage that Curfew saw, in ${region} of account ${account}: figures stay as they were reckoned. Whoever pays for the account may see it in another bill.`;
}

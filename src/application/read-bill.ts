import type { Place } from '../domain/app.ts';
import type { BilledDay, BillReading } from '../domain/bill.ts';
import { dateOf, periodOf } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
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
    return { ...nothing, days, requests, isWhole: true, doubts: faults, findings: untagged(days) };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const why = `the bill was not read (${error.code}: ${error.message}); figures stay as they were reckoned`;
    // What a right or Cost Explorer itself does not give is no failure of the pass: it would fail every day.
    const isFailure = error.kind !== 'denied' && error.code !== 'DataUnavailableException';
    return { ...nothing, faults: isFailure ? [why] : [], findings: [`${why}. ${remedyOf(error)}`] };
  }
}

function remedyOf({ kind, code }: PortError): string {
  if (kind === 'denied')
    return 'Give the spend function ce:GetCostAndUsage, and enable Cost Explorer and IAM access to billing in the management account.';
  if (code === 'DataUnavailableException')
    return 'Cost Explorer has no data yet: it takes up to 24 hours after it was first enabled.';
  return 'It is tried again tomorrow.';
}

/** Where nothing carries a tag, nobody has activated them: the bill names no owner. */
function untagged(days: BilledDay[]): string[] {
  const rows = days.flatMap((day) => day.rows).filter(({ usage }) => /^(Studio|Canvas):/i.test(usage));
  if (rows.length === 0 || rows.some(({ holder }) => holder)) return [];
  return [
    'No row of the bill carries sagemaker:user-profile-arn or sagemaker:space-arn, so it names no owner and owners’ figures are estimates. ' +
      'Activate them as cost allocation tags in the management account (Billing console, Cost allocation tags; or aws ce update-cost-allocation-tags-status ' +
      '--cost-allocation-tags-status TagKey=sagemaker:user-profile-arn,Status=Active TagKey=sagemaker:space-arn,Status=Active TagKey=sagemaker:domain-arn,Status=Active). ' +
      'They count from then on, within 48 hours.',
  ];
}

type Forecast = Pick<Books, 'awsForecast' | 'findings'> & { requests: number; faults: string[] };

/** AWS's own forecast, for a budget of the account that asks for one: a request a day. */
export async function readForecast(bill: Bill, { budgets, timezone }: Policy, now: Instant): Promise<Forecast> {
  const asks = budgets.find(
    (budget) => budget.for === 'account' && budget.period === 'month' && budget.forecastAt.length > 0,
  );
  const nothing: Forecast = { requests: 0, findings: [], faults: [] };
  if (!asks) return nothing;
  const period = periodOf('month', now, timezone);
  // AWS's month ends at midnight of UTC, and a forecast begins today.
  const [start, end] = [dateOf(now), dateOf(period.to)];
  if (start >= end) return nothing;
  try {
    const amount = await bill.forecast(start, end);
    return {
      ...nothing,
      requests: 1,
      ...(amount === undefined ? {} : { awsForecast: { amount, from: Date.parse(start), period } }),
    };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    return { ...nothing, requests: 1, faults: [`AWS's forecast was not read (${error.code}: ${error.message})`] };
  }
}

/** Where the bill has no row of anything that Curfew saw, it is another's, or somebody else pays. */
export function notOnTheBill({ account, region }: Place): string {
  return `AWS's bill has no row of any Studio usage that Curfew saw, in ${region} of account ${account}: figures stay as they were reckoned. Whoever pays for the account may see it in another bill.`;
}

import type { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { GetCostForecastCommand } from '@aws-sdk/client-cost-explorer';
import type { Bill } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type { BilledDay } from '../../domain/bill.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { advised } from './faults.ts';
import { TAGS } from './holder.ts';
import { type Doubts, joinDay, OF_STUDIO } from './join.ts';
import { CREDITS, filterOf, readByTag, readMoney, readTotal, rounded } from './query.ts';

/** The IAM actions that this adapter calls. */
export const BILL_CALLS: Calls<Bill> = {
  read: ['ce:GetCostAndUsage'],
  credits: ['ce:GetCostAndUsage'],
  forecast: ['ce:GetCostForecast'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const BILL_ACTIONS = /* @__PURE__ */ actionsOf(BILL_CALLS);

/** The shortest that they can be, in milliseconds. */
const THREE_MONTHS = 89 * 24 * 3_600_000;

/**
 * AWS's bill over the SDK. The client must be one of us-east-1, whatever region is asked about (the partition aws-cn has
 * a Cost Explorer of its own, in cn-northwest-1).
 * @param account only what this one pays for; without it, all that the credentials may see: a management account sees
 * the bills of its members
 */
export function costExplorerBill(client: CostExplorerClient, account?: string): Bill {
  return {
    async read(region, from, to) {
      const requests = { count: 0 };
      const filter = filterOf(region, account, { Not: CREDITS });
      const period = { from, to };
      try {
        // One after the other: what changes between the two is then known to be newer in the second.
        const byProfile = await readByTag(client, 'user-profile', period, filter, requests);
        const bySpace = await readByTag(client, 'space', period, filter, requests);
        const doubts: Doubts = { faults: new Set(), account, accounts: new Set(), isTagged: false };
        const days = [...byProfile].map(([date, day]) =>
          joinDay(date, { 'user-profile': day, space: bySpace.get(date)! }, doubts),
        );
        return { days, faults: [...doubts.faults, ...faultsOf(days, doubts)], requests: requests.count };
      } catch (error) {
        if (error instanceof PortError) error.requests = requests.count;
        throw error;
      }
    },
    async credits(region, from, to) {
      const total = await readTotal(client, { from, to }, filterOf(region, account, CREDITS));
      return rounded(total, `credits from ${from} to ${to}`);
    },
    async forecast(region, from, to) {
      const command = new GetCostForecastCommand({
        TimePeriod: { Start: from, End: to },
        Metric: 'UNBLENDED_COST',
        // By day AWS looks three months ahead, by month further; only days say for sure where a first, begun month begins.
        Granularity: Date.parse(to) - Date.parse(from) <= THREE_MONTHS ? 'DAILY' : 'MONTHLY',
        Filter: filterOf(region, account, { Not: CREDITS }),
      });
      try {
        const { Total } = await advised(() => call('ce:GetCostForecast', () => client.send(command)));
        const where = `the forecast from ${from} to ${to}`;
        const { amount, currency } = readMoney(Total, where);
        if (amount !== 0n && currency !== 'USD')
          throw new PortError('fault', 'OtherCurrency', `ce:GetCostForecast: the forecast is in ${currency}`);
        return rounded(amount, where);
      } catch (error) {
        if (error instanceof PortError && error.code === 'DataUnavailableException') return undefined;
        throw error;
      }
    },
  };
}

/** What is doubtful of the bill as a whole. */
function faultsOf(days: BilledDay[], { accounts, isTagged }: Doubts): string[] {
  const rows = days.flatMap((day) => day.rows);
  const faults: string[] = [];
  if (!isTagged && rows.some(({ usage }) => OF_STUDIO.test(usage)))
    faults.push(
      `no row of Studio says whose it is: activate ${TAGS['user-profile']} and ${TAGS.space} as cost allocation tags ` +
        '(Billing and Cost Management console of the management account); they count from then on, after up to 48 hours',
    );
  if (accounts.size > 1) {
    const named = [...accounts].sort().join(', ');
    faults.push(`the bill is of several accounts (${named}): their untagged rows cannot be told apart`);
  }
  return faults;
}

import type { PricingClient } from '@aws-sdk/client-pricing';
import { GetProductsCommand } from '@aws-sdk/client-pricing';
import type { PriceList } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type { HourlyRate } from '../../domain/money.ts';
import type { Instant } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { pages } from '../sagemaker/pages.ts';
import { type PriceRow, readRow } from './price-row.ts';

/** The IAM actions that each verb calls. */
export const PRICE_LIST_CALLS: Calls<PriceList> = {
  read: ['pricing:GetProducts'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const PRICE_LIST_ACTIONS = /* @__PURE__ */ actionsOf(PRICE_LIST_CALLS);

/** The app types that AWS prices by themselves, and what its price list calls them (`platoinstancetype`). */
const COMPONENTS = [
  { appType: 'JupyterLab', name: 'Studio-JupyterLab' },
  { appType: 'CodeEditor', name: 'studio-codeeditor' },
  { appType: 'KernelGateway', name: 'Studio-Notebook' },
];

type Filters = Record<string, string>;

/** AWS's price list over the SDK: a few pages a region. The client must be one of us-east-1, whatever region is asked about. */
export function awsPriceList(client: PricingClient): PriceList {
  const rowsOf = async (filters: Filters, now: Instant, faults: string[]): Promise<PriceRow[]> => {
    const rows: PriceRow[] = [];
    const Filters = Object.entries(filters).map(([Field, Value]) => ({
      Type: 'TERM_MATCH' as const,
      Field,
      Value,
    }));
    await pages('pricing:GetProducts', async (NextToken) => {
      const input = { ServiceCode: 'AmazonSageMaker', Filters, FormatVersion: 'aws_v1', MaxResults: 100, NextToken };
      const page = await client.send(new GetProductsCommand(input));
      for (const text of page.PriceList ?? []) {
        const row = readRow(String(text), now);
        if (typeof row === 'string') faults.push(row);
        else if (row && fits(row, filters)) rows.push(row);
      }
      return page.NextToken;
    });
    return rows;
  };
  return {
    async read(region, now) {
      const faults: string[] = [];
      const byAppType = new Map<string, Map<string, HourlyRate>>();
      const prefixes: string[] = [];
      for (const { appType, name } of COMPONENTS) {
        const rows = await rowsOf({ regionCode: region, platoinstancetype: name }, now, faults);
        prefixes.push(...rows.flatMap(({ usagetype }) => /^(.*)Studio:/i.exec(usagetype)?.[1] ?? []));
        const byInstance = Map.groupBy(rows, (row) => row.instanceType ?? '');
        if (byInstance.delete('')) faults.push(`rows of ${name} name no instance type`);
        const prices = [...byInstance].map(([type, its]) => [type, priceOf(its, `${name} ${type}`, faults)] as const);
        byAppType.set(appType, new Map(prices));
      }
      const byInstance = byAppType.get('KernelGateway')!;
      if ([...byAppType.values()].every(({ size }) => size === 0))
        throw new PortError('refused', 'NoPrices', `AWS's price list has no prices of SageMaker Studio in ${region}`);
      // What else there is, is known by its usage type, which begins as those of the region do: `USE1-`, `EU-`.
      const single = async (usagetype: string) => {
        const rows = await rowsOf({ regionCode: region, usagetype }, now, faults);
        return rows.length > 0 ? priceOf(rows, usagetype, faults) : undefined;
      };
      const prefix = mostFrequent(prefixes) ?? '';
      const canvas = await single(`${prefix}Canvas:Session-Hrs`);
      const gigabyteMonth = await single(`${prefix}Studio:VolumeUsage.gp3`);
      // Studio Classic's other app types run on the instances of its notebooks.
      const rates = {
        byInstance,
        byAppType,
        ...(canvas ? { canvas } : {}),
        ...(gigabyteMonth ? { gigabyteMonth } : {}),
      };
      return { rates, faults };
    },
  };
}

/** Single rows may lack the region's prefix: what most have is it. */
function mostFrequent(names: string[]): string | undefined {
  const counts = [...Map.groupBy(names, (name) => name)].map(([name, its]) => ({ name, count: its.length }));
  return counts.sort((a, b) => b.count - a.count)[0]?.name;
}

/** AWS writes these names in any case, and so they are compared. */
function fits(row: PriceRow, filters: Filters): boolean {
  return Object.entries(filters).every(
    ([field, value]) => String(row.attributes[field]).toLowerCase() === value.toLowerCase(),
  );
}

/**
 * Of several prices for one thing, the one in force since last counts; of those that began together, the highest: an
 * estimate that is too low lets people overspend. Where they differ it is told.
 */
function priceOf(rows: PriceRow[], what: string, faults: string[]): HourlyRate {
  const newest = rows.reduce((latest, { since }) => (since > latest ? since : latest), '');
  const rates = [...new Set(rows.filter(({ since }) => since === newest).map(({ rate }) => rate))];
  if (rates.length > 1) faults.push(`${what} has ${rates.length} prices; the highest counts`);
  return Math.max(...rates);
}

import type {
  CostExplorerClient,
  Expression,
  GetCostAndUsageCommandInput,
  Group,
  MetricValue,
  ResultByTime,
} from '@aws-sdk/client-cost-explorer';
import { GetCostAndUsageCommand } from '@aws-sdk/client-cost-explorer';
import { PortError } from '../../application/ports.ts';
import type { MicroDollars } from '../../domain/money.ts';
import { pages } from '../sagemaker/pages.ts';
import { type Exact, parseExact, toMicroDollars } from './decimal.ts';
import { advised, badAnswer } from './faults.ts';
import { type Kind, TAGS } from './holder.ts';

const ACTION = 'ce:GetCostAndUsage';
const METRIC = 'UnblendedCost';

/** A day by UTC, as Cost Explorer writes it: `2026-11-23`. */
type Day = string;

/** A day of an answer that was grouped by a tag and by usage type. */
export interface AnswerDay {
  isEstimated: boolean;
  groups: AnswerGroup[];
}

/** What one usage type cost under one value of the tag. */
export interface AnswerGroup {
  /** Empty where the tag is missing. */
  tag: string;
  /** As AWS writes it, with the region's prefix. */
  usage: string;
  amount: Exact;
  currency: string;
}

/** Counts requests, those that AWS turned away included. */
export interface Requests {
  count: number;
}

/** Money of SageMaker in a region, and no more than `more` says. */
export function filterOf(region: string, account: string | undefined, more: Expression): Expression {
  const of = (Key: 'SERVICE' | 'REGION' | 'LINKED_ACCOUNT', value: string) => ({
    Dimensions: { Key, Values: [value] },
  });
  return {
    And: [
      of('SERVICE', 'Amazon SageMaker'),
      of('REGION', region),
      ...(account === undefined ? [] : [of('LINKED_ACCOUNT', account)]),
      more,
    ],
  };
}

/** What credits and refunds are called. */
export const CREDITS: Expression = { Dimensions: { Key: 'RECORD_TYPE', Values: ['Credit', 'Refund'] } };

/** What a tag's values cost by usage type, on every day. Throws PortError for anything that is not the whole of it. */
export async function readByTag(
  client: CostExplorerClient,
  kind: Kind,
  period: { from: Day; to: Day },
  Filter: Expression,
  requests: Requests,
): Promise<Map<Day, AnswerDay>> {
  const key = TAGS[kind];
  const GroupBy: GetCostAndUsageCommandInput['GroupBy'] = [
    { Type: 'TAG', Key: key },
    { Type: 'DIMENSION', Key: 'USAGE_TYPE' },
  ];
  const results = await readResults(client, { ...asked(period, 'DAILY'), Filter, GroupBy }, requests);
  const days = new Map(datesOf(period).map((date) => [date, { isEstimated: false, groups: [] as AnswerGroup[] }]));
  const seen = new Set<string>();
  for (const { TimePeriod, Groups = [], Estimated } of results) {
    const date = TimePeriod?.Start ?? 'no date';
    const where = `${date} by ${key}`;
    const day = days.get(date);
    if (!day || TimePeriod?.End !== dayAfter(date)) throw badAnswer('UnexpectedDay', where, 'nobody asked for this');
    // The same day on two pages holds the two parts of its groups. A day that does not say so is not settled.
    day.isEstimated ||= Estimated !== false;
    for (const group of Groups) {
      const read = readGroup(group, key, where);
      const name = JSON.stringify([date, read.currency, read.usage, read.tag]);
      if (seen.has(name)) throw badAnswer('RepeatedGroup', where, `${group.Keys?.join(' and ')} came twice`);
      seen.add(name);
      day.groups.push(read);
    }
    seen.add(date);
  }
  const missing = [...days.keys()].filter((date) => !seen.has(date));
  if (missing.length > 0) throw badAnswer('MissingDay', `by ${key}`, `nothing of ${missing.join(', ')}`);
  return days;
}

/** What is filtered, without groups, as one exact amount in US dollars. */
export async function readTotal(
  client: CostExplorerClient,
  period: { from: Day; to: Day },
  Filter: Expression,
): Promise<Exact> {
  const results = await readResults(client, { ...asked(period, 'MONTHLY'), Filter }, { count: 0 });
  let until = period.from;
  let sum = 0n;
  for (const { TimePeriod, Total } of results) {
    if (TimePeriod?.Start !== until) throw badAnswer('MissingDay', `credits from ${until}`, 'they are not told');
    const { amount, currency } = readMoney(Total?.[METRIC], `credits from ${until}`);
    if (amount !== 0n && currency !== 'USD')
      throw badAnswer('OtherCurrency', `credits from ${until}`, `they are in ${currency}`);
    sum += amount;
    until = TimePeriod.End ?? '';
  }
  if (until !== period.to) throw badAnswer('MissingDay', `credits from ${until}`, 'they are not told');
  return sum;
}

/** An amount of money with its currency; what is no amount is no answer. */
export function readMoney(value: MetricValue | undefined, where: string): { amount: Exact; currency: string } {
  if (value?.Amount === undefined) throw badAnswer('MissingMetric', where, 'no amount');
  let amount: Exact;
  try {
    amount = parseExact(value.Amount);
  } catch (error) {
    throw badAnswer('BadAmount', where, (error as Error).message);
  }
  if (!value.Unit && amount !== 0n) throw badAnswer('MissingCurrency', where, `${value.Amount} of no currency`);
  return { amount, currency: value.Unit || 'USD' };
}

/** An amount to the micro-dollar, rounded once. */
export function rounded(amount: Exact, where: string): MicroDollars {
  try {
    return toMicroDollars(amount);
  } catch (error) {
    throw badAnswer('BadAmount', where, (error as Error).message);
  }
}

function asked({ from, to }: { from: Day; to: Day }, Granularity: 'DAILY' | 'MONTHLY') {
  return { TimePeriod: { Start: from, End: to }, Granularity, Metrics: [METRIC] };
}

/** Every page. A token that was refused midway ends that set: it is read anew, once, from its beginning. */
async function readResults(
  client: CostExplorerClient,
  input: GetCostAndUsageCommandInput,
  requests: Requests,
): Promise<ResultByTime[]> {
  const readAll = async () => {
    const results: ResultByTime[] = [];
    await pages(ACTION, async (NextPageToken) => {
      const page = await counted(requests, () => client.send(new GetCostAndUsageCommand({ ...input, NextPageToken })));
      if (!page.ResultsByTime) throw badAnswer('MissingResults', `from ${input.TimePeriod?.Start}`, 'a page is empty');
      results.push(...page.ResultsByTime);
      return page.NextPageToken;
    });
    return results;
  };
  return await advised(async () => {
    try {
      return await readAll();
    } catch (error) {
      if (!(error instanceof PortError) || error.code !== 'InvalidNextTokenException') throw error;
      return await readAll();
    }
  });
}

type Answered = { $metadata?: { attempts?: number | undefined } };

/** Counts a request, and those that the SDK made again of itself, whether or not the last of them was answered. */
async function counted<T extends Answered>(requests: Requests, send: () => Promise<T>): Promise<T> {
  const count = ({ $metadata }: Answered) => {
    requests.count += $metadata?.attempts ?? 1;
  };
  try {
    const answer = await send();
    count(answer);
    return answer;
  } catch (error) {
    count((error ?? {}) as Answered);
    throw error;
  }
}

function readGroup({ Keys = [], Metrics }: Group, key: string, where: string): AnswerGroup {
  const [tag, usage] = Keys;
  // `tagKey$value`: only the first `$` divides, a value may hold more.
  if (Keys.length !== 2 || !tag?.startsWith(`${key}$`) || !usage)
    throw badAnswer('BadKeys', where, `no group of this tag and a usage type: ${Keys.join(' and ')}`);
  const money = readMoney(Metrics?.[METRIC], `${where}, ${usage}, "${tag}"`);
  return { tag: tag.slice(key.length + 1), usage, ...money };
}

function datesOf({ from, to }: { from: Day; to: Day }): Day[] {
  const dates: Day[] = [];
  for (let date = from; date < to; date = dayAfter(date)) dates.push(date);
  return dates;
}

function dayAfter(date: Day): Day {
  const next = new Date(`${date}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}

import { awsError, type Input, invalid } from './answers.ts';
import type { BillLine } from './bill-meter.ts';
import { billed, readAmount, writeAmount } from './bill-money.ts';
import { readFilter, readGroups } from './cost-explorer-filter.ts';
import { addDays, addMonths, type Dates } from './cost-explorer-time.ts';
import { issueToken, readToken, tokenLifetime } from './paging.ts';

/** A checked call of GetCostAndUsage. */
export interface CostQuery {
  input: Input;
  period: Dates;
  granularity: 'DAILY' | 'MONTHLY';
  metrics: string[];
  tagOf: (line: BillLine, key: string) => string;
  isEstimated: (date: string) => boolean;
}

/** One group of one day, or a day (or month) by itself. */
interface Entry {
  time: { Start: string; End: string };
  estimated: boolean;
  total?: Input;
  group?: Input;
}

const metricNames = /^((Net)?(Amortized|Unblended)Cost|BlendedCost|UsageQuantity)$/;

/** How many answers are kept for those who page through them. */
const keptAnswers = 50;

/**
 * Makes the function that answers in pages. All pages of an answer are of the bill as it was at the first; a day's groups
 * may lie on two pages.
 */
export function costPages(now: () => number): (query: CostQuery, bill: () => BillLine[], size: number) => unknown {
  const answers = new Map<number, Entry[]>();
  let count = 0;
  return (query, bill, size) => {
    const { NextPageToken: token, ...parameters } = query.input;
    const asked = JSON.stringify(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
    let number = 0;
    let offset = 0;
    if (token === undefined || token === null) {
      count += 1;
      number = count;
      answers.set(number, entriesOf(query, bill));
      answers.delete(number - keptAnswers);
    } else {
      const key = readToken(asked, String(token), now(), tokenLifetime);
      if (key === 'other query') throw awsError('RequestChangedException', 'The request changed between pages.');
      if (typeof key === 'string' || !answers.has(key[0]))
        throw awsError('InvalidNextTokenException', `The pagination token is invalid: ${key}.`);
      [number, offset] = key;
    }
    const entries = answers.get(number) as Entry[];
    const end = offset + size;
    const results: Input[] = [];
    for (const { time, estimated, total, group } of entries.slice(offset, end)) {
      let result = results.at(-1);
      if (result?.TimePeriod.Start !== time.Start) {
        result = { TimePeriod: time, Total: total ?? {}, Groups: [], Estimated: estimated };
        results.push(result);
      }
      if (group !== undefined) result.Groups.push(group);
    }
    const { GroupBy: groups } = query.input;
    return {
      ...(groups === undefined ? {} : { GroupDefinitions: groups }),
      ResultsByTime: results,
      DimensionValueAttributes: [],
      ...(end < entries.length ? { NextPageToken: issueToken(asked, [number, end], now()) } : {}),
    };
  };
}

function entriesOf({ input, period, granularity, metrics, tagOf, isEstimated }: CostQuery, bill: () => BillLine[]) {
  for (const metric of metrics) if (!metricNames.test(metric)) throw invalid(`Metric ${metric} is invalid.`);
  const accepts = readFilter(input.Filter, tagOf);
  const keysOf = readGroups(input.GroupBy, tagOf);
  const lines = bill().filter((line) => line.date >= period.from && line.date < period.to && accepts(line));
  const byDate = Map.groupBy(lines, ({ date }) => date);
  const entries: Entry[] = [];
  for (let from = period.from; from < period.to; ) {
    const next = granularity === 'DAILY' ? addDays(from, 1) : addMonths(`${from.slice(0, 8)}01`, 1);
    const to = next < period.to ? next : period.to;
    const its: BillLine[] = [];
    for (let date = from; date < to; date = addDays(date, 1)) its.push(...(byDate.get(date) ?? []));
    const step = { time: { Start: from, End: to }, estimated: isEstimated(addDays(to, -1)) };
    if (keysOf === undefined) entries.push({ ...step, total: sumOf(its, metrics) });
    else {
      // A group is of one currency; an account of AWS's has one, a broken bill may have more.
      const groups = Map.groupBy(its, (line) => JSON.stringify([...keysOf(line), line.currency ?? 'USD']));
      const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
      if (sorted.length === 0) entries.push(step);
      for (const [key, members] of sorted)
        entries.push({ ...step, group: { Keys: JSON.parse(key).slice(0, -1), Metrics: sumOf(members, metrics) } });
    }
    from = next;
  }
  return entries;
}

/**
 * The metrics of some lines, whose exact sum is rounded once: so the same lines in other groups make another sum, by some
 * last decimals. An amount that is none, or is not there, goes out as it is.
 */
function sumOf(lines: BillLine[], metrics: string[]): Input {
  if (lines.some(({ amount }) => amount === undefined)) return {};
  const add = (texts: string[]): string => {
    // What a test writes by itself goes out as it was written, but for decimals that AWS has none of.
    if (texts.length === 1 && !/\.\d{11,}$/.test(texts[0] as string)) return texts[0] as string;
    const broken = texts.find((text) => readAmount(text) === undefined);
    return broken ?? writeAmount(billed(texts.reduce((sum, text) => sum + (readAmount(text) as bigint), 0n)));
  };
  const cost = { Amount: add(lines.map(({ amount = '' }) => amount)), Unit: lines[0]?.currency ?? 'USD' };
  const quantity = { Amount: add(lines.map((line) => line.quantity ?? '0')), Unit: 'N/A' };
  return Object.fromEntries(metrics.map((metric) => [metric, metric === 'UsageQuantity' ? quantity : cost]));
}

import { awsError, type Input, unknownOperation } from './answers.ts';
import { issueToken, type Key, readToken, takePage } from './paging.ts';

/** What names a metric: all of its dimensions, or it is another one. */
export interface Metric {
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
}

/** CloudWatch's metrics. */
export interface CloudWatch {
  /** Publishes one value, measured at `at`, in milliseconds since 1970. */
  put(metric: Metric, at: number, value: number): void;
}

/** The metrics and the function that performs calls on them. */
export interface CloudWatchService {
  metrics: CloudWatch;
  perform(action: string, input: Input): unknown;
}

interface Sample {
  at: number;
  value: number;
}

/** A datapoint of one query's metric: `query` is its place among the queries. */
interface Datapoint {
  start: number;
  query: number;
  value: number;
}

const mostQueries = 500;
const mostDatapoints = 100_800;
const statistics: Record<string, (values: number[]) => number> = {
  Minimum: (values) => Math.min(...values),
  Maximum: (values) => Math.max(...values),
  Sum: (values) => values.reduce((a, b) => a + b, 0),
  Average: (values) => values.reduce((a, b) => a + b, 0) / values.length,
  SampleCount: (values) => values.length,
};

/** Starts a CloudWatch without any metric. It knows plain statistics of metrics; no expressions. */
export function startCloudWatch(now: () => number): CloudWatchService {
  const metrics = new Map<string, Sample[]>();
  return {
    metrics: {
      put({ namespace, name, dimensions }, at, value) {
        if (!Number.isFinite(value)) throw refusal(`The value ${value} for parameter Value is invalid.`);
        const key = metricKey(namespace, name, Object.entries(dimensions));
        const samples = metrics.get(key);
        if (samples) samples.push({ at, value });
        else metrics.set(key, [{ at, value }]);
      },
    },
    perform(action, input) {
      if (action !== 'GetMetricData') throw unknownOperation('cloudwatch', action);
      return getMetricData(metrics, input, now());
    },
  };
}

function getMetricData(metrics: Map<string, Sample[]>, input: Input, now: number): unknown {
  const { NextToken: token, ...parameters } = input;
  const { queries, start, end, limit, descending } = check(parameters);
  // Of all metrics, the newest (or oldest) first: that is what a page breaks off.
  const datapoints = queries
    .flatMap((query, i) => datapointsOf(metrics.get(query.key) ?? [], query, start, end, i))
    .sort((a, b) => a.start - b.start || a.query - b.query);
  const owner = JSON.stringify(parameters);
  const after = token === undefined || token === null ? undefined : readToken(owner, String(token), now);
  if (typeof after === 'string') throw awsError('InvalidNextToken', `The NextToken is invalid: ${after}.`);
  const wanted = { after, limit, descending, accepts: () => true };
  const { page, last } = takePage(datapoints, (one): Key => [one.start, one.query], wanted);
  return {
    Messages: [],
    MetricDataResults: queries.map((query, i) => {
      const mine = page.filter((one) => one.query === i);
      return {
        Id: query.id,
        Label: query.label,
        Timestamps: mine.map((one) => one.start / 1000),
        Values: mine.map(({ value }) => value),
        StatusCode: last === undefined ? 'Complete' : 'PartialData',
      };
    }),
    ...(last === undefined ? {} : { NextToken: issueToken(owner, last, now) }),
  };
}

interface Query {
  id: string;
  label: string;
  key: string;
  /** Milliseconds. */
  period: number;
  statistic: (values: number[]) => number;
}

/** A datapoint stands at the start of its period, whenever within it its values were measured. */
function datapointsOf(samples: Sample[], query: Query, start: number, end: number, index: number): Datapoint[] {
  const byPeriod = new Map<number, number[]>();
  for (const { at, value } of samples) {
    const period = Math.floor(at / query.period) * query.period;
    if (period >= start && period < end) byPeriod.set(period, [...(byPeriod.get(period) ?? []), value]);
  }
  return [...byPeriod].map(([period, values]) => ({ start: period, query: index, value: query.statistic(values) }));
}

function check(input: Input) {
  const { MetricDataQueries: queries, StartTime: start, EndTime: end, ScanBy: order, MaxDatapoints: limit } = input;
  for (const [name, value] of Object.entries({ StartTime: start, EndTime: end }))
    if (typeof value !== 'number') throw refusal(`The parameter ${name} is required.`);
  if (start >= end) throw refusal('The parameter StartTime must be less than the parameter EndTime.');
  if (!Array.isArray(queries) || queries.length === 0) throw refusal('The parameter MetricDataQueries is required.');
  if (queries.length > mostQueries)
    throw refusal(`The collection MetricDataQueries must not have a size greater than ${mostQueries}.`);
  if (![undefined, 'TimestampAscending', 'TimestampDescending'].includes(order))
    throw refusal(`The value ${order} for parameter ScanBy is invalid.`);
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > mostDatapoints))
    throw refusal(`The value ${limit} for parameter MaxDatapoints is not between 1 and ${mostDatapoints}.`);
  const read = queries.map(readQuery);
  if (new Set(read.map(({ id }) => id)).size < read.length)
    throw refusal('The values for parameter id in MetricDataQueries are not unique.');
  return {
    queries: read,
    // Less than 15 days ago, a start is rounded down to the minute.
    start: Math.floor(start / 60) * 60_000,
    end: end * 1000,
    limit: limit ?? mostDatapoints,
    descending: order !== 'TimestampAscending',
  };
}

function readQuery(query: Input): Query {
  const { Id: id, Label: label, MetricStat: wanted } = query;
  if (typeof id !== 'string' || id.length > 255 || !/^[a-z][a-zA-Z0-9_]*$/.test(id))
    throw refusal(`The value ${id} is not a valid Id: it must begin with a lower-case letter.`);
  if (query.Expression !== undefined || wanted === undefined)
    throw refusal(`The query ${id} needs a MetricStat: the embedded CloudWatch has no expressions.`);
  if (query.ReturnData === false) throw refusal(`The query ${id} returns no data, and nothing else uses it.`);
  const { Metric: metric = {}, Period: period, Stat: stat, Unit: unit } = wanted;
  // Another unit than the one that was published with gives no data, and AWS documents none for Canvas.
  if (unit !== undefined) throw refusal(`The query ${id} asks for ${unit}: the embedded CloudWatch keeps no units.`);
  const { Namespace: namespace, MetricName: name, Dimensions: dimensions = [] } = metric;
  const named = { Namespace: namespace, MetricName: name };
  for (const [member, value] of Object.entries(named))
    if (typeof value !== 'string' || value.length < 1 || value.length > 255)
      throw refusal(`The parameter ${member} of query ${id} must have 1 to 255 characters.`);
  if (!Array.isArray(dimensions) || dimensions.length > 30) throw refusal('A metric has at most 30 dimensions.');
  for (const { Name, Value } of dimensions)
    if (!isText(Name, 255) || !isText(Value, 1024))
      throw refusal(`A dimension of query ${id} needs a Name and a Value that are not empty.`);
  if (!Number.isInteger(period) || period < 60 || period % 60 !== 0)
    throw refusal(`The period ${period} of query ${id} must be a multiple of 60.`);
  const statistic = statistics[stat];
  if (statistic === undefined) throw refusal(`The value ${stat} for parameter Stat of query ${id} is not supported.`);
  const pairs = dimensions.map(({ Name, Value }) => [Name, Value] as [string, string]);
  return { id, label: label ?? name, key: metricKey(namespace, name, pairs), period: period * 1000, statistic };
}

function isText(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= most;
}

function metricKey(namespace: string, name: string, dimensions: [string, string][]): string {
  return JSON.stringify([namespace, name, dimensions.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function refusal(message: string) {
  return awsError('ValidationError', message);
}

import { GetMetricDataCommand, type GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.aws.close());

const MINUTE = 60_000;
const metric = { namespace: '/lab', name: 'Idle', dimensions: { DomainId: 'd-lab', UserProfileName: 'alice' } };
const dimensions = (user: string) => [
  { Name: 'UserProfileName', Value: user },
  { Name: 'DomainId', Value: 'd-lab' },
];
const query = (Id = 'a', Stat = 'Minimum', user = 'alice') => ({
  Id,
  MetricStat: { Metric: { Namespace: '/lab', MetricName: 'Idle', Dimensions: dimensions(user) }, Period: 60, Stat },
});
const put = (minutesAgo: number, value: number) =>
  world.aws.cloudwatch.put(metric, world.clock.now - minutesAgo * MINUTE, value);
const get = (more: Partial<GetMetricDataCommandInput> = {}) =>
  world.cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [query()],
      StartTime: new Date(world.clock.now - 60 * MINUTE),
      EndTime: new Date(world.clock.now),
      ...more,
    }),
  );
const values = async (more?: Partial<GetMetricDataCommandInput>) => (await get(more)).MetricDataResults![0]!.Values;

describe('GetMetricData', () => {
  it('tells a metric by its dimensions in any order, the newest first, each value at the start of its minute', async () => {
    put(10.5, 100);
    put(9.5, 160);
    const { MetricDataResults: results, NextToken } = await get({
      MetricDataQueries: [query(), query('b', 'Minimum', 'bob')],
    });
    const at = (minutesAgo: number) => new Date(world.clock.now - minutesAgo * MINUTE);
    expect(results).toEqual([
      { Id: 'a', Label: 'Idle', StatusCode: 'Complete', Timestamps: [at(10), at(11)], Values: [160, 100] },
      { Id: 'b', Label: 'Idle', StatusCode: 'Complete', Timestamps: [], Values: [] },
    ]);
    expect(NextToken).toBeUndefined();
    expect(await values({ ScanBy: 'TimestampAscending' })).toEqual([100, 160]);
  });

  it('tells from the start on and before the end, the start rounded down to its minute', async () => {
    for (const minutes of [3, 2, 1]) put(minutes, minutes);
    const ago = (minutes: number) => new Date(world.clock.now - minutes * MINUTE);
    expect(await values({ StartTime: ago(2), EndTime: ago(1) })).toEqual([2]);
    expect(await values({ StartTime: ago(1.5), EndTime: ago(0) })).toEqual([1, 2]);
  });

  it.each([
    ['Minimum', 10],
    ['Maximum', 30],
    ['Average', 20],
    ['Sum', 40],
    ['SampleCount', 2],
  ])('has the %s of what a minute holds', async (stat, expected) => {
    put(1, 10);
    put(0.5, 30);
    expect(await values({ MetricDataQueries: [query('a', stat)] })).toEqual([expected]);
  });

  it('breaks off after MaxDatapoints, and goes on with the token of the same query', async () => {
    for (const minutes of [3, 2, 1]) put(minutes, minutes);
    const first = await get({ MaxDatapoints: 2 });
    expect(first.MetricDataResults![0]).toMatchObject({ Values: [1, 2], StatusCode: 'PartialData' });
    const second = await get({ MaxDatapoints: 2, NextToken: first.NextToken });
    expect(second.MetricDataResults![0]).toMatchObject({ Values: [3], StatusCode: 'Complete' });
    expect(second.NextToken).toBeUndefined();
    for (const other of [{ MaxDatapoints: 1, NextToken: first.NextToken }, { NextToken: 'x' }])
      expect(await refusalOf(get(other))).toMatchObject({ name: 'InvalidNextToken', status: 400 });
  });

  const spoiled = (MetricStat: object) => ({ ...query(), MetricStat: { ...query().MetricStat, ...MetricStat } });
  it.each<[string, Partial<GetMetricDataCommandInput>, RegExp]>([
    ['501 queries', { MetricDataQueries: Array.from({ length: 501 }, (_, i) => query(`a${i}`)) }, /greater than 500/],
    ['no query', { MetricDataQueries: [] }, /MetricDataQueries/],
    ['no start', { StartTime: undefined }, /StartTime is required/],
    ['no end', { EndTime: undefined }, /EndTime is required/],
    ['an end before its start', { EndTime: new Date(0) }, /StartTime must be less/],
    ['two queries of one Id', { MetricDataQueries: [query(), query()] }, /not unique/],
    ['an Id that is none', { MetricDataQueries: [query('A-1')] }, /Id/],
    ['an expression', { MetricDataQueries: [{ Id: 'a', Expression: 'SELECT 1' }] }, /no expressions/],
    ['no MetricStat', { MetricDataQueries: [{ Id: 'a' }] }, /MetricStat/],
    ['no metric', { MetricDataQueries: [spoiled({ Metric: {} })] }, /Namespace/],
    ['a period of no whole minutes', { MetricDataQueries: [spoiled({ Period: 90 })] }, /multiple of 60/],
    ['a statistic that is none', { MetricDataQueries: [spoiled({ Stat: 'Mean' })] }, /Stat/],
    ['a unit', { MetricDataQueries: [spoiled({ Unit: 'Seconds' })] }, /unit/],
    ['an order that is none', { ScanBy: 'Newest' as never }, /ScanBy/],
    ['too many datapoints', { MaxDatapoints: 100_801 }, /MaxDatapoints/],
  ])('refuses %s', async (_, more, message) => {
    // What Query called ValidationError, the SDK knows by the name that the model has for it since.
    expect(await refusalOf(get(more))).toMatchObject({
      name: 'ValidationException',
      status: 400,
      message: expect.stringMatching(message),
    });
  });

  it('takes 500 queries', async () => {
    const queries = Array.from({ length: 500 }, (_, i) => query(`a${i}`));
    expect((await get({ MetricDataQueries: queries })).MetricDataResults).toHaveLength(500);
  });

  it('knows no value that is no number, as CloudWatch keeps none', () => {
    expect(() => put(1, Number.NaN)).toThrow(/NaN/);
  });
});

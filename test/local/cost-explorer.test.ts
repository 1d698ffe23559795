import {
  CostExplorerClient,
  type GetCostAndUsageCommandInput,
  GetCostForecastCommand,
  ListCostAllocationTagsCommand,
} from '@aws-sdk/client-cost-explorer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askCosts, by, november, rowsOf, startApp } from './costs.ts';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
});
afterEach(() => world.aws.close());

const is = (Key: 'SERVICE' | 'REGION' | 'RECORD_TYPE' | 'USAGE_TYPE', ...Values: string[]) => ({
  Dimensions: { Key, Values },
});
const ask = (input?: Parameters<typeof askCosts>[1]) => askCosts(world.costs, input);

describe('GetCostAndUsage', () => {
  const extra = (usage: string, over: object = {}) =>
    world.aws.costExplorer.extras.push({ date: '2026-11-18', usage, amount: '1', ...over });

  it('filters by And, Or and Not of dimensions and tags', async () => {
    extra('USE1-A', { tags: { team: 'red' } });
    extra('USE1-B', { region: 'eu-west-1' });
    extra('USE1-C', { recordType: 'Credit', amount: '-1' });
    extra('USE1-D', { service: 'Amazon Simple Storage Service', tags: { team: 'blue' } });
    world.aws.costExplorer.activeTags.set('team', '');
    const usages = async (Filter: GetCostAndUsageCommandInput['Filter']) =>
      rowsOf(await ask({ Filter, GroupBy: [by('USAGE_TYPE')] })).map(([usage]) => String(usage).slice(5));
    expect(await usages(undefined)).toEqual(['A', 'B', 'C', 'D']);
    expect(await usages({ And: [is('SERVICE', 'Amazon SageMaker'), is('REGION', 'us-east-1')] })).toEqual(['A', 'C']);
    expect(await usages({ Not: is('RECORD_TYPE', 'Credit', 'Refund') })).toEqual(['A', 'B', 'D']);
    expect(await usages({ Or: [is('USAGE_TYPE', 'USE1-B'), { Tags: { Key: 'team', Values: ['red'] } }] })).toEqual([
      'A',
      'B',
    ]);
    expect(await usages({ Tags: { Key: 'team', MatchOptions: ['ABSENT'] } })).toEqual(['B', 'C']);
  });

  it('gives totals without groups, by month', async () => {
    extra('USE1-A', { date: '2026-10-31' });
    extra('USE1-A', { amount: '0.25' });
    const { ResultsByTime } = await ask({
      TimePeriod: { Start: '2026-10-15', End: '2026-11-20' },
      Granularity: 'MONTHLY',
      GroupBy: undefined,
    });
    const told = ResultsByTime!.map(({ TimePeriod, Total }) => [TimePeriod?.Start, Total?.UnblendedCost?.Amount]);
    expect(told).toEqual([
      ['2026-10-15', '1'],
      ['2026-11-01', '0.25'],
    ]);
  });

  it('answers in pages of one bill, however it changes meanwhile; a token serves its query for a while', async () => {
    for (const usage of ['A', 'B', 'C', 'D', 'E']) extra(usage);
    world.aws.costExplorer.pageSize = 2;
    const first = await ask();
    extra('0');
    const second = await ask({ NextPageToken: first.NextPageToken });
    const third = await ask({ NextPageToken: second.NextPageToken });
    expect([first, second, third].flatMap(rowsOf).map((row) => row[1])).toEqual(['A', 'B', 'C', 'D', 'E']);
    expect(third.NextPageToken).toBeUndefined();
    const { NextPageToken } = first;
    expect(await refusalOf(ask({ NextPageToken, Metrics: ['UnblendedCost'] }))).toMatchObject({
      name: 'RequestChangedException',
    });
    expect(await refusalOf(ask({ NextPageToken: 'x' }))).toMatchObject({ name: 'InvalidNextTokenException' });
    world.clock.now += 3_600_000;
    expect(await refusalOf(ask({ NextPageToken }))).toMatchObject({ name: 'InvalidNextTokenException', status: 400 });
  });

  const days = (Start: string, End: string) => ({ TimePeriod: { Start, End } });
  it.each<[string, Partial<GetCostAndUsageCommandInput>, string]>([
    ['three groups', { GroupBy: ['USAGE_TYPE', 'SERVICE', 'a:b'].map(by) }, 'GroupBy'],
    ['a group of nothing', { GroupBy: [by('COLOUR')] }, 'COLOUR'],
    ['an end before its start', days('2026-11-19', '2026-11-18'), 'should be before'],
    ['an empty time', days('2026-11-18', '2026-11-18'), 'should be before'],
    ['a start that is no day', days('yesterday', '2026-11-18'), 'yesterday'],
    ['a future start', days('2026-11-24', '2026-11-25'), 'future'],
    ['an end beyond this month', days('2026-11-18', '2026-12-02'), 'past the beginning of next month'],
    ['what is too old', days('2025-09-30', '2026-11-18'), '14 months'],
    ['hours', { Granularity: 'HOURLY' }, 'HOURLY'],
    ['no metric', { Metrics: [] }, 'metric'],
    ['another metric', { Metrics: ['Cost'] }, 'Cost'],
    ['an And of one', { Filter: { And: [is('REGION', 'us-east-1')] } }, 'And'],
    ['two filters in one', { Filter: { ...is('REGION', 'us-east-1'), Not: is('REGION', 'x') } }, 'exactly one'],
    ['a dimension that it does not know', { Filter: { Dimensions: { Key: 'AZ', Values: ['x'] } } }, 'AZ'],
  ])('refuses %s', async (_, input, says) => {
    expect(await refusalOf(ask(input))).toMatchObject({
      name: 'ValidationException',
      status: 400,
      message: expect.stringContaining(says),
    });
  });

  it('takes a whole month until its end, and thirteen before', async () => {
    expect((await ask(days('2026-11-01', '2026-12-01'))).ResultsByTime).toHaveLength(30);
    expect((await ask(days('2025-10-01', '2025-10-02'))).ResultsByTime).toHaveLength(1);
  });
});

describe('GetCostForecast', () => {
  const forecast = (End: string, over: object = {}) =>
    world.costs.send(
      new GetCostForecastCommand({
        TimePeriod: { Start: '2026-11-23', End },
        Metric: 'UNBLENDED_COST',
        Granularity: 'DAILY',
        Filter: is('SERVICE', 'Amazon SageMaker'),
        ...over,
      }),
    );

  it('goes on as the last days did', async () => {
    world.aws.costExplorer.drift = 1;
    startApp(world.aws, 'JupyterLab', november(15));
    const { Total, ForecastResultsByTime } = await forecast('2026-12-01');
    expect(Total).toEqual({ Amount: '270.72', Unit: 'USD' });
    expect(ForecastResultsByTime).toHaveLength(8);
    const byMonth = await forecast('2027-06-01', { Granularity: 'MONTHLY' });
    expect(byMonth.ForecastResultsByTime).toHaveLength(7);
  });

  it('needs some days', async () => {
    startApp(world.aws, 'JupyterLab', november(20));
    expect(await refusalOf(forecast('2026-12-01'))).toMatchObject({ name: 'DataUnavailableException', status: 400 });
  });

  it.each([
    ['yesterday’s', '2026-12-01', { TimePeriod: { Start: '2026-11-22', End: '2026-12-01' } }],
    ['tomorrow’s', '2026-12-01', { TimePeriod: { Start: '2026-11-24', End: '2026-12-01' } }],
    ['more than three months by day', '2027-02-24', {}],
    ['more than eighteen months by month', '2028-05-24', { Granularity: 'MONTHLY' }],
    ['a metric of the other call', '2026-12-01', { Metric: 'UnblendedCost' }],
    ['a tag', '2026-12-01', { Filter: { Tags: { Key: 'a', Values: ['b'] } } }],
  ])('refuses %s', async (_, End, over) => {
    expect(await refusalOf(forecast(End, over))).toMatchObject({ name: 'ValidationException' });
  });
});

it('is not there until somebody opened it', async () => {
  world.aws.costExplorer.isEnabled = false;
  expect(await refusalOf(ask())).toEqual({
    name: 'AccessDeniedException',
    status: 400,
    message: 'User not enabled for cost explorer access',
  });
});

it('lives in us-east-1 alone', async () => {
  const { endpoint, credentials } = world.costs.config;
  const elsewhere = new CostExplorerClient({ region: 'eu-west-1', endpoint: endpoint!, credentials, maxAttempts: 1 });
  expect(await refusalOf(elsewhere.send(new ListCostAllocationTagsCommand({})))).toMatchObject({
    name: 'InvalidSignatureException',
  });
});

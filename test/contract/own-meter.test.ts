import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readStanding } from '../../bench/own-bill.ts';
import { cloudwatchOwnMeter, FUNCTIONS } from '../../src/adapters/cloudwatch/own-meter.ts';
import { FUNCTION_GB, ownCostOf, STANDING } from '../../src/domain/report/own-cost.ts';
import { weekNamed } from '../../src/domain/report/week.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { METRICS } from '../../src/handlers/metrics.ts';
import { startWorld } from '../local/world.ts';

const WEEK = weekNamed('2026-W47', 'Asia/Kathmandu')!;
const NAME = 'curfew-prod';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

const meter = (name = NAME) => cloudwatchOwnMeter(world.cloudwatch, { name, table: 'curfew' });
const put = (namespace: string, name: string, dimensions: Record<string, string>, at: number, value: number) =>
  world.aws.cloudwatch.put({ namespace, name, dimensions }, at, value);

it('adds up what AWS counted of the functions, the table and its index, and of nothing else', async () => {
  expect(await meter().read(WEEK)).toBeUndefined();
  const inside = [WEEK.from + HOUR, WEEK.from + 3 * 24 * HOUR, WEEK.to - HOUR];
  for (const at of [WEEK.from - 2 * HOUR, ...inside, WEEK.to + 2 * HOUR]) {
    for (const name of [...FUNCTIONS.map((one) => `${NAME}-${one}`), 'curfew-dev-scan', 'other']) {
      put('AWS/Lambda', 'Invocations', { FunctionName: name }, at, 1);
      put('AWS/Lambda', 'Invocations', { FunctionName: name }, at + MINUTE, 1);
      put('AWS/Lambda', 'Duration', { FunctionName: name }, at, 250);
    }
    for (const dimensions of [{ TableName: 'curfew' }, { TableName: 'curfew', GlobalSecondaryIndexName: 'owed' }]) {
      put('AWS/DynamoDB', 'ConsumedReadCapacityUnits', dimensions, at, 2.5);
      put('AWS/DynamoDB', 'ConsumedWriteCapacityUnits', dimensions, at, 4);
    }
    put('AWS/DynamoDB', 'ConsumedReadCapacityUnits', { TableName: 'other' }, at, 1_000);
    put('Curfew', 'MailSent', { service: NAME }, at, 10);
  }
  expect(await meter().read(WEEK)).toEqual({
    ...{ invocations: 3 * 2 * FUNCTIONS.length, ran: 3 * 250 * FUNCTIONS.length, closings: 6 },
    ...{ reads: 15, writes: 24, mails: 30 },
  });
  expect(await meter('curfew-other').read(WEEK)).toBeUndefined();
});

it('reads a week by one request', async () => {
  world.aws.calls.reset();
  await meter().read(WEEK);
  expect(world.aws.calls.counts()).toEqual({ 'cloudwatch GetMetricData': 1 });
});

it('tells the right that it lacks', async () => {
  const denied = {
    service: 'cloudwatch',
    action: 'GetMetricData',
    code: 'AccessDeniedException',
    status: 400,
  } as const;
  world.aws.faults.add({ ...denied, message: 'no' });
  await expect(meter().read(WEEK)).rejects.toMatchObject({ kind: 'denied', message: /cloudwatch:GetMetricData/ });
});

it('is reckoned by AWS’s list prices of what was used, and of what is charged by the month', () => {
  const nothing = { invocations: 0, ran: 0, reads: 0, writes: 0, mails: 0, closings: 0 };
  // 15 metrics, 8 metrics in alarms, and a dashboard: $8.30 a month of 730 hours.
  expect(ownCostOf(nothing, WEEK)).toBe(Math.round((8.3e6 * 168) / 730));
  const used = { invocations: 1e6, ran: 1e9, reads: 1e6, writes: 1e6, mails: 1_000, closings: 7 };
  const more = ownCostOf(used, WEEK) - ownCostOf(nothing, WEEK);
  expect(more / 1e6).toBeCloseTo(0.2 + 1 + 13.3334 + 0.125 + 0.625 + 0.1 + 0.14, 4);
});

it('knows the stack: its functions and their memory, its alarms, dashboard and metrics', async () => {
  const read = async (path: string) =>
    parse(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'), { logLevel: 'silent', merge: true });
  const { functions, provider } = await read('serverless.yml');
  expect(Object.keys(functions).sort()).toEqual([...FUNCTIONS].sort());
  expect(provider.memorySize).toBe(FUNCTION_GB * 1024);
  const { alarmMetrics, dashboards } = await readStanding(new URL('../../stack/', import.meta.url));
  expect(STANDING).toEqual({ alarmMetrics, dashboards, metrics: Object.keys(METRICS).length });
});

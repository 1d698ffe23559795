import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cloudwatchCanvasUse } from '../../src/adapters/cloudwatch/canvas-use.ts';
import { type AppRef, appKey } from '../../src/domain/app.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { startWorld } from '../local/world.ts';
import { memoryCanvasUse } from '../memory/ports.ts';
import { canvasUseContract } from './canvas-use-contract.ts';

type World = Awaited<ReturnType<typeof startWorld>>;
const worlds: World[] = [];
afterAll(() => Promise.all(worlds.map(({ aws }) => aws.close())));
const newWorld = async () => {
  const world = await startWorld({ record: true });
  worlds.push(world);
  return world;
};

/** Canvas's own metric, as AWS names it. */
const put = ({ aws }: World, { domainId, userProfileName }: AppRef, at: number, seconds: number) =>
  aws.cloudwatch.put(
    {
      namespace: '/aws/sagemaker/Canvas/AppActivity',
      name: 'TimeSinceLastActive',
      dimensions: { DomainId: domainId, UserProfileName: userProfileName! },
    },
    at,
    seconds,
  );
const DENIED = { service: 'cloudwatch', action: 'GetMetricData', code: 'AccessDeniedException', status: 400 } as const;

canvasUseContract('CloudWatch', async () => {
  const world = await newWorld();
  return {
    canvasUse: cloudwatchCanvasUse(world.cloudwatch),
    put: (app, at, seconds) => put(world, app, at, seconds),
    fail: () => world.aws.faults.add({ ...DENIED, message: 'no', times: Number.POSITIVE_INFINITY }),
  };
});

canvasUseContract('in memory', async () => {
  const canvasUse = memoryCanvasUse();
  return {
    canvasUse,
    put: (app, at, seconds) => canvasUse.put(app, at, Math.round(seconds * 1000)),
    fail() {
      canvasUse.fault = 'cloudwatch:GetMetricData is not allowed to these credentials';
    },
  };
});

const canvas = (i: number): AppRef => ({
  account: '111122223333',
  region: 'us-east-1',
  domainId: 'd-lab',
  userProfileName: `p${i}`,
  appType: 'Canvas',
  appName: 'default',
});
const many = (count: number) => Array.from({ length: count }, (_, i) => canvas(i));

describe('calls', () => {
  let world: World;
  beforeAll(async () => {
    world = await newWorld();
    for (const [i, app] of many(501).entries())
      for (const minutes of [3, 2, 1]) put(world, app, world.clock.now - minutes * MINUTE, i);
  });
  afterEach(() => {
    world.aws.faults.clear();
    world.aws.calls.reset();
  });
  const read = (count: number, hours = 1) =>
    cloudwatchCanvasUse(world.cloudwatch).read(many(count), world.clock.now - hours * HOUR, world.clock.now);

  it.each([
    [0, 0],
    [1, 1],
    [500, 1],
    [501, 2],
  ])('about %i apps are %i', async (apps, calls) => {
    const { readings, unknown } = await read(apps);
    expect(world.aws.calls.counts()).toEqual(calls === 0 ? {} : { 'cloudwatch GetMetricData': calls });
    expect(unknown).toEqual([]);
    expect(readings.size).toBe(apps);
    for (const [i, app] of many(apps).entries())
      expect(readings.get(appKey(app))!.map(({ idle }) => idle)).toEqual([i * 1000, i * 1000, i * 1000]);
  });

  it('ask for whole minutes, and for nothing that CloudWatch must work out', async () => {
    await read(1);
    const { input } = world.aws.calls.list()[0]!;
    expect([input.StartTime % 60, input.EndTime % 60]).toEqual([0, 0]);
    expect(input).toMatchObject({
      MetricDataQueries: [
        {
          Id: 'a0',
          MetricStat: {
            Metric: { Namespace: '/aws/sagemaker/Canvas/AppActivity', MetricName: 'TimeSinceLastActive' },
            Period: 60,
            Stat: 'Minimum',
          },
        },
      ],
    });
  });

  it('follow the pages: 101 metrics of a day in which something was told each minute', async () => {
    const day = await newWorld();
    for (const app of many(101))
      for (let minutes = 1; minutes <= 1000; minutes++) put(day, app, day.clock.now - minutes * MINUTE, minutes);
    const since = day.clock.now - 24 * HOUR;
    const { readings } = await cloudwatchCanvasUse(day.cloudwatch).read(many(101), since, day.clock.now);
    expect(day.aws.calls.count('cloudwatch', 'GetMetricData')).toBe(2);
    for (const all of readings.values()) expect(new Set(all.map(({ at }) => at)).size).toBe(1000);
  });

  it('one of which fails leaves its own apps unknown, and no others', async () => {
    let calls = 0;
    world.aws.faults.add({
      ...DENIED,
      code: 'ThrottlingException',
      message: 'Rate exceeded',
      when: () => ++calls === 2,
    });
    const { readings, unknown } = await read(501);
    expect(unknown).toEqual([{ app: canvas(500), why: 'cloudwatch:GetMetricData: Rate exceeded' }]);
    expect(readings.size).toBe(500);
  });

  it('name the missing right', async () => {
    world.aws.faults.add({ ...DENIED, message: 'User is not authorized' });
    const { unknown } = await read(1);
    expect(unknown[0]!.why).toBe(
      'cloudwatch:GetMetricData is not allowed to these credentials: User is not authorized',
    );
  });
});

describe('answers that leave out what AWS may leave out', () => {
  /** A server that gives these pages, whatever it is asked. */
  const answering = async (...pages: object[]) => {
    let asked = 0;
    const server = createServer((_, response) => {
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify(pages[Math.min(asked++, pages.length - 1)]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new CloudWatchClient({
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      maxAttempts: 1,
    });
    const found = await cloudwatchCanvasUse(client).read(many(2), 0, MINUTE);
    server.closeAllConnections();
    server.close();
    return { ...found, alice: found.readings.get(appKey(canvas(0))), bob: found.readings.get(appKey(canvas(1))) };
  };
  const result = { Id: 'a0', Timestamps: [60], Values: [5], StatusCode: 'Complete' };
  const reading = { at: MINUTE, idle: 5000 };

  it('without any result tell nothing', async () => {
    expect(await answering({})).toMatchObject({ alice: [], bob: [], unknown: [] });
    expect(await answering({ MetricDataResults: [{}, { Id: 'other' }] })).toMatchObject({ alice: [], bob: [] });
  });

  it('with a time and no value leave that out', async () => {
    const { alice } = await answering({ MetricDataResults: [{ ...result, Timestamps: [60, 120] }] });
    expect(alice).toEqual([reading]);
  });

  it.each(['InternalError', 'Forbidden'])('with a metric that ends in %s: nobody knows, of that one', async (code) => {
    const Messages = [{ Code: code, Value: 'Try later' }];
    const failed = { ...result, StatusCode: code, Messages };
    const { alice, bob, unknown } = await answering({ MetricDataResults: [failed, { ...result, Id: 'a1' }] });
    expect(unknown).toEqual([{ app: canvas(0), why: `cloudwatch:GetMetricData: ${code}: Try later` }]);
    expect([alice, bob]).toEqual([undefined, [reading]]);
  });

  it('with a metric that a later page completes: that page’s word counts', async () => {
    const first = { MetricDataResults: [{ ...result, Values: [], StatusCode: 'InternalError' }], NextToken: 'more' };
    expect(await answering(first, { MetricDataResults: [result] })).toMatchObject({ alice: [reading], unknown: [] });
  });

  it('that break off between pages leave all unknown: the use that keeps an app may be on the next', async () => {
    const { readings, unknown } = await answering({ MetricDataResults: [result], NextToken: 'again' });
    expect(readings.size).toBe(0);
    expect(unknown.map(({ why }) => why)).toEqual(Array(2).fill(expect.stringContaining('same page token twice')));
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillLab, type LeastCalls, NOW, POLICY } from '../../bench/lab.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../../local/aws/index.ts';
import { cloudwatchCanvasUse } from '../../src/adapters/cloudwatch/canvas-use.ts';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { dynamodbVolumes } from '../../src/adapters/dynamodb/volumes.ts';
import { bundledPrices } from '../../src/adapters/prices/bundled.ts';
import { sagemakerFleet } from '../../src/adapters/sagemaker/fleet.ts';
import { hasFailed, scan } from '../../src/application/scan.ts';
import { parsePolicy } from '../../src/policy-file.ts';
import { clientsOf } from '../local/world.ts';

const APPS = 1_000;

describe(`calls of a scan over ${APPS} apps`, () => {
  const clock = { now: NOW };
  const place = { account: '111122223333', region: 'us-east-1' };
  let aws: EmbeddedAws;
  let least: LeastCalls;
  let pass: (now: number) => Promise<{ calls: Record<string, number>; report: Awaited<ReturnType<typeof scan>> }>;

  beforeAll(async () => {
    aws = await startEmbeddedAws({ now: () => clock.now });
    least = fillLab(aws.studio, APPS, clock);
    for (const { appType, domainId, userProfileName } of aws.studio.apps()) {
      if (appType !== 'Canvas') continue;
      const dimensions = { DomainId: domainId, UserProfileName: userProfileName! };
      const metric = { namespace: '/aws/sagemaker/Canvas/AppActivity', name: 'TimeSinceLastActive', dimensions };
      for (const minutes of [2, 1, 0]) aws.cloudwatch.put(metric, NOW - minutes * 60_000, 3600 - minutes * 60);
    }
    const { cloudwatch, dynamodb, sagemaker, tagging } = clientsOf(aws);
    await createTable(dynamodb, 'curfew');
    const parsed = parsePolicy(POLICY);
    if (!('policy' in parsed)) throw new Error('the policy of the bench has a fault');
    const ports = {
      fleet: sagemakerFleet(sagemaker, tagging),
      canvasUse: cloudwatchCanvasUse(cloudwatch),
      runs: dynamodbRuns(dynamodb, 'curfew'),
      volumes: dynamodbVolumes(dynamodb, 'curfew'),
      outbox: dynamodbOutbox(dynamodb, 'curfew'),
      contacts: dynamodbContacts(dynamodb, 'curfew'),
      prices: bundledPrices(),
    };
    pass = async (now) => {
      clock.now = now;
      aws.calls.reset();
      const report = await scan(ports, parsed.policy, { place, now, apply: true });
      return { calls: aws.calls.counts(), report };
    };
  });

  afterAll(() => aws.close());

  it('are the least possible, in full pages, with none per app, user or domain; and the second scan writes nothing', async () => {
    const first = await pass(NOW);
    expect(hasFailed(first.report)).toBe(false);
    expect(first.report.intents.length).toBeGreaterThan(APPS * 0.9);
    expect(ofAws(first.calls)).toEqual(least);
    const isIdle = ({ decision }: (typeof first.report.intents)[number]) =>
      /last use \d+ min ago \(canvas, by canvas-metric\)/.test(decision.reason);
    expect(first.report.intents.filter(isIdle).length).toBeGreaterThan(50);
    expect(least['sagemaker ListApps']).toBe(10);
    expect(least['sagemaker ListSpaces']).toBe(5);
    expect(least['cloudwatch GetMetricData']).toBe(1);

    const second = await pass(NOW + 60_000);
    expect(hasFailed(second.report)).toBe(false);
    expect(second.report.intents.length).toBe(first.report.intents.length);
    // Reading the record is all that it asks of DynamoDB: a page holds a megabyte, and so does this lab's record.
    expect(second.calls).toEqual({ ...least, 'dynamodb Query': 1 });
  });
});

/** Calls of everything but DynamoDB. */
function ofAws(calls: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(calls).filter(([key]) => !key.startsWith('dynamodb ')));
}

import type { CloudWatchClient, MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { CanvasReadings, CanvasUse } from '../../application/ports.ts';
import { type AppRef, appKey, holderName } from '../../domain/app.ts';
import { READING_SPAN, type Reading } from '../../domain/evidence.ts';
import { type Instant, SECOND } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { pages } from '../sagemaker/pages.ts';

const ACTION = 'cloudwatch:GetMetricData';

/** The IAM actions that each verb calls. */
export const CANVAS_USE_CALLS: Calls<CanvasUse> = {
  read: [ACTION],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const CANVAS_USE_ACTIONS = /* @__PURE__ */ actionsOf(CANVAS_USE_CALLS);

/** The most queries that one call may hold. */
const MOST_QUERIES = 500;

/**
 * What Canvas tells CloudWatch while it runs: `TimeSinceLastActive` of each user profile, in seconds. AWS documents no
 * unit; its own sample (aws-samples/sagemaker-canvas-auto-shutdown-on-idle) holds the value against a time-out in seconds.
 */
export function cloudwatchCanvasUse(client: CloudWatchClient): CanvasUse {
  return {
    async read(apps, since, until) {
      const found: CanvasReadings = { readings: new Map(), unknown: [] };
      // One after the other: CloudWatch grants so many datapoints a second, and a full call asks for thousands.
      for (let i = 0; i < apps.length; i += MOST_QUERIES)
        await readBatch(client, apps.slice(i, i + MOST_QUERIES), { since, until }, found);
      return found;
    },
  };
}

async function readBatch(
  client: CloudWatchClient,
  apps: AppRef[],
  { since, until }: { since: Instant; until: Instant },
  { readings, unknown }: CanvasReadings,
): Promise<void> {
  const asked = {
    MetricDataQueries: apps.map(queryOf),
    // CloudWatch answers whole minutes faster.
    StartTime: new Date(Math.floor(since / READING_SPAN) * READING_SPAN),
    EndTime: new Date(Math.ceil(until / READING_SPAN) * READING_SPAN),
  };
  const told = apps.map((app) => ({ app, readings: [] as Reading[], fault: undefined as string | undefined }));
  try {
    await pages(ACTION, async (NextToken) => {
      const page = await client.send(new GetMetricDataCommand({ ...asked, NextToken }));
      for (const result of page.MetricDataResults ?? []) {
        const one = told[Number(result.Id?.slice(1))];
        one?.readings.push(...readingsOf(result));
        // A metric that a page breaks off at goes on with the next: its last word counts.
        if (one) one.fault = faultOf(result);
      }
      return page.NextToken;
    });
  } catch (error) {
    // Half an answer may lack the very use that keeps an app.
    const why = error instanceof Error ? error.message : String(error);
    for (const app of apps) unknown.push({ app, why });
    return;
  }
  for (const { app, readings: all, fault } of told) {
    if (fault === undefined) readings.set(appKey(app), all);
    else unknown.push({ app, why: fault });
  }
}

function queryOf(app: AppRef, i: number): MetricDataQuery {
  const Dimensions = [
    { Name: 'DomainId', Value: app.domainId },
    { Name: 'UserProfileName', Value: holderName(app) },
  ];
  const Metric = { Namespace: '/aws/sagemaker/Canvas/AppActivity', MetricName: 'TimeSinceLastActive', Dimensions };
  // Of several values in a minute, the least is the one nearest to a use.
  return { Id: `a${i}`, MetricStat: { Metric, Period: READING_SPAN / SECOND, Stat: 'Minimum' } };
}

function readingsOf({ Timestamps = [], Values = [] }: MetricDataResult): Reading[] {
  return Timestamps.flatMap((timestamp, i) => {
    const seconds = Values[i];
    return seconds === undefined ? [] : [{ at: timestamp.getTime(), idle: Math.round(seconds * SECOND) }];
  });
}

/** `PartialData` is a metric whose older datapoints are on another page, or gone: what is there is true all the same. */
function faultOf({ StatusCode, Messages }: MetricDataResult): string | undefined {
  if (StatusCode === undefined || StatusCode === 'Complete' || StatusCode === 'PartialData') return undefined;
  return [`${ACTION}: ${StatusCode}`, ...(Messages ?? []).map(({ Value }) => Value)].join(': ');
}

import type { CloudWatchClient, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { Beats } from '../../application/doctor-ports.ts';
import { BEAT, type Beat } from '../../domain/checkup/deployment.ts';
import { SECOND } from '../../domain/time.ts';
import { pages } from '../sagemaker/pages.ts';

const ACTION = 'cloudwatch:GetMetricData';

/** The IAM actions that this adapter calls. */
export const BEATS_ACTIONS = [ACTION];

/** Lambda's own metrics of a function, which CloudWatch has a minute or two late. */
export function cloudwatchBeats(client: CloudWatchClient): Beats {
  return {
    async read(functionName, since, until) {
      const beats = new Map<number, Beat>();
      const asked = {
        MetricDataQueries: [
          queryOf('invocations', 'Invocations', functionName),
          queryOf('errors', 'Errors', functionName),
        ],
        StartTime: new Date(Math.floor(since / BEAT) * BEAT),
        EndTime: new Date(Math.ceil(until / BEAT) * BEAT),
      };
      await pages(ACTION, async (NextToken) => {
        const page = await client.send(new GetMetricDataCommand({ ...asked, NextToken }));
        for (const { Id, Timestamps = [], Values = [] } of page.MetricDataResults ?? [])
          Timestamps.forEach((timestamp, i) => {
            const at = timestamp.getTime();
            const beat = beats.get(at) ?? { at, invocations: 0, errors: 0 };
            beats.set(at, { ...beat, [Id as 'invocations' | 'errors']: Values[i] ?? 0 });
          });
        return page.NextToken;
      });
      return [...beats.values()].sort((a, b) => a.at - b.at);
    },
  };
}

function queryOf(Id: keyof Omit<Beat, 'at'>, MetricName: string, functionName: string): MetricDataQuery {
  const Dimensions = [{ Name: 'FunctionName', Value: functionName }];
  return {
    Id,
    MetricStat: { Metric: { Namespace: 'AWS/Lambda', MetricName, Dimensions }, Period: BEAT / SECOND, Stat: 'Sum' },
  };
}

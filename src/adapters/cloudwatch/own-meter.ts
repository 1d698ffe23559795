import { type CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { OwnMeter } from '../../application/ports.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { OWED_INDEX } from '../dynamodb/table.ts';
import { pages } from '../sagemaker/pages.ts';

const ACTION = 'cloudwatch:GetMetricData';

/** The IAM actions that each verb calls. */
export const OWN_METER_CALLS: Calls<OwnMeter> = {
  read: [ACTION],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const OWN_METER_ACTIONS = /* @__PURE__ */ actionsOf(OWN_METER_CALLS);

/** The stack's functions: serverless.yml, held by a test. */
export const FUNCTIONS = [
  ...['scan', 'studio-event', 'activity-event', 'links'],
  ...['mail-feedback', 'spend', 'weekly-report', 'deliver'],
];

/** CloudWatch keeps hours for 455 days. */
const SPAN = HOUR;

/**
 * What AWS itself counts of a deployment: calls and time of its functions (`AWS/Lambda`), request units of its table and index
 * (`AWS/DynamoDB`), and the mails that `deliver` told of.
 * @param deployment its name, as its functions' names begin with (`curfew-prod`), and its table
 */
export function cloudwatchOwnMeter(
  client: CloudWatchClient,
  { name, table }: { name: string; table: string },
): OwnMeter {
  const queries: MetricDataQuery[] = [
    ...FUNCTIONS.flatMap((one, i) => [
      query(`invocations${i}`, 'AWS/Lambda', 'Invocations', { FunctionName: `${name}-${one}` }),
      query(`ran${i}`, 'AWS/Lambda', 'Duration', { FunctionName: `${name}-${one}` }),
    ]),
    ...[{}, { GlobalSecondaryIndexName: OWED_INDEX }].flatMap((index, i) => [
      query(`reads${i}`, 'AWS/DynamoDB', 'ConsumedReadCapacityUnits', { TableName: table, ...index }),
      query(`writes${i}`, 'AWS/DynamoDB', 'ConsumedWriteCapacityUnits', { TableName: table, ...index }),
    ]),
    query('mails', 'Curfew', 'MailSent', { service: name }),
  ];
  return {
    async read({ from, to }) {
      const sums = new Map<string, number>();
      const asked = {
        MetricDataQueries: queries,
        StartTime: new Date(Math.floor(from / SPAN) * SPAN),
        EndTime: new Date(Math.ceil(to / SPAN) * SPAN),
      };
      await pages(ACTION, async (NextToken) => {
        const page = await client.send(new GetMetricDataCommand({ ...asked, NextToken }));
        for (const { Id = '', Values = [] } of page.MetricDataResults ?? [])
          sums.set(
            Id,
            Values.reduce((sum, value) => sum + value, sums.get(Id) ?? 0),
          );
        return page.NextToken;
      });
      const sum = (what: string) =>
        [...sums].reduce((all, [id, value]) => (id.replace(/\d+$/, '') === what ? all + value : all), 0);
      const invocations = sum('invocations');
      if (invocations === 0) return undefined;
      return {
        invocations,
        ran: sum('ran'),
        reads: sum('reads'),
        writes: sum('writes'),
        mails: sum('mails'),
        closings: sums.get(`invocations${FUNCTIONS.indexOf('spend')}`) ?? 0,
      };
    },
  };
}

function query(Id: string, Namespace: string, MetricName: string, dimensions: Record<string, string>): MetricDataQuery {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  return {
    Id,
    MetricStat: { Metric: { Namespace, MetricName, Dimensions }, Period: SPAN / SECOND, Stat: 'Sum' },
  };
}

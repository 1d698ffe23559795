import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Place } from '../../domain/app.ts';
import { asTheyWere } from '../../domain/history.ts';
import { type Run, START_TOLERANCE } from '../../domain/run.ts';
import type { Instant } from '../../domain/time.ts';
import { daysBetween, historyKey, historyPartition, KEPT, readRun, toItem } from './items.ts';
import { partition, query } from './query.ts';

/** Ended runs, as they were, of those that ended after `since`: every day from then to `now` is read. */
export async function readHistory(
  client: DynamoDBClient,
  table: string,
  { place, since, now }: { place: Place; since: Instant; now: Instant },
): Promise<Run[]> {
  // What is older than DynamoDB keeps it is not there to be read.
  const days = daysBetween(Math.max(since, now - KEPT), now);
  const told = await Promise.all(
    days.map(async (at) => {
      const runs: Run[] = [];
      const input = { TableName: table, ...partition(historyPartition(place, at)) };
      await query(client, input, (item) => runs.push(readRun(item)));
      return runs;
    }),
  );
  return asTheyWere(told.flat()).filter(({ endedAt }) => endedAt! > since);
}

/** Whether history holds a run of this name and start, on a day from its start to `until`. */
export async function isInHistory(
  client: DynamoDBClient,
  table: string,
  { app, startedAt }: Run,
  until: Instant,
): Promise<boolean> {
  const first = historyKey(app, startedAt - START_TOLERANCE);
  const last = historyKey(app, startedAt + START_TOLERANCE);
  let found = false;
  const look = async (at: Instant) => {
    const input = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: toItem({ ':pk': historyPartition(app, at), ':first': first, ':last': last }),
    };
    await query(client, input, () => {
      found = true;
    });
  };
  await Promise.all(daysBetween(startedAt, until).map(look));
  return found;
}

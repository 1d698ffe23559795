import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Place } from '../../domain/app.ts';
import { asTheyWere } from '../../domain/history.ts';
import { type Run, START_TOLERANCE } from '../../domain/run.ts';
import type { Instant } from '../../domain/time.ts';
import { historyKey, historyPartition, KEPT, monthsBetween, readRun, toItem } from './items.ts';
import { partition, query } from './query.ts';

/** Ended runs, as they were, of those that ended after `since`: every month from then to `now` is read. */
export async function readHistory(
  client: DynamoDBClient,
  table: string,
  { place, since, now }: { place: Place; since: Instant; now: Instant },
): Promise<Run[]> {
  const told: Run[] = [];
  // What is older than DynamoDB keeps it is not there to be read.
  for (const at of monthsBetween(Math.max(since, now - KEPT), now)) {
    await query(client, { TableName: table, ...partition(historyPartition(place, at)) }, (item) => {
      told.push(readRun(item));
    });
  }
  return asTheyWere(told).filter(({ endedAt }) => endedAt! > since);
}

/** Whether history holds a run of this name and start, in a month from its start to `until`. */
export async function isInHistory(
  client: DynamoDBClient,
  table: string,
  { app, startedAt }: Run,
  until: Instant,
): Promise<boolean> {
  const first = historyKey(app, startedAt - START_TOLERANCE);
  const last = historyKey(app, startedAt + START_TOLERANCE);
  let found = false;
  for (const at of monthsBetween(startedAt, until)) {
    const input = {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
      ExpressionAttributeValues: toItem({ ':pk': historyPartition(app, at), ':first': first, ':last': last }),
    };
    await query(client, input, () => {
      found = true;
    });
  }
  return found;
}

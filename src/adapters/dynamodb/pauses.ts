import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Pauses } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import type { Pause } from '../../domain/pause.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import { fleetPartition, fromItem, type Item, toItem } from './items.ts';

/** The IAM actions that each verb calls; the functions read, and only the CLI writes. */
export const PAUSES_CALLS: Calls<Pauses> = {
  lastPause: ['dynamodb:GetItem'],
  pause: ['dynamodb:PutItem'],
  resume: ['dynamodb:UpdateItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const PAUSES_ACTIONS = /* @__PURE__ */ actionsOf(PAUSES_CALLS);

/** Beside the runs, so that a scan reads it with them; `!` sorts before every run. */
export const PAUSE_KEY = '!pause';

/** The kill switch in DynamoDB: one item a region, which does not expire. */
export function dynamodbPauses(client: DynamoDBClient, table: string): Pauses {
  const keyOf = (place: Place) => ({ pk: fleetPartition(place), sk: PAUSE_KEY });
  return {
    async lastPause(place) {
      const command = new GetItemCommand({ TableName: table, Key: toItem(keyOf(place)), ConsistentRead: true });
      const { Item } = await call('dynamodb:GetItem', () => client.send(command));
      return Item && readPause(Item);
    },
    async pause({ account, region }, pause) {
      const Item = toItem({ ...keyOf({ account, region }), account, region, ...pause });
      await call('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item })));
    },
    async resume(place, pause, at) {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem(keyOf(place)),
        UpdateExpression: 'SET resumedAt = :at',
        ConditionExpression: '#from = :from AND attribute_not_exists(resumedAt)',
        ExpressionAttributeNames: { '#from': 'from' },
        ExpressionAttributeValues: toItem({ ':at': at, ':from': pause.from }),
      });
      return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
    },
  };
}

/** Reads a pause from the table. */
export function readPause(item: Item): Pause {
  const { from, until, by, why, resumedAt, earlier } = fromItem<Pause>(item);
  return {
    from,
    by,
    ...(until === undefined ? {} : { until }),
    ...(why === undefined ? {} : { why }),
    ...(resumedAt === undefined ? {} : { resumedAt }),
    ...(earlier === undefined ? {} : { earlier }),
  };
}

import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { ReportProgress, Reports } from '../../application/ports.ts';
import { type Place, placeKey } from '../../domain/app.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { fromItem, toItem } from './items.ts';

/** The IAM actions that each verb calls. */
export const REPORTS_CALLS: Calls<Reports> = {
  progress: ['dynamodb:GetItem'],
  remember: ['dynamodb:PutItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const REPORTS_ACTIONS = /* @__PURE__ */ actionsOf(REPORTS_CALLS);

/** What the weekly report remembers of itself, in DynamoDB: one item, read each time that the clock asks whether one is due. */
export function dynamodbReports(client: DynamoDBClient, table: string): Reports {
  const keyOf = (place: Place) => ({ pk: `report#${placeKey(place)}`, sk: 'progress' });
  return {
    async progress(place) {
      const command = new GetItemCommand({ TableName: table, Key: toItem(keyOf(place)), ConsistentRead: true });
      const { Item } = await call('dynamodb:GetItem', () => client.send(command));
      if (!Item) return undefined;
      const { week, isDone, after } = fromItem<ReportProgress>(Item);
      return { week, isDone, ...(after === undefined ? {} : { after }) };
    },
    async remember(place, progress) {
      const { account, region } = place;
      const Item = toItem({ ...keyOf(place), account, region, ...progress });
      await call('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}

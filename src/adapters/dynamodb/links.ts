import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Links } from '../../application/ports.ts';
import type { MailLink } from '../../domain/mail-link.ts';
import { SECOND } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import { expiry, fromItem, type Item, toItem } from './items.ts';

/** The IAM actions that each verb calls. */
export const LINKS_CALLS: Calls<Links> = {
  open: ['dynamodb:PutItem'],
  get: ['dynamodb:GetItem'],
  use: ['dynamodb:UpdateItem', 'dynamodb:GetItem'],
  allow: ['dynamodb:UpdateItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const LINKS_ACTIONS = /* @__PURE__ */ actionsOf(LINKS_CALLS);

/** The links of mail in DynamoDB: one item a mail, and one a rate that is counted. */
export function dynamodbLinks(client: DynamoDBClient, table: string): Links {
  const get = async (id: string): Promise<MailLink | undefined> => {
    const command = new GetItemCommand({ TableName: table, Key: toItem(keyOf(id)), ConsistentRead: true });
    const { Item } = await call('dynamodb:GetItem', () => client.send(command));
    return Item && readLink(Item);
  };
  return {
    async open(link) {
      const Item = toItem({ ...keyOf(link.id), ...link, ...expiry(link.madeAt) });
      await call('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item })));
    },
    get,
    async use(link, purpose, at) {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem(keyOf(link.id)),
        UpdateExpression: 'SET used.#purpose = :at',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(used.#purpose)',
        ExpressionAttributeNames: { '#purpose': purpose },
        ExpressionAttributeValues: toItem({ ':at': at }),
      });
      if (await conditional(() => call('dynamodb:UpdateItem', () => client.send(command)))) return at;
      return (await get(link.id))?.used[purpose] ?? at;
    },
    async allow(key, most, window, now) {
      const from = now - (now % window);
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem({ pk: `rate#${key}`, sk: new Date(from).toISOString() }),
        UpdateExpression: 'ADD askings :one SET expiresAt = :expiry',
        ConditionExpression: 'attribute_not_exists(askings) OR askings < :most',
        // Kept a while past its window: nothing is lost when DynamoDB is late, or early.
        ExpressionAttributeValues: toItem({
          ':one': 1,
          ':most': most,
          ':expiry': Math.ceil((from + 2 * window) / SECOND),
        }),
      });
      return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
    },
  };
}

function keyOf(id: string): { pk: string; sk: string } {
  return { pk: `link#${id}`, sk: 'link' };
}

function readLink(item: Item): MailLink {
  const {
    pk: _pk,
    sk: _sk,
    expiresAt: _expiry,
    ...link
  } = fromItem<MailLink & { pk: string; sk: string; expiresAt: number }>(item);
  return link;
}

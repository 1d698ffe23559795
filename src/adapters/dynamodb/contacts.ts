import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Contacts } from '../../application/ports.ts';
import { type Place, placeKey } from '../../domain/app.ts';
import { addressKey, type Contact } from '../../domain/contact.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import { fromItem, type Item, toItem } from './items.ts';

/** The IAM actions that each verb calls. */
export const CONTACTS_CALLS: Calls<Contacts> = {
  get: ['dynamodb:GetItem'],
  list: ['dynamodb:Query'],
  open: ['dynamodb:PutItem'],
  change: ['dynamodb:PutItem'],
  remove: ['dynamodb:DeleteItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const CONTACTS_ACTIONS = /* @__PURE__ */ actionsOf(CONTACTS_CALLS);

/** Contacts in DynamoDB: one item an address, whatever its case. They do not expire: a no is for good. */
export function dynamodbContacts(client: DynamoDBClient, table: string): Contacts {
  const put = (contact: Contact, condition: object) => {
    const Item = toItem({ ...keyOf(contact, contact.address), ...contact });
    const command = new PutItemCommand({ TableName: table, Item, ...condition });
    return conditional(() => call('dynamodb:PutItem', () => client.send(command)));
  };
  return {
    async get(place, address) {
      const command = new GetItemCommand({
        TableName: table,
        Key: toItem(keyOf(place, address)),
        ConsistentRead: true,
      });
      const { Item } = await call('dynamodb:GetItem', () => client.send(command));
      return Item && readContact(Item);
    },
    async list(place) {
      const contacts: Contact[] = [];
      let ExclusiveStartKey: Item | undefined;
      do {
        const command = new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: toItem({ ':pk': keyOf(place, '').pk }),
          ConsistentRead: true,
          ExclusiveStartKey,
        });
        const page = await call('dynamodb:Query', () => client.send(command));
        contacts.push(...(page.Items ?? []).map(readContact));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return contacts;
    },
    open: (contact) => put(contact, { ConditionExpression: 'attribute_not_exists(pk)' }),
    change: (contact, next) => put({ ...next, version: contact.version + 1 }, unchanged(contact)),
    async remove(contact) {
      const Key = toItem(keyOf(contact, contact.address));
      const command = new DeleteItemCommand({ TableName: table, Key, ...unchanged(contact) });
      return conditional(() => call('dynamodb:DeleteItem', () => client.send(command)));
    },
  };
}

function keyOf(place: Place, address: string): { pk: string; sk: string } {
  return { pk: `contacts#${placeKey(place)}`, sk: addressKey(address) };
}

function unchanged({ version }: Contact): object {
  return { ConditionExpression: 'version = :version', ExpressionAttributeValues: toItem({ ':version': version }) };
}

function readContact(item: Item): Contact {
  const { pk: _pk, sk: _sk, ...contact } = fromItem<Contact & { pk: string; sk: string }>(item);
  return contact;
}

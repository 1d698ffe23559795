import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CONTACTS_ACTIONS, dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { newContact } from '../../src/domain/contact.ts';
import { startWorld } from '../local/world.ts';
import { memoryContacts } from '../memory/ports.ts';
import { contactsContract } from './contacts-contract.ts';
import { callsOf, faultsAreTold } from './faults.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld({ record: true });
});
afterAll(() => world.aws.close());

const fresh = async () => dynamodbContacts(world.dynamodb, await freshTable(world.dynamodb));
const jo = newContact({ account: '111122223333', region: 'us-east-1' }, 'jo@example.org', 1);

contactsContract('DynamoDB', fresh);
contactsContract('in memory', async () => memoryContacts());

faultsAreTold(
  () => world,
  async () => {
    const contacts = await fresh();
    return [
      ['GetItem', () => contacts.get(jo, jo.address)],
      ['Query', () => contacts.list(jo)],
      ['PutItem', () => contacts.open(jo)],
      ['PutItem', () => contacts.change(jo, jo)],
      ['DeleteItem', () => contacts.remove(jo)],
    ];
  },
);

it('asks one call for each verb, done or refused, and no right that it does not name', async () => {
  const contacts = await fresh();
  const calls = (work: () => Promise<unknown>) => callsOf(world.aws, work);
  expect(await calls(() => contacts.open(jo))).toEqual({ PutItem: 1 });
  expect(await calls(() => contacts.open(jo))).toEqual({ PutItem: 1 });
  expect(await calls(() => contacts.change(jo, { ...jo, bounces: 1 }))).toEqual({ PutItem: 1 });
  expect(await calls(() => contacts.change(jo, { ...jo, bounces: 1 }))).toEqual({ PutItem: 1 });
  expect(await calls(() => contacts.get(jo, jo.address))).toEqual({ GetItem: 1 });
  expect(await calls(() => contacts.list(jo))).toEqual({ Query: 1 });
  expect(await calls(() => contacts.remove(jo))).toEqual({ DeleteItem: 1 });
  expect(CONTACTS_ACTIONS.toSorted()).toEqual(
    ['GetItem', 'Query', 'PutItem', 'DeleteItem'].map((action) => `dynamodb:${action}`).toSorted(),
  );
});

it('keeps a contact for good: nothing about it expires', async () => {
  const TableName = await freshTable(world.dynamodb);
  await dynamodbContacts(world.dynamodb, TableName).open({ ...jo, unsubscribed: 'everything' });
  const Key = { pk: { S: 'contacts#111122223333#us-east-1' }, sk: { S: 'jo@example.org' } };
  const { Item } = await world.dynamodb.send(new GetItemCommand({ TableName, Key }));
  expect(Item).toMatchObject({ unsubscribed: { S: 'everything' } });
  expect(Item).not.toHaveProperty('expiresAt');
});

it('a fault in the middle of a list is a fault, never half of the contacts', async () => {
  const contacts = await fresh();
  const owners = Array.from({ length: 20 }, () => 'x'.repeat(10_000));
  await Promise.all(
    Array.from({ length: 8 }, (_, i) => contacts.open({ ...jo, address: `p${i}@example.org`, owners })),
  );
  const when = (input: { ExclusiveStartKey?: unknown }) => input.ExclusiveStartKey !== undefined;
  world.aws.faults.add({ service: 'dynamodb', action: 'Query', when, status: 500, code: 'InternalServerError' });
  await expect(contacts.list(jo)).rejects.toMatchObject({ kind: 'fault' });
});

it('a yes whose answer was lost is kept, and is not told as done', async () => {
  const contacts = await fresh();
  await contacts.open(jo);
  world.aws.faults.add({
    service: 'dynamodb',
    action: 'PutItem',
    status: 0,
    code: '',
    drop: true,
    effectHappens: true,
  });
  await expect(contacts.change(jo, { ...jo, consent: 'confirmed' })).rejects.toMatchObject({ kind: 'fault' });
  expect(await contacts.get(jo, jo.address)).toMatchObject({ consent: 'confirmed', version: 2 });
});

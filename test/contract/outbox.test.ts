import { BatchWriteItemCommand, GetItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { monthsBetween } from '../../src/adapters/dynamodb/items.ts';
import { dynamodbOutbox, OUTBOX_ACTIONS } from '../../src/adapters/dynamodb/outbox.ts';
import { DAY, SECOND } from '../../src/domain/time.ts';
import { clientsOf, startWorld } from '../local/world.ts';
import { memoryOutbox } from '../memory/ports.ts';
import { callsOf, faultsAreTold } from './faults.ts';
import { outboxContract } from './outbox-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

const freshOutbox = async () => dynamodbOutbox(world.dynamodb, await freshTable(world.dynamodb));

outboxContract('DynamoDB', freshOutbox);
outboxContract('in memory', async () => memoryOutbox());

const notice = {
  id: 'a',
  to: 'jo@example.org',
  account: '111122223333',
  region: 'us-east-1',
  owedAt: 1,
  facts: { kind: 'failure' as const, title: 'No', details: [], todo: [], at: 1 },
};

faultsAreTold(
  () => world,
  async () => {
    const outbox = await freshOutbox();
    return [
      ['PutItem', () => outbox.owe(notice)],
      ['Query', () => outbox.owed(notice, 1, 1)],
      ['Query', () => outbox.history(notice, 0, 1)],
      ['GetItem', () => outbox.get(notice, 'a')],
      ['GetItem', () => outbox.standings(notice, ['a'])],
      ['UpdateItem', () => outbox.claim(notice, 1, 2)],
      ['UpdateItem', () => outbox.settle(notice, { kind: 'sent', messageId: 'm' }, 1)],
      ['UpdateItem', () => outbox.postpone(notice, 2, 'X')],
      ['UpdateItem', () => outbox.trace(notice, 'a', 'bounced', 1)],
    ];
  },
);

const sent = { kind: 'sent' as const, messageId: 'm' };
const T0 = Date.UTC(2026, 10, 23, 9);

it('asks one call for each verb, and for a history one of what is owed and one a month', async () => {
  const outbox = await freshOutbox();
  const calls = (work: () => Promise<unknown>) => callsOf(world.aws, work);
  expect(await calls(() => outbox.owe(notice))).toEqual({ PutItem: 1 });
  expect(await calls(() => outbox.owe(notice))).toEqual({ PutItem: 1, GetItem: 1 });
  expect(await calls(() => outbox.owed(notice, 1, 100))).toEqual({ Query: 1 });
  expect(await calls(() => outbox.claim(notice, 1, 2))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => outbox.postpone(notice, 2, 'X'))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => outbox.settle(notice, sent, 2))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => outbox.trace(notice, 'a', 'bounced', 3))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => outbox.get(notice, 'a'))).toEqual({ GetItem: 1 });
  expect(await calls(() => outbox.standings(notice, ['a', 'b']))).toEqual({ GetItem: 2 });
  expect(await calls(() => outbox.history(notice, T0 - DAY, T0))).toEqual({ Query: 2 });
  expect(await calls(() => outbox.history(notice, T0 - 400 * DAY, T0))).toEqual({ Query: 15 });
  expect(OUTBOX_ACTIONS.toSorted()).toEqual(
    ['GetItem', 'PutItem', 'Query', 'UpdateItem'].map((action) => `dynamodb:${action}`),
  );
});

it('thousands of settled notices cost a round of `deliver` nothing: what is owed is one page', async () => {
  const TableName = await freshTable(world.dynamodb);
  const outbox = dynamodbOutbox(world.dynamodb, TableName);
  await outbox.owe({ ...notice, owedAt: T0 });
  await outbox.settle({ ...notice, owedAt: T0 }, sent, T0);
  const [settled] = (await world.dynamodb.send(new ScanCommand({ TableName }))).Items!;
  const others = Array.from({ length: 2_000 }, (_, i) => {
    const Item = { ...settled!, sk: { S: `n${i}` }, id: { S: `n${i}` }, owedSk: { S: `${settled!.owedSk!.S}${i}` } };
    return { PutRequest: { Item } };
  });
  for (let i = 0; i < others.length; i += 25) {
    const RequestItems = { [TableName]: others.slice(i, i + 25) };
    await world.dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
  expect(await callsOf(world.aws, () => outbox.owed(notice, T0, 10))).toEqual({ Query: 1 });
  expect(await callsOf(world.aws, () => outbox.oldest(notice))).toEqual({ Query: 1 });
  const owed = { ...notice, id: 'owed', owedAt: T0 };
  await outbox.owe(owed);
  expect(await callsOf(world.aws, () => outbox.owed(notice, T0, 1))).toEqual({ Query: 1 });
  expect(await outbox.owed(notice, T0, 10)).toEqual([{ notice: owed, attempts: 0 }]);
  expect(await outbox.history(notice, T0 - DAY, T0)).toHaveLength(2_002);
});

it('an outbox of an event notes it on all that is owed, and one of none notes nothing', async () => {
  const TableName = await freshTable(world.dynamodb);
  await dynamodbOutbox(world.dynamodb, TableName, 'event-1').owe(notice);
  await dynamodbOutbox(world.dynamodb, TableName).owe({ ...notice, id: 'b' });
  const owed = await dynamodbOutbox(world.dynamodb, TableName).owed(notice, T0, 10);
  expect(owed.map(({ notice: { id, cause } }) => [id, cause])).toEqual([
    ['a', 'event-1'],
    ['b', undefined],
  ]);
});

it('a notice expires 400 days after it was first owed, whatever becomes of it, and its index entry with it', async () => {
  const TableName = await freshTable(world.dynamodb);
  const outbox = dynamodbOutbox(world.dynamodb, TableName);
  const owed = { ...notice, owedAt: T0 };
  const expiry = async () => {
    const Key = { pk: { S: 'notice#111122223333#us-east-1' }, sk: { S: 'a' } };
    const { Item } = await world.dynamodb.send(new GetItemCommand({ TableName, Key }));
    const { Items } = await world.dynamodb.send(new ScanCommand({ TableName, IndexName: 'owed' }));
    expect(Items).toEqual([Item]);
    return Item?.expiresAt;
  };
  const expected = { N: String((T0 + 400 * DAY) / SECOND) };
  await outbox.owe(owed);
  expect(await expiry()).toEqual(expected);
  await outbox.claim(owed, T0 + DAY, T0 + 2 * DAY);
  await outbox.settle(owed, sent, T0 + DAY);
  await outbox.trace(owed, 'a', 'opened', T0 + 2 * DAY);
  expect(await expiry()).toEqual(expected);
});

it('a notice that is settled while history is read is told once, as settled', async () => {
  const TableName = await freshTable(world.dynamodb);
  const outbox = dynamodbOutbox(world.dynamodb, TableName);
  const owed = { ...notice, owedAt: T0 };
  await outbox.owe(owed);
  const { dynamodb } = clientsOf(world.aws);
  let queries = 0;
  dynamodb.middlewareStack.add((next) => async (args) => {
    const answer = await next(args);
    if (++queries === 1) await outbox.settle(owed, sent, T0);
    return answer;
  });
  const past = await dynamodbOutbox(dynamodb, TableName).history(notice, T0 - 60 * DAY, T0);
  expect(past).toEqual([{ notice: owed, attempts: 0, traces: {}, fate: { ...sent, at: T0 } }]);
});

it('a fault in any part of a history is a fault, never half of it', async () => {
  const outbox = await freshOutbox();
  await outbox.owe({ ...notice, owedAt: T0 });
  const when = (input: { ExpressionAttributeValues?: Record<string, { S?: string }> }) =>
    input.ExpressionAttributeValues?.[':pk']?.S?.endsWith('2026-10') === true;
  world.aws.faults.add({ service: 'dynamodb', action: 'Query', when, status: 500, code: 'InternalServerError' });
  await expect(outbox.history(notice, T0 - 60 * DAY, T0)).rejects.toMatchObject({ kind: 'fault' });
});

it('every month between two moments is read, and none twice', () => {
  const month = (at: number) => new Date(at).toISOString().slice(0, 7);
  const moment = fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2029, 0, 1) });
  fc.assert(
    fc.property(moment, fc.integer({ min: 0, max: 800 * DAY }), (since, length) => {
      const days = Array.from({ length: Math.floor(length / DAY) + 1 }, (_, i) => month(since + i * DAY));
      const expected = [...new Set([...days, month(since + length)])];
      expect(monthsBetween(since, since + length).map(month)).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
});

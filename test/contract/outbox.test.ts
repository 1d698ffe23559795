import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbOutbox } from '../../src/adapters/dynamodb/outbox.ts';
import { startWorld } from '../local/world.ts';
import { outboxContract } from './outbox-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

const freshOutbox = async () => dynamodbOutbox(world.dynamodb, await freshTable(world.dynamodb));

outboxContract('DynamoDB', freshOutbox);

const notice = {
  id: 'a',
  to: 'jo@example.org',
  account: '111122223333',
  region: 'us-east-1',
  owedAt: 1,
  facts: { kind: 'failure' as const, title: 'No', details: [], todo: [], at: 1 },
};

it.each([
  ['AccessDeniedException', 400, 'denied'],
  ['ProvisionedThroughputExceededException', 400, 'throttled'],
  ['InternalServerError', 500, 'fault'],
])('%s is told in the port’s words, with the IAM action and AWS’s code', async (code, status, kind) => {
  const outbox = await freshOutbox();
  for (const action of ['Query', 'PutItem', 'UpdateItem'])
    world.aws.faults.add({ service: 'dynamodb', action, status, code, message: 'no', times: Number.POSITIVE_INFINITY });
  const calls: [string, () => Promise<unknown>][] = [
    ['PutItem', () => outbox.owe(notice)],
    ['Query', () => outbox.owed(notice, 1, 1)],
    ['UpdateItem', () => outbox.claim(notice, 1, 2)],
    ['UpdateItem', () => outbox.settle(notice, { kind: 'sent', messageId: 'm' }, 1)],
    ['UpdateItem', () => outbox.postpone(notice, 2, 'X')],
  ];
  for (const [action, call] of calls)
    await expect(call()).rejects.toMatchObject({
      kind,
      code,
      message: expect.stringContaining(`dynamodb:${action}`),
    });
  world.aws.faults.clear();
});

import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { startWorld } from '../local/world.ts';
import { memoryKeptPrices, memoryLedger, memoryRuns, memoryVolumes } from '../memory/ports.ts';
import { faultsAreTold } from './faults.ts';
import { ledgerContract } from './ledger-contract.ts';
import { freshTable } from './table.ts';

const place = { account: '111122223333', region: 'us-east-1' };
let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

const stores = async () => {
  const table = await freshTable(world.dynamodb);
  return { table, ledger: dynamodbLedger(world.dynamodb, table), runs: dynamodbRuns(world.dynamodb, table) };
};
ledgerContract('DynamoDB', stores);
ledgerContract('in memory', async () => {
  const ledger = memoryLedger();
  return { ledger, runs: memoryRuns(memoryVolumes(), memoryKeptPrices(), ledger) };
});

const period = { from: 0, to: Number.POSITIVE_INFINITY };
const owners = Array.from({ length: 4_000 }, (_, i) => ({
  ...{ domainId: 'd-lab', owner: `profile-${i}`, billed: 1, accrued: 2, recent: 3, unpriced: {} },
}));
const books = {
  ...{ since: 0, closedUntil: 1, unsettled: [], findings: [], drift: { billed: 0, accrued: 0, days: 0 } },
  sums: [{ period, closedUntil: 1, trendDays: 7, owners }],
};
const keysLike = async (table: string, prefix: string) => {
  const { Items = [] } = await world.dynamodb.send(new ScanCommand({ TableName: table }));
  return Items.map(({ pk, sk }) => ({ pk: pk!, sk: sk! })).filter(({ sk }) => sk.S!.startsWith(prefix));
};

it('what was replaced leaves nothing behind', async () => {
  const { table, ledger } = await stores();
  await ledger.keep(place, books);
  const before = await keysLike(table, '!sums#');
  await ledger.keep(place, books);
  const after = await keysLike(table, '!sums#');
  expect(after).toHaveLength(before.length);
  expect(before.length).toBeGreaterThan(3);
});

it('a reader amid a replacement gets no part of a sum, and no part of a day', async () => {
  const { table, ledger, runs } = await stores();
  await ledger.keep(place, books);
  const lines = owners.map(({ owner }) => ({
    ...{ from: 0, to: 86_400_000, domainId: 'd-lab', owner, what: 'x', usage: 'x', duration: 0, accrued: 1 },
  }));
  await ledger.close(place, { date: '1970-01-01', lines });
  for (const prefix of ['!sums#', '1970-01-01#']) {
    const [Key] = await keysLike(table, prefix);
    await world.dynamodb.send(new DeleteItemCommand({ TableName: table, Key: Key! }));
  }
  expect((await runs.load(place)).books).toEqual({ ...books, sums: [] });
  expect(await ledger.days(place, 0, 86_400_000)).toEqual([]);
});

faultsAreTold(
  () => world,
  async () => {
    const { ledger } = await stores();
    await ledger.close(place, { date: '2026-11-01', lines: [] });
    const subject = { kind: 'account' as const, name: '' };
    const exception = { kind: 'lift' as const, subject, at: 1, until: 2, by: 'x', why: '' };
    return [
      ['Query', () => ledger.days(place, 0, 1)],
      ['PutItem', () => ledger.close(place, { date: '2026-11-02', lines: [] })],
      ['DeleteItem', () => ledger.close(place, { date: '2026-11-01', lines: [] })],
      ['PutItem', () => ledger.keep(place, books)],
      ['UpdateItem', () => ledger.mark(place, { budget: 'b', subject, period, told: ['x'], over: [] })],
      ['PutItem', () => ledger.except(place, exception)],
    ];
  },
);

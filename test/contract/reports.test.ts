import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamodbReports } from '../../src/adapters/dynamodb/reports.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import type { Reports } from '../../src/application/ports.ts';
import { startWorld } from '../local/world.ts';
import { memoryReports } from '../memory/ports.ts';
import { faultsAreTold } from './faults.ts';
import { freshTable } from './table.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const other = { account: '111122223333', region: 'eu-west-1' };

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

function keepsItsWord(name: string, open: () => Promise<Reports>) {
  describe(`Reports, ${name}`, () => {
    let reports: Reports;
    beforeEach(async () => {
      reports = await open();
    });

    it('knows nothing at first', async () => {
      expect(await reports.progress(place)).toBeUndefined();
    });

    it('gives what was remembered last, of each place its own', async () => {
      await reports.remember(place, { week: '2026-W46', isDone: false, after: 'zoë@example.org' });
      expect(await reports.progress(place)).toEqual({ week: '2026-W46', isDone: false, after: 'zoë@example.org' });
      await reports.remember(place, { week: '2026-W46', isDone: true });
      await reports.remember(other, { week: '2026-W40', isDone: true });
      expect(await reports.progress(place)).toEqual({ week: '2026-W46', isDone: true });
    });
  });
}

keepsItsWord('in memory', async () => memoryReports());
keepsItsWord('DynamoDB', async () => {
  return dynamodbReports(world.dynamodb, await freshTable(world.dynamodb));
});

it('what is remembered is no run to whoever loads them', async () => {
  const table = await freshTable(world.dynamodb);
  await dynamodbReports(world.dynamodb, table).remember(place, { week: '2026-W46', isDone: true });
  expect((await dynamodbRuns(world.dynamodb, table).load(place)).runs).toEqual([]);
  expect(await dynamodbRuns(world.dynamodb, table).place()).toEqual(place);
});

faultsAreTold(
  () => world,
  async () => {
    const reports = dynamodbReports(world.dynamodb, await freshTable(world.dynamodb));
    return [
      ['GetItem', () => reports.progress(place)],
      ['PutItem', () => reports.remember(place, { week: '2026-W46', isDone: true })],
    ];
  },
);

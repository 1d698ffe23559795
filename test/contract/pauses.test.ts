import { afterAll, beforeAll } from 'vitest';
import { dynamodbPauses } from '../../src/adapters/dynamodb/pauses.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { startWorld } from '../local/world.ts';
import { memoryRuns } from '../memory/ports.ts';
import { faultsAreTold } from './faults.ts';
import { pausesContract } from './pauses-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

pausesContract('DynamoDB', async () => {
  const table = await freshTable(world.dynamodb);
  return { pauses: dynamodbPauses(world.dynamodb, table), runs: dynamodbRuns(world.dynamodb, table) };
});
pausesContract('in memory', async () => {
  const runs = memoryRuns();
  return { pauses: runs, runs };
});

faultsAreTold(
  () => world,
  async () => {
    const pauses = dynamodbPauses(world.dynamodb, await freshTable(world.dynamodb));
    const place = { account: '111122223333', region: 'us-east-1' };
    return [
      ['GetItem', () => pauses.lastPause(place)],
      ['PutItem', () => pauses.pause(place, { from: 1, by: 'jo' })],
      ['UpdateItem', () => pauses.resume(place, { from: 1, by: 'jo' }, 2)],
    ];
  },
);

import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { dynamodbVolumes } from '../../src/adapters/dynamodb/volumes.ts';
import { startWorld } from '../local/world.ts';
import { memoryRuns, memoryVolumes } from '../memory/ports.ts';
import { freshTable } from './table.ts';
import { volumesContract } from './volumes-contract.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

volumesContract('DynamoDB', async () => {
  const table = await freshTable(world.dynamodb);
  return { volumes: dynamodbVolumes(world.dynamodb, table), runs: dynamodbRuns(world.dynamodb, table) };
});
volumesContract('in memory', async () => {
  const volumes = memoryVolumes();
  return { volumes, runs: memoryRuns(volumes) };
});

it('a write that fails is told in the port’s words', async () => {
  const volumes = dynamodbVolumes(world.dynamodb, await freshTable(world.dynamodb));
  world.aws.faults.add({ service: 'dynamodb', action: 'PutItem', status: 400, code: 'AccessDeniedException' });
  const opened = { account: '111122223333', region: 'us-east-1', domainId: 'd-lab', spaceName: 'lab', since: 1 };
  await expect(volumes.record({ opened })).rejects.toMatchObject({ kind: 'denied', code: 'AccessDeniedException' });
});

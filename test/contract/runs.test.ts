import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { newRun } from '../../src/domain/run.ts';
import { startWorld } from '../local/world.ts';
import { memoryRuns } from '../memory/ports.ts';
import { runsContract } from './runs-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.aws.close());

runsContract('DynamoDB', async () => dynamodbRuns(world.dynamodb, await freshTable(world.dynamodb)));
runsContract('in memory', async () => memoryRuns());

const app = {
  account: '111122223333',
  region: 'us-east-1',
  domainId: 'd-lab',
  userProfileName: 'alice',
  appType: 'JupyterLab',
  appName: 'default',
};

it('reads a table of more than 1 MB in as many queries as that takes, and no more', async () => {
  const runs = dynamodbRuns(world.dynamodb, await freshTable(world.dynamodb));
  const evidence = { agent: { source: 'agent', kind: 'x'.repeat(100_000), busy: false, lastUseAt: 1, observedAt: 1 } };
  await Promise.all(
    Array.from({ length: 25 }, (_, i) => runs.open({ ...newRun({ ...app, appName: `a${i}` }, 1), evidence })),
  );
  world.aws.calls.reset();
  expect((await runs.load({ account: app.account, region: app.region })).runs).toHaveLength(25);
  expect(world.aws.calls.count('dynamodb', 'Query')).toBe(3);
});

it('a fault in the middle of a load is a fault, never half of the runs', async () => {
  const runs = dynamodbRuns(world.dynamodb, await freshTable(world.dynamodb));
  const evidence = { agent: { source: 'agent', kind: 'x'.repeat(100_000), busy: false, lastUseAt: 1, observedAt: 1 } };
  await Promise.all(
    Array.from({ length: 12 }, (_, i) => runs.open({ ...newRun({ ...app, appName: `a${i}` }, 1), evidence })),
  );
  const when = (input: { ExclusiveStartKey?: unknown }) => input.ExclusiveStartKey !== undefined;
  world.aws.faults.add({ service: 'dynamodb', action: 'Query', when, status: 500, code: 'InternalServerError' });
  await expect(runs.load({ account: app.account, region: app.region })).rejects.toMatchObject({ kind: 'fault' });
});

it.each([
  ['AccessDeniedException', 400, 'denied'],
  ['ProvisionedThroughputExceededException', 400, 'throttled'],
  ['ThrottlingException', 400, 'throttled'],
  ['InternalServerError', 500, 'fault'],
  ['ResourceNotFoundException', 400, 'fault'],
])('%s is told in the port’s words, with the IAM action and AWS’s code', async (code, status, kind) => {
  const runs = dynamodbRuns(world.dynamodb, await freshTable(world.dynamodb));
  const run = newRun(app, 1);
  const calls: [string, () => Promise<unknown>][] = [
    ['Query', () => runs.load(app)],
    ['GetItem', () => runs.get(app)],
    ['PutItem', () => runs.open(run)],
    ['UpdateItem', () => runs.change(run, { kind: 'extend', at: 1 })],
    ['DeleteItem', () => runs.retire({ ...run, endedAt: 1 })],
    ['Scan', () => runs.place()],
  ];
  for (const [action, call] of calls) {
    world.aws.faults.add({ service: 'dynamodb', action, status, code, message: 'no', times: Number.POSITIVE_INFINITY });
    await expect(call()).rejects.toMatchObject({
      kind,
      code,
      message: expect.stringContaining(`dynamodb:${action}`),
      cause: expect.anything(),
    });
    world.aws.faults.clear();
  }
});

it('a write whose answer was lost is not told as done', async () => {
  const runs = dynamodbRuns(world.dynamodb, await freshTable(world.dynamodb));
  const run = newRun(app, 1);
  world.aws.faults.add({
    service: 'dynamodb',
    action: 'PutItem',
    status: 0,
    code: '',
    drop: true,
    effectHappens: true,
  });
  await expect(runs.open(run)).rejects.toMatchObject({ kind: 'fault' });
  expect(await runs.get(app)).toEqual(run);
  expect(await runs.open(run)).toBe(false);
});

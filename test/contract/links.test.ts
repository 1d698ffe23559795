import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamodbLinks, LINKS_ACTIONS } from '../../src/adapters/dynamodb/links.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import type { MailLink } from '../../src/domain/mail-link.ts';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR, SECOND } from '../../src/domain/time.ts';
import { startWorld } from '../local/world.ts';
import { memoryLinks } from '../memory/ports.ts';
import { callsOf, faultsAreTold } from './faults.ts';
import { linksContract } from './links-contract.ts';
import { freshTable } from './table.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld({ record: true });
});
afterAll(() => world.aws.close());

const fresh = async () => dynamodbLinks(world.dynamodb, await freshTable(world.dynamodb));
const T0 = Date.UTC(2026, 10, 23, 9);
const link: MailLink = {
  account: '111122223333',
  region: 'us-east-1',
  id: 'x'.repeat(22),
  notice: `warning-${'x'.repeat(32)}`,
  to: 'jo@example.org',
  madeAt: T0,
  hashes: { keep: 'k'.repeat(43), stop: 's'.repeat(43), unsubscribe: 'u'.repeat(43) },
  used: {},
};

linksContract('DynamoDB', fresh);
linksContract('in memory', async () => memoryLinks());

faultsAreTold(
  () => world,
  async () => {
    const links = await fresh();
    return [
      ['GetItem', () => links.get(link.id)],
      ['PutItem', () => links.open(link)],
      ['UpdateItem', () => links.use(link, 'keep', T0)],
      ['UpdateItem', () => links.allow('a', 3, HOUR, T0)],
    ];
  },
);

it('asks one call for each verb; a second use reads when the first was', async () => {
  const links = await fresh();
  const calls = (work: () => Promise<unknown>) => callsOf(world.aws, work);
  expect(await calls(() => links.open(link))).toEqual({ PutItem: 1 });
  expect(await calls(() => links.get(link.id))).toEqual({ GetItem: 1 });
  expect(await calls(() => links.use(link, 'keep', T0))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => links.use(link, 'keep', T0))).toEqual({ UpdateItem: 1, GetItem: 1 });
  expect(await calls(() => links.allow('a', 1, HOUR, T0))).toEqual({ UpdateItem: 1 });
  expect(await calls(() => links.allow('a', 1, HOUR, T0))).toEqual({ UpdateItem: 1 });
  expect(LINKS_ACTIONS.toSorted()).toEqual(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem']);
});

it('links expire with the notices of 400 days, counts soon after their window', async () => {
  const TableName = await freshTable(world.dynamodb);
  const links = dynamodbLinks(world.dynamodb, TableName);
  await links.open(link);
  await links.allow('confirm jo@example.org', 3, HOUR, T0 + 59 * 60 * SECOND);
  const { Items = [] } = await world.dynamodb.send(new ScanCommand({ TableName }));
  const expiries = Object.fromEntries(
    Items.map((item) => unmarshall(item)).map(({ pk, expiresAt }) => [pk, expiresAt]),
  );
  expect(expiries).toEqual({
    [`link#${link.id}`]: (T0 + 400 * DAY) / SECOND,
    'rate#confirm jo@example.org': (T0 + 2 * HOUR) / SECOND,
  });
});

it('whose table it is can be told, however many counts lie in it', async () => {
  const table = await freshTable(world.dynamodb);
  const links = dynamodbLinks(world.dynamodb, table);
  const runs = dynamodbRuns(world.dynamodb, table);
  await Promise.all(Array.from({ length: 60 }, (_, i) => links.allow(`from 192.0.2.${i}`, 3, HOUR, T0)));
  expect(await runs.place()).toBeUndefined();
  const { account, region } = link;
  const app = { account, region, domainId: 'd-lab', spaceName: 'x', appType: 'JupyterLab', appName: 'default' };
  await runs.open(newRun(app, T0));
  expect(await runs.place()).toEqual({ account, region });
});

import {
  GetResourcesCommand,
  type GetResourcesCommandInput,
  paginateGetResources,
} from '@aws-sdk/client-resource-groups-tagging-api';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld({ partition: 'aws-cn', region: 'cn-north-1' });
  settle(world.aws);
});
afterEach(() => world.aws.close());

const get = (input: GetResourcesCommandInput = {}) => world.tagging.send(new GetResourcesCommand(input));
const arns = async (input?: GetResourcesCommandInput) =>
  (await get(input)).ResourceTagMappingList?.map((row) => row.ResourceARN?.split(':')[5]);
const app = (appName: string, tags: Record<string, string>) =>
  world.aws.studio.createApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'KernelGateway', appName, tags });

it('lists only what is tagged, with the ARNs of its partition', async () => {
  world.aws.studio.createSpace({ domainId: 'd-lab', name: 'untagged' });
  app('a', { team: 'red' });
  const { ResourceTagMappingList: rows, PaginationToken: token } = await get();
  expect(rows).toEqual([
    {
      ResourceARN: 'arn:aws-cn:sagemaker:cn-north-1:111122223333:app/d-lab/alice/kernelgateway/a',
      Tags: [{ Key: 'team', Value: 'red' }],
    },
  ]);
  expect(token).toBe('');
});

it('filters by type and tags: all keys, any of a key’s values', async () => {
  app('a', { team: 'red', stage: 'x' });
  app('b', { team: 'blue' });
  world.aws.studio.createSpace({ domainId: 'd-lab', name: 's', tags: { team: 'red' } });
  expect(await arns({ ResourceTypeFilters: ['sagemaker:space'] })).toEqual(['space/d-lab/s']);
  expect(await arns({ ResourceTypeFilters: ['sagemaker'] })).toHaveLength(3);
  expect(await arns({ ResourceTypeFilters: ['ec2:instance'] })).toEqual([]);
  expect(await arns({ TagFilters: [{ Key: 'team', Values: ['red', 'green'] }] })).toEqual([
    'app/d-lab/alice/kernelgateway/a',
    'space/d-lab/s',
  ]);
  expect(await arns({ TagFilters: [{ Key: 'team', Values: ['red', 'blue'] }, { Key: 'stage' }] })).toEqual([
    'app/d-lab/alice/kernelgateway/a',
  ]);
});

it('drops Deleted apps, and gives empty tags for what once had some', async () => {
  app('a', { team: 'red' });
  const b = app('b', { team: 'red' });
  world.aws.studio.setTags(b.arn, {});
  world.aws.studio.deleteApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'KernelGateway', appName: 'a' });
  world.clock.now += 60_000;
  expect((await get()).ResourceTagMappingList).toEqual([{ ResourceARN: b.arn, Tags: [] }]);
  expect(await arns({ TagFilters: [{ Key: 'team' }] })).toEqual([]);
});

it('pages by 50 unless asked otherwise, 100 at most', async () => {
  for (let n = 0; n < 120; n += 1) app(`k${n}`, { n: String(n) });
  expect(await arns()).toHaveLength(50);
  const sizes: (number | undefined)[] = [];
  for await (const page of paginateGetResources({ client: world.tagging }, { ResourcesPerPage: 100 }))
    sizes.push(page.ResourceTagMappingList?.length);
  expect(sizes).toEqual([100, 20]);
  expect(await refusalOf(get({ ResourcesPerPage: 101 }))).toMatchObject({
    name: 'InvalidParameterException',
    status: 400,
  });
});

it('takes a token only for its own query, and for 15 minutes', async () => {
  for (let n = 0; n < 3; n += 1) app(`k${n}`, { n: String(n) });
  const { PaginationToken: token } = await get({ ResourcesPerPage: 1 });
  expect(await arns({ ResourcesPerPage: 1, PaginationToken: token })).toEqual(['app/d-lab/alice/kernelgateway/k1']);
  expect(await refusalOf(get({ ResourcesPerPage: 2, PaginationToken: token }))).toMatchObject({
    name: 'InvalidParameterException',
  });
  expect(await refusalOf(get({ ResourcesPerPage: 1, PaginationToken: 'x' }))).toMatchObject({
    name: 'InvalidParameterException',
  });
  world.clock.now += 15 * 60_000 + 1;
  expect(await refusalOf(get({ ResourcesPerPage: 1, PaginationToken: token }))).toMatchObject({
    name: 'PaginationTokenExpiredException',
  });
});

import {
  AddTagsCommand,
  DeleteAppCommand,
  DescribeUserProfileCommand,
  ListAppsCommand,
  type ListAppsCommandInput,
  ListDomainsCommand,
  ListModelsCommand,
  ListSpacesCommand,
  ListTagsCommand,
  ListUserProfilesCommand,
  paginateListApps,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOf, refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
});
afterEach(() => world.aws.close());

const fill = (count: number) => {
  for (let n = 0; n < count; n += 1) {
    world.aws.studio.createApp({
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'KernelGateway',
      appName: `k${n}`,
      instanceType: 'ml.t3.medium',
    });
    world.clock.now += 1000;
  }
};
const list = (input: ListAppsCommandInput) => world.sagemaker.send(new ListAppsCommand(input));
const names = (apps: { AppName?: string | undefined }[] | undefined) => apps?.map((app) => app.AppName);

describe('ListApps', () => {
  it('gives 10 rows by default, 100 at most, oldest first', async () => {
    fill(101);
    expect(names((await list({})).Apps)).toEqual(['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9']);
    expect((await list({ MaxResults: 100 })).Apps).toHaveLength(100);
    expect(await refusalOf(list({ MaxResults: 101 }))).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(await refusalOf(list({ MaxResults: 0 }))).toMatchObject({ name: 'ValidationException' });
    expect(names((await list({ SortOrder: 'Descending', MaxResults: 2 })).Apps)).toEqual(['k100', 'k99']);
  });

  it('gives every row once, over pages, and no token on the last', async () => {
    fill(20);
    for (const SortOrder of ['Ascending', 'Descending'] as const) {
      const seen: (string | undefined)[] = [];
      let pages = 0;
      for await (const page of paginateListApps({ client: world.sagemaker, pageSize: 5 }, { SortOrder })) {
        seen.push(...(names(page.Apps) ?? []));
        pages += 1;
      }
      expect(pages).toBe(4);
      expect(seen.length).toBe(20);
      expect(new Set(seen).size).toBe(20);
    }
  });

  it('neither repeats nor skips rows when others vanish between pages', async () => {
    fill(4);
    world.aws.studio.deleteApp({
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'KernelGateway',
      appName: 'k0',
    });
    world.clock.now += 24 * 3_600_000;
    const first = await list({ MaxResults: 2 });
    expect(names(first.Apps)).toEqual(['k0', 'k1']);
    world.clock.now += 3_600_000;
    const second = await list({ MaxResults: 2, NextToken: first.NextToken });
    expect(names(second.Apps)).toEqual(['k2', 'k3']);
    expect(second.NextToken).toBeUndefined();
  });

  it('takes a token only for the operation and parameters it was given for', async () => {
    fill(12);
    const { NextToken: token } = await list({ DomainIdEquals: 'd-lab' });
    expect((await list({ DomainIdEquals: 'd-lab', NextToken: token })).Apps).toHaveLength(2);
    const wrong = [
      list({ NextToken: token }),
      list({ DomainIdEquals: 'd-lab', NextToken: token, SortOrder: 'Descending' }),
      list({ DomainIdEquals: 'd-lab', NextToken: `${token}A` }),
      list({ DomainIdEquals: 'd-lab', NextToken: 'garbage' }),
      list({ DomainIdEquals: 'd-lab', NextToken: '' }),
      world.sagemaker.send(new ListSpacesCommand({ DomainIdEquals: 'd-lab', NextToken: token })),
    ];
    for (const call of wrong) expect(await refusalOf(call)).toMatchObject({ name: 'ValidationException', status: 400 });
  });

  it('filters by domain, and by profile or space within it, never both', async () => {
    const { studio } = world.aws;
    settle(world.aws, 'd-other');
    studio.createSpace({ domainId: 'd-lab', name: 's' });
    studio.createApp({ domainId: 'd-lab', userProfileName: 'alice', appType: 'Canvas', appName: 'default' });
    studio.createApp({
      domainId: 'd-lab',
      spaceName: 's',
      appType: 'JupyterLab',
      appName: 'default',
      instanceType: 'ml.t3.medium',
    });
    studio.createApp({
      domainId: 'd-other',
      userProfileName: 'alice',
      appType: 'JupyterServer',
      appName: 'default',
      instanceType: 'system',
    });
    expect((await list({ DomainIdEquals: 'd-lab' })).Apps).toHaveLength(2);
    const { Apps: canvas } = await list({ DomainIdEquals: 'd-lab', UserProfileNameEquals: 'alice' });
    expect(canvas).toEqual([
      {
        DomainId: 'd-lab',
        UserProfileName: 'alice',
        AppType: 'Canvas',
        AppName: 'default',
        Status: 'Pending',
        CreationTime: new Date(world.clock.now),
      },
    ]);
    expect((await list({ DomainIdEquals: 'd-lab', SpaceNameEquals: 's' })).Apps).toMatchObject([{ SpaceName: 's' }]);
    const wrong = [
      list({ DomainIdEquals: 'd-lab', UserProfileNameEquals: 'alice', SpaceNameEquals: 's' }),
      list({ UserProfileNameEquals: 'alice' }),
      list({ DomainIdEquals: 'lab' }),
      list({ SortBy: 'Name' as 'CreationTime' }),
    ];
    for (const call of wrong) expect(await refusalOf(call)).toMatchObject({ name: 'ValidationException' });
  });

  it('pages through 100,000 apps, the oldest first, each once', async () => {
    const { studio } = world.aws;
    studio.createApps(
      (function* () {
        for (let n = 0; n < 100_000; n += 1) {
          yield {
            domainId: 'd-lab',
            userProfileName: 'alice',
            appType: 'KernelGateway' as const,
            appName: `k${n}`,
            instanceType: 'ml.t3.medium',
            at: world.clock.now - n,
          };
        }
      })(),
    );
    const names: (string | undefined)[] = [];
    let next: string | undefined;
    for (let page = 0; page < 50; page += 1) {
      const { Apps = [], NextToken } = await list({ MaxResults: 100, ...(next ? { NextToken: next } : {}) });
      names.push(...Apps.map(({ AppName }) => AppName));
      next = NextToken;
    }
    expect(names).toEqual(Array.from({ length: 5000 }, (_, n) => `k${99_999 - n}`));
  });
});

describe('the other operations', () => {
  it('leave out of a space what is not set', async () => {
    const { studio } = world.aws;
    studio.createSpace({ domainId: 'd-lab', name: 'bare' });
    studio.createSpace({
      domainId: 'd-lab',
      name: 'full',
      owner: 'alice',
      sharing: 'Private',
      displayName: "O'Hara's",
      appType: 'CodeEditor',
      ebsGb: 20,
    });
    const { Spaces: spaces } = await world.sagemaker.send(new ListSpacesCommand({}));
    expect(Object.keys(spaces?.[0] ?? {}).sort()).toEqual([
      'CreationTime',
      'DomainId',
      'LastModifiedTime',
      'SpaceName',
      'Status',
    ]);
    expect(spaces?.[1]).toMatchObject({
      SpaceDisplayName: "O'Hara's",
      OwnershipSettingsSummary: { OwnerUserProfileName: 'alice' },
      SpaceSharingSettingsSummary: { SharingType: 'Private' },
      SpaceSettingsSummary: {
        AppType: 'CodeEditor',
        SpaceStorageSettings: { EbsStorageSettings: { EbsVolumeSizeInGb: 20 } },
      },
    });
    world.clock.now += 1000;
    studio.removeSpaceOwner('d-lab', 'full');
    const sorted = await world.sagemaker.send(
      new ListSpacesCommand({ SortBy: 'LastModifiedTime', SortOrder: 'Descending', MaxResults: 1 }),
    );
    expect(sorted.Spaces).toMatchObject([{ SpaceName: 'full' }]);
    expect(sorted.Spaces?.[0]?.OwnershipSettingsSummary).toBeUndefined();
  });

  it('list profiles and domains, and describe a profile', async () => {
    const { UserProfiles: profiles } = await world.sagemaker.send(
      new ListUserProfilesCommand({ UserProfileNameContains: 'lic' }),
    );
    expect(profiles).toMatchObject([{ DomainId: 'd-lab', UserProfileName: 'alice', Status: 'InService' }]);
    const { Domains: domains } = await world.sagemaker.send(new ListDomainsCommand({}));
    expect(domains).toMatchObject([{ DomainId: 'd-lab', DomainName: 'lab' }]);
    const profile = await world.sagemaker.send(
      new DescribeUserProfileCommand({ DomainId: 'd-lab', UserProfileName: 'alice' }),
    );
    expect(profile.SingleSignOnUserValue).toBe('alice@example.org');
    const nobody = world.sagemaker.send(
      new DescribeUserProfileCommand({ DomainId: 'd-lab', UserProfileName: 'nobody' }),
    );
    expect(await refusalOf(nobody)).toMatchObject({ name: 'ResourceNotFound', status: 400 });
  });

  it('refuse names that are not names, and both or neither of profile and space', async () => {
    const id = { DomainId: 'd-lab', AppType: 'JupyterLab', AppName: 'default' } as const;
    const wrong = [
      { ...id },
      { ...id, UserProfileName: 'alice', SpaceName: 's' },
      { ...id, UserProfileName: 'alice smith' },
      { ...id, UserProfileName: 'alice', AppName: '-x' },
      { ...id, UserProfileName: 'alice', AppType: 'Notebook' as 'JupyterLab' },
      { ...id, UserProfileName: 'alice', DomainId: 'lab' },
    ];
    for (const input of wrong) {
      expect(await refusalOf(world.sagemaker.send(new DeleteAppCommand(input)))).toMatchObject({
        name: 'ValidationException',
        status: 400,
      });
    }
  });

  it('keep tags, but not those of a Deleted app', async () => {
    const app = world.aws.studio.createApp({
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'JupyterLab',
      appName: 'default',
    });
    await world.sagemaker.send(
      new AddTagsCommand({ ResourceArn: app.arn, Tags: [{ Key: 'curfew', Value: 'exempt' }] }),
    );
    const read = () => world.sagemaker.send(new ListTagsCommand({ ResourceArn: app.arn }));
    expect((await read()).Tags).toEqual([{ Key: 'curfew', Value: 'exempt' }]);
    const reserved = world.sagemaker.send(
      new AddTagsCommand({ ResourceArn: app.arn, Tags: [{ Key: 'aws:x', Value: '' }] }),
    );
    expect(await refusalOf(reserved)).toMatchObject({ name: 'ValidationException' });
    world.aws.studio.deleteApp(app);
    world.clock.now += 60_000;
    expect(await refusalOf(read())).toMatchObject({ name: 'ValidationException' });
  });

  it('do not exist beyond those that are there', async () => {
    expect(await refusalOf(world.sagemaker.send(new ListModelsCommand({})))).toMatchObject({
      name: 'UnknownOperationException',
      status: 404,
    });
  });

  it('refuse calls that are signed for another region', async () => {
    const { sagemaker } = clientsOf(world.aws, { region: 'eu-west-1' });
    expect(await refusalOf(sagemaker.send(new ListAppsCommand({})))).toMatchObject({
      name: 'InvalidSignatureException',
    });
  });
});

import {
  CreateStudioLifecycleConfigCommand,
  DeleteStudioLifecycleConfigCommand,
  DescribeDomainCommand,
  DescribeStudioLifecycleConfigCommand,
  DescribeUserProfileCommand,
  ListStudioLifecycleConfigsCommand,
  UpdateDomainCommand,
  UpdateUserProfileCommand,
  type UserSettings,
} from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
});
afterEach(() => world.aws.close());

const update = (DefaultUserSettings: UserSettings) =>
  world.sagemaker.send(new UpdateDomainCommand({ DomainId: 'd-lab', DefaultUserSettings }));
const settings = async () =>
  (await world.sagemaker.send(new DescribeDomainCommand({ DomainId: 'd-lab' }))).DefaultUserSettings;
const create = (name: string, content = 'IyEvYmluL2Jhc2gK') =>
  world.sagemaker.send(
    new CreateStudioLifecycleConfigCommand({
      StudioLifecycleConfigName: name,
      StudioLifecycleConfigAppType: 'JupyterLab',
      StudioLifecycleConfigContent: content,
    }),
  );
const remove = (StudioLifecycleConfigName: string) =>
  world.sagemaker.send(new DeleteStudioLifecycleConfigCommand({ StudioLifecycleConfigName }));
const idle = (IdleTimeoutInMinutes: number) => ({ IdleSettings: { IdleTimeoutInMinutes } });

describe('UpdateDomain and UpdateUserProfile', () => {
  it('keep what an update does not name, and replace a named member whole, or merge it: AWS does not say which', async () => {
    const before = { ExecutionRole: 'arn:aws:iam::111122223333:role/Studio' };
    await update({ ...before, JupyterLabAppSettings: { AppLifecycleManagement: idle(60) } });
    const given = { JupyterLabAppSettings: { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' as const } } };
    await update(given);
    expect(await settings()).toEqual({ ...before, ...given });
    world.aws.studio.updates = 'merge';
    await update({ JupyterLabAppSettings: { AppLifecycleManagement: idle(90) } });
    expect(await settings()).toEqual({
      ...before,
      JupyterLabAppSettings: { ...given.JupyterLabAppSettings, AppLifecycleManagement: idle(90) },
    });
  });

  it('refuse timeouts below 60 minutes and above a year, and configurations that do not exist or are for another app', async () => {
    for (const minutes of [59, 525_601, 60.5]) {
      const refusal = await refusalOf(update({ CodeEditorAppSettings: { AppLifecycleManagement: idle(minutes) } }));
      expect(refusal).toMatchObject({ name: 'ValidationException' });
    }
    const { StudioLifecycleConfigArn: arn } = await create('setup');
    expect(await refusalOf(update({ KernelGatewayAppSettings: { LifecycleConfigArns: [arn!] } }))).toMatchObject({
      name: 'ValidationException',
    });
    expect(await refusalOf(update({ JupyterLabAppSettings: { LifecycleConfigArns: [`${arn}x`] } }))).toMatchObject({
      name: 'ValidationException',
    });
    expect(await settings()).toEqual({});
  });

  it('change the defaults of shared spaces on their own, where a domain has any', async () => {
    expect(await world.sagemaker.send(new DescribeDomainCommand({ DomainId: 'd-lab' }))).not.toHaveProperty(
      'DefaultSpaceSettings',
    );
    const DefaultSpaceSettings = { ExecutionRole: 'arn:aws:iam::111122223333:role/Shared' };
    await world.sagemaker.send(new UpdateDomainCommand({ DomainId: 'd-lab', DefaultSpaceSettings }));
    const { StudioLifecycleConfigArn: arn } = await create('setup');
    const JupyterLabAppSettings = { LifecycleConfigArns: [arn!] };
    await world.sagemaker.send(
      new UpdateDomainCommand({ DomainId: 'd-lab', DefaultSpaceSettings: { JupyterLabAppSettings } }),
    );
    expect(await world.sagemaker.send(new DescribeDomainCommand({ DomainId: 'd-lab' }))).toMatchObject({
      DefaultUserSettings: {},
      DefaultSpaceSettings: { ...DefaultSpaceSettings, JupyterLabAppSettings },
    });
    expect(await refusalOf(remove('setup'))).toMatchObject({ name: 'ResourceInUse' });
  });

  it('go on after their answer, a status a look', async () => {
    world.aws.studio.updateStatuses = ['Updating', 'Update_Failed'];
    await update({});
    const look = async () => (await world.sagemaker.send(new DescribeDomainCommand({ DomainId: 'd-lab' }))).Status;
    expect([await look(), await look(), await look()]).toEqual(['Updating', 'Update_Failed', 'InService']);
  });

  it('a profile has settings of its own', async () => {
    const profile = { DomainId: 'd-lab', UserProfileName: 'alice' };
    const UserSettings = { JupyterLabAppSettings: { AppLifecycleManagement: idle(120) } };
    await world.sagemaker.send(new UpdateUserProfileCommand({ ...profile, UserSettings }));
    expect(await world.sagemaker.send(new DescribeUserProfileCommand(profile))).toMatchObject({ UserSettings });
    expect(await settings()).toEqual({});
  });
});

describe('lifecycle configurations', () => {
  it('are made once a name, listed by type and name, and read back', async () => {
    const { StudioLifecycleConfigArn: arn } = await create('setup');
    expect(await refusalOf(create('setup'))).toMatchObject({ name: 'ResourceInUse' });
    const list = (input: object) => world.sagemaker.send(new ListStudioLifecycleConfigsCommand(input));
    expect((await list({ AppTypeEquals: 'JupyterLab' })).StudioLifecycleConfigs).toMatchObject([
      { StudioLifecycleConfigArn: arn, StudioLifecycleConfigName: 'setup' },
    ]);
    expect((await list({ AppTypeEquals: 'CodeEditor' })).StudioLifecycleConfigs).toEqual([]);
    const name = { StudioLifecycleConfigName: 'setup' };
    expect(await world.sagemaker.send(new DescribeStudioLifecycleConfigCommand(name))).toMatchObject({
      StudioLifecycleConfigContent: 'IyEvYmluL2Jhc2gK',
    });
  });

  it('hold 16,384 characters of base64 and no more', async () => {
    await create('most', 'A'.repeat(16_384));
    expect(await refusalOf(create('more', 'A'.repeat(16_388)))).toMatchObject({ name: 'ValidationException' });
    expect(await refusalOf(create('text', '#!/bin/bash'))).toMatchObject({ name: 'ValidationException' });
  });

  it('stay while any settings name them; None takes one off', async () => {
    const { StudioLifecycleConfigArn: arn } = await create('setup');
    const spec = (LifecycleConfigArn: string) => ({
      JupyterLabAppSettings: { DefaultResourceSpec: { LifecycleConfigArn } },
    });
    await update(spec(arn!));
    expect(await refusalOf(remove('setup'))).toMatchObject({ name: 'ResourceInUse' });
    await update(spec('None'));
    await remove('setup');
    expect(await refusalOf(remove('setup'))).toMatchObject({ name: 'ResourceNotFound' });
  });
});

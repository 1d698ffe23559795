import { DeleteAppCommand, DescribeAppCommand, ListAppsCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloudTrailEvent, CreateApp } from '../../local/aws/index.ts';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
});
afterEach(() => world.aws.close());

const lab: CreateApp = {
  domainId: 'd-lab',
  userProfileName: 'alice',
  appType: 'JupyterLab',
  appName: 'default',
  instanceType: 'ml.t3.medium',
};
const id = { DomainId: 'd-lab', UserProfileName: 'alice', AppType: 'JupyterLab', AppName: 'default' } as const;
const minute = 60_000;
const statuses = async () => (await world.sagemaker.send(new ListAppsCommand({}))).Apps?.map((app) => app.Status);

describe('the life of an app', () => {
  it('is Pending for two minutes, InService, Deleting for one, Deleted for a day, gone', async () => {
    world.aws.studio.createApp(lab);
    expect(await statuses()).toEqual(['Pending']);
    world.clock.now += 2 * minute;
    expect(await statuses()).toEqual(['InService']);
    await world.sagemaker.send(new DeleteAppCommand(id));
    expect(await statuses()).toEqual(['Deleting']);
    world.clock.now += minute;
    expect(await statuses()).toEqual(['Deleted']);
    world.clock.now += 24 * 60 * minute - 1;
    expect(await statuses()).toEqual(['Deleted']);
    world.clock.now += 1;
    expect(await statuses()).toEqual([]);
  });

  it('refuses to delete what is gone, going or was never there', async () => {
    const command = new DeleteAppCommand(id);
    expect(await refusalOf(world.sagemaker.send(command))).toMatchObject({ name: 'ResourceNotFound', status: 400 });
    world.aws.studio.createApp(lab);
    await world.sagemaker.send(command);
    expect(await refusalOf(world.sagemaker.send(command))).toMatchObject({ name: 'ResourceInUse', status: 400 });
    world.clock.now += minute;
    expect(await refusalOf(world.sagemaker.send(command))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('has already been deleted'),
    });
    world.clock.now += 24 * 60 * minute;
    expect(await refusalOf(world.sagemaker.send(command))).toMatchObject({ name: 'ResourceNotFound' });
  });

  it('refuses a second app of the name while the first is there, and replaces it once Deleted', async () => {
    const { studio } = world.aws;
    studio.createApp(lab);
    expect(() => studio.createApp(lab)).toThrow(expect.objectContaining({ code: 'ResourceInUse', status: 400 }));
    studio.deleteApp(lab);
    expect(() => studio.createApp(lab)).toThrow(expect.objectContaining({ code: 'ResourceInUse' }));
    world.clock.now += 10 * minute;
    studio.createApp(lab);
    const { Apps: apps } = await world.sagemaker.send(new ListAppsCommand({}));
    expect(apps).toHaveLength(1);
    expect(apps?.[0]).toMatchObject({ Status: 'Pending', CreationTime: new Date(world.clock.now) });
  });

  it('can keep the CreationTime over a restart', async () => {
    const { studio } = world.aws;
    const born = studio.createApp(lab).creationTime;
    studio.deleteApp(lab);
    world.clock.now += 10 * minute;
    const again = studio.createApp({ ...lab, keepCreationTime: true });
    const { Apps: apps } = await world.sagemaker.send(new ListAppsCommand({}));
    expect(apps).toMatchObject([{ Status: 'Pending', CreationTime: new Date(born) }]);
    expect(again.startedAt).toBe(world.clock.now);
  });

  it('may fail: listed for a day, not deletable, replaceable', async () => {
    const { studio } = world.aws;
    studio.createApp({ ...lab, fails: true });
    world.clock.now += 2 * minute;
    expect(await statuses()).toEqual(['Failed']);
    expect((await refusalOf(world.sagemaker.send(new DeleteAppCommand(id)))).message).toContain(
      'automatically deleted',
    );
    studio.createApp(lab);
    expect(await statuses()).toEqual(['Pending']);
  });

  it('moves activity and health check together, so that neither proves anything', async () => {
    world.aws.studio.createApp(lab);
    world.clock.now += 3 * 3_600_000 + 30_000;
    const app = await world.sagemaker.send(new DescribeAppCommand(id));
    expect(app.LastUserActivityTimestamp).toEqual(new Date(world.clock.now - 30_000));
    expect(app.LastHealthCheckTimestamp).toEqual(app.LastUserActivityTimestamp);
    expect(app.AppArn).toBe('arn:aws:sagemaker:us-east-1:111122223333:app/d-lab/alice/jupyterlab/default');
  });
});

describe('events', () => {
  const record = () => {
    const events: CloudTrailEvent[] = [];
    world.aws.studio.onEvent((event) => events.push(event));
    return events;
  };

  it('tell of creations and of deletions through the API', async () => {
    const events = record();
    const { studio } = world.aws;
    studio.createUserProfile({ domainId: 'd-lab', name: 'bob' });
    studio.createSpace({
      domainId: 'd-lab',
      name: 'bobs',
      owner: 'bob',
      sharing: 'Private',
      appType: 'JupyterLab',
      ebsGb: 5,
    });
    studio.createApp({ ...lab, userProfileName: undefined, spaceName: 'bobs', by: 'bob', tags: { team: 'a' } });
    await world.sagemaker.send(new DeleteAppCommand({ ...id, UserProfileName: undefined, SpaceName: 'bobs' }));
    expect(events.map((event) => event.detail.eventName)).toEqual([
      'CreateUserProfile',
      'CreateSpace',
      'CreateApp',
      'DeleteApp',
    ]);
    expect(new Set(events.map((event) => event.id)).size).toBe(4);
    expect(events[2]).toMatchObject({
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.sagemaker',
      time: '2026-11-23T09:00:00Z',
      detail: {
        eventSource: 'sagemaker.amazonaws.com',
        userIdentity: { sessionContext: { sourceIdentity: 'bob' } },
        requestParameters: {
          domainId: 'd-lab',
          spaceName: 'bobs',
          appType: 'JupyterLab',
          appName: 'default',
          resourceSpec: { instanceType: 'ml.t3.medium' },
          tags: [{ key: 'team', value: 'a' }],
        },
        responseElements: { appArn: 'arn:aws:sagemaker:us-east-1:111122223333:app/d-lab/bobs/JupyterLab/default' },
      },
    });
    expect(events[1]?.detail.requestParameters).toMatchObject({
      ownershipSettings: { ownerUserProfileName: 'bob' },
      spaceSettings: { appType: 'JupyterLab', spaceStorageSettings: { ebsStorageSettings: { ebsVolumeSizeInGb: 5 } } },
    });
    expect(events[3]?.detail).toMatchObject({ responseElements: null, sourceIPAddress: '127.0.0.1' });
  });

  it('tell of refused calls with their error code', () => {
    const events = record();
    const refused = { code: 'ResourceLimitExceeded', message: 'the limit is 0 Apps' };
    expect(() => world.aws.studio.createApp({ ...lab, refused })).toThrow('the limit is 0 Apps');
    expect(world.aws.studio.apps()).toEqual([]);
    expect(events[0]?.detail).toMatchObject({
      errorCode: 'ResourceLimitExceeded',
      errorMessage: 'the limit is 0 Apps',
      responseElements: null,
    });
  });

  it('have the members of the samples', () => {
    const events = record();
    world.aws.studio.createApp({ ...lab, by: 'alice' });
    expect(Object.keys(events[0] as object)).toEqual([
      'version',
      'id',
      'detail-type',
      'source',
      'account',
      'time',
      'region',
      'resources',
      'detail',
    ]);
    expect(Object.keys((events[0] as CloudTrailEvent).detail).sort()).toEqual([
      'awsRegion',
      'eventCategory',
      'eventID',
      'eventName',
      'eventSource',
      'eventTime',
      'eventType',
      'eventVersion',
      'managementEvent',
      'readOnly',
      'recipientAccountId',
      'requestID',
      'requestParameters',
      'responseElements',
      'sourceIPAddress',
      'userAgent',
      'userIdentity',
    ]);
  });
});

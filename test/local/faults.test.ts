import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteAppCommand, ListAppsCommand } from '@aws-sdk/client-sagemaker';
import { SendEmailCommand } from '@aws-sdk/client-sesv2';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientsOf, refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld({ record: true });
  settle(world.aws);
});
afterEach(() => world.aws.close());

const id = { DomainId: 'd-lab', UserProfileName: 'alice', AppType: 'JupyterLab', AppName: 'default' } as const;
const start = () =>
  world.aws.studio.createApp({
    domainId: 'd-lab',
    userProfileName: 'alice',
    appType: 'JupyterLab',
    appName: 'default',
  });
const createTable = () =>
  world.dynamodb.send(
    new CreateTableCommand({
      TableName: 'runs',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
const item = { pk: { S: 'a' } };

describe('faults', () => {
  it('fail the next calls that fit, then no more', async () => {
    start();
    const fault = {
      service: 'sagemaker',
      action: 'DeleteApp',
      status: 400,
      code: 'ThrottlingException',
      message: 'Rate exceeded',
    } as const;
    world.aws.faults.add({ ...fault, when: (input) => input.AppName === 'default' });
    await world.sagemaker.send(new ListAppsCommand({}));
    expect(await refusalOf(world.sagemaker.send(new DeleteAppCommand({ ...id, AppName: 'other' })))).toMatchObject({
      name: 'ResourceNotFound',
    });
    expect(await refusalOf(world.sagemaker.send(new DeleteAppCommand(id)))).toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
      status: 400,
    });
    expect(world.aws.studio.apps().map((app) => app.deletingAt)).toEqual([undefined]);
    await world.sagemaker.send(new DeleteAppCommand(id));
  });

  it('are retried by a client that retries', async () => {
    world.aws.faults.add({ service: 'sagemaker', action: 'ListApps', times: 2, status: 500, code: 'InternalFailure' });
    await clientsOf(world.aws, { maxAttempts: 3 }).sagemaker.send(new ListAppsCommand({}));
    expect(world.aws.calls.count('sagemaker', 'ListApps')).toBe(3);
  });

  it('may let the effect happen and fail the answer', async () => {
    start();
    world.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      status: 500,
      code: 'InternalFailure',
      effectHappens: true,
    });
    expect(await refusalOf(world.sagemaker.send(new DeleteAppCommand(id)))).toMatchObject({
      name: 'InternalFailure',
      status: 500,
    });
    expect(world.aws.studio.apps()[0]?.deletingAt).toBe(world.clock.now);
  });

  it('may drop the connection, with or without the effect', async () => {
    await createTable();
    const put = () => world.dynamodb.send(new PutItemCommand({ TableName: 'runs', Item: item }));
    const get = async () => (await world.dynamodb.send(new GetItemCommand({ TableName: 'runs', Key: item }))).Item;
    const drop = { service: 'dynamodb', action: 'PutItem', status: 0, code: '', drop: true } as const;
    world.aws.faults.add(drop);
    await expect(put()).rejects.toThrow();
    expect(await get()).toBeUndefined();
    world.aws.faults.add({ ...drop, effectHappens: true });
    await expect(put()).rejects.toThrow();
    expect(await get()).toEqual(item);
  });

  it('speak each service’s protocol', async () => {
    const status = 400;
    const code = 'AccessDeniedException';
    const message = 'not <allowed>';
    world.aws.faults.add({ service: 'sesv2', action: 'SendEmail', status, code, message });
    world.aws.faults.add({ service: 'sts', action: 'GetCallerIdentity', status, code, message });
    world.aws.faults.add({
      service: 'dynamodb',
      action: 'GetItem',
      status,
      code: 'ProvisionedThroughputExceededException',
      message,
    });
    const mail = new SendEmailCommand({ FromEmailAddress: 'a@example.org', Destination: {}, Content: {} });
    expect(await refusalOf(world.ses.send(mail))).toEqual({ name: code, status, message });
    expect(await refusalOf(world.sts.send(new GetCallerIdentityCommand({})))).toEqual({ name: code, status, message });
    const get = world.dynamodb.send(new GetItemCommand({ TableName: 'runs', Key: item }));
    expect(await refusalOf(get)).toEqual({ name: 'ProvisionedThroughputExceededException', status, message });
  });

  it('are gone when cleared', async () => {
    world.aws.faults.add({
      service: 'sagemaker',
      action: 'ListApps',
      times: Number.POSITIVE_INFINITY,
      status: 500,
      code: 'InternalFailure',
    });
    await refusalOf(world.sagemaker.send(new ListAppsCommand({})));
    world.aws.faults.clear();
    await world.sagemaker.send(new ListAppsCommand({}));
  });
});

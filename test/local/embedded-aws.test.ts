import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeKinesisStreamingDestinationCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { DeleteAppCommand, ListAppsCommand, SageMakerClient } from '@aws-sdk/client-sagemaker';
import { GetAccountCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld({ record: true });
  settle(world.aws);
});
afterEach(() => world.aws.close());

const id = { DomainId: 'd-lab', UserProfileName: 'alice', AppType: 'JupyterLab', AppName: 'default' } as const;
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

describe('DynamoDB', () => {
  it('is there at once, honours conditions, and refuses what the engine does not have', async () => {
    await createTable();
    const put = () =>
      world.dynamodb.send(
        new PutItemCommand({ TableName: 'runs', Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
      );
    await put();
    expect(await refusalOf(put())).toMatchObject({ name: 'ConditionalCheckFailedException', status: 400 });
    expect((await world.dynamodb.send(new GetItemCommand({ TableName: 'runs', Key: item }))).Item).toEqual(item);
    const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName: 'runs', Item: item } }] });
    expect((await refusalOf(world.dynamodb.send(transaction))).name).toBe('UnknownOperationException');
    const stream = new DescribeKinesisStreamingDestinationCommand({ TableName: 'runs' });
    expect((await refusalOf(world.dynamodb.send(stream))).name).toBe('UnknownOperationException');
  });

  it('keeps whether a table can be restored, and whether it is protected', async () => {
    await createTable();
    const TableName = 'runs';
    const look = async () => {
      const backups = await world.dynamodb.send(new DescribeContinuousBackupsCommand({ TableName }));
      const { Table } = await world.dynamodb.send(new DescribeTableCommand({ TableName }));
      const { PointInTimeRecoveryDescription } = backups.ContinuousBackupsDescription!;
      return [PointInTimeRecoveryDescription!.PointInTimeRecoveryStatus, Table!.DeletionProtectionEnabled ?? false];
    };
    expect(await look()).toEqual(['DISABLED', false]);
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await world.dynamodb.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
    await world.dynamodb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    expect(await look()).toEqual(['ENABLED', true]);
    const elsewhere = new DescribeContinuousBackupsCommand({ TableName: 'other' });
    expect((await refusalOf(world.dynamodb.send(elsewhere))).name).toBe('ResourceNotFoundException');
  });

  it('keeps a table’s time to live', async () => {
    const update = () =>
      world.dynamodb.send(
        new UpdateTimeToLiveCommand({
          TableName: 'runs',
          TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
        }),
      );
    expect((await refusalOf(update())).name).toBe('ResourceNotFoundException');
    await createTable();
    const read = async () =>
      (await world.dynamodb.send(new DescribeTimeToLiveCommand({ TableName: 'runs' }))).TimeToLiveDescription;
    expect(await read()).toEqual({ TimeToLiveStatus: 'DISABLED' });
    await update();
    expect(await read()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
    expect(await refusalOf(update())).toMatchObject({
      name: 'ValidationException',
      message: 'TimeToLive is already enabled',
    });
  });
});

describe('STS and SSM', () => {
  it('say who is calling', async () => {
    expect(await world.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '111122223333',
      Arn: 'arn:aws:sts::111122223333:assumed-role/CurfewRole/curfew',
    });
  });

  it('give parameters that are there', async () => {
    world.aws.parameters.set('/curfew/policy', 'mode: observe');
    expect((await world.ssm.send(new GetParameterCommand({ Name: '/curfew/policy' }))).Parameter).toMatchObject({
      Value: 'mode: observe',
      Version: 1,
    });
    expect(await refusalOf(world.ssm.send(new GetParameterCommand({ Name: '/none' })))).toMatchObject({
      name: 'ParameterNotFound',
      status: 400,
    });
  });
});

describe('the world itself', () => {
  it('counts and remembers every call, refused ones too', async () => {
    await world.sagemaker.send(new ListAppsCommand({ MaxResults: 100 }));
    await refusalOf(world.sagemaker.send(new DeleteAppCommand(id)));
    await createTable();
    const { calls } = world.aws;
    expect([
      calls.count(),
      calls.count('sagemaker'),
      calls.count('sagemaker', 'DeleteApp'),
      calls.count('ssm'),
    ]).toEqual([3, 2, 1, 0]);
    expect(calls.counts()).toEqual({ 'dynamodb CreateTable': 1, 'sagemaker DeleteApp': 1, 'sagemaker ListApps': 1 });
    expect(calls.list()[0]).toEqual({ service: 'sagemaker', action: 'ListApps', input: { MaxResults: 100 } });
    calls.reset();
    expect(calls.count()).toBe(0);
  });

  it('takes the time it is told to take, for every service', async () => {
    world.aws.latency = 30;
    for (const call of [
      () => world.sagemaker.send(new ListAppsCommand({})),
      () => world.sts.send(new GetCallerIdentityCommand({})),
      () => refusalOf(world.dynamodb.send(new GetItemCommand({ TableName: 'runs', Key: item }))),
    ]) {
      const began = performance.now();
      await call();
      expect(performance.now() - began).toBeGreaterThanOrEqual(29);
    }
  });

  it('stands beside others, each on a port of its own, and leaves it when closed', async () => {
    const others = await Promise.all([startWorld(), startWorld()]);
    const urls = [world, ...others].map(({ aws }) => aws.mailbox.url);
    expect(new Set(urls).size).toBe(3);
    for (const url of urls) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    await Promise.all(others.map(({ aws }) => aws.close()));
    await expect(fetch(urls[1] as string)).rejects.toThrow();
  });

  it('is the same for the same calls', async () => {
    const live = async () => {
      const other = await startWorld();
      const events: unknown[] = [];
      other.aws.studio.onEvent((event) => events.push(event));
      settle(other.aws);
      for (let n = 0; n < 15; n += 1) {
        other.aws.studio.createApp({
          domainId: 'd-lab',
          userProfileName: 'alice',
          appType: 'KernelGateway',
          appName: `k${n}`,
          tags: { n: `${n}` },
        });
      }
      const page = await other.sagemaker.send(new ListAppsCommand({}));
      const content = { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } } };
      await other.ses.send(
        new SendEmailCommand({
          FromEmailAddress: 'a@example.org',
          Destination: { ToAddresses: ['b@example.net'] },
          Content: content,
        }),
      );
      const told = JSON.stringify([events, page, await other.aws.mailbox.messages(), other.aws.calls.counts()]);
      await other.aws.close();
      return told;
    };
    expect(await live()).toBe(await live());
  });

  it('refuses a body that is not JSON, a call that is not signed, and a service that is not there', async () => {
    const post = async (headers: Record<string, string>, body: string) => {
      const response = await fetch(world.aws.env.AWS_ENDPOINT_URL_SAGEMAKER as string, {
        method: 'POST',
        headers,
        body,
      });
      return { status: response.status, type: ((await response.json()) as { __type: string }).__type };
    };
    const authorization = 'AWS4-HMAC-SHA256 Credential=A/20261123/us-east-1/sagemaker/aws4_request';
    const target = { 'x-amz-target': 'SageMaker.ListApps' };
    expect(await post({ ...target, authorization }, '{')).toEqual({ status: 400, type: 'SerializationException' });
    expect(await post(target, '{}')).toEqual({ status: 403, type: 'MissingAuthenticationTokenException' });
    const elsewhere = { 'x-amz-target': 'Kinesis_20131202.ListStreams', authorization };
    expect(await post(elsewhere, '{}')).toEqual({ status: 404, type: 'UnknownOperationException' });
  });

  it('is what clients find that know nothing but the environment', async () => {
    const before = { ...process.env };
    try {
      delete process.env.AWS_PROFILE;
      Object.assign(process.env, world.aws.env);
      expect((await new SageMakerClient().send(new ListAppsCommand({}))).Apps).toEqual([]);
      expect((await new STSClient().send(new GetCallerIdentityCommand({}))).Account).toBe('111122223333');
      expect((await new SESv2Client().send(new GetAccountCommand({}))).ProductionAccessEnabled).toBe(true);
      expect((await new ResourceGroupsTaggingAPIClient().send(new GetResourcesCommand({}))).PaginationToken).toBe('');
      expect((await new DynamoDBClient().send(new ListTablesCommand({}))).TableNames).toEqual([]);
      expect((await refusalOf(new SSMClient().send(new GetParameterCommand({ Name: 'x' })))).name).toBe(
        'ParameterNotFound',
      );
    } finally {
      process.env = before;
    }
  });

  it('gives what the SDK needs in its environment', async () => {
    expect(Object.keys(world.aws.env).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_ENDPOINT_URL_CLOUDTRAIL',
      'AWS_ENDPOINT_URL_CLOUDWATCH',
      'AWS_ENDPOINT_URL_COST_EXPLORER',
      'AWS_ENDPOINT_URL_DYNAMODB',
      'AWS_ENDPOINT_URL_EVENTBRIDGE',
      'AWS_ENDPOINT_URL_IAM',
      'AWS_ENDPOINT_URL_LAMBDA',
      'AWS_ENDPOINT_URL_PRICING',
      'AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API',
      'AWS_ENDPOINT_URL_SAGEMAKER',
      'AWS_ENDPOINT_URL_SCHEDULER',
      'AWS_ENDPOINT_URL_SESV2',
      'AWS_ENDPOINT_URL_SSM',
      'AWS_ENDPOINT_URL_STS',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
    ]);
  });
});

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '../../build.mjs';
import { TTL_ATTRIBUTE, tableDefinition } from '../../src/adapters/dynamodb/table.ts';
import { functionsOf } from '../../stack/check/functions.ts';
import { type Resource, resolve, type Template } from '../../stack/check/resolve.ts';
import { FITTED, packaged } from './packaged.ts';

let template: Template;
beforeAll(async () => {
  template = (await packaged()).template;
});
const all = (type: string): (Resource & { id: string })[] =>
  Object.entries(template.Resources).flatMap(([id, one]) => (one.Type === type ? [{ id, ...one }] : []));
const one = (id: string) => template.Resources[id]!.Properties;
const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:DeadLetters';

describe('the table', () => {
  it('is the one that `curfew table create` makes, and outlives the stack', () => {
    const { TimeToLiveSpecification, PointInTimeRecoverySpecification, ...rest } = one('Table');
    const { DeletionProtectionEnabled, SSESpecification, Tags: _, ...properties } = rest;
    const { TableName: __, ...made } = tableDefinition('any');
    expect(properties).toEqual(made);
    expect(TimeToLiveSpecification).toEqual({ AttributeName: TTL_ATTRIBUTE, Enabled: true });
    expect([
      PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
      DeletionProtectionEnabled,
      SSESpecification.SSEEnabled,
    ]).toEqual([true, true, true]);
    expect(template.Resources.Table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });
});

describe('every function', () => {
  it('runs on nodejs24.x and arm64, keeps its log for 90 days, and can be told by its tags', () => {
    expect(
      functionsOf(template)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...HANDLERS].sort());
    for (const { resource } of functionsOf(template)) {
      expect(resource.Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(resource.Properties.Tags).toEqual([
        { Key: 'application', Value: 'curfew' },
        { Key: 'stage', Value: 'prod' },
      ]);
      expect(resource.Properties.Environment.Variables.NODE_OPTIONS).toBe('--enable-source-maps');
    }
    const logs = all('AWS::Logs::LogGroup').map(({ Properties }) => Properties);
    expect(logs.map(({ LogGroupName }) => LogGroupName).sort()).toEqual(
      HANDLERS.map((name) => `/aws/lambda/curfew-prod-${name}`).sort(),
    );
    expect(new Set(logs.map(({ RetentionInDays }) => RetentionInDays))).toEqual(new Set([90]));
  });

  it('has no concurrency reserved: a new account may have none to give', () => {
    for (const { resource } of functionsOf(template))
      expect(resource.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('holds no secret in its environment', () => {
    const variables = functionsOf(template).flatMap(({ resource }) =>
      Object.keys(resource.Properties.Environment.Variables),
    );
    expect([...new Set(variables)].sort()).toEqual([
      'CURFEW_BACKSTOP_GROUP',
      'CURFEW_BACKSTOP_QUEUE',
      'CURFEW_BACKSTOP_ROLE',
      'CURFEW_BASE_URL',
      'CURFEW_CONFIGURATION_SET',
      'CURFEW_POLICY',
      'CURFEW_TABLE',
      'CURFEW_VERSION',
      'NODE_OPTIONS',
      'POWERTOOLS_SERVICE_NAME',
    ]);
  });
});

describe('every asynchronous path ends somewhere', () => {
  it('the queue is encrypted, keeps for 14 days, and takes from this stack’s rules alone', () => {
    expect(one('DeadLetters')).toMatchObject({ MessageRetentionPeriod: 14 * 86_400, SqsManagedSseEnabled: true });
    const { Statement } = resolve(one('DeadLettersPolicy').PolicyDocument, template);
    expect(Statement[0]).toMatchObject({
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: QUEUE,
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:us-east-1:111122223333:rule/curfew-prod-*' } },
    });
    expect(Statement[1]).toMatchObject({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
  });

  it('of a rule', () => {
    const rules = all('AWS::Events::Rule');
    expect(rules).toHaveLength(3);
    for (const { Properties } of rules) {
      const [{ DeadLetterConfig, RetryPolicy }] = resolve(Properties.Targets, template);
      expect(DeadLetterConfig.Arn).toBe(QUEUE);
      expect(RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 21_600, MaximumRetryAttempts: 60 });
    }
  });

  it('of a schedule, which starts its function by a role of Scheduler’s own', () => {
    const schedules = all('AWS::Scheduler::Schedule').map(({ Properties }) => resolve(Properties, template));
    const targets = schedules.map(({ Target }) => Target.Arn.split(':').at(-1)).sort();
    expect(targets).toEqual([
      'curfew-prod-deliver',
      'curfew-prod-scan',
      'curfew-prod-spend',
      'curfew-prod-weekly-report',
    ]);
    for (const { Target, GroupName } of schedules) {
      expect(Target).toMatchObject({ DeadLetterConfig: { Arn: QUEUE }, RetryPolicy: expect.anything() });
      expect(Target).not.toHaveProperty('Input');
      expect(GroupName).toBe('curfew-prod');
    }
    const [invoke, leave] = resolve(one('ScheduleRole').Policies, template)[0].PolicyDocument.Statement;
    expect(invoke.Action).toBe('lambda:InvokeFunction');
    expect(invoke.Resource.map((arn: string) => arn.split(':').at(-1)).sort()).toEqual(targets);
    expect([leave.Action, leave.Resource]).toEqual(['sqs:SendMessage', QUEUE]);
    const [trust] = resolve(one('ScheduleRole').AssumeRolePolicyDocument, template).Statement;
    expect(trust.Condition.StringEquals['aws:SourceArn']).toMatch(/:schedule-group\/curfew-prod$/);
  });

  it('of a function that is started asynchronously: a pass is followed by its mail, the rest ends in the queue', () => {
    const configs = Object.fromEntries(
      all('AWS::Lambda::EventInvokeConfig').map(({ Properties }) => [
        Properties.FunctionName.Ref,
        resolve(Properties, template),
      ]),
    );
    for (const { id, name } of functionsOf(template).filter((deployed) => deployed.name !== 'links')) {
      const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = configs[id];
      const isPass = name === 'scan' || name === 'deliver';
      expect([MaximumRetryAttempts, MaximumEventAgeInSeconds]).toEqual(isPass ? [0, 60] : [2, 21_600]);
      const deliver = expect.stringMatching(/:function:curfew-prod-deliver$/);
      expect(DestinationConfig.OnFailure.Destination).toEqual(name === 'scan' ? deliver : QUEUE);
      expect(DestinationConfig.OnSuccess?.Destination).toEqual(name === 'scan' ? deliver : undefined);
    }
  });
});

describe('parameters', () => {
  it('the time zone of schedules is the policy’s', () => {
    expect(one('SpendSchedule').ScheduleExpressionTimezone).toBe(
      /^timezone: (\S+)/m.exec(readFileSync('curfew.yml', 'utf8'))?.[1],
    );
  });

  it('alarms go to the policy’s admins, or to whom they are told to', async () => {
    const readers = (of: Template) =>
      Object.values(of.Resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::SNS::Subscription' ? [Properties.Endpoint] : [],
      );
    expect(readers(template)).toEqual(['ml-platform@example.org']);
    const told = await packaged(FITTED);
    expect(readers(told.template)).toEqual(['one@example.net', 'two@example.net']);
  });

  it('are all explained in docs/deploy.md, and none that there is not', () => {
    const [, block = ''] = /\nparams:\n {2}default:\n([\s\S]*?)\n\n/.exec(readFileSync('serverless.yml', 'utf8')) ?? [];
    const names = [...block.matchAll(/^ {4}(?:# )?([a-z-]+):/gm)].map(([, name]) => name!);
    const [told = ''] =
      /`--param=` narrows it:[\s\S]*?\./.exec(readFileSync('docs/deploy.md', 'utf8').replaceAll(/\([^)]*\)/g, '')) ??
      [];
    const explained = [...told.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name!);
    expect(names).toContain('timezone');
    expect(explained.sort()).toEqual(names.sort());
  });

  it('another table takes the place of the stack’s own in all that the functions know and may do', async () => {
    const restored = (await packaged(FITTED)).template;
    expect(resolve(restored.Outputs.TableName!.Value, restored)).toBe('curfew-restored');
    const arn = 'arn:aws:dynamodb:us-east-1:111122223333:table/curfew-restored';
    const tables = new Set<string>();
    for (const { resource, policies } of functionsOf(restored)) {
      expect(resolve(resource.Properties.Environment.Variables.CURFEW_TABLE, restored)).toBe('curfew-restored');
      for (const { Action, Resource } of policies.flatMap(({ Statement }) => Statement))
        if ([Action].flat().some((action) => action.startsWith('dynamodb:'))) tables.add(String(Resource));
    }
    expect([...tables].sort()).toEqual([arn, `${arn}/index/owed`]);
    // The old one stays, as it is.
    expect(restored.Resources.Table).toEqual(template.Resources.Table);
  });

  it('what is no table’s name, or no domain’s id, is refused', async () => {
    const given = (value: string) => ({ resolveVariable: async () => value });
    const script = createRequire(new URL('../../stack/', import.meta.url));
    await expect(script('./table.cjs').table(given('a table'))).rejects.toThrow(/"a table" is no table's name/);
    await expect(script('./domains.cjs').apps(given('d-abcdefghijkl,lab'))).rejects.toThrow(/"lab" is no domain's id/);
  });
});

describe('links', () => {
  it('gives mail and pages one address: that of its own API, whose paths are in no log', () => {
    const url = 'https://HttpApi.execute-api.us-east-1.amazonaws.com';
    for (const { resource } of functionsOf(template))
      expect(resolve(resource.Properties.Environment.Variables.CURFEW_BASE_URL, template)).toBe(url);
    expect(resolve(template.Outputs.LinksUrl!.Value, template)).toBe(url);
    expect(one('HttpApiStage')).not.toHaveProperty('AccessLogSettings');
    expect(all('AWS::ApiGatewayV2::Route').map(({ Properties }) => Properties.RouteKey)).toEqual(['$default']);
  });

  it('takes so many requests a second and no more', () => {
    expect(one('HttpApiStage').DefaultRouteSettings).toEqual({
      DetailedMetricsEnabled: false,
      ThrottlingRateLimit: 20,
      ThrottlingBurstLimit: 40,
    });
  });
});

describe('mail', () => {
  it('is sent with a set of its own, whose events come by the default bus', () => {
    expect(one('MailEvents').ConfigurationSetName).toEqual({ Ref: 'MailSet' });
    expect(resolve(one('MailEvents').EventDestination, template)).toMatchObject({
      Enabled: true,
      MatchingEventTypes: ['delivery', 'bounce', 'complaint'],
      EventBridgeDestination: { EventBusArn: expect.stringMatching(/:event-bus\/default$/) },
    });
    for (const { resource } of functionsOf(template))
      expect(resource.Properties.Environment.Variables.CURFEW_CONFIGURATION_SET).toEqual({ Ref: 'MailSet' });
    const send = functionsOf(template)
      .find(({ name }) => name === 'deliver')!
      .policies[0]!.Statement.find(({ Sid }) => Sid === 'Send')!;
    expect(send.Resource).toContain('arn:aws:ses:us-east-1:111122223333:configuration-set/MailSet');
  });
});

it('the outputs are what an admin wants to open, and the CLI to know', () => {
  const { TableName, LinksUrl, DashboardUrl } = template.Outputs;
  expect(resolve([TableName!.Value, LinksUrl!.Value, DashboardUrl!.Value], template)).toEqual([
    'Table',
    'https://HttpApi.execute-api.us-east-1.amazonaws.com',
    'https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/curfew-prod-us-east-1',
  ]);
});

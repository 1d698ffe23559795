import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleGroupCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CloudTrailEvent } from '../../local/aws/index.ts';
import { refusalOf, settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
let events: CloudTrailEvent[];
const alice = { domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' } as const;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
  events = [];
  world.aws.studio.onEvent((event) => events.push(event));
  world.aws.scheduler.createGroup('backstop');
  world.aws.studio.createApp({ ...alice, instanceType: 'ml.t3.medium' });
  world.clock.now += 10 * 60_000;
  events.length = 0;
});
afterEach(() => world.aws.close());

const INPUT: CreateScheduleCommandInput = {
  ...{ Name: 'one', GroupName: 'backstop', ActionAfterCompletion: 'DELETE' },
  ...{ ScheduleExpression: 'at(2026-11-23T10:00:00)', FlexibleTimeWindow: { Mode: 'OFF' } },
  Target: {
    Arn: 'arn:aws:scheduler:::aws-sdk:sagemaker:deleteApp',
    RoleArn: 'arn:aws:iam::111122223333:role/backstop',
    Input: JSON.stringify({ DomainId: 'd-lab', UserProfileName: 'alice', AppType: 'JupyterLab', AppName: 'default' }),
    RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 3 },
  },
};
const TEN = Date.UTC(2026, 10, 23, 10);
const create = (input: Partial<CreateScheduleCommandInput> = {}) =>
  world.scheduler.send(new CreateScheduleCommand({ ...INPUT, ...input }));
const status = () => world.aws.studio.statusOf(world.aws.studio.app(alice)!);

describe('a schedule', () => {
  it('fires at its time and not before: it calls DeleteApp itself, over HTTP, and is no more', async () => {
    await create();
    expect(world.aws.scheduler.next()).toBe(TEN);
    world.clock.now = TEN - 1;
    await world.aws.scheduler.fire();
    expect(status()).toBe('InService');
    world.clock.now = TEN;
    await world.aws.scheduler.fire();
    expect(status()).toBe('Deleting');
    expect(world.aws.scheduler.schedules()).toEqual([]);
    expect(world.aws.calls.count('sagemaker', 'DeleteApp')).toBe(1);
    expect(events).toMatchObject([
      {
        detail: {
          eventName: 'DeleteApp',
          userIdentity: { type: 'AssumedRole', invokedBy: 'scheduler.amazonaws.com' },
          sourceIPAddress: 'scheduler.amazonaws.com',
          requestParameters: { domainId: 'd-lab', userProfileName: 'alice', appName: 'default' },
        },
      },
    ]);
  });

  it('throttled, is tried again, each time after a longer wait, as often as it says', async () => {
    await create();
    const throttle = { service: 'sagemaker', action: 'DeleteApp', status: 400, code: 'ThrottlingException' } as const;
    world.aws.faults.add({ ...throttle, times: 2 });
    const tries: number[] = [];
    for (world.clock.now = TEN; world.aws.scheduler.next() !== undefined; world.clock.now += 60_000) {
      const before = world.aws.calls.count('sagemaker', 'DeleteApp');
      await world.aws.scheduler.fire();
      if (world.aws.calls.count('sagemaker', 'DeleteApp') > before) tries.push((world.clock.now - TEN) / 60_000);
    }
    expect(tries).toEqual([0, 1, 3]);
    expect(status()).not.toBe('InService');
    expect(world.aws.scheduler.dead).toEqual([]);
  });

  it('that never works is given up, and lies among the dead letters', async () => {
    await create();
    const throttle = { service: 'sagemaker', action: 'DeleteApp', status: 400, code: 'ThrottlingException' } as const;
    world.aws.faults.add({ ...throttle, times: 99 });
    for (world.clock.now = TEN; world.clock.now < TEN + 3 * 3_600_000; world.clock.now += 60_000)
      await world.aws.scheduler.fire();
    expect(world.aws.scheduler.dead).toMatchObject([{ schedule: { name: 'one' }, error: 'ThrottlingException' }]);
    expect(world.aws.scheduler.schedules()).toEqual([]);
    expect(status()).toBe('InService');
  });

  it('about an app that is gone, is given up at once', async () => {
    await create();
    world.aws.studio.deleteApp(alice);
    world.clock.now = TEN;
    await world.aws.scheduler.fire();
    expect(world.aws.scheduler.dead).toMatchObject([{ error: 'ValidationException' }]);
  });

  it('that does not delete itself stays, and fires no more', async () => {
    await create({ ActionAfterCompletion: 'NONE' });
    world.clock.now = TEN;
    await world.aws.scheduler.fire();
    await world.aws.scheduler.fire();
    expect(world.aws.scheduler.schedules()).toHaveLength(1);
    expect(world.aws.calls.count('sagemaker', 'DeleteApp')).toBe(1);
  });

  it('that was moved fires at its new time alone', async () => {
    await create();
    await world.scheduler.send(new UpdateScheduleCommand({ ...INPUT, ScheduleExpression: 'at(2026-11-23T11:30:00)' }));
    world.clock.now = TEN + 60_000;
    await world.aws.scheduler.fire();
    expect(status()).toBe('InService');
    world.clock.now = TEN + 90 * 60_000;
    await world.aws.scheduler.fire();
    expect(status()).toBe('Deleting');
  });
});

describe('is refused, as by AWS', () => {
  it.each([
    ['a name with other letters', { Name: 'a b' }, 'ValidationException'],
    ['a name of 65 letters', { Name: 'a'.repeat(65) }, 'ValidationException'],
    ['a day that is none', { ScheduleExpression: 'at(2026-02-30T10:00:00)' }, 'ValidationException'],
    ['a time with its zone', { ScheduleExpression: 'at(2026-11-23T10:00:00Z)' }, 'ValidationException'],
    ['a time that is past', { ScheduleExpression: 'at(2026-11-23T09:00:00)' }, 'ValidationException'],
    ['no word on its window', { FlexibleTimeWindow: undefined }, 'ValidationException'],
    ['no role', { Target: { ...INPUT.Target, RoleArn: undefined } }, 'ValidationException'],
    ['an input that is no object', { Target: { ...INPUT.Target, Input: '[]' } }, 'ValidationException'],
    [
      'a retry for longer than a day',
      { Target: { ...INPUT.Target, RetryPolicy: { MaximumEventAgeInSeconds: 86_401 } } },
      'ValidationException',
    ],
    ['a group that is not there', { GroupName: 'nowhere' }, 'ResourceNotFoundException'],
  ] as [string, object, string][])('%s', async (_, input, name) => {
    expect(await refusalOf(create(input as Partial<CreateScheduleCommandInput>))).toMatchObject({ name });
    expect(world.aws.scheduler.schedules()).toEqual([]);
  });

  it('a name that is taken, unless it is the same call again', async () => {
    await create({ ClientToken: 'token-1' });
    await create({ ClientToken: 'token-1' });
    expect(await refusalOf(create({ ClientToken: 'token-2' }))).toMatchObject({
      name: 'ConflictException',
      status: 409,
    });
    expect(await refusalOf(create({ Name: 'two', ClientToken: 'token-1' }))).toMatchObject({
      name: 'ConflictException',
    });
  });

  it('a change or an end of what is not there', async () => {
    const gone = { name: 'ResourceNotFoundException', status: 404 };
    expect(await refusalOf(world.scheduler.send(new UpdateScheduleCommand(INPUT)))).toMatchObject(gone);
    const remove = new DeleteScheduleCommand({ Name: 'one', GroupName: 'backstop' });
    expect(await refusalOf(world.scheduler.send(remove))).toMatchObject(gone);
  });
});

describe('a listing', () => {
  it('is of a group, in pages of a hundred at most, and a token serves its own question alone', async () => {
    world.aws.scheduler.createGroup('other');
    for (let i = 0; i < 5; i++) await create({ Name: `run-${i}` });
    await create({ Name: 'elsewhere', GroupName: 'other' });
    const list = (input: object) => world.scheduler.send(new ListSchedulesCommand({ GroupName: 'backstop', ...input }));
    const first = await list({ MaxResults: 3 });
    const second = await list({ MaxResults: 3, NextToken: first.NextToken });
    expect([first, second].map(({ Schedules }) => Schedules?.map(({ Name }) => Name))).toEqual([
      ['run-0', 'run-1', 'run-2'],
      ['run-3', 'run-4'],
    ]);
    expect(second.NextToken).toBeUndefined();
    expect(first.Schedules?.[0]).toMatchObject({
      GroupName: 'backstop',
      State: 'ENABLED',
      CreationDate: new Date(world.clock.now),
    });
    expect(await refusalOf(list({ MaxResults: 101 }))).toMatchObject({ name: 'ValidationException' });
    expect(await refusalOf(list({ GroupName: 'other', NextToken: first.NextToken }))).toMatchObject({
      name: 'ValidationException',
    });
  });

  it('a group says that it is there', async () => {
    const group = await world.scheduler.send(new GetScheduleGroupCommand({ Name: 'backstop' }));
    expect(group).toMatchObject({ Name: 'backstop', State: 'ACTIVE' });
  });
});

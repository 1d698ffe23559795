import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OneTimeSchedule } from '../../local/aws/index.ts';
import { schedulerBackstop } from '../../src/adapters/scheduler/backstop.ts';
import type { Schedule } from '../../src/application/ports.ts';
import { HOUR } from '../../src/domain/time.ts';
import { startWorld } from '../local/world.ts';
import { memoryBackstop } from '../memory/ports.ts';
import { backstopContract } from './backstop-contract.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeAll(async () => {
  world = await startWorld({ record: true });
});
afterAll(() => world.aws.close());

const account = '111122223333';
const role = `arn:aws:iam::${account}:role/curfew-prod-BackstopRole`;
const queue = `arn:aws:sqs:us-east-1:${account}:curfew-dead-letters`;
let groups = 0;
function make() {
  groups += 1;
  const group = `curfew-${groups}-backstop`;
  world.aws.scheduler.createGroup(group);
  return { group, backstop: schedulerBackstop(world.scheduler, { group, role, queue }) };
}
const appOf = ({ parameters }: OneTimeSchedule): Schedule['app'] => {
  const { DomainId, UserProfileName, SpaceName, AppType, AppName } = parameters as Record<string, string>;
  const holder = SpaceName === undefined ? { userProfileName: UserProfileName! } : { spaceName: SpaceName };
  const names = { domainId: DomainId!, appType: AppType!, appName: AppName! };
  return { account, region: 'us-east-1', ...names, ...holder };
};

backstopContract('EventBridge Scheduler', async () => {
  const { group, backstop } = make();
  const ours = () => world.aws.scheduler.schedules().filter((one) => one.group === group);
  return {
    backstop,
    standing: () => ours().map((one) => ({ name: one.name, app: appOf(one), at: one.at })),
    now: world.clock.now,
  };
});
backstopContract('in memory', async () => {
  const backstop = memoryBackstop();
  return { backstop, standing: () => [...backstop.schedules.values()], now: world.clock.now };
});

const app = {
  account,
  region: 'us-east-1',
  domainId: 'd-lab',
  userProfileName: 'alice',
  appType: 'JupyterLab',
  appName: 'default',
};

describe('what EventBridge Scheduler is told', () => {
  it('all that makes it stop an app by itself, once, and leave behind what it could not', async () => {
    const { group, backstop } = make();
    world.aws.calls.reset();
    await backstop.arm({ name: 'alice.1', app, at: world.clock.now + HOUR });
    const [{ action, input } = { action: '', input: {} }, ...more] = world.aws.calls.list();
    expect(more).toEqual([]);
    const { ClientToken, ...told } = input;
    expect([action, typeof ClientToken]).toEqual(['CreateSchedule', 'string']);
    expect(told).toEqual({
      ...{ Name: 'alice.1', GroupName: group, State: 'ENABLED', ActionAfterCompletion: 'DELETE' },
      ...{ ScheduleExpression: 'at(2026-11-23T10:00:00)', ScheduleExpressionTimezone: 'UTC' },
      Description: 'Stops JupyterLab default of alice, should Curfew not have done so',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: 'arn:aws:scheduler:::aws-sdk:sagemaker:deleteApp',
        RoleArn: role,
        Input: '{"DomainId":"d-lab","UserProfileName":"alice","AppType":"JupyterLab","AppName":"default"}',
        RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: queue },
      },
    });
  });

  it('in another partition, its own', async () => {
    const { group } = make();
    const there = schedulerBackstop(world.scheduler, { group, role: role.replace('aws', 'aws-cn'), queue });
    // This world is not there, and says so.
    await expect(there.arm({ name: 'alice.1', app, at: world.clock.now + HOUR })).rejects.toThrow(
      'arn:aws-cn:scheduler:::aws-sdk:sagemaker:deleteApp is not a supported target',
    );
  });

  it('a call whose answer was lost has worked: made again, it is moved to the same', async () => {
    const { group, backstop } = make();
    const lost = {
      service: 'scheduler',
      action: 'CreateSchedule',
      status: 500,
      code: 'InternalServerException',
    } as const;
    world.aws.faults.add({ ...lost, effectHappens: true });
    const schedule = { name: 'alice.1', app, at: world.clock.now + HOUR };
    await expect(backstop.arm(schedule)).rejects.toMatchObject({ kind: 'fault' });
    await backstop.arm(schedule);
    expect(world.aws.scheduler.schedules().filter((one) => one.group === group)).toHaveLength(1);
  });

  it('to arm, without a role, is refused before any call', async () => {
    const { group } = make();
    const reader = schedulerBackstop(world.scheduler, { group });
    world.aws.calls.reset();
    await expect(reader.arm({ name: 'alice.1', app, at: world.clock.now + HOUR })).rejects.toThrow('needs the role');
    expect(world.aws.calls.count()).toBe(0);
    expect(await reader.armed()).toEqual({ names: [] });
  });

  it('a group that is not there is a fault for whoever arms or lists, and nothing to take down', async () => {
    const lost = schedulerBackstop(world.scheduler, { group: 'nowhere', role, queue });
    await expect(lost.arm({ name: 'alice.1', app, at: world.clock.now + HOUR })).rejects.toMatchObject({
      ...{ kind: 'fault', code: 'ResourceNotFoundException' },
      message: 'scheduler:CreateSchedule: Schedule group nowhere does not exist.',
    });
    await expect(lost.armed()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    await lost.disarm('alice.1');
  });
});

describe('every way in which it fails', () => {
  it.each([
    ['AccessDeniedException', 403, 'denied'],
    ['ThrottlingException', 429, 'throttled'],
    ['InternalServerException', 500, 'fault'],
    ['ServiceQuotaExceededException', 402, 'fault'],
  ])('%s is told in the port’s words, with the IAM action and AWS’s code', async (code, status, kind) => {
    const { backstop } = make();
    const schedule = { name: 'alice.1', app, at: world.clock.now + HOUR };
    await backstop.arm(schedule);
    for (const [action, work] of [
      ['CreateSchedule', () => backstop.arm({ ...schedule, name: 'alice.2' })],
      ['UpdateSchedule', () => backstop.arm(schedule)],
      ['DeleteSchedule', () => backstop.disarm('alice.1')],
      ['ListSchedules', () => backstop.armed()],
    ] as const) {
      world.aws.faults.add({ service: 'scheduler', action, status, code, message: 'no' });
      await expect(work()).rejects.toMatchObject({
        kind,
        code,
        message: expect.stringContaining(`scheduler:${action}`),
      });
    }
    world.aws.faults.clear();
  });
});

import type { CreateScheduleCommandInput, SchedulerClient } from '@aws-sdk/client-scheduler';
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { Backstop, Schedule } from '../../application/ports.ts';
import { RETRIED } from '../../domain/backstop.ts';
import { SECOND } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';

/** The IAM actions that each verb calls. Whoever arms must also be let pass Scheduler the role that it acts with. */
export const BACKSTOP_CALLS: Calls<Backstop> = {
  arm: ['scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'iam:PassRole'],
  disarm: ['scheduler:DeleteSchedule'],
  armed: ['scheduler:ListSchedules'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const BACKSTOP_ACTIONS = /* @__PURE__ */ actionsOf(BACKSTOP_CALLS);

/** Where schedules lie, the ARN of the role that Scheduler stops apps with, and that of the queue for what it could not. */
export interface BackstopPlace {
  group: string;
  role: string;
  queue: string;
}

/** The most that a page holds (ListSchedules). */
const PAGE = 100;

/** Scheduler's own most: it waits longer each time, and gives up by age. */
const MOST_RETRIES = 185;

/**
 * One-time schedules of EventBridge Scheduler whose target is SageMaker's DeleteApp itself ("Using universal targets", its user
 * guide): nothing of ours is in the path. Once one has fired, it deletes itself.
 * @param where to disarm, the group is enough
 */
export function schedulerBackstop(
  client: SchedulerClient,
  { group, role, queue }: Pick<BackstopPlace, 'group'> & Partial<BackstopPlace>,
): Backstop {
  return {
    async arm(schedule) {
      if (!role || !queue) throw new Error('arming needs the role and the queue that the stack has made for it');
      const input = inputOf(schedule, { group, role, queue });
      // The SDK gives each call a token of its own, so that one that it sends twice is one. One made of the name would not do:
      // made anew after it was deleted, a schedule may be taken for the call of before.
      const create = () => client.send(new CreateScheduleCommand(input));
      const isThere = await call('scheduler:CreateSchedule', () => unless('ConflictException', create));
      if (isThere) await call('scheduler:UpdateSchedule', () => client.send(new UpdateScheduleCommand(input)));
    },
    async disarm(name) {
      const remove = () => client.send(new DeleteScheduleCommand({ Name: name, GroupName: group }));
      await call('scheduler:DeleteSchedule', () => unless('ResourceNotFoundException', remove));
    },
    async armed(after) {
      const command = new ListSchedulesCommand({ GroupName: group, MaxResults: PAGE, NextToken: after });
      const { Schedules = [], NextToken } = await call('scheduler:ListSchedules', () => client.send(command));
      return { names: Schedules.flatMap(({ Name }) => (Name ? [Name] : [])), next: NextToken || undefined };
    },
  };
}

/** Whether a call failed by this error; any other is thrown. */
async function unless(name: string, send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return false;
  } catch (error) {
    if ((error as Error).name === name) return true;
    throw error;
  }
}

function inputOf({ name, app, at }: Schedule, { group, role, queue }: BackstopPlace): CreateScheduleCommandInput {
  const { domainId, appType, appName } = app;
  const holder = app.spaceName === undefined ? { UserProfileName: app.userProfileName } : { SpaceName: app.spaceName };
  const partition = role.split(':')[1];
  return {
    Name: name,
    GroupName: group,
    Description: `Stops ${appType} ${appName} of ${app.spaceName ?? app.userProfileName}, should Curfew not have done so`,
    ScheduleExpression: `at(${new Date(at).toISOString().slice(0, 19)})`,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    State: 'ENABLED',
    Target: {
      Arn: `arn:${partition}:scheduler:::aws-sdk:sagemaker:deleteApp`,
      RoleArn: role,
      Input: JSON.stringify({ DomainId: domainId, ...holder, AppType: appType, AppName: appName }),
      RetryPolicy: { MaximumEventAgeInSeconds: RETRIED / SECOND, MaximumRetryAttempts: MOST_RETRIES },
      DeadLetterConfig: { Arn: queue },
    },
  };
}

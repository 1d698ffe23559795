import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CloudTrailEvent, CreateApp } from '../../local/aws/index.ts';
import { rightsOf } from '../../src/adapters/iam/rights.ts';
import { schedulerBackstop } from '../../src/adapters/scheduler/backstop.ts';
import type { AppRef } from '../../src/domain/app.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { policyOf } from '../domain/builders.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, type Lambda } from './lambda.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: total, limit: 10 USD, at-limit: block }
`;
const GROUP = 'curfew-prod-backstop';
const ENV = {
  CURFEW_BACKSTOP_GROUP: GROUP,
  CURFEW_BACKSTOP_ROLE: 'arn:aws:iam::111122223333:role/curfew-prod-BackstopRole',
  CURFEW_BACKSTOP_QUEUE: 'arn:aws:sqs:us-east-1:111122223333:curfew-prod-DeadLetters',
};

let lab: Awaited<ReturnType<typeof startLab>>;
let scan: Lambda;
let studioEvent: Lambda;
let spend: Lambda;
const heard: CloudTrailEvent[] = [];
beforeAll(async () => {
  lab = await startLab();
  lab.aws.scheduler.createGroup(GROUP);
  scan = await lab.lambda('scan', ENV);
  studioEvent = await lab.lambda('studio-event', ENV);
  spend = await lab.lambda('spend', ENV);
  lab.aws.studio.onEvent((event) => heard.push(event));
  lab.aws.studio.createDomain({ domainId: 'd-abcdefghijkl', name: 'lab', at: lab.clock.now - 90 * DAY });
  lab.aws.studio.createUserProfile({ domainId: 'd-abcdefghijkl', name: 'alice', at: lab.clock.now - 90 * DAY });
});
afterAll(() => lab.close());
let names = 0;
let app: CreateApp;
beforeEach(async () => {
  await writeFile(lab.policy, BUDGETS);
  lab.clock.now += DAY;
  names += 1;
  lab.aws.studio.createUserProfile({ domainId: 'd-abcdefghijkl', name: `p${names}`, at: lab.clock.now - 90 * DAY });
  app = {
    domainId: 'd-abcdefghijkl',
    userProfileName: `p${names}`,
    appType: 'JupyterLab',
    appName: 'default',
    instanceType: 'ml.g5.xlarge',
  };
  lab.aws.studio.createApp(app);
  lab.aws.calls.reset();
  heard.length = 0;
});

const time = () => ({ time: new Date(lab.clock.now).toISOString(), account: lab.place.account, region: 'us-east-1' });
const pass = async (of = scan) => {
  const { value, error, log } = await of.invoke(time(), contextOf('curfew-prod-scan'));
  expect(error).toBeUndefined();
  return { value: value!, log };
};
const tellOf = async (event: CloudTrailEvent) =>
  (await studioEvent.invoke(event, contextOf('curfew-studio-event'))).value;
const scheduled = () => lab.aws.scheduler.schedules();
const record = () => lab.runs.get({ ...lab.place, ...app } as AppRef);
const ours = () =>
  Object.fromEntries(Object.entries(lab.aws.calls.counts()).filter(([key]) => key.startsWith('scheduler')));

describe('a life', () => {
  test('the scan arms; quiet ones ask Scheduler nothing; the event of an end disarms', async () => {
    expect((await pass()).value).toMatchObject({ backstop: { armed: 1, set: 1, removed: 0, remain: 0, crowded: 0 } });
    expect(scheduled()).toMatchObject([
      {
        group: GROUP,
        role: ENV.CURFEW_BACKSTOP_ROLE,
        queue: ENV.CURFEW_BACKSTOP_QUEUE,
        action: 'sagemaker:deleteApp',
        deletesItself: true,
      },
    ]);
    expect(scheduled()[0]).toMatchObject({
      name: (await record())!.backstop!.name,
      at: (await record())!.backstop!.at,
    });
    lab.aws.calls.reset();
    for (let i = 0; i < 6; i++) {
      lab.clock.now += 5 * MINUTE;
      expect((await pass()).value).toMatchObject({ backstop: { armed: 1, set: 0 } });
    }
    expect([ours(), lab.changes()]).toEqual([{}, {}]);
    lab.aws.studio.deleteApp(app);
    expect(await tellOf(heard.at(-1)!)).toEqual({ noted: 'run ended' });
    expect(scheduled()).toEqual([]);
    expect(ours()).toEqual({ 'scheduler DeleteSchedule': 1 });
  });

  test('all functions dead: Scheduler stops it by itself; the event tells who did, and the next scan tells people', async () => {
    await pass();
    const [{ at } = { at: 0 }] = scheduled();
    lab.clock.now = at - 1;
    await lab.aws.scheduler.fire();
    expect(lab.aws.studio.statusOf(lab.aws.studio.app(app as never)!)).toBe('InService');
    lab.clock.now = at;
    await lab.aws.scheduler.fire();
    expect(lab.aws.studio.statusOf(lab.aws.studio.app(app as never)!)).toBe('Deleting');
    lab.clock.now += 3 * HOUR;
    await tellOf(heard.at(-1)!);
    expect(await record()).toMatchObject({ endedAt: at, stop: { by: 'backstop', rule: 'per person: budget' } });
    const { value, log } = await pass();
    expect(value).toMatchObject({ stopped: 0, backstopFired: 1, outcomes: [{ kind: 'stopped by the backstop' }] });
    expect(log).toContainEqual(expect.objectContaining({ BackstopFired: 1 }));
    const owed = await lab.outbox.owed(lab.place, lab.clock.now + DAY, 99);
    const told = owed.filter(({ notice }) => notice.facts.kind === 'stopped' && notice.facts.stoppedAt === at);
    expect(told.map(({ notice }) => notice.facts)).toContainEqual(
      expect.objectContaining({
        reason: expect.stringContaining('stopped by the backstop, since Curfew itself had not'),
      }),
    );
    expect((await pass()).value).toMatchObject({ backstopFired: 0, outcomes: [] });
  });

  test('somebody else’s schedule that stops an app is none of ours', async () => {
    await pass();
    lab.aws.studio.deleteApp(app, 'scheduler');
    await tellOf(heard.at(-1)!);
    expect(await record()).not.toHaveProperty('stop');
    expect(scheduled()).toEqual([]);
  });

  test('leaving `enforce` takes all down', async () => {
    await pass();
    await writeFile(lab.policy, BUDGETS.replace('mode: enforce', 'mode: warn'));
    lab.clock.now += 5 * MINUTE;
    expect((await pass()).value).toMatchObject({ backstop: { armed: 0, removed: 1, remain: 0 } });
    expect(scheduled()).toEqual([]);
  });

  test('Scheduler that is out fails the pass, once all else is done; the next that comes after it mends it', async () => {
    lab.aws.faults.add({ service: 'scheduler', action: 'CreateSchedule', status: 403, code: 'AccessDeniedException' });
    const { error } = await scan.invoke(time(), contextOf('curfew-prod-scan'));
    expect(error).toMatchObject({
      name: 'PassFailed',
      message: expect.stringContaining('scheduler:CreateSchedule is not allowed'),
    });
    expect((await record())!.backstop).not.toHaveProperty('isSet');
    // One pass leaves it be: the other may still be at it.
    lab.clock.now += 5 * MINUTE;
    expect((await pass()).value).toMatchObject({ backstop: { set: 0 } });
    lab.clock.now += 5 * MINUTE;
    expect((await pass()).value).toMatchObject({ backstop: { set: 1 } });
    expect(scheduled()).toHaveLength(1);
    lab.aws.studio.deleteApp(app);
    await tellOf(heard.at(-1)!);
  });

  test('daily, what no run stands for is taken down, and what was lost is made anew', async () => {
    await pass();
    const [mine] = scheduled();
    const hand = schedulerBackstop(lab.scheduler, {
      group: GROUP,
      role: ENV.CURFEW_BACKSTOP_ROLE,
      queue: ENV.CURFEW_BACKSTOP_QUEUE,
    });
    await hand.arm({ name: 'stray', app: { ...lab.place, ...app } as AppRef, at: lab.clock.now + HOUR });
    lab.clock.now += 10 * MINUTE;
    expect((await pass(spend)).value).toMatchObject({ backstop: { removed: 1, remain: 0, lost: 0 }, faults: [] });
    expect(scheduled().map(({ name }) => name)).toEqual([mine!.name]);
    await hand.disarm(mine!.name);
    expect((await pass(spend)).value).toMatchObject({ backstop: { removed: 0, lost: 1 } });
    lab.clock.now += 5 * MINUTE;
    expect((await pass()).value).toMatchObject({ backstop: { set: 1 } });
    expect(scheduled().map(({ name }) => name)).toEqual([mine!.name]);
    lab.aws.studio.deleteApp(app);
    await tellOf(heard.at(-1)!);
  });

  test('where none is deployed, nothing is asked and nothing is said of it', async () => {
    const bare = await lab.lambda('scan');
    const { value } = await pass(bare);
    expect(value).not.toHaveProperty('backstop');
    expect(ours()).toEqual({});
  });
});

test('no function calls Scheduler beyond the rights that the check-up asks about', async () => {
  const scope = {
    ...{ account: lab.place.account, region: 'us-east-1', partition: 'aws', table: 'curfew', identity: 'example.org' },
    ...{ policy: policyOf(BUDGETS), backstop: { group: GROUP, role: ENV.CURFEW_BACKSTOP_ROLE } },
  };
  const asked = (handler: string) =>
    rightsOf(handler, scope).flatMap(({ actions }) => actions.filter((one) => one.startsWith('scheduler')));
  expect(asked('scan')).toEqual(
    ['CreateSchedule', 'UpdateSchedule', 'DeleteSchedule'].map((one) => `scheduler:${one}`),
  );
  expect(asked('studio-event')).toEqual(asked('scan'));
  expect(asked('spend').sort()).toEqual(['scheduler:DeleteSchedule', 'scheduler:ListSchedules']);
  for (const other of ['deliver', 'links', 'mail-feedback', 'activity-event']) expect(asked(other)).toEqual([]);
});

import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AppRef } from '../../src/domain/app.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-scan');
let lab: Awaited<ReturnType<typeof startLab>>;
let lambda: Lambda;
beforeAll(async () => {
  lab = await startLab();
  lab.aws.studio.createDomain({ domainId: 'd-lab', name: 'lab' });
  for (const name of ['alice', 'bob', 'carol']) lab.aws.studio.createUserProfile({ domainId: 'd-lab', name });
  lambda = await lab.lambda('scan');
});
afterAll(() => lab.close());
beforeEach(async () => {
  for (const app of lab.aws.studio.apps()) {
    const status = lab.aws.studio.statusOf(app);
    if (status === 'InService' || status === 'Pending') lab.aws.studio.deleteApp(app);
  }
  lab.clock.now += 2 * DAY;
  lab.nextAccount();
  lab.aws.faults.clear();
  await writeFile(lab.policy, POLICY.replace('max-uptime: 1d', 'max-uptime: 1d\n    max-idle: 2h'));
});

const id = (userProfileName: string, appType: 'Canvas' | 'JupyterLab' = 'Canvas') =>
  ({ domainId: 'd-lab', userProfileName, appType, appName: 'default' }) as const;
const start = (app: ReturnType<typeof id>, age: number) =>
  lab.aws.studio.createApp({ ...app, at: lab.clock.now - age });
const status = (app: ReturnType<typeof id>) => lab.aws.studio.statusOf(lab.aws.studio.app(app)!);
/** Canvas publishes each minute of the last ten how long its user has done nothing. */
const publish = (userProfileName: string, idle: number) => {
  const dimensions = { DomainId: 'd-lab', UserProfileName: userProfileName };
  const metric = { namespace: '/aws/sagemaker/Canvas/AppActivity', name: 'TimeSinceLastActive', dimensions };
  for (let ago = 10 * MINUTE; ago > 0; ago -= MINUTE)
    if (idle >= ago) lab.aws.cloudwatch.put(metric, lab.clock.now - ago, (idle - ago) / 1000);
};
const scan = async () => {
  lab.aws.calls.reset();
  return lambda.invoke(scheduled(lab.clock.now, { account: lab.place.account }), context);
};
const run = (app: AppRef) => lab.runs.get({ ...app, ...lab.place });

describe('a Canvas app', () => {
  it('idle for longer than max-idle is warned, and stopped when its grace is over', async () => {
    start(id('alice'), 5 * HOUR);
    publish('alice', 3 * HOUR);
    expect((await scan()).value).toMatchObject({ started: 1, warned: 1 });
    const { warnings } = (await run(id('alice') as never))!;
    expect(warnings['everything: max-idle']!.given).toMatchObject({ stopAt: lab.clock.now + 30 * MINUTE });

    lab.clock.now += 15 * MINUTE;
    publish('alice', 3 * HOUR + 15 * MINUTE);
    expect((await scan()).value).toMatchObject({ warned: 0, stopped: 0 });
    expect(lab.changes()).toEqual({});

    lab.clock.now += 15 * MINUTE;
    publish('alice', 3 * HOUR + 30 * MINUTE);
    const { value } = await scan();
    expect(value).toMatchObject({ stopped: 1 });
    expect(JSON.stringify(value!.outcomes)).toContain('canvas-metric');
    expect(status(id('alice'))).toBe('Deleting');
  });

  it('in use is kept, by one call for all of them, and nothing is written', async () => {
    for (const name of ['alice', 'bob', 'carol']) {
      start(id(name), 5 * HOUR);
      publish(name, HOUR);
    }
    await scan();
    expect((await scan()).value).toMatchObject({ apps: 3, warned: 0, stopped: 0, failed: 0 });
    expect(lab.changes()).toEqual({});
    expect(lab.aws.calls.counts()).toMatchObject({ 'cloudwatch GetMetricData': 1, 'sagemaker ListApps': 1 });
  });

  it('that nothing is told of is unknown, and unknown is never idle', async () => {
    start(id('alice'), 20 * HOUR);
    for (let i = 0; i < 3; i++) {
      expect((await scan()).value).toMatchObject({ warned: 0, stopped: 0, faults: [] });
      lab.clock.now += HOUR;
    }
    expect(status(id('alice'))).toBe('InService');
  });

  it.each([
    ['AccessDeniedException', 'cloudwatch:GetMetricData is not allowed to these credentials'],
    ['InternalServiceFault', 'cloudwatch:GetMetricData'],
  ])('that cannot be asked about (%s) is unknown; the others are handled, and the pass fails', async (code, why) => {
    start(id('alice'), 5 * HOUR);
    start(id('bob', 'JupyterLab'), 2 * DAY);
    publish('alice', 3 * HOUR);
    const deny = () =>
      lab.aws.faults.add({
        service: 'cloudwatch',
        action: 'GetMetricData',
        code,
        status: 400,
        message: 'no',
        times: Number.POSITIVE_INFINITY,
      });
    deny();
    const first = await scan();
    expect(first.error).toMatchObject({ name: 'PassFailed', message: expect.stringContaining(why) });
    expect(first.error!.message).toContain('the use of 1 Canvas app is unknown');
    expect(first.log.find(({ message }) => message === 'scan')).toMatchObject({ warned: 1, failed: 0 });
    lab.clock.now += 30 * MINUTE;
    publish('alice', 3 * HOUR + 30 * MINUTE);
    expect((await scan()).error?.name).toBe('PassFailed');
    expect([status(id('alice')), status(id('bob', 'JupyterLab'))]).toEqual(['InService', 'Deleting']);

    lab.aws.faults.clear();
    expect((await scan()).value).toMatchObject({ warned: 1 });
  });
});

it('CloudWatch is not called where no limit has max-idle', async () => {
  await writeFile(lab.policy, POLICY);
  start(id('alice'), 5 * HOUR);
  await scan();
  expect(lab.aws.calls.count('cloudwatch')).toBe(0);
});

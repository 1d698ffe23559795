import { execFile } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import type { AppRef } from '../../src/domain/app.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, countedRefusals, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-scan');
const ADDRESS = /[\w.+'-]+@[\w-]+\.\w+/;

let lab: Awaited<ReturnType<typeof startLab>>;
let scan: Lambda;
beforeAll(async () => {
  lab = await startLab();
  lab.aws.studio.createDomain({ domainId: 'd-lab', name: 'lab' });
  lab.aws.studio.createUserProfile({ domainId: 'd-lab', name: 'alice' });
  scan = await lab.lambda('scan');
});
afterAll(() => lab.close());
beforeEach(async () => {
  // Another day of another account, with nothing running from the day before.
  for (const app of lab.aws.studio.apps()) {
    const status = lab.aws.studio.statusOf(app);
    if (status === 'InService' || status === 'Pending') lab.aws.studio.deleteApp(app);
  }
  lab.clock.now += 2 * DAY;
  lab.nextAccount();
  lab.aws.faults.clear();
  lab.aws.calls.reset();
  await writeFile(lab.policy, POLICY);
});

const start = (appName: string, age = 0) =>
  lab.aws.studio.createApp({
    domainId: 'd-lab',
    userProfileName: 'alice',
    appType: 'JupyterLab',
    appName,
    instanceType: 'ml.t3.medium',
    at: lab.clock.now - age,
  });
const ref = (appName: string): AppRef => ({
  ...lab.place,
  domainId: 'd-lab',
  userProfileName: 'alice',
  appType: 'JupyterLab',
  appName,
});
const status = (appName: string) =>
  lab.aws.studio.statusOf(
    lab.aws.studio.app({ domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName })!,
  );
const at = (more?: object) => scheduled(lab.clock.now, { account: lab.place.account, ...more });

describe('time', () => {
  it('is the event’s: a run is warned and stopped by it, to the second', async () => {
    start('default', 2 * DAY);
    const first = await scan.invoke(at(), context);
    expect(first.value).toMatchObject({
      now: new Date(lab.clock.now).toISOString(),
      warned: 1,
      stopped: 0,
      started: 1,
    });
    const { warnings } = (await lab.runs.get(ref('default')))!;
    expect(Object.values(warnings)[0]!.given).toMatchObject({
      at: lab.clock.now,
      stopAt: lab.clock.now + 30 * MINUTE,
    });
    lab.clock.now += 30 * MINUTE - 1000;
    expect((await scan.invoke(at(), context)).value).toMatchObject({ warned: 0, stopped: 0, started: 0 });
    lab.clock.now += 1000;
    expect((await scan.invoke(at(), context)).value).toMatchObject({ warned: 0, stopped: 1 });
    expect(status('default')).toBe('Deleting');
    expect((await lab.runs.get(ref('default')))!.endedAt).toBe(lab.clock.now);
  });

  it.each([
    ['an empty event', {}],
    ['no event', undefined],
    ['null', null],
    ['an event without time', { ...scheduled(0), time: undefined }],
  ])('is the system’s with %s', async (_, event) => {
    const before = Date.now();
    const { value, error } = await scan.invoke(event, context);
    expect(error).toBeUndefined();
    expect(Date.parse(value!.now as string)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(value!.now as string)).toBeLessThanOrEqual(Date.now());
  });

  it('has the account of the Lambda itself where the event tells none', async () => {
    start('default');
    await scan.invoke({ time: at().time }, contextOf('curfew-scan', '123456789012'));
    expect(await lab.runs.get({ ...ref('default'), account: '123456789012' })).toBeDefined();
  });

  it.each([
    ['a time that is none', { time: 'now' }],
    ['a time in milliseconds', { time: 1795424400000 }],
    ['an account that is none', { account: 'mine' }],
    ['a text', undefined],
  ])('with %s is refused: told, counted, nothing done', async (_, more) => {
    start('default', 2 * DAY);
    const invocation = await scan.invoke(more ? at(more) : 'scan!', context);
    expect(invocation.error).toBeUndefined();
    expect(invocation.value).toEqual({ refused: expect.stringMatching(/\S/) });
    expect(countedRefusals(invocation)).toBe(1);
    expect(lab.aws.calls.count()).toBe(0);
  });
});

describe('a pass', () => {
  it('logs one summary, with no address in it, and answers with the same', async () => {
    start('default', 2 * DAY);
    const { log, text, value } = await scan.invoke(at(), context);
    const summaries = log.filter(({ message }) => message === 'scan');
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toMatchObject({ level: 'INFO', mode: 'enforce', apps: 1, started: 1, warned: 1, failed: 0 });
    expect(value).toMatchObject({ apps: 1, warned: 1, faults: [] });
    expect(text).not.toMatch(ADDRESS);
    expect(log.filter((line) => 'notJson' in line)).toEqual([]);
  });

  it('given twice writes nothing the second time, and reads only', async () => {
    start('default', 2 * DAY);
    start('young');
    await scan.invoke(at(), context);
    lab.aws.calls.reset();
    await scan.invoke(at(), context);
    expect(lab.changes()).toEqual({});
    expect(await lab.outbox.owed(lab.place, lab.clock.now, 10)).toHaveLength(2);
  });

  it('mails nobody itself: the notices are owed, to the admins', async () => {
    start('default', 2 * DAY);
    await scan.invoke(at(), context);
    expect(lab.aws.calls.count('sesv2')).toBe(0);
    expect((await lab.outbox.owed(lab.place, lab.clock.now, 10)).map(({ notice }) => notice.to).sort()).toEqual([
      'admin-one@example.org',
      'admin-two@example.org',
    ]);
  });
});

describe('a failure', () => {
  const warnAll = async (...apps: string[]) => {
    for (const app of apps) start(app, 2 * DAY);
    await scan.invoke(at(), context);
    lab.clock.now += HOUR;
    lab.aws.calls.reset();
  };

  it('of one stop rejects at the end, after every other stop, its record and its notice', async () => {
    await warnAll('a', 'b', 'c');
    const when = (input: { AppName: string }) => input.AppName === 'b';
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      when,
      code: 'AccessDeniedException',
      status: 400,
      message: 'User: arn:aws:sts::1:x is not authorized to perform sagemaker:DeleteApp',
      times: Number.POSITIVE_INFINITY,
    });
    start('new');
    const { error, text, log } = await scan.invoke(at(), context);
    expect(error).toMatchObject({ name: 'PassFailed', message: expect.stringContaining('AccessDeniedException') });
    expect(['a', 'b', 'c', 'new'].map(status)).toEqual(['Deleting', 'InService', 'Deleting', 'Pending']);
    expect((await lab.runs.get(ref('a')))!.endedAt).toBe(lab.clock.now);
    expect((await lab.runs.get(ref('b')))!.stop).toMatchObject({ failures: 1, code: 'AccessDeniedException' });
    expect(await lab.runs.get(ref('new'))).toBeDefined();
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
    expect(owed.filter(({ notice }) => notice.facts.kind === 'stopped')).toHaveLength(4);
    // The summary is told all the same.
    expect(log.filter(({ message }) => message === 'scan')).toEqual([
      expect.objectContaining({ stopped: 2, failed: 1 }),
    ]);
    expect(text).not.toMatch(ADDRESS);
  });

  it('of a stop in a space names its owner, and the space', async () => {
    const app = { domainId: 'd-lab', spaceName: 'detector', appType: 'JupyterLab' as const, appName: 'default' };
    lab.aws.studio.createSpace({ domainId: 'd-lab', name: 'detector', owner: 'alice', sharing: 'Private' });
    lab.aws.studio.createApp({ ...app, instanceType: 'ml.t3.medium', at: lab.clock.now - 2 * DAY });
    await scan.invoke(at(), context);
    lab.clock.now += HOUR;
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      code: 'AccessDeniedException',
      status: 400,
      times: 3,
    });
    for (let i = 0; i < 3; i++) await scan.invoke(at(), context);
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
    const failures = owed.flatMap(({ notice }) => (notice.facts.kind === 'failure' ? [notice.facts.title] : []));
    expect([...new Set(failures)]).toEqual([`alice's JupyterLab app in space "detector" cannot be stopped`]);
  });

  it('of a stop is tried again by each scan, and told to the admins at the third, once', async () => {
    await warnAll('a');
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      code: 'AccessDeniedException',
      status: 400,
      times: 5,
    });
    const told: number[] = [];
    for (let i = 0; i < 5; i++) {
      expect((await scan.invoke(at(), context)).error?.name).toBe('PassFailed');
      const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
      told.push(owed.filter(({ notice }) => notice.facts.kind === 'failure').length);
      lab.clock.now += 5 * MINUTE;
    }
    expect(told).toEqual([0, 0, 2, 2, 2]);
    expect((await scan.invoke(at(), context)).value).toMatchObject({ stopped: 1 });
  });

  it('of a listing rejects at the end: no stop on half a picture, and what is sure is recorded', async () => {
    await warnAll('a');
    start('new');
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'ListSpaces',
      code: 'AccessDeniedException',
      status: 400,
      message: 'not authorized',
    });
    const { error } = await scan.invoke(at(), context);
    expect(error).toMatchObject({ name: 'PassFailed', message: expect.stringContaining('sagemaker:ListSpaces') });
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
    expect(await lab.runs.get(ref('new'))).toBeDefined();
    expect((await scan.invoke(at(), context)).value).toMatchObject({ stopped: 1 });
  });

  it('of one record does not end the others', async () => {
    for (const app of ['a', 'b', 'c']) start(app, 2 * DAY);
    const when = (input: { Item: { appName?: { S: string } } }) => input.Item.appName?.S === 'b';
    lab.aws.faults.add({
      service: 'dynamodb',
      action: 'PutItem',
      when,
      code: 'AccessDeniedException',
      status: 400,
      times: Number.POSITIVE_INFINITY,
    });
    const { error, text } = await scan.invoke(at(), context);
    expect(error?.name).toBe('PassFailed');
    expect((await lab.runs.load(lab.place)).runs.map(({ app }) => app.appName).sort()).toEqual(['a', 'c']);
    expect(await lab.outbox.owed(lab.place, lab.clock.now, 100)).toHaveLength(4);
    expect(text).not.toMatch(ADDRESS);
  });

  it('of the table is told with the IAM action, and nothing is stopped', async () => {
    await warnAll('a');
    lab.aws.faults.add({ service: 'dynamodb', action: 'Query', code: 'AccessDeniedException', status: 400 });
    expect((await scan.invoke(at(), context)).error?.message).toContain('dynamodb:Query');
    expect(lab.changes()).toEqual({});
  });

  it('already gone is success', async () => {
    await warnAll('a');
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      code: 'ResourceNotFound',
      status: 400,
      message: 'App does not exist',
    });
    expect((await scan.invoke(at(), context)).value).toMatchObject({ stopped: 1, failed: 0 });
  });

  it('more stops than the safety valve lets through: none, and the admins are told once a day', async () => {
    await writeFile(lab.policy, POLICY.replace('max-stops: 100%', 'max-stops: 1'));
    const careful = await lab.lambda('scan');
    await warnAll('a', 'b');
    const { value } = await careful.invoke(at(), context);
    expect(value).toMatchObject({ stopped: 0, held: 2 });
    await careful.invoke(at(), context);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
    expect(owed.filter(({ notice }) => notice.facts.kind === 'failure')).toHaveLength(2);
  });
});

it('goes on from what `curfew scan --apply` began where STS does not answer: no second warning', async () => {
  // A table of its own: whose it is, its first item tells.
  await createTable(lab.dynamodb, 'begun-by-hand');
  const env = { ...process.env, ...lab.env, CURFEW_TABLE: 'begun-by-hand', AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' };
  start('default', 2 * DAY);
  const cli = [resolve('dist/cli.mjs'), 'scan', '--apply', '--now', new Date(lab.clock.now).toISOString()];
  const { stderr } = await promisify(execFile)(process.execPath, cli, { env });
  expect(stderr).toContain('1 warned');
  const second = await lab.lambda('scan', { CURFEW_TABLE: 'begun-by-hand' });
  lab.clock.now += MINUTE;
  // The account that Studio's domains are in, which is what the CLI goes by where STS is silent.
  const event = { ...at(), account: '111122223333' };
  expect((await second.invoke(event, context)).value).toMatchObject({ started: 0, warned: 0 });
});

describe('configuration', () => {
  it.each(['scan', 'studio-event', 'deliver'])(
    '%s refuses to start on a bad policy, with every fault',
    async (name) => {
      await writeFile(
        lab.policy,
        POLICY.replace('enforce', 'enforced').replace('max-uptime: 1d', 'max-uptime: 1 day').replace('grace', 'grase'),
      );
      const lambda = await lab.lambda(name, { CURFEW_TABLE: '', AWS_REGION: '' });
      const { error, value } = await lambda.invoke(at(), contextOf(name));
      expect(value).toBeUndefined();
      const lines = error!.message.split('\n');
      expect(error!.name).toBe('ConfigError');
      expect(lines).toContainEqual(expect.stringMatching(/AWS_REGION/));
      expect(lines).toContainEqual(expect.stringMatching(/CURFEW_TABLE/));
      expect(lines).toContainEqual(expect.stringMatching(/curfew\.yml:2:7 .*mode.*observe, warn, enforce/));
      expect(lines).toContainEqual(expect.stringMatching(/curfew\.yml:8:17 .*max-uptime.*"1 day".*1d12h/));
      expect(lines).toContainEqual(expect.stringMatching(/curfew\.yml:9:5 .*"grase".*did you mean "grace"/));
      expect(lines).toHaveLength(5);
      expect(lab.aws.calls.count()).toBe(0);
    },
  );

  it('starts once the policy is mended: a failed start is not kept', async () => {
    const fresh = await lab.lambda('scan');
    await rm(lab.policy);
    expect((await fresh.invoke(at(), context)).error?.message).toContain('there is no such file');
    await writeFile(lab.policy, POLICY);
    expect((await fresh.invoke(at(), context)).value).toMatchObject({ mode: 'enforce' });
  });

  it('takes the policy from SSM, with its own faults and AWS’s', async () => {
    lab.aws.parameters.set('/curfew/policy', POLICY);
    const good = await lab.lambda('scan', { CURFEW_POLICY: 'ssm:/curfew/policy' });
    expect((await good.invoke(at(), context)).value).toMatchObject({ mode: 'enforce' });
    const none = await lab.lambda('scan', { CURFEW_POLICY: 'ssm:/none' });
    expect((await none.invoke(at(), context)).error).toMatchObject({
      name: 'ConfigError',
      message: expect.stringContaining('ssm:GetParameter'),
    });
    lab.aws.parameters.set('/bad', 'mode: x\n');
    const bad = await lab.lambda('scan', { CURFEW_POLICY: 'ssm:/bad' });
    expect((await bad.invoke(at(), context)).error?.message).toMatch(/ssm:\/bad:1:7/);
  });

  it('runs from its own file alone', async () => {
    await scan.invoke(at(), context);
    expect(await readdir(scan.folder)).toEqual(['scan.mjs']);
  });
});

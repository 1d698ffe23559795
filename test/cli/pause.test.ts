import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import { schedulerBackstop } from '../../src/adapters/scheduler/backstop.ts';
import { newRun } from '../../src/domain/run.ts';
import { HOUR } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
let runs: ReturnType<typeof dynamodbRuns>;
const place = { account: '111122223333', region: 'us-east-1' };
beforeAll(async () => {
  lab = await startLab();
  await createTable(lab.dynamodb, 'curfew');
  runs = dynamodbRuns(lab.dynamodb, 'curfew');
});
afterAll(() => lab.close());
beforeEach(async () => {
  await lab.file('curfew.yml', POLICY);
  lab.aws.faults.clear();
  const known = await runs.lastPause(place);
  if (known) await runs.resume(place, known, 0);
  lab.aws.calls.reset();
});
const run = (...args: string[]) => lab.curfew([...args, ...lab.now()], { CURFEW_TABLE: 'curfew' });
const CALLER = 'arn:aws:sts::111122223333:assumed-role/CurfewRole/curfew';

describe('pause', () => {
  it('is one command: one write, and says where, until when and what follows', async () => {
    const { code, stdout, stderr } = await run('pause', '--until', '4h', '--why', 'exam week');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Curfew is paused until \d\d:\d\d, in us-east-1 of account 111122223333 \(curfew\)\.\n/);
    expect(stdout).toMatch(/Nothing is stopped, and nobody is written to/);
    const from = lab.clock.now;
    expect(await runs.lastPause(place)).toEqual({ from, until: from + 4 * HOUR, by: CALLER, why: 'exam week' });
    expect(lab.changes()).toEqual({ 'dynamodb PutItem': 1 });
  });

  it('with no end holds until resume, and replaces what was', async () => {
    await run('pause', '--until', '4h', '--why', 'exam week');
    const from = lab.clock.now;
    lab.clock.now += HOUR;
    const { code, stdout, stderr } = await run('pause');
    expect(code).toBe(0);
    expect(stdout).toMatch(/paused until somebody resumes/);
    expect(stderr).toMatch(/^It was paused until .*, by arn:aws:sts::.*: exam week\. This replaces that\.\n$/);
    const pause = await runs.lastPause(place);
    expect(pause).toMatchObject({ from: lab.clock.now, by: CALLER });
    expect(pause?.earlier?.at(-1)).toEqual({ from, to: lab.clock.now });
  });

  it.each(['tomorrow', '0h', '2020-01-01', '2026-02-30'])(
    '--until %s: refused, and nothing is written',
    async (until) => {
      const { code, stdout, stderr } = await run('pause', '--until', until);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/--until .*: neither a length of time such as 4h, nor a day or a time to come/);
      expect(lab.changes()).toEqual({});
    },
  );

  it('needs no policy: a broken one must not keep anybody from it', async () => {
    await lab.file('curfew.yml', 'mode: enfroce');
    const { code, stderr } = await run('pause', '--until', '2026-12-01T08:00');
    expect(code).toBe(0);
    expect(stderr).toMatch(/Times are UTC/);
    expect((await runs.lastPause(place))!.until).toBe(Date.UTC(2026, 11, 1, 8));
    expect((await run('resume')).code).toBe(0);
  });

  it('needs no right but to write: a denied look at the table does not keep anybody from it', async () => {
    const denied = { status: 400, code: 'AccessDeniedException', times: Number.POSITIVE_INFINITY };
    lab.aws.faults.add({ service: 'dynamodb', action: 'Scan', ...denied });
    expect((await run('pause')).code).toBe(0);
  });

  it('without STS it is by the user of this machine', async () => {
    lab.aws.faults.add({ service: 'sts', action: 'GetCallerIdentity', status: 403, code: 'AccessDenied', times: 9 });
    expect((await run('pause')).code).toBe(0);
    expect((await runs.lastPause(place))!.by).toMatch(/^[\w.-]+$/);
  });

  it('without a table, or one that there is, it says so', async () => {
    const none = await lab.curfew(['pause', ...lab.now()]);
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/needs the table/) });
    const other = await run('pause', '--table', 'other');
    expect(other).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/no table other in us-east-1/) });
    for (const { stderr } of [none, other]) expect(stderr).not.toMatch(TRACE);
  });
});

describe('resume', () => {
  it('takes it back, tells whose it was, and the second time that there is none', async () => {
    await run('pause', '--why', 'exam week');
    const { code, stdout } = await run('resume');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Curfew goes on, .*It was paused until somebody resumes.*by arn:aws:sts::.*: exam week\.\n/,
    );
    expect(stdout).toMatch(/warned anew/);
    expect((await runs.lastPause(place))!.resumedAt).toBe(lab.clock.now);
    const again = await run('resume');
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Curfew is not paused: the last pause ended/),
    });
  });
});

describe('while paused', () => {
  const says =
    /Curfew is paused until .*, since .*, by arn:aws:sts::111122223333:assumed-role.CurfewRole.curfew: exam week\. Nothing is stopped/;

  it('scan, status and explain say so: by whom, until when and why', async () => {
    await run('pause', '--until', '4h', '--why', 'exam week');
    for (const args of [['scan'], ['status'], ['explain', 'late'], ['scan', '--apply']]) {
      const { code, stderr } = await run(...args);
      expect({ args, code }).toEqual({ args, code: 0 });
      expect(stderr).toMatch(says);
    }
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
    const rows = readTable((await run('status')).stdout);
    expect(new Set(rows.map(({ NEXT }) => NEXT))).toEqual(new Set(['nothing while paused']));
    const paused = { by: CALLER, why: 'exam week', until: new Date(lab.clock.now + 4 * HOUR).toISOString() };
    for (const command of ['scan', 'status'])
      expect(JSON.parse((await run(command, '--json')).stdout).paused).toMatchObject(paused);
  });

  it('nobody is asked to confirm', async () => {
    await run('pause');
    const { code, stderr } = await lab.curfew(['contacts', 'invite', 'a@example.org', ...lab.now()], {
      CURFEW_TABLE: 'curfew',
      CURFEW_BASE_URL: 'https://links.example.org',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/Curfew is paused until somebody resumes/);
  });

  it('once it is over nobody says so', async () => {
    await run('pause', '--until', '4h');
    lab.clock.now += 4 * HOUR;
    const { stderr } = await run('status');
    expect(stderr).not.toMatch(/paused/);
    lab.clock.now -= 4 * HOUR;
  });
});

describe('pause, where there is a backstop', () => {
  const group = 'curfew-prod-backstop';
  const app = { ...place, domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' };
  const arm = async (many: number) => {
    lab.aws.scheduler.createGroup(group);
    const role = 'arn:aws:iam::111122223333:role/backstop';
    const backstop = schedulerBackstop(lab.scheduler, {
      group,
      role,
      queue: 'arn:aws:sqs:us-east-1:111122223333:dead',
    });
    for (let i = 0; i < many; i++) await backstop.arm({ name: `run.${i}`, app, at: lab.clock.now + HOUR });
  };
  const pause = (env: Record<string, string>) =>
    lab.curfew(['pause', ...lab.now()], { CURFEW_TABLE: 'curfew', ...env });

  it('takes down every schedule, page by page, and says how many', async () => {
    await arm(130);
    const { code, stdout, stderr } = await pause({ CURFEW_BACKSTOP_GROUP: group });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Of the backstop, 130 schedules were taken down, and 0 remain\.\n$/);
    expect(lab.aws.scheduler.schedules()).toEqual([]);
    expect(lab.aws.calls.count('scheduler', 'ListSchedules')).toBe(2);
  });

  it('says how many remain, and why, and fails; again, it goes on with them', async () => {
    await arm(5);
    const denied = {
      service: 'scheduler',
      action: 'DeleteSchedule',
      status: 403,
      code: 'AccessDeniedException',
    } as const;
    lab.aws.faults.add({ ...denied, when: ({ Name }) => Name === 'run.1' || Name === 'run.3', times: 2 });
    const first = await pause({ CURFEW_BACKSTOP_GROUP: group });
    expect(first.code).toBe(1);
    expect(first.stdout).toContain('3 schedules were taken down, and 2 remain');
    expect(first.stderr).toContain('run.1 still stands: scheduler:DeleteSchedule is not allowed');
    expect((await runs.lastPause(place))?.from).toBe(lab.clock.now);
    lab.aws.faults.add({ ...denied, when: ({ Name }) => Name === 'run.3', times: 1 });
    const again = await pause({ CURFEW_BACKSTOP_GROUP: group });
    expect(again.stdout).toContain('Of the backstop, 1 schedule was taken down, and 1 remains.');
    const second = await pause({ CURFEW_BACKSTOP_GROUP: group });
    expect([second.code, lab.aws.scheduler.schedules()]).toEqual([0, []]);
  });

  it('that cannot be listed is told, and the pause holds all the same', async () => {
    const denied = {
      service: 'scheduler',
      action: 'ListSchedules',
      status: 403,
      code: 'AccessDeniedException',
    } as const;
    lab.aws.faults.add({ ...denied, times: 9 });
    const { code, stderr } = await pause({ CURFEW_BACKSTOP_GROUP: group });
    expect(code).toBe(1);
    expect(stderr).toContain('Of the backstop nothing was taken down: scheduler:ListSchedules is not allowed');
    expect((await runs.lastPause(place))?.from).toBe(lab.clock.now);
  });

  it('without its group’s name, says that scans take it down, and how to do without', async () => {
    const armed = {
      name: 'a',
      at: lab.clock.now + HOUR,
      rule: 'r',
      reason: '',
      since: lab.clock.now,
      isSet: true as const,
    };
    await runs.open({ ...newRun(app, lab.clock.now - HOUR), backstop: armed });
    const { code, stderr } = await pause({});
    expect(code).toBe(0);
    expect(stderr).toContain(
      '1 app has a backstop. The next scan takes it down; if none comes, set CURFEW_BACKSTOP_GROUP',
    );
  });
});

import { CreateTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { readTable, TRACE } from './curfew.ts';
import { type Decided, POLICY, startLab } from './lab.ts';

type Lab = Awaited<ReturnType<typeof startLab>>;
interface Printed {
  now: string;
  decisions: Decided[];
  outcomes: (Decided & { outcome: string; code?: string })[];
  missing?: { part: string; why: string }[];
}
const printed = (stdout: string) => JSON.parse(stdout) as Printed;
const byAction = ({ decisions }: Printed) =>
  Object.fromEntries(
    decisions.map((one) => [`${one.userProfileName ?? one.spaceName}/${one.appType}/${one.appName}`, one.action]),
  );

describe('without a table', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
  });
  afterAll(() => lab.close());
  afterEach(() => {
    lab.aws.faults.clear();
    lab.aws.calls.reset();
  });
  const scan = (...args: string[]) => lab.curfew(['scan', ...lab.now(), ...args]);
  const deny = (service: 'sagemaker' | 'resource-groups-tagging-api' | 'dynamodb', action: string) =>
    lab.aws.faults.add({
      service,
      action,
      status: 400,
      code: 'AccessDeniedException',
      message: 'User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform this',
      times: Number.POSITIVE_INFINITY,
    });

  it('prints exactly the members that the design names, and decides by the policy', async () => {
    const { code, stdout, lines } = await scan('--json');
    expect(code).toBe(0);
    const result = printed(stdout);
    expect(result.now).toBe(new Date(lab.clock.now).toISOString());
    expect(byAction(result)).toEqual({
      'alice-lab/JupyterLab/default': 'keep',
      'orphan/JupyterLab/default': 'warn',
      'commons/CodeEditor/default': 'keep',
      'long-run/JupyterLab/default': 'keep',
      'alice/JupyterServer/default': 'keep',
      'carol/Canvas/default': 'keep',
      'bob/KernelGateway/k1': 'keep',
      'bob/KernelGateway/k2': 'keep',
      'alice/JupyterLab/default': 'keep',
      'bob/JupyterLab/late': 'warn',
    });
    for (const decision of result.decisions) {
      expect(Object.keys(decision)).toEqual(
        expect.arrayContaining([
          'domainId',
          'appType',
          'appName',
          'instanceType',
          'owner',
          'startedAt',
          'action',
          'rule',
          'reason',
        ]),
      );
      expect((decision.userProfileName === undefined) !== (decision.spaceName === undefined)).toBe(true);
      expect(decision.reason).toMatch(/\S/);
      expect(decision.startedAt).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    }
    const of = (name: string) => result.decisions.find((one) => (one.spaceName ?? one.appName) === name)!;
    expect(of('orphan')).toMatchObject({
      owner: null,
      instanceType: 'ml.g5.12xlarge',
      rule: 'everything else: max-uptime',
    });
    expect(of('orphan').reason).toMatch(/^up 30 h 2 min, limit 24 h/);
    expect(of('commons')).toMatchObject({ owner: 'bob', instanceType: 'ml.q9.qubit' });
    expect(of('long-run')).toMatchObject({ owner: 'carol', rule: expect.stringMatching(/^training/) });
    expect(result.decisions.find(({ appType }) => appType === 'Canvas')!.instanceType).toBeNull();
    expect(lines).toEqual([expect.stringMatching(/No table.*warnings.*evidence.*unknown/i)]);
  });

  it('prints a table whose every row has every cell, and says the rest on stderr', async () => {
    const { code, stdout, stderr } = await scan();
    expect(code).toBe(0);
    const rows = readTable(stdout);
    expect(rows).toHaveLength(10);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(['ACTION', 'OWNER', 'APP', 'INSTANCE', 'UP', 'WHY']);
      expect(Object.values(row).every((cell) => cell !== '')).toBe(true);
    }
    expect(stdout).not.toContain('\u001b');
    expect(stderr).not.toContain('\u001b');
    expect(stderr).not.toContain('\r');
    expect(stderr).toMatch(/10 running apps: 0 to stop, 2 to warn, 8 to keep\..*dry run/);
    expect(stderr).not.toMatch(TRACE);
  });

  it('changes nothing, and asks as little as it can', async () => {
    await scan();
    expect(lab.aws.calls.counts()).toEqual({
      'resource-groups-tagging-api GetResources': 1,
      'sagemaker ListApps': 1,
      'sagemaker ListSpaces': 1,
    });
  });

  it.each([
    ['sagemaker', 'ListApps', 'sagemaker:ListApps'],
    ['sagemaker', 'ListSpaces', 'sagemaker:ListSpaces'],
    ['resource-groups-tagging-api', 'GetResources', 'tag:GetResources'],
  ] as const)(
    'without the right to %s %s: one line that names %s, exit 1, no stop decided',
    async (service, action, iam) => {
      deny(service, action);
      const { code, stdout, stderr, lines } = await scan('--json');
      expect(code).toBe(1);
      expect(lines.filter((line) => line.includes(iam))).toHaveLength(1);
      expect(stderr).not.toMatch(TRACE);
      const { decisions, missing } = printed(stdout);
      expect(missing).toEqual([expect.objectContaining({ why: expect.stringContaining(iam) })]);
      expect(decisions.filter((one) => one.action === 'stop' && one.held === undefined)).toEqual([]);
      expect(decisions.length).toBe(action === 'ListApps' ? 0 : 10);
    },
  );

  it('with a table that is not there, or may not be read, goes on, and says what it could not know', async () => {
    const missing = await scan('--table', 'nowhere');
    expect(missing.code).toBe(0);
    expect(readTable(missing.stdout)).toHaveLength(10);
    expect(missing.stderr).toMatch(/nowhere.*curfew table create/);
    expect(missing.stderr).toMatch(/unknown/);
    deny('dynamodb', 'Scan');
    deny('dynamodb', 'Query');
    const denied = await scan('--table', 'nowhere');
    expect(denied.code).toBe(0);
    expect(readTable(denied.stdout)).toHaveLength(10);
    expect(denied.lines.filter((line) => /dynamodb:(Scan|Query)/.test(line))).toHaveLength(1);
    expect(denied.stderr).not.toMatch(TRACE);
  });

  it('with --apply needs the table to be there: one line, exit 1, nothing done', async () => {
    const { code, stdout, lines } = await scan('--apply', '--table', 'nowhere');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines).toEqual([expect.stringMatching(/nowhere.*curfew table create/)]);
    expect(lab.changes()).toEqual({});
  });

  it('with an endpoint that is not there says so, without a stack trace', async () => {
    const { code, stderr } = await lab.curfew(['scan'], { AWS_ENDPOINT_URL_SAGEMAKER: 'http://127.0.0.1:9' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/sagemaker:ListApps.*ECONNREFUSED/);
    expect(stderr).not.toMatch(TRACE);
  });

  it('honours AWS_ENDPOINT_URL for every service, and AWS_DEFAULT_REGION', async () => {
    const { AWS_ENDPOINT_URL_SAGEMAKER: url } = lab.aws.env;
    const none = Object.fromEntries(
      Object.keys(lab.aws.env)
        .filter((key) => key.startsWith('AWS_ENDPOINT'))
        .map((key) => [key, undefined]),
    );
    const region = { AWS_REGION: undefined, AWS_DEFAULT_REGION: 'us-east-1' };
    const { code, stdout } = await lab.curfew(['scan', ...lab.now()], { ...none, ...region, AWS_ENDPOINT_URL: url });
    expect(code).toBe(0);
    expect(readTable(stdout)).toHaveLength(10);
  });

  it('survives a reader that closes the pipe early', async () => {
    const { execFile } = await import('node:child_process');
    const cli = `${process.cwd()}/dist/cli.mjs`;
    const env = { ...process.env, ...lab.aws.env };
    const stderr = await new Promise<string>((resolve) =>
      execFile(
        'sh',
        ['-c', `"${process.execPath}" "${cli}" scan --json | head -c 1`],
        { cwd: lab.cwd, env },
        (_, __, text) => resolve(text),
      ),
    );
    expect(stderr).not.toMatch(/EPIPE|\n\s+at /);
  });
});

describe('with a table', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });
  afterEach(() => lab.close());
  const TABLE = { CURFEW_TABLE: 'curfew' };
  const run = (...args: string[]) => lab.curfew(args, TABLE);
  const scan = (...args: string[]) => run('scan', ...lab.now(), ...args);
  const create = async () => {
    const made = await run('table', 'create');
    lab.aws.calls.reset();
    return made;
  };

  it('is made once, and is there the second time', async () => {
    const first = await create();
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: 'Table curfew in us-east-1: made.\n' });
    const second = await run('table', 'create');
    expect(second).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('was there already') });
    const { TimeToLiveDescription } = await lab.dynamodb.send(new DescribeTimeToLiveCommand({ TableName: 'curfew' }));
    expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  });

  it('is not taken for another’s of the same name, whose items would be made to expire', async () => {
    await lab.dynamodb.send(
      new CreateTableCommand({
        TableName: 'curfew',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'orderId', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'orderId', KeyType: 'HASH' }],
      }),
    );
    const { code } = await run('table', 'create');
    const { TimeToLiveDescription } = await lab.dynamodb.send(new DescribeTimeToLiveCommand({ TableName: 'curfew' }));
    expect({ code, ttl: TimeToLiveDescription?.TimeToLiveStatus }).toEqual({ code: 1, ttl: 'DISABLED' });
  });

  it('that may not be made: names the IAM action, one line', async () => {
    lab.aws.faults.add({
      service: 'dynamodb',
      action: 'CreateTable',
      status: 400,
      code: 'AccessDeniedException',
      message: 'no',
    });
    const { code, stdout, lines } = await run('table', 'create');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines).toEqual([expect.stringContaining('dynamodb:CreateTable')]);
  });

  it('dry: every command that reads changes nothing, before and after a warning was given', async () => {
    await create();
    const read = async (...commands: string[][]) => {
      await Promise.all([
        ...commands.map(([name, ...rest]) => run(name!, ...rest, ...lab.now())),
        run('policy', 'check'),
      ]);
      expect(lab.changes()).toEqual({});
      expect(await lab.aws.mailbox.messages()).toEqual([]);
    };
    await read(['scan'], ['status', '--all'], ['explain', 'late'], ['explain', 'nothing']);
    await scan('--apply');
    lab.clock.now += HOUR;
    lab.aws.calls.reset();
    await read(['scan', '--json'], ['scan', '--max-stops', '0'], ['status', '--json'], ['explain', 'late']);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
  });

  it('--apply warns, waits, looks again, then stops; a dry run between tells and does not', async () => {
    await create();
    const first = await scan('--apply', '--json');
    expect(first.code).toBe(0);
    expect(printed(first.stdout).outcomes.filter(({ outcome }) => outcome === 'warned')).toHaveLength(2);
    lab.aws.calls.reset();
    const again = await scan('--apply', '--json');
    expect(printed(again.stdout).outcomes).toEqual([]);
    expect(lab.changes()).toEqual({});

    lab.clock.now += 30 * MINUTE;
    const dry = await scan('--json');
    expect(printed(dry.stdout).outcomes.map(({ outcome }) => outcome)).toEqual(['dry run', 'dry run']);
    expect(Object.values(byAction(printed(dry.stdout))).filter((action) => action === 'stop')).toHaveLength(2);
    expect(lab.changes()).toEqual({});

    const second = await scan('--apply');
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/2 stopped, 0 warned, 0 failed/);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(2);
    expect(readTable(second.stdout).filter(({ WHY }) => WHY!.startsWith('stopped'))).toHaveLength(2);
    // Nobody was written to by the scan itself: `deliver` does that.
    expect(lab.aws.calls.count('sesv2')).toBe(0);
  });

  it('a stop that fails is told with its code, exit 1, and the others are made', async () => {
    await create();
    await scan('--apply');
    lab.clock.now += HOUR;
    const when = (input: { AppName: string }) => input.AppName === 'late';
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteApp',
      when,
      status: 400,
      code: 'AccessDeniedException',
      message: 'not authorized',
    });
    const { code, stdout, stderr } = await scan('--apply');
    expect(code).toBe(1);
    expect(readTable(stdout).find(({ APP }) => APP === 'JupyterLab late')!.WHY).toMatch(
      /^failed \(AccessDeniedException\)/,
    );
    expect(stderr).toMatch(/1 stopped, 0 warned, 1 failed/);
    // The issue: "no permission (names the IAM action that is missing)".
    expect(`${stdout}${stderr}`).toContain('sagemaker:DeleteApp');
    expect(stderr).not.toMatch(TRACE);
  });

  it('the safety valve closes, says so, and --max-stops opens it for one scan', async () => {
    await create();
    await lab.file('curfew.yml', POLICY.replace('max-stops: 100%', 'max-stops: 1'));
    await scan('--apply');
    lab.clock.now += HOUR;
    lab.aws.calls.reset();
    const closed = await scan('--apply', '--json');
    expect(JSON.parse(closed.stdout).safetyValve).toEqual({ wanted: 2, most: 1 });
    expect(printed(closed.stdout).decisions.filter(({ held }) => held?.includes('safety valve'))).toHaveLength(2);
    const told = await scan('--apply');
    expect(told.stderr).toMatch(/safety valve is closed: 2 stops wanted, at most 1.*--max-stops/);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
    expect((await scan('--apply', '--max-stops', '0')).stderr).toMatch(/safety valve is closed/);
    expect((await scan('--apply', '--max-stops', '2')).stderr).toMatch(/2 stopped/);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(2);
  });

  it.each(['observe'])('mode %s: --apply stops nothing', async (mode) => {
    await create();
    await lab.file('curfew.yml', POLICY.replace('enforce', mode));
    await scan('--apply');
    lab.clock.now += HOUR;
    const { code, stderr } = await scan('--apply');
    expect(code).toBe(0);
    expect(stderr).toContain(`mode is ${mode}`);
    expect(lab.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
  });

  it('without STS, --apply works on: warns, and stops what it warned', async () => {
    await create();
    const noSts = { ...TABLE, AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' };
    const apply = () => lab.curfew(['scan', ...lab.now(), '--apply'], noSts);
    expect(await apply()).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 warned/) });
    lab.clock.now += HOUR;
    expect(await apply()).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 stopped/) });
  });

  it('what was begun without STS is the same record with it: no second warning', async () => {
    await create();
    await lab.curfew(['scan', ...lab.now(), '--apply'], { ...TABLE, AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' });
    lab.clock.now += MINUTE;
    expect((await scan('--apply')).stderr).toMatch(/0 stopped, 0 warned/);
  });

  it('a table of another region is refused', async () => {
    await create();
    await scan('--apply');
    lab.aws.calls.reset();
    const other = await lab.curfew(['scan', '--region', 'eu-west-1'], TABLE);
    expect([1, 2]).toContain(other.code);
    expect(other.stdout).toBe('');
    expect(other.stderr).not.toMatch(TRACE);
  });

  it('rights that are missing on the table are named, in one line', async () => {
    await create();
    await scan('--apply');
    for (const action of ['Query', 'Scan']) {
      lab.aws.faults.add({ service: 'dynamodb', action, status: 400, code: 'AccessDeniedException', message: 'no' });
      const { code, lines, stderr } = await scan('--apply');
      lab.aws.faults.clear();
      expect(code).toBe(1);
      expect(lines.filter((line) => line.includes(`dynamodb:${action}`))).toHaveLength(1);
      expect(stderr).not.toMatch(TRACE);
    }
  });
});

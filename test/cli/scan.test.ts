import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readTable, TRACE } from './curfew.ts';
import { type Decided, startLab } from './lab.ts';

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
      'cloudwatch GetMetricData': 1,
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

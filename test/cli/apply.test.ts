import { CreateTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
    // With STS it is the same record: no second warning.
    lab.clock.now += MINUTE;
    expect((await scan('--apply')).stderr).toMatch(/0 stopped, 0 warned/);
    lab.clock.now += HOUR;
    expect(await apply()).toMatchObject({ code: 0, stderr: expect.stringMatching(/2 stopped/) });
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

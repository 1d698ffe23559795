import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readTable, TRACE } from './curfew.ts';
import { POLICY, startLab } from './lab.ts';

const NATIVE_IDLE = 'native-idle: { JupyterLab: 2h, CodeEditor: 90m }\n';
const idle = (timeout: number, least = timeout, most = timeout, LifecycleManagement = 'ENABLED') => ({
  LifecycleManagement,
  IdleTimeoutInMinutes: timeout,
  MinIdleTimeoutInMinutes: least,
  MaxIdleTimeoutInMinutes: most,
});
const member = (IdleSettings: object) => ({
  DefaultResourceSpec: { InstanceType: 'ml.t3.medium' },
  AppLifecycleManagement: { IdleSettings },
});
const ROLE = { ExecutionRole: 'arn:aws:iam::111122223333:role/x' };

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  const { studio, faults, calls } = lab.aws;
  studio.updates = 'replace';
  studio.domain('d-lab')!.settings = { ...ROLE, JupyterLabAppSettings: member(idle(120, 60)) };
  studio.domain('d-class')!.settings = {
    JupyterLabAppSettings: member(idle(120)),
    CodeEditorAppSettings: member(idle(90)),
  };
  studio.profile('d-lab', 'alice')!.settings = {};
  studio.profile('d-lab', 'bob')!.settings = { JupyterLabAppSettings: member(idle(120, 60, 300)) };
  studio.profile('d-lab', 'carol')!.settings = {
    JupyterLabAppSettings: member(idle(120, 120, 120, 'DISABLED')),
    CodeEditorAppSettings: member(idle(90)),
  };
  // Of the exempt, by the tag of its profile.
  studio.profile('d-class', 'alice')!.settings = { JupyterLabAppSettings: member(idle(60, 60, 60, 'DISABLED')) };
  faults.clear();
  calls.reset();
  await lab.file('curfew.yml', POLICY + NATIVE_IDLE);
});

const run = (...args: string[]) => lab.curfew(['idle-settings', ...args]);
const settings = () =>
  JSON.stringify([...lab.aws.studio.domains(), ...lab.aws.studio.profiles()].map((holder) => holder.settings));
const deny = (action: string, when: (input: Record<string, unknown>) => boolean = () => true) =>
  lab.aws.faults.add({
    service: 'sagemaker',
    action,
    when,
    status: 400,
    code: 'AccessDeniedException',
    message: 'User: arn:aws:sts::111122223333:assumed-role/x/y is not authorized to perform this',
    times: Number.POSITIVE_INFINITY,
  });

describe('a dry run', () => {
  it('shows whose settings differ, how, and what would be set; drift alone is no failure; nothing is changed', async () => {
    const before = settings();
    const { code, stdout, stderr, lines } = await run();
    expect(code).toBe(0);
    expect(readTable(stdout)).toEqual([
      {
        OUTCOME: 'to be set',
        DOMAIN: 'lab (d-lab)',
        PROFILE: '(its defaults)',
        'APP TYPE': 'CodeEditor',
        IS: 'not set',
        WANTED: '90 min',
        WHY: '',
      },
      {
        OUTCOME: 'to be set',
        DOMAIN: 'lab (d-lab)',
        PROFILE: 'bob',
        'APP TYPE': 'JupyterLab',
        IS: '2 h (least 1 h, most 5 h)',
        WANTED: '2 h (least 1 h, most 2 h)',
        WHY: '',
      },
      {
        OUTCOME: 'to be set',
        DOMAIN: 'lab (d-lab)',
        PROFILE: 'carol',
        'APP TYPE': 'JupyterLab',
        IS: 'off',
        WANTED: '2 h',
        WHY: '',
      },
    ]);
    expect(lines[0]).toBe(
      "3 drift, 0 set, 0 failed. 1 exempt, and left alone. Nothing was changed: this was a dry run (--apply sets them; the policy's mode is enforce).",
    );
    expect(lines[1]).toMatch(/SageMaker Distribution 2\.0 or later.*a kernel or a terminal is open: max-idle/);
    expect(stderr).not.toMatch(TRACE);
    expect(lab.changes()).toEqual({});
    expect(settings()).toBe(before);
  });

  it('looks at every domain and profile once, and at nothing of the table', async () => {
    await run();
    expect(lab.aws.calls.counts()).toEqual({
      'resource-groups-tagging-api GetResources': 1,
      'sagemaker DescribeDomain': 2,
      'sagemaker DescribeUserProfile': 3,
      'sagemaker ListApps': 1,
      'sagemaker ListDomains': 1,
      'sagemaker ListSpaces': 1,
      'sagemaker ListUserProfiles': 1,
    });
  });

  it('without exemptions asks for the settings alone', async () => {
    await lab.file('curfew.yml', `${POLICY.slice(0, POLICY.indexOf('exempt:'))}${NATIVE_IDLE}`);
    expect((await run()).lines[0]).toMatch(/^4 drift/);
    expect(Object.keys(lab.aws.calls.counts()).filter((name) => /ListApps|ListSpaces|GetResources/.test(name))).toEqual(
      [],
    );
  });

  it('prints JSON with the settings as AWS writes them', async () => {
    const { code, stdout, stderr } = await run('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      mode: 'enforce',
      findings: [
        {
          domainId: 'd-lab',
          domainName: 'lab',
          appType: 'CodeEditor',
          is: null,
          wanted: idle(90),
          outcome: 'drift',
        },
        {
          domainId: 'd-lab',
          domainName: 'lab',
          userProfileName: 'bob',
          appType: 'JupyterLab',
          is: idle(120, 60, 300),
          wanted: idle(120, 60, 120),
          outcome: 'drift',
        },
        {
          domainId: 'd-lab',
          domainName: 'lab',
          userProfileName: 'carol',
          appType: 'JupyterLab',
          is: idle(120, 120, 120, 'DISABLED'),
          wanted: idle(120),
          outcome: 'drift',
        },
      ],
      exempt: 1,
      faults: [],
    });
  });
});

describe('--apply', () => {
  it.each(['replace', 'merge'] as const)(
    'sets what differs and nothing else, where an update means %s; the next run finds nothing',
    async (updates) => {
      const { studio } = lab.aws;
      studio.updates = updates;
      const exempt = structuredClone(studio.profile('d-class', 'alice')!.settings);
      const { code, stdout, lines } = await run('--apply');
      expect(code).toBe(0);
      expect(readTable(stdout).map(({ OUTCOME }) => OUTCOME)).toEqual(['set', 'set', 'set']);
      expect(lines[0]).toBe('3 drift, 3 set, 0 failed. 1 exempt, and left alone.');
      expect(lab.changes()).toEqual({ 'sagemaker UpdateDomain': 1, 'sagemaker UpdateUserProfile': 2 });
      expect(studio.domain('d-lab')!.settings).toEqual({
        ...ROLE,
        JupyterLabAppSettings: member(idle(120, 60)),
        CodeEditorAppSettings: { AppLifecycleManagement: { IdleSettings: idle(90) } },
      });
      expect(studio.profile('d-lab', 'alice')!.settings).toEqual({});
      expect(studio.profile('d-lab', 'bob')!.settings).toEqual({ JupyterLabAppSettings: member(idle(120, 60)) });
      expect(studio.profile('d-lab', 'carol')!.settings).toEqual({
        JupyterLabAppSettings: member(idle(120)),
        CodeEditorAppSettings: member(idle(90)),
      });
      expect(studio.profile('d-class', 'alice')!.settings).toEqual(exempt);
      lab.aws.calls.reset();
      const again = await run('--apply');
      expect(again).toMatchObject({ code: 0, stdout: '' });
      expect(again.lines[0]).toMatch(/^0 drift, 0 set, 0 failed/);
      expect(lab.changes()).toEqual({});
    },
  );

  it.each(['observe', 'warn'])('in mode %s changes nothing, and says why', async (mode) => {
    await lab.file('curfew.yml', POLICY.replace('enforce', mode) + NATIVE_IDLE);
    const { code, stdout, lines } = await run('--apply');
    expect(code).toBe(0);
    expect(new Set(readTable(stdout).map(({ OUTCOME, WHY }) => `${OUTCOME}: ${WHY}`))).toEqual(
      new Set([`left: the mode is ${mode}`]),
    );
    expect(lines[0]).toContain(`Nothing was changed: the policy's mode is ${mode}.`);
    expect(lab.changes()).toEqual({});
  });

  it('one profile that fails is one failure, told with the IAM action: exit 1, and all others are set', async () => {
    deny('UpdateUserProfile', ({ UserProfileName }) => UserProfileName === 'bob');
    const { code, stdout, lines } = await run('--apply');
    expect(code).toBe(1);
    const rows = readTable(stdout);
    expect(rows.map(({ OUTCOME, PROFILE }) => `${OUTCOME} ${PROFILE}`)).toEqual([
      'set (its defaults)',
      'failed bob',
      'set carol',
    ]);
    expect(rows[1]!.WHY).toContain('sagemaker:UpdateUserProfile is not allowed to these credentials');
    expect(lines[0]).toMatch(/^3 drift, 2 set, 1 failed\./);
  });

  it('a right to look that is missing is told, and the rest goes on', async () => {
    deny('ListUserProfiles');
    deny('DescribeDomain', ({ DomainId }) => DomainId === 'd-class');
    const { code, stdout, stderr } = await run('--apply');
    expect(code).toBe(1);
    expect(readTable(stdout).map(({ OUTCOME, DOMAIN }) => `${OUTCOME} ${DOMAIN}`)).toEqual([
      'failed class (d-class)',
      'set lab (d-lab)',
    ]);
    expect(stderr).toContain('the user profiles were not looked at: sagemaker:ListUserProfiles is not allowed');
    expect(stderr).toContain('1 drift, 1 set, 2 failed.');
  });

  it('sets nothing where exemptions by tag are unknown', async () => {
    const code = 'AccessDeniedException';
    lab.aws.faults.add({ service: 'resource-groups-tagging-api', action: 'GetResources', status: 400, code, times: 9 });
    const ran = await run('--apply');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/exemptions by tag are unknown, so nothing is set: tag:GetResources/);
    expect(lab.changes()).toEqual({});
  });
});

it('a policy without native-idle, or none at all, is wrong usage; so is no region', async () => {
  await lab.file('curfew.yml', POLICY);
  const without = await run();
  expect(without).toMatchObject({ code: 2, stdout: '' });
  expect(without.lines).toEqual([expect.stringMatching(/^curfew: the policy says nothing of native idle shutdown/)]);
  expect((await run('--policy', 'nowhere.yml')).code).toBe(2);
  await lab.file('curfew.yml', POLICY + NATIVE_IDLE);
  const nowhere = await lab.curfew(['idle-settings'], { AWS_REGION: undefined });
  expect(nowhere).toMatchObject({ code: 2, stdout: '', lines: [expect.stringContaining('no region')] });
  expect(lab.aws.calls.count()).toBe(0);
});

it('the digest of `scan --apply` looks at the settings as the deployed pass does', async () => {
  await lab.file(
    'curfew.yml',
    POLICY.replace('daily: never', 'daily: "00:00"') + NATIVE_IDLE.replace(' }', ', apply: true }'),
  );
  const env = { CURFEW_TABLE: 'idle' };
  expect((await lab.curfew(['table', 'create'], env)).code).toBe(0);
  await lab.curfew(['scan', '--apply', ...lab.now()], env);
  expect(lab.aws.calls.count('sagemaker', 'UpdateUserProfile')).toBe(2);
});

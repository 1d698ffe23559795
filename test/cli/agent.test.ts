import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arnsOf, type Settings } from '../../local/aws/studio-settings.ts';
import { LIFECYCLE_CONFIG_ACTIONS } from '../../src/adapters/sagemaker/lifecycle-configs.ts';
import { SETTINGS_ACTIONS } from '../../src/adapters/sagemaker/settings.ts';
import { startWorld } from '../local/world.ts';
import { startShell, TRACE } from './curfew.ts';

const AGENT = readFileSync('agent/activity-agent.sh', 'utf8');
const TYPES = ['JupyterLab', 'CodeEditor', 'KernelGateway'];
const ROLE = 'arn:aws:iam::111122223333:role/service-role/StudioUsers';

async function startDomain() {
  const world = await startWorld({ record: true });
  const { studio, calls } = world.aws;
  const shell = await startShell(world.aws.env);
  /** Makes a lifecycle configuration of somebody else, or of ours. */
  const config = (name: string, appType = 'JupyterLab', script = '#!/bin/bash\n') =>
    studio.lifecycleConfigs.create({
      StudioLifecycleConfigName: name,
      StudioLifecycleConfigAppType: appType,
      StudioLifecycleConfigContent: Buffer.from(script).toString('base64'),
    }).arn;
  const lab = studio.createDomain({ domainId: 'd-lab', name: 'lab', settings: { ExecutionRole: ROLE } });
  const profile = (name: string, settings: Settings = {}) =>
    studio.createUserProfile({ domainId: 'd-lab', name, settings });
  const run = (command: string, ...args: string[]) => shell.curfew(['agent', command, '--domain', 'd-lab', ...args]);
  return {
    ...world,
    ...shell,
    studio,
    lab,
    config,
    profile,
    install: (...args: string[]) => run('install', '--yes', ...args),
    uninstall: (...args: string[]) => run('uninstall', '--yes', ...args),
    run,
    /** Calls since the last reset that change something. */
    changes: () =>
      Object.fromEntries(Object.entries(calls.counts()).filter(([name]) => !/ (List|Describe)/.test(name))),
    configs: () => studio.lifecycleConfigs.all().map(({ name }) => name),
    async close() {
      await world.aws.close();
      await shell.close();
    },
  };
}

let at: Awaited<ReturnType<typeof startDomain>>;
beforeEach(async () => {
  at = await startDomain();
});
afterEach(() => at.close());

const ours = (appType: string, script = AGENT) =>
  `curfew-activity-agent-${appType.toLowerCase()}-${createHash('sha256').update(script).digest('hex').slice(0, 8)}`;
const arn = (name: string) => `arn:aws:sagemaker:us-east-1:111122223333:studio-lifecycle-config/${name}`;
/** The names that settings of an app type hold, each once. */
const names = (settings: Settings, appType: string) => [
  ...new Set(arnsOf(settings[`${appType}AppSettings`]).map((one) => one.split('/')[1])),
];

describe('agent script', () => {
  it('prints the agent byte for byte, and with a bus one line more, under the first', async () => {
    expect(await at.curfew(['agent', 'script'])).toMatchObject({ code: 0, stderr: '', stdout: AGENT });
    const { stdout } = await at.curfew(['agent', 'script', '--bus', 'lab']);
    const [first, second, ...rest] = stdout.split('\n');
    expect(second).toBe('export CURFEW_AGENT_BUS=lab');
    expect([first, ...rest].join('\n')).toBe(AGENT);
  });

  it.each([
    ['that a shell would read', 'lab;id', /not the name of an event bus/],
    ['for which the script has no room', 'x'.repeat(200), /16384; a name of \d+ would fit/],
  ])('refuses a bus %s: exit 2', async (_, bus, told) => {
    for (const command of [['script'], ['install', '--domain', 'd-lab', '--yes']]) {
      const { code, stdout, stderr } = await at.curfew(['agent', ...command, '--bus', bus]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(told);
    }
    expect(at.changes()).toEqual({});
  });

  it('a bus whose name is as long as the message says does fit', async () => {
    const { stderr } = await at.curfew(['agent', 'script', '--bus', 'x'.repeat(200)]);
    const room = Number(/a name of (\d+)/.exec(stderr)![1]);
    const { code, stdout } = await at.curfew(['agent', 'script', '--bus', 'x'.repeat(room)]);
    expect({ code, size: Buffer.from(stdout).toString('base64').length }).toEqual({ code: 0, size: 16_384 });
    expect((await at.curfew(['agent', 'script', '--bus', 'x'.repeat(room + 1)])).code).toBe(2);
  });

  it('--snippet starts the very same agent from within another script, and leaves room for that', async () => {
    const { stdout } = await at.curfew(['agent', 'script', '--snippet', '--bus', 'lab']);
    expect(Buffer.from(stdout).toString('base64').length).toBeLessThan(16_384 * 0.7);
    const home = mkdtempSync(join(tmpdir(), 'curfew-snippet-'));
    // Its Python is one that leaves at once: what is asserted is that the agent is put in its place.
    const stdio = ['ignore' as const, 'pipe' as const, 'inherit' as const];
    const env = { PATH: process.env.PATH, CURFEW_AGENT_HOME: home, CURFEW_AGENT_PYTHON: '/bin/true' };
    const theirs = execFileSync('bash', ['-euc', `${stdout}\necho "theirs goes on"`], { env, stdio, encoding: 'utf8' });
    const python = AGENT.slice(AGENT.indexOf('import calendar'), AGENT.indexOf('PYTHON\n{'));
    expect(theirs).toBe('theirs goes on\n');
    expect(readFileSync(join(home, 'agent.py'), 'utf8')).toBe(python);
    rmSync(home, { recursive: true });
  });
});

describe.each(['replace', 'merge'] as const)('where UpdateDomain would %s', (updates) => {
  beforeEach(() => {
    at.studio.updates = updates;
  });

  it('install makes three configurations, attaches them in one call, and a second run changes nothing', async () => {
    const first = await at.install();
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(at.changes()).toEqual({ 'sagemaker CreateStudioLifecycleConfig': 3, 'sagemaker UpdateDomain': 1 });
    const { JupyterLabAppSettings, CodeEditorAppSettings, KernelGatewayAppSettings, ExecutionRole } = at.lab.settings;
    for (const [appType, settings] of [
      ['JupyterLab', JupyterLabAppSettings],
      ['CodeEditor', CodeEditorAppSettings],
    ]) {
      const mine = arn(ours(appType));
      expect(settings).toEqual({ LifecycleConfigArns: [mine], BuiltInLifecycleConfigArn: mine });
    }
    const mine = arn(ours('KernelGateway'));
    expect(KernelGatewayAppSettings).toEqual({
      LifecycleConfigArns: [mine],
      DefaultResourceSpec: { LifecycleConfigArn: mine },
    });
    expect(ExecutionRole).toBe(ROLE);
    const { content } = at.studio.lifecycleConfigs.byName(ours('JupyterLab'))!;
    expect(Buffer.from(content, 'base64').toString()).toBe(AGENT);
    expect(first.stdout).toMatch(/next started/);

    at.aws.calls.reset();
    const second = await at.install();
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('Nothing to change');
    expect(at.changes()).toEqual({});
  });

  it('what others attached and set stays through install and uninstall', async () => {
    const [setup, kernel, base] = [at.config('setup'), at.config('kernel', 'KernelGateway'), at.config('base')];
    const settings = {
      ExecutionRole: ROLE,
      JupyterLabAppSettings: {
        LifecycleConfigArns: [setup],
        DefaultResourceSpec: { LifecycleConfigArn: setup, InstanceType: 'ml.t3.medium' },
        AppLifecycleManagement: { IdleSettings: { LifecycleManagement: 'ENABLED', IdleTimeoutInMinutes: 90 } },
      },
      CodeEditorAppSettings: { CustomImages: [{ ImageName: 'i', AppImageConfigName: 'c' }], LifecycleConfigArns: [] },
      KernelGatewayAppSettings: { LifecycleConfigArns: [kernel], DefaultResourceSpec: { InstanceType: 'ml.t3.large' } },
    };
    const shared = {
      ExecutionRole: ROLE,
      JupyterLabAppSettings: { LifecycleConfigArns: [setup, base], BuiltInLifecycleConfigArn: base },
    };
    at.lab.settings = structuredClone(settings);
    at.lab.spaceSettings = structuredClone(shared);

    const { stdout, code } = await at.install();
    expect(code).toBe(0);
    expect(at.aws.calls.count('sagemaker', 'UpdateDomain')).toBe(1);
    const mine = arn(ours('JupyterLab'));
    expect(at.lab.settings.JupyterLabAppSettings).toEqual({
      ...settings.JupyterLabAppSettings,
      LifecycleConfigArns: [setup, mine],
      BuiltInLifecycleConfigArn: mine,
    });
    // Another is built in there: ours runs by default.
    expect(at.lab.spaceSettings.JupyterLabAppSettings).toEqual({
      LifecycleConfigArns: [setup, base, mine],
      BuiltInLifecycleConfigArn: base,
      DefaultResourceSpec: { LifecycleConfigArn: mine },
    });
    expect(stdout).toMatch(/JupyterLab \(DefaultUserSettings\)\n {4}LifecycleConfigArns: setup stays\n/);
    expect(stdout).toContain(`  + LifecycleConfigArns: ${ours('JupyterLab')}\n`);

    expect(await at.uninstall()).toMatchObject({ code: 0, stderr: '' });
    const { KernelGatewayAppSettings, ...rest } = shared as Settings;
    expect(at.lab.settings).toEqual(settings);
    expect(at.lab.spaceSettings).toEqual({
      ...rest,
      JupyterLabAppSettings: { ...shared.JupyterLabAppSettings, DefaultResourceSpec: {} },
      KernelGatewayAppSettings: { LifecycleConfigArns: [], DefaultResourceSpec: {} },
    });
    expect(at.configs()).toEqual(['setup', 'kernel', 'base']);

    at.aws.calls.reset();
    expect((await at.uninstall()).stdout).toContain('Nothing to change');
    expect(at.changes()).toEqual({});
  });

  it('an older version is replaced, told as such, and deleted by uninstall', async () => {
    const old = 'curfew-activity-agent-jupyterlab-00000000';
    const oldArn = at.config(old);
    at.lab.settings.JupyterLabAppSettings = { LifecycleConfigArns: [oldArn], BuiltInLifecycleConfigArn: oldArn };
    const { stdout } = await at.install('--app-type', 'jupyterlab');
    expect(stdout).toContain(`  - LifecycleConfigArns: ${old}\n`);
    expect(stdout).toMatch(new RegExp(`~ BuiltInLifecycleConfigArn.*: ${old} → ${ours('JupyterLab')}\n`));
    expect(names(at.lab.settings, 'JupyterLab')).toEqual([ours('JupyterLab')]);
    expect(at.lab.settings).not.toHaveProperty('CodeEditorAppSettings');
    await at.uninstall();
    expect(at.configs()).toEqual([]);
  });

  it('profiles with configurations of their own are told; --profiles attaches there, uninstall takes off', async () => {
    const setup = at.config('setup');
    const own = { JupyterLabAppSettings: { LifecycleConfigArns: [setup] } };
    const ada = at.profile('ada', structuredClone(own));
    const bob = at.profile('bob', { JupyterLabAppSettings: { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' } } });
    const told = await at.install();
    expect(told.stdout).toMatch(/configurations of their own[\s\S]*JupyterLab of user profile ada\n/);
    expect(told.stdout).not.toContain('bob');
    expect(ada.settings).toEqual(own);

    at.aws.calls.reset();
    const { code, stdout } = await at.install('--profiles');
    expect(code).toBe(0);
    expect(at.changes()).toEqual({ 'sagemaker UpdateUserProfile': 1 });
    expect(stdout).not.toContain('configurations of their own');
    const mine = arn(ours('JupyterLab'));
    expect(ada.settings).toEqual({
      JupyterLabAppSettings: { LifecycleConfigArns: [setup, mine], BuiltInLifecycleConfigArn: mine },
    });
    expect(bob.settings).toEqual({ JupyterLabAppSettings: { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' } } });

    await at.uninstall();
    expect(ada.settings).toEqual(own);
    expect(at.configs()).toEqual(['setup']);
  });
});

describe('agent install', () => {
  it('--dry-run and uninstall --dry-run tell the same plan and change nothing', async () => {
    const plan = (stdout: string) => stdout.split('\n').filter((line) => /^ {2}[+~-] /.test(line));
    const dry = await at.run('install', '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Nothing was changed') });
    expect(at.changes()).toEqual({});
    expect(at.configs()).toEqual([]);
    expect(plan(dry.stdout)).toHaveLength(9);
    expect(plan((await at.install()).stdout)).toEqual(plan(dry.stdout));

    at.aws.calls.reset();
    const off = await at.run('uninstall', '--dry-run', '--yes');
    expect(off.stdout).toContain('Nothing was changed');
    expect(at.changes()).toEqual({});
    expect(plan((await at.uninstall()).stdout)).toEqual(plan(off.stdout));
  });

  it('where there is no terminal to ask at: tells the plan, changes nothing, exit 2', async () => {
    for (const command of ['install', 'uninstall']) {
      const { code, stdout, lines } = await at.run(command);
      if (command === 'uninstall') expect([code, stdout]).toEqual([0, expect.stringContaining('Nothing to change')]);
      else {
        expect({ code, lines }).toEqual({ code: 2, lines: [expect.stringMatching(/no terminal.*--yes.*--dry-run/)] });
        expect(stdout).toContain(`+ ${ours('JupyterLab')}`);
      }
      expect(at.changes()).toEqual({});
    }
  });

  it.runIf(process.platform === 'linux').each([
    ['y\r', 0, 3],
    ['yes\r', 0, 3],
    ['n\r', 1, 0],
    ['\r', 1, 0],
    ['\u0004', 1, 0],
    ['\u0003', 1, 0],
  ])('at a terminal asks, and goes by the answer %j: exit %i', async (answer, code, made) => {
    const ran = await at.onTerminal(['agent', 'install', '--domain', 'd-lab'], answer);
    expect(ran.stdout).toMatch(/events:PutEvents[\s\S]*Proceed\? \[y\/N\]/);
    expect(ran.stdout.includes('Nothing was changed')).toBe(made === 0);
    expect({ code: ran.code, made: at.configs().length }).toEqual({ code, made });
  });

  it('prints the right that the agent needs, with the real bus, and the roles that need it', async () => {
    at.lab.spaceSettings = { ExecutionRole: 'arn:aws:iam::111122223333:role/Shared' };
    at.profile('ada', { ExecutionRole: 'arn:aws:iam::111122223333:role/Ada' });
    at.profile('bob', { ExecutionRole: ROLE });
    const { stdout } = await at.run('install', '--dry-run', '--bus', 'lab');
    const [, roles, json] = /domain \(([^)]*)\):\n(\{[\s\S]*?\n\})\n/.exec(stdout)!;
    expect(roles).toBe('StudioUsers, Shared, Ada');
    for (const page of ['agent/README.md', 'docs/deploy.md']) {
      const [, shown] = /```json\n( *\{[^`]*"events:PutEvents"[^`]*\})\n *```/.exec(readFileSync(page, 'utf8'))!;
      const here = shown!.replace('REGION', 'us-east-1').replace('ACCOUNT', '111122223333').replace('/default', '/lab');
      expect(JSON.parse(json!), page).toEqual(JSON.parse(here));
    }
  });

  it('another bus is another script, hence another configuration, which replaces the first', async () => {
    await at.install();
    const { stdout: script } = await at.curfew(['agent', 'script', '--bus', 'lab']);
    await at.install('--bus', 'lab');
    expect(names(at.lab.settings, 'JupyterLab')).toEqual([ours('JupyterLab', script)]);
  });

  it('where others hold both places: attaches, and says plainly that it will not run by itself, and what to do', async () => {
    const [setup, base] = [at.config('setup'), at.config('base')];
    at.lab.settings.JupyterLabAppSettings = {
      BuiltInLifecycleConfigArn: base,
      DefaultResourceSpec: { LifecycleConfigArn: setup },
    };
    const { code, stdout } = await at.install();
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /will not run by itself[\s\S]*JupyterLab \(DefaultUserSettings\): base does\n[\s\S]*agent script --snippet/,
    );
    expect(at.lab.settings.JupyterLabAppSettings).toEqual({
      LifecycleConfigArns: [arn(ours('JupyterLab'))],
      BuiltInLifecycleConfigArn: base,
      DefaultResourceSpec: { LifecycleConfigArn: setup },
    });
  });

  it('does not attach a script of its name that is not the agent', async () => {
    at.config(ours('CodeEditor'), 'CodeEditor', '#!/bin/bash\ncurl evil\n');
    const { code, lines } = await at.install();
    expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining(ours('CodeEditor'))] });
    expect(at.changes()).toEqual({});
  });

  it('waits until AWS has done it, and says when AWS could not', async () => {
    at.studio.updateStatuses = ['Updating'];
    expect((await at.install()).code).toBe(0);
    expect((await at.uninstall()).stdout).toContain(`Deleted lifecycle configuration ${ours('JupyterLab')}`);
    const order = at.aws.calls.list().map(({ action }) => action);
    const [updated, deleted] = [order.lastIndexOf('UpdateDomain'), order.indexOf('DeleteStudioLifecycleConfig')];
    expect(order.slice(updated + 1, deleted)).toEqual(['DescribeDomain', 'DescribeDomain']);
    at.studio.updateStatuses = ['Update_Failed'];
    const failed = await at.install();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/domain d-lab: .*InternalFailure[\s\S]*run again/);
    expect(failed.stdout).not.toContain('next started');
  });

  it('reads profiles in full pages, whatever their number', async () => {
    const setup = at.config('setup');
    for (let i = 0; i < 230; i++)
      at.profile(`user-${i}`, i % 100 === 0 ? { JupyterLabAppSettings: { LifecycleConfigArns: [setup] } } : {});
    const { stdout } = await at.run('install', '--dry-run');
    expect(stdout.match(/of user profile user-\d+/g)).toEqual(
      ['0', '100', '200'].map((i) => `of user profile user-${i}`),
    );
    const { calls } = at.aws;
    expect([calls.count('sagemaker', 'ListUserProfiles'), calls.count('sagemaker', 'DescribeUserProfile')]).toEqual([
      3, 230,
    ]);
  });
});

describe('what fails half way', () => {
  const fault = (action: string, more: object = {}) =>
    at.aws.faults.add({
      service: 'sagemaker',
      action,
      status: 400,
      code: 'AccessDeniedException',
      message: 'no',
      ...more,
    });

  it('a configuration that cannot be made: told with its right; a second run finishes', async () => {
    fault('CreateStudioLifecycleConfig', {
      when: (input: { StudioLifecycleConfigAppType: string }) => input.StudioLifecycleConfigAppType === 'CodeEditor',
    });
    const first = await at.install();
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining('sagemaker:CreateStudioLifecycleConfig') });
    expect(first.stderr).toMatch(/run again/);
    expect(first.stdout).toContain(`Made lifecycle configuration ${ours('JupyterLab')}`);
    expect(at.aws.calls.count('sagemaker', 'UpdateDomain')).toBe(0);
    at.aws.calls.reset();
    expect((await at.install()).code).toBe(0);
    expect(at.changes()).toEqual({ 'sagemaker CreateStudioLifecycleConfig': 2, 'sagemaker UpdateDomain': 1 });
    expect((await at.install()).stdout).toContain('Nothing to change');
  });

  it('a domain that cannot be updated: the profiles are, and a second run finishes', async () => {
    const setup = at.config('setup');
    const ada = at.profile('ada', { JupyterLabAppSettings: { LifecycleConfigArns: [setup] } });
    fault('UpdateDomain');
    const first = await at.install('--profiles');
    expect(first).toMatchObject({ code: 1, stderr: expect.stringMatching(/domain d-lab: sagemaker:UpdateDomain/) });
    expect(names(ada.settings, 'JupyterLab')).toEqual(['setup', ours('JupyterLab')]);
    at.aws.calls.reset();
    expect((await at.install('--profiles')).code).toBe(0);
    expect(at.changes()).toEqual({ 'sagemaker UpdateDomain': 1 });
  });

  it('one profile of many: the others are changed, that one is named, and a second run finishes', async () => {
    const setup = at.config('setup');
    const own = () => ({ JupyterLabAppSettings: { LifecycleConfigArns: [setup] } });
    for (const name of ['ada', 'bob', 'cyd']) at.profile(name, own());
    fault('UpdateUserProfile', { when: (input: { UserProfileName: string }) => input.UserProfileName === 'bob' });
    const first = await at.install('--profiles');
    expect(first).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/user profile bob: sagemaker:UpdateUserProfile/),
    });
    const has = () =>
      at.studio
        .profiles()
        .filter(({ settings }) => names(settings, 'JupyterLab').includes(ours('JupyterLab')))
        .map(({ name }) => name);
    expect(has()).toEqual(['ada', 'cyd']);
    expect((await at.install('--profiles')).code).toBe(0);
    expect(has()).toEqual(['ada', 'bob', 'cyd']);
  });

  it('an answer that is lost: what was made counts as made', async () => {
    for (const action of ['CreateStudioLifecycleConfig', 'UpdateDomain'])
      at.aws.faults.add({ service: 'sagemaker', action, status: 500, code: 'InternalFailure', effectHappens: true });
    expect(await at.install()).toMatchObject({ code: 0, stderr: '' });
    at.aws.faults.add({
      service: 'sagemaker',
      action: 'DeleteStudioLifecycleConfig',
      status: 500,
      code: 'InternalFailure',
      effectHappens: true,
    });
    expect(await at.uninstall()).toMatchObject({ code: 0, stderr: '' });
    expect(at.configs()).toEqual([]);
  });

  it.each(['DescribeDomain', 'ListUserProfiles', 'DescribeUserProfile', 'DescribeStudioLifecycleConfig'])(
    'a picture without %s changes nothing, and names the right that is missing',
    async (action) => {
      at.profile('ada');
      fault(action);
      const { code, stdout, lines, stderr } = await at.install();
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(lines).toEqual([expect.stringContaining(`sagemaker:${action} is not allowed`)]);
      expect(stderr).not.toMatch(TRACE);
      expect(at.changes()).toEqual({});
    },
  );

  it('settings that somebody changes between the question and the answer are not overwritten', async () => {
    const setup = at.config('setup');
    // The first look makes the plan, the second is the one before the update.
    let looks = 0;
    at.aws.faults.add({
      service: 'sagemaker',
      action: 'DescribeDomain',
      status: 500,
      code: 'Never',
      when: () => {
        looks += 1;
        if (looks === 2) at.lab.settings.JupyterLabAppSettings = { BuiltInLifecycleConfigArn: setup };
        return false;
      },
    });
    const { code, stderr } = await at.install();
    expect({ code, looks }).toEqual({ code: 1, looks: 2 });
    expect(stderr).toMatch(/domain d-lab: somebody changed .*\n.*run again/);
    expect(at.lab.settings.JupyterLabAppSettings).toEqual({ BuiltInLifecycleConfigArn: setup });
  });

  it('and what else they set meanwhile goes along', async () => {
    let looks = 0;
    at.aws.faults.add({
      service: 'sagemaker',
      action: 'DescribeDomain',
      status: 500,
      code: 'Never',
      when: () => {
        looks += 1;
        if (looks === 2) at.lab.settings.JupyterLabAppSettings = { AppLifecycleManagement: { IdleSettings: {} } };
        return false;
      },
    });
    expect((await at.install()).code).toBe(0);
    expect(at.lab.settings.JupyterLabAppSettings).toMatchObject({ AppLifecycleManagement: { IdleSettings: {} } });
  });
});

describe('agent uninstall', () => {
  it('keeps a configuration that another domain uses, says so, and exits 0; the last one deletes it', async () => {
    at.studio.createDomain({ domainId: 'd-class', name: 'class' });
    await at.install();
    await at.curfew(['agent', 'install', '--domain', 'd-class', '--yes', '--app-type', 'JupyterLab']);
    const { code, stdout } = await at.uninstall();
    expect(code).toBe(0);
    expect(stdout).toContain(`Kept lifecycle configuration ${ours('JupyterLab')}: another domain`);
    expect(at.configs()).toEqual([ours('JupyterLab')]);
    expect(names(at.studio.domain('d-class')!.settings, 'JupyterLab')).toEqual([ours('JupyterLab')]);
    await at.curfew(['agent', 'uninstall', '--domain', 'd-class', '--yes']);
    expect(at.configs()).toEqual([]);
  });

  it('--app-type takes off those and leaves the others', async () => {
    await at.install();
    await at.uninstall('--app-type', 'CodeEditor, KernelGateway');
    expect(TYPES.map((appType) => names(at.lab.settings, appType))).toEqual([[ours('JupyterLab')], [], []]);
    expect(at.configs()).toEqual([ours('JupyterLab')]);
  });

  it('leaves configurations alone whose names only resemble the agent’s', async () => {
    const wrapper = at.config('curfew-activity-agent-wrapper');
    at.lab.settings.JupyterLabAppSettings = { LifecycleConfigArns: [wrapper] };
    expect((await at.uninstall()).stdout).toContain('Nothing to change');
    expect(at.configs()).toEqual(['curfew-activity-agent-wrapper']);
  });
});

describe('wrong usage', () => {
  it.each([
    [['install']],
    [['uninstall']],
    [['install', '--domain', 'd-lab', '--app-type', 'Canvas']],
    [['install', '--domain', 'd-lab', '--app-type', '']],
    [['script', '--domain', 'd-lab']],
    [[]],
  ])('curfew agent %j: exit 2, nothing on stdout', async (args) => {
    const { code, stdout, lines } = await at.curfew(['agent', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(lines.length).toBeGreaterThan(0);
    expect(at.aws.calls.count()).toBe(0);
  });

  it.each(['d-none', 'lab'])('a domain %s that is not there: told with those that are, exit 1', async (domain) => {
    const { code, stdout, lines } = await at.curfew(['agent', 'install', '--domain', domain, '--yes']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lines).toEqual([expect.stringMatching(new RegExp(`no domain ${domain} .*there are d-lab \\(lab\\)`))]);
  });
});

it('calls what its adapters name as IAM actions, and nothing more; the README asks for the same', async () => {
  at.profile('ada', { JupyterLabAppSettings: { LifecycleConfigArns: [at.config('setup')] } });
  await at.install('--profiles');
  await at.uninstall();
  await at.curfew(['agent', 'install', '--domain', 'd-none']);
  const called = Object.keys(at.aws.calls.counts()).map((name) => name.replace(' ', ':'));
  const needed = [...SETTINGS_ACTIONS, ...LIFECYCLE_CONFIG_ACTIONS].sort();
  expect(called.sort()).toEqual(needed);
  const told = new Set(readFileSync('agent/README.md', 'utf8').match(/sagemaker:[A-Z]\w+/g));
  expect([...told].sort()).toEqual(needed);
});

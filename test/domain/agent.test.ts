import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { updated } from '../../local/aws/studio-settings.ts';
import {
  AGENT_APP_TYPES,
  type AgentAppType,
  agentAppType,
  attachAgent,
  configArn,
  detachAgent,
  lifecycleOf,
  missesAgent,
  type SettingsChange,
} from '../../src/domain/agent.ts';
import type { AppSettings, AppSettingsByType, SettingsHolder } from '../../src/domain/studio-settings.ts';

const SIBLING = 'arn:aws-us-gov:sagemaker:us-gov-west-1:111122223333:domain/d-lab';
const arn = (name: string) => configArn(SIBLING, name);
const agent = (appType: AgentAppType, hash = '0a1b2c3d') =>
  arn(`curfew-activity-agent-${appType.toLowerCase()}-${hash}`);
const older = (appType: AgentAppType) => agent(appType, 'ffffffff');
const [setup, other] = [arn('conda-setup'), arn('curfew-activity-agent-wrapper')];

const domainWith = (apps: AppSettingsByType, space?: AppSettingsByType): SettingsHolder => ({
  domainId: 'd-lab',
  arn: SIBLING,
  user: { apps },
  ...(space ? { space: { apps: space } } : {}),
});
const profileWith = (apps: AppSettingsByType): SettingsHolder => ({ ...domainWith(apps), userProfileName: 'alice' });
const install = (holder: SettingsHolder, force = false, appTypes = AGENT_APP_TYPES) =>
  attachAgent(holder, appTypes, (appType) => agent(appType), { force });
const uninstall = (holder: SettingsHolder) => detachAgent(holder, AGENT_APP_TYPES);

/** What becomes of JupyterLab's (or another's) settings in a domain. */
const attached = (settings: AppSettings, appType: AgentAppType = 'JupyterLab') =>
  install(domainWith({ [appType]: settings })).find((change) => change.appType === appType)!.after;

describe('a name', () => {
  test('is the agent’s by its whole form, not by its beginning', () => {
    expect(agentAppType('curfew-activity-agent-codeeditor-0a1b2c3d')).toBe('CodeEditor');
    for (const name of [
      'curfew-activity-agent-wrapper',
      'curfew-activity-agent-jupyterlab-mine',
      'curfew-activity-agent-jupyterlab-0a1b2c3d-mine',
      'my-curfew-activity-agent-jupyterlab-0a1b2c3d',
      'curfew-activity-agent-canvas-0a1b2c3d',
    ])
      expect(agentAppType(name), name).toBeUndefined();
  });
});

describe('the agent is attached', () => {
  const mine = agent('JupyterLab');

  test('where nothing is: to choose from, and built in, which always runs', () => {
    expect(attached({})).toEqual({ LifecycleConfigArns: [mine], BuiltInLifecycleConfigArn: mine });
    expect(attached({}, 'CodeEditor')).toMatchObject({ BuiltInLifecycleConfigArn: agent('CodeEditor') });
  });

  test('to KernelGateway by default: nothing is built in there', () => {
    expect(attached({ DefaultResourceSpec: { InstanceType: 'ml.t3.medium' } }, 'KernelGateway')).toEqual({
      LifecycleConfigArns: [agent('KernelGateway')],
      DefaultResourceSpec: { InstanceType: 'ml.t3.medium', LifecycleConfigArn: agent('KernelGateway') },
    });
  });

  test('beside others, which stay as they are', () => {
    const before = {
      LifecycleConfigArns: [setup, other],
      DefaultResourceSpec: { LifecycleConfigArn: setup, SageMakerImageVersionAlias: '2.0.0' },
      AppLifecycleManagement: { IdleSettings: { LifecycleManagement: 'ENABLED' } },
    };
    expect(attached(before)).toEqual({
      ...before,
      LifecycleConfigArns: [setup, other, mine],
      BuiltInLifecycleConfigArn: mine,
    });
  });

  test('by default where another is built in', () => {
    expect(attached({ BuiltInLifecycleConfigArn: setup })).toEqual({
      LifecycleConfigArns: [mine],
      BuiltInLifecycleConfigArn: setup,
      DefaultResourceSpec: { LifecycleConfigArn: mine },
    });
  });

  test('“None” is none', () => {
    expect(attached({ BuiltInLifecycleConfigArn: 'None' })).toMatchObject({ BuiltInLifecycleConfigArn: mine });
  });

  test('in place of an older one, wherever that stands', () => {
    const old = older('JupyterLab');
    expect(
      attached({ LifecycleConfigArns: [setup, old, other], DefaultResourceSpec: { LifecycleConfigArn: old } }),
    ).toEqual({ LifecycleConfigArns: [setup, mine, other], DefaultResourceSpec: { LifecycleConfigArn: mine } });
    expect(attached({ LifecycleConfigArns: [old], BuiltInLifecycleConfigArn: old })).toEqual({
      LifecycleConfigArns: [mine],
      BuiltInLifecycleConfigArn: mine,
    });
  });

  test('to choose from only, where others hold both places; and that is told', () => {
    const taken = { BuiltInLifecycleConfigArn: setup, DefaultResourceSpec: { LifecycleConfigArn: other } };
    expect(attached(taken)).toEqual({ ...taken, LifecycleConfigArns: [mine] });
    const domain = domainWith({ JupyterLab: taken, KernelGateway: { DefaultResourceSpec: taken.DefaultResourceSpec } });
    expect(missesAgent(domain, AGENT_APP_TYPES, install(domain))).toEqual([
      { part: 'user', appType: 'JupyterLab', heldBy: setup },
      { part: 'user', appType: 'KernelGateway', heldBy: other },
    ]);
  });

  test('to shared spaces where the domain has any, and these have no Code Editor', () => {
    const where = (holder: SettingsHolder) => install(holder).map(({ part, appType }) => `${part} ${appType}`);
    const user = ['user JupyterLab', 'user CodeEditor', 'user KernelGateway'];
    expect(where(domainWith({}))).toEqual(user);
    expect(where(domainWith({}, {}))).toEqual([...user, 'space JupyterLab', 'space KernelGateway']);
  });

  test('to the app types that were asked for', () => {
    const only = attachAgent(domainWith({}, {}), ['CodeEditor'], agent, { force: false });
    expect(only.map(({ appType }) => appType)).toEqual(['CodeEditor']);
  });
});

describe('a user profile', () => {
  const own = profileWith({ JupyterLab: { LifecycleConfigArns: [setup] }, CodeEditor: { CustomImages: [] } });

  test('with configurations of its own goes before the domain: told, and changed only when forced', () => {
    expect(install(own)).toEqual([]);
    expect(missesAgent(own, AGENT_APP_TYPES, [])).toEqual([{ part: 'user', appType: 'JupyterLab', heldBy: undefined }]);
    const forced = install(own, true);
    expect(forced.map(({ appType }) => appType)).toEqual(['JupyterLab']);
    expect(missesAgent(own, AGENT_APP_TYPES, forced)).toEqual([]);
  });

  test('without any takes the domain’s', () => {
    const plain = profileWith({ JupyterLab: { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' } } });
    expect([install(plain, true), missesAgent(plain, AGENT_APP_TYPES, [])]).toEqual([[], []]);
  });

  test('that has an older agent gets the new one unasked', () => {
    const old = profileWith({ JupyterLab: { LifecycleConfigArns: [setup, older('JupyterLab')] } });
    expect(install(old)[0]!.after.LifecycleConfigArns).toEqual([setup, agent('JupyterLab')]);
  });
});

/** Settings as AWS has them after an update, under one reading of its documentation. */
function apply(holder: SettingsHolder, changes: SettingsChange[], how: 'replace' | 'merge'): SettingsHolder {
  const result = structuredClone(holder);
  for (const { part, appType, after } of changes)
    result[part]!.apps = updated(result[part]!.apps, { [appType]: after }, how);
  return result;
}

/** What is the same to AWS is written the same: no list is an empty list, no specification an empty one. */
function plain(holder: SettingsHolder): unknown {
  const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  const strip = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .map(([key, inner]) => [key, strip(inner)] as const)
            .filter(([, inner]) => !isEmpty(inner)),
        )
      : value;
  return strip(holder);
}

const how = fc.constantFrom('replace' as const, 'merge' as const);
const holders = (arns: string[]) => {
  const some = fc.constantFrom(...arns);
  const settings = fc.record(
    {
      LifecycleConfigArns: fc.uniqueArray(some),
      DefaultResourceSpec: fc.record(
        { LifecycleConfigArn: some, InstanceType: fc.constant('ml.t3.medium') },
        { requiredKeys: [] },
      ),
      BuiltInLifecycleConfigArn: some,
      AppLifecycleManagement: fc.constant({ IdleSettings: { IdleTimeoutInMinutes: 60 } }),
      CustomImages: fc.constant([{ ImageName: 'lab', AppImageConfigName: 'lab' }]),
    },
    { requiredKeys: [] },
  );
  const apps = fc.record(
    { JupyterLab: settings, CodeEditor: settings, KernelGateway: settings, Canvas: fc.constant({}) },
    { requiredKeys: [] },
  );
  return fc
    .record({ user: apps, space: fc.option(apps), isProfile: fc.boolean() })
    .map(({ user, space, isProfile }) => (isProfile ? profileWith(user) : domainWith(user, space ?? undefined)));
};

describe('over random settings, whether AWS replaces or merges', () => {
  const others = [setup, other, arn('x')];
  const withOlder = [...others, ...AGENT_APP_TYPES.flatMap((appType) => [older(appType), agent(appType)])];

  test('uninstall leaves what was there before install', () => {
    fc.assert(
      fc.property(holders(others), fc.boolean(), how, (holder, force, reading) => {
        const installed = apply(holder, install(holder, force), reading);
        expect(plain(apply(installed, uninstall(installed), reading))).toEqual(plain(holder));
      }),
      { numRuns: 1000 },
    );
  });

  test('install is done once, names one version, and keeps all that is others’, in its order', () => {
    fc.assert(
      fc.property(holders(withOlder), fc.boolean(), how, (holder, force, reading) => {
        const installed = apply(holder, install(holder, force), reading);
        expect(install(installed, force)).toEqual([]);
        for (const part of ['user', 'space'] as const) {
          for (const appType of part === 'user' ? AGENT_APP_TYPES : (['JupyterLab', 'KernelGateway'] as const)) {
            const [was, is] = [holder, installed].map((one) => lifecycleOf(one[part]?.apps[appType] ?? {}));
            const isOthers = (one: string | undefined) => one !== undefined && others.includes(one);
            expect(is!.attached.filter(isOthers)).toEqual(was!.attached.filter(isOthers));
            if (isOthers(was!.builtIn)) expect(is!.builtIn).toBe(was!.builtIn);
            if (isOthers(was!.byDefault)) expect(is!.byDefault).toBe(was!.byDefault);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('uninstall leaves no version of the agent, and what it sends says so under either reading', () => {
    fc.assert(
      fc.property(holders(withOlder), how, (holder, reading) => {
        const left = apply(holder, uninstall(holder), reading);
        expect(uninstall(left)).toEqual([]);
        const named = JSON.stringify(left).match(/curfew-activity-agent-(?!wrapper)[\w-]+/g) ?? [];
        // Only where no app of that kind is: a shared space's Code Editor.
        if (holder.space?.apps.CodeEditor === undefined) expect(named).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

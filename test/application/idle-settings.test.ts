import { describe, expect, test } from 'vitest';
import { reviewIdleSettings } from '../../src/application/idle-settings.ts';
import { PortError } from '../../src/application/ports.ts';
import { scan } from '../../src/application/scan.ts';
import type { IdleReview } from '../../src/domain/native-idle.ts';
import { emptyPicture } from '../../src/domain/picture.ts';
import type { AppSettingsByType } from '../../src/domain/studio-settings.ts';
import { NOON, policyOf, ref } from '../domain/builders.ts';
import { memorySettings, PLACE } from '../memory/ports.ts';
import { Killed, mortal } from './mortal.ts';
import { world } from './world.ts';

const HEAD = 'admins: [a@example.org]\nsender: c@example.org\nlimits: []\n';
const POLICY = `${HEAD}native-idle: { JupyterLab: 2h, CodeEditor: 1h }\n`;
const idle = (minutes: number, LifecycleManagement = 'ENABLED') => ({
  AppLifecycleManagement: {
    IdleSettings: {
      LifecycleManagement,
      IdleTimeoutInMinutes: minutes,
      MinIdleTimeoutInMinutes: 60,
      MaxIdleTimeoutInMinutes: minutes,
    },
  },
});
const fine: AppSettingsByType = { JupyterLab: idle(120), CodeEditor: idle(60) };
const off: AppSettingsByType = { JupyterLab: { ...idle(120, 'DISABLED'), CustomImages: [] } };

/** A domain of profiles, and a look at it. */
function lab(profiles: Record<string, AppSettingsByType>, domain: AppSettingsByType = fine) {
  const settings = memorySettings();
  settings.domainNames.set('d-lab', 'lab');
  settings.settings.set('d-lab', domain);
  for (const [name, its] of Object.entries(profiles)) settings.settings.set(`d-lab/${name}`, its);
  const look = (options: Partial<Parameters<typeof reviewIdleSettings>[2]> = {}, policy = POLICY) =>
    reviewIdleSettings(settings, policyOf(policy), {
      picture: emptyPicture(PLACE),
      now: NOON,
      apply: true,
      ...options,
    });
  return { settings, look, updates: () => settings.calls.filter((call) => call.startsWith('update')) };
}

const told = ({ findings }: IdleReview) =>
  findings.map(
    ({ userProfileName = '', drift, outcome }) => `${outcome} ${userProfileName}/${drift?.appType ?? 'unseen'}`,
  );

describe('a look', () => {
  test('finds nothing where all is as it should be, and changes nothing', async () => {
    const { look, updates } = lab({ alice: {}, bob: fine });
    expect(await look()).toEqual({ findings: [], faults: [], exempt: 0, unseen: 0 });
    expect(updates()).toEqual([]);
  });

  test('in an account without a domain finds nothing, at two calls', async () => {
    const settings = memorySettings();
    const options = { picture: emptyPicture(PLACE), now: NOON, apply: true };
    expect((await reviewIdleSettings(settings, policyOf(POLICY), options)).findings).toEqual([]);
    expect(settings.calls.sort()).toEqual(['domains', 'profiles']);
  });

  test('that may set, sets each holder by one call, and finds nothing the next time', async () => {
    const { settings, look, updates } = lab({ alice: {}, bob: off, carol: fine }, {});
    expect(told(await look())).toEqual(['set /JupyterLab', 'set /CodeEditor', 'set bob/JupyterLab']);
    expect(updates()).toEqual(['update d-lab/bob', 'update d-lab']);
    expect(settings.settings.get('d-lab/bob')).toEqual({ JupyterLab: { ...idle(120), CustomImages: [] } });
    expect(settings.settings.get('d-lab/alice')).toEqual({});
    settings.calls.length = 0;
    expect((await look()).findings).toEqual([]);
    expect(updates()).toEqual([]);
  });

  test('that may not, tells the same and calls nothing that changes', async () => {
    const { settings, look, updates } = lab({ bob: off }, {});
    const review = await look({ apply: false });
    expect(told(review)).toEqual(['drift /JupyterLab', 'drift /CodeEditor', 'drift bob/JupyterLab']);
    expect(review.findings[2]).toMatchObject({
      domainName: 'lab',
      drift: { is: { LifecycleManagement: 'DISABLED' }, wanted: { LifecycleManagement: 'ENABLED' } },
    });
    expect(updates()).toEqual([]);
    expect(settings.settings.get('d-lab')).toEqual({});
  });

  test('reads each holder once, right before it sets it', async () => {
    const { settings, look } = lab({ alice: off, bob: off, carol: off, dora: off, emil: off });
    await look();
    for (const name of ['alice', 'bob', 'carol', 'dora', 'emil']) {
      const calls = settings.calls.filter((call) => call.endsWith(`/${name}`));
      expect(calls).toEqual([`read d-lab/${name}`, `update d-lab/${name}`]);
    }
  });

  test('skips who is gone since the listing', async () => {
    const { settings, look } = lab({ alice: off, bob: off });
    const { read } = settings;
    settings.read = async (holder) => (holder.userProfileName === 'alice' ? undefined : read(holder));
    expect(told(await look())).toEqual(['set bob/JupyterLab']);
  });
});

describe('a failure', () => {
  const denied = (action: string) =>
    new PortError('denied', 'AccessDeniedException', `sagemaker:${action} is not allowed to these credentials`);

  test('of one profile stays its own, whether it was to be read or set', async () => {
    const { settings, look } = lab({ alice: off, bob: off, carol: off }, {});
    settings.failures.set('read d-lab/alice', denied('DescribeUserProfile'));
    settings.failures.set('update d-lab/bob', denied('UpdateUserProfile'));
    const review = await look();
    expect(told(review)).toEqual([
      'set /JupyterLab',
      'set /CodeEditor',
      'failed alice/unseen',
      'failed bob/JupyterLab',
      'set carol/JupyterLab',
    ]);
    expect(review.findings.filter(({ why }) => why).map(({ why }) => why!.split(' ')[0])).toEqual([
      'sagemaker:DescribeUserProfile',
      'sagemaker:UpdateUserProfile',
    ]);
    expect(settings.settings.get('d-lab/bob')).toEqual(off);
  });

  test('of the listing of profiles leaves the domains', async () => {
    const { settings, look } = lab({ alice: off }, {});
    settings.failures.set('profiles', denied('ListUserProfiles'));
    const review = await look();
    expect(told(review)).toEqual(['set /JupyterLab', 'set /CodeEditor']);
    expect(review.faults).toEqual([
      expect.stringMatching(/user profiles were not looked at: sagemaker:ListUserProfiles/),
    ]);
  });

  test('of what exemptions ask for sets nothing: the listing of domains, or the tags', async () => {
    const { settings, look, updates } = lab({ alice: off });
    const picture = {
      ...emptyPicture(PLACE),
      missing: [{ part: 'tags' as const, why: 'tag:GetResources is not allowed' }],
    };
    const review = await look({ picture });
    expect(told(review)).toEqual(['drift alice/JupyterLab']);
    expect(review.faults).toEqual([expect.stringContaining('tag:GetResources')]);
    settings.failures.set('domains', denied('ListDomains'));
    expect(told(await look())).toEqual(['drift alice/JupyterLab']);
    expect(updates()).toEqual([]);
  });
});

test('an exempt owner or domain is not even read', async () => {
  const { settings, look } = lab({ alice: off, bob: off }, {});
  const review = await look({}, `${POLICY}exempt: [{ owner: alice }]\n`);
  expect(told(review)).toEqual(['set /JupyterLab', 'set /CodeEditor', 'set bob/JupyterLab']);
  expect(review.exempt).toBe(1);
  expect(settings.calls.filter((call) => call.includes('alice'))).toEqual([]);
  settings.calls.length = 0;
  expect(await look({}, `${POLICY}exempt: [{ domain: lab }]\n`)).toMatchObject({ findings: [], exempt: 3 });
  expect(settings.calls.sort()).toEqual(['domains', 'profiles']);
});

test('a pass that dies at any call: the next sets the rest, and each day has one digest', async () => {
  const policy = policyOf(`mode: enforce\n${POLICY.replace('1h }', '1h, apply: true }')}report: { daily: "00:00" }\n`);
  const pass = (ports: Parameters<typeof scan>[0]) => scan(ports, policy, { place: PLACE, now: NOON, apply: true });
  let deaths = 0;
  for (let call = 0; call === deaths; call++) {
    for (const when of ['before', 'after'] as const) {
      const { settings } = lab({ alice: off, bob: off }, {});
      const ports = { ...world().ports, settings };
      ports.fleet.start({ ...ref, appName: 'default' }, NOON);
      const dying = mortal(ports, { call, when });
      await pass(dying.ports).catch((error: unknown) => expect(error).toBeInstanceOf(Killed));
      if (dying.calls() > call) deaths = call + 1;
      await pass(ports);
      expect(settings.settings.get('d-lab/bob')).toEqual({ JupyterLab: { ...idle(120), CustomImages: [] } });
      expect(settings.settings.get('d-lab')).toMatchObject({ CodeEditor: { AppLifecycleManagement: {} } });
      expect([...ports.outbox.items.values()].map(({ notice }) => notice.facts.kind)).toEqual(['digest']);
    }
  }
  // Two listings, three reads and sets, and what a pass without settings calls.
  expect(deaths).toBeGreaterThan(10);
});

describe('ten thousand profiles', () => {
  const names = Array.from({ length: 10_000 }, (_, i) => `p${String(i).padStart(4, '0')}`);
  const many = () => lab(Object.fromEntries(names.map((name) => [name, off])), {});
  /** Time for so many profiles and no more. */
  const timeFor = (most: number) => {
    let begun = 0;
    return () => begun++ < most;
  };

  test('are looked at four at once', async () => {
    const { settings, look } = many();
    const { read } = settings;
    let now = 0;
    let most = 0;
    settings.read = async (holder) => {
      most = Math.max(most, ++now);
      const its = await read(holder);
      now--;
      return its;
    };
    expect((await look()).findings).toHaveLength(10_002);
    expect(most).toBe(4);
  });

  test('that there is no time for are told, the domain is looked at all the same, and the next look goes on from there', async () => {
    const { settings, look } = many();
    const seen = new Set<string>();
    let after: string | undefined;
    for (const [unseen, expected] of [
      [6000, 'd-lab/p3999'],
      [6000, 'd-lab/p7999'],
      [6000, 'd-lab/p1999'],
    ] as const) {
      settings.calls.length = 0;
      const review = await look({ hasTime: timeFor(4000), after, apply: false });
      expect(review).toMatchObject({ unseen, after: expected });
      after = review.after;
      for (const call of settings.calls) seen.add(call);
      expect(settings.calls.filter((call) => call.startsWith('read d-lab/'))).toHaveLength(4000);
      expect(settings.calls).toContain('read d-lab');
    }
    for (const name of names) expect(seen.has(`read d-lab/${name}`)).toBe(true);
  });

  test('without any time: none is looked at, and the place to begin stays', async () => {
    const { look } = many();
    const review = await look({ hasTime: () => false, after: 'd-lab/p0007' });
    expect(review).toMatchObject({ unseen: 10_000, after: 'd-lab/p0007' });
    expect(told(review)).toEqual(['set /JupyterLab', 'set /CodeEditor']);
  });

  test('begin anew after the last, and where the one to go on from is gone', async () => {
    const { settings, look } = lab({ alice: off, carol: off });
    for (const [after, first] of [
      ['d-lab/zoe', 'alice'],
      ['d-lab/bob', 'carol'],
    ]) {
      settings.calls.length = 0;
      await look({ after, apply: false, hasTime: timeFor(1) });
      expect(settings.calls.find((call) => call.startsWith('read d-lab/'))).toBe(`read d-lab/${first}`);
    }
  });
});

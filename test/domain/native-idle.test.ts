import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeIdle, idleDrifts, mended, timeoutsFor } from '../../src/domain/native-idle.ts';
import { emptyPicture } from '../../src/domain/picture.ts';
import type { AppSettingsByType, IdleSettings, SettingsRef } from '../../src/domain/studio-settings.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, policyOf } from './builders.ts';

const domain: SettingsRef = { domainId: 'd-lab' };
const profile: SettingsRef = { domainId: 'd-lab', userProfileName: 'alice' };
const timeouts = { JupyterLab: 2 * HOUR };
const enforced: IdleSettings = {
  LifecycleManagement: 'ENABLED',
  IdleTimeoutInMinutes: 120,
  MinIdleTimeoutInMinutes: 120,
  MaxIdleTimeoutInMinutes: 120,
};
const lab = (IdleSettings?: IdleSettings): AppSettingsByType => ({
  JupyterLab: { AppLifecycleManagement: { ...(IdleSettings ? { IdleSettings } : {}) } },
});

describe('drift', () => {
  test('there is none where the timeout is enforced, and where people may only choose shorter', () => {
    for (const holder of [domain, profile]) {
      expect(idleDrifts(lab(enforced), timeouts, holder)).toEqual([]);
      expect(idleDrifts(lab({ ...enforced, MinIdleTimeoutInMinutes: 60 }), timeouts, holder)).toEqual([]);
    }
  });

  test.each<[string, IdleSettings, Partial<IdleSettings>]>([
    ['is off', { ...enforced, LifecycleManagement: 'DISABLED' }, {}],
    ['is neither on nor off', { IdleTimeoutInMinutes: 120 }, {}],
    ['waits longer', { ...enforced, IdleTimeoutInMinutes: 240, MaxIdleTimeoutInMinutes: 240 }, {}],
    [
      'waits less',
      { ...enforced, IdleTimeoutInMinutes: 60, MinIdleTimeoutInMinutes: 60 },
      { MinIdleTimeoutInMinutes: 60 },
    ],
    ['lets people choose longer', { ...enforced, MaxIdleTimeoutInMinutes: 300 }, {}],
    ['sets them no upper bound', { LifecycleManagement: 'ENABLED', IdleTimeoutInMinutes: 120 }, {}],
    ['lets them choose only longer', { ...enforced, MinIdleTimeoutInMinutes: 180, MaxIdleTimeoutInMinutes: 240 }, {}],
  ])('it is where the setting %s', (_, is, kept) => {
    for (const holder of [domain, profile])
      expect(idleDrifts(lab(is), timeouts, holder)).toEqual([
        { appType: 'JupyterLab', is, wanted: { ...enforced, ...kept } },
      ]);
  });

  test.each<[string, AppSettingsByType]>([
    ['nothing', {}],
    ['nothing of the app type', { JupyterLab: {} }],
    ['an empty member', lab()],
    ['empty idle settings', lab({})],
  ])('a domain that says %s drifts; a profile has what its domain says', (_, settings) => {
    expect(idleDrifts(settings, timeouts, domain)).toEqual([{ appType: 'JupyterLab', wanted: enforced }]);
    expect(idleDrifts(settings, timeouts, profile)).toEqual([]);
  });

  test('an app type that the policy leaves out is not compared', () => {
    const settings = {
      CodeEditor: { AppLifecycleManagement: { IdleSettings: { IdleTimeoutInMinutes: 60 } } },
    };
    expect(idleDrifts({ ...lab(enforced), ...settings }, timeouts, domain)).toEqual([]);
    expect(idleDrifts(settings, { ...timeouts, CodeEditor: HOUR }, domain)).toHaveLength(2);
  });
});

describe('what is sent', () => {
  test('is the whole member of the app type that drifts, and no other', () => {
    const own = { DefaultResourceSpec: { InstanceType: 'ml.t3.medium' }, LifecycleConfigArns: ['arn:x'] };
    const settings = {
      JupyterLab: { ...own, AppLifecycleManagement: { Later: 1 } as object },
      CodeEditor: own,
    };
    expect(mended(settings, idleDrifts(settings, timeouts, domain))).toEqual({
      JupyterLab: { ...own, AppLifecycleManagement: { Later: 1, IdleSettings: enforced } },
    });
  });

  const minutes = fc.integer({ min: 60, max: 525_600 });
  const idle = fc.record(
    {
      LifecycleManagement: fc.constantFrom('ENABLED', 'DISABLED'),
      IdleTimeoutInMinutes: minutes,
      MinIdleTimeoutInMinutes: minutes,
      MaxIdleTimeoutInMinutes: minutes,
      Later: fc.json(),
    },
    { requiredKeys: [] },
  );
  const member = fc.record(
    {
      DefaultResourceSpec: fc.dictionary(fc.string(), fc.string()),
      CustomImages: fc.array(fc.dictionary(fc.string(), fc.string())),
      AppLifecycleManagement: fc.record({ IdleSettings: idle, Later: fc.json() }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  );
  const anySettings = fc.record(
    {
      JupyterLab: member,
      CodeEditor: member,
      Canvas: member,
    },
    { requiredKeys: [] },
  );
  const wanted = fc.record(
    { JupyterLab: minutes.map((m) => m * MINUTE), CodeEditor: minutes.map((m) => m * MINUTE) },
    { requiredKeys: [] },
  );

  test.each(['replaces a member', 'merges into it'])('mends every drift and changes nothing else, if AWS %s', (how) => {
    fc.assert(
      fc.property(anySettings, wanted, fc.constantFrom(domain, profile), (settings, goal, holder) => {
        const before = structuredClone(settings);
        const drifts = idleDrifts(settings, goal, holder);
        const sent = mended(settings, drifts);
        expect(settings).toEqual(before);
        expect(Object.keys(sent).sort()).toEqual(drifts.map(({ appType }) => appType).sort());
        const after = (
          how === 'merges into it' ? merged(settings, sent) : { ...settings, ...sent }
        ) as AppSettingsByType;
        expect(idleDrifts(after, goal, holder)).toEqual([]);
        expect(
          withoutIdle(
            after,
            drifts.map(({ appType }) => appType),
          ),
        ).toEqual(
          withoutIdle(
            before,
            drifts.map(({ appType }) => appType),
          ),
        );
        for (const { is, wanted: now } of drifts) {
          expect(now).toMatchObject(
            (({ Later }) => (Later === undefined ? {} : { Later }))((is ?? {}) as { Later?: string }),
          );
          const {
            IdleTimeoutInMinutes: timeout = 0,
            MinIdleTimeoutInMinutes: least = 0,
            MaxIdleTimeoutInMinutes: most = 0,
          } = now;
          expect(60 <= least && least <= timeout && timeout === most && most <= 525_600).toBe(true);
        }
      }),
    );
  });

  type Tree = Record<string, unknown>;
  const isTree = (value: unknown): value is Tree =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  function merged(old: unknown, given: unknown): Tree {
    if (!isTree(old) || !isTree(given)) return given as Tree;
    return {
      ...old,
      ...Object.fromEntries(Object.entries(given).map(([key, value]) => [key, merged(old[key], value)])),
    };
  }
  /** Settings with the idle settings of these app types taken out, and what then is empty. */
  function withoutIdle(settings: AppSettingsByType, appTypes: string[]): AppSettingsByType {
    const copy = structuredClone(settings) as Record<string, { AppLifecycleManagement?: { IdleSettings?: unknown } }>;
    for (const appType of appTypes) {
      delete copy[appType]?.AppLifecycleManagement?.IdleSettings;
      if (Object.keys(copy[appType]?.AppLifecycleManagement ?? { a: 1 }).length === 0)
        delete copy[appType]!.AppLifecycleManagement;
      if (Object.keys(copy[appType] ?? { a: 1 }).length === 0) delete copy[appType];
    }
    return copy as AppSettingsByType;
  }
});

describe('an exemption wins', () => {
  const HEAD =
    'admins: [a@example.org]\nsender: c@example.org\nlimits: []\nnative-idle: { JupyterLab: 2h, CodeEditor: 1h }\n';
  const picture = {
    ...emptyPicture({ account: '111122223333', region: 'us-east-1' }),
    domains: new Map([['d-lab', 'lab']]),
    tags: new Map([['user-profile/d-lab/alice', { curfew: 'exempt' }]]),
  };
  const typesFor = (exempt: string, holder: SettingsRef) =>
    Object.keys(timeoutsFor(holder, policyOf(`${HEAD}exempt: [${exempt}]`), picture, NOON)).join();

  test.each([
    ['{ owner: bob }', 'JupyterLab,CodeEditor', 'JupyterLab,CodeEditor'],
    ['{ owner: alice }', 'JupyterLab,CodeEditor', ''],
    ['{ tag: { curfew: exempt } }', 'JupyterLab,CodeEditor', ''],
    ['{ domain: LAB }', '', ''],
    ['{ domain: d-lab, owner: ali* }', 'JupyterLab,CodeEditor', ''],
    ['{ app-type: JupyterLab }', 'CodeEditor', 'CodeEditor'],
    ['{ owner: alice, app-type: Code* }', 'JupyterLab,CodeEditor', 'JupyterLab'],
    ['{ owner: alice, during: { days: SUN } }', 'JupyterLab,CodeEditor', 'JupyterLab,CodeEditor'],
    ['{ owner: alice, during: { days: MON } }', 'JupyterLab,CodeEditor', ''],
    ['{ instance: ml.t3.* }', 'JupyterLab,CodeEditor', 'JupyterLab,CodeEditor'],
    ['{ space: alice-lab }', 'JupyterLab,CodeEditor', 'JupyterLab,CodeEditor'],
  ])('%s leaves %s of the domain, and %s of alice', (exempt, ofDomain, ofProfile) => {
    expect([typesFor(exempt, domain), typesFor(exempt, profile)]).toEqual([ofDomain, ofProfile]);
  });
});

test('idle settings in words', () => {
  expect(describeIdle(undefined)).toBe('not set');
  expect(describeIdle({ ...enforced, LifecycleManagement: 'DISABLED' })).toBe('off');
  expect(describeIdle({ IdleTimeoutInMinutes: 120 })).toBe('not turned on');
  expect(describeIdle(enforced)).toBe('2 h');
  expect(describeIdle({ ...enforced, MinIdleTimeoutInMinutes: 90 })).toBe('2 h (least 90 min, most 2 h)');
  expect(describeIdle({ LifecycleManagement: 'ENABLED', IdleTimeoutInMinutes: 61 })).toBe('61 min (no least, no most)');
  expect(describeIdle({ LifecycleManagement: 'ENABLED' })).toBe('on, with no timeout');
});

import { describe, expect, test } from 'vitest';
import { appKey } from '../../src/domain/app.ts';
import type { Standing } from '../../src/domain/budget.ts';
import type { Cost } from '../../src/domain/cost.ts';
import { decide } from '../../src/domain/decide.ts';
import { digestOf } from '../../src/domain/digest.ts';
import type { Run } from '../../src/domain/run.ts';
import type { RunningApp } from '../../src/domain/running-app.ts';
import { type Charge, UNSIZED } from '../../src/domain/spend.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { VOLUME_USAGE } from '../../src/domain/usage.ts';
import { appWith, NOON, policy, ref, seenNow } from './builders.ts';

const digest = (
  apps: RunningApp[],
  by = policy,
  money?: { standings: Standing[]; findings: string[] },
  { past = [], ...more }: { costs?: Map<string, Cost>; charges?: Charge[]; past?: Run[] } = {},
) =>
  digestOf(
    apps.map((app) => decide(app, by, NOON)),
    past,
    {
      policy: by,
      costs: new Map(),
      since: NOON - DAY,
      now: NOON,
      ...(money ? { money } : {}),
      ...more,
      facts: (one) => ({ ...('ref' in one ? one.ref : one.app), startedAt: one.startedAt }),
    },
  );

describe('the digest', () => {
  test('names each app whose agent is missing or silent, and no other', () => {
    const named = (appName: string, evidence: typeof seenNow | undefined) =>
      appWith({ evidence: evidence ? { agent: evidence } : {} }, { ref: { ...ref, appName } });
    const facts = digest([
      named('seen', seenNow),
      named('silent', { ...seenNow, observedAt: NOON - 3 * HOUR, lastUseAt: NOON - 4 * HOUR }),
      named('missing', undefined),
    ]);
    expect(facts!.unknownUse.map(({ app, reason }) => [app.appName, reason])).toEqual([
      ['silent', 'agent silent for 3 h'],
      ['missing', 'no evidence of use'],
    ]);
  });

  test('asks for no agent where no limit is on idleness, or the app is exempt', () => {
    const uptimeAlone = { ...policy, limits: [{ name: 'all', match: {}, maxUptime: DAY, grace: HOUR }] };
    expect(digest([appWith({})], uptimeAlone)!.unknownUse).toEqual([]);
    expect(digest([appWith({})], { ...policy, exempt: [{ owner: ['alice'] }] })!.unknownUse).toEqual([]);
  });

  test('says of each that runs longest how long it has, also where its reason does not', () => {
    const reasons = (by = policy) => digest([appWith({})], by)!.longest.map(({ reason }) => reason);
    const exempt = reasons({ ...policy, exempt: [{ owner: ['alice'] }] });
    expect(exempt).toEqual([expect.stringMatching(/^up \d+ .*; /)]);
    // Once.
    for (const reason of [...reasons(), ...exempt]) expect(reason.match(/\bup \d/g)).toHaveLength(1);
  });

  test('names what was stopped in the order in which it was', () => {
    const stop = { at: NOON, rule: 'all: max-idle', reason: 'idle', failures: 0 };
    const ended = (appName: string, hours: number) => ({
      ...{ ...appWith({}).run, app: { ...ref, appName }, endedAt: NOON - hours * HOUR, stop },
    });
    const facts = digest([], policy, undefined, { past: [ended('b', 2), ended('c', 1), ended('a', 7)] })!;
    expect(facts.stopped.map(({ app }) => app.appName)).toEqual(['a', 'b', 'c']);
  });

  test('counts what it has no room to name', () => {
    const apps = Array.from({ length: 33 }, (_, i) => appWith({}, { ref: { ...ref, appName: `app-${i}` } }));
    const facts = digest(apps)!;
    expect([facts.unknownUse.length, facts.more.unknownUse]).toEqual([30, 3]);
  });
});

describe('budgets in the digest', () => {
  const standing = (spent: number, over: Partial<Standing> = {}): Standing => ({
    budget: {
      ...{ name: 'per person', for: 'each owner', period: 'month', limit: 90_000_000 },
      ...{ warnAt: [0.8], forecastAt: [], atLimit: 'stop' },
    },
    subject: { kind: 'owner', name: 'd-lab/alice' },
    period: { from: NOON - DAY, to: NOON + DAY },
    limit: 90_000_000,
    spend: { billed: 0, accrued: spent, recent: 0, unpriced: {}, amount: spent },
    hourly: 0,
    isOver: spent >= 90_000_000,
    ...over,
  });
  const told = (...standings: Standing[]) => digest([], policy, { standings, findings: [] })?.money?.budgets;

  test('say what their sums lack', () => {
    const spend = { ...standing(72_030_000).spend, unpriced: { Canvas: 5 * HOUR } };
    const row = { budget: 'per person', whose: 'alice', spent: 72_030_000, limit: 90_000_000 };
    expect(told(standing(72_030_000, { spend }))).toEqual([{ ...row, unpriced: { Canvas: 5 * HOUR } }]);
    expect(told(standing(72_030_000))).toEqual([row]);
  });

  test('are blocked at a limit that blocks, over at any other, lifted where an admin says so, and within before', () => {
    const states = (spent: number, atLimit: 'warn' | 'stop' | 'block', over: Partial<Standing> = {}) => {
      const one = standing(spent, over);
      return told({ ...one, budget: { ...one.budget, atLimit } })!.map(({ state }) => state);
    };
    const lifted = {
      kind: 'lift',
      subject: standing(0).subject,
      at: NOON,
      until: NOON + DAY,
      by: 'admin',
      why: '',
    } as const;
    expect(states(90_000_000, 'block')).toEqual(['blocked']);
    expect(states(90_000_000, 'stop')).toEqual(['over']);
    expect(states(90_000_000, 'warn')).toEqual(['over']);
    expect(states(90_000_000, 'block', { lifted })).toEqual(['lifted']);
    expect(states(89_999_999, 'block')).toEqual([undefined]);
  });
});

describe('what has no price', () => {
  const charge = (what: string, usage = `Studio:JupyterLab-${what}`): Charge => {
    return { domainId: ref.domainId, what, usage, duration: HOUR };
  };

  test('is named as the policy’s prices call it, each once, whether or not it is still there', () => {
    const volumes = ['volumes of 5 GB', 'volumes of 20 GB', UNSIZED].map((what) => charge(what, VOLUME_USAGE));
    const charges = [charge('ml.x9.large'), charge('ml.x9.large'), charge('Canvas'), ...volumes];
    const facts = digest([], policy, undefined, { charges: [...charges, { ...charge('ml.t3.medium'), amount: 0 }] });
    expect(facts).toMatchObject({
      running: 0,
      unpriced: [],
      unpricedSince: ['Canvas', 'ml.x9.large', 'volume', UNSIZED],
    });
    expect(digest([], policy, undefined, { charges: [{ ...charge('ml.t3.medium'), amount: 0 }] })).toBeUndefined();
  });

  test('is Canvas, whatever a session runs on', () => {
    const canvas = appWith({}, { ref: { ...ref, appType: 'Canvas' } as never });
    const costs = new Map([[appKey(canvas.ref), { kind: 'unknown' as const }]]);
    expect(digest([canvas], policy, undefined, { costs })!.unpriced).toEqual(['Canvas']);
  });
});

import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { digestOf } from '../../src/domain/digest.ts';
import type { RunningApp } from '../../src/domain/running-app.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { appWith, NOON, policy, ref, seenNow } from './builders.ts';

const digest = (apps: RunningApp[], by = policy) =>
  digestOf(
    apps.map((app) => decide(app, by, NOON)),
    [],
    {
      policy: by,
      costs: new Map(),
      since: NOON - DAY,
      now: NOON,
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

  test('counts what it has no room to name', () => {
    const apps = Array.from({ length: 33 }, (_, i) => appWith({}, { ref: { ...ref, appName: `app-${i}` } }));
    const facts = digest(apps)!;
    expect([facts.unknownUse.length, facts.more.unknownUse]).toEqual([30, 3]);
  });
});

import { expect, test } from 'vitest';
import { evidenceCoverage } from '../../src/domain/coverage.ts';
import { decide } from '../../src/domain/decide.ts';
import type { RunningApp } from '../../src/domain/running-app.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { appWith, NOON, policy, seenNow } from './builders.ts';

const coverage = (apps: RunningApp[], by = policy) =>
  evidenceCoverage(
    apps.map((app) => decide(app, by, NOON)),
    by,
    NOON,
  );
const seen = appWith({ evidence: { agent: seenNow } });
const silent = appWith({
  evidence: { agent: { ...seenNow, observedAt: NOON - 3 * HOUR, lastUseAt: NOON - 4 * HOUR } },
});

test('is the share of apps under a limit on idleness whose use is known', () => {
  expect(coverage([seen, seen, silent, appWith({})])).toBe(0.5);
  expect([coverage([seen]), coverage([silent])]).toEqual([1, 0]);
});

test('is of nothing where no app is under such a limit', () => {
  expect(coverage([])).toBeUndefined();
  const uptimeAlone = { ...policy, limits: [{ name: 'all', match: {}, maxUptime: DAY, grace: HOUR }] };
  expect(coverage([seen, silent], uptimeAlone)).toBeUndefined();
  expect(coverage([seen], { ...policy, exempt: [{ owner: ['alice'] }] })).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { idleness } from '../../src/domain/rules/idleness.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { appWith, NOON, policy, seenNow } from './builders.ts';

const limit = policy.limits[0]!;
const old = { startedAt: NOON - 10 * HOUR };
const idle = (...evidence: Partial<typeof seenNow>[]) =>
  idleness(
    appWith({ ...old, evidence: Object.fromEntries(evidence.map((one, i) => [`source${i}`, { ...seenNow, ...one }])) }),
    limit,
    policy,
    NOON,
  );

describe('unknown is never idle', () => {
  test('no evidence: unknown', () => {
    expect(idle()).toMatchObject({ says: 'unknown', reason: 'idle: unknown (no evidence of use)' });
    expect(idle().due).toBeUndefined();
  });

  test('evidence older than stale-after: unknown, however long ago the last use', () => {
    expect(idle({ lastUseAt: NOON - 9 * HOUR, observedAt: NOON - 31 * MINUTE })).toMatchObject({
      says: 'unknown',
      reason: 'idle: unknown (agent silent for 31 min)',
    });
    expect(idle({ lastUseAt: NOON - 9 * HOUR, observedAt: NOON - 30 * MINUTE }).says).toBe('over');
  });

  test('one source busy: in use now, whatever another says', () => {
    expect(idle({ busy: true, lastUseAt: NOON - 9 * HOUR })).toMatchObject({
      says: 'within',
      reason: 'in use now (kernel, by agent)',
    });
    expect(idle({ lastUseAt: NOON - 9 * HOUR }, { busy: true, kind: 'gpu' })).toMatchObject({ says: 'within' });
  });

  test('a source that was busy when it fell silent: unknown, whatever another says', () => {
    expect(idle({ lastUseAt: NOON - 9 * HOUR }, { busy: true, observedAt: NOON - HOUR }).says).toBe('unknown');
  });
});

describe('an app may be idle for max-idle, counted from its newest use', () => {
  test('the newest use of all sources counts', () => {
    expect(idle({ lastUseAt: NOON - 9 * HOUR }, { lastUseAt: NOON - HOUR })).toMatchObject({
      says: 'within',
      due: NOON + HOUR,
    });
  });

  test('idle for as long as the limit: over, and the reason has the figures and the source', () => {
    expect(idle({ lastUseAt: NOON - 2 * HOUR })).toMatchObject({
      says: 'over',
      due: NOON,
      reason: 'idle 2 h, limit 2 h; last use 2 h ago (kernel, by agent)',
    });
  });

  test('never used: idle from its start', () => {
    expect(idle({ lastUseAt: 0 })).toMatchObject({
      says: 'over',
      due: NOON - 8 * HOUR,
      reason: 'idle 10 h, limit 2 h; never used since its start',
    });
  });

  test('no max-idle: nothing to say', () => {
    const { maxIdle: _, ...uptimeOnly } = limit;
    expect(idleness(appWith(old), uptimeOnly, policy, NOON).says).toBe('nothing');
  });
});

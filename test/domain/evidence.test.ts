import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Activity, evidenceOf } from '../../src/domain/evidence.ts';
import { idleness } from '../../src/domain/rules/idleness.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { appWith, NOON, policy } from './builders.ts';

const run = { startedAt: NOON - 10 * HOUR };
const of = (...activity: Activity[]) => evidenceOf({ observedAt: NOON, activity }, run);
const idleKernel = { kind: 'kernel', busy: false, lastUseAt: NOON - 3 * HOUR };

describe('what a heartbeat proves', () => {
  test('the newest use of all kinds', () => {
    expect(of(idleKernel, { kind: 'terminal', busy: false, lastUseAt: NOON - HOUR })).toMatchObject({
      source: 'agent',
      kind: 'terminal',
      busy: false,
      lastUseAt: NOON - HOUR,
      observedAt: NOON,
    });
  });

  test('anything busy is use now', () => {
    expect(of(idleKernel, { kind: 'gpu', busy: true })).toMatchObject({ kind: 'gpu', busy: true, lastUseAt: NOON });
  });

  test('never opened: idle from the start of the run', () => {
    expect(of({ kind: 'kernel', busy: false }, { kind: 'terminal', busy: false })).toMatchObject({
      busy: false,
      lastUseAt: run.startedAt,
    });
  });

  test('the app’s API did not answer: a quiet machine proves nothing, a busy one proves use', () => {
    expect(of({ kind: 'gpu', busy: false }, { kind: 'cpu', busy: false })).toBeUndefined();
    expect(of({ kind: 'gpu', busy: false, lastUseAt: run.startedAt - HOUR })).toBeUndefined();
    expect(of()).toBeUndefined();
    expect(of({ kind: 'cpu', busy: true })).toMatchObject({ busy: true });
  });

  test('a use that it remembers while the app’s API does not answer is use at that time, and no rest since', () => {
    const use = { kind: 'gpu', busy: false, lastUseAt: NOON - HOUR };
    expect(of(use)).toMatchObject({ kind: 'gpu', busy: true, lastUseAt: NOON - HOUR, observedAt: NOON - HOUR });
    const known = { agent: of(idleKernel)! };
    const later = evidenceOf({ observedAt: NOON + MINUTE, activity: [use] }, { ...run, evidence: known });
    expect(later).toMatchObject({ kind: 'gpu', busy: false, lastUseAt: NOON - HOUR, observedAt: NOON });
  });

  test('an observation from before the run is of another run of the name', () => {
    expect(evidenceOf({ observedAt: run.startedAt - 1, activity: [idleKernel] }, run)).toBeUndefined();
  });

  test('a use before the run, or after the look, is brought within them', () => {
    expect(of({ kind: 'kernel', busy: false, lastUseAt: run.startedAt - HOUR })).toMatchObject({
      lastUseAt: run.startedAt,
    });
    expect(of({ kind: 'kernel', busy: false, lastUseAt: NOON + HOUR })).toMatchObject({ lastUseAt: NOON });
  });
});

test('whatever comes in, and in whatever order: never idle without fresh evidence at least max-idle old, never while anything was busy', () => {
  const kind = fc.constantFrom('kernel', 'terminal', 'editor', 'gpu', 'cpu');
  const activity = fc.record({
    kind,
    busy: fc.boolean(),
    lastUseAt: fc.option(fc.integer({ min: -700, max: 30 }), { nil: undefined }),
  });
  const heartbeat = fc.record({
    ago: fc.integer({ min: -5, max: 700 }),
    activity: fc.array(activity, { maxLength: 4 }),
  });
  const limit = policy.limits[0]!;
  fc.assert(
    fc.property(fc.array(heartbeat, { maxLength: 12 }), (heartbeats) => {
      let kept: ReturnType<typeof evidenceOf>;
      const counted: { observedAt: number; activity: Activity[] }[] = [];
      for (const { ago, activity } of heartbeats) {
        const seen = activity.map(({ kind, busy, lastUseAt }) => ({
          kind,
          busy,
          ...(lastUseAt === undefined ? {} : { lastUseAt: NOON + lastUseAt * MINUTE }),
        }));
        const one = { observedAt: NOON - ago * MINUTE, activity: seen };
        const evidence = evidenceOf(one, run);
        if (!evidence || (kept && kept.observedAt >= evidence.observedAt)) continue;
        kept = evidence;
        counted.push(one);
      }
      const verdict = idleness(appWith({ ...run, evidence: kept ? { agent: kept } : {} }), limit, policy, NOON);
      if (verdict.says !== 'over') return;
      const newest = counted.at(-1)!;
      expect(NOON - newest.observedAt).toBeLessThanOrEqual(30 * MINUTE);
      expect(newest.activity.some(({ busy }) => busy)).toBe(false);
      expect(newest.activity.some(({ kind }) => kind === 'kernel' || kind === 'editor')).toBe(true);
      for (const { lastUseAt } of newest.activity)
        if (lastUseAt !== undefined) expect(NOON - lastUseAt).toBeGreaterThanOrEqual(limit.maxIdle!);
    }),
    { numRuns: 2000 },
  );
});

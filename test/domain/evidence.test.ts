import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Activity, canvasEvidence, type Evidence, evidenceOf } from '../../src/domain/evidence.ts';
import { needsCanvasUse } from '../../src/domain/needs.ts';
import { idleness } from '../../src/domain/rules/idleness.ts';
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { appWith, NOON, policy, ref } from './builders.ts';

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

describe('what Canvas’s metric proves', () => {
  const told = (ago: number, idle: number) => ({ at: NOON - ago, idle });
  const known = (lastUseAt: number, observedAt: number): { startedAt: number; evidence: Record<string, Evidence> } => ({
    ...run,
    evidence: {
      'canvas-metric': { source: 'canvas-metric', kind: 'canvas', busy: false, lastUseAt, observedAt },
    },
  });

  test('the last use, at the latest moment of its minute; the look, at the earliest', () => {
    expect(canvasEvidence([told(2 * MINUTE, 3 * HOUR)], run, NOON)).toEqual({
      source: 'canvas-metric',
      kind: 'canvas',
      busy: false,
      lastUseAt: NOON - MINUTE - 3 * HOUR,
      observedAt: NOON - 2 * MINUTE,
    });
  });

  test('no reading: nothing', () => expect(canvasEvidence([], run, NOON)).toBeUndefined());

  test('the newest reading is the look, and a use that any proved stays proven', () => {
    const readings = [told(20 * MINUTE, 0), told(MINUTE, 3 * HOUR), told(10 * MINUTE, 3 * HOUR)];
    for (const some of [readings, readings.toReversed()])
      expect(canvasEvidence(some, run, NOON)).toMatchObject({
        observedAt: NOON - MINUTE,
        lastUseAt: NOON - 19 * MINUTE,
      });
  });

  test.each([
    ['negative', -1],
    ['no number', Number.NaN],
    ['endless', Number.POSITIVE_INFINITY],
    ['longer than the run', 10 * HOUR + 6 * MINUTE],
    ['the seconds since 1970', NOON],
  ])('a value that is %s proves nothing', (_, idle) => {
    expect(canvasEvidence([told(0, idle)], run, NOON)).toBeUndefined();
    expect(canvasEvidence([told(0, idle), told(5 * MINUTE, HOUR)], run, NOON)).toMatchObject({
      observedAt: NOON - 5 * MINUTE,
    });
  });

  test('a reading from before the run is of another run, one from after now of none', () => {
    expect(canvasEvidence([{ at: run.startedAt - 1, idle: 0 }], run, NOON)).toBeUndefined();
    expect(canvasEvidence([{ at: run.startedAt, idle: 0 }], run, NOON)).toBeDefined();
    expect(canvasEvidence([told(-1, 0)], run, NOON)).toBeUndefined();
  });

  test('idle for a little longer than the run, by another clock: never used since its start', () => {
    expect(canvasEvidence([told(0, 10 * HOUR + 3 * MINUTE)], run, NOON)!.lastUseAt).toBe(run.startedAt);
  });

  test('a use of this very minute is not in the future', () => {
    expect(canvasEvidence([told(10 * SECOND, 0)], run, NOON)!.lastUseAt).toBe(NOON);
  });

  test('the same use told again stays where it is, up to a minute; a later one is another; none goes back', () => {
    const since = known(NOON - 3 * HOUR, NOON - 9 * MINUTE);
    const lastUse = (idle: number) => canvasEvidence([told(MINUTE, idle)], since, NOON)!.lastUseAt;
    expect(lastUse(3 * HOUR - MINUTE)).toBe(NOON - 3 * HOUR);
    expect(lastUse(3 * HOUR - MINUTE - 1)).toBe(NOON - 3 * HOUR + MINUTE + 1);
    expect(lastUse(5 * HOUR)).toBe(NOON - 3 * HOUR);
  });

  test('an older look that proves no later use says nothing new', () => {
    expect(
      canvasEvidence([told(9 * MINUTE, 4 * HOUR)], known(NOON - 3 * HOUR, NOON - 9 * MINUTE), NOON),
    ).toBeUndefined();
  });

  test('whenever in its minute it is measured: never idler than in truth, by a minute less at most, and no look is older', () => {
    const offset = fc.integer({ min: 0, max: 59_999 });
    fc.assert(
      fc.property(
        fc.array(offset, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 500 }),
        (offsets, ago) => {
          const usedAt = NOON - 9 * HOUR + ago * MINUTE;
          let recorded = run as ReturnType<typeof known> | typeof run;
          for (const [i, within] of offsets.entries()) {
            const at = NOON - (offsets.length - i) * MINUTE;
            const evidence = canvasEvidence([{ at, idle: at + within - usedAt }], recorded, NOON)!;
            expect(evidence.lastUseAt).toBeGreaterThanOrEqual(usedAt);
            expect(evidence.lastUseAt).toBeLessThanOrEqual(usedAt + MINUTE);
            expect(evidence.observedAt).toBeLessThanOrEqual(at + within);
            // Once recorded, the use stays to the millisecond, whatever the next reading makes of it.
            if ('evidence' in recorded) expect(evidence.lastUseAt).toBe(recorded.evidence['canvas-metric']!.lastUseAt);
            else recorded = known(evidence.lastUseAt, evidence.observedAt);
          }
        },
      ),
    );
  });
});

describe('who is asked about', () => {
  const canvas = appWith({}, { ref: { ...ref, appType: 'Canvas' } });
  const asks = (app = canvas, rules: Partial<typeof policy> = {}) => needsCanvasUse(app, { ...policy, ...rules }, NOON);

  test('a Canvas app that an idle limit governs', () => expect(asks()).toBe(true));

  test('no other app', () => expect(asks(appWith({}))).toBe(false));

  test('none whose limit is on uptime alone, whatever the limits after it say', () => {
    const { maxIdle: _, ...uptime } = policy.limits[0]!;
    expect(asks(canvas, { limits: [uptime, ...policy.limits] })).toBe(false);
    expect(asks(canvas, { limits: [] })).toBe(false);
  });

  test('none that is exempt', () => expect(asks(canvas, { exempt: [{ appType: ['Canvas'] }] })).toBe(false));

  test('none of a space: the metric is of profiles', () => {
    const { userProfileName: _, ...holderless } = ref;
    expect(asks(appWith({}, { ref: { ...holderless, spaceName: 'lab', appType: 'Canvas' } }))).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Evidence, Heartbeat } from '../../src/domain/evidence.ts';
import { evidenceOf } from '../../src/domain/evidence.ts';
import { inside, lengthOf, packed, type Stretches, unionOf, unpacked, without } from '../../src/domain/stretches.ts';
import { HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { type UseRecord, withLook } from '../../src/domain/use.ts';

const T0 = Date.parse('2026-11-23T09:00:00Z');

/** What heartbeats make of a run's use: each busy, or with its last use. */
function record(beats: { at: Instant; busy?: boolean; lastUseAt?: Instant }[]): UseRecord | undefined {
  let use: UseRecord | undefined;
  let agent: Evidence | undefined;
  for (const { at, busy = false, lastUseAt } of beats) {
    const beat: Heartbeat = {
      observedAt: at,
      activity: [{ kind: 'kernel', busy, ...(lastUseAt === undefined ? {} : { lastUseAt }) }],
    };
    const evidence = evidenceOf(beat, { startedAt: T0, evidence: agent ? { agent } : {} });
    if (!evidence) continue;
    use = withLook(use, agent, evidence, T0);
    agent = evidence;
  }
  return use;
}

const minutes = (numbers: number[] = []) => numbers.map((seconds) => seconds / 60);
const known = (beats: Parameters<typeof record>[0]) => {
  const use = record(beats);
  return { seen: minutes(use?.seen), used: minutes(use?.used) };
};

describe('use over time', () => {
  test('without a look nothing is seen: all of it is unknown', () => {
    expect(record([])).toBeUndefined();
  });

  test('busy looks are use, and quiet ones are idle since the last use', () => {
    expect(
      known([
        { at: T0 + 5 * MINUTE, busy: true },
        { at: T0 + 10 * MINUTE, busy: true },
        { at: T0 + 15 * MINUTE, lastUseAt: T0 + 12 * MINUTE },
        { at: T0 + 20 * MINUTE, lastUseAt: T0 + 12 * MINUTE },
      ]),
    ).toEqual({ seen: [0, 20], used: [0, 12] });
  });

  test('an app that was started and never touched is idle from its start', () => {
    expect(known([{ at: T0 + 30 * MINUTE }, { at: T0 + 60 * MINUTE }])).toEqual({ seen: [0, 60], used: [] });
  });

  test('silence is unknown, unless the next look tells that nothing was used meanwhile', () => {
    const quiet = { at: T0 + 5 * MINUTE, lastUseAt: T0 + 5 * MINUTE };
    expect(known([quiet, { at: T0 + 9 * HOUR, lastUseAt: T0 + 5 * MINUTE }])).toEqual({ seen: [0, 540], used: [0, 5] });
    expect(known([quiet, { at: T0 + 9 * HOUR, lastUseAt: T0 + 8 * HOUR }])).toEqual({
      seen: [0, 5, 480, 540],
      used: [0, 5],
    });
    expect(known([quiet, { at: T0 + 9 * HOUR, busy: true }])).toEqual({ seen: [0, 5], used: [0, 5] });
  });

  test('a look that comes late proves its use, and unmakes nothing', () => {
    const before = [
      { at: T0 + 10 * MINUTE, lastUseAt: T0 + 2 * MINUTE },
      { at: T0 + 40 * MINUTE, lastUseAt: T0 + 2 * MINUTE },
    ];
    expect(known([...before, { at: T0 + 30 * MINUTE, lastUseAt: T0 + 29 * MINUTE }]).used).toEqual([0, 2, 24, 29]);
    expect(known([...before, before[0]!])).toEqual(known(before));
  });

  test('it stays small, whatever happens: what is forgotten is unknown, and never idle', () => {
    const beats = Array.from({ length: 4_000 }, (_, i) => ({ at: T0 + (i + 1) * 2 * HOUR, busy: i % 3 === 0 }));
    const use = record(beats)!;
    expect(use.seen.length + use.used.length).toBeLessThanOrEqual(160);
    expect(JSON.stringify(use).length).toBeLessThan(1_500);
  });

  test('what truly was use is never called idle, whatever was lost, and however often somebody looked', () => {
    // Minutes of use, as a life; looks at any time, of which each tells the last minute of use before it.
    const life = fc.array(fc.boolean(), { minLength: 30, maxLength: 400 });
    const looks = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(life, looks, (used, when) => {
        const beats = when
          .filter((minute) => minute <= used.length)
          .sort((a, b) => a - b)
          .map((minute) => {
            const last = used.slice(0, minute).lastIndexOf(true);
            const isBusy = last === minute - 1;
            const at = T0 + minute * MINUTE;
            return isBusy ? { at, busy: true } : { at, ...(last < 0 ? {} : { lastUseAt: T0 + (last + 1) * MINUTE }) };
          });
        const use = record(beats);
        const idle = without(unpacked(use?.seen ?? [], T0), unpacked(use?.used ?? [], T0));
        for (const [i, isUsed] of used.entries()) {
          const minute = { from: T0 + i * MINUTE, to: T0 + (i + 1) * MINUTE };
          if (isUsed) expect(lengthOf(inside(idle, minute))).toBe(0);
        }
      }),
    );
  });
});

describe('stretches', () => {
  const some = fc
    .array(fc.tuple(fc.nat(100), fc.nat(20)), { maxLength: 12 })
    .map((pairs): Stretches => unionOf(pairs.map(([from, length]) => ({ from, to: from + length }))));
  const has = (stretches: Stretches, at: number) => stretches.some(({ from, to }) => from <= at && at < to);

  test('are a set of moments', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        for (let at = 0; at < 130; at++) {
          expect(has(unionOf([...a, ...b]), at)).toBe(has(a, at) || has(b, at));
          expect(has(without(a, b), at)).toBe(has(a, at) && !has(b, at));
        }
        expect(lengthOf(without(a, b)) + lengthOf(b)).toBe(lengthOf(unionOf([...a, ...b])));
      }),
    );
  });

  test('are packed as seconds', () => {
    const two = [
      { from: T0, to: T0 + 5 * SECOND },
      { from: T0 + HOUR, to: T0 + 2 * HOUR },
    ];
    expect(packed(two, T0)).toEqual([0, 5, 3600, 7200]);
    expect(unpacked(packed(two, T0), T0)).toEqual(two);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deliver } from '../../src/application/deliver.ts';
import { scan } from '../../src/application/scan.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const GRACE = 30 * MINUTE;
const app = (appName: string) => ({ ...ref, appName, instanceType: 'ml.g5.xlarge' });

/** A lab with one app that has been up for a day, less an hour; the admin answers for all of it. */
function lab() {
  const made = world({ owners: { address: undefined, exceptions: {} } });
  made.ports.fleet.start(app('late'), NOON - 23 * HOUR);
  const stopped = () => made.ports.fleet.stopped.map(({ app: { appName } }) => appName);
  const { runs } = made.ports;
  return Object.assign(made, {
    stopped,
    pause: (from: number, until?: number) =>
      runs.pause(PLACE, { from, by: 'jo', ...(until === undefined ? {} : { until }) }),
    resume: async (at: number) => runs.resume(PLACE, (await runs.lastPause(PLACE))!, at),
    async pass(now: number) {
      const report = await made.scan(now);
      await made.deliver(now);
      return report;
    },
  });
}

describe('while Curfew is paused', () => {
  test('nothing is stopped and nobody is written to; runs start, end and are known to', async () => {
    const it = lab();
    await it.pass(NOON);
    await it.pass(NOON + HOUR);
    expect(it.mails()).toEqual(['warning late']);
    await it.pause(NOON + HOUR + MINUTE);
    it.ports.fleet.start(app('new'), NOON + 2 * HOUR);
    for (let at = NOON + 2 * HOUR; at < NOON + 3 * DAY; at += HOUR) {
      const report = await it.pass(at);
      expect(report.pause).toMatchObject({ by: 'jo' });
      expect(report.outcomes.filter(({ kind }) => !['held', 'started', 'lifted'].includes(kind))).toEqual([]);
    }
    expect(it.stopped()).toEqual([]);
    expect(it.mails()).toEqual(['warning late']);
    it.ports.fleet.end(app('late'));
    const report = await it.pass(NOON + 3 * DAY);
    expect(report.outcomes.map(({ kind, app: { appName } }) => `${appName} ${kind}`)).toEqual([
      'late ended',
      'new held',
    ]);
    const [held] = report.outcomes.filter(({ kind }) => kind === 'held');
    expect(held!.reason).toMatch(/^Curfew is paused until somebody resumes/);
  });

  test('the digest, and asking again to confirm, wait for its end', async () => {
    const it = lab();
    it.policy.report = { daily: 8 * 60 } as typeof it.policy.report;
    it.policy.timezone = 'UTC';
    it.baseUrl = 'https://links.example.org';
    it.policy.owners = { address: { template: '{profile}@example.org' }, exceptions: {} };
    await it.pause(NOON - MINUTE, NOON + DAY);
    await it.pass(NOON);
    expect(it.ports.outbox.items.size).toBe(0);
    // Met, and not asked.
    expect([...it.ports.contacts.items.values()].map(({ address, asked }) => [address, asked])).toEqual([
      ['alice@example.org', []],
    ]);
    await it.pass(NOON + DAY);
    expect(it.mails().sort()).toEqual(['confirmation', 'digest', 'warning late']);
  });

  test('a scan that began before the switch was thrown stops nothing after it', async () => {
    const it = lab();
    await it.pass(NOON);
    await it.pass(NOON + HOUR);
    const { load } = it.ports.runs;
    it.ports.runs.load = async (place) => {
      const known = await load(place);
      await it.pause(NOON + HOUR + GRACE + 1);
      return known;
    };
    const report = await it.scan(NOON + HOUR + GRACE);
    expect(report.outcomes).toMatchObject([{ kind: 'held', reason: 'Curfew was paused meanwhile' }]);
    expect(it.stopped()).toEqual([]);
    expect([...it.ports.runs.items.values()][0]!.stop).toBeUndefined();
  });

  test('a round of mail ends within a second of the switch, and what is left waits untouched', async () => {
    const it = lab();
    for (let i = 0; i < 30; i++) it.ports.fleet.start(app(`a${i}`), NOON - 23 * HOUR);
    await it.scan(NOON + HOUR);
    const wait = async () => it.pause(NOON + HOUR);
    const report = await deliver(it.ports, it.policy, { place: PLACE, now: NOON + HOUR, wait });
    expect(report).toMatchObject({ sent: 14, isPaused: true, postponed: 0 });
    const waiting = [...it.ports.outbox.items.values()].filter(({ fate }) => !fate);
    expect(waiting.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 17 }, () => 0));
  });

  test('a dry run tells of it, and would do nothing', async () => {
    const it = lab();
    await it.pause(NOON);
    const before = it.writes();
    const report = await scan(it.ports, it.policy, { place: PLACE, now: NOON + 2 * HOUR, apply: false });
    expect(report.outcomes.map(({ kind }) => kind)).toEqual(['held']);
    expect(it.writes()).toBe(before);
  });
});

describe('once a pause is over', () => {
  test('a warning from before it counts no more: it is given anew, and has its whole grace', async () => {
    const it = lab();
    await it.pass(NOON);
    await it.pass(NOON + HOUR);
    // Thrown and taken back between two scans: no scan has seen it.
    await it.pause(NOON + HOUR + 10 * MINUTE);
    await it.resume(NOON + HOUR + 20 * MINUTE);
    await it.pass(NOON + HOUR + GRACE);
    expect(it.stopped()).toEqual([]);
    expect(it.mails()).toEqual(['warning late', 'warning late']);
    await it.pass(NOON + HOUR + 2 * GRACE - MINUTE);
    expect(it.stopped()).toEqual([]);
    await it.pass(NOON + HOUR + 2 * GRACE);
    expect(it.stopped()).toEqual(['late']);
  });

  test('a warning that was owed and not sent is not sent any more: what it announced is off', async () => {
    const it = lab();
    await it.scan(NOON);
    await it.scan(NOON + HOUR);
    await it.pause(NOON + HOUR + MINUTE, NOON + 5 * HOUR);
    expect(await it.deliver(NOON + 2 * HOUR)).toMatchObject({ sent: 0, isPaused: true });
    expect(await it.deliver(NOON + 5 * HOUR)).toMatchObject({ sent: 0, withheld: 1, faults: [] });
    await it.pass(NOON + 5 * HOUR + MINUTE);
    expect(it.mails()).toEqual(['warning late']);
    expect(it.ports.postbox.sent[0]!.facts).toMatchObject({ stopAt: NOON + 5 * HOUR + MINUTE + GRACE });
  });

  test('news of what was stopped before it goes out after it', async () => {
    const it = lab();
    await it.pass(NOON);
    await it.pass(NOON + HOUR);
    await it.scan(NOON + HOUR + GRACE);
    expect(it.stopped()).toEqual(['late']);
    await it.pause(NOON + HOUR + GRACE, NOON + 9 * HOUR);
    await it.deliver(NOON + 8 * HOUR);
    expect(it.mails()).toEqual(['warning late']);
    await it.deliver(NOON + 9 * HOUR);
    expect(it.mails()).toEqual(['warning late', 'stopped late']);
  });
});

test('whenever it is thrown and taken back: no stop and no mail while it holds, and a whole grace after it', async () => {
  const minutes = fc.integer({ min: 1, max: 40 });
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.record({ do: fc.constant('pass' as const), minutes }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const), until: fc.option(minutes) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const) }) },
  );
  let stops = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
      const it = lab();
      for (const name of ['b', 'c']) it.ports.fleet.start(app(name), NOON - 23 * HOUR - steps.length * MINUTE);
      let [now, until] = [NOON + 50 * MINUTE, Number.NEGATIVE_INFINITY];
      for (const one of steps) {
        if (one.do === 'pass') {
          now += one.minutes * MINUTE;
          const before = [it.ports.fleet.stopped.length, it.ports.postbox.sent.length];
          await it.pass(now);
          const after = [it.ports.fleet.stopped.length, it.ports.postbox.sent.length];
          stops += after[0]! - before[0]!;
          if (now < until) expect(after).toEqual(before);
          if (now < until + GRACE) expect(after[0]).toBe(before[0]);
        } else if (one.do === 'pause') {
          until = one.until === null ? Number.POSITIVE_INFINITY : now + one.until * MINUTE;
          await it.pause(now, one.until === null ? undefined : until);
        } else if (now < until) {
          await it.resume(now);
          until = now;
        }
      }
    }),
    { numRuns: 300 },
  );
  // It must have had something to forbid.
  expect(stops).toBeGreaterThan(100);
});

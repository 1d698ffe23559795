import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasFailed } from '../../src/application/scan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { world } from './world.ts';

const canvas = { ...ref, appType: 'Canvas', appName: 'canvas' };
const notebook = { ...ref, appName: 'notebook', instanceType: 'ml.g5.xlarge' };
const MAX_IDLE = 2 * HOUR;
const GRACE = 30 * MINUTE;
const LIMIT = { name: 'all', match: {}, maxUptime: DAY, maxIdle: MAX_IDLE, grace: GRACE };
const WHY = 'cloudwatch:GetMetricData is not allowed to these credentials';

/** A Canvas app that began at noon, and the means to live on with it. */
function lab(overrides: Partial<Policy> = {}) {
  const one = world({ limits: [LIMIT], ...overrides });
  const { fleet, canvasUse } = one.ports;
  const scan = (now: Instant, apply?: boolean) => one.scan(now, apply);
  fleet.start(canvas, NOON);
  let usedAt = NOON;
  return {
    ports: one.ports,
    scan,
    deliver: (now: Instant) => one.deliver(now),
    mails: () => one.mails(),
    writes: () => one.writes(),
    use: (at: Instant) => {
      usedAt = at;
    },
    /** Canvas publishes, somewhere in its minute, and a scan looks a minute later. */
    async look(at: Instant, within = 20 * SECOND) {
      canvasUse.put(canvas, at - MINUTE + within, at - MINUTE + within - usedAt);
      return kinds(await scan(at));
    },
  };
}
const kinds = ({ outcomes }: { outcomes: { kind: string; app: { appName: string } }[] }) =>
  outcomes.map(({ kind, app }) => `${app.appName} ${kind}`);

describe('a Canvas app', () => {
  test('that is idle for longer than max-idle is warned, and stopped after its grace', async () => {
    const { look, deliver, mails } = lab();
    expect(await look(NOON + 5 * MINUTE)).toEqual(['canvas started']);
    expect(await look(NOON + MAX_IDLE)).toEqual([]);
    expect(await look(NOON + MAX_IDLE + MINUTE)).toEqual(['canvas warned']);
    await deliver(NOON + MAX_IDLE + 2 * MINUTE);
    expect(await look(NOON + MAX_IDLE + 30 * MINUTE)).toEqual([]);
    expect(await look(NOON + MAX_IDLE + 31 * MINUTE)).toEqual(['canvas stopped']);
    await deliver(NOON + MAX_IDLE + 32 * MINUTE);
    expect(mails()).toEqual(['warning canvas', 'stopped canvas']);
  });

  test('that is used is kept; a warning lifts with a use, and the next idleness is warned anew', async () => {
    const { look, use, deliver, mails, ports } = lab();
    await look(NOON + 5 * MINUTE);
    await look(NOON + 3 * HOUR);
    use(NOON + 3 * HOUR + 5 * MINUTE);
    expect(await look(NOON + 3 * HOUR + 30 * MINUTE)).toEqual(['canvas lifted']);
    expect(await look(NOON + 5 * HOUR)).toEqual([]);
    expect(await look(NOON + 5 * HOUR + 10 * MINUTE)).toEqual(['canvas warned']);
    await deliver(NOON + 5 * HOUR + 11 * MINUTE);
    expect(mails()).toEqual(['warning canvas', 'warning canvas']);
    expect(ports.fleet.stopped).toEqual([]);
  });

  test('that the metric is silent about is unknown: kept by max-idle, bound by max-uptime', async () => {
    const { scan, ports } = lab();
    await scan(NOON);
    const { intents } = await scan(NOON + 9 * HOUR);
    expect(intents[0]!.decision).toMatchObject({ action: 'keep', reason: expect.stringContaining('idle: unknown') });
    expect(kinds(await scan(NOON + DAY))).toEqual(['canvas warned']);
    await scan(NOON + DAY + GRACE);
    expect(ports.fleet.stopped).toHaveLength(1);
  });

  test('whose metric falls silent after the warning is not stopped without a look since', async () => {
    const { look, scan, ports } = lab();
    await look(NOON + 3 * HOUR);
    for (let m = 5; m <= 300; m += 5) await scan(NOON + 3 * HOUR + m * MINUTE);
    expect(ports.fleet.stopped).toEqual([]);
  });

  test('is stopped on the run as it was decided on: an extension in between wins', async () => {
    const { look, ports } = lab();
    await look(NOON + 3 * HOUR);
    const { read } = ports.canvasUse;
    ports.canvasUse.read = async (...asked) => {
      await ports.runs.change((await ports.runs.get(canvas))!, { kind: 'extend', at: NOON + 4 * HOUR });
      return read(...asked);
    };
    expect(await look(NOON + 4 * HOUR)).toEqual(['canvas superseded']);
    expect(ports.fleet.stopped).toEqual([]);
  });
});

describe('a quiet scan', () => {
  test('asks once for all, and writes nothing: idle under the limit, warned, or in use', async () => {
    const { look, use, writes, ports } = lab();
    await look(NOON + 5 * MINUTE);
    const quiet = async (from: Instant) => {
      const [written, { reads }] = [writes(), { ...ports.canvasUse }];
      for (let m = 0; m < 25; m += 5) await look(from + m * MINUTE, (m * 7919) % MINUTE);
      expect(writes()).toBe(written);
      expect(ports.canvasUse.reads).toBe(reads + 5);
    };
    await quiet(NOON + HOUR);
    await look(NOON + 3 * HOUR);
    // Warned: the same use is told from another moment of its minute each time, and is the same use.
    await quiet(NOON + 3 * HOUR + 5 * MINUTE);
    use(NOON + 3 * HOUR + 26 * MINUTE);
    await look(NOON + 3 * HOUR + 30 * MINUTE);
    use(NOON + 4 * HOUR);
    await quiet(NOON + 4 * HOUR + MINUTE);
  });

  test.each<[string, Partial<Policy>]>([
    ['where no limit has max-idle', { limits: [{ name: 'up', match: {}, maxUptime: DAY, grace: GRACE }] }],
    ['where every Canvas app is exempt', { exempt: [{ appType: ['Canvas'] }] }],
    [
      'where the limit with max-idle is not the one that governs',
      { limits: [{ name: 'up', match: {}, maxUptime: DAY, grace: GRACE }, LIMIT] },
    ],
  ])('asks nothing %s', async (_, policy) => {
    const { scan, ports } = lab(policy);
    await scan(NOON);
    expect(ports.canvasUse.reads).toBe(0);
  });

  test('asks nothing where no Canvas app runs', async () => {
    const { scan, ports } = lab();
    ports.fleet.start(notebook, NOON);
    ports.fleet.end(canvas);
    await scan(NOON);
    expect(ports.canvasUse.reads).toBe(0);
  });
});

describe('CloudWatch fails', () => {
  test('the pass goes on, stops whoever is over, and fails in the end, saying what is missing', async () => {
    const { look, scan, ports } = lab();
    ports.fleet.start(notebook, NOON - DAY);
    await look(NOON + 5 * MINUTE);
    ports.canvasUse.fault = WHY;
    const report = await scan(NOON + 5 * MINUTE + GRACE);
    expect(kinds(report)).toEqual(['notebook stopped']);
    expect(report.faults).toEqual([`the use of 1 Canvas app is unknown (${WHY})`]);
    expect(report.missing).toEqual([]);
    expect(hasFailed(report)).toBe(true);
  });

  test('nothing is taken back: the warning stands, and a stop by uptime goes ahead', async () => {
    const { look, scan, ports, writes } = lab();
    await look(NOON + 3 * HOUR);
    ports.canvasUse.fault = WHY;
    const before = writes();
    for (const minutes of [40, 80, 120]) expect(kinds(await scan(NOON + 3 * HOUR + minutes * MINUTE))).toEqual([]);
    expect(writes()).toBe(before);
    ports.canvasUse.fault = undefined;
    expect(await look(NOON + 6 * HOUR)).toEqual(['canvas stopped']);

    const other = lab();
    other.ports.canvasUse.fault = WHY;
    await other.scan(NOON + DAY);
    expect(kinds(await other.scan(NOON + DAY + GRACE))).toEqual(['canvas stopped']);
  });

  test('a dry run says so too, and writes nothing', async () => {
    const { scan, ports, writes } = lab();
    ports.canvasUse.fault = WHY;
    const report = await scan(NOON + 3 * HOUR, false);
    expect(report.faults).toHaveLength(1);
    expect(writes()).toBe(0);
  });
});

describe('whatever Canvas tells, and whenever', () => {
  const step = fc.record({
    /** Between two scans. */
    minutes: fc.integer({ min: 1, max: 40 }),
    /** Whether the user does something at some moment of those. */
    used: fc.oneof(
      { weight: 15, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 99 }) },
    ),
    /** Within which second of the last minute it is measured; not at all: silence. */
    within: fc.option(fc.integer({ min: 0, max: 59_999 }), { freq: 8 }),
    fails: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    delivers: fc.boolean(),
  });

  test('nobody is stopped but on a fresh look since the warning that told of max-idle without use; no notice comes twice', async () => {
    let stops = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 60 }), async (steps) => {
        const { ports, scan, deliver } = lab({ limits: [{ ...LIMIT, maxUptime: 1000 * DAY }] });
        const { fleet, canvasUse, outbox } = ports;
        let now = NOON;
        let usedAt = NOON;
        let measured = { at: 0, usedAt };
        for (const { minutes, used, within, fails, delivers } of steps) {
          const before = now;
          now += minutes * MINUTE;
          if (used !== undefined) usedAt = before + (minutes * MINUTE * used) / 100;
          const at = now - MINUTE + (within ?? 0);
          if (within !== null && at > usedAt) {
            canvasUse.put(canvas, at, at - usedAt);
            measured = { at, usedAt };
          }
          canvasUse.fault = fails ? WHY : undefined;
          const written = ports.runs.writes + outbox.writes;
          const report = await scan(now);
          if (report.outcomes.length === 0) expect(ports.runs.writes + outbox.writes).toBe(written);
          if (delivers) await deliver(now);
          if (fleet.stopped.length === 0) continue;
          const warnings = [...outbox.items.values()].filter(({ notice }) => notice.facts.kind === 'warning');
          const last = Math.max(...warnings.map(({ notice }) => notice.owedAt));
          // What was done since the newest measurement, nobody was told: how old that may be, the policy says.
          expect(now - measured.usedAt).toBeGreaterThanOrEqual(MAX_IDLE);
          expect(now - measured.at).toBeLessThanOrEqual(30 * MINUTE);
          expect(measured.at).toBeGreaterThan(last);
          expect(now - last).toBeGreaterThanOrEqual(GRACE);
          expect(fails).toBe(false);
          stops++;
          return;
        }
        const sent = ports.postbox.sent.map(({ id }) => id);
        expect(new Set(sent).size).toBe(sent.length);
      }),
      { numRuns: 500 },
    );
    // The property is about stops: some must have come about.
    expect(stops).toBeGreaterThan(20);
  });
});

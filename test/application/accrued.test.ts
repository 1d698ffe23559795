import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Period, periodOf } from '../../src/domain/period.ts';
import { BY, chargesOf, describeSpend, sumOf } from '../../src/domain/spend.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const TOTAL = { from: 0, to: Number.POSITIVE_INFINITY };
const { userProfileName: _, ...rest } = ref;
const appIn = (spaceName: string) => ({ ...rest, spaceName, instanceType: 'ml.g5.xlarge' });
const space = (spaceName: string, over = {}) => ({
  domainId: ref.domainId,
  spaceName,
  owner: 'alice',
  sharing: 'Private',
  createdAt: NOON,
  appType: 'JupyterLab',
  gigabytes: 100,
  ...over,
});

function lab() {
  const it = world({ limits: [], team: { tag: 'team' } });
  return Object.assign(it, {
    /** All that is on record, reckoned at once. */
    async spend(now: Instant, period: Period = TOTAL) {
      const known = await it.ports.runs.load(PLACE);
      const [past, gone] = [
        await it.ports.runs.history(PLACE, period.from, now),
        await it.ports.volumes.history(PLACE, period.from, now),
      ];
      const record = { runs: [...past, ...known.runs], volumes: [...gone, ...(known.volumes ?? [])] };
      return { charges: chargesOf(record, await it.ports.prices.rates('us-east-1'), period, now) };
    },
  });
}

describe('a lab on record', () => {
  test('spend is what truly ran, second for second, whatever came late, twice or out of order', async () => {
    const life = fc.record({
      pause: fc.integer({ min: 121, max: 3 * 3600 }),
      length: fc.integer({ min: 121, max: 5 * 3600 }),
      delays: fc.array(fc.integer({ min: 1, max: 3 * 3600 }), { minLength: 2, maxLength: 2 }),
      isTwice: fc.boolean(),
    });
    const lives = fc.tuple(fc.array(life, { maxLength: 5 }), fc.array(life, { maxLength: 5 }));
    const scans = fc.array(fc.integer({ min: 1, max: 40 * 3600 }), { maxLength: 30 });
    // A month of New York ends at 05:00 of UTC, and the lab lives around it.
    const begin = Date.parse('2026-11-30T18:00:00Z');
    await fc.assert(
      fc.asyncProperty(lives, scans, async (both, looks) => {
        const it = lab();
        const agenda: [Instant, () => unknown][] = looks.map((after) => {
          const now = begin + after * SECOND;
          return [now, () => it.scan(now)];
        });
        const truth: [Instant, Instant][] = [];
        both.forEach((steps, i) => {
          const app = { ...ref, instanceType: 'ml.g5.xlarge', appName: `app${i}` };
          let at = begin;
          for (const { pause, length, delays, isTwice } of steps) {
            const from = at + pause * SECOND;
            at = from + length * SECOND;
            const to = at;
            truth.push([from, to]);
            const events = [
              { kind: 'app created' as const, app, at: from },
              { kind: 'app deleted' as const, app, at: to },
            ];
            agenda.push([from, () => it.ports.fleet.start(app, from)], [to, () => it.ports.fleet.end(app)]);
            events.forEach((event, n) => {
              for (const late of isTwice ? [delays[n]!, 2 * delays[n]!] : [delays[n]!])
                agenda.push([event.at + late * SECOND, () => it.event(event)]);
            });
          }
        });
        for (const [, deed] of agenda.sort(([a], [b]) => a - b)) await deed();
        const now = begin + 3 * DAY;
        for (const moment of [begin, now]) {
          const period = periodOf('month', moment, 'America/New_York');
          let expected = 0;
          for (const [from, to] of truth) {
            // Each second costs what the run's meter moves in it.
            const shown = (seconds: number) => Math.round((seconds * 1_410_000) / 3600);
            for (let tick = from, n = 0; tick < to; tick += SECOND, n++)
              if (period.from <= tick && tick < period.to) expected += shown(n + 1) - shown(n);
          }
          const { charges } = await it.spend(now, period);
          expect(sumOf(charges)).toEqual({ amount: expected, unpriced: new Map() });
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a space’s volume is charged from its creation until it is gone, whoever ran what in it', async () => {
    const it = lab();
    addSpace(it.ports.fleet, space('lab'));
    it.ports.fleet.tags.set(`user-profile/${ref.domainId}/alice`, { team: 'alpha' });
    await it.scan(NOON + 5 * MINUTE);
    const writes = it.ports.volumes.writes;
    await it.scan(NOON + 10 * MINUTE);
    expect(it.ports.volumes.writes).toBe(writes);
    addSpace(it.ports.fleet, space('lab', { gigabytes: 200, owner: 'bob' }));
    await it.scan(NOON + 2 * DAY);
    it.ports.fleet.spaces.clear();
    await it.scan(NOON + 3 * DAY);
    await it.scan(NOON + 4 * DAY);
    const { charges } = await it.spend(NOON + 30 * DAY);
    expect(charges.map(({ owner, team, what, duration }) => [owner, team, what, duration / DAY])).toEqual([
      ['alice', 'alpha', 'volumes of 100 GB', 2],
      ['bob', undefined, 'volumes of 200 GB', 1],
    ]);
  });

  test('a space made again under its name has a volume of its own; one on EFS has none; one of unknown size says so', async () => {
    const it = lab();
    addSpace(it.ports.fleet, space('lab'));
    const { gigabytes: __, ...unsized } = space('unsized');
    addSpace(it.ports.fleet, unsized);
    addSpace(it.ports.fleet, { ...unsized, spaceName: 'classic', appType: 'KernelGateway' });
    await it.scan(NOON + HOUR);
    addSpace(it.ports.fleet, space('lab', { createdAt: NOON + 3 * HOUR }));
    await it.scan(NOON + 4 * HOUR);
    const { charges } = await it.spend(NOON + 5 * HOUR);
    expect(charges.map(({ what, duration }) => [what, duration / HOUR]).sort()).toEqual([
      ['volumes of 100 GB', 2],
      ['volumes of 100 GB', 3],
      ['volumes of unknown size', 5],
    ]);
  });

  test('half a picture ends no volume, and a dry run records none', async () => {
    const it = lab();
    addSpace(it.ports.fleet, space('lab'));
    await it.scan(NOON, false);
    expect(it.ports.volumes.writes).toBe(0);
    await it.scan(NOON);
    it.ports.fleet.spaces.clear();
    it.ports.fleet.missing = [{ part: 'spaces', why: 'ThrottlingException' }];
    await it.scan(NOON + HOUR);
    expect(it.ports.volumes.items.size).toBe(1);
  });

  test('a volume that cannot be recorded is one failure, and the scan goes on', async () => {
    const it = lab();
    for (const name of ['a', 'b']) addSpace(it.ports.fleet, space(name));
    const { record } = it.ports.volumes;
    it.ports.volumes.record = async (change) => {
      if (change.opened?.spaceName === 'a') throw new Error('no');
      return record(change);
    };
    const { faults } = await it.scan(NOON);
    expect(faults).toEqual(['recording the volume of space a failed: no']);
    expect(it.ports.volumes.items.size).toBe(1);
  });

  test('a run keeps its owner and team; one in a space that nobody owns is the domain’s', async () => {
    const it = lab();
    addSpace(it.ports.fleet, space('lab', { gigabytes: undefined, appType: undefined }));
    const { owner: __, ...common } = space('common', { gigabytes: undefined, appType: undefined });
    addSpace(it.ports.fleet, common);
    it.ports.fleet.tags.set(`user-profile/${ref.domainId}/alice`, { team: 'alpha' });
    for (const name of ['lab', 'common']) it.ports.fleet.start(appIn(name), NOON);
    await it.scan(NOON + MINUTE);
    it.ports.fleet.spaces.clear();
    it.ports.fleet.tags.clear();
    for (const name of ['lab', 'common']) it.ports.fleet.end(appIn(name));
    await it.scan(NOON + HOUR);
    const { charges } = await it.spend(NOON + DAY);
    expect(charges.map((one) => [BY.owner(one), BY.team(one, it.policy), describeSpend(sumOf([one]))]).sort()).toEqual([
      [undefined, undefined, '$1.41'],
      [`${ref.domainId}/alice`, 'alpha', '$1.41'],
    ]);
  });

  test('a run that goes on learns its team once there is one', async () => {
    const it = lab();
    it.ports.fleet.start({ ...ref, instanceType: 'ml.g5.xlarge' }, NOON);
    await it.scan(NOON + MINUTE);
    it.ports.fleet.tags.set(`user-profile/${ref.domainId}/alice`, { team: 'alpha' });
    await it.scan(NOON + 2 * MINUTE);
    expect([...it.ports.runs.items.values()]).toMatchObject([{ team: 'alpha' }]);
  });
});

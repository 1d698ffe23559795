import { beforeEach, describe, expect, it } from 'vitest';
import type { CanvasUse } from '../../src/application/ports.ts';
import { type AppRef, appKey, type Place } from '../../src/domain/app.ts';
import type { Reading } from '../../src/domain/evidence.ts';
import { HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';

/** What Canvas tells, of nobody at first. */
export interface CanvasUseHarness {
  canvasUse: CanvasUse;
  /** Publishes that a profile's user had been idle for so many seconds at `at`. */
  put(app: AppRef, at: Instant, seconds: number): void;
  /** Lets nobody be asked about from now on. */
  fail(): void;
}

const NOON = Date.parse('2026-11-23T12:00:00Z');
const place: Place = { account: '111122223333', region: 'us-east-1' };
const canvas = (userProfileName: string, domainId = 'd-lab'): AppRef => ({
  ...place,
  domainId,
  userProfileName,
  appType: 'Canvas',
  appName: 'default',
});
const alice = canvas('alice');

/** What every CanvasUse must do. `make` gives one that was told nothing. */
export function canvasUseContract(name: string, make: () => Promise<CanvasUseHarness>): void {
  describe(`CanvasUse, ${name}`, () => {
    let harness: CanvasUseHarness;
    beforeEach(async () => {
      harness = await make();
    });
    const read = (apps: AppRef[], since = NOON - HOUR, until = NOON) => harness.canvasUse.read(apps, since, until);
    const told = async (app = alice, since?: Instant, until?: Instant): Promise<Reading[]> =>
      ((await read([app], since, until)).readings.get(appKey(app)) ?? []).sort((a, b) => a.at - b.at);

    it('knows nothing of whom nothing was told of, and that is no fault', async () => {
      expect(await told()).toEqual([]);
      expect((await read([alice])).unknown).toEqual([]);
    });

    it('tells how long each was idle, at the minute in which that was measured', async () => {
      harness.put(alice, NOON - 10 * MINUTE + 45 * SECOND, 7200);
      harness.put(alice, NOON - 5 * MINUTE, 0);
      expect(await told()).toEqual([
        { at: NOON - 10 * MINUTE, idle: 2 * HOUR },
        { at: NOON - 5 * MINUTE, idle: 0 },
      ]);
    });

    it('tells fractions of a second to the millisecond', async () => {
      harness.put(alice, NOON - MINUTE, 61.2345);
      expect(await told()).toEqual([{ at: NOON - MINUTE, idle: 61_235 }]);
    });

    it('of several in a minute, the nearest to a use', async () => {
      for (const seconds of [300, 5, 320]) harness.put(alice, NOON - MINUTE, seconds);
      expect(await told()).toEqual([{ at: NOON - MINUTE, idle: 5 * SECOND }]);
    });

    it('tells from the minute of `since` on, and not from `until` on', async () => {
      for (const minutes of [4, 3, 2, 1]) harness.put(alice, NOON - minutes * MINUTE, minutes);
      const [since, until] = [NOON - 3 * MINUTE + 20 * SECOND, NOON - MINUTE];
      expect((await told(alice, since, until)).map(({ at }) => (NOON - at) / MINUTE)).toEqual([3, 2]);
      expect((await told(alice, since, until + 1)).map(({ at }) => (NOON - at) / MINUTE)).toEqual([3, 2, 1]);
    });

    it('mixes up nobody: another profile, or the same name in another domain', async () => {
      const others = [canvas('bob'), canvas('alice', 'd-class'), canvas('carol')];
      harness.put(alice, NOON - MINUTE, 1);
      harness.put(others[0]!, NOON - MINUTE, 2);
      harness.put(others[1]!, NOON - MINUTE, 3);
      const { readings } = await read([...others, alice]);
      const idle = [alice, ...others].map((app) => readings.get(appKey(app))!.map(({ idle }) => idle / SECOND));
      expect(idle).toEqual([[1], [2], [3], []]);
    });

    it('that cannot be asked throws nothing, and says of everyone that nobody knows, and why', async () => {
      harness.put(alice, NOON - MINUTE, 1);
      harness.fail();
      const { readings, unknown } = await read([alice, canvas('bob')]);
      expect([...readings.values()].flat()).toEqual([]);
      expect(unknown.map(({ app }) => app.userProfileName)).toEqual(['alice', 'bob']);
      for (const { why } of unknown) expect(why).toContain('cloudwatch:GetMetricData');
    });
  });
}

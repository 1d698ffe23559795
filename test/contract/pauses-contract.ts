import { beforeEach, describe, expect, it } from 'vitest';
import type { Pauses, Runs } from '../../src/application/ports.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const T0 = Date.UTC(2026, 10, 23, 9);
const pause = { from: T0, by: 'arn:aws:iam::111122223333:user/jo' };
const whole = { ...pause, until: T0 + 1000, why: 'exams', earlier: [{ from: T0 - 2000, to: T0 - 1000 }] };

/** What every kill switch must do. `make` gives one that was never thrown, and the record of runs that it is loaded with. */
export function pausesContract(name: string, make: () => Promise<{ pauses: Pauses; runs: Runs }>): void {
  describe(`Pauses, ${name}`, () => {
    let pauses: Pauses;
    let runs: Runs;
    beforeEach(async () => {
      ({ pauses, runs } = await make());
    });

    it('was never thrown at first', async () => {
      expect(await pauses.lastPause(place)).toBeUndefined();
      expect(await runs.load(place)).not.toHaveProperty('pause');
      expect(await pauses.resume(place, pause, T0)).toBe(false);
      expect(await pauses.lastPause(place)).toBeUndefined();
    });

    it('gives back the pause, whole, by itself and with the runs, and is never taken for one', async () => {
      await pauses.pause(place, whole);
      expect(await pauses.lastPause(place)).toEqual(whole);
      expect(await runs.load(place)).toEqual({ runs: [], state: {}, pause: whole });
    });

    it('replaces whatever pause is on record, one that is over too', async () => {
      await pauses.pause(place, whole);
      await pauses.resume(place, whole, T0 + 1);
      const next = { ...pause, from: T0 + 2 };
      await pauses.pause(place, next);
      expect(await pauses.lastPause(place)).toEqual(next);
    });

    it('is taken back once, and keeps all that was known of it', async () => {
      await pauses.pause(place, whole);
      const won = await Promise.all([5, 5].map((at) => pauses.resume(place, whole, T0 + at)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await pauses.lastPause(place)).toEqual({ ...whole, resumedAt: T0 + 5 });
    });

    it('a pause that another has replaced is not taken back in its stead', async () => {
      await pauses.pause(place, whole);
      const next = { ...pause, from: T0 + 2 };
      await pauses.pause(place, next);
      expect(await pauses.resume(place, whole, T0 + 3)).toBe(false);
      expect(await pauses.lastPause(place)).toEqual(next);
    });

    it('keeps accounts and regions apart', async () => {
      await pauses.pause({ ...place, region: 'eu-west-1' }, pause);
      expect(await pauses.lastPause(place)).toBeUndefined();
      expect((await runs.load({ ...place, account: '444455556666' })).pause).toBeUndefined();
    });
  });
}

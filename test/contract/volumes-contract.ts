import { beforeEach, describe, expect, it } from 'vitest';
import type { Runs, Volumes } from '../../src/application/ports.ts';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import type { Volume } from '../../src/domain/volume.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const T0 = Date.UTC(2026, 10, 23, 9);
const volume: Volume = {
  ...place,
  domainId: 'd-lab',
  spaceName: 'lab',
  gigabytes: 20,
  owner: 'alice',
  team: 'alpha',
  since: T0,
};
const grown = { ...volume, gigabytes: 50, since: T0 + HOUR };
const over = { ...volume, until: T0 + HOUR };

/** What every record of volumes must do. `make` gives an empty one, and the record of runs that it is loaded with. */
export function volumesContract(name: string, make: () => Promise<{ volumes: Volumes; runs: Runs }>): void {
  describe(`Volumes, ${name}`, () => {
    let volumes: Volumes;
    let runs: Runs;
    const goingOn = async () => (await runs.load(place)).volumes;
    const history = (since = T0 - DAY) => volumes.history(place, since, T0 + 40 * DAY);
    beforeEach(async () => {
      ({ volumes, runs } = await make());
    });

    it('gives back what goes on, with the runs, and is never taken for one', async () => {
      const app = { ...place, domainId: 'd-lab', spaceName: 'lab', appType: 'JupyterLab', appName: 'default' };
      await runs.open(newRun(app, T0));
      await runs.remember(place, { digest: '2026-11-23' });
      expect(await runs.load(place)).not.toHaveProperty('volumes');
      const { gigabytes: _, owner: __, team: ___, ...bare } = { ...volume, spaceName: 'other' };
      expect(await volumes.record({ opened: volume })).toBe(true);
      expect(await volumes.record({ opened: bare })).toBe(true);
      const loaded = await runs.load(place);
      expect(loaded).toMatchObject({ runs: [{ app }], state: { digest: '2026-11-23' } });
      expect(loaded.volumes).toHaveLength(2);
      expect(loaded.volumes).toEqual(expect.arrayContaining([volume, bare]));
      expect(await history()).toEqual([]);
    });

    it('begins a stretch once', async () => {
      const won = await Promise.all([volume, grown].map((opened) => volumes.record({ opened })));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await goingOn()).toEqual([won[0] ? volume : grown]);
    });

    it('one stretch follows another, and the first is history', async () => {
      await volumes.record({ opened: volume });
      expect(await volumes.record({ ended: over, opened: grown })).toBe(true);
      expect(await volumes.record({ ended: over, opened: grown })).toBe(false);
      expect(await goingOn()).toEqual([grown]);
      expect(await history()).toEqual([over]);
    });

    it('ends, and its space’s name is free', async () => {
      await volumes.record({ opened: volume });
      expect(await volumes.record({ ended: over })).toBe(true);
      expect(await goingOn()).toBeUndefined();
      expect(await history()).toEqual([over]);
      expect(await volumes.record({ opened: grown })).toBe(true);
    });

    it('an end of a stretch that another has replaced leaves that as it is', async () => {
      await volumes.record({ opened: volume });
      await volumes.record({ ended: over, opened: grown });
      expect(await volumes.record({ ended: { ...over, until: T0 + 2 * HOUR } })).toBe(false);
      expect(await goingOn()).toEqual([grown]);
    });

    it('history tells what ended after a moment, once, whatever months that takes', async () => {
      const end = Date.UTC(2026, 11, 1);
      const [first, second] = [
        { ...volume, until: end - 1 },
        { ...grown, since: end - 1, until: end + 1 },
      ];
      const { until: _, ...next } = second;
      await volumes.record({ opened: volume });
      await volumes.record({ ended: first, opened: next });
      // A scan that came second, and saw the same change a little later.
      await volumes.record({ ended: { ...first, until: end + 1 }, opened: { ...next, since: end + 1 } });
      await volumes.record({ ended: second });
      expect((await history()).sort((a, b) => a.since - b.since)).toEqual([first, second]);
      expect(await volumes.history(place, 0, end + DAY)).toHaveLength(2);
      expect(await history(end + 1)).toEqual([]);
    });

    it('keeps accounts and regions apart', async () => {
      await volumes.record({ opened: { ...volume, region: 'eu-west-1' } });
      expect(await goingOn()).toBeUndefined();
      expect((await runs.load({ ...place, region: 'eu-west-1' })).volumes).toHaveLength(1);
    });
  });
}

import { beforeEach, describe, expect, it } from 'vitest';
import type { Backstop, Schedule } from '../../src/application/ports.ts';
import { HOUR, type Instant, SECOND } from '../../src/domain/time.ts';

const place = { account: '111122223333', region: 'us-east-1' };
const app = { ...place, domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'default' };
const inSpace = { ...place, domainId: 'd-lab', spaceName: 'shared-one', appType: 'CodeEditor', appName: 'default' };

/** What every backstop must do. `make` gives an empty one, what stands in it, and its clock. */
export function backstopContract(
  name: string,
  make: () => Promise<{ backstop: Backstop; standing: () => Schedule[]; now: Instant }>,
): void {
  describe(`Backstop, ${name}`, () => {
    let backstop: Backstop;
    let standing: () => Schedule[];
    let now: Instant;
    beforeEach(async () => {
      ({ backstop, standing, now } = await make());
    });
    const all = async () => {
      const names: string[] = [];
      let next: string | undefined;
      let pages = 0;
      do {
        const page = await backstop.armed(next);
        names.push(...page.names);
        next = page.next;
        pages++;
      } while (next !== undefined);
      return { names, pages };
    };

    it('has nothing at first', async () => {
      expect(await backstop.armed()).toEqual({ names: [] });
      expect(standing()).toEqual([]);
    });

    it('makes a schedule for an app of a profile, and for one of a space', async () => {
      await backstop.arm({ name: 'alice.1', app, at: now + HOUR });
      await backstop.arm({ name: 'shared.1', app: inSpace, at: now + 2 * HOUR });
      expect(standing()).toEqual([
        { name: 'alice.1', app, at: now + HOUR },
        { name: 'shared.1', app: inSpace, at: now + 2 * HOUR },
      ]);
    });

    it('cuts its time to the second', async () => {
      await backstop.arm({ name: 'alice.1', app, at: now + HOUR + 999 });
      expect(standing()).toEqual([{ name: 'alice.1', app, at: Math.floor((now + HOUR + 999) / SECOND) * SECOND }]);
    });

    it('makes it once, however often it is asked, and moves it to what was asked last', async () => {
      for (const at of [now + 2 * HOUR, now + 2 * HOUR, now + HOUR, now + 3 * HOUR])
        await backstop.arm({ name: 'alice.1', app, at });
      expect(standing()).toEqual([{ name: 'alice.1', app, at: now + 3 * HOUR }]);
    });

    it('takes it down, once or again, and what was never there', async () => {
      await backstop.arm({ name: 'alice.1', app, at: now + HOUR });
      await backstop.arm({ name: 'alice.2', app, at: now + HOUR });
      await backstop.disarm('alice.1');
      await backstop.disarm('alice.1');
      await backstop.disarm('nobody');
      expect((await all()).names).toEqual(['alice.2']);
    });

    it('makes it anew after it was taken down', async () => {
      await backstop.arm({ name: 'alice.1', app, at: now + HOUR });
      await backstop.disarm('alice.1');
      await backstop.arm({ name: 'alice.1', app, at: now + HOUR });
      expect(standing()).toEqual([{ name: 'alice.1', app, at: now + HOUR }]);
    });

    it('takes the longest of names, and all letters that they may have', async () => {
      const long = 'Aa0-_.'.repeat(11).slice(0, 64);
      await backstop.arm({ name: long, app, at: now + HOUR });
      expect((await all()).names).toEqual([long]);
    });

    it('tells all names in pages, each once', async () => {
      const names = Array.from({ length: 230 }, (_, i) => `run.${String(i).padStart(3, '0')}`);
      for (const one of names) await backstop.arm({ name: one, app, at: now + HOUR });
      const told = await all();
      expect(told.names.sort()).toEqual(names);
      expect(told.pages).toBe(3);
    });

    it('a page that is asked for after some were taken down skips none', async () => {
      const names = Array.from({ length: 150 }, (_, i) => `run.${String(i).padStart(3, '0')}`);
      for (const one of names) await backstop.arm({ name: one, app, at: now + HOUR });
      const first = await backstop.armed();
      for (const one of first.names) await backstop.disarm(one);
      const second = await backstop.armed(first.next);
      expect([...first.names, ...second.names].sort()).toEqual(names);
    });
  });
}

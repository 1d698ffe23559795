import { beforeEach, describe, expect, it } from 'vitest';
import type { Links } from '../../src/application/ports.ts';
import { type MailLink, PURPOSES } from '../../src/domain/mail-link.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';

const T0 = Date.UTC(2026, 10, 23, 9);
const link: MailLink = {
  account: '111122223333',
  region: 'us-east-1',
  id: 'dGhlIGlkIG9mIGEgbWFpbA',
  notice: 'warning-abc',
  to: "jo.o'neil+curfew@example.org",
  madeAt: T0,
  hashes: { keep: 'hash-of-keep', stop: 'hash-of-stop', unsubscribe: 'hash-of-unsubscribe' },
  used: {},
};

/** What every store of links must do. `make` gives an empty one. */
export function linksContract(name: string, make: () => Promise<Links>): void {
  describe(`Links, ${name}`, () => {
    let links: Links;
    beforeEach(async () => {
      links = await make();
    });

    it('knows none at first', async () => {
      expect(await links.get(link.id)).toBeUndefined();
    });

    it('gives every member back as it was written, and no others', async () => {
      const full: MailLink = { ...link, used: { stop: T0 + 1 } };
      await links.open(link);
      await links.open({ ...full, id: 'another' });
      expect(await links.get(link.id)).toEqual(link);
      expect(await links.get('another')).toEqual({ ...full, id: 'another' });
      expect(await links.get('DGHLIGLKIG9MIGEGBWFPBA')).toBeUndefined();
    });

    describe('use', () => {
      it('is noted once: the first moment stays', async () => {
        await links.open(link);
        expect(await links.use(link, 'keep', T0 + MINUTE)).toBe(T0 + MINUTE);
        expect(await links.use(link, 'keep', T0 + 2 * MINUTE)).toBe(T0 + MINUTE);
        expect(await links.use(link, 'keep', T0)).toBe(T0 + MINUTE);
        expect(await links.get(link.id)).toEqual({ ...link, used: { keep: T0 + MINUTE } });
      });

      it('of one purpose is none of another', async () => {
        await links.open(link);
        for (const [i, purpose] of PURPOSES.entries()) expect(await links.use(link, purpose, T0 + i)).toBe(T0 + i);
        const used = Object.fromEntries(PURPOSES.map((purpose, i) => [purpose, T0 + i]));
        expect((await links.get(link.id))!.used).toEqual(used);
      });

      it('by many at once is one: all are told the same moment, which is on record', async () => {
        await links.open(link);
        const told = await Promise.all(Array.from({ length: 20 }, (_, i) => links.use(link, 'stop', T0 + i)));
        expect(new Set(told).size).toBe(1);
        expect(told.filter((at, i) => at === T0 + i)).toHaveLength(1);
        expect((await links.get(link.id))!.used).toEqual({ stop: told[0] });
      });

      it('of a link that is not there makes none', async () => {
        expect(await links.use(link, 'keep', T0)).toBe(T0);
        expect(await links.get(link.id)).toBeUndefined();
      });
    });

    describe('allow', () => {
      const now = T0 + 12 * MINUTE;
      const asks = (key: string, most: number, at: number, times: number) =>
        Promise.all(Array.from({ length: times }, () => links.allow(key, most, HOUR, at)));

      it.each([1, 3, 10])('grants exactly %i of 25 at once', async (most) => {
        expect((await asks('a', most, now, 25)).filter(Boolean)).toHaveLength(most);
        expect(await links.allow('a', most, HOUR, now)).toBe(false);
      });

      it('counts each key by itself', async () => {
        await asks('a', 3, now, 5);
        expect((await asks('b', 3, now, 5)).filter(Boolean)).toHaveLength(3);
        expect(await links.allow('A', 3, HOUR, now)).toBe(true);
      });

      it('grants them afresh in the next window, and what was refused before does not count there', async () => {
        expect((await asks('a', 3, T0, 9)).filter(Boolean)).toHaveLength(3);
        expect(await links.allow('a', 3, HOUR, T0 + HOUR - 1)).toBe(false);
        expect((await asks('a', 3, T0 + HOUR, 9)).filter(Boolean)).toHaveLength(3);
        expect(await links.allow('a', 3, HOUR, T0 + HOUR)).toBe(false);
        expect(await links.allow('a', 3, HOUR, T0 + 400 * DAY)).toBe(true);
      });

      it('a clock that is late does not open the window again', async () => {
        await asks('a', 2, T0 + HOUR, 2);
        expect(await links.allow('a', 2, HOUR, T0 + HOUR + 1)).toBe(false);
        expect(await links.allow('a', 2, HOUR, T0 + 2 * HOUR - 1)).toBe(false);
      });
    });
  });
}

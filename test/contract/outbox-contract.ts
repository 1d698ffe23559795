import { beforeEach, describe, expect, it } from 'vitest';
import type { Outbox } from '../../src/application/ports.ts';
import type { Place } from '../../src/domain/app.ts';
import type { Notice, NoticeFacts } from '../../src/domain/notice.ts';
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';

const place: Place = { account: '111122223333', region: 'us-east-1' };
const T0 = Date.UTC(2026, 10, 23, 9);
const app = {
  ...place,
  domainId: 'd-lab',
  spaceName: 'alice-lab',
  appType: 'JupyterLab',
  appName: 'default',
  startedAt: T0 - HOUR,
};
const facts: Record<'warning' | 'stopped' | 'failure' | 'digest', NoticeFacts> = {
  warning: {
    kind: 'warning',
    app: { ...app, owner: "zoë o'neil", cost: 1 },
    audience: { role: 'admins', why: 'Because.' },
    rule: 'all: max-uptime',
    reason: 'up 26 h',
    warnedAt: T0,
  },
  stopped: {
    kind: 'stopped',
    app,
    audience: { role: 'admins' },
    rule: 'all: max-uptime',
    reason: 'up 26 h',
    stoppedAt: T0,
  },
  failure: { kind: 'failure', title: 'No', details: [], todo: [''], at: T0 },
  digest: {
    kind: 'digest',
    date: '2026-11-23',
    at: T0,
    mode: 'warn',
    running: 1,
    unlimited: 0,
    unknownUse: [],
    hourly: 0,
    unpriced: [],
    warned: [],
    stopped: [],
    failing: [],
    longest: [],
    more: { warned: 0, stopped: 0, failing: 0, unknownUse: 0, longest: 0 },
  },
};
const notice = (id: string, owedAt = T0, kind: keyof typeof facts = 'warning'): Notice => ({
  id,
  to: "o'neil+curfew@example.org",
  ...place,
  owedAt,
  facts: facts[kind],
});

/** What every outbox must do. `make` gives an empty one. */
export function outboxContract(name: string, make: () => Promise<Outbox>): void {
  describe(`Outbox, ${name}`, () => {
    let outbox: Outbox;
    beforeEach(async () => {
      outbox = await make();
    });
    const ids = async (now = T0, limit = 100) => (await outbox.owed(place, now, limit)).map(({ notice: { id } }) => id);

    it('owes nothing at first', async () => {
      expect(await outbox.owed(place, T0, 10)).toEqual([]);
    });

    it.each(Object.keys(facts) as (keyof typeof facts)[])('gives a %s back as it was owed', async (kind) => {
      const one = notice('a', T0, kind);
      expect(await outbox.owe(one)).toEqual({ owedAt: T0, isNew: true });
      expect(await outbox.owed(place, T0, 10)).toEqual([{ notice: one, attempts: 0 }]);
    });

    it('owed twice keeps its first clock and its first words', async () => {
      await outbox.owe(notice('a'));
      expect(await outbox.owe(notice('a', T0 + HOUR, 'stopped'))).toEqual({ owedAt: T0, isNew: false });
      expect(await outbox.owe(notice('a', T0 - HOUR))).toEqual({ owedAt: T0, isNew: false });
      expect(await outbox.owed(place, T0, 10)).toEqual([{ notice: notice('a'), attempts: 0 }]);
    });

    it('owed by many at once is owed once, by one clock for all', async () => {
      const told = await Promise.all(Array.from({ length: 20 }, (_, i) => outbox.owe(notice('a', T0 + i))));
      expect(told.filter(({ isNew }) => isNew)).toHaveLength(1);
      expect(new Set(told.map(({ owedAt }) => owedAt))).toEqual(new Set([told.find(({ isNew }) => isNew)!.owedAt]));
      expect(await ids()).toEqual(['a']);
    });

    it('gives the most urgent first, and of those the oldest', async () => {
      await outbox.owe(notice('digest', T0 - HOUR, 'digest'));
      await outbox.owe(notice('stopped', T0 - 50 * MINUTE, 'stopped'));
      await outbox.owe(notice('failure', T0 - 49 * MINUTE, 'failure'));
      await outbox.owe(notice('young', T0 - SECOND));
      await outbox.owe(notice('old', T0 - 2 * MINUTE));
      await outbox.owe(notice('middle', T0 - MINUTE));
      expect(await ids()).toEqual(['old', 'middle', 'young', 'stopped', 'failure', 'digest']);
      expect(await ids(T0, 2)).toEqual(['old', 'middle']);
    });

    it('keeps accounts and regions apart', async () => {
      await outbox.owe(notice('a'));
      await outbox.owe({ ...notice('a'), region: 'eu-west-1' });
      await outbox.owe({ ...notice('b'), account: '999988887777' });
      expect(await ids()).toEqual(['a']);
      expect((await outbox.owed({ ...place, region: 'eu-west-1' }, T0, 10)).map((one) => one.notice.id)).toEqual(['a']);
      expect(await outbox.claim(notice('a'), T0, T0 + MINUTE)).toBe(true);
      expect(await outbox.owed({ ...place, region: 'eu-west-1' }, T0, 10)).toHaveLength(1);
    });

    it('gives as many as are asked for, however many there are', async () => {
      await Promise.all(
        Array.from({ length: 60 }, (_, i) => outbox.owe(notice(`n${String(i).padStart(3, '0')}`, T0 + i))),
      );
      for (const limit of [1, 25, 26, 60, 1000]) {
        const found = await ids(T0 + HOUR, limit);
        expect(found).toEqual(Array.from({ length: Math.min(limit, 60) }, (_, i) => `n${String(i).padStart(3, '0')}`));
      }
    });

    it('finds what is free behind any number of claimed ones', async () => {
      const busy = Array.from({ length: 35 }, (_, i) => notice(`busy${i}`, T0 - HOUR));
      await Promise.all(busy.map((one) => outbox.owe(one)));
      await Promise.all(busy.map((one) => outbox.claim(one, T0, T0 + MINUTE)));
      await outbox.owe(notice('free', T0, 'digest'));
      expect(await ids(T0, 1)).toEqual(['free']);
    });

    it('gives digests of more than 1 MB together, whole', async () => {
      const big = Array.from({ length: 12 }, (_, i) => ({
        ...notice(`big${String(i).padStart(2, '0')}`),
        facts: { ...facts.failure, details: ['x'.repeat(120_000)] } as NoticeFacts,
      }));
      await Promise.all(big.map((one) => outbox.owe(one)));
      expect((await outbox.owed(place, T0, 100)).map((one) => one.notice)).toEqual(big);
    });

    describe('claim', () => {
      it('is won by one of many at once, and hides the notice until it expires', async () => {
        await outbox.owe(notice('a'));
        const won = await Promise.all(Array.from({ length: 20 }, () => outbox.claim(notice('a'), T0, T0 + MINUTE)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await ids(T0)).toEqual([]);
        expect(await ids(T0 + MINUTE - 1)).toEqual([]);
        expect(await outbox.claim(notice('a'), T0 + MINUTE - 1, T0 + HOUR)).toBe(false);
        expect(await ids(T0 + MINUTE)).toEqual(['a']);
        expect(await outbox.claim(notice('a'), T0 + MINUTE, T0 + HOUR)).toBe(true);
        expect(await ids(T0 + MINUTE)).toEqual([]);
      });

      it('counts the tries', async () => {
        await outbox.owe(notice('a'));
        for (const at of [T0, T0 + MINUTE, T0 + 2 * MINUTE]) await outbox.claim(notice('a'), at, at + MINUTE);
        expect(await outbox.claim(notice('a'), T0 + 2 * MINUTE, T0 + HOUR)).toBe(false);
        expect(await outbox.owed(place, T0 + HOUR, 1)).toEqual([{ notice: notice('a'), attempts: 3 }]);
      });

      it('of what was never owed is refused, and owes nothing', async () => {
        expect(await outbox.claim(notice('ghost'), T0, T0 + MINUTE)).toBe(false);
        expect(await ids(T0 + HOUR)).toEqual([]);
      });
    });

    describe('postpone', () => {
      it('gives a claimed notice back for later, its age and tries kept', async () => {
        await outbox.owe(notice('a'));
        await outbox.owe(notice('b', T0 + 1));
        await outbox.claim(notice('a'), T0, T0 + HOUR);
        await outbox.postpone(notice('a'), T0 + 2 * MINUTE, 'ThrottlingException');
        expect(await ids(T0 + 2 * MINUTE - 1)).toEqual(['b']);
        expect(await outbox.claim(notice('a'), T0 + 2 * MINUTE - 1, T0 + HOUR)).toBe(false);
        expect(await outbox.owed(place, T0 + 2 * MINUTE, 10)).toEqual([
          { notice: notice('a'), attempts: 1 },
          { notice: notice('b', T0 + 1), attempts: 0 },
        ]);
        expect(await outbox.claim(notice('a'), T0 + 2 * MINUTE, T0 + HOUR)).toBe(true);
      });

      it('does not raise what is done with, nor make what never was', async () => {
        await outbox.owe(notice('a'));
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0);
        await outbox.postpone(notice('a'), T0, 'X');
        await outbox.postpone(notice('ghost'), T0, 'X');
        expect(await ids(T0 + HOUR)).toEqual([]);
        expect(await outbox.claim(notice('a'), T0 + HOUR, T0 + 2 * HOUR)).toBe(false);
      });
    });

    describe('standings', () => {
      it('tells of each notice whether it was tried, sent or refused, and leaves out what was never owed', async () => {
        expect(await outbox.standings(place, [])).toEqual([]);
        expect(await outbox.standings(place, ['ghost'])).toEqual([]);
        const all = ['new', 'tried', 'sent', 'refused'].map((id, i) => notice(id, T0 + i));
        for (const one of all) await outbox.owe(one);
        for (const one of all.slice(1)) await outbox.claim(one, T0, T0 + MINUTE);
        await outbox.postpone(all[1]!, T0 + MINUTE, 'ThrottlingException');
        await outbox.settle(all[2]!, { kind: 'sent', messageId: 'm' }, T0 + 20);
        await outbox.settle(all[3]!, { kind: 'refused', code: 'MessageRejected', why: 'no' }, T0 + 30);
        const found = await outbox.standings(place, ['sent', 'ghost', 'new', 'refused', 'tried']);
        expect(found.toSorted((a, b) => a.owedAt - b.owedAt)).toEqual([
          { owedAt: T0, attempts: 0 },
          { owedAt: T0 + 1, attempts: 1 },
          { owedAt: T0 + 2, attempts: 1, fate: { kind: 'sent', at: T0 + 20 } },
          { owedAt: T0 + 3, attempts: 1, fate: { kind: 'refused', at: T0 + 30 } },
        ]);
        expect(await outbox.standings({ ...place, region: 'eu-west-1' }, ['sent'])).toEqual([]);
      });
    });

    describe('settle', () => {
      it.each([
        { kind: 'sent' as const, messageId: 'm' },
        { kind: 'refused' as const, code: 'MessageRejected', why: 'no' },
      ])('as $kind: done with for good', async (fate) => {
        await outbox.owe(notice('a'));
        await outbox.claim(notice('a'), T0, T0 + MINUTE);
        await outbox.settle(notice('a'), fate, T0);
        expect(await ids(T0 + 1000 * HOUR)).toEqual([]);
        expect(await outbox.claim(notice('a'), T0 + HOUR, T0 + 2 * HOUR)).toBe(false);
        expect(await outbox.owe(notice('a', T0 + HOUR))).toEqual({ owedAt: T0, isNew: false });
        expect(await ids(T0 + 1000 * HOUR)).toEqual([]);
      });

      it('twice is as once, and of what was never owed is nothing', async () => {
        await outbox.owe(notice('a'));
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0);
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0 + 1);
        await outbox.settle(notice('ghost'), { kind: 'sent', messageId: 'm' }, T0);
        expect(await ids(T0 + HOUR)).toEqual([]);
        expect(await outbox.owe(notice('ghost'))).toEqual({ owedAt: T0, isNew: true });
      });
    });
  });
}

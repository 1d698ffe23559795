import { beforeEach, describe, expect, it } from 'vitest';
import type { Outbox } from '../../src/application/ports.ts';
import type { Place } from '../../src/domain/app.ts';
import type { Notice, NoticeFacts, PastNotice } from '../../src/domain/notice.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { ownerReport } from '../mail/report-notices.ts';

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
const facts: { [Kind in NoticeFacts['kind']]: Extract<NoticeFacts, { kind: Kind }> } = {
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
  confirmation: { kind: 'confirmation', owners: ['d-lab/zoë'], number: 2, admins: ['admin@example.org'], at: T0 },
  budget: {
    kind: 'budget',
    audience: { role: 'owner' },
    budget: 'per person',
    whose: "zoë o'neil",
    owner: "d-lab/zoë o'neil",
    period: { from: T0 - 22 * DAY, to: T0 + 8 * DAY },
    limit: 200_000_000,
    spent: 164_100_000,
    billed: 120_000_000,
    unpriced: { 'ml.p6.48xlarge': HOUR },
    crossed: [{ kind: 'spent', share: 0.8 }],
    atLimit: 'block',
    grace: 30 * MINUTE,
    running: [app],
    hourly: 0,
    basis: 'list price of 2026-09-24',
    admins: ['admin@example.org'],
    at: T0,
  },
  report: { ...ownerReport, at: T0 },
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

    const history = (since: number) => outbox.history(place, since, T0);

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
      await outbox.owe(notice('report', T0 - 2 * HOUR, 'report'));
      await outbox.owe(notice('digest', T0 - HOUR, 'digest'));
      await outbox.owe(notice('confirmation', T0 - HOUR, 'confirmation'));
      await outbox.owe(notice('stopped', T0 - 50 * MINUTE, 'stopped'));
      await outbox.owe(notice('failure', T0 - 49 * MINUTE, 'failure'));
      await outbox.owe(notice('young', T0 - SECOND));
      await outbox.owe(notice('old', T0 - 2 * MINUTE));
      await outbox.owe(notice('middle', T0 - MINUTE));
      expect(await ids()).toEqual(['old', 'middle', 'young', 'stopped', 'failure', 'confirmation', 'digest', 'report']);
      expect(await ids(T0, 2)).toEqual(['old', 'middle']);
    });

    it('tells the oldest of each urgency, whether it waits for a retry or not', async () => {
      expect(await outbox.oldest(place)).toEqual([]);
      await outbox.owe(notice('report', T0 - 2 * HOUR, 'report'));
      await outbox.owe(notice('later', T0 - HOUR, 'report'));
      await outbox.owe(notice('failure', T0 - MINUTE, 'failure'));
      await outbox.owe(notice('stopped', T0 - 2 * MINUTE, 'stopped'));
      await outbox.claim(notice('stopped'), T0, T0 + HOUR);
      const told = (await outbox.oldest(place)).sort((a, b) => a.owedAt - b.owedAt);
      expect(told).toEqual([
        { kind: 'report', owedAt: T0 - 2 * HOUR },
        { kind: 'stopped', owedAt: T0 - 2 * MINUTE },
      ]);
      expect(await outbox.oldest({ ...place, region: 'eu-west-1' })).toEqual([]);
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
        facts: { ...facts.failure, details: ['x'.repeat(120_000)] },
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
        { kind: 'redirected' as const, why: 'it is not confirmed' },
        { kind: 'withheld' as const, why: 'its reader unsubscribed' },
      ])('as $kind: done with for good', async (fate) => {
        await outbox.owe(notice('a'));
        await outbox.claim(notice('a'), T0, T0 + MINUTE);
        await outbox.settle(notice('a'), fate, T0);
        expect(await ids(T0 + 1000 * HOUR)).toEqual([]);
        expect(await outbox.claim(notice('a'), T0 + HOUR, T0 + 2 * HOUR)).toBe(false);
        expect(await outbox.owe(notice('a', T0 + HOUR))).toEqual({ owedAt: T0, isNew: false });
        expect(await ids(T0 + 1000 * HOUR)).toEqual([]);
      });

      it('twice is as once: the first fate stays', async () => {
        await outbox.owe(notice('a'));
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0);
        await outbox.settle(notice('a'), { kind: 'refused', code: 'MessageRejected', why: 'no' }, T0 + 1);
        expect(await ids(T0 + HOUR)).toEqual([]);
        expect(await outbox.get(place, 'a')).toMatchObject({ fate: { kind: 'sent', messageId: 'm', at: T0 } });
        expect(await outbox.standings(place, ['a'])).toMatchObject([{ fate: { kind: 'sent', at: T0 } }]);
      });

      it('of what was never owed is nothing', async () => {
        await outbox.settle(notice('ghost'), { kind: 'sent', messageId: 'm' }, T0);
        expect(await outbox.get(place, 'ghost')).toBeUndefined();
        expect(await outbox.owe(notice('ghost'))).toEqual({ owedAt: T0, isNew: true });
      });
    });

    describe('get', () => {
      it('tells what became of a notice, step by step', async () => {
        expect(await outbox.get(place, 'a')).toBeUndefined();
        await outbox.owe(notice('a'));
        expect(await outbox.get(place, 'a')).toEqual({ notice: notice('a'), attempts: 0, traces: {} });
        await outbox.claim(notice('a'), T0, T0 + MINUTE);
        await outbox.postpone(notice('a'), T0 + MINUTE, 'ThrottlingException');
        expect(await outbox.get(place, 'a')).toEqual({ notice: notice('a'), attempts: 1, traces: {} });
        await outbox.settle(notice('a'), { kind: 'withheld', why: 'no' }, T0 + HOUR);
        const fate = { kind: 'withheld', why: 'no', at: T0 + HOUR };
        expect(await outbox.get(place, 'a')).toEqual({ notice: notice('a'), attempts: 1, fate, traces: {} });
      });

      it('knows none of another account or region', async () => {
        await outbox.owe(notice('a'));
        expect(await outbox.get({ ...place, region: 'eu-west-1' }, 'a')).toBeUndefined();
        expect(await outbox.get({ ...place, account: '999988887777' }, 'a')).toBeUndefined();
      });
    });

    describe('trace', () => {
      it('is noted once each: the first moment stays', async () => {
        await outbox.owe(notice('a'));
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0);
        expect(await outbox.trace(place, 'a', 'delivered', T0 + 1)).toBe(true);
        expect(await outbox.trace(place, 'a', 'delivered', T0 + 2)).toBe(false);
        expect(await outbox.trace(place, 'a', 'opened', T0 + 3)).toBe(true);
        expect((await outbox.get(place, 'a'))!.traces).toEqual({ delivered: T0 + 1, opened: T0 + 3 });
        expect((await history(T0))[0]!.traces).toEqual({ delivered: T0 + 1, opened: T0 + 3 });
      });

      it('by many at once is noted by one, so that a bounce counts once', async () => {
        await outbox.owe(notice('a'));
        const noted = await Promise.all(
          Array.from({ length: 20 }, (_, i) => outbox.trace(place, 'a', 'bounced', T0 + i)),
        );
        expect(noted.filter(Boolean)).toHaveLength(1);
        expect((await outbox.get(place, 'a'))!.traces).toEqual({ bounced: T0 + noted.indexOf(true) });
      });

      it('may come before the note that it was sent, and leaves it owed', async () => {
        await outbox.owe(notice('a'));
        await outbox.claim(notice('a'), T0, T0 + MINUTE);
        expect(await outbox.trace(place, 'a', 'delivered', T0 + 1)).toBe(true);
        expect(await ids(T0 + MINUTE)).toEqual(['a']);
        await outbox.settle(notice('a'), { kind: 'sent', messageId: 'm' }, T0 + 2);
        expect(await outbox.get(place, 'a')).toMatchObject({ fate: { kind: 'sent' }, traces: { delivered: T0 + 1 } });
      });

      it('of what was never owed is refused, and makes nothing', async () => {
        await outbox.owe(notice('a'));
        expect(await outbox.trace(place, 'ghost', 'bounced', T0)).toBe(false);
        expect(await outbox.trace({ ...place, region: 'eu-west-1' }, 'a', 'bounced', T0)).toBe(false);
        expect(await outbox.get(place, 'ghost')).toBeUndefined();
        expect(await outbox.owe(notice('ghost'))).toMatchObject({ isNew: true });
      });
    });

    describe('history', () => {
      const sent = { kind: 'sent' as const, messageId: 'm' };
      const settled = async (...all: Notice[]) => {
        await Promise.all(all.map((one) => outbox.owe(one)));
        await Promise.all(all.map((one) => outbox.settle(one, sent, one.owedAt + MINUTE)));
      };

      it('is empty at first', async () => {
        expect(await history(0)).toEqual([]);
      });

      it('tells what is owed and what is settled, the newest first, each whole and once', async () => {
        await settled(notice('old', T0 - 40 * DAY), notice('middle', T0 - 3 * DAY, 'digest'));
        await outbox.owe(notice('waiting', T0 - DAY));
        await outbox.claim(notice('waiting', T0 - DAY), T0, T0 + HOUR);
        await outbox.owe(notice('new', T0 - MINUTE, 'confirmation'));
        const fate = (at: number) => ({ ...sent, at: at + MINUTE });
        expect(await history(T0 - 50 * DAY)).toEqual([
          { notice: notice('new', T0 - MINUTE, 'confirmation'), attempts: 0, traces: {} },
          { notice: notice('waiting', T0 - DAY), attempts: 1, traces: {} },
          {
            notice: notice('middle', T0 - 3 * DAY, 'digest'),
            attempts: 0,
            traces: {},
            fate: fate(T0 - 3 * DAY),
          },
          { notice: notice('old', T0 - 40 * DAY), attempts: 0, traces: {}, fate: fate(T0 - 40 * DAY) },
        ]);
      });

      it('of one moment tells in order of id, whatever they are', async () => {
        await settled(notice('b'), notice('c', T0, 'digest'));
        await outbox.owe(notice('a', T0, 'stopped'));
        expect(past(await history(T0))).toEqual(['a', 'b', 'c']);
      });

      it('begins on the millisecond', async () => {
        await settled(notice('before', T0 - 1), notice('then', T0));
        await outbox.owe(notice('owed before', T0 - 1));
        await outbox.owe(notice('owed then', T0));
        expect(past(await history(T0))).toEqual(['owed then', 'then']);
        expect(past(await history(T0 - 1))).toEqual(['owed then', 'then', 'before', 'owed before']);
      });

      it('loses nothing at the edges of months and years', async () => {
        const edges = [
          Date.UTC(2025, 11, 31, 23, 59, 59, 999),
          Date.UTC(2026, 0, 1),
          Date.UTC(2026, 0, 31, 23, 59, 59, 999),
          Date.UTC(2026, 1, 1),
          Date.UTC(2026, 1, 28, 12),
          Date.UTC(2026, 2, 1),
          Date.UTC(2026, 9, 31, 23, 59, 59, 999),
          Date.UTC(2026, 10, 1),
          Date.UTC(2026, 10, 23, 9),
        ];
        await settled(...edges.map((at, i) => notice(`n${i}`, at)));
        const now = edges.at(-1)!;
        for (const [i, since] of edges.entries())
          expect(past(await outbox.history(place, since, now))).toEqual(
            edges
              .map((_, j) => `n${j}`)
              .slice(i)
              .reverse(),
          );
        expect(past(await outbox.history(place, edges[0]! - 400 * DAY, now))).toHaveLength(edges.length);
      });

      it('files a notice under the month in which it was first owed, however late it was settled', async () => {
        const owedAt = Date.UTC(2026, 9, 31, 23, 59);
        await outbox.owe(notice('late', owedAt));
        await outbox.settle(notice('late', owedAt), sent, T0);
        expect(past(await history(owedAt))).toEqual(['late']);
        expect(past(await outbox.history(place, owedAt, owedAt))).toEqual(['late']);
        expect(past(await history(owedAt + MINUTE))).toEqual([]);
      });

      it('leaves out what is another account’s or region’s', async () => {
        const far = { ...notice('far'), region: 'eu-west-1' };
        const other = { ...notice('other'), account: '999988887777' };
        // Their names begin alike, as far as that goes.
        const like = { ...notice('like'), region: 'us-east-1-x' };
        await settled(notice('ours'), far, other, like);
        for (const one of [far, other, like]) await outbox.owe({ ...one, id: `owed ${one.id}` });
        expect(past(await history(T0 - DAY))).toEqual(['ours']);
        expect(past(await outbox.history(far, T0 - DAY, T0))).toEqual(['far', 'owed far']);
      });

      it('reads more than a page of 1 MB, of what is owed and of what is settled', async () => {
        const big = (id: string, owedAt: number) => ({
          ...notice(id, owedAt),
          facts: { ...facts.failure, details: ['x'.repeat(120_000)] },
        });
        const all = Array.from({ length: 24 }, (_, i) => big(`big${String(i).padStart(2, '0')}`, T0 - i));
        await settled(...all.slice(0, 12));
        await Promise.all(all.slice(12).map((one) => outbox.owe(one)));
        expect((await history(T0 - DAY)).map((one) => one.notice)).toEqual(all);
      });
    });
  });
}

const past = (notices: PastNotice[]) => notices.map(({ notice }) => notice.id);

import { describe, expect, test } from 'vitest';
import { linesIn, spendingIn } from '../../src/application/spending.ts';
import type { LedgerLine } from '../../src/domain/ledger.ts';
import { type Period, periodOf } from '../../src/domain/period.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { addSpace } from '../memory/ports.ts';
import { appOf, at, budgetOver, inSpace, LAB, lab, profile, TOTAL, whole } from './books-lab.ts';
import { mortal } from './mortal.ts';

describe('the first closing', () => {
  test('of a fresh table closes the month so far, whose bill AWS knows, and leaves the last days open', async () => {
    const it = lab();
    it.bill.rows = [{ date: '2026-11-03', holder: profile('alice'), usage: LAB, amount: 7_000_000 }];
    const report = await it.close(at('2026-11-20T06:00'));
    expect(report).toMatchObject({ closed: 17, settled: 17, unsettled: 0, requests: 2, findings: [], faults: [] });
    expect(await it.books()).toMatchObject({ since: at('2026-11-01'), closedUntil: at('2026-11-18'), unsettled: [] });
    expect(await it.dollars(TOTAL, at('2026-11-20T06:00'))).toEqual({ alice: 7 });
  });

  test('on a month’s first morning leaves the days before it open that are not 48 hours old', async () => {
    const it = lab();
    it.bill.estimatedFrom = '2026-01-01';
    await it.close(at('2026-12-01T06:00'));
    expect(await it.books()).toMatchObject({ since: at('2026-11-29'), closedUntil: at('2026-11-29') });
    // Its event comes half a day late, and is counted.
    await it.ran(appOf('alice'), at('2026-11-30T20:00'), at('2026-11-30T22:00'));
    await it.close(at('2026-12-03T06:00'));
    expect(await it.dollars(periodOf('month', at('2026-11-30'), 'UTC'), at('2026-12-03T06:00'))).toEqual({ alice: 20 });
  });

  test('goes back to the first run on record, and to where a budget’s period begins', async () => {
    const it = lab({ budgets: [budgetOver({ from: '2026-09-15', to: '2026-12-20' }), budgetOver('total')] });
    await it.close(at('2026-11-20T06:00'));
    expect((await it.days())[0]!.date).toBe('2026-09-15');
    const other = lab({ budgets: [budgetOver('total')] });
    other.bill.estimatedFrom = '2026-01-01';
    await other.ran(appOf('alice'), at('2026-10-30T20:00'), at('2026-10-31T02:00'));
    await other.close(at('2026-11-20T06:00'));
    expect((await other.days())[0]!.date).toBe('2026-10-30');
    expect(await other.dollars(TOTAL, at('2026-11-20T06:00'))).toEqual({ alice: 60 });
  });

  test('goes back no further than Cost Explorer does, and a term to come does not begin it', async () => {
    const it = lab({ budgets: [budgetOver({ from: '2020-01-01', to: '2030-01-01' })] });
    await it.close(at('2026-11-20T06:00'));
    expect((await it.days())[0]!.date).toBe('2025-10-26');
    const other = lab({ budgets: [budgetOver({ from: '2027-01-01', to: '2027-06-30' })] });
    await other.close(at('2026-11-02T06:00'));
    expect(await other.books()).toMatchObject({ since: at('2026-10-31'), closedUntil: at('2026-10-31') });
    expect(await other.dollars({ from: at('2027-01-01'), to: at('2027-06-30') }, at('2026-11-02T06:00'))).toEqual({});
  });
});

describe('however often the books are closed', () => {
  const NOWS = Array.from({ length: 12 }, (_, i) => at('2026-11-20T06:00') + i * DAY);
  const LAST = NOWS.at(-1)!;

  async function history(policy: Partial<Policy> = {}) {
    const it = lab({
      timezone: 'America/New_York',
      budgets: [
        budgetOver('month'),
        budgetOver('week'),
        budgetOver('total'),
        budgetOver({ from: '2026-11-10', to: '2026-12-20' }),
      ],
      ...policy,
    });
    addSpace(it.ports.fleet, {
      ...{ domainId: ref.domainId, spaceName: 'lab', owner: 'bob', sharing: 'Private', createdAt: at('2026-11-15') },
      ...{ appType: 'JupyterLab', gigabytes: 60 },
    });
    await it.scan(at('2026-11-15T01:00'));
    await it.ran(appOf('alice'), at('2026-11-16T10:00'), at('2026-11-19T03:20'));
    await it.ran(inSpace('lab'), at('2026-11-17T10:00'), at('2026-11-17T12:00'), 'bob');
    await it.ran(appOf('alice', 'b'), at('2026-11-20T03:00'), at('2026-11-30T07:00:01'));
    await it.ran(appOf('carol'), at('2026-11-30T03:00'), at('2026-12-01T08:00'));
    const days = Array.from({ length: 30 }, (_, i) => new Date(at('2026-11-05') + i * DAY).toISOString().slice(0, 10));
    it.bill.rows = days.flatMap((date, i) => [
      { date, holder: profile('alice'), usage: LAB, amount: 1_000_000 * i },
      { date, usage: LAB, amount: 33_333_333 },
      { date, usage: 'Train:ml.p3.2xlarge', amount: -1 - i },
    ]);
    return it;
  }
  /** All that the books say, but for when each bill was read. */
  async function figures(it: ReturnType<typeof lab>) {
    const { books, ...rest } = await it.known();
    return {
      // What was found is of the days that were read last: they may be fewer.
      books: { ...books, billedAt: undefined, findings: [] },
      days: (await it.days()).map(({ settledAt, ...day }) => ({ ...day, isSettled: settledAt !== undefined })),
      marks: rest.marks,
    };
  }

  test('daily, twice a day, after a week’s pause or once at the end: the same figures', async () => {
    const plans = [NOWS, NOWS.flatMap((now) => [now, now + 3 * HOUR]), [NOWS[0]!, NOWS[7]!, LAST], [NOWS[0]!, LAST]];
    const told = [];
    for (const plan of plans) {
      const it = await history();
      for (const now of plan.filter((one) => one <= LAST)) expect((await it.close(now)).faults).toEqual([]);
      told.push(await figures(it));
    }
    expect(told[0]!.days.length).toBeGreaterThan(20);
    expect(told[0]!.days.every(({ isSettled }) => isSettled)).toBe(true);
    for (const one of told.slice(1)) expect(one).toEqual(told[0]);
  });

  test('by two at once: the same figures', async () => {
    const [one, two] = [await history(), await history()];
    for (const now of [NOWS[0]!, LAST]) {
      await one.close(now);
      await Promise.all([two.close(now), two.close(now)]);
    }
    expect(await figures(two)).toEqual(await figures(one));
  });

  test('dead before or after any call, and closed again: the same figures', async () => {
    const prepared = async () => {
      const it = await history();
      // What is estimated at first waits, and is settled by the closing that dies.
      it.bill.estimatedFrom = '2026-11-16';
      await it.close(NOWS[0]!);
      it.bill.estimatedFrom = '2026-11-21';
      return it;
    };
    const alive = await prepared();
    const total = async (it: typeof alive) => whole(await it.spent(TOTAL, NOWS[3]!));
    const before = await total(alive);
    const counted = mortal({ ...alive.ports, bill: alive.bill });
    await alive.close(NOWS[3]!, counted.ports);
    const expected = await figures(alive);
    const after = await total(alive);
    expect(after).not.toEqual(before);
    expect(counted.calls()).toBeGreaterThan(10);
    for (let call = 0; call < counted.calls(); call++)
      for (const when of ['before', 'after'] as const) {
        const it = await prepared();
        const { ports } = mortal({ ...it.ports, bill: it.bill }, { call, when });
        await expect(it.close(NOWS[3]!, ports)).rejects.toThrow();
        // Whoever asks meanwhile gets the old sum, or the new one.
        const { closedUntil } = await it.books();
        expect(await total(it)).toEqual(closedUntil === expected.books.closedUntil ? after : before);
        await it.close(NOWS[3]!);
        expect(await figures(it)).toEqual(expected);
      }
  });

  test('the month’s edge lies where the policy’s zone has it', async () => {
    const it = await history({ budgets: [budgetOver('month')] });
    it.bill.rows = [];
    it.bill.estimatedFrom = '2000-01-01';
    const now = at('2026-12-05T06:00');
    await it.close(now);
    const [november, december] = [now - 20 * DAY, now].map((one) => periodOf('month', one, 'America/New_York'));
    expect(november!.to).toBe(at('2026-12-01T05:00'));
    // Carol's five hours of Dec 1 in UTC, until 05:00, are New York's November.
    expect(await it.dollars(november!, now)).toMatchObject({ carol: 260 });
    expect(await it.dollars(december!, now)).toMatchObject({ carol: 30 });
  });

  test('a period’s first day counts from its beginning, wherever in the bill’s day that is', async () => {
    for (const timezone of ['America/New_York', 'Asia/Kathmandu']) {
      const it = lab({ timezone, budgets: [] });
      it.bill.estimatedFrom = '2026-01-01';
      const term = periodOf({ from: '2026-10-01', to: '2026-11-10' }, 0, timezone);
      await it.ran(appOf('alice'), term.from - HOUR, term.from + HOUR);
      await it.close(at('2026-11-20T06:00'));
      expect(await it.dollars(term, at('2026-11-20T06:00'))).toEqual({ alice: 10 });
      it.policy.budgets = [budgetOver({ from: '2026-10-01', to: '2026-11-10' })];
      await it.close(at('2026-11-21T06:00'));
      expect((await it.books()).sums.some(({ period }) => period.from === term.from)).toBe(true);
      expect(await it.dollars(term, at('2026-11-21T06:00'))).toEqual({ alice: 10 });
    }
  });

  test('the clock set back closes nothing anew, and opens nothing', async () => {
    const it = await history();
    await it.close(LAST);
    const before = await figures(it);
    expect(await it.close(NOWS[2]!)).toMatchObject({ closed: 0 });
    expect((await figures(it)).days).toEqual(before.days);
    expect((await it.books()).closedUntil).toBe(before.books.closedUntil);
  });

  test('a total looks at no month before the first closed day', async () => {
    const it = await history();
    const asked: Instant[] = [];
    const { days } = it.ports.ledger;
    it.ports.ledger.days = async (place, from, to) => {
      asked.push(from);
      return days(place, from, to);
    };
    await it.close(LAST);
    it.policy.budgets = [];
    await it.close(LAST + DAY);
    await it.spent(TOTAL, LAST + 2 * DAY);
    expect(asked.length).toBeGreaterThan(2);
    expect(Math.min(...asked)).toBeGreaterThan(LAST - 60 * DAY);
  });

  test('a policy whose time zone changed after the closing: months and weeks still sum to the whole', async () => {
    const it = await history({ timezone: 'America/New_York' });
    await it.close(LAST);
    it.policy.timezone = 'Asia/Kathmandu';
    await it.close(LAST + DAY);
    const now = LAST + 2 * DAY;
    for (const kind of ['month', 'week'] as const) {
      const periods: Period[] = [];
      for (let day = at('2026-10-25'); day < now + 31 * DAY; day += DAY) {
        const period = periodOf(kind, day, it.policy.timezone);
        if (period.from !== periods.at(-1)?.from) periods.push(period);
      }
      const parts = (await spendingIn(periods, it.ports, await it.goings(), now)).map(whole);
      const all = whole(await it.spent(TOTAL, now));
      for (const [i, period] of periods.entries()) {
        const lines = await linesIn(period, it.ports, await it.goings(), it.policy.timezone, now);
        const sum = (by: 'billed' | 'accrued', some: LedgerLine[]) =>
          some.reduce((got, one) => got + (one[by] ?? 0), 0);
        const unbilled = lines.filter(({ billed }) => billed === undefined);
        expect([sum('billed', lines), sum('accrued', unbilled)]).toEqual([parts[i]!.billed, parts[i]!.accrued]);
      }
      for (const key of ['billed', 'accrued'] as const)
        expect(parts.reduce((sum, one) => sum + one[key], 0)).toBe(all[key]);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LedgerLine } from '../../src/domain/ledger.ts';
import { billingDay, dateOf, type Period } from '../../src/domain/period.ts';
import type { Charge } from '../../src/domain/spend.ts';
import { addOpen, sumClosed, sumSpend, within } from '../../src/domain/spending.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';

const at = (time: string) => Date.parse(time);
const NOVEMBER = { from: at('2026-11-01'), to: at('2026-12-01') };
const CLOSED = at('2026-11-29');

const line = (date: string, over: Partial<LedgerLine> = {}): LedgerLine => ({
  ...billingDay(date),
  domainId: 'd-lab',
  owner: 'alice',
  what: 'ml.g5.xlarge',
  usage: 'Studio:JupyterLab-ml.g5.xlarge',
  duration: HOUR,
  accrued: 100,
  ...over,
});
const { accrued: _, ...bare } = line('2026-11-28');
const sum = (lines: LedgerLine[], period: Period = NOVEMBER) => sumClosed(period, CLOSED, [{ lines }]);

describe('closed days', () => {
  test('count what was billed, or else what was accrued, and tell what has neither', () => {
    const { owners } = sum([
      line('2026-11-28'),
      line('2026-11-27', { billed: 97 }),
      line('2026-11-26', { billed: -3 }),
      line('2026-11-25', { billed: 0 }),
      { ...bare, what: 'ml.x9.large' },
      { ...bare, what: 'ml.x9.large', duration: 2 * HOUR },
    ]);
    expect(owners).toEqual([
      {
        domainId: 'd-lab',
        owner: 'alice',
        billed: 94,
        accrued: 100,
        recent: 194,
        unpriced: { 'ml.x9.large': 3 * HOUR },
      },
    ]);
  });

  test('tell what of the accrued is at the policy’s prices; what is billed has none', () => {
    const isPolicys = true as const;
    const { owners } = sum([
      line('2026-11-28'),
      line('2026-11-28', { accrued: 7, isPolicys }),
      line('2026-11-27', { accrued: 7, isPolicys }),
      line('2026-11-26', { billed: 50, isPolicys }),
      line('2026-11-28', { owner: 'bob', billed: 50, isPolicys }),
    ]);
    expect(owners).toMatchObject([{ accrued: 114, atPolicys: 14 }, { accrued: 0 }]);
    expect(owners[1]).not.toHaveProperty('atPolicys');
    const { what, usage } = bare;
    const charge = { ...{ domainId: 'd-lab', what, usage, duration: HOUR }, amount: 5, isPolicys };
    const open = addOpen({ ...sum([]), owners }, [
      { ...charge, owner: 'alice' },
      { ...charge, owner: 'zoe' },
    ]).owners;
    expect(open.map(({ atPolicys }) => atPolicys)).toEqual([19, undefined, 5]);
    expect(sumSpend(open, undefined)).toMatchObject({ accrued: 124, atPolicys: 24 });
  });

  test('owners of one name in two domains, in two teams, of no team, and nobody are each their own', () => {
    const { domainId: __, owner: ___, ...nobodys } = line('2026-11-28');
    const { owner: ____, ...domains } = line('2026-11-28');
    const all = [
      line('2026-11-28'),
      line('2026-11-28', { domainId: 'd-b' }),
      line('2026-11-28', { team: 'a' }),
      domains,
      nobodys,
    ];
    const { owners } = sum([...all, ...all]);
    expect(owners.map(({ domainId, owner, team, accrued }) => [domainId, owner, team, accrued])).toEqual([
      ['d-lab', 'alice', undefined, 200],
      ['d-b', 'alice', undefined, 200],
      ['d-lab', 'alice', 'a', 200],
      ['d-lab', undefined, undefined, 200],
      [undefined, undefined, undefined, 200],
    ]);
    expect(Object.keys(owners[4]!)).not.toContain('domainId');
  });

  test('a trend looks at the last seven, even before the period, and at no more', () => {
    const week = { from: at('2026-11-30'), to: at('2026-12-07') };
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23', '2026-11-28'].map((date) => line(date));
    const spending = sumClosed(
      week,
      CLOSED,
      days.map((one) => ({ lines: [one] })),
    );
    expect(spending).toMatchObject({ period: week, closedUntil: CLOSED, trendDays: 5 });
    expect(spending.owners).toMatchObject([{ billed: 0, accrued: 0, recent: 300 }]);
    expect(sumClosed(week, CLOSED, Array(20).fill({ lines: [] }))).toMatchObject({ trendDays: 7, owners: [] });
    expect(sumClosed(week, CLOSED, [])).toMatchObject({ trendDays: 0, owners: [] });
  });

  test('what lies outside is in no sum, and nobody is there for it', () =>
    expect(sum([line('2026-10-31'), line('2026-12-01')]).owners).toEqual([]));

  test('a line that a period cuts is shared out by time', () => {
    const half = { from: at('2026-11-01T12:00:00Z'), to: NOVEMBER.to };
    const { owners } = sum([line('2026-11-01', { billed: 11 }), { ...bare, ...billingDay('2026-11-01') }], half);
    expect(owners).toMatchObject([{ billed: 5, unpriced: { 'ml.g5.xlarge': HOUR / 2 } }]);
  });
});

describe('open days', () => {
  const charge = (over: Partial<Charge> = {}): Charge => {
    const { what, usage, duration } = bare;
    return { domainId: 'd-lab', owner: 'alice', what, usage, duration, amount: 5, ...over };
  };
  const { amount: __, ...unpriced } = charge({ what: 'ml.x9.large' });

  test('are added to whoever is there already, or to somebody new; what they are added to stays', () => {
    const closed = sum([line('2026-11-28'), { ...bare, what: 'ml.x9.large' }]);
    const before = structuredClone(closed);
    const { owners } = addOpen(closed, [charge(), charge({ owner: 'bob' }), unpriced]);
    expect(owners).toMatchObject([
      { owner: 'alice', accrued: 105, billed: 0, recent: 100, unpriced: { 'ml.x9.large': 2 * HOUR } },
      { owner: 'bob', accrued: 5, recent: 0 },
    ]);
    expect(closed).toEqual(before);
  });

  test('a sum of owners corrects what was reckoned by the drift, once, and what was billed never', () => {
    const { owners } = addOpen(sum([line('2026-11-27', { billed: 97 })]), [
      charge({ amount: 1 }),
      charge({ owner: 'bob', amount: 1 }),
      unpriced,
    ]);
    const drift = { billed: 1_200_000, accrued: 1_000_000, days: 1 };
    // Each by itself would be 1, and both together 2.4.
    expect(sumSpend(owners, drift)).toEqual({
      billed: 97,
      accrued: 2,
      recent: 97,
      unpriced: { 'ml.x9.large': HOUR },
      amount: 99,
    });
    expect(sumSpend(owners.slice(0, 1), { ...drift, billed: 800_000 }).amount).toBe(98);
    expect(sumSpend(addOpen(sum([]), [charge({ amount: 100 })]).owners, drift).amount).toBe(120);
    expect(sumSpend([], drift)).toEqual({ billed: 0, accrued: 0, recent: 0, unpriced: {}, amount: 0 });
  });
});

describe('whatever cuts the lines', () => {
  const lines = fc
    .array(
      fc.record({
        day: fc.nat({ max: 20 }),
        start: fc.nat({ max: 20 }),
        length: fc.integer({ min: 1, max: 4 }),
        accrued: fc.option(fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 1e12 })), { nil: undefined }),
        billed: fc.option(fc.integer({ min: -1e12, max: 1e12 }), { nil: undefined }),
        duration: fc.nat({ max: DAY }),
      }),
      { maxLength: 10 },
    )
    .map((some) =>
      some.map(({ day, start, length, accrued, billed, duration }): LedgerLine => {
        const from = NOVEMBER.from + day * DAY + start * HOUR;
        const amounts = { ...(accrued === undefined ? {} : { accrued }), ...(billed === undefined ? {} : { billed }) };
        return { ...bare, from, to: from + length * HOUR, duration, ...amounts };
      }),
    );
  const cuts = fc.uniqueArray(fc.integer({ min: NOVEMBER.from, max: NOVEMBER.to }), { maxLength: 6 });
  const periods = (edges: number[]) => {
    const all = [0, ...edges.sort((a, b) => a - b), Number.POSITIVE_INFINITY];
    return all.slice(1).map((to, i) => ({ from: all[i]!, to }));
  };

  test('periods that join add up to all time, to the micro-dollar and the millisecond', () => {
    fc.assert(
      fc.property(lines, cuts, (some, edges) => {
        const parts = periods(edges).map((period) => sumSpend(sum(some, period).owners, undefined));
        const all = sumSpend(sum(some, { from: 0, to: Number.POSITIVE_INFINITY }).owners, undefined);
        for (const key of ['billed', 'accrued'] as const)
          expect(parts.reduce((got, one) => got + one[key], 0)).toBe(all[key]);
        const long = (one: typeof all) => one.unpriced['ml.g5.xlarge'] ?? 0;
        expect(parts.reduce((got, one) => got + long(one), 0)).toBe(long(all));
      }),
      { numRuns: 300 },
    );
  });

  test('line by line they are the same figures, and each part lies in its period', () => {
    fc.assert(
      fc.property(lines, cuts, (some, edges) => {
        for (const period of periods(edges)) {
          const cut = some.flatMap((one) => within(one, period));
          expect(cut.every(({ from, to }) => period.from <= from && from < to && to <= period.to)).toBe(true);
          const { recent: _, ...whole } = sumSpend(sum(some, period).owners, undefined);
          const { recent: __, ...parts } = sumSpend(sum(cut, period).owners, undefined);
          expect(parts).toEqual(whole);
        }
      }),
      { numRuns: 200 },
    );
  });
});

test('a day of the bill is named by its date in UTC', () =>
  expect(dateOf(billingDay('2026-11-20').to - 1)).toBe('2026-11-20'));

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BilledRow } from '../../src/domain/bill.ts';
import {
  closableUntil,
  closeDay,
  corrected,
  describeDrift,
  driftOf,
  isSettled,
  type LedgerDay,
  type LedgerLine,
  unbilledOf,
} from '../../src/domain/ledger.ts';
import { billingDay, slicesOf } from '../../src/domain/period.ts';
import { settleDay, shared } from '../../src/domain/settling.ts';
import type { Charge } from '../../src/domain/spend.ts';
import { sumClosed, sumSpend, within } from '../../src/domain/spending.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import type { Owners } from '../../src/domain/whose.ts';

const DATE = '2026-11-10';
const day = billingDay(DATE);
const NOW = day.to + 3 * DAY;
const GPU = 'Studio:JupyterLab-ml.g5.xlarge';
const line = (owner: string | undefined, accrued: number | undefined, over: Partial<LedgerLine> = {}): LedgerLine => ({
  ...{ ...day, domainId: 'd-1', what: 'ml.g5.xlarge', usage: GPU, duration: HOUR },
  ...(owner === undefined ? {} : { owner }),
  ...(accrued === undefined ? {} : { accrued }),
  ...over,
});
const ledgerDay = (...lines: LedgerLine[]): LedgerDay => ({ date: DATE, lines });
const row = (userProfileName: string | undefined, amount: number, over: Partial<BilledRow> = {}): BilledRow => ({
  ...{ usage: GPU, amount },
  ...(userProfileName === undefined ? {} : { holder: { domainId: 'd-1', userProfileName } }),
  ...over,
});
const owners: Owners = {
  ofProfile: (_, name) => name,
  ofSpace: (_, space) => ({ lab: 'alice' })[space],
  teamOf: (_, owner) => ({ alice: 'alpha' })[owner ?? ''],
};
const settle = (it: LedgerDay, rows: BilledRow[], timezone = 'UTC') =>
  settleDay(it, { date: DATE, isEstimated: false, rows, foreign: [] }, owners, timezone, NOW).lines;
const told = (lines: LedgerLine[]) =>
  lines.map(({ domainId, owner, billed, isReckoned }) => {
    const who = domainId === undefined ? 'nobody' : (owner ?? 'no owner');
    return `${who} ${billed}${isReckoned ? ' reckoned' : ''}`;
  });

describe('slices', () => {
  test('partition a day of the bill, each within one local day, in every zone and on every night', () => {
    const zones = ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Europe/London', 'Pacific/Apia'];
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 800 }), (zone, n) => {
        const from = Date.parse('2026-01-01T00:00:00Z') + n * DAY;
        const slices = slicesOf({ from, to: from + DAY }, zone);
        expect([slices[0]!.from, slices.at(-1)!.to]).toEqual([from, from + DAY]);
        for (const [i, slice] of slices.entries()) {
          expect(slice.to).toBeGreaterThan(slice.from);
          if (i > 0) expect(slice.from).toBe(slices[i - 1]!.to);
          const local = (at: number) => new Date(at).toLocaleDateString('en-CA', { timeZone: zone });
          expect(local(slice.from)).toBe(local(slice.to - 1));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('closing', () => {
  test('a day may be closed two days after its end', () => {
    expect(closableUntil(day.to + 2 * DAY - 1)).toBe(day.from);
    expect(closableUntil(day.to + 2 * DAY)).toBe(day.to);
  });

  test('one line for each owner and usage of a slice; what has no price apart', () => {
    const charge = (owner: string, amount?: number): Charge => ({
      ...{ domainId: 'd-1', owner, what: 'x', usage: 'x', duration: HOUR },
      ...(amount === undefined ? {} : { amount }),
    });
    const all = [charge('a', 1), charge('a', 2), charge('a'), charge('b', 4)];
    const { lines } = closeDay(DATE, 'America/New_York', () => all);
    expect(lines.map(({ owner, accrued, duration }) => [owner, accrued, duration / HOUR])).toEqual([
      ...[
        ['a', 3, 2],
        ['a', undefined, 1],
        ['b', 4, 1],
      ],
      ...[
        ['a', 3, 2],
        ['a', undefined, 1],
        ['b', 4, 1],
      ],
    ]);
  });
});

describe('settling', () => {
  test('what carries a tag is its owner’s; a space’s is its owner’s, and of nobody known its domain’s', () => {
    const rows = [
      row('bob', 5),
      { ...row(undefined, 7), holder: { domainId: 'd-1', spaceName: 'lab' } },
      { ...row(undefined, 9), holder: { domainId: 'd-1', spaceName: 'orphan' } },
    ];
    const lines = settle(ledgerDay(), rows);
    expect(told(lines)).toEqual(['bob 5', 'alice 7', 'no owner 9']);
    expect(lines.map(({ team }) => team)).toEqual([undefined, 'alpha', undefined]);
  });

  test('what AWS billed replaces what was accrued, and keeps it to be compared', () => {
    const [one] = settle(ledgerDay(line('alice', 103)), [row('alice', 100)]);
    expect(one).toMatchObject({ owner: 'alice', accrued: 103, billed: 100 });
  });

  test('what an owner accrued and the bill gives nobody is theirs, at most what lies there; the rest is nobody’s', () => {
    const accrued = ledgerDay(line('alice', 100), line('bob', 50));
    expect(told(settle(accrued, [row('alice', 90), row(undefined, 70)]))).toEqual([
      'alice 90',
      'bob 50 reckoned',
      'nobody 20',
    ]);
    expect(told(settle(accrued, [row('alice', 90), row(undefined, 20)]))).toEqual(['alice 90', 'bob 20 reckoned']);
    expect(told(settle(accrued, [row(undefined, 75)]))).toEqual(['alice 50 reckoned', 'bob 25 reckoned']);
  });

  test('where AWS billed all to others, nothing was billed to who accrued', () =>
    expect(told(settle(ledgerDay(line('alice', 100)), [row('bob', 90)]))).toEqual(['bob 90', 'alice 0']));

  test('another usage type’s rows are no part of it; what Curfew does not meter is on the bill all the same', () => {
    const lines = settle(ledgerDay(line('alice', 100)), [
      row('alice', 95),
      row('alice', 30, { usage: 'Train:ml.p3.2xlarge' }),
      row(undefined, 12, { usage: 'Studio:VolumeUsage.gp3' }),
    ]);
    expect(lines.map(({ what, billed }) => `${what} ${billed}`)).toEqual([
      'ml.g5.xlarge 95',
      'Train:ml.p3.2xlarge 30',
      'volumes 12',
    ]);
  });

  test('of a usage that the bill has no row of, nothing is known: it stays as it was reckoned', () => {
    const settled = { ...ledgerDay(line('alice', 100)), settledAt: NOW };
    const lines = settle(settled, [row('alice', 30, { usage: 'Train:x' })]);
    expect(lines.map(({ accrued, billed }) => [accrued, billed])).toEqual([
      [undefined, 30],
      [100, undefined],
    ]);
    expect([...unbilledOf({ ...settled, lines })]).toEqual([[GPU, 100]]);
    expect(driftOf([{ ...settled, lines }])).toEqual({ billed: 0, accrued: 0, days: 0 });
  });

  test('a correction of AWS’s is kept as it is', () =>
    expect(told(settle(ledgerDay(line('alice', 10)), [row('alice', -3), row(undefined, -2)]))).toEqual([
      'alice -3',
      'nobody -2',
    ]));

  test('is for days that are no estimate any more, old enough, and in dollars', () => {
    const billed = { date: DATE, isEstimated: false, rows: [], foreign: [] };
    const settles = (over: object, now = day.to + 2 * DAY) => isSettled({ ...billed, ...over }, now);
    expect([settles({}), settles({}, day.to + 2 * DAY - 1), settles({ isEstimated: true })]).toEqual([
      true,
      false,
      false,
    ]);
    expect(settles({ foreign: [{ usage: 'x', amount: '1', currency: 'CNY' }] })).toBe(false);
  });

  const who = fc.constantFrom('alice', 'bob', 'carol', undefined);
  const usage = fc.constantFrom(GPU, 'Canvas:Session-Hrs', 'Studio:VolumeUsage.gp3');
  const amount = fc.integer({ min: 0, max: 1_000_000_000 });
  const accruedLine = fc.tuple(who, usage, fc.option(amount, { nil: undefined }), fc.integer({ min: 0, max: 1 }));
  const billedRow = fc.tuple(who, usage, amount);

  test('whatever tags are missing: the lines are the bill to the micro-dollar, and nobody gets more of nobody’s than they accrued', () => {
    fc.assert(
      fc.property(
        fc.array(accruedLine, { maxLength: 12 }),
        fc.array(billedRow, { maxLength: 12 }),
        fc.constantFrom('UTC', 'America/New_York', 'Australia/Lord_Howe'),
        (accrued, billed, zone) => {
          const slices = slicesOf(day, zone);
          const lines = accrued.map(([owner, usageType, sum, n]) =>
            line(owner, sum, { usage: usageType, ...slices[n % slices.length] }),
          );
          const rows = billed.map(([owner, usageType, sum]) => row(owner, sum, { usage: usageType }));
          const settled = settle({ date: DATE, lines }, rows, zone);
          const total = (them: { billed?: number; amount?: number }[]) =>
            them.reduce((sum, one) => sum + (one.billed ?? one.amount ?? 0), 0);
          expect(total(settled)).toBe(total(rows));
          for (const one of settled) {
            expect(one.billed === undefined || Number.isInteger(one.billed)).toBe(true);
            if (one.isReckoned && one.duration > 0) expect(one.billed!).toBeLessThanOrEqual(one.accrued!);
          }
          const accruedSum = (them: LedgerLine[]) => them.reduce((sum, one) => sum + (one.accrued ?? 0), 0);
          expect(accruedSum(settled)).toBe(accruedSum(lines));
          // Settled again, by the same bill, it is the same.
          expect(
            told(
              settle(
                {
                  date: DATE,
                  lines: settled.filter(
                    ({ domainId, accrued: sum, duration }) =>
                      domainId !== undefined && (sum !== undefined || duration > 0),
                  ),
                },
                rows,
                zone,
              ),
            ).sort(),
          ).toEqual(told(settled).sort());
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('sharing out', () => {
  test('whole micro-dollars, the largest remainders first, debts too', () => {
    const lines = [line('a', 1), line('b', 1), line('c', 1)];
    expect(shared(lines, 100).map((one) => one.amount)).toEqual([34, 33, 33]);
    expect(shared(lines, -100).map((one) => one.amount)).toEqual([-34, -33, -33]);
    expect(shared([line('a', 0, { duration: 1 }), line('b', 0, { duration: 3 })], 8).map((one) => one.amount)).toEqual([
      2, 6,
    ]);
    expect(shared([], 5)).toEqual([]);
  });
});

describe('drift', () => {
  const settled = (...lines: LedgerLine[]): LedgerDay => ({ ...ledgerDay(...lines), settledAt: NOW });

  test('of settled days, over what Curfew meters and has a price for, whoever the bill gives it to', () => {
    const days = [
      settled(line('alice', 103, { billed: 90 }), line(undefined, undefined, { billed: 10 })),
      settled(line('alice', undefined, { usage: 'Train:x', billed: 999 })),
      ledgerDay(line('alice', 50)),
    ];
    expect(driftOf(days)).toEqual({ billed: 100, accrued: 103, days: 1 });
    // What somebody used that Curfew did not see, and days before its first look, say nothing of its estimates.
    const [day] = days.filter(({ settledAt }) => settledAt !== undefined);
    const unseen = { ...day!.lines[0]!, owner: 'zoe', duration: 0, billed: 500 };
    delete (unseen as { accrued?: number }).accrued;
    expect(driftOf([{ ...day!, lines: [...day!.lines, unseen] }])).toEqual({ billed: 100, accrued: 103, days: 1 });
    expect(driftOf([{ ...day!, isUnseen: true }])).toEqual({ billed: 0, accrued: 0, days: 0 });
  });

  test('corrects an estimate by a fifth at most, unless it rests on next to nothing', () => {
    const by = (billed: number, accrued: number) => corrected(1_000_000, { billed, accrued, days: 9 });
    expect(by(97_000_000, 100_000_000)).toBe(970_000);
    expect(by(79_000_000, 100_000_000)).toBe(800_000);
    expect(by(97_000, 100_000)).toBe(1_000_000);
    expect(corrected(5, undefined)).toBe(5);
  });

  test('in words', () => {
    expect(describeDrift({ billed: 97, accrued: 100, days: 1 })).toBe(
      'the bill is 3.0 % below the estimate, over 1 day; too little to correct estimates by',
    );
    expect(describeDrift({ billed: 103_000_000, accrued: 100_000_000, days: 4 })).toBe(
      'the bill is 3.0 % above the estimate, over 4 days',
    );
    expect(describeDrift({ billed: 0, accrued: 0, days: 0 })).toBe('no day is settled yet');
  });
});

describe('adding up', () => {
  test('billed where a day is settled, else accrued; a trend looks at days before the period too', () => {
    const before = line('alice', 4, { from: day.from - DAY, to: day.from });
    const days = [{ lines: [before] }, { lines: [line('alice', 10, { billed: 9 }), line('alice', undefined)] }];
    const { owners: sums, trendDays } = sumClosed(day, day.to, days);
    expect(trendDays).toBe(2);
    expect(sums).toMatchObject([{ billed: 9, accrued: 0, recent: 13, unpriced: { 'ml.g5.xlarge': HOUR } }]);
    expect(sumSpend(sums, undefined).amount).toBe(9);
  });

  test('a line that a period cuts, since the policy’s zone has changed, is shared out by time', () => {
    const half = { from: day.from, to: day.from + DAY / 2 };
    expect(within(line('alice', 10), half)).toMatchObject([{ ...half, accrued: 5, duration: HOUR / 2 }]);
    expect(within(line('alice', 10), { from: day.to, to: day.to + DAY })).toEqual([]);
    expect(sumClosed(half, day.to, [{ lines: [line('alice', 10)] }]).owners).toMatchObject([
      { accrued: 5, recent: 10 },
    ]);
  });
});

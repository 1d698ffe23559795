import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BilledDay, BilledRow } from '../../src/domain/bill.ts';
import {
  closableUntil,
  closeDay,
  corrected,
  correctionOf,
  type Drift,
  describeDrift,
  driftOf,
  isSettled,
  type LedgerDay,
  type LedgerLine,
} from '../../src/domain/ledger.ts';
import { billingDay, slicesOf } from '../../src/domain/period.ts';
import { newRun } from '../../src/domain/run.ts';
import { settleDay, shared } from '../../src/domain/settling.ts';
import type { Charge } from '../../src/domain/spend.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { type Owners, ownersOf } from '../../src/domain/whose.ts';
import { ref } from './builders.ts';

const at = (time: string) => Date.parse(time);
const DATE = '2026-11-20';
const NOW = at('2026-11-25T06:00:00Z');
const ZONE = 'America/New_York';
const [early, late] = slicesOf(billingDay(DATE), ZONE);
const LAB = 'Studio:JupyterLab-ml.g5.xlarge';

const charge = (over: Partial<Charge> = {}): Charge => ({
  domainId: 'd-lab',
  owner: 'alice',
  what: 'ml.g5.xlarge',
  usage: LAB,
  duration: HOUR,
  amount: 1_000_000,
  ...over,
});
/** A day on which everybody was charged so in each of its two slices. */
const closed = (...charges: Charge[]) => closeDay(DATE, ZONE, () => charges);
const line = (over: Partial<LedgerLine> = {}): LedgerLine => {
  const { amount, ...rest } = charge();
  return { ...early!, ...rest, accrued: amount!, ...over };
};
const dayWith = (lines: LedgerLine[], over: Partial<LedgerDay> = {}): LedgerDay => ({ date: DATE, lines, ...over });
const bill = (rows: BilledRow[], over: Partial<BilledDay> = {}): BilledDay => {
  return { date: DATE, isEstimated: false, rows, foreign: [], ...over };
};
const profile = (name: string, amount: number, usage = LAB): BilledRow => {
  return { holder: { domainId: 'd-lab', userProfileName: name }, usage, amount };
};
const space = (spaceName: string, amount: number, usage = LAB): BilledRow => {
  return { holder: { domainId: 'd-lab', spaceName }, usage, amount };
};
const untagged = (amount: number, usage = LAB): BilledRow => ({ usage, amount });
const owners: Owners = {
  ofProfile: (_, name) => name,
  ofSpace: (_, spaceName) => ({ hers: 'alice', his: 'bob' })[spaceName],
  teamOf: (_, owner) => (owner === 'carol' ? 'alpha' : undefined),
};
const settle = (day: LedgerDay, rows: BilledRow[]) => settleDay(day, bill(rows), owners, ZONE, NOW);
/** What each was billed, over the whole day: `alice`, `d-lab` for a domain's own, `nobody`. */
function billedBy({ lines }: LedgerDay): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { domainId = 'nobody', owner = domainId, billed = 0 } of lines) sums[owner] = (sums[owner] ?? 0) + billed;
  return sums;
}
const total = (amounts: (number | undefined)[]) => amounts.reduce<number>((sum, one) => sum + (one ?? 0), 0);

describe('closing', () => {
  test('only what lies 48 hours back, in whole days of UTC', () => {
    expect(closableUntil(at('2026-11-23T06:00:00Z'))).toBe(at('2026-11-21'));
    expect(closableUntil(at('2026-11-23T00:00:00Z'))).toBe(at('2026-11-21'));
    expect(closableUntil(at('2026-11-22T23:59:59Z'))).toBe(at('2026-11-20'));
  });

  test('one line for each slice, owner, team, usage and price, and what has no price by itself', () => {
    const some = [
      charge(),
      charge({ duration: 2 * HOUR, amount: 7 }),
      charge({ owner: 'bob' }),
      charge({ team: 'alpha' }),
      charge({ usage: 'Studio:CodeEditor-ml.g5.xlarge' }),
      charge({ what: 'volumes of 5 GB' }),
    ];
    const { amount: _, ...unpriced } = charge();
    const { lines } = closed(...some, unpriced, unpriced);
    expect(lines).toHaveLength(12);
    expect(lines[0]).toEqual(line({ duration: 3 * HOUR, accrued: 1_000_007 }));
    expect(lines[5]).toEqual({ ...early, ...unpriced, duration: 2 * HOUR });
    expect(lines[6]).toEqual(line({ ...late, duration: 3 * HOUR, accrued: 1_000_007 }));
  });

  test('of somebody without an owner, the domain’s; of a policy’s price, marked', () => {
    const { owner: _, ...domains } = charge({ isPolicys: true });
    const [first] = closed(domains).lines;
    expect(first).not.toHaveProperty('owner');
    expect(first).toMatchObject({ domainId: 'd-lab', isPolicys: true });
  });
});

test('a day is settled 48 hours after its end, once AWS no longer estimates it and all of it is in dollars', () => {
  const end = at('2026-11-23T00:00:00Z');
  expect([isSettled(bill([]), end), isSettled(bill([]), end - 1)]).toEqual([true, false]);
  expect(isSettled(bill([], { isEstimated: true }), NOW)).toBe(false);
  const foreign = [{ usage: LAB, amount: '0.40', currency: 'EUR' }];
  expect(isSettled(bill([], { foreign }), NOW)).toBe(false);
});

describe('settling', () => {
  const both = closed(charge(), charge({ owner: 'bob', amount: 3_000_000 }));

  test.each<[string, BilledRow[], Record<string, number>]>([
    ['what carries a profile’s tag is its', [profile('alice', 9), profile('bob', 5)], { alice: 9, bob: 5 }],
    ['what carries a space’s tag is its owner’s', [space('hers', 9), space('his', 5)], { alice: 9, bob: 5 }],
    ['both of one owner add up', [profile('alice', 9), space('hers', 5)], { alice: 14, bob: 0 }],
    ['a space that nobody owns is its domain’s', [space('common', 9)], { alice: 0, bob: 0, 'd-lab': 9 }],
    ['who was not seen is billed all the same', [profile('carol', 9)], { alice: 0, bob: 0, carol: 9 }],
    ['what the bill gives nobody is who’s it was reckoned to be', [untagged(8_000_000)], { alice: 2e6, bob: 6e6 }],
    ['and what is left is nobody’s', [untagged(9_000_001)], { alice: 2e6, bob: 6e6, nobody: 1_000_001 }],
    ['where there is less than was reckoned, it is shared out', [untagged(4_000_002)], { alice: 1e6, bob: 3_000_002 }],
    [
      'who has a tag takes none of what has none, where the bill has four fifths of what was reckoned',
      [profile('bob', 4_800_000), untagged(9e6)],
      { alice: 2e6, bob: 4_800_000, nobody: 7e6 },
    ],
    [
      'where it has less, part of it has lost its tag: that is theirs as it was reckoned',
      [profile('bob', 4_799_999), untagged(9e6)],
      { alice: 2e6, bob: 6e6, nobody: 9e6 - 2e6 - 1_200_001 },
    ],
    [
      'of too little for all who lack something, each has the part that they lack',
      [profile('bob', 2_000_000), untagged(3e6)],
      { alice: 1e6, bob: 4e6 },
    ],
    [
      'drift is no lack: nobody pays for the tag that another lost',
      [profile('bob', 5_820_000), untagged(1_940_000)],
      { alice: 1_940_000, bob: 5_820_000 },
    ],
    [
      'nor is a price that is lower than the list’s by a quarter',
      [profile('bob', 4_500_000), untagged(1_500_000)],
      { alice: 1_500_000, bob: 4_500_000 },
    ],
    ['$0 is what AWS says, and no lack', [profile('bob', 0), untagged(9e6)], { alice: 2e6, bob: 0, nobody: 7e6 }],
    ['what was taken back is nobody’s', [untagged(-5)], { alice: 0, bob: 0, nobody: -5 }],
    ['or whose tag it carries', [profile('bob', -5), untagged(1)], { alice: 1, bob: -5 }],
    ['what the bill knows nothing of is nothing', [], { alice: 0, bob: 0 }],
    ['another usage is another matter', [untagged(7, 'Train:ml.p3.2xlarge')], { alice: 0, bob: 0, nobody: 7 }],
    ['the case of a usage says nothing', [untagged(8e6, LAB.toLowerCase())], { alice: 2e6, bob: 6e6 }],
  ])('%s', (_, rows, expected) => {
    const day = settle(both, rows);
    expect(day.settledAt).toBe(NOW);
    expect(billedBy(day)).toMatchObject(expected);
    const nobodys = Object.entries(expected).length === Object.entries(billedBy(day)).length;
    expect(nobodys).toBe(true);
    expect(total(day.lines.map(({ accrued }) => accrued))).toBe(8_000_000);
  });

  test('what names one of several that differ by case alone is nobody’s, and so theirs as it was reckoned', () => {
    const unsure: Owners = { ...owners, ofProfile: (_, name) => (name === 'ALICE' ? undefined : name) };
    const day = settleDay(both, bill([profile('ALICE', 8_000_000)]), unsure, ZONE, NOW);
    expect(billedBy(day)).toEqual({ alice: 2_000_000, bob: 6_000_000 });
  });

  test('what is Curfew’s own reckoning is marked, and nothing else', () => {
    const day = settle(both, [profile('alice', 1_900_000), untagged(7_000_000)]);
    expect(new Set(day.lines.filter(({ isReckoned }) => isReckoned).map(({ owner }) => owner))).toEqual(
      new Set(['bob']),
    );
  });

  test('what is reckoned beside what AWS billed is a line of its own, of no time and no accrual, and marked', () => {
    const day = settle(dayWith([line({ accrued: 100_000_000 })]), [profile('alice', 20_000_000), untagged(80_000_000)]);
    expect(day.lines).toEqual([
      line({ accrued: 100_000_000, billed: 20_000_000 }),
      line({ duration: 0, accrued: 0, billed: 80_000_000, isReckoned: true }),
    ]);
    expect(driftOf([day])).toEqual({ billed: 100_000_000, accrued: 100_000_000, days: 1 });
  });

  test('a line that AWS alone knows is spread over the day’s slices, named as people know it', () => {
    const day = settle(dayWith([]), [
      profile('carol', 240),
      untagged(24, 'Studio:VolumeUsage.gp3'),
      untagged(24, 'Canvas:Session-Hrs'),
      untagged(24, 'Train:ml.p3.2xlarge'),
    ]);
    expect(
      day.lines.map(({ what, owner, team, from, duration, billed }) => [what, owner, team, from, duration, billed]),
    ).toEqual([
      ['ml.g5.xlarge', 'carol', 'alpha', early!.from, 0, 50],
      ['ml.g5.xlarge', 'carol', 'alpha', late!.from, 0, 190],
      ['volumes', undefined, undefined, early!.from, 0, 5],
      ['volumes', undefined, undefined, late!.from, 0, 19],
      ['Canvas', undefined, undefined, early!.from, 0, 5],
      ['Canvas', undefined, undefined, late!.from, 0, 19],
      ['Train:ml.p3.2xlarge', undefined, undefined, early!.from, 0, 5],
      ['Train:ml.p3.2xlarge', undefined, undefined, late!.from, 0, 19],
    ]);
  });

  test('what has no price stays without a figure while something of its usage lies untagged, and is never $0', () => {
    const { amount: _, ...unpriced } = charge({ what: 'ml.x9.large', usage: 'Studio:JupyterLab-ml.x9.large' });
    const day = closed(unpriced);
    const some = settle(day, [untagged(5, unpriced.usage)]);
    expect(some.lines.filter(({ owner }) => owner)).toEqual(day.lines);
    expect(billedBy(some)).toEqual({ alice: 0, nobody: 5 });
    expect(billedBy(settle(day, [profile('alice', 5, unpriced.usage)]))).toEqual({ alice: 5 });
    // Of a usage that the bill has no row of, nothing is known.
    expect(settle(day, []).lines.map(({ billed }) => billed)).toEqual([undefined, undefined]);
  });

  test('what was read in other currencies is gone once all is in dollars', () => {
    const foreign = [{ usage: LAB, amount: '0.40', currency: 'EUR' }];
    expect(settle({ ...both, foreign }, [])).not.toHaveProperty('foreign');
  });

  const row = fc.record({
    holder: fc.constantFrom(
      undefined,
      ...[profile('alice', 0), profile('carol', 0), space('hers', 0), space('common', 0)].map(({ holder }) => holder),
    ),
    usage: fc.constantFrom(LAB, LAB.toUpperCase(), 'Canvas:Session-Hrs', 'Train:ml.p3.2xlarge'),
    amount: fc.oneof(fc.integer({ min: -5, max: 50 }), fc.integer({ min: -1e9, max: 1e12 })),
  });
  const rows = fc
    .array(row, { maxLength: 8 })
    .map((some) => some.map(({ holder, ...rest }): BilledRow => (holder ? { ...rest, holder } : rest)));
  const lines = fc
    .array(
      fc.record({
        owner: fc.constantFrom('alice', 'bob', undefined),
        usage: fc.constantFrom(LAB, 'Canvas:Session-Hrs'),
        accrued: fc.option(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1e11 })), {
          nil: undefined,
        }),
        duration: fc.integer({ min: 1, max: DAY }),
        isLate: fc.boolean(),
      }),
      { maxLength: 8 },
    )
    .map((some) =>
      some.map(({ owner, accrued, isLate, ...rest }): LedgerLine => {
        const { owner: _, accrued: __, ...bare } = line(isLate ? late : early);
        return { ...bare, ...rest, ...(owner ? { owner } : {}), ...(accrued === undefined ? {} : { accrued }) };
      }),
    );

  test('the lines’ sum is the bill to the micro-dollar, whatever tags are missing; nothing reckoned is lost', () => {
    fc.assert(
      fc.property(lines, rows, (some, its) => {
        const day = settle(dayWith(some), its);
        expect(total(day.lines.map(({ billed }) => billed))).toBe(total(its.map(({ amount }) => amount)));
        for (const usage of [LAB, 'Canvas:Session-Hrs', 'Train:ml.p3.2xlarge']) {
          const isIt = (one: { usage: string }) => one.usage.toLowerCase() === usage.toLowerCase();
          expect(total(day.lines.filter(isIt).map(({ billed }) => billed))).toBe(
            total(its.filter(isIt).map(({ amount }) => amount)),
          );
        }
        expect(total(day.lines.map(({ accrued }) => accrued))).toBe(total(some.map(({ accrued }) => accrued)));
        expect(total(day.lines.map(({ duration }) => duration))).toBe(total(some.map(({ duration }) => duration)));
        expect(day.lines.every(({ billed = 0 }) => Number.isSafeInteger(billed))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('nobody gains from nobody’s amount more than they accrued', () => {
    fc.assert(
      fc.property(lines, rows, (some, its) => {
        const day = settle(dayWith(some), its);
        const names = Map.groupBy(day.lines, ({ domainId, owner, usage }) =>
          JSON.stringify([domainId, owner, usage.toLowerCase()]),
        );
        for (const [key, own] of names) {
          const [domainId, owner, usage] = JSON.parse(key) as (string | null)[];
          if (domainId === null) continue;
          const tagged = its.filter(({ holder, usage: of }) => {
            const whose = holder && (holder.userProfileName ?? owners.ofSpace('d-lab', holder.spaceName!));
            return holder && of.toLowerCase() === usage && (whose ?? null) === owner;
          });
          const billed = total(own.map((one) => one.billed));
          const least = total(tagged.map(({ amount }) => amount));
          expect(billed).toBeGreaterThanOrEqual(least);
          expect(billed).toBeLessThanOrEqual(Math.max(least, total(own.map(({ accrued }) => accrued))));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('an odd micro-dollar goes to the same of two equals, in whichever order an earlier bill left them', () => {
    const usage = 'Studio:JupyterLab-ml.g5.xlarge';
    const equals = ['bob', 'alice'].map((owner) => line({ owner, usage, accrued: 9 }));
    const odd = [{ usage, amount: 17 }];
    const [one, other] = [equals, equals.toReversed()].map((some) => billedBy(settle(dayWith(some), odd)));
    expect(one).toEqual(other);
  });

  test('settled again by the same bill it is the same; by a better one, what that one says', () => {
    fc.assert(
      fc.property(lines, rows, rows, (some, first, second) => {
        const once = settle(dayWith(some), first);
        const sorted = ({ lines: all }: LedgerDay) =>
          all.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
        expect(sorted(settle(once, first))).toEqual(sorted(once));
        expect(billedBy(settle(once, second))).toEqual(billedBy(settle(dayWith(some), second)));
        expect(settle(once, second).lines).toHaveLength(settle(dayWith(some), second).lines.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe('sharing an amount out', () => {
  test.each<[string, Partial<LedgerLine>[], number, number[]]>([
    ['by what was accrued', [{ accrued: 1 }, { accrued: 3 }], 8, [2, 6]],
    ['the largest remainders first', [{ accrued: 1 }, { accrued: 1 }, { accrued: 2 }], 6, [2, 1, 3]],
    ['of equal ones the first', [{ accrued: 1 }, { accrued: 1 }, { accrued: 1 }], 2, [1, 1, 0]],
    ['what was taken back, as well', [{ accrued: 1 }, { accrued: 1 }, { accrued: 2 }], -6, [-2, -1, -3]],
    [
      'by time used where nothing was accrued',
      [
        { accrued: 0, duration: 1 },
        { accrued: 0, duration: 4 },
      ],
      10,
      [2, 8],
    ],
    [
      'by the clock where nothing was used',
      [
        { accrued: 0, duration: 0, ...early },
        { accrued: 0, duration: 0, ...late },
      ],
      24,
      [5, 19],
    ],
    ['nothing is nothing', [{ accrued: 1 }, { accrued: 3 }], 0, [0, 0]],
    ['among nobody', [], 0, []],
  ])('%s', (_, some, amount, expected) =>
    expect(
      shared(
        some.map((one) => line(one)),
        amount,
      ).map((part) => part.amount),
    ).toEqual(expected),
  );

  test('to the micro-dollar, each within one of its exact part, in the order of the lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 1e12 }), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: -1e14, max: 1e14 }),
        (weights, amount) => {
          const parts = shared(
            weights.map((accrued) => line({ accrued })),
            amount,
          );
          expect(parts.map((part) => part.line.accrued)).toEqual(weights);
          expect(total(parts.map((part) => part.amount))).toBe(amount);
          const all = total(weights);
          if (all === 0) return;
          for (const part of parts) {
            const off = BigInt(part.amount) * BigInt(all) - BigInt(amount) * BigInt(part.line.accrued!);
            expect(off < BigInt(all) && off > -BigInt(all)).toBe(true);
            if (part.line.accrued === 0) expect(part.amount).toBe(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('drift', () => {
  const settled = (lines: LedgerLine[]) => dayWith(lines, { settledAt: 1 });

  test('is over settled days, and over usage that is metered and has a price', () => {
    const { accrued: _, ...unpriced } = line({ usage: 'Studio:JupyterLab-ml.x9.large', billed: 50 });
    const nobodys = { ...early!, what: 'x', usage: LAB.toLowerCase(), duration: 0, billed: 7 };
    const trained = { ...nobodys, usage: 'Train:ml.p3.2xlarge', billed: 1000 };
    const days = [
      settled([line({ accrued: 100, billed: 90 }), nobodys, trained, unpriced]),
      settled([trained]),
      settled([line({ accrued: 100, billed: 100 })]),
      dayWith([line({ accrued: 999 })]),
    ];
    expect(driftOf(days)).toEqual({ billed: 197, accrued: 200, days: 2 });
    expect(driftOf([])).toEqual({ billed: 0, accrued: 0, days: 0 });
  });

  test.each<[string, Drift | undefined, number, number]>([
    ['3 % less', { billed: 97_000_000, accrued: 100_000_000, days: 3 }, 1_000_001, 970_001],
    ['a half goes up', { billed: 1_500_000, accrued: 1_500_000 - 1, days: 1 }, 750_000, 750_001],
    ['20 % is the most', { billed: 120_000_000, accrued: 100_000_000, days: 3 }, 10, 12],
    ['also of what is more', { billed: 120_000_001, accrued: 100_000_000, days: 3 }, 10, 12],
    ['and of what is less', { billed: 1, accrued: 100_000_000, days: 3 }, 10, 8],
    ['money taken back is less, too', { billed: -50_000_000, accrued: 100_000_000, days: 3 }, 10, 8],
    ['of a dollar at least', { billed: 900_000, accrued: 999_999, days: 3 }, 1_000_000, 1_000_000],
    ['without any', undefined, 10, 10],
    ['nothing stays nothing', { billed: 97_000_000, accrued: 100_000_000, days: 3 }, 0, 0],
  ])('corrects estimates: %s', (_, drift, amount, expected) => expect(corrected(amount, drift)).toBe(expected));

  test('moves estimates no further than it moves itself', () => {
    const drift = fc.integer({ min: -50_000_000, max: 300_000_000 });
    fc.assert(
      fc.property(drift, fc.integer({ min: 0, max: 1_000 }), (billed, more) => {
        const by = (one: number) => corrected(100_000_000, { billed: one, accrued: 100_000_000, days: 9 });
        expect(by(billed + more) - by(billed)).toBeGreaterThanOrEqual(0);
        expect(by(billed + more) - by(billed)).toBeLessThanOrEqual(more);
      }),
    );
  });

  test('is told in words', () => {
    const told = (billed: number, days = 12) => describeDrift({ billed, accrued: 100_000_000, days });
    expect(told(97_000_000)).toBe('the bill is 3.0 % below the estimate, over 12 days');
    expect(told(103_100_000, 1)).toBe('the bill is 3.1 % above the estimate, over 1 day');
    expect(told(100_000_001)).toBe('the bill is as the estimate, over 12 days');
    expect(told(0)).toMatch(/100\.0 % below .*; that is too far off: estimates are corrected by 20 % at most/);
    expect(told(120_000_000)).toBe('the bill is 20.0 % above the estimate, over 12 days');
    expect(describeDrift({ billed: 5, accrued: 0, days: 0 })).toBe('no day is settled yet');
    expect(correctionOf(undefined)).toBe(1);
    expect(correctionOf({ billed: 97_000_000, accrued: 100_000_000, days: 1 })).toBe(0.97);
  });
});

describe('whose a space was', () => {
  const day = billingDay(DATE);
  const volume = (owner: string | undefined, since: number, until?: number) => ({
    account: ref.account,
    region: ref.region,
    domainId: 'd-lab',
    spaceName: 'lab',
    since,
    ...(owner === undefined ? {} : { owner, team: `${owner}s` }),
    ...(until === undefined ? {} : { until }),
  });
  const of = (volumes: ReturnType<typeof volume>[], runs: Parameters<typeof ownersOf>[0]['runs'] = []) => {
    const owners = ownersOf({ volumes, runs })(day);
    return [owners.ofSpace('d-lab', 'lab'), owners.teamOf('d-lab', owners.ofSpace('d-lab', 'lab'))];
  };

  test('by what was there that day, however things are now', () => {
    const [before, after] = [volume('alice', 0, day.to), volume('bob', day.to)];
    expect(of([before, after])).toEqual(['alice', 'alices']);
    expect(of([after, before])).toEqual(['alice', 'alices']);
    expect(of([volume('alice', 0, day.from), volume('bob', day.from)])).toEqual(['bob', 'bobs']);
  });

  test('of two that day the newer; of none that day, whoever is on record', () => {
    expect(of([volume('bob', day.from + 5), volume('alice', 0, day.from + 5)])[0]).toBe('bob');
    expect(of([volume('alice', day.to + DAY)])[0]).toBe('alice');
    expect(of([volume(undefined, 0)])).toEqual([undefined, undefined]);
    expect(of([])).toEqual([undefined, undefined]);
  });

  test('in any case of the letters, since SageMaker writes names in lower case in some ARNs; an exact name first', () => {
    const space = (spaceName: string, owner: string, since: number) => ({ ...volume(owner, since), spaceName });
    const told = (...volumes: ReturnType<typeof space>[]) => ownersOf({ volumes, runs: [] })(day);
    const upper = space('Lab', 'Alice', 0);
    expect(told(upper).ofSpace('d-lab', 'lab')).toBe('Alice');
    expect(told(upper).ofProfile('d-lab', 'alice')).toBe('Alice');
    expect(told(space('Lab', 'Alice', day.to)).ofSpace('d-lab', 'lab')).toBe('Alice');
    const lower = space('lab', 'alice', day.to);
    expect(told(upper, lower).ofSpace('d-lab', 'lab')).toBe('alice');
    expect(told(upper, lower).ofProfile('d-lab', 'alice')).toBe('alice');
    expect(told(upper, lower).ofProfile('d-lab', 'Alice')).toBe('Alice');
    // Of two that it may be, that day's; of two that day, neither.
    expect(told(upper, lower).ofProfile('d-lab', 'ALICE')).toBe('Alice');
    const both = told(upper, { ...lower, since: 0 });
    expect([both.ofProfile('d-lab', 'ALICE'), both.ofSpace('d-lab', 'LAB')]).toEqual([undefined, undefined]);
    expect([both.ofProfile('d-lab', 'Bob'), both.ofProfile('d-other', 'alice')]).toEqual(['Bob', 'alice']);
  });

  test('runs tell it too, where there is no volume', () => {
    const { userProfileName: _, ...rest } = { ...ref, domainId: 'd-lab' };
    const run = {
      ...newRun({ ...rest, spaceName: 'lab' }, day.from, { owner: 'carol' }),
      endedAt: day.to,
      team: 'alpha',
    };
    expect(of([], [run])).toEqual(['carol', 'alpha']);
    expect(of([volume('alice', day.to)], [run])).toEqual(['carol', 'alpha']);
  });
});

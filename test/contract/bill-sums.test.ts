import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillLine } from '../../local/aws/index.ts';
import { describeExact, parseExact, toMicroDollars } from '../../src/adapters/cost-explorer/decimal.ts';
import { tagsOf } from './bill-lines.ts';
import { startBill } from './bill-world.ts';

// The rounding rule: every row is rounded once, from its exact amount, to the nearest micro-dollar, a half away from
// zero. So the rows of a day differ from its total by half a micro-dollar a row at most.

let world: Awaited<ReturnType<typeof startBill>>;
beforeAll(async () => {
  world = await startBill();
});
afterAll(() => world.aws.close());

const USAGES = ['Studio:JupyterLab-ml.t3.medium', 'Studio:VolumeUsage.gp3', 'Canvas:Session-Hrs'];

/** An amount in units of 10^-12 dollars, as digits that no arithmetic has seen. */
const amounts = fc.oneof(
  fc.bigInt({ min: 0n, max: 10n ** 16n }),
  fc.bigInt({ min: 0n, max: 3_000_000n }),
  // Halves of a micro-dollar, where rounding is decided.
  fc.bigInt({ min: 0n, max: 2_000n }).map((n) => n * 500_000n),
);
const textOf = (pico: bigint) =>
  `${pico / 10n ** 12n}.${String(pico % 10n ** 12n).padStart(12, '0')}`.replace(/\.?0+$/, '');
const holders = fc.constantFrom(
  undefined,
  ...['alice', 'bob'].map((userProfileName) => ({ domainId: 'd-lab', userProfileName })),
  ...['pad', 'den'].map((spaceName) => ({ domainId: 'd-lab', spaceName })),
);
const bills = fc.array(
  fc.record({
    pico: amounts,
    holder: holders,
    usage: fc.constantFrom(...USAGES),
    prefix: fc.constantFrom('USE1-', ''),
  }),
  { maxLength: 40 },
);

it('each row is its lines’ exact sum, rounded once; a day’s rows make its total', async () => {
  await fc.assert(
    fc.asyncProperty(bills, fc.integer({ min: 1, max: 50 }), async (lines, pageSize) => {
      world.costExplorer.pageSize = pageSize;
      world.costExplorer.extras = lines.map(
        ({ pico, holder, usage, prefix }): BillLine => ({
          date: '2026-11-02',
          usage: prefix + usage,
          amount: textOf(pico),
          ...(holder ? { tags: tagsOf(holder) } : {}),
        }),
      );
      const { days, faults } = await world.read();
      const rows = days[0]!.rows;
      // Counted here without the adapter's arithmetic, in whole units of 10^-12.
      const expected = new Map<string, bigint>();
      for (const { pico, holder, usage } of lines) {
        const key = JSON.stringify([holder ?? null, usage]);
        expected.set(key, (expected.get(key) ?? 0n) + pico);
      }
      const told = rows.map(({ holder, usage, amount }) => [JSON.stringify([holder ?? null, usage]), amount] as const);
      expect(new Map(told).size).toBe(told.length);
      const rounded = [...expected].flatMap(([key, pico]) =>
        pico === 0n ? [] : [[key, Number((2n * pico + 1_000_000n) / 2_000_000n)] as const],
      );
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(rounded));
      const total = lines.reduce((sum, { pico }) => sum + pico, 0n);
      const sum = rows.reduce((so, { amount }) => so + BigInt(amount), 0n) * 1_000_000n;
      const apart = sum > total ? sum - total : total - sum;
      expect(apart <= BigInt(rows.length) * 500_000n).toBe(true);
      expect(faults.filter((fault) => !fault.startsWith('no row of Studio'))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

it('amounts keep all their digits, and a half is rounded away from zero on both sides', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }), fc.boolean(), (pico, isScientific) => {
      const size = pico < 0n ? -pico : pico;
      const text = (pico < 0n ? '-' : '') + (isScientific && size < 10n ** 20n ? `${size}E-12` : textOf(size));
      const exact = parseExact(text);
      expect(parseExact(describeExact(exact))).toBe(exact);
      expect(exact).toBe(pico * 10n ** 28n);
      const micro = (2n * size + 1_000_000n) / 2_000_000n;
      if (micro > BigInt(Number.MAX_SAFE_INTEGER)) expect(() => toMicroDollars(exact)).toThrow('too large');
      else expect(BigInt(toMicroDollars(exact))).toBe(pico < 0n ? -micro : micro);
    }),
  );
});

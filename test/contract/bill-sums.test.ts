import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillLine } from '../../local/aws/index.ts';
import { costExplorerBill } from '../../src/adapters/cost-explorer/bill.ts';
import { describeExact, parseExact, toMicroDollars } from '../../src/adapters/cost-explorer/decimal.ts';
import { clientsOf, settle } from '../local/world.ts';
import { tagsOf } from './bill-lines.ts';
import { startBill } from './bill-world.ts';

// The rounding rule: Cost Explorer rounds each group to ten decimals; of these amounts every row is rounded once, to the
// nearest micro-dollar, a half away from zero. So the rows of a day differ from its total by half a micro-dollar a row at
// most, and by a last decimal a group.

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

/** What AWS's own rounding may take or add, in units of 10^-12: half a last decimal. */
const HALF_A_STEP = 50n;

it('each row is its lines’ sum, rounded once; a day’s rows make its total; a bill at rest is at rest', async () => {
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
      const { rows, isEstimated } = days[0]!;
      expect(isEstimated).toBe(false);
      expect(faults.filter((fault) => !fault.startsWith('no row of Studio'))).toEqual([]);
      // Counted here without the adapter's arithmetic, in whole units of 10^-12.
      const expected = new Map<string, bigint>();
      for (const { pico, holder, usage } of lines) {
        const key = JSON.stringify([holder ?? null, usage]);
        expected.set(key, (expected.get(key) ?? 0n) + pico);
      }
      const told = new Map(
        rows.map(({ holder, usage, amount }) => [JSON.stringify([holder ?? null, usage]), BigInt(amount) * 1_000_000n]),
      );
      expect(told.size).toBe(rows.length);
      for (const key of new Set([...told.keys(), ...expected.keys()])) {
        const [holder, usage] = JSON.parse(key);
        const of = new Set(
          lines.map((line) => (line.usage === usage ? JSON.stringify([line.prefix, line.holder]) : '')),
        );
        // A tagged row is of its own groups, one a prefix; what no tag is on, of both answers' groups.
        const groups = BigInt(holder ? 2 : 2 * (of.size + 2));
        const off = apart(told.get(key) ?? 0n, expected.get(key) ?? 0n);
        expect(off <= 500_000n + groups * 2n * HALF_A_STEP, `${key}: ${told.get(key)}, ${expected.get(key)}`).toBe(
          true,
        );
      }
      const total = lines.reduce((sum, { pico }) => sum + pico, 0n);
      const sum = [...told.values()].reduce((so, amount) => so + amount, 0n);
      expect(apart(sum, total) <= BigInt(rows.length) * 500_000n + 200n * HALF_A_STEP).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it('amounts of ten decimals make rows that are exactly their sum, rounded once', async () => {
  const exact = bills.map((lines) => lines.map((line) => ({ ...line, pico: line.pico - (line.pico % 100n) })));
  await fc.assert(
    fc.asyncProperty(exact, async (lines) => {
      world.costExplorer.extras = lines.map(({ pico, holder, usage }): BillLine => {
        return { date: '2026-11-02', usage, amount: textOf(pico), ...(holder ? { tags: tagsOf(holder) } : {}) };
      });
      const { rows } = (await world.read()).days[0]!;
      for (const { holder, usage, amount } of rows.filter((row) => row.holder)) {
        const its = lines.filter(
          (line) => line.usage === usage && JSON.stringify(line.holder) === JSON.stringify(holder),
        );
        const pico = its.reduce((sum, line) => sum + line.pico, 0n);
        expect(amount).toBe(Number((2n * pico + 1_000_000n) / 2_000_000n));
      }
    }),
    { numRuns: 100 },
  );
});

it('a lab whose hours and gigabytes are no whole ten decimals settles, and everybody’s is theirs', async () => {
  const { aws } = await startBill();
  settle(aws);
  const at = Date.UTC(2026, 10, 1);
  const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
  for (const [i, name] of names.entries()) {
    aws.studio.createSpace({ domainId: 'd-lab', name, owner: 'alice', ebsGb: 5, at });
    const app = { domainId: 'd-lab', spaceName: name, appType: 'JupyterLab' as const, appName: 'default' };
    aws.studio.createApp({ ...app, instanceType: 'ml.t3.medium', at: at + i * 61_007 });
  }
  const bill = costExplorerBill(clientsOf(aws).costs);
  const { days, faults } = await bill.read('us-east-1', '2026-11-01', '2026-11-15');
  expect(faults).toEqual([]);
  expect(days.filter(({ isEstimated }) => isEstimated)).toEqual([]);
  for (const { rows } of days)
    expect(rows.map(({ holder }) => holder?.spaceName).sort()).toEqual([...names, ...names].sort());
  aws.close();
});

const apart = (one: bigint, other: bigint) => (one > other ? one - other : other - one);

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

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeMoney } from '../../src/domain/money.ts';
import { centsOf, centsThatAddUp, shareOut } from '../../src/domain/share-out.ts';

const sum = (parts: number[]) => parts.reduce((total, part) => total + part, 0);
const amount = fc.integer({ min: -50_000_000, max: 500_000_000 });

describe('the largest remainder', () => {
  test('gives what rounding down has lost to those that lost most, and of equals to the first', () => {
    expect(shareOut(100, [1, 1, 1])).toEqual([34, 33, 33]);
    expect(shareOut(10, [6, 3, 1])).toEqual([6, 3, 1]);
    expect(shareOut(-100, [1, 1, 1])).toEqual([-34, -33, -33]);
    expect(shareOut(5, [0, 0])).toEqual([3, 2]);
    expect(shareOut(5, [])).toEqual([]);
    expect(shareOut(7, [0, 2])).toEqual([0, 7]);
  });

  test('three thirds of a dollar are a dollar, and two halves of a cent are a cent', () => {
    expect(centsThatAddUp([333_333, 333_333, 333_334])).toEqual([33, 33, 34]);
    expect(centsThatAddUp([5_000, 5_000])).toEqual([1, 0]);
    expect(centsThatAddUp([])).toEqual([]);
  });

  test('a credit takes cents off as it should', () => {
    expect(centsThatAddUp([10_000, -4_000])).toEqual([1, 0]);
    expect(centsThatAddUp([10_000, -6_000])).toEqual([1, -1]);
    expect(sum(centsThatAddUp([10_000, -6_000]))).toBe(centsOf(4_000));
  });

  test('parts are whole, add up to the amount, and are each within one of their exact share', () => {
    fc.assert(
      fc.property(amount, fc.array(fc.nat(1_000_000_000), { minLength: 1, maxLength: 30 }), (total, weights) => {
        const parts = shareOut(total, weights);
        expect(sum(parts)).toBe(total);
        const all = sum(weights);
        for (const [i, part] of parts.entries()) {
          const exact = all === 0 ? total / weights.length : (total * weights[i]!) / all;
          expect(Math.abs(part - exact)).toBeLessThan(1 + 1e-6);
        }
      }),
    );
  });

  test('cents of rows add up to the cents of their total, as people are shown it', () => {
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 40 }), (amounts) => {
        const cents = centsThatAddUp(amounts);
        expect(sum(cents)).toBe(centsOf(sum(amounts)));
        for (const [i, one] of cents.entries())
          expect(Math.abs(one * 10_000 - amounts[i]!)).toBeLessThanOrEqual(10_000);
        const shown = describeMoney(sum(amounts)).replace(/[$,]/g, '');
        expect(shown.replace(/^-0\.00$/, '0.00')).toBe((sum(cents) / 100).toFixed(2));
      }),
    );
  });
});

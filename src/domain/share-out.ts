import type { MicroDollars } from './money.ts';

/**
 * Rounds parts down to whole numbers, and gives what is then missing to those that lost most: the parts are whole, and
 * add up to `total`. Where several lost the same, the first get it.
 * @param parts the whole part below each exact one, and what it lost
 */
function byLargestRemainder(parts: { whole: number; rest: bigint }[], total: number): number[] {
  const whole = parts.map((part) => part.whole);
  const short = total - whole.reduce((sum, one) => sum + one, 0);
  const order = parts
    .map(({ rest }, i) => ({ rest, i }))
    .sort((a, b) => (a.rest === b.rest ? a.i - b.i : a.rest > b.rest ? -1 : 1));
  for (const { i } of order.slice(0, short)) whole[i]!++;
  return whole;
}

/**
 * Shares a whole amount out by weights: whole parts that add up to it. Where no part has any weight, all parts weigh the
 * same.
 * @param weights whole numbers, none negative
 */
export function shareOut(amount: number, weights: number[]): number[] {
  if (weights.length === 0) return [];
  const given = weights.map((weight) => BigInt(weight));
  const weighed = given.some((weight) => weight > 0n) ? given : given.map(() => 1n);
  const total = weighed.reduce((sum, weight) => sum + weight, 0n);
  const parts = weighed.map((weight) => {
    const exact = BigInt(Math.abs(amount)) * weight;
    return { whole: Number(exact / total), rest: exact % total };
  });
  const sign = amount < 0 ? -1 : 1;
  return byLargestRemainder(parts, Math.abs(amount)).map((part) => (part === 0 ? 0 : sign * part));
}

const CENT: MicroDollars = 10_000;

/** An amount in cents, rounded as `describeMoney` rounds it. */
export function centsOf(amount: MicroDollars): number {
  const cents = Math.round(Math.abs(amount) / CENT);
  return amount < 0 && cents > 0 ? -cents : cents;
}

/** Amounts in whole cents that add up to their sum in cents, each within a cent of what it is: rows of a table and its total. */
export function centsThatAddUp(amounts: MicroDollars[]): number[] {
  const parts = amounts.map((amount) => {
    const whole = Math.floor(amount / CENT);
    return { whole, rest: BigInt(amount - whole * CENT) };
  });
  return byLargestRemainder(parts, centsOf(amounts.reduce((sum, amount) => sum + amount, 0)));
}

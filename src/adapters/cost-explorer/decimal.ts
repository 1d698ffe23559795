import type { MicroDollars } from '../../domain/money.ts';

/** An amount as Cost Explorer writes it, exactly: units of 10^-40. */
export type Exact = bigint;

const DECIMALS = 40;
const PER_MICRO = 10n ** BigInt(DECIMALS - 6);

/** Cost Explorer rounds what each group costs to ten decimals: two groupings of one sum differ by as much, group by group. */
const STEP = 10n ** BigInt(DECIMALS - 10);

/** Whether two sums of so many groups in all may be of the same bill: each group's last decimal may be off by one. */
export function isNear(one: Exact, other: Exact, groups: number): boolean {
  const apart = one - other;
  return (apart < 0n ? -apart : apart) <= BigInt(groups) * STEP;
}

/** Reads `0.0512340000`, `-3` or `1.2E-7` without a detour by floating point. Throws on anything else, and on more than 40 decimals. */
export function parseExact(text: string): Exact {
  const [, sign, whole, decimals = '', exponent = '0'] =
    /^(-?)(\d{1,20})(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text) ?? [];
  // `0E-45`, as Java writes a zero that was divided.
  if (whole !== undefined && BigInt(whole + decimals) === 0n) return 0n;
  const shift = DECIMALS - decimals.length + Number(exponent);
  if (whole === undefined || shift < 0) throw new Error(`not an amount: "${text}"`);
  return BigInt(`${sign}${whole}${decimals}`) * 10n ** BigInt(shift);
}

/** Rounds once, to the nearest micro-dollar; a half goes away from zero. Throws where no exact whole number can hold it. */
export function toMicroDollars(amount: Exact): MicroDollars {
  const half = amount < 0n ? -PER_MICRO / 2n : PER_MICRO / 2n;
  const rounded = Number((amount + half) / PER_MICRO);
  if (!Number.isSafeInteger(rounded)) throw new Error(`too large an amount: "${describeExact(amount)}"`);
  return rounded;
}

/** The amount with all its digits: `0.4`, `-12.000034`. */
export function describeExact(amount: Exact): string {
  const digits = String(amount < 0n ? -amount : amount).padStart(DECIMALS + 1, '0');
  const decimals = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}${decimals && `.${decimals}`}`;
}

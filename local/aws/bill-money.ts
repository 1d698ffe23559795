// What the embedded bill counts with. It shares nothing with Curfew's own arithmetic, which it is there to check.

/** US dollars in units of 10^-30. */
export type Grain = bigint;

const places = 30;
const one = 10n ** 30n;
/** AWS's amounts have ten decimals. */
const billedStep = 10n ** 20n;

/** Reads plain decimal digits, or `1e-7`; undefined for whatever else tests put on a bill. */
export function readAmount(text: string): Grain | undefined {
  const match = /^(-)?(\d+)(?:\.(\d*))?(?:e(-?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const [, minus, whole = '', fraction = '', power = '0'] = match;
  const zeros = places - fraction.length + Number(power);
  if (zeros < 0) return undefined;
  const size = BigInt(whole + fraction) * 10n ** BigInt(zeros);
  return minus === undefined ? size : -size;
}

/** Writes an amount without trailing zeros. */
export function writeAmount(amount: Grain): string {
  const size = amount < 0n ? -amount : amount;
  const fraction = (size % one).toString().padStart(places, '0').replace(/0+$/, '');
  return `${amount < 0n ? '-' : ''}${size / one}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A part of an amount, to the grain: `amount × numerator ÷ denominator`, none of them negative. */
export function partOf(amount: Grain, numerator: bigint, denominator: bigint): Grain {
  return (amount * numerator + denominator / 2n) / denominator;
}

/** An amount to ten decimals, as Cost Explorer writes the sum of a group; a half goes away from zero. */
export function billed(amount: Grain): Grain {
  const half = amount < 0n ? -billedStep / 2n : billedStep / 2n;
  return ((amount + half) / billedStep) * billedStep;
}

/** The one, of which quantities are parts. */
export const unit: Grain = one;

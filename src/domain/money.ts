import type { Duration } from './time.ts';
import { HOUR } from './time.ts';

/** US dollars times a million, a whole number. */
export type MicroDollars = number;

/** US dollars an hour times 10^10, a whole number: AWS's price list has ten decimals. */
export type HourlyRate = number;

const RATE_PER_MICRO = 10_000n;

/** Reads a price such as `0.0500000000` without a detour by floating point. Throws on anything but digits and a point. */
export function parseRate(usd: string): HourlyRate {
  const [, whole, decimals = ''] = /^(\d{1,5})(?:\.(\d{1,10}))?$/.exec(usd) ?? [];
  if (whole === undefined) throw new Error(`not a price in US dollars with at most ten decimals: "${usd}"`);
  return Number(whole + decimals.padEnd(10, '0'));
}

/** Reads `200 USD` or `49.50 USD`; undefined for anything else. */
export function parseMoney(text: string): MicroDollars | undefined {
  const amount = /^(\d{1,5}(?:\.\d{1,2})?|\d{1,9}) USD$/.exec(text)?.[1];
  if (amount === undefined) return undefined;
  return amount.includes('.') ? parseRate(amount) / 10_000 : Number(amount) * 1_000_000;
}

/** What running for `duration` costs at `rate`, rounded once, to the nearest micro-dollar. */
export function costOf(rate: HourlyRate, duration: Duration): MicroDollars {
  return monthlyCostOf(rate, 1, duration, HOUR);
}

/** What so many gigabytes cost for a part of a month, at a rate for a gigabyte and the whole month; rounded once. */
export function monthlyCostOf(rate: number, gigabytes: number, part: Duration, month: Duration): MicroDollars {
  const divisor = BigInt(month) * RATE_PER_MICRO;
  return Number((BigInt(rate) * BigInt(gigabytes) * BigInt(Math.round(part)) + divisor / 2n) / divisor);
}

/** `$1,234.50`: rounded to the cent, as shown to people. */
export function describeMoney(amount: MicroDollars): string {
  const cents = Math.round(Math.abs(amount) / 10_000);
  const dollars = String(Math.floor(cents / 100)).replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amount < 0 && cents > 0 ? '-' : ''}$${dollars}.${String(cents % 100).padStart(2, '0')}`;
}

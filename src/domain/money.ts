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

/** What a person wrote, read; or what is wrong with it, to follow it, and empty where it is nothing of the kind. */
export type Read<T> = { value: T } | { wrong: string };

/** Beyond it no amount is read: micro-dollars stay whole numbers, and so do sums of many. */
const MOST_DIGITS = 9;

/** Reads an amount of US dollars, more than 0 and in whole cents: `200 USD`, `49.50USD`, `200.5 usd`. */
export function readMoney(text: string): Read<MicroDollars> {
  const [, whole, decimals = ''] = /^0*(\d+)(?:\.(\d+))? ?USD$/i.exec(text.trim()) ?? [];
  if (whole === undefined) return { wrong: '' };
  if (whole.length > MOST_DIGITS) return { wrong: 'is more than 999999999.99 USD, the largest amount there may be' };
  if (/[^0]/.test(decimals.slice(2))) return { wrong: 'is finer than a cent' };
  const value = Number(whole) * 1_000_000 + Number(decimals.slice(0, 2).padEnd(2, '0')) * 10_000;
  return value === 0 ? { wrong: 'must be more than 0' } : { value };
}

/** Reads a price of a unit, `h` or `GB-month`: `5.10 USD/h`, `5usd/h`. One that comes to nothing would make what it prices free. */
export function readPrice(text: string, unit: 'h' | 'GB-month'): Read<HourlyRate> {
  const [, whole, decimals = '', per = ''] = /^0*(\d+)(?:\.(\d+))? ?USD ?\/ ?(h|GB-month)$/i.exec(text.trim()) ?? [];
  if (whole === undefined || per.toLowerCase() !== unit.toLowerCase()) return { wrong: '' };
  if (whole.length > 5) return { wrong: `is more than 99999.99 USD/${unit}, the largest price there may be` };
  if (/[^0]/.test(decimals.slice(10))) return { wrong: 'has more than ten decimals' };
  const value = parseRate(decimals === '' ? whole : `${whole}.${decimals.slice(0, 10)}`);
  if (value === 0) return { wrong: '' };
  return costOf(value, HOUR) === 0 ? { wrong: 'is less than a millionth of a dollar' } : { value };
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

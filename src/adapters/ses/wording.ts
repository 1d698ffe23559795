import { describeMoney, type MicroDollars } from '../../domain/money.ts';
import { describeInstant, type Instant, localTime } from '../../domain/time.ts';

/** The words of mail: amounts, times, names and counts as people read them. */

/** A cost that rounds to nothing is still a cost. */
export function money(amount: MicroDollars): string {
  return amount > 0 && amount < 5_000 ? 'under $0.01' : describeMoney(amount);
}

/** `Tue 24 Nov, 14:05 EST`; with the year when it is not this year's. */
export function fullTime(instant: Instant, now: Instant, zone: string): string {
  const { date } = localTime(instant, zone);
  const year = date.slice(0, 4);
  const day = year === localTime(now, zone).date.slice(0, 4) ? dayOf(date) : `${dayOf(date)} ${year}`;
  return `${day}, ${clock(instant, zone)} ${zoneName(instant, zone)}`;
}

/** `at 14:05`, or `on Tue 24 Nov at 14:05` when that is another local day than `now`'s. */
export function shortTime(instant: Instant, now: Instant, zone: string): string {
  const { date } = localTime(instant, zone);
  const at = `at ${clock(instant, zone)}`;
  return date === localTime(now, zone).date ? at : `on ${dayOf(date)} ${at}`;
}

/** `14:05` */
export function clock(instant: Instant, zone: string): string {
  return describeInstant(instant, zone, instant);
}

/** `Tue 24 Nov` of `2026-11-24`. */
export function dayOf(date: string): string {
  const [weekday, day, month] = new Date(date).toUTCString().split(/,? /);
  return `${weekday} ${Number(day)} ${month}`;
}

/** `24 Nov 2026` of `2026-11-24`. */
export function yearDay(date: string): string {
  return `${dayOf(date).slice(4)} ${date.slice(0, 4)}`;
}

/** `EST`, `CET`, or `GMT+9` where English has no short name: each English knows its own part of the world's. */
export function zoneName(instant: Instant, zone: string): string {
  let name = '';
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' }).formatToParts(instant);
    name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
    if (!/[+-]/.test(name)) return name;
  }
  return name;
}

/** An app type as people write it: `Code Editor`. */
export function typeName(appType: string): string {
  return appType === 'CodeEditor' ? 'Code Editor' : appType === 'RStudioServerPro' ? 'RStudio' : appType;
}

/** `1,234` */
export function number(amount: number): string {
  return amount.toLocaleString('en-US');
}

/** `1 app`, `2 apps`. */
export function count(amount: number, noun: string): string {
  return `${number(amount)} ${noun}${amount === 1 ? '' : 's'}`;
}

/** `a, b and 3 more` */
export function listed(items: string[], most: number): string {
  const shown = items.slice(0, most).join(', ');
  return items.length > most ? `${shown} and ${items.length - most} more` : shown;
}

/** At most `length` characters, the last one an ellipsis where text was cut. */
export function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text
    .slice(0, length - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()}…`;
}

/** Keeps a right-to-left name from reordering the English around it. */
export function isolate(name: string): string {
  return /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/.test(name) ? `\u2068${name}\u2069` : name;
}

/**
 * Every text of the facts on one line, without control and invisible direction characters: a name must not forge a header,
 * a line of the mail, or the order in which it is read.
 */
export function tidy<T>(value: T): T {
  if (typeof value === 'string') {
    const line = value
      .toWellFormed()
      .replace(/[\s\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ');
    return clip(line.trim(), 2_000) as T;
  }
  if (Array.isArray(value)) return value.map(tidy) as T;
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, tidy(member)])) as T;
  }
  return value;
}

import type { MicroDollars } from '../../domain/money.ts';
import type { Amount } from '../../domain/report/facts.ts';
import { centsOf } from '../../domain/share-out.ts';
import { type Duration, HOUR, type Instant, MINUTE } from '../../domain/time.ts';
import { clock, dayOf, isolate, yearDay, zoneName } from '../ses/wording.ts';

/**
 * Figures as a report's reader writes them: numbers and dates by their locale, money in US dollars as billed. In English,
 * days and percents are as in all other mail.
 */
export interface Format {
  money(amount: MicroDollars): string;
  /** A headline's: whole dollars where cents would be noise. */
  round(amount: MicroDollars): string;
  /** Of cents that were made to add up: an amount of less than half a cent is still one. */
  cents(cents: number, amount: MicroDollars): string;
  /** `$2.02`; `$2.02 and more` where something of it has no price; `no price` where nothing of it has one. */
  sum(amount: Amount, text?: string): string;
  number(value: number): string;
  /** `81 %` of 0.81. */
  percent(share: number): string;
  /** `-2.8 %` of -0.028: by how much something is off. */
  change(share: number): string;
  /** `26.2 h`, `12 min`, `0 h`. */
  hours(duration: Duration): string;
  /** `Mon 16 Nov` of `2026-11-16`, as the locale orders it. */
  day(date: string): string;
  /** With the year. */
  date(date: string): string;
  /** `Sunday` in a sentence, which is English: in another language the day as it stands in the tables. */
  weekday(date: string): string;
  /** `Mon 23 Nov, 08:00 EST`. */
  time(instant: Instant): string;
}

const LARGE: MicroDollars = 10_000_000_000;

/** Times are those of `timezone` (an IANA name). */
export function formatFor(locale: string, timezone: string): Format {
  const dollars = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD' });
  const whole = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', maximumFractionDigits: 0 });
  const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const share = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
  const signed = { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' } as const;
  const change = new Intl.NumberFormat(locale, signed);
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options });
    return (date: string) => isolate(format.format(Date.parse(date)));
  };
  const isEnglish = new Intl.Locale(locale).language === 'en';
  const day = isEnglish ? dayOf : dates({ weekday: 'short', day: 'numeric', month: 'short' });
  const percents = (text: string) => (isEnglish ? text.replace(/\s?%/, ' %') : text);
  const local = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
  const cents = (amount: number) => isolate(dollars.format(amount / 100));
  const money = (amount: MicroDollars) =>
    amount > 0 && centsOf(amount) === 0 ? `under ${cents(1)}` : cents(centsOf(amount));
  return {
    money,
    round: (amount) => (Math.abs(amount) < LARGE ? money(amount) : isolate(whole.format(Math.round(amount / 1e6)))),
    cents: (amount, exact) => (exact > 0 && amount === 0 ? `under ${cents(1)}` : cents(amount)),
    sum({ amount, unpriced = 0 }, text = money(amount)) {
      if (unpriced === 0) return text;
      return amount === 0 ? 'no price' : `${text} and more`;
    },
    number: (value) => plain.format(value),
    percent: (value) => percents(share.format(value)),
    change: (value) => isolate(percents(change.format(value))),
    hours: (duration) => {
      if (duration > 0 && duration < HOUR)
        return `${plain.format(Math.max(1, Math.round(duration / MINUTE)))}\u00a0min`;
      return `${plain.format(duration / HOUR)}\u00a0h`;
    },
    day,
    date: isEnglish ? yearDay : dates({ day: 'numeric', month: 'short', year: 'numeric' }),
    weekday: isEnglish ? dates({ weekday: 'long' }) : day,
    time: (instant) => `${day(local.format(instant))}, ${clock(instant, timezone)} ${zoneName(instant, timezone)}`,
  };
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { billingDay, billingMonths, overlap, type Period, periodOf, slicesOf } from '../../src/domain/period.ts';
import { DAY, HOUR, localTime, MINUTE, startOfDay } from '../../src/domain/time.ts';

const at = (time: string) => Date.parse(time);
const iso = (instant: number) => new Date(instant).toISOString();

/** Zones with gaps and overlaps at midnight, half hours, a day skipped, and none at all. */
const ZONES = [
  'UTC',
  'America/New_York',
  'America/Havana',
  'America/Santiago',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Africa/Cairo',
  'Asia/Tehran',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'America/St_Johns',
  'America/Nuuk',
  'Atlantic/Azores',
];

describe('the first instant of a local day', () => {
  test.each([
    ['2026-11-23', 'UTC', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23', 'America/New_York', '2026-11-23T05:00:00.000Z'],
    ['2026-07-01', 'America/New_York', '2026-07-01T04:00:00.000Z'],
    ['2026-11-23', 'Asia/Kathmandu', '2026-11-22T18:15:00.000Z'],
    // 00:00 jumps to 01:00.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    // 01:00 goes back to 00:00: midnight comes twice.
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z'],
    // 00:01 goes back to 23:01 of the day before: the day begins, ends, and begins again.
    ['2010-11-07', 'America/St_Johns', '2010-11-07T02:30:00.000Z'],
    // 2011-12-30 never was.
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  ])('%s in %s is %s', (date, timezone, expected) => expect(iso(startOfDay(date, timezone))).toBe(expected));

  test('is found as a search minute by minute finds it, in any zone on any day', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 0, max: 20 * 365 }).map((day) => iso(at('2010-01-01T00:00:00Z') + day * DAY).slice(0, 10)),
        (timezone, date) => {
          const from = at(`${date}T00:00:00Z`) - 15 * HOUR;
          let first = from;
          while (localTime(first, timezone).date < date) first += MINUTE;
          expect(iso(startOfDay(date, timezone))).toBe(iso(first));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('periods', () => {
  const told = (...args: Parameters<typeof periodOf>) => {
    const { from, to } = periodOf(...args);
    return [iso(from), iso(to)];
  };

  test('a month is its zone’s, and an hour longer when the clock goes back in it', () => {
    expect(told('month', at('2026-11-23T12:00:00Z'), 'America/New_York')).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-12-01T05:00:00.000Z',
    ]);
    expect(told('month', at('2026-12-01T04:59:59Z'), 'America/New_York')[1]).toBe('2026-12-01T05:00:00.000Z');
    expect(told('month', at('2026-12-01T05:00:00Z'), 'America/New_York')[0]).toBe('2026-12-01T05:00:00.000Z');
    expect(told('month', at('2028-02-10T00:00:00Z'), 'UTC')[1]).toBe('2028-03-01T00:00:00.000Z');
  });

  test('a week begins on Monday', () => {
    expect(told('week', at('2026-11-22T12:00:00Z'), 'UTC')).toEqual([
      '2026-11-16T00:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
    ]);
    expect(told('week', at('2026-11-23T00:00:00Z'), 'UTC')[0]).toBe('2026-11-23T00:00:00.000Z');
  });

  test('a term ends with its last day', () =>
    expect(told({ from: '2026-09-01', to: '2026-12-20' }, 0, 'America/New_York')).toEqual([
      '2026-09-01T04:00:00.000Z',
      '2026-12-21T05:00:00.000Z',
    ]));

  test('every instant lies in its month and its week, which join without gap or overlap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom('month' as const, 'week' as const),
        fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
        (timezone, kind, now) => {
          const { from, to } = periodOf(kind, now, timezone);
          // A day that begins twice lies in the period that it begins first.
          if (timezone !== 'America/St_Johns') expect(from <= now && now < to).toBe(true);
          expect(periodOf(kind, to + 2 * HOUR, timezone).from).toBe(to);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('overlap counts what lies in both', () => {
    const period = { from: 10, to: 20 };
    expect([overlap(0, 5, period), overlap(0, 12, period), overlap(12, 15, period), overlap(0, 99, period)]).toEqual([
      0, 2, 3, 10,
    ]);
    expect(overlap(15, 12, period)).toBe(0);
  });

  test('AWS bills by months of UTC', () =>
    expect(billingMonths(at('2026-11-30T23:00:00Z'), at('2027-01-01T00:00:00Z')).map(({ from }) => iso(from))).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2026-12-01T00:00:00.000Z',
    ]));
});

describe('slices', () => {
  const told = (period: Period, timezone: string) =>
    slicesOf(period, timezone).map(({ from, to }) => `${iso(from).slice(5, 16)} ${(to - from) / HOUR} h`);

  test.each([
    ['2026-11-20', 'UTC', ['11-20T00:00 24 h']],
    ['2026-11-20', 'America/New_York', ['11-20T00:00 5 h', '11-20T05:00 19 h']],
    ['2026-11-01', 'America/New_York', ['11-01T00:00 4 h', '11-01T04:00 20 h']],
    ['2026-11-20', 'Asia/Kathmandu', ['11-20T00:00 18.25 h', '11-20T18:15 5.75 h']],
    // The day has 23 hours, and lies in one of UTC with the first hour of the next.
    ['2026-03-29', 'Europe/London', ['03-29T00:00 23 h', '03-29T23:00 1 h']],
    ['2026-10-25', 'Europe/London', ['10-25T00:00 24 h']],
    // A Sunday that begins an hour into UTC's, and ends with it.
    ['2026-03-29', 'Atlantic/Azores', ['03-29T00:00 1 h', '03-29T01:00 23 h']],
    ['2026-11-20', 'Pacific/Kiritimati', ['11-20T00:00 10 h', '11-20T10:00 14 h']],
    // 2011-12-30 never was.
    ['2011-12-30', 'Pacific/Apia', ['12-30T00:00 10 h', '12-30T10:00 14 h']],
  ])('%s in %s', (date, timezone, expected) => expect(told(billingDay(date), timezone)).toEqual(expected));

  test('of a stretch of several days, and of none', () => {
    const period = { from: at('2026-11-20T03:00:00Z'), to: at('2026-11-21T06:00:00Z') };
    expect(told(period, 'America/New_York')).toEqual([
      '11-20T03:00 2 h',
      '11-20T05:00 19 h',
      '11-21T00:00 5 h',
      '11-21T05:00 1 h',
    ]);
    expect(slicesOf({ from: period.from, to: period.from }, 'UTC')).toEqual([]);
  });

  test('join without gap or overlap, and each lies in one day of the bill and in one of the zone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES, 'Europe/London', 'Africa/Casablanca'),
        fc.integer({ min: 0, max: 20 * 365 }).map((day) => at('2010-01-01T00:00:00Z') + day * DAY),
        (timezone, day) => {
          const slices = slicesOf({ from: day, to: day + DAY }, timezone);
          expect([slices[0]!.from, slices.at(-1)!.to]).toEqual([day, day + DAY]);
          expect(slices.slice(1).map(({ from }) => from)).toEqual(slices.slice(0, -1).map(({ to }) => to));
          expect(slices.every(({ from, to }) => from < to)).toBe(true);
          // Every beginning of a local day, looked for minute by minute, is an edge, and there are no others.
          const edges = new Set<number>([day]);
          let last = localTime(day - MINUTE, timezone).date;
          for (let minute = day; minute < day + DAY; minute += MINUTE) {
            const { date } = localTime(minute, timezone);
            if (date > last) edges.add(minute);
            last = date > last ? date : last;
          }
          expect(slices.map(({ from }) => iso(from))).toEqual([...edges].sort((a, b) => a - b).map(iso));
        },
      ),
      { numRuns: 60 },
    );
  });
});

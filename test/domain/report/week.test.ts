import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { datesOf, weekBefore, weekDue, weekNamed, weekOf } from '../../../src/domain/report/week.ts';
import { DAY, HOUR, localTime, MINUTE } from '../../../src/domain/time.ts';

const at = (time: string) => Date.parse(time);
const NEW_YORK = 'America/New_York';

describe('a week', () => {
  test.each([
    ['2026-11-16T05:00:00Z', '2026-W47'],
    ['2026-11-23T04:59:59Z', '2026-W47'],
    ['2026-12-31T12:00:00Z', '2026-W53'],
    ['2027-01-03T12:00:00Z', '2026-W53'],
    ['2027-01-04T12:00:00Z', '2027-W01'],
    ['2025-12-29T12:00:00Z', '2026-W01'],
  ])('%s lies in %s', (time, name) => {
    expect(weekOf(at(time), NEW_YORK).name).toBe(name);
  });

  test('has a name that leads back to it, and neighbours without a gap, in any zone and over any change of clocks', () => {
    const zones = ['UTC', NEW_YORK, 'Africa/Cairo', 'America/Santiago', 'Australia/Lord_Howe', 'Pacific/Kiritimati'];
    const instants = fc.integer({ min: at('2020-01-01'), max: at('2040-01-01') });
    fc.assert(
      fc.property(instants, fc.constantFrom(...zones), (now, zone) => {
        const week = weekOf(now, zone);
        expect(week.from <= now && now < week.to).toBe(true);
        expect(weekNamed(week.name, zone)).toEqual(week);
        expect(weekBefore(week, 1, zone).to).toBe(week.from);
        expect(weekBefore(week, 4, zone)).toEqual(weekOf(week.from - 25 * DAY, zone));
        expect(datesOf(week, zone)).toHaveLength(7);
        expect(datesOf(week, zone)[0]).toBe(localTime(week.from, zone).date);
        expect(localTime(week.from + 12 * HOUR, zone).weekday).toBe(1);
      }),
    );
  });

  test.each(['2026-W00', '2026-W54', '2025-W53', '2026-47', 'W47', '', '2026-W4', '2026-W471'])(
    '%s is none',
    (name) => {
      expect(weekNamed(name, NEW_YORK)).toBeUndefined();
    },
  );
});

describe('the report is due', () => {
  const policy = (weekday: number, minutes: number, timezone = NEW_YORK) => ({
    timezone,
    report: { daily: 'never' as const, weekly: { weekday, minutes } },
  });
  const due = (time: string, done?: string, by = policy(1, 8 * 60)) => weekDue(by, done, at(time))?.name;

  test('from the policy’s day and hour on, by the clock on the wall, for the week before', () => {
    expect(due('2026-11-23T12:59:59Z')).toBeUndefined();
    expect(due('2026-11-23T13:00:00Z')).toBe('2026-W47');
    expect(due('2026-11-23T13:00:00Z', '2026-W46')).toBe('2026-W47');
    expect(due('2026-11-23T13:15:00Z', '2026-W47')).toBeUndefined();
    // In summer the same hour comes an hour earlier.
    expect(due('2026-07-06T11:59:00Z')).toBeUndefined();
    expect(due('2026-07-06T12:00:00Z')).toBe('2026-W27');
  });

  test('a missed hour is made good within two days, and not after', () => {
    expect(due('2026-11-25T12:45:00Z')).toBe('2026-W47');
    expect(due('2026-11-25T13:00:00Z')).toBeUndefined();
    expect(due('2026-11-22T13:00:00Z')).toBeUndefined();
  });

  test('on another day of the week it is still about the week that was whole', () => {
    const friday = policy(5, 17 * 60);
    expect(due('2026-11-27T22:00:00Z', undefined, friday)).toBe('2026-W47');
    const sunday = policy(0, 23 * 60 + 59);
    expect(due('2026-11-30T04:59:00Z', undefined, sunday)).toBe('2026-W47');
  });

  test('at an hour that the clock jumps over, or shows twice, it comes once', () => {
    // New York, Sunday 2026-03-08: 02:30 does not exist; Sunday 2026-11-01: 01:30 comes twice.
    for (const [from, minutes, name] of [
      ['2026-03-08T05:00:00Z', 150, '2026-W09'],
      ['2026-11-01T04:00:00Z', 90, '2026-W43'],
    ] as const) {
      let done: string | undefined;
      const owed: string[] = [];
      for (let now = at(from); now < at(from) + 3 * DAY; now += 15 * MINUTE) {
        const week = weekDue(policy(0, minutes), done, now);
        if (!week) continue;
        done = week.name;
        owed.push(done);
      }
      expect(owed).toEqual([name]);
    }
  });

  test('where the policy has none, never', () => {
    expect(
      weekDue({ timezone: 'UTC', report: { daily: 'never' } }, undefined, at('2026-11-23T13:00:00Z')),
    ).toBeUndefined();
  });
});

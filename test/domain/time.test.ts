import { describe, expect, test } from 'vitest';
import {
  DAY,
  describeDuration,
  describeInstant,
  HOUR,
  localTime,
  MINUTE,
  parseDuration,
  startOfDay,
} from '../../src/domain/time.ts';

describe('durations', () => {
  test.each([
    ['30m', 30 * MINUTE],
    ['4h', 4 * HOUR],
    ['1d12h', 36 * HOUR],
    ['1d 12h', 36 * HOUR],
  ])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  test.each(['', '5', '5 days', '1h1d', '0m', '-1h', '1.5h', '99999999999999999d'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  test.each([
    [-5, '0 s'],
    [45_999, '45 s'],
    [59 * MINUTE, '59 min'],
    [HOUR, '1 h'],
    [26 * HOUR + 10 * MINUTE, '26 h 10 min'],
    [2 * DAY, '2 d'],
    [5 * DAY + 3 * HOUR + MINUTE, '5 d 3 h'],
  ])('%i ms are told as %s', (duration, told) => expect(describeDuration(duration)).toBe(told));
});

describe('the clock on the wall', () => {
  const newYork = (time: string) => localTime(Date.parse(time), 'America/New_York');

  test('the hour that comes twice when daylight saving ends', () => {
    expect(newYork('2026-11-01T05:30:00Z')).toEqual({ date: '2026-11-01', weekday: 0, minutes: 90 });
    expect(newYork('2026-11-01T06:30:00Z')).toEqual({ date: '2026-11-01', weekday: 0, minutes: 90 });
  });

  test('midnight is the first minute of its day', () =>
    expect(newYork('2026-11-24T05:00:00Z')).toMatchObject({ date: '2026-11-24', minutes: 0 }));

  test('a zone off by three quarters of an hour', () =>
    expect(localTime(Date.parse('2026-11-23T00:00:00Z'), 'Asia/Kathmandu').minutes).toBe(345));

  test('an instant is told as briefly as it is clear', () => {
    const now = Date.parse('2026-11-24T18:00:00Z');
    const tell = (time: string) => describeInstant(Date.parse(time), 'America/New_York', now);
    expect(tell('2026-11-24T19:05:00Z')).toBe('14:05');
    expect(tell('2026-11-23T19:05:00Z')).toBe('Mon 14:05');
    expect(tell('2026-11-10T19:05:00Z')).toBe('2026-11-10 14:05');
  });
});

describe('a day begins', () => {
  test.each([
    ['2026-11-23', 'UTC', '2026-11-23T00:00:00Z'],
    ['2026-11-23', 'America/New_York', '2026-11-23T05:00:00Z'],
    ['2026-03-08', 'America/New_York', '2026-03-08T05:00:00Z'],
    ['2026-03-09', 'America/New_York', '2026-03-09T04:00:00Z'],
    ['2026-11-01', 'America/New_York', '2026-11-01T04:00:00Z'],
    ['2026-11-23', 'Asia/Kathmandu', '2026-11-22T18:15:00Z'],
    ['2026-10-04', 'Pacific/Auckland', '2026-10-03T11:00:00Z'],
  ])('%s in %s at %s', (date, zone, at) =>
    expect(new Date(startOfDay(date, zone)).toISOString()).toBe(at.replace('Z', '.000Z')),
  );

  test('what is no day has none', () => expect(startOfDay('2026-13-45', 'UTC')).toBeNaN());
});

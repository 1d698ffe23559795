import { describe, expect, it, test } from 'vitest';
import { describePause, isPaused, pauseEnd, readUntil } from '../../src/domain/pause.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { NOON } from './builders.ts';

const pause = { from: NOON, by: 'jo' };

describe('a pause', () => {
  it('holds until its end, and not at it', () => {
    const until = NOON + HOUR;
    expect(isPaused({ ...pause, until }, until - 1)).toBe(true);
    expect(isPaused({ ...pause, until }, until)).toBe(false);
  });
  it('without an end holds until somebody resumes', () => {
    expect(isPaused(pause, NOON + 400 * DAY)).toBe(true);
    expect(isPaused({ ...pause, resumedAt: NOON + HOUR }, NOON + HOUR)).toBe(false);
  });
  it('holds by whatever clock it was thrown: an event from just before it is paused too', () => {
    expect(isPaused(pause, NOON - HOUR)).toBe(true);
  });
  it('that is taken back before its end is over then, and one taken back after it is over at it', () => {
    expect(pauseEnd({ until: NOON + 2 * HOUR, resumedAt: NOON + HOUR })).toBe(NOON + HOUR);
    expect(pauseEnd({ until: NOON + HOUR, resumedAt: NOON + 2 * HOUR })).toBe(NOON + HOUR);
  });
  it('that never was is none', () => expect(isPaused(undefined, NOON)).toBe(false));
  it('in words names no one', () => {
    expect(describePause({ ...pause, until: NOON + HOUR }, 'UTC', NOON)).toBe('paused until 13:00');
    expect(describePause(pause, 'UTC', NOON)).toBe('paused until somebody resumes (`curfew resume`)');
  });
});

describe('until', () => {
  const read = (text: string, zone = 'America/New_York') => {
    const at = readUntil(text, zone, NOON);
    return at === undefined ? undefined : new Date(at).toISOString();
  };
  test.each([
    ['4h', '2026-11-23T16:00:00.000Z'],
    ['1d12h', '2026-11-25T00:00:00.000Z'],
    ['2026-12-01', '2026-12-01T05:00:00.000Z'],
    ['2026-12-01T08:00', '2026-12-01T13:00:00.000Z'],
    ['2026-12-01 08:00', '2026-12-01T13:00:00.000Z'],
    ['2026-12-01T08:00Z', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00:30+01:00', '2026-12-01T07:00:30.000Z'],
    // The clock is set forward at 02:00 on 14 March, and back at 02:00 on 7 November 2027.
    ['2027-03-14T08:00', '2027-03-14T12:00:00.000Z'],
    ['2027-03-14T01:30', '2027-03-14T06:30:00.000Z'],
    ['2027-11-07T08:00', '2027-11-07T13:00:00.000Z'],
    ['2027-11-07T01:30', '2027-11-07T05:30:00.000Z'],
  ])('%s', (text, expected) => expect(read(text)).toBe(expected));
  test.each([
    '',
    '0h',
    'tomorrow',
    '2026-11-23T11:59Z',
    '2026-02-30',
    '2026-12-01T24:00',
    '2026-12-01T08:60',
    '2062-12-01',
    '-4h',
  ])('%s is none', (text) => expect(read(text)).toBeUndefined());
});

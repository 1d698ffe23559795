import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { covers, fits } from '../../src/domain/glob.ts';
import { includes, isDuring, type Match, matches } from '../../src/domain/match.ts';
import { localTime } from '../../src/domain/time.ts';
import { appWith, NOON, quietApp } from './builders.ts';

const local = localTime(NOON, 'UTC');
const isMatch = (match: Match, app = quietApp) => matches(match, app, local);

describe('what an app must be to be matched', () => {
  test('an empty match matches everything', () => expect(isMatch({})).toBe(true));

  test.each<[string, Match, Match]>([
    ['domain id', { domain: ['d-abc*'] }, { domain: ['d-x'] }],
    ['owner', { owner: ['ali*'] }, { owner: ['bob'] }],
    ['team', { team: ['d-abcdefghijkl'] }, { team: ['alpha'] }],
    ['sharing', { sharing: ['private'] }, { sharing: ['Shared'] }],
    ['app type', { appType: ['jupyterlab'] }, { appType: ['Canvas'] }],
    ['instance', { instance: ['ml.t3.*', 'ml.g5.*'] }, { instance: ['ml.g5'] }],
  ])('by %s', (_, yes, no) => {
    expect([isMatch(yes), isMatch(no)]).toEqual([true, false]);
  });

  test('by domain name, by space, and by tag', () => {
    expect(isMatch({ domain: ['fraud*'] }, { ...quietApp, domainName: 'fraud-research' })).toBe(true);
    expect(isMatch({ tag: { curfew: ['train*'] } }, appWith({}, { tags: { curfew: 'training' } }))).toBe(true);
    expect(isMatch({ tag: { curfew: ['training'] } })).toBe(false);
    expect(isMatch({ space: ['*'] })).toBe(false);
  });

  test('every key must hold', () => expect(isMatch({ owner: ['alice'], instance: ['ml.t3.*'] })).toBe(false));

  test('an unknown instance matches no pattern, not even *', () => {
    const { instanceType: _, ...unknown } = quietApp;
    expect(isMatch({ instance: ['*'] }, unknown)).toBe(false);
  });
});

describe('during, by the clock on the wall', () => {
  const office = { days: [1, 2, 3, 4, 5], from: 8 * 60, to: 20 * 60 };
  const at = (time: string, zone = 'America/New_York') => localTime(Date.parse(time), zone);

  test('begins on the minute, and ends before it', () => {
    expect(isDuring(office, at('2026-11-23T12:59:59Z'))).toBe(false);
    expect(isDuring(office, at('2026-11-23T13:00:00Z'))).toBe(true);
    expect(isDuring(office, at('2026-11-24T00:59:00Z'))).toBe(true);
    expect(isDuring(office, at('2026-11-24T01:00:00Z'))).toBe(false);
  });

  test('keeps to the wall when daylight saving ends: 08:00 is an hour later in UTC', () => {
    expect(isDuring(office, at('2026-10-30T12:00:00Z'))).toBe(true);
    expect(isDuring(office, at('2026-11-02T12:00:00Z'))).toBe(false);
  });

  test('a window past midnight belongs to the day on which it begins', () => {
    const night = { days: [5], from: 20 * 60, to: 8 * 60 };
    expect(isDuring(night, at('2026-11-27T21:00:00Z', 'UTC'))).toBe(true);
    expect(isDuring(night, at('2026-11-28T07:59:00Z', 'UTC'))).toBe(true);
    expect(isDuring(night, at('2026-11-28T21:00:00Z', 'UTC'))).toBe(false);
    expect(isDuring(night, at('2026-11-27T07:00:00Z', 'UTC'))).toBe(false);
  });
});

describe('one match that includes another', () => {
  test.each<[Match, Match, boolean]>([
    [{}, { instance: ['ml.t3.*'] }, true],
    [{ instance: ['ml.*'] }, { instance: ['ml.t3.*', 'ml.g5.xlarge'] }, true],
    [{ instance: ['ml.t3.*'] }, { instance: ['ml.*'] }, false],
    [{ instance: ['ml.t3.*'] }, {}, false],
    [{ owner: ['a'] }, { owner: ['a'], tag: { x: ['y'] } }, true],
    [{ tag: { x: ['*'] } }, { tag: { x: ['y'] } }, true],
    [{ tag: { x: ['y'] } }, { tag: { z: ['y'] } }, false],
    [{ during: { days: [1], from: 0, to: 60 } }, {}, false],
  ])('%j over %j: %s', (wide, narrow, expected) => expect(includes(wide, narrow)).toBe(expected));

  test('what a pattern covers, it fits wherever the other fits', () => {
    const pattern = fc.stringMatching(/^[ab*?]{0,6}$/);
    fc.assert(
      fc.property(pattern, pattern, fc.stringMatching(/^[ab]{0,8}$/), (wide, narrow, text) => {
        if (covers(wide, narrow) && fits(narrow, text)) expect(fits(wide, text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('only * and ? are special, and case does not count', () => {
    expect(fits('ml.t3.*', 'mlxt3xmedium')).toBe(false);
    expect(fits('a+b(c)', 'A+B(C)')).toBe(true);
  });
});

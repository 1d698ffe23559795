import { describe, expect, test } from 'vitest';
import { decide } from '../../src/domain/decide.ts';
import { comingNext } from '../../src/domain/forecast.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { appWith, NOON, policy, quietApp } from './builders.ts';

const coming = (app = quietApp, over: Partial<Policy> = {}, now = NOON) => {
  const governing = { ...policy, ...over };
  return comingNext(decide(app, governing, now), governing, now);
};
const overdue = { startedAt: NOON - 26 * HOUR };
const due = overdue.startedAt + DAY;
const warned = appWith({
  ...overdue,
  warnings: { 'all: max-uptime': { number: 1, given: { due, at: NOON, stopAt: NOON + 30 * MINUTE, notices: [] } } },
});

describe('what will happen next', () => {
  test('within its limit: a warning, when the limit is reached', () =>
    expect(coming()).toEqual({ action: 'warn', at: NOON + 23 * HOUR, limit: 'all' }));
  test('over its limit: its warning, now', () =>
    expect(coming(appWith(overdue))).toEqual({ action: 'warn', at: NOON }));
  test('warned: the stop', () => expect(coming(warned)).toEqual({ action: 'stop', at: NOON + 30 * MINUTE }));

  test('under a mode that holds it: nothing', () => {
    expect(coming(appWith(overdue), { mode: 'observe' })).toBeUndefined();
    const { given } = warned.run.warnings['all: max-uptime']!;
    const { stopAt: _, ...unannounced } = given!;
    const told = {
      ...warned,
      run: { ...warned.run, warnings: { 'all: max-uptime': { number: 1, given: unannounced } } },
    };
    expect(coming(told, { mode: 'warn' })).toBeUndefined();
  });

  test('a limit whose window opens later, and which is reached by then: at its opening, by the clock on the wall', () => {
    const office = {
      name: 'office',
      match: { during: { days: [1, 2, 3, 4, 5], from: 8 * 60, to: 20 * 60 } },
      maxUptime: HOUR,
      grace: HOUR,
    };
    const limits = [office, ...policy.limits];
    // Saturday noon in New York; daylight saving ends on Sunday, and Monday 08:00 is 13:00 in UTC.
    const saturday = Date.parse('2026-10-31T16:00:00Z');
    const app = appWith({ startedAt: saturday - MINUTE });
    const lenient = limits.map((limit) => ({ ...limit, ...(limit.name === 'all' ? { maxUptime: 7 * DAY } : {}) }));
    expect(coming(app, { limits: lenient, timezone: 'America/New_York' }, saturday)).toEqual({
      action: 'warn',
      at: Date.parse('2026-11-02T13:00:00Z'),
      // Not the limit that governs at the weekend.
      limit: 'office',
    });
  });

  test('exempt for some hours: after them', () => {
    const exempt = [{ during: { days: [0, 1, 2, 3, 4, 5, 6], from: 10 * 60, to: 14 * 60 } }];
    expect(coming(appWith(overdue), { exempt })).toEqual({ action: 'warn', at: NOON + 2 * HOUR, limit: 'all' });
  });

  test('exempt for good, or under no limit: nothing', () => {
    expect(coming(quietApp, { exempt: [{ owner: ['alice'] }] })).toBeUndefined();
    expect(coming(quietApp, { limits: [] })).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import { decide, liftedWarnings } from '../../src/domain/decide.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { appWith, NOON, policy, quietApp, seenNow } from './builders.ts';

const overdue = { startedAt: NOON - 26 * HOUR };
const due = overdue.startedAt + DAY;
const warned = (at: number, stopAt = at + 30 * MINUTE) => ({
  'all: max-uptime': { number: 1, given: { due, at, stopAt, notices: [] } },
});

describe('warn, wait, look again, then stop', () => {
  test('within its limits: keep, with the figures and what comes next', () => {
    expect(decide(quietApp, policy, NOON)).toMatchObject({
      action: 'keep',
      rule: 'all: max-uptime',
      reason: 'up 1 h, limit 24 h; idle: unknown (no evidence of use)',
      next: { action: 'warn', at: NOON + 23 * HOUR },
    });
  });

  test('over its limit and never warned: warn, and the stop is a grace away', () => {
    expect(decide(appWith(overdue), policy, NOON)).toMatchObject({
      action: 'warn',
      due,
      reason: 'up 26 h, limit 24 h; grace 30 min',
      next: { action: 'stop', at: NOON + 30 * MINUTE },
    });
  });

  test('exactly at its limit: over', () => {
    expect(decide(appWith({ startedAt: NOON - DAY }), policy, NOON).action).toBe('warn');
    expect(decide(appWith({ startedAt: NOON - DAY + 1 }), policy, NOON).action).toBe('keep');
  });

  test('warned, grace not over: still warn, never stop', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - 30 * MINUTE + 1) });
    expect(decide(app, policy, NOON)).toMatchObject({ action: 'warn', next: { action: 'stop', at: NOON + 1 } });
  });

  test('warned, and the grace just over: stop, and the reason says all of it', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - 30 * MINUTE) });
    expect(decide(app, policy, NOON)).toMatchObject({
      action: 'stop',
      reason: 'up 26 h, limit 24 h; warned 11:30, grace 30 min',
    });
  });

  test('a grace made shorter since breaks no promise; one made longer holds at once', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - 30 * MINUTE) });
    const graced = (grace: number) => ({ ...policy, limits: [{ ...policy.limits[0]!, grace }] });
    expect(decide(app, graced(HOUR), NOON)).toMatchObject({ action: 'warn', next: { at: NOON + 30 * MINUTE } });
    const promised = appWith({ ...overdue, warnings: warned(NOON - 30 * MINUTE, NOON + HOUR) });
    expect(decide(promised, graced(MINUTE), NOON)).toMatchObject({ action: 'warn', next: { at: NOON + HOUR } });
  });

  test('a warning for another reason does not count: the policy moved the bound', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - DAY) });
    const looser = { ...policy, limits: [{ ...policy.limits[0]!, maxUptime: 25 * HOUR }] };
    expect(decide(app, looser, NOON).action).toBe('warn');
    expect(liftedWarnings(decide(app, looser, NOON), NOON)).toEqual(['all: max-uptime']);
  });

  test('a warning of a limit that no longer governs is lifted, and the new one warns afresh', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - DAY) });
    const renamed = { ...policy, limits: [{ ...policy.limits[0]!, name: 'new' }] };
    const decision = decide(app, renamed, NOON);
    expect(decision).toMatchObject({ action: 'warn', rule: 'new: max-uptime' });
    expect(liftedWarnings(decision, NOON)).toEqual(['all: max-uptime']);
  });

  test('a standing warning is not lifted while its reason holds', () => {
    expect(liftedWarnings(decide(appWith({ ...overdue, warnings: warned(NOON) }), policy, NOON), NOON)).toEqual([]);
  });

  test('two bounds reached: the clock’s, whichever was reached first and warned of: heartbeats move the other', () => {
    const evidence = { agent: { ...seenNow, lastUseAt: NOON - 25 * HOUR } };
    const given = { due: NOON - 23 * HOUR, at: NOON - HOUR, stopAt: NOON - MINUTE, notices: [] };
    for (const warnings of [{}, warned(NOON - MINUTE), { 'all: max-idle': { number: 1, given } }]) {
      const app = appWith({ ...overdue, evidence, warnings });
      expect(decide(app, policy, NOON)).toMatchObject({ action: 'warn', rule: 'all: max-uptime' });
    }
  });

  test('no limit matches: keep, and say so', () => {
    const none = { ...policy, limits: [{ ...policy.limits[0]!, match: { instance: ['ml.t3.*'] } }] };
    expect(decide(appWith(overdue), none, NOON)).toMatchObject({ action: 'keep', rule: 'no limit' });
  });

  test('the first limit that matches governs', () => {
    const limits = [
      { name: 'gpu', match: { instance: ['ml.g5.*'] }, maxUptime: 2 * DAY, grace: HOUR },
      ...policy.limits,
    ];
    expect(decide(appWith(overdue), { ...policy, limits }, NOON)).toMatchObject({
      action: 'keep',
      rule: 'gpu: max-uptime',
    });
  });
});

describe('exempt', () => {
  test('an exemption wins over a warning whose grace is over', () => {
    const app = appWith({ ...overdue, warnings: warned(NOON - DAY) }, { tags: { curfew: 'exempt' } });
    const exempting = { ...policy, exempt: [{ tag: { curfew: ['exempt'] } }] };
    expect(decide(app, exempting, NOON)).toMatchObject({
      action: 'keep',
      rule: 'exempt',
      reason: 'exempt: tag curfew=exempt',
    });
    expect(liftedWarnings(decide(app, exempting, NOON), NOON)).toEqual(['all: max-uptime']);
  });
});

describe('an extension moves the stop', () => {
  const extended = (...asked: number[]) => appWith({ ...overdue, warnings: warned(NOON - DAY), extensions: asked });

  test('while it lasts: keep, and the reason says until when', () => {
    expect(decide(extended(NOON - HOUR), policy, NOON)).toMatchObject({
      action: 'keep',
      reason: 'up 26 h, limit 24 h; kept running by its owner until 15:00; idle: unknown (no evidence of use)',
      next: { action: 'warn', at: NOON + 3 * HOUR },
    });
  });

  test('once it is over: a new warning, not a stop on the old one', () => {
    expect(decide(extended(NOON - 4 * HOUR), policy, NOON)).toMatchObject({ action: 'warn', due: NOON });
  });

  test('no more than the policy allows: later askings buy nothing', () => {
    expect(decide(extended(NOON - 9 * HOUR, NOON - 5 * HOUR, NOON - HOUR), policy, NOON).action).toBe('warn');
    const none = { ...policy, extensions: { ...policy.extensions, atMost: 0 } };
    expect(decide(extended(NOON - HOUR), none, NOON).action).toBe('stop');
  });
});

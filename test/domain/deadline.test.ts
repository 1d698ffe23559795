import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Exception, overMark, type Standing } from '../../src/domain/budget.ts';
import { type Deadline, deadlinesOf } from '../../src/domain/deadline.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { standingKey } from '../../src/domain/rules/budget.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { appWith, policy as base, NOON } from './builders.ts';

const DOLLAR = 1_000_000;
const subject = { kind: 'owner' as const, name: 'd-abcdefghijkl/alice' };
const MONTH = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) };

const perPerson: Budget = {
  ...{ name: 'per person', for: 'each owner', period: 'month', limit: 100 * DOLLAR },
  ...{ warnAt: [], forecastAt: [], atLimit: 'block' },
};

function standing(over: Partial<Standing> & { spent?: number } = {}): Standing {
  const { spent = 0, ...more } = over;
  const whole: Standing = {
    ...{ budget: perPerson, subject, period: MONTH, limit: perPerson.limit, hourly: 10 * DOLLAR },
    spend: { billed: 0, accrued: spent, recent: 0, unpriced: {}, amount: spent },
    isOver: false,
    ...more,
  };
  return { ...whole, isOver: spent >= whole.limit };
}

const policy = (over: Partial<Policy> = {}): Policy => ({
  ...{ ...base, timezone: 'UTC', limits: [], budgets: [perPerson] },
  ...over,
});

function deadline(one: Standing, app = appWith({}), over: Partial<Policy> = {}, now = NOON): Deadline | undefined {
  const money = { standings: new Map([[standingKey(one.budget.name, subject), one]]), drift: undefined };
  return deadlinesOf(app, policy({ budgets: [one.budget], ...over }), money, now)[0];
}

describe('a budget that stops or blocks', () => {
  test('when what is left is spent at the rate of what runs, with the figures', () => {
    const found = deadline(standing({ spent: 40 * DOLLAR }))!;
    expect({ ...found, reason: found.reason() }).toEqual({
      at: NOON + 6 * HOUR,
      until: MONTH.to,
      rule: 'per person: budget',
      reason: '$40.00 of $100.00 spent on 2026-11-23 12:00 (alice); at $10.00 an hour all of it by 2026-11-23 18:00',
    });
  });

  test('after its grace', () => {
    expect(deadline(standing({ budget: { ...perPerson, grace: 2 * HOUR } }))?.at).toBe(NOON + 12 * HOUR);
  });

  test('at the rate that the bill makes of the estimate', () => {
    const money = {
      standings: new Map([[standingKey('per person', subject), standing()]]),
      drift: { billed: 80 * DOLLAR, accrued: 100 * DOLLAR, days: 3 },
    };
    expect(deadlinesOf(appWith({}), policy(), money, NOON)[0]?.at).toBe(NOON + 12.5 * HOUR);
  });

  test('since when it was first seen spent, once it is', () => {
    const mark = {
      budget: 'per person',
      subject,
      period: MONTH,
      told: [],
      over: [overMark(100 * DOLLAR, NOON - HOUR)],
    };
    expect(deadline(standing({ spent: 101 * DOLLAR, mark }))?.at).toBe(NOON - HOUR);
  });

  test('none for one that only warns, and where nothing that has a price runs', () => {
    expect(deadline(standing({ budget: { ...perPerson, atLimit: 'warn' } }))).toBeUndefined();
    expect(deadline(standing({ hourly: 0 }))).toBeUndefined();
  });

  test('none where the limit is so large that no calendar shows the day', () => {
    const limit = 200_000_000 * DOLLAR;
    const vast = { ...perPerson, period: 'total' as const, limit };
    expect(
      deadline(standing({ budget: vast, limit, period: { from: 0, to: Number.POSITIVE_INFINITY }, hourly: 50_000 })),
    ).toBeUndefined();
  });

  test('what `stop` lets be, since it started after the limit was reached, has its deadline in the next month', () => {
    const mark = { budget: 'per person', subject, period: MONTH, told: [], over: [overMark(100 * DOLLAR, NOON - DAY)] };
    const stop = { ...perPerson, atLimit: 'stop' as const };
    expect(deadline(standing({ spent: 101 * DOLLAR, mark, budget: stop }))?.at).toBe(MONTH.to + 10 * HOUR);
  });

  test('a term that is over stops nothing any more', () => {
    const term = { ...perPerson, period: { from: '2026-11-01', to: '2026-11-23' } };
    const period = { from: MONTH.from, to: Date.UTC(2026, 10, 24) };
    expect(deadline(standing({ budget: term, period }))?.at).toBe(NOON + 10 * HOUR);
    expect(deadline(standing({ budget: term, period, hourly: 5 * DOLLAR }))).toBeUndefined();
    const spent = standing({ budget: term, period, spent: 100 * DOLLAR });
    expect(deadline(spent)?.at).toBe(NOON);
    expect(deadline(spent, appWith({}), {}, period.to)).toBeUndefined();
  });

  test('the earliest of several, and the policy says which count', () => {
    const total = { ...perPerson, name: 'all of it', period: 'total' as const };
    const standings = new Map([
      [standingKey('per person', subject), standing()],
      [standingKey('all of it', subject), standing({ budget: total, spent: 70 * DOLLAR })],
    ]);
    const of = (kinds: Policy['backstop']['for']) => {
      const rules = policy({
        ...{ budgets: [perPerson, total], backstop: { for: kinds, margin: HOUR } },
        limits: [{ name: 'all', match: {}, maxUptime: 2 * HOUR, grace: 0 }],
        extensions: { hours: HOUR, atMost: 0 },
      });
      return deadlinesOf(appWith({}), rules, { standings, drift: undefined }, NOON)[0];
    };
    expect(of(['budget'])).toMatchObject({ at: NOON + 3 * HOUR, rule: 'all of it: budget' });
    expect(of(['budget', 'uptime'])).toMatchObject({ at: NOON + HOUR, rule: 'all: max-uptime' });
    expect(of([])).toBeUndefined();
  });
});

/** Minute by minute, with a calendar of its own: when the budget would first act on an app that goes on, and all else with it. */
function walk(scenario: Scenario, until: Instant): Instant | undefined {
  const { kind, limit, spent, hourly, atLimit, exceptions, since, startedAt } = scenario;
  let period = periodAt(kind, NOON);
  let total = spent;
  let wasOver = false;
  for (let at = NOON; at < until; at += MINUTE) {
    if (kind !== 'total' && at >= period.to) {
      period = periodAt(kind, at);
      total = 0;
    }
    const holding = exceptions.filter((one) => one.at <= NOON && at < one.until);
    const now = limit + holding.reduce((sum, { amount = 0 }) => sum + amount, 0);
    const isLifted = holding.some((one) => one.kind === 'lift');
    // `stop` lets be what began after a limit was first seen spent, in that month; also for another that was spent when it was made.
    if (at === NOON || exceptions.some((one) => one.until === at)) wasOver = total >= now;
    const isLet = atLimit === 'stop' && since !== undefined && wasOver && at < periodAt(kind, NOON).to;
    // What was started under a grant or a lift is not, once that has ended.
    const isFromUnder = exceptions.some(
      (one) =>
        one.until <= at && one.at <= startedAt && startedAt < one.until && !(one.at < since! && since! <= startedAt),
    );
    if (total >= now && !isLifted && !(isLet && startedAt > since! && !isFromUnder)) return at;
    total += (hourly * MINUTE) / HOUR;
  }
  return undefined;
}

function periodAt(kind: 'month' | 'week' | 'total', at: Instant): { from: Instant; to: Instant } {
  const day = new Date(at);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth()];
  if (kind === 'total') return { from: 0, to: Number.POSITIVE_INFINITY };
  if (kind === 'month') return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
  const monday = Math.floor(at / DAY) * DAY - ((day.getUTCDay() + 6) % 7) * DAY;
  return { from: monday, to: monday + 7 * DAY };
}

interface Scenario {
  kind: 'month' | 'week' | 'total';
  limit: number;
  spent: number;
  hourly: number;
  atLimit: 'stop' | 'block';
  exceptions: Exception[];
  since: Instant | undefined;
  startedAt: Instant;
}

const minutes = (least: number, most: number) =>
  fc.integer({ min: least, max: most }).map((count) => NOON + count * MINUTE);
const exception: fc.Arbitrary<Exception> = fc.record({
  kind: fc.constantFrom('grant', 'lift'),
  subject: fc.constant(subject),
  at: minutes(-600, 0),
  until: minutes(1, 40 * 24 * 60),
  amount: fc.integer({ min: 1, max: 100 }).map((dollars) => dollars * DOLLAR),
  by: fc.constant('admin'),
  why: fc.constant('why'),
});
const scenario: fc.Arbitrary<Scenario> = fc
  .record({
    kind: fc.constantFrom('month', 'week', 'total'),
    limit: fc.integer({ min: 1, max: 300 }).map((dollars) => dollars * DOLLAR),
    share: fc.integer({ min: 0, max: 120 }),
    // Sixty divides it: the walk adds no fractions.
    hourly: fc.integer({ min: 0, max: 50_000 }).map((rate) => rate * 600),
    atLimit: fc.constantFrom('stop', 'block'),
    exceptions: fc.array(exception, { maxLength: 3 }),
    since: fc.option(minutes(-1000, -1), { nil: undefined }),
    startedAt: minutes(-1000, -1),
  })
  .map(({ share, exceptions, since, ...rest }) => ({
    ...{ ...rest, spent: Math.round((rest.limit * share) / 100) },
    exceptions: exceptions.map(
      ({ amount, ...one }): Exception => (one.kind === 'grant' ? { ...one, amount: amount! } : one),
    ),
    // Whoever saw it spent marked it.
    since: share >= 100 ? since : undefined,
  })) as fc.Arbitrary<Scenario>;

describe('whatever was spent, granted and lifted', () => {
  it('the deadline is that of a walk minute by minute, and never before it', () => {
    const seen = { within: 0, beyond: 0 };
    fc.assert(
      fc.property(scenario, (one) => {
        const { kind, limit, spent, hourly, atLimit, exceptions, since, startedAt } = one;
        const until = NOON + 45 * DAY;
        const budget = { ...perPerson, period: kind, limit, atLimit };
        const period = periodAt(kind, NOON);
        const granted = exceptions.reduce((sum, { amount = 0 }) => sum + amount, 0);
        const mark = since && { budget: budget.name, subject, period, told: [], over: [overMark(limit, since)] };
        const its = {
          ...{ budget, period, hourly, exceptions, spent, limit: limit + granted },
          ...(mark ? { mark } : {}),
        };
        const at = deadline(standing(its), appWith({ startedAt }))?.at;
        const truth = walk(one, until);
        if (truth === undefined) {
          expect(at === undefined || at >= until - MINUTE).toBe(true);
          seen.beyond++;
          return;
        }
        // Spent since before, and seen so: since then.
        if (truth === NOON) {
          expect([NOON, since]).toContain(at);
          return;
        }
        expect(at).toBeGreaterThan(truth - MINUTE);
        // Rounded to the later millisecond.
        expect(at).toBeLessThanOrEqual(truth + 1);
        seen.within++;
      }),
      { numRuns: 400 },
    );
    // It saw each of them.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
  });
});

describe('an uptime limit', () => {
  const rules = (over: Partial<Policy> = {}) =>
    policy({
      ...{ budgets: [], backstop: { for: ['uptime'], margin: HOUR }, extensions: { hours: 4 * HOUR, atMost: 2 } },
      limits: [{ name: 'all', match: {}, maxUptime: DAY, grace: HOUR }],
      ...over,
    });
  const nothing = { standings: new Map(), drift: undefined };
  const startedAt = NOON - HOUR;
  const at = (extensions: Instant[], over: Partial<Policy> = {}) =>
    deadlinesOf(appWith({ startedAt, extensions }), rules(over), nothing, NOON)[0]?.at;

  it('its grace, and what "keep it running" may still buy, each asking a grace later', () => {
    expect(at([])).toBe(startedAt + DAY + HOUR + 2 * 5 * HOUR);
    expect(at([], { extensions: { hours: HOUR, atMost: 0 } })).toBe(startedAt + DAY + HOUR);
  });

  it('whenever an owner asks before their stop, what was armed stays late enough: no button has to move it', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }), (asks) => {
        const asked: Instant[] = [];
        let bound = startedAt + DAY;
        let promised = at([])!;
        for (const share of asks.slice(0, 2)) {
          // At any time from the start until the stop that its warning names.
          const from = asked.at(-1) ?? startedAt;
          const ask = Math.floor(from + share * (bound + HOUR - from));
          asked.push(ask);
          bound = Math.max(bound, ask + 4 * HOUR);
          const next = at(asked)!;
          expect(next).toBeLessThanOrEqual(promised);
          expect(next).toBeGreaterThanOrEqual(bound + HOUR);
          promised = next;
        }
      }),
    );
  });

  it('where windows of the week decide which limit governs, the latest of them; none where one lets it go on', () => {
    const during = { days: [1, 2, 3, 4, 5], from: 8 * 60, to: 20 * 60 };
    const office = { name: 'office', match: { during }, maxUptime: 7 * DAY, grace: HOUR };
    const night = { name: 'night', match: {}, maxUptime: DAY, grace: HOUR };
    const none = { hours: HOUR, atMost: 0 };
    expect(at([], { limits: [office, night], extensions: none })).toBe(startedAt + 7 * DAY + HOUR);
    expect(at([], { limits: [{ ...office, maxUptime: 2 * HOUR }, night], extensions: none })).toBe(
      startedAt + DAY + HOUR,
    );
    const { maxUptime: _, ...idleOnly } = office;
    expect(at([], { limits: [{ ...idleOnly, maxIdle: HOUR }, night] })).toBeUndefined();
    expect(at([], { limits: [office] })).toBeUndefined();
    // Of another app, it never governs.
    expect(at([], { limits: [{ ...office, match: { during, owner: ['bob'] } }, night], extensions: none })).toBe(
      startedAt + DAY + HOUR,
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Guard, guardsOf, isInHand, isRight, RETRIED, type Wanted } from '../../src/domain/backstop.ts';
import type { Standing } from '../../src/domain/budget.ts';
import type { Decision } from '../../src/domain/decide.ts';
import type { During, Match } from '../../src/domain/match.ts';
import { periodOf } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { standingKey } from '../../src/domain/rules/budget.ts';
import type { Armed } from '../../src/domain/run.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { appWith, policy as base, NOON, ref } from './builders.ts';

const DOLLAR = 1_000_000;
const MARGIN = 30 * MINUTE;
const perPerson: Budget = {
  ...{ name: 'per person', for: 'each owner', period: 'total', limit: 100 * DOLLAR },
  ...{ warnAt: [], forecastAt: [], atLimit: 'block' },
};
const policy = (over: Partial<Policy> = {}): Policy => ({
  ...{ ...base, timezone: 'UTC', limits: [], budgets: [perPerson], backstop: { for: ['budget'], margin: MARGIN } },
  ...over,
});

/** A standing of `alice` at $10 an hour, of which so many hours are left. */
function standings(hours: number, name = 'alice'): Map<string, Standing> {
  const subject = { kind: 'owner' as const, name: `${ref.domainId}/${name}` };
  const spent = 100 * DOLLAR - Math.round(hours * 10 * DOLLAR);
  return new Map([
    [
      standingKey('per person', subject),
      {
        ...{ budget: perPerson, subject, period: { from: 0, to: Number.POSITIVE_INFINITY }, limit: 100 * DOLLAR },
        ...{ hourly: 10 * DOLLAR, isOver: hours <= 0 },
        spend: { billed: 0, accrued: spent, recent: 0, unpriced: {}, amount: spent },
      },
    ],
  ]);
}
const kept = (over: Partial<Decision> = {}, app = appWith({})): Decision => ({
  ...{ app, action: 'keep', rule: 'no limit', reason: '', upheld: [] },
  ...over,
});
const well = { isWhole: true, isPaused: false };
function guardOf(
  hours: number,
  {
    decision = kept(),
    held,
    rules = policy(),
    now = NOON,
    isWhole = true,
    isUnknown = false,
  }: {
    decision?: Decision;
    held?: string;
    rules?: Policy;
    now?: Instant;
    isWhole?: boolean;
    isUnknown?: boolean;
  } = {},
): Guard {
  const money = { standings: standings(hours), drift: undefined, isUnknown };
  const intent = { decision, ...(held === undefined ? {} : { held }) };
  return guardsOf([intent], rules, money, { ...well, isWhole, now })[0]!;
}
const wantedOf = (guard: Guard): Wanted => {
  if (guard.kind !== 'arm') throw new Error(`it is ${guard.kind}`);
  return guard.wanted;
};

describe('where a schedule is put', () => {
  test('a margin and half the slack after the deadline, on a whole minute', () => {
    const { earliest, latest, at } = wantedOf(guardOf(40));
    expect(earliest).toBe(NOON + 40 * HOUR + MARGIN);
    expect(latest - earliest).toBe((40 * HOUR + MARGIN) / 20);
    expect(at).toBe(Math.ceil((earliest + (latest - earliest) / 2) / MINUTE) * MINUTE);
  });

  test('never within a margin of a look that let it run, nor of the stop that a warning names', () => {
    expect(wantedOf(guardOf(-5)).earliest).toBe(NOON + MARGIN);
    const warned = kept({ action: 'warn', next: { action: 'stop', at: NOON + 6 * HOUR } });
    expect(wantedOf(guardOf(2, { decision: warned })).earliest).toBe(NOON + 6 * HOUR + MARGIN);
    expect(wantedOf(guardOf(-5, { decision: kept({ action: 'stop' }), held: 'the valve' })).earliest).toBe(
      NOON + MARGIN,
    );
  });

  test('a stop that is tried, and fails, moves nothing on: what is armed comes', () => {
    const rules = policy();
    const app = appWith({});
    const armed: Armed = {
      name: 'a',
      at: NOON + 10 * MINUTE,
      rule: 'per person: budget',
      reason: '',
      since: 0,
      isSet: true,
    };
    const decision = kept({ action: 'stop', app });
    const mark = {
      budget: 'per person',
      subject: { kind: 'owner' as const, name: '' },
      period: { from: 0, to: 1 },
      told: [],
      over: [`${100 * DOLLAR} since ${NOON - HOUR}`],
    };
    const money = {
      standings: new Map([...standings(-1)].map(([key, one]) => [key, { ...one, mark }])),
      drift: undefined,
    };
    const [guard] = guardsOf([{ decision }], rules, { ...money, isUnknown: false }, { ...well, now: NOON });
    expect(isRight(armed, wantedOf(guard!), app, rules, NOON)).toBe(true);
    // Fired in vain, or not armed yet: a margin from now.
    expect(isRight({ ...armed, at: NOON }, wantedOf(guard!), app, rules, NOON)).toBe(false);
    expect(wantedOf(guard!).at).toBeGreaterThanOrEqual(NOON + MARGIN);
  });

  test('half a picture, or budgets that cannot be reckoned, touch nothing; what is near, they put off', () => {
    for (const blind of [{ isWhole: false }, { isUnknown: true }]) {
      expect(guardOf(40, blind)).toEqual({ kind: 'leave' });
      const far = appWith({ backstop: { name: 'a', at: NOON + HOUR, rule: '', reason: '', since: 0, isSet: true } });
      expect(guardOf(40, { ...blind, decision: kept({}, far) })).toEqual({ kind: 'leave' });
      const near = appWith({ backstop: { ...far.run.backstop!, at: NOON + 20 * MINUTE } });
      expect(wantedOf(guardOf(40, { ...blind, decision: kept({}, near) })).earliest).toBe(NOON + MARGIN);
    }
  });

  test('none beyond a year', () => {
    expect(guardOf(367 * 24)).toEqual({ kind: 'none' });
    const vast = policy({
      ...{ budgets: [], backstop: { for: ['uptime'], margin: MARGIN } },
      limits: [{ name: 'all', match: {}, maxUptime: 100_000_000 * DAY, grace: 0 }],
      exempt: [{ owner: ['bob'], during: { days: [0], from: 0, to: 60 } }],
    });
    expect(guardOf(40, { rules: vast })).toEqual({ kind: 'none' });
  });
});

describe('a period that turns', () => {
  /** What is put for `alice`, at $10 an hour, where so many hours of this period's limit are left. */
  const putAt = (now: Instant, hours: number, budget: Budget, rules: Partial<Policy> = {}, intent = kept()) => {
    const period = periodOf(budget.period, now, 'UTC');
    const money = new Map([...standings(hours)].map(([key, one]) => [key, { ...one, budget, period }]));
    const guards = guardsOf(
      [{ decision: intent }],
      policy({ budgets: [budget], ...rules }),
      { standings: money, drift: undefined, isUnknown: false },
      { ...well, now },
    );
    return wantedOf(guards[0]!);
  };
  const DECEMBER = Date.UTC(2026, 11, 1);

  test('before the grace is over takes the deadline with it: the next one counts', () => {
    const budget = { ...perPerson, period: 'month' as const, grace: 2 * HOUR };
    // Spent at 23:30, to be stopped at 01:30 in a month of which nothing is spent.
    const { earliest } = putAt(DECEMBER - 4 * HOUR, 3.5, budget);
    expect(earliest).toBe(DECEMBER + 10 * HOUR + 2 * HOUR + MARGIN);
  });

  test('before an exemption is over, too', () => {
    const budget = { ...perPerson, period: 'week' as const };
    const weekend: Match = { owner: ['alice'], during: { days: [6, 0], from: 0, to: 24 * 60 } };
    const friday = NOON + 4 * DAY;
    const monday = Date.UTC(2026, 10, 30);
    // Spent on Saturday, and exempt until the week is over.
    expect(putAt(friday, 20, budget, { exempt: [weekend] }).earliest).toBe(monday + 10 * HOUR + MARGIN);
  });

  it('whenever the limit is spent: Scheduler tries within the period alone in which it is', () => {
    const seen = { this: 0, next: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom('month' as const, 'week' as const),
        fc.integer({ min: 1, max: 20 * 24 * 60 }),
        fc.integer({ min: 0, max: 36 }),
        (period, minutes, grace) => {
          const budget = { ...perPerson, period, grace: grace * HOUR };
          const { at, earliest, latest } = putAt(NOON, minutes / 60, budget);
          const { to } = periodOf(period, NOON, 'UTC');
          const isThis = earliest < to;
          const due = isThis ? NOON + minutes * MINUTE : to + 10 * HOUR;
          const end = isThis ? to : periodOf(period, to, 'UTC').to;
          expect(Math.abs(earliest - (due + grace * HOUR + MARGIN))).toBeLessThanOrEqual(1);
          expect(at).toBeLessThanOrEqual(latest);
          expect(latest + RETRIED).toBeLessThanOrEqual(end);
          seen[isThis ? 'this' : 'next']++;
        },
      ),
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(5);
  });
});

describe('the safety valve', () => {
  /** So many apps, each with its deadline in so many minutes. */
  const crowd = (dues: number[], most: number) => {
    const apps = dues.map((_, i) => appWith({}, { ref: { ...ref, userProfileName: `p${i}` }, owner: `p${i}` }));
    const money = new Map(dues.flatMap((due, i) => [...standings(due / 60, `p${i}`)]));
    const intents = apps.map((app) => ({ decision: kept({}, app) }));
    const rules = policy({ safety: { maxStops: { count: most } } });
    const guards = guardsOf(
      intents,
      rules,
      { standings: money, drift: undefined, isUnknown: false },
      { ...well, now: NOON },
    );
    return guards.map(({ kind }) => kind);
  };

  it('holds what one scan would not stop, and no other', () => {
    expect(crowd([600, 601, 602], 2)).toEqual(['crowded', 'crowded', 'crowded']);
    expect(crowd([600, 601, 602], 3)).toEqual(['arm', 'arm', 'arm']);
    expect(crowd([600, 601, 606], 2)).toEqual(['arm', 'arm', 'arm']);
    expect(crowd([900, 600, 300, 601, 602], 2)).toEqual(['arm', 'crowded', 'arm', 'crowded', 'crowded']);
    expect(crowd([600, 601, 604, 606], 2)).toEqual(['crowded', 'crowded', 'crowded', 'crowded']);
  });

  it('of no more than it allows within any five minutes is anything armed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        (dues, most) => {
          const kinds = crowd(dues, most);
          const armed = dues.filter((_, i) => kinds[i] === 'arm');
          for (const from of dues)
            expect(armed.filter((due) => from <= due && due < from + 5).length).toBeLessThanOrEqual(most);
          // What is alone in its time is armed.
          dues.forEach((due, i) => {
            const near = dues.filter((other) => Math.abs(other - due) <= 5).length;
            if (near <= most) expect(kinds[i]).toBe('arm');
          });
        },
      ),
    );
  });
});

const windows: fc.Arbitrary<During> = fc.record({
  days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }),
  from: fc.integer({ min: 0, max: 1439 }),
  to: fc.integer({ min: 0, max: 1440 }),
});
const exemptions: fc.Arbitrary<Match[]> = fc.array(
  fc.record({ during: windows, owner: fc.constantFrom(['alice'], ['bob']) }),
  { maxLength: 2 },
);

/** Whether a window is open, by the clock of UTC and nothing else. */
function isOpen({ days, from, to }: During, at: Instant): boolean {
  const day = new Date(at);
  const minutes = day.getUTCHours() * 60 + day.getUTCMinutes();
  const today = day.getUTCDay();
  if (from < to) return days.includes(today) && minutes >= from && minutes < to;
  return (minutes >= from && days.includes(today)) || (minutes < to && days.includes((today + 6) % 7));
}

describe('an exemption', () => {
  test('that holds always has no backstop', () => {
    expect(guardOf(40, { rules: policy({ exempt: [{ owner: ['alice'] }] }) })).toEqual({ kind: 'none' });
    expect(guardOf(40, { rules: policy({ exempt: [{ owner: ['bob'] }] }) }).kind).toBe('arm');
  });

  test('that leaves an hour free each day leaves none in which Scheduler may try to its end', () => {
    const days = [0, 1, 2, 3, 4, 5, 6] as const;
    const exempt = [{ owner: ['alice'], during: { days: [...days], from: 0, to: 23 * 60 } }];
    expect(guardOf(1, { rules: policy({ exempt }) })).toEqual({ kind: 'none' });
    const shorter = [{ owner: ['alice'], during: { days: [...days], from: 0, to: 23 * 60 - 1 } }];
    expect(guardOf(1, { rules: policy({ exempt: shorter }) }).kind).toBe('arm');
  });

  it('whatever its windows: nothing comes while one is open, for as long as Scheduler tries, and never early', () => {
    let moved = 0;
    fc.assert(
      fc.property(
        exemptions,
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 0, max: 10_000 }),
        (exempt, hours, later) => {
          const rules = policy({ exempt });
          const now = NOON + later * MINUTE;
          const guard = guardOf(hours, { rules, now });
          const ours = exempt.filter(({ owner }) => owner?.includes('alice'));
          if (guard.kind !== 'arm') {
            expect(ours.length).toBeGreaterThan(0);
            return;
          }
          const { at, earliest, latest } = guard.wanted;
          expect(earliest).toBeGreaterThanOrEqual(now + hours * HOUR + MARGIN);
          expect(earliest).toBeLessThanOrEqual(at);
          expect(at).toBeLessThanOrEqual(latest + MINUTE);
          if (earliest > now + hours * HOUR + MARGIN) moved++;
          for (let moment = at; moment <= at + RETRIED; moment += MINUTE)
            expect(ours.some(({ during }) => isOpen(during!, moment))).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
    expect(moved).toBeGreaterThan(3);
  });
});

describe('what is armed', () => {
  const armedAs = (wanted: Wanted, over: Partial<Armed> = {}): Armed => ({
    ...{ name: 'a', at: wanted.at, rule: wanted.rule, reason: wanted.reason(), since: NOON, isSet: true },
    ...over,
  });
  const right = (armed: Armed, wanted: Wanted, now = NOON, app = appWith({}), rules = policy()) =>
    isRight(armed, wanted, app, rules, now);

  test('will do as it was put, and not if another rule or doubt, nor from before the end of a pause', () => {
    const wanted = wantedOf(guardOf(40));
    expect(right(armedAs(wanted), wanted)).toBe(true);
    const { isSet: _, ...doubted } = armedAs(wanted);
    expect(right(doubted, wanted)).toBe(false);
    expect(right(armedAs(wanted, { rule: 'other: budget' }), wanted)).toBe(false);
    expect(right(armedAs(wanted), wanted, NOON, appWith({}, { warningsFrom: NOON + 1 }))).toBe(false);
    expect(right(armedAs(wanted), wanted, NOON, appWith({}, { warningsFrom: NOON }))).toBe(true);
  });

  it('however the deadline moves: never right where it would come early, and never moved while it moves by little', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 60_000 }), fc.integer({ min: -5000, max: 5000 }), (minutes, shift) => {
        const armed = armedAs(wantedOf(guardOf(minutes / 60)));
        const next = wantedOf(guardOf(Math.max(1, minutes + shift) / 60));
        const isStill = right(armed, next);
        if (isStill) expect(armed.at).toBeGreaterThanOrEqual(NOON + Math.max(1, minutes + shift) * MINUTE + MARGIN - 1);
        const slack = Math.max(15, (minutes + shift + 30) / 20);
        if (Math.abs(shift) <= slack / 2.2 - 2) expect(isStill).toBe(true);
        if (shift > slack) expect(isStill).toBe(false);
      }),
    );
  });

  it('in a life without change, is moved some few times, and each time to no earlier than is right', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 30 * 24 * 60 }), (minutes) => {
        const due = NOON + minutes * MINUTE;
        let armed: Armed | undefined;
        let moves = 0;
        for (let now = NOON; now < due; now += 5 * MINUTE) {
          const wanted = wantedOf(guardOf((due - now) / HOUR, { now }));
          if (armed && right(armed, wanted, now)) continue;
          armed = armedAs(wanted, { since: now });
          moves++;
        }
        expect(armed!.at).toBeGreaterThanOrEqual(due + MARGIN);
        expect(armed!.at).toBeLessThanOrEqual(due + MARGIN + 16 * MINUTE);
        expect(moves).toBeLessThanOrEqual(1 + Math.ceil(Math.log2(Math.max(1, minutes / 120))));
      }),
      { numRuns: 25 },
    );
  });

  test('is another pass’s for as long as a function may run, and no longer', () => {
    const doubt: Armed = { name: 'a', at: NOON + DAY, rule: '', reason: '', since: NOON };
    expect(isInHand(undefined, NOON)).toBe(false);
    expect(isInHand({ ...doubt, isSet: true }, NOON)).toBe(false);
    expect(isInHand(doubt, NOON + 5 * MINUTE)).toBe(true);
    expect(isInHand(doubt, NOON + 6 * MINUTE)).toBe(false);
    // A clock that is far ahead holds nothing for ever.
    expect(isInHand(doubt, NOON - 5 * MINUTE)).toBe(true);
    expect(isInHand(doubt, NOON - DAY)).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closeBooks } from '../../src/application/books.ts';
import { PortError } from '../../src/application/ports.ts';
import { ratesOf } from '../../src/application/prices.ts';
import { linesIn, spendingIn } from '../../src/application/spending.ts';
import type { LedgerLine } from '../../src/domain/ledger.ts';
import { parseRate } from '../../src/domain/money.ts';
import { type Period, type PeriodKind, periodOf } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { type Spending, sumSpend } from '../../src/domain/spending.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { memoryBill } from '../memory/bill.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { mortal } from './mortal.ts';
import { world } from './world.ts';

const at = (time: string) => Date.parse(time.length > 10 ? `${time}Z` : time);
const TOTAL: Period = { from: 0, to: Number.POSITIVE_INFINITY };
const LAB = 'Studio:JupyterLab-ml.g5.xlarge';

const budgetOver = (period: PeriodKind, over: Partial<Budget> = {}): Budget => ({
  name: JSON.stringify(period),
  for: 'each owner',
  period,
  limit: 1_000_000_000,
  warnAt: [],
  forecastAt: [],
  atLimit: 'warn',
  ...over,
});

/** $10 an hour, $1 for a gigabyte and a month: figures that a person can follow. */
const PRICES = { 'ml.g5.xlarge': parseRate('10'), volume: parseRate('1') };
const { userProfileName: _, ...inDomain } = ref;
const appOf = (userProfileName: string, appName = 'default') => {
  return { ...ref, userProfileName, appName, instanceType: 'ml.g5.xlarge' };
};
const inSpace = (spaceName: string) => ({ ...inDomain, spaceName, instanceType: 'ml.g5.xlarge' });
type AnyApp = ReturnType<typeof appOf> | ReturnType<typeof inSpace>;

function lab(policy: Partial<Policy> = {}) {
  const it = world({ limits: [], timezone: 'UTC', prices: PRICES, budgets: [budgetOver('month')], ...policy });
  const bill = memoryBill();
  const ports = { ...it.ports, bill };
  const known = () => it.ports.runs.load(PLACE);
  const goings = async () => {
    const { runs, volumes = [], books, prices } = await known();
    return {
      place: PLACE,
      runs,
      volumes,
      books,
      rates: await ratesOf({ ...it.ports, policy: it.policy }, PLACE.region, prices),
    };
  };
  return Object.assign(it, {
    bill,
    known,
    goings,
    close: (now: Instant, by: typeof ports = ports) => closeBooks(by, it.policy, { place: PLACE, now }),
    books: async () => (await known()).books!,
    days: (from: Instant = 0) => it.ports.ledger.days(PLACE, Math.max(from, at('2025-01-01')), at('2028-01-01')),
    /** An app that ran, told on the second. */
    async ran(app: AnyApp, from: Instant, to: Instant, owner?: string) {
      await it.event({ kind: 'app created', app, at: from });
      if (owner !== undefined) {
        const run = (await it.ports.runs.get(app))!;
        await it.ports.runs.change(run, { kind: 'facts', owner });
      }
      await it.event({ kind: 'app deleted', app, at: to });
    },
    async spent(period: Period, now: Instant) {
      const [spending] = await spendingIn([period], it.ports, await goings(), now);
      return spending!;
    },
    /** Dollars by owner, to the cent. */
    async dollars(period: Period, now: Instant) {
      const { owners } = await this.spent(period, now);
      const told = owners.map(({ domainId, owner = domainId ?? 'nobody', billed, accrued }) => [
        owner,
        (billed + accrued) / 1e6,
      ]);
      return Object.fromEntries(told);
    },
  });
}

const whole = (spending: Spending) => sumSpend(spending.owners, undefined);
const profile = (userProfileName: string) => ({ domainId: ref.domainId, userProfileName });

describe('the first closing', () => {
  test('of a fresh table closes the month so far, whose bill AWS knows, and leaves the last days open', async () => {
    const it = lab();
    it.bill.rows = [{ date: '2026-11-03', holder: profile('alice'), usage: LAB, amount: 7_000_000 }];
    const report = await it.close(at('2026-11-20T06:00'));
    expect(report).toMatchObject({ closed: 17, settled: 17, unsettled: 0, requests: 2, findings: [], faults: [] });
    expect(await it.books()).toMatchObject({ since: at('2026-11-01'), closedUntil: at('2026-11-18'), unsettled: [] });
    expect(await it.dollars(TOTAL, at('2026-11-20T06:00'))).toEqual({ alice: 7 });
  });

  test('on a month’s first morning leaves the days before it open that are not 48 hours old', async () => {
    const it = lab();
    it.bill.estimatedFrom = '2026-01-01';
    await it.close(at('2026-12-01T06:00'));
    expect(await it.books()).toMatchObject({ since: at('2026-11-29'), closedUntil: at('2026-11-29') });
    // Its event comes half a day late, and is counted.
    await it.ran(appOf('alice'), at('2026-11-30T20:00'), at('2026-11-30T22:00'));
    await it.close(at('2026-12-03T06:00'));
    expect(await it.dollars(periodOf('month', at('2026-11-30'), 'UTC'), at('2026-12-03T06:00'))).toEqual({ alice: 20 });
  });

  test('goes back to the first run on record, and to where a budget’s period begins', async () => {
    const it = lab({ budgets: [budgetOver({ from: '2026-09-15', to: '2026-12-20' }), budgetOver('total')] });
    await it.close(at('2026-11-20T06:00'));
    expect((await it.days())[0]!.date).toBe('2026-09-15');
    const other = lab({ budgets: [budgetOver('total')] });
    other.bill.estimatedFrom = '2026-01-01';
    await other.ran(appOf('alice'), at('2026-10-30T20:00'), at('2026-10-31T02:00'));
    await other.close(at('2026-11-20T06:00'));
    expect((await other.days())[0]!.date).toBe('2026-10-30');
    expect(await other.dollars(TOTAL, at('2026-11-20T06:00'))).toEqual({ alice: 60 });
  });

  test('goes back no further than Cost Explorer does, and a term to come does not begin it', async () => {
    const it = lab({ budgets: [budgetOver({ from: '2020-01-01', to: '2030-01-01' })] });
    await it.close(at('2026-11-20T06:00'));
    expect((await it.days())[0]!.date).toBe('2025-10-26');
    const other = lab({ budgets: [budgetOver({ from: '2027-01-01', to: '2027-06-30' })] });
    await other.close(at('2026-11-02T06:00'));
    expect(await other.books()).toMatchObject({ since: at('2026-10-31'), closedUntil: at('2026-10-31') });
    expect(await other.dollars({ from: at('2027-01-01'), to: at('2027-06-30') }, at('2026-11-02T06:00'))).toEqual({});
  });
});

describe('however often the books are closed', () => {
  const NOWS = Array.from({ length: 12 }, (_, i) => at('2026-11-20T06:00') + i * DAY);
  const LAST = NOWS.at(-1)!;

  async function history(policy: Partial<Policy> = {}) {
    const it = lab({
      timezone: 'America/New_York',
      budgets: [
        budgetOver('month'),
        budgetOver('week'),
        budgetOver('total'),
        budgetOver({ from: '2026-11-10', to: '2026-12-20' }),
      ],
      ...policy,
    });
    addSpace(it.ports.fleet, {
      ...{ domainId: ref.domainId, spaceName: 'lab', owner: 'bob', sharing: 'Private', createdAt: at('2026-11-15') },
      ...{ appType: 'JupyterLab', gigabytes: 60 },
    });
    await it.scan(at('2026-11-15T01:00'));
    await it.ran(appOf('alice'), at('2026-11-16T10:00'), at('2026-11-19T03:20'));
    await it.ran(inSpace('lab'), at('2026-11-17T10:00'), at('2026-11-17T12:00'), 'bob');
    await it.ran(appOf('alice', 'b'), at('2026-11-20T03:00'), at('2026-11-30T07:00:01'));
    await it.ran(appOf('carol'), at('2026-11-30T03:00'), at('2026-12-01T08:00'));
    const days = Array.from({ length: 30 }, (_, i) => new Date(at('2026-11-05') + i * DAY).toISOString().slice(0, 10));
    it.bill.rows = days.flatMap((date, i) => [
      { date, holder: profile('alice'), usage: LAB, amount: 1_000_000 * i },
      { date, usage: LAB, amount: 33_333_333 },
      { date, usage: 'Train:ml.p3.2xlarge', amount: -1 - i },
    ]);
    return it;
  }
  /** All that the books say, but for when each bill was read. */
  async function figures(it: ReturnType<typeof lab>) {
    const { books, ...rest } = await it.known();
    return {
      books: { ...books, billedAt: undefined },
      days: (await it.days()).map(({ settledAt, ...day }) => ({ ...day, isSettled: settledAt !== undefined })),
      marks: rest.marks,
    };
  }

  test('daily, twice a day, after a week’s pause or once at the end: the same figures', async () => {
    const plans = [NOWS, NOWS.flatMap((now) => [now, now + 3 * HOUR]), [NOWS[0]!, NOWS[7]!, LAST], [NOWS[0]!, LAST]];
    const told = [];
    for (const plan of plans) {
      const it = await history();
      for (const now of plan.filter((one) => one <= LAST)) expect((await it.close(now)).faults).toEqual([]);
      told.push(await figures(it));
    }
    expect(told[0]!.days.length).toBeGreaterThan(20);
    expect(told[0]!.days.every(({ isSettled }) => isSettled)).toBe(true);
    for (const one of told.slice(1)) expect(one).toEqual(told[0]);
  });

  test('by two at once: the same figures', async () => {
    const [one, two] = [await history(), await history()];
    for (const now of [NOWS[0]!, LAST]) {
      await one.close(now);
      await Promise.all([two.close(now), two.close(now)]);
    }
    expect(await figures(two)).toEqual(await figures(one));
  });

  test('dead before or after any call, and closed again: the same figures', async () => {
    const prepared = async () => {
      const it = await history();
      // What is estimated at first waits, and is settled by the closing that dies.
      it.bill.estimatedFrom = '2026-11-16';
      await it.close(NOWS[0]!);
      it.bill.estimatedFrom = '2026-11-21';
      return it;
    };
    const alive = await prepared();
    const total = async (it: typeof alive) => whole(await it.spent(TOTAL, NOWS[3]!));
    const before = await total(alive);
    const counted = mortal({ ...alive.ports, bill: alive.bill });
    await alive.close(NOWS[3]!, counted.ports);
    const expected = await figures(alive);
    const after = await total(alive);
    expect(after).not.toEqual(before);
    expect(counted.calls()).toBeGreaterThan(10);
    for (let call = 0; call < counted.calls(); call++)
      for (const when of ['before', 'after'] as const) {
        const it = await prepared();
        const { ports } = mortal({ ...it.ports, bill: it.bill }, { call, when });
        await expect(it.close(NOWS[3]!, ports)).rejects.toThrow();
        // Whoever asks meanwhile gets the old sum, or the new one.
        const { closedUntil } = await it.books();
        expect(await total(it)).toEqual(closedUntil === expected.books.closedUntil ? after : before);
        await it.close(NOWS[3]!);
        expect(await figures(it)).toEqual(expected);
      }
  });

  test('the month’s edge lies where the policy’s zone has it', async () => {
    const it = await history({ budgets: [budgetOver('month')] });
    it.bill.rows = [];
    it.bill.estimatedFrom = '2000-01-01';
    const now = at('2026-12-05T06:00');
    await it.close(now);
    const [november, december] = [now - 20 * DAY, now].map((one) => periodOf('month', one, 'America/New_York'));
    expect(november!.to).toBe(at('2026-12-01T05:00'));
    // Carol's five hours of Dec 1 in UTC, until 05:00, are New York's November.
    expect(await it.dollars(november!, now)).toMatchObject({ carol: 260 });
    expect(await it.dollars(december!, now)).toMatchObject({ carol: 30 });
  });

  test('a period’s first day counts from its beginning, wherever in the bill’s day that is', async () => {
    for (const timezone of ['America/New_York', 'Asia/Kathmandu']) {
      const it = lab({ timezone, budgets: [] });
      it.bill.estimatedFrom = '2026-01-01';
      const term = periodOf({ from: '2026-10-01', to: '2026-11-10' }, 0, timezone);
      await it.ran(appOf('alice'), term.from - HOUR, term.from + HOUR);
      await it.close(at('2026-11-20T06:00'));
      expect(await it.dollars(term, at('2026-11-20T06:00'))).toEqual({ alice: 10 });
      it.policy.budgets = [budgetOver({ from: '2026-10-01', to: '2026-11-10' })];
      await it.close(at('2026-11-21T06:00'));
      expect((await it.books()).sums.some(({ period }) => period.from === term.from)).toBe(true);
      expect(await it.dollars(term, at('2026-11-21T06:00'))).toEqual({ alice: 10 });
    }
  });

  test('the clock set back closes nothing anew, and opens nothing', async () => {
    const it = await history();
    await it.close(LAST);
    const before = await figures(it);
    expect(await it.close(NOWS[2]!)).toMatchObject({ closed: 0 });
    expect((await figures(it)).days).toEqual(before.days);
    expect((await it.books()).closedUntil).toBe(before.books.closedUntil);
  });

  test('a total looks at no month before the first closed day', async () => {
    const it = await history();
    const asked: Instant[] = [];
    const { days } = it.ports.ledger;
    it.ports.ledger.days = async (place, from, to) => {
      asked.push(from);
      return days(place, from, to);
    };
    await it.close(LAST);
    it.policy.budgets = [];
    await it.close(LAST + DAY);
    await it.spent(TOTAL, LAST + 2 * DAY);
    expect(asked.length).toBeGreaterThan(2);
    expect(Math.min(...asked)).toBeGreaterThan(LAST - 60 * DAY);
  });

  test('a policy whose time zone changed after the closing: months and weeks still sum to the whole', async () => {
    const it = await history({ timezone: 'America/New_York' });
    await it.close(LAST);
    it.policy.timezone = 'Asia/Kathmandu';
    await it.close(LAST + DAY);
    const now = LAST + 2 * DAY;
    for (const kind of ['month', 'week'] as const) {
      const periods: Period[] = [];
      for (let day = at('2026-10-25'); day < now + 31 * DAY; day += DAY) {
        const period = periodOf(kind, day, it.policy.timezone);
        if (period.from !== periods.at(-1)?.from) periods.push(period);
      }
      const parts = (await spendingIn(periods, it.ports, await it.goings(), now)).map(whole);
      const all = whole(await it.spent(TOTAL, now));
      for (const [i, period] of periods.entries()) {
        const lines = await linesIn(period, it.ports, await it.goings(), it.policy.timezone, now);
        const sum = (by: 'billed' | 'accrued', some: LedgerLine[]) =>
          some.reduce((got, one) => got + (one[by] ?? 0), 0);
        const unbilled = lines.filter(({ billed }) => billed === undefined);
        expect([sum('billed', lines), sum('accrued', unbilled)]).toEqual([parts[i]!.billed, parts[i]!.accrued]);
      }
      for (const key of ['billed', 'accrued'] as const)
        expect(parts.reduce((sum, one) => sum + one[key], 0)).toBe(all[key]);
    }
  });
});

describe('the bill', () => {
  const DATE = '2026-11-20';
  const first = at('2026-11-23T06:00');
  const month = periodOf('month', first, 'UTC');
  async function ranOnce(policy: Partial<Policy> = {}) {
    const it = lab(policy);
    await it.ran(appOf('alice'), at(`${DATE}T10:00`), at(`${DATE}T12:00`));
    it.bill.rows = [{ date: DATE, holder: profile('alice'), usage: LAB, amount: 19_400_000 }];
    return it;
  }

  test('settles later: until then what was reckoned counts, and is corrected by nothing', async () => {
    const it = await ranOnce();
    it.bill.estimatedFrom = DATE;
    expect(await it.close(first)).toMatchObject({ settled: 19, unsettled: 1 });
    expect((await it.books()).unsettled).toEqual([DATE]);
    expect(whole(await it.spent(month, first))).toMatchObject({ billed: 0, accrued: 20_000_000 });
    it.bill.estimatedFrom = '2026-11-21';
    expect(await it.close(first + DAY)).toMatchObject({ closed: 1, settled: 1, unsettled: 1 });
    expect(await it.books()).toMatchObject({
      unsettled: ['2026-11-21'],
      drift: { billed: 19_400_000, accrued: 20_000_000, days: 1 },
    });
    expect(whole(await it.spent(month, first + DAY))).toMatchObject({ billed: 19_400_000, accrued: 0 });
  });

  test('that stays an estimate never settles, is asked for each day, and after two months no more', async () => {
    const it = await ranOnce();
    it.bill.estimatedFrom = DATE;
    const asked: string[] = [];
    const { read } = it.bill;
    it.bill.read = async (region, from, to) => {
      asked.push(from);
      return read(region, from, to);
    };
    for (let now = first; now < first + 70 * DAY; now += DAY) await it.close(now);
    expect(asked.slice(1, 30)).toEqual(Array(29).fill(DATE));
    expect(asked.at(-1)! > '2026-11-25').toBe(true);
    expect((await it.books()).unsettled).not.toContain(DATE);
    expect(whole(await it.spent(month, first + 70 * DAY))).toMatchObject({ billed: 0, accrued: 20_000_000 });
  });

  const refused: [string, PortError, RegExp, boolean][] = [
    [
      'may not be read',
      new PortError('denied', 'AccessDeniedException', 'no ce:GetCostAndUsage'),
      /ce:GetCostAndUsage, and enable Cost Explorer/,
      false,
    ],
    [
      'is not there yet',
      new PortError('refused', 'DataUnavailableException', 'none'),
      /up to 24 hours after it was first enabled/,
      false,
    ],
    ['is throttled', new PortError('throttled', 'LimitExceededException', 'slow down'), /tried again tomorrow/, true],
    [
      'comes in half a set of pages',
      new PortError('fault', 'InvalidNextTokenException', 'page 2'),
      /tried again tomorrow/,
      true,
    ],
  ];
  test.each(refused)(
    'that %s: figures stay, the finding says what to do, and the books close',
    async (_case, failure, remedy, isFault) => {
      const it = await ranOnce();
      it.bill.failures = [failure];
      const report = await it.close(first);
      expect(report).toMatchObject({ closed: 20, settled: 0, unsettled: 20 });
      expect(report.findings).toEqual([expect.stringMatching(remedy)]);
      expect(report.findings[0]).toContain(failure.code);
      expect(report.faults).toHaveLength(isFault ? 1 : 0);
      const books = await it.books();
      expect(books).toMatchObject({ closedUntil: at('2026-11-21'), findings: report.findings });
      expect(books).not.toHaveProperty('billedAt');
      expect(whole(await it.spent(month, first))).toMatchObject({ billed: 0, accrued: 20_000_000 });
      // What was settled before stays so, with the moment of the last whole reading.
      await it.close(first + DAY);
      expect(await it.books()).toMatchObject({ billedAt: first + DAY, findings: [] });
      it.bill.failures = [failure];
      await it.close(first + 2 * DAY);
      expect(await it.books()).toMatchObject({ billedAt: first + DAY, findings: [expect.stringMatching(remedy)] });
      expect(whole(await it.spent(month, first + 2 * DAY))).toMatchObject({ billed: 19_400_000, accrued: 0 });
    },
  );

  test('a fault that is none of AWS’s is no finding: the closing fails, and leaves the books as they were', async () => {
    const it = await ranOnce();
    it.bill.read = async () => Promise.reject(new TypeError('a bug'));
    await expect(it.close(first)).rejects.toThrow('a bug');
    expect([await it.days(), await it.books()]).toEqual([[], undefined]);
  });

  test('that names no owner: who accrued it keeps it, the rest is nobody’s, and the finding has the command', async () => {
    const it = await ranOnce();
    it.bill.rows = [{ date: DATE, usage: LAB, amount: 30_000_000 }];
    const { findings } = await it.close(first);
    expect(findings).toEqual([
      expect.stringMatching(
        /aws ce update-cost-allocation-tags-status .*TagKey=sagemaker:user-profile-arn,Status=Active/,
      ),
    ]);
    expect(await it.dollars(month, first)).toEqual({ alice: 20, nobody: 10 });
    it.bill.rows.push({ date: '2026-11-21', holder: profile('bob'), usage: LAB, amount: 1 });
    expect((await it.close(first + DAY)).findings).toEqual([]);
    const other = lab();
    other.bill.rows = [{ date: DATE, usage: 'Train:ml.p3.2xlarge', amount: 1 }];
    expect((await other.close(first)).findings).toEqual([]);
  });

  test('of a space that nobody owns is its domain’s', async () => {
    const it = lab();
    await it.ran(inSpace('common'), at(`${DATE}T10:00`), at(`${DATE}T12:00`));
    it.bill.rows = [
      { date: DATE, holder: { domainId: ref.domainId, spaceName: 'common' }, usage: LAB, amount: 19_000_000 },
    ];
    await it.close(first);
    expect(await it.dollars(month, first)).toEqual({ [ref.domainId]: 19 });
  });

  test('of a space that is gone when the bill comes is still its owner’s; of one made again, whose it was then', async () => {
    for (const next of [undefined, 'bob']) {
      const it = lab();
      it.bill.estimatedFrom = DATE;
      const space = {
        domainId: ref.domainId,
        spaceName: 'lab',
        sharing: 'Private',
        appType: 'JupyterLab',
        gigabytes: 30,
      };
      addSpace(it.ports.fleet, { ...space, owner: 'alice', createdAt: at(`${DATE}T09:00`) });
      await it.scan(at(`${DATE}T09:05`));
      await it.ran(inSpace('lab'), at(`${DATE}T10:00`), at(`${DATE}T12:00`), 'alice');
      await it.close(first);
      it.ports.fleet.spaces.clear();
      const made = at('2026-11-23T09:00');
      if (next) addSpace(it.ports.fleet, { ...space, owner: next, createdAt: made });
      await it.scan(made + HOUR);
      if (next) await it.ran(inSpace('lab'), made + HOUR, made + 2 * HOUR, next);
      for (let now = first + DAY; now < first + 9 * DAY; now += DAY) await it.close(now);
      it.bill.estimatedFrom = '2026-11-21';
      it.bill.rows = [
        { date: DATE, holder: { domainId: ref.domainId, spaceName: 'lab' }, usage: LAB, amount: 19_000_000 },
      ];
      await it.close(first + 9 * DAY);
      const [day] = (await it.days()).filter(({ date }) => date === DATE);
      expect(day!.settledAt).toBe(first + 9 * DAY);
      expect(day!.lines.filter(({ usage }) => usage === LAB)).toMatchObject([
        { owner: 'alice', accrued: 20_000_000, billed: 19_000_000 },
      ]);
    }
  });

  test('in another currency is kept as billed, and counts for nothing; once in dollars it settles', async () => {
    const it = await ranOnce();
    it.bill.estimatedFrom = DATE;
    await it.close(first);
    it.bill.estimatedFrom = '2026-11-21';
    it.bill.rows = [];
    const money = { usage: LAB, amount: '17.50', currency: 'EUR' };
    const told = async () => (await it.days()).find(({ date }) => date === DATE)!;
    for (const [i, amount] of ['17.50', '17.50', '18.00'].entries()) {
      it.bill.foreign = [{ date: DATE, ...money, amount }];
      const { writes } = it.ports.ledger;
      expect(await it.close(first + (i + 1) * DAY)).toMatchObject({ closed: 1 });
      expect(await told()).toMatchObject({ foreign: [{ ...money, amount }] });
      // The day that is fresh, the books, and this one where it says something new.
      expect(it.ports.ledger.writes - writes).toBe(i === 1 ? 2 : 3);
      expect(await told()).not.toHaveProperty('settledAt');
    }
    expect(whole(await it.spent(month, first + 3 * DAY))).toMatchObject({ billed: 0, accrued: 20_000_000 });
    it.bill.foreign = [];
    it.bill.rows = [{ date: DATE, holder: profile('alice'), usage: LAB, amount: 19_400_000 }];
    await it.close(first + 4 * DAY);
    expect(await told()).not.toHaveProperty('foreign');
    expect(whole(await it.spent(month, first + 4 * DAY))).toMatchObject({ billed: 19_400_000, accrued: 0 });
  });

  test('that AWS corrects downwards is corrected so', async () => {
    const it = await ranOnce();
    it.bill.rows.push({ date: DATE, holder: profile('alice'), usage: 'Canvas:Session-Hrs', amount: -2_000_000 });
    it.bill.rows.push({ date: DATE, usage: LAB, amount: -1_000_000 });
    await it.close(first);
    expect(await it.dollars(month, first)).toEqual({ alice: 17.4, nobody: -1 });
  });

  test('costs two requests for each page, once a day, however many owners there are', async () => {
    const it = await ranOnce();
    it.bill.pages = 3;
    expect((await it.close(first)).requests).toBe(6);
    for (let i = 0; i < 50; i++) await it.ran(appOf(`u${i}`), at('2026-11-21T10:00'), at('2026-11-21T12:00'));
    expect((await it.close(first + DAY)).requests).toBe(6);
    expect(it.bill.requests).toBe(12);
  });

  test('what is doubtful of its rows is told, and is no fault', async () => {
    const it = await ranOnce();
    it.bill.faults = ['a row of nobody’s'];
    expect(await it.close(first)).toMatchObject({ doubts: ['a row of nobody’s'], faults: [], findings: [] });
  });

  test('AWS’s own forecast is asked for where a budget of the account wants one, and only then', async () => {
    const account = budgetOver('month', { for: 'account', forecastAt: [1] });
    const it = await ranOnce({ budgets: [account], timezone: 'America/New_York' });
    it.bill.perDay = 3_000_000;
    expect((await it.close(first)).requests).toBe(3);
    expect((await it.books()).awsForecast).toEqual({
      ...{ amount: 24_000_000, from: at('2026-11-23') },
      period: periodOf('month', first, 'America/New_York'),
    });
    it.bill.perDay = undefined;
    expect((await it.close(first + DAY)).requests).toBe(3);
    expect(await it.books()).not.toHaveProperty('awsForecast');
    // Its month in UTC is over, New York's is not: there is nothing to forecast.
    expect((await it.close(at('2026-12-01T03:00'))).requests).toBe(2);
    it.policy.budgets = [budgetOver('month', { forecastAt: [1] })];
    expect((await it.close(at('2026-12-02T06:00'))).requests).toBe(2);
    it.policy.budgets = [account];
    const { forecast } = it.bill;
    it.bill.forecast = async () => Promise.reject(new PortError('throttled', 'LimitExceededException', 'slow down'));
    const report = await it.close(at('2026-12-03T06:00'));
    expect(report).toMatchObject({ closed: 1, faults: [expect.stringContaining('LimitExceededException')] });
    it.bill.forecast = forecast;
  });
});

describe('against a meter that ticks every minute', () => {
  const life = fc.record({
    pause: fc.integer({ min: 3, max: 40 * 60 }),
    length: fc.oneof(fc.integer({ min: 3, max: 300 }), fc.integer({ min: 3, max: 3 * 24 * 60 })),
    delays: fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 })),
    isTwice: fc.boolean(),
  });
  const lives = fc.array(life, { maxLength: 4 });
  const minutes = (max: number, maxLength: number) => fc.array(fc.integer({ min: 0, max }), { maxLength });
  const zones = ['UTC', 'America/New_York', 'Europe/London', 'America/Havana', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
  const KINDS: PeriodKind[] = ['month', 'week', 'total', { from: '2026-10-24', to: '2026-11-02' }];
  const APPS = [
    appOf('alice'),
    appOf('bob'),
    { ...appOf('alice', 'k1'), appType: 'KernelGateway' },
    { ...appOf('alice', 'k2'), appType: 'KernelGateway' },
  ];

  test('whenever the books were closed, spend is what truly ran, for any period of any zone', async () => {
    // Clocks go back on October 25 in London, and on November 1 in New York and Havana; a month ends between.
    const begin = at('2026-10-22T00:00');
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(lives, lives, lives, lives),
        fc.boolean(),
        minutes(20 * 1440, 15),
        minutes(20 * 1440, 12),
        fc.constantFrom(...zones),
        fc.subarray(KINDS),
        async (all, goesOn, scans, closings, timezone, kinds) => {
          const it = lab({
            timezone,
            budgets: kinds.map((kind) => budgetOver(kind)),
            prices: { volume: PRICES.volume },
          });
          it.bill.estimatedFrom = '2000-01-01';
          const agenda: [Instant, () => unknown][] = scans.map((after) => {
            const now = begin + after * MINUTE;
            return [now, () => it.scan(now)];
          });
          const truth: { owner: string; instance: string; from: Instant; to: Instant }[] = [];
          let end = begin + 12 * DAY;
          all.forEach((steps, i) => {
            const app = APPS[i]!;
            let now = begin;
            steps.forEach(({ pause, length, delays, isTwice }, n) => {
              const from = now + pause * MINUTE;
              const to = from + length * MINUTE;
              now = to;
              const isLast = goesOn && n === steps.length - 1;
              const instance = app.appType === 'KernelGateway' ? 'kernels' : app.userProfileName;
              truth.push({ owner: app.userProfileName, instance, from, to: isLast ? Number.POSITIVE_INFINITY : to });
              agenda.push([from, () => it.ports.fleet.start(app, from)]);
              const events = [{ kind: 'app created' as const, app, at: from }];
              if (!isLast) {
                agenda.push([to, () => it.ports.fleet.end(app)]);
                events.push({ kind: 'app deleted' as never, app, at: to });
              }
              events.forEach((event, e) => {
                const late = delays[e]! * MINUTE;
                for (const told of isTwice ? [late, 2 * late] : [late]) {
                  agenda.push([event.at + told, () => it.event(event)]);
                  end = Math.max(end, event.at + told);
                }
              });
            });
          });
          const created = begin + 100 * MINUTE;
          agenda.push([
            created + HOUR,
            async () => {
              addSpace(it.ports.fleet, {
                ...{ domainId: ref.domainId, spaceName: 'lab', owner: 'bob', sharing: 'Private', createdAt: created },
                ...{ appType: 'JupyterLab', gigabytes: 77 },
              });
              await it.scan(created + HOUR);
            },
          ]);
          for (const after of closings) {
            const now = begin + after * MINUTE;
            agenda.push([now, () => it.close(now)]);
          }
          for (const [when, deed] of agenda.sort(([a], [b]) => a - b)) if (when <= end) await deed();
          const now = end + 7 * MINUTE;

          // Each minute costs what the meter of the run moves in it that has had the instance longest.
          const shown = (ticks: number) => Math.round((ticks * 1_410_000) / 60);
          const moved: { owner: string; minute: Instant; amount: number }[] = [];
          for (const instance of new Set(truth.map((one) => one.instance))) {
            const its = truth.filter((one) => one.instance === instance).sort((a, b) => a.from - b.from);
            for (let minute = begin; minute < now; minute += MINUTE) {
              const run = its.find(({ from, to }) => from <= minute && minute < to);
              if (!run) continue;
              const ticks = (minute - run.from) / MINUTE;
              moved.push({ owner: run.owner, minute, amount: shown(ticks + 1) - shown(ticks) });
            }
          }
          // A volume's meter begins anew with each month of UTC: $77 a month.
          for (let minute = created; minute < now; minute += MINUTE) {
            const date = new Date(minute);
            const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
            const long = (Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - first) / MINUTE;
            const ticks = (minute - Math.max(first, created)) / MINUTE;
            const until = (count: number) => Math.round((count * 77_000_000) / long);
            moved.push({ owner: 'bob', minute, amount: until(ticks + 1) - until(ticks) });
          }

          for (const moment of [begin + 4 * DAY, now])
            for (const kind of KINDS) {
              const period = periodOf(kind, moment, timezone);
              const expected: Record<string, number> = {};
              for (const { owner, minute, amount } of moved)
                if (period.from <= minute && minute < period.to) expected[owner] = (expected[owner] ?? 0) + amount;
              const spending = await it.spent(period, now);
              const told = spending.owners
                .filter(({ accrued }) => accrued > 0)
                .map(({ owner, accrued }) => [owner, accrued]);
              expect(Object.fromEntries(told)).toEqual(expected);
              const lines = await linesIn(period, it.ports, await it.goings(), timezone, now);
              expect(lines.reduce((sum, { accrued = 0 }) => sum + accrued, 0)).toBe(whole(spending).accrued);
            }
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { closeBooks } from '../../src/application/books.ts';
import { type Bill, PortError } from '../../src/application/ports.ts';
import { type Goings, linesIn, spendingIn } from '../../src/application/spending.ts';
import type { BilledDay } from '../../src/domain/bill.ts';
import { periodOf } from '../../src/domain/period.ts';
import type { Budget, Policy } from '../../src/domain/policy.ts';
import { sumClosed, sumSpend } from '../../src/domain/spending.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { addSpace, PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const at = (time: string) => Date.parse(time);
const budget = (period: Budget['period'], over: Partial<Budget> = {}): Budget => ({
  ...{
    name: JSON.stringify(period),
    for: 'each owner',
    period,
    limit: 1e9,
    warnAt: [],
    forecastAt: [],
    atLimit: 'warn',
  },
  ...over,
});
const GPU = 'Studio:JupyterLab-ml.g5.xlarge';
const holder = { domainId: ref.domainId, userProfileName: 'alice' };

/** A bill that says what a test puts there, for every day that it is asked for. */
function fakeBill() {
  const bill = {
    days: new Map<string, Partial<BilledDay>>(),
    asked: [] as string[],
    error: undefined as PortError | undefined,
    async read(_region: string, from: string, to: string) {
      bill.asked.push(`${from}..${to}`);
      if (bill.error) throw bill.error;
      const days: BilledDay[] = [];
      for (let date = at(from); date < at(to); date += DAY) {
        const name = new Date(date).toISOString().slice(0, 10);
        days.push({ date: name, isEstimated: false, rows: [], foreign: [], ...bill.days.get(name) });
      }
      return { days, faults: [], requests: 2 };
    },
    credits: async () => 0,
    forecast: async () => undefined as number | undefined,
  };
  return bill satisfies Bill;
}

function lab(policy: Partial<Policy> = {}) {
  const it = world({ limits: [], budgets: [budget('month')], ...policy });
  const bill = fakeBill();
  const app = { ...ref, instanceType: 'ml.g5.xlarge' };
  const goings = async (): Promise<Goings> => {
    const { runs, volumes = [], books } = await it.ports.runs.load(PLACE);
    return { place: PLACE, runs, volumes, books, rates: await it.ports.prices.rates('us-east-1') };
  };
  return Object.assign(it, {
    bill,
    app,
    close: (now: Instant) => closeBooks({ ...it.ports, bill }, it.policy, { place: PLACE, now }),
    /** An app lives, and its events come at once. */
    async live(from: Instant, to: Instant, appName = 'default') {
      it.ports.fleet.start({ ...app, appName }, from);
      await it.event({ kind: 'app created', app: { ...app, appName }, at: from });
      it.ports.fleet.end({ ...app, appName });
      await it.event({ kind: 'app deleted', app: { ...app, appName }, at: to });
    },
    goings,
    async spent(period: Budget['period'], now: Instant, moment = now) {
      const of = periodOf(period, moment, it.policy.timezone);
      const [spending] = await spendingIn([of], it.ports, await goings(), now);
      return sumSpend(spending!.owners, undefined);
    },
  });
}

describe('closing', () => {
  test('figures are the same before and after, closed daily, after a week, or twice', async () => {
    const from = at('2026-11-05T20:00:00Z');
    const figures: number[][] = [];
    for (const closings of [[], [1, 2, 3, 4, 5, 6, 7, 8, 9], [9], [3, 3, 9, 9]]) {
      const it = lab({ timezone: 'America/New_York' });
      await it.live(from, from + 30 * HOUR);
      await it.live(from + 40 * HOUR, from + 40 * HOUR + 7 * MINUTE);
      for (const days of closings) await it.close(from + days * DAY);
      const now = from + 9 * DAY;
      figures.push([
        (await it.spent('month', now)).amount,
        (await it.spent('week', now, from)).amount,
        (await it.spent('total', now)).amount,
      ]);
    }
    const expected = 30 * 1_410_000 + Math.round((7 * 1_410_000) / 60);
    expect(figures).toEqual(figures.map(() => [expected, expected, expected]));
  });

  test('killed at any of its writes, the next closing is right', async () => {
    const from = at('2026-11-05T20:00:00Z');
    for (let dies = 1; dies < 12; dies++) {
      const it = lab();
      await it.live(from, from + 30 * HOUR);
      let writes = 0;
      const { close, keep } = it.ports.ledger;
      const mortal = <A extends unknown[]>(work: (...args: A) => Promise<void>) =>
        (async (...args: A) => {
          writes++;
          if (writes === dies) throw new Error('killed');
          await work(...args);
        }) as typeof work;
      Object.assign(it.ports.ledger, { close: mortal(close), keep: mortal(keep) });
      await it.close(from + 8 * DAY).catch(() => undefined);
      Object.assign(it.ports.ledger, { close, keep });
      expect((await it.spent('month', from + 8 * DAY)).amount).toBe(30 * 1_410_000);
      await it.close(from + 8 * DAY + HOUR);
      expect((await it.spent('month', from + 8 * DAY + HOUR)).amount).toBe(30 * 1_410_000);
    }
  });

  test('a scan’s sums need no closed day: one read of history for what is open', async () => {
    const it = lab();
    const from = at('2026-11-05T20:00:00Z');
    await it.live(from, from + 30 * HOUR);
    await it.close(from + 8 * DAY);
    it.ports.ledger.days = async () => Promise.reject(new Error('read'));
    expect((await it.spent('month', from + 8 * DAY)).amount).toBe(30 * 1_410_000);
  });

  test('a budget that is newer than the books is added up from the days', async () => {
    const it = lab();
    const from = at('2026-11-05T20:00:00Z');
    await it.live(from, from + 30 * HOUR);
    await it.close(from + 8 * DAY);
    const term = { from: '2026-11-06', to: '2026-12-20' };
    // From midnight on: 26 of the 30 hours.
    expect((await it.spent(term, from + 8 * DAY)).amount).toBe(26 * 1_410_000);
  });

  test('volumes are in the books, of a space that nobody owns its domain’s', async () => {
    const it = lab();
    const from = at('2026-11-05T00:00:00Z');
    const space = { domainId: ref.domainId, spaceName: 'lab', createdAt: from, appType: 'JupyterLab', gigabytes: 100 };
    addSpace(it.ports.fleet, space);
    await it.scan(from + HOUR);
    it.ports.prices.rates = async () => ({ source: 'x', byInstance: new Map(), gigabyteMonth: 1_120_000_000 });
    await it.close(from + 6 * DAY);
    const lines = await linesIn(periodOf('month', from, 'UTC'), it.ports, await it.goings(), 'UTC', from + 6 * DAY);
    expect(lines.reduce((sum, { accrued = 0 }) => sum + accrued, 0)).toBe(2_240_000);
    expect(lines.every(({ owner, domainId }) => owner === undefined && domainId === ref.domainId)).toBe(true);
  });
});

describe('the bill', () => {
  const from = at('2026-11-05T00:00:00Z');
  const settled = (amount: number, over: Partial<BilledDay> = {}) => ({
    rows: [{ holder, usage: GPU, amount }],
    ...over,
  });

  test('replaces what was accrued once it is settled; AWS’s estimates are asked for again, and no others', async () => {
    const it = lab();
    await it.live(from, from + 10 * HOUR);
    it.bill.days.set('2026-11-05', settled(13_000_000, { isEstimated: true }));
    const first = await it.close(from + 4 * DAY);
    expect([first.unsettled, first.requests, it.bill.asked]).toEqual([1, 2, ['2026-11-01..2026-11-09']]);
    expect((await it.spent('month', from + 4 * DAY)).billed).toBe(0);
    it.bill.days.set('2026-11-05', settled(13_700_000));
    const second = await it.close(from + 5 * DAY);
    expect([second.unsettled, it.bill.asked.at(-1)]).toEqual([0, '2026-11-05..2026-11-10']);
    expect(await it.spent('month', from + 5 * DAY)).toMatchObject({ billed: 13_700_000, accrued: 0 });
    expect((await it.goings()).books!.drift).toEqual({ billed: 13_700_000, accrued: 14_100_000, days: 1 });
    await it.close(from + 6 * DAY);
    expect(it.bill.asked.at(-1)).toBe('2026-11-08..2026-11-11');
  });

  test('knows of days before Curfew did: a month’s budget begins with its month', async () => {
    const it = lab();
    it.bill.days.set('2026-11-02', settled(5_000_000));
    await it.live(from, from + HOUR);
    await it.close(from + 4 * DAY);
    expect(await it.spent('month', from + 4 * DAY)).toMatchObject({ billed: 5_000_000 });
  });

  test.each([
    ['denied', 'AccessDeniedException', /Give the spend function ce:GetCostAndUsage/, 0],
    ['refused', 'DataUnavailableException', /Cost Explorer has no data yet/, 0],
    ['throttled', 'LimitExceededException', /tried again tomorrow/, 1],
    ['fault', 'HalfAPageSet', /tried again tomorrow/, 1],
  ] as const)(
    '%s: figures stay, the books close, and somebody is told what to do',
    async (kind, code, words, faults) => {
      const it = lab();
      await it.live(from, from + 10 * HOUR);
      it.bill.error = new PortError(kind, code, 'no');
      const report = await it.close(from + 4 * DAY);
      expect([report.findings.length, report.faults.length]).toEqual([1, faults]);
      expect(report.findings[0]).toMatch(words);
      expect((await it.spent('month', from + 4 * DAY)).accrued).toBe(14_100_000);
      expect((await it.goings()).books).toMatchObject({ closedUntil: at('2026-11-07'), findings: report.findings });
      it.bill.error = undefined;
      it.bill.days.set('2026-11-05', settled(13_000_000));
      await it.close(from + 5 * DAY);
      expect((await it.spent('month', from + 5 * DAY)).billed).toBe(13_000_000);
      expect((await it.goings()).books!.findings).toEqual([]);
    },
  );

  test('yesterday’s bill stays, with its date, when today’s cannot be read', async () => {
    const it = lab();
    await it.live(from, from + 10 * HOUR);
    it.bill.days.set('2026-11-05', settled(13_000_000));
    await it.close(from + 4 * DAY);
    it.bill.error = new PortError('throttled', 'LimitExceededException', 'no');
    await it.close(from + 5 * DAY);
    expect((await it.goings()).books!.billedAt).toBe(from + 4 * DAY);
    expect((await it.spent('month', from + 5 * DAY)).billed).toBe(13_000_000);
  });

  test('without active tags: owners keep what they accrued, the account has the bill, and the command to mend it is told', async () => {
    const it = lab();
    await it.live(from, from + 10 * HOUR);
    it.bill.days.set('2026-11-05', { rows: [{ usage: GPU, amount: 15_000_000 }] });
    const { findings } = await it.close(from + 4 * DAY);
    expect(findings).toEqual([expect.stringContaining('aws ce update-cost-allocation-tags-status')]);
    const { owners } = (await it.goings()).books!.sums[0]!;
    expect(owners.map(({ owner, billed }) => [owner, billed])).toEqual([
      ['alice', 14_100_000],
      [undefined, 900_000],
    ]);
  });

  test('in other money a day keeps what was accrued', async () => {
    const it = lab();
    await it.live(from, from + 10 * HOUR);
    it.bill.days.set('2026-11-05', { foreign: [{ usage: GPU, amount: '90', currency: 'CNY' }] });
    await it.close(from + 4 * DAY);
    expect(await it.spent('month', from + 4 * DAY)).toMatchObject({ billed: 0, accrued: 14_100_000 });
    expect((await it.ports.ledger.days(PLACE, from, from + DAY))[0]!.foreign).toHaveLength(1);
  });

  test('AWS’s own forecast is asked for once a day, and only where a budget of the account wants it', async () => {
    const it = lab();
    it.bill.forecast = async () => 70_000_000;
    expect((await it.close(from + 4 * DAY)).requests).toBe(2);
    it.policy.budgets = [budget('month', { for: 'account', forecastAt: [1] })];
    expect((await it.close(from + 5 * DAY)).requests).toBe(3);
    expect((await it.goings()).books!.awsForecast).toMatchObject({ amount: 70_000_000, from: at('2026-11-10') });
    it.bill.forecast = async () => Promise.reject(new PortError('fault', 'X', 'no'));
    expect((await it.close(from + 6 * DAY)).faults).toEqual([
      "AWS's forecast was not read (X: no); that of 2026-11-10 stays",
    ]);
  });
});

describe('any history', () => {
  test('spend with books closed whenever is what a meter of minutes shows, in every period and zone', async () => {
    const life = fc.record({
      pause: fc.integer({ min: 3, max: 30 * 60 }),
      length: fc.integer({ min: 3, max: 40 * 60 }),
      late: fc.integer({ min: 0, max: 20 * 60 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { minLength: 1, maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 20 * 24 }), { maxLength: 12 }),
        fc.constantFrom('UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
        async (lives, closings, timezone) => {
          // New York sets its clocks back on the first of November.
          const begin = at('2026-10-28T07:00:00Z');
          const term = { from: '2026-10-30', to: '2026-11-05' };
          const it = lab({ timezone, budgets: [budget('month'), budget('week'), budget(term), budget('total')] });
          const agenda: [Instant, () => unknown][] = closings.map((hours) => {
            const now = begin + hours * HOUR;
            return [now, () => it.close(now)];
          });
          const truth: [Instant, Instant][] = [];
          let clock = begin;
          for (const { pause, length, late } of lives) {
            const from = clock + pause * MINUTE;
            clock = from + length * MINUTE;
            const to = clock;
            truth.push([from, to]);
            agenda.push(
              [from, () => it.ports.fleet.start(it.app, from)],
              [to, () => it.ports.fleet.end(it.app)],
              [from + late * MINUTE, () => it.event({ kind: 'app created', app: it.app, at: from })],
              [to + (20 * 60 - late) * MINUTE, () => it.event({ kind: 'app deleted', app: it.app, at: to })],
            );
          }
          for (const [, deed] of agenda.sort(([a], [b]) => a - b)) await deed();
          const now = Math.max(begin + 20 * DAY, clock + DAY);
          const shown = (minutes: number) => Math.round((minutes * 1_410_000) / 60);
          for (const [kind, moment] of [
            ['month', begin],
            ['month', now],
            ['week', begin + 4 * DAY],
            [term, now],
            ['total', now],
          ] as const) {
            const period = periodOf(kind, moment, timezone);
            let expected = 0;
            for (const [from, to] of truth)
              for (let tick = from, n = 0; tick < to; tick += MINUTE, n++)
                if (period.from <= tick && tick < period.to) expected += shown(n + 1) - shown(n);
            expect((await it.spent(kind, now, moment)).accrued).toBe(expected);
            const lines = await linesIn(period, it.ports, await it.goings(), timezone, now);
            expect(sumSpend(sumClosed(period, now, [{ lines }]).owners, undefined).accrued).toBe(expected);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { PortError } from '../../src/application/ports.ts';
import { periodOf } from '../../src/domain/period.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { addSpace } from '../memory/ports.ts';
import { appOf, at, budgetOver, inSpace, LAB, lab, profile, whole } from './books-lab.ts';

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
      expect(report).toMatchObject({ closed: 20, settled: 0, unsettled: 20, requests: 2 });
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

  test('that names profiles and never a space: the finding names the one tag that is missing', async () => {
    const it = await ranOnce();
    await it.ran(inSpace('lab'), at(`${DATE}T10:00`), at(`${DATE}T14:00`), 'bob');
    it.bill.rows.push({ date: DATE, usage: LAB, amount: 40_000_000 });
    const { findings } = await it.close(first);
    expect(findings).toEqual([expect.stringContaining('No row of the bill carries sagemaker:space-arn, though')]);
    expect((await it.books()).findings).toEqual(findings);
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

  test('of a name in another case is whose it is on record, profile or space', async () => {
    const it = lab();
    await it.ran(appOf('Alice'), at(`${DATE}T10:00`), at(`${DATE}T12:00`));
    await it.ran(inSpace('Team-Space'), at(`${DATE}T10:00`), at(`${DATE}T12:00`), 'Bob');
    it.bill.rows = [
      { date: DATE, holder: profile('alice'), usage: LAB, amount: 19_000_000 },
      { date: DATE, holder: { domainId: ref.domainId, spaceName: 'team-space' }, usage: LAB, amount: 18_000_000 },
    ];
    await it.close(first);
    expect(await it.dollars(month, first)).toEqual({ Alice: 19, Bob: 18 });
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

  test('that was read is not asked for again by the same event, which AWS gives again when anything of the day fails', async () => {
    const it = await ranOnce();
    expect((await it.close(first)).requests).toBeGreaterThan(0);
    const { writes } = it.ports.ledger;
    const before = await it.books();
    expect(await it.close(first)).toMatchObject({ closed: 0, requests: 0, findings: before.findings, faults: [] });
    expect([await it.books(), it.ports.ledger.writes]).toEqual([before, writes]);
  });

  test('of $0, as in a free tier, is $0, and no doubt', async () => {
    const it = await ranOnce();
    it.bill.rows = [{ date: DATE, holder: profile('alice'), usage: LAB, amount: 0 }];
    expect(await it.close(first)).toMatchObject({ doubts: [], findings: [] });
    expect(whole(await it.spent(month, first))).toMatchObject({ billed: 0, accrued: 0 });
    // What AWS gives away says nothing of how it meters.
    expect((await it.books()).drift).toEqual({ billed: 0, accrued: 0, days: 0 });
    const other = await ranOnce();
    other.bill.rows = [{ date: DATE, usage: 'Canvas:Session-Hrs', amount: 0 }];
    expect((await other.close(first)).doubts).toEqual([expect.stringContaining(`has no row of ${LAB}`)]);
    expect(whole(await other.spent(month, first))).toMatchObject({ billed: 0, accrued: 20_000_000 });
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
    // Nine days of UTC, the last of which New York's November has five hours of.
    expect((await it.books()).awsForecast).toEqual({
      ...{ amount: 8 * 3_000_000 + 625_000, from: at('2026-11-23') },
      period: periodOf('month', first, 'America/New_York'),
    });
    it.bill.perDay = undefined;
    expect((await it.close(first + DAY)).requests).toBe(3);
    expect(await it.books()).not.toHaveProperty('awsForecast');
    it.policy.budgets = [budgetOver('month', { forecastAt: [1] })];
    expect((await it.close(at('2026-12-02T06:00'))).requests).toBe(2);
  });

  test.each([
    ['Asia/Tokyo', '2026-12-01', 7 * 24 + 15],
    ['UTC', '2026-12-01', 8 * 24],
    ['America/New_York', '2026-12-02', 8 * 24 + 5],
  ])('AWS’s forecast reaches to the month’s end in %s, and is of the region', async (timezone, end, hours) => {
    const it = lab({ budgets: [budgetOver('month', { for: 'account', forecastAt: [1] })], timezone });
    const asked: string[][] = [];
    it.bill.forecast = async (...args) => {
      asked.push(args);
      return ((at(args[2]) - at(args[1])) / HOUR) * 1_000_000;
    };
    await it.close(first);
    expect(asked).toEqual([['us-east-1', '2026-11-23', end]]);
    expect((await it.books()).awsForecast?.amount).toBe(hours * 1_000_000);
  });

  test('AWS’s forecast that may not be read is a finding with what to do, and the last one stays while its month lasts', async () => {
    const it = lab({ budgets: [budgetOver('month', { for: 'account', forecastAt: [1] })], timezone: 'UTC' });
    it.bill.perDay = 3_000_000;
    await it.close(first);
    const last = (await it.books()).awsForecast;
    expect(last).toMatchObject({ from: at('2026-11-23') });
    const fail = (failure: PortError) => {
      it.bill.forecast = async () => Promise.reject(failure);
    };
    fail(new PortError('denied', 'AccessDeniedException', 'no ce:GetCostForecast'));
    const remedy = /AccessDenied.*that of 2026-11-23 stays.*Give the spend function ce:GetCostForecast/;
    expect(await it.close(first + DAY)).toMatchObject({ faults: [], findings: [expect.stringMatching(remedy)] });
    expect(await it.books()).toMatchObject({ awsForecast: last, findings: [expect.stringMatching(remedy)] });
    fail(new PortError('throttled', 'LimitExceededException', 'slow down'));
    expect(await it.close(first + 2 * DAY)).toMatchObject({
      closed: 1,
      faults: [expect.stringContaining('LimitExceededException')],
      findings: [expect.stringContaining('tried again tomorrow')],
    });
    expect((await it.books()).awsForecast).toEqual(last);
    // Its month is over.
    const { findings } = await it.close(at('2026-12-03T06:00'));
    expect(findings).toEqual([expect.stringContaining("budgets go by Curfew's own alone")]);
    expect(await it.books()).not.toHaveProperty('awsForecast');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleJob, HANDLERS } from '../../bench/bundles.ts';
import { type MoneyJobs, measureMoney, moneyFaults } from '../../bench/money.ts';
import { costOf, ownBill, readStanding } from '../../bench/own-bill.ts';
import { measureUse, type OwnUse } from '../../bench/own-use.ts';
import { weeklyFaults } from '../../bench/weekly.ts';

let jobs: MoneyJobs;
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'curfew-bench-test-'));
  const bundle = (name: string) =>
    bundleJob(fileURLToPath(new URL(`../../bench/${name}.ts`, import.meta.url)), join(folder, `${name}.mjs`));
  const [runner, job] = (await Promise.all(['measured', 'job-scan'].map(bundle))) as [string, string];
  jobs = { runner, job, handlers: resolve(HANDLERS), folder };
});
afterAll(() => rm(jobs.folder, { recursive: true }));

describe('a month of money', () => {
  it('costs a quiet scan the queries of the open days, and the bill full pages, whatever the number of owners', async () => {
    const [few, more] = [await measureMoney(40, jobs), await measureMoney(400, jobs)];
    expect([few.faults, more.faults]).toEqual([[], []]);
    expect(few.reads).toEqual(more.reads);
    // Two days that are closed no more than half, a third, today; and the month of volumes that are gone.
    expect(more.reads.scan - more.reads.plain).toBeLessThanOrEqual(5);
    for (const { bill } of [few.first, few.daily, more.first, more.daily]) expect(bill.queries).toBe(2);
    // Two queries, each of one page: two requests a day.
    expect(few.daily.bill.pages).toBe(2);
    expect(more.first.bill.pages).toBe(more.first.bill.least);
    expect(more.first.bill.pages).toBeGreaterThan(4);
  }, 120_000);

  it('is at fault where a scan reads for each owner, writes, or the bill is read twice', () => {
    const closing = { ms: 1, peakBytes: 1, reads: 1, writes: 1, bill: { queries: 2, pages: 4, least: 4 } };
    const backstop = { running: 5, first: 5, quiet: 0 };
    const fine = { owners: 100, reads: { scan: 5, plain: 1 }, backstop, first: closing, daily: closing };
    expect(moneyFaults(fine, 0)).toEqual([]);
    expect(moneyFaults({ ...fine, reads: { scan: 101, plain: 1 } }, 0)).toEqual([expect.stringContaining('100 reads')]);
    expect(moneyFaults(fine, 3)).toHaveLength(1);
    for (const spoiled of [{ quiet: 1 }, { first: 10 }])
      expect(moneyFaults({ ...fine, backstop: { ...backstop, ...spoiled } }, 0)).toEqual([
        expect.stringContaining('Scheduler'),
      ]);
    const twice = { ...closing, bill: { queries: 4, pages: 8, least: 8 } };
    expect(moneyFaults({ ...fine, daily: twice }, 0)).toEqual([expect.stringContaining('4 queries')]);
  });
});

describe('the reports of a week', () => {
  const fine = { owners: 10_000, owed: 10_000, ms: 1, peakBytes: 1, reads: 380, writes: 10_001, requests: 0 };
  const idle = { reads: 1, writes: 0 };

  it('are at fault where one has a query or a second write of its own, asks for the bill, or an idle round looks', () => {
    expect(weeklyFaults({ ...fine, idle })).toEqual([]);
    for (const over of [
      { owed: 4_999 },
      { reads: 10_000 },
      { writes: 20_000 },
      { requests: 1 },
      { idle: { reads: 2, writes: 0 } },
      { idle: { reads: 1, writes: 1 } },
    ])
      expect(weeklyFaults({ ...fine, idle, ...over }).length, JSON.stringify(over)).toBeGreaterThan(0);
  });
});

describe('Curfew’s own bill', () => {
  const nothing = { reads: 0, writes: 0, cpuMs: 0, waitMs: 0, loggedBytes: 0 };
  const idle: OwnUse = {
    users: 0,
    calls: {
      ...{ scan: nothing, spend: nothing, deliver: nothing, mail: nothing, 'weekly-report': nothing },
      ...{ 'studio-event': nothing, 'activity-event': nothing, 'mail-feedback': nothing },
    },
    requests: 2,
  };

  it('has what is charged for being there from the stack itself', async () => {
    const standing = await readStanding(new URL('../../stack/', import.meta.url));
    // Six alarms on a metric each, and one on the errors of two functions.
    expect(standing).toEqual({ alarmMetrics: 8, dashboards: 1 });
  });

  it('adds up amounts times prices, and leaves out what is always free', () => {
    const items = ownBill(idle, { alarmMetrics: 12, dashboards: 1 });
    const of = (what: string, isBeyondFree = false) =>
      costOf(
        items.filter((item) => item.what === what),
        isBeyondFree,
      );
    expect(of('Cost Explorer')).toBeCloseTo(0.6);
    expect([of('CloudWatch, alarms'), of('CloudWatch, alarms', true)]).toEqual([
      expect.closeTo(1.2),
      expect.closeTo(0.2),
    ]);
    expect([of('CloudWatch, dashboard'), of('CloudWatch, dashboard', true)]).toEqual([3, 0]);
    // 60,510 calls of what the clock starts, and 60 mails of digests.
    expect(of('Lambda, requests')).toBeCloseTo(((8_640 + 51_840 + 30 + 60) * 0.2) / 1e6);
  });

  it('rests on calls that are counted: each function of a small lab', async () => {
    const { calls, requests } = await measureUse(60, 0, jobs);
    expect(requests).toBe(2);
    expect(calls.scan).toMatchObject({ writes: 0 });
    expect(calls.deliver).toMatchObject({ reads: expect.any(Number), writes: 0 });
    // A look at the index of what is owed, and at the switch.
    expect(calls.deliver.reads).toBeLessThanOrEqual(2);
    expect(calls['activity-event']).toMatchObject({ writes: 1 });
    for (const use of Object.values(calls)) expect(use.reads + use.writes).toBeGreaterThan(0);
  }, 60_000);
});

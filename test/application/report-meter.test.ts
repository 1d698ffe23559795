import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesIn } from '../../src/application/spending.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { adminReport, ownerReport, teamReport } from '../../src/domain/report/report.ts';
import { datesOf, weekNamed } from '../../src/domain/report/week.ts';
import { sumClosed, sumSpend } from '../../src/domain/spending.ts';
import { DAY, HOUR, type Instant, localTime, MINUTE } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { addSpace } from '../memory/ports.ts';
import { appOf, at, LAB, profile } from './books-lab.ts';
import { reportLab } from './report-lab.ts';

const sum = (amounts: number[]) => amounts.reduce((total, one) => total + one, 0);

/** Every row of a report adds up to what it says was spent. */
function addsUp(facts: ReportFacts): void {
  expect(facts.billed + facts.estimated).toBe(facts.spent);
  expect(sum(facts.days.map(({ amount }) => amount))).toBe(facts.spent);
  expect(sum(facts.rows.map(({ amount }) => amount)) + facts.more.amount).toBe(facts.spent);
  if (facts.scope !== 'owner')
    expect(sum(facts.people.map(({ amount }) => amount)) + facts.morePeople.amount).toBe(facts.spent);
  const { up, used, idle, unknown } = facts.hours;
  expect(used + idle + unknown).toBe(up);
  expect(Math.min(used, idle, unknown)).toBeGreaterThanOrEqual(0);
}

describe('a report against `curfew spend` and a meter that ticks every minute', () => {
  const life = fc.record({
    pause: fc.integer({ min: 3, max: 40 * 60 }),
    length: fc.oneof(fc.integer({ min: 3, max: 300 }), fc.integer({ min: 3, max: 3 * 24 * 60 })),
  });
  const lives = fc.array(life, { maxLength: 5 });
  const zones = ['UTC', 'America/New_York', 'Europe/London', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
  const bills = fc.array(
    fc.record({
      day: fc.integer({ min: 0, max: 16 }),
      who: fc.constantFrom('alice', 'bob', undefined),
      usage: fc.constantFrom(LAB, 'Studio:VolumeUsage.gp3', 'Train:ml.p3.2xlarge'),
      amount: fc.integer({ min: -3_000_000, max: 90_000_000 }),
    }),
    { maxLength: 25 },
  );

  test('its figures are theirs, and its rows add up to them, whatever ran and whatever was billed', async () => {
    // Clocks go back on October 25 in London, on November 1 in New York; both are Sundays.
    const begin = at('2026-10-14T00:00');
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(lives, lives, lives),
        fc.constantFrom(...zones),
        fc.option(bills),
        fc.array(fc.integer({ min: 0, max: 25 * 1440 }), { maxLength: 8 }),
        async (all, timezone, billed, closings) => {
          const it = reportLab({ timezone, prices: { volume: parseRate('1') } });
          it.bill.estimatedFrom = billed ? '2026-10-27' : '2000-01-01';
          it.bill.rows = (billed ?? []).map(({ day, who, usage, amount }) => {
            const date = new Date(begin + day * DAY).toISOString().slice(0, 10);
            return { date, usage, amount, ...(who === undefined ? {} : { holder: profile(who) }) };
          });
          const apps = [appOf('alice'), appOf('bob'), appOf('alice', 'other')];
          const truth: { owner: string; from: Instant; to: Instant }[] = [];
          const agenda: [Instant, () => unknown][] = [];
          all.forEach((steps, i) => {
            let now = begin;
            for (const { pause, length } of steps) {
              const from = now + pause * MINUTE;
              const to = from + length * MINUTE;
              now = to + 5 * MINUTE;
              truth.push({ owner: apps[i]!.userProfileName, from, to });
              agenda.push([from, () => it.event({ kind: 'app created', app: apps[i]!, at: from })]);
              agenda.push([to, () => it.event({ kind: 'app deleted', app: apps[i]!, at: to })]);
            }
          });
          const created = begin + 100 * MINUTE;
          addSpace(it.ports.fleet, {
            ...{ domainId: ref.domainId, spaceName: 'lab', owner: 'bob', sharing: 'Private', createdAt: created },
            ...{ appType: 'JupyterLab', gigabytes: 77 },
          });
          agenda.push([created + HOUR, () => it.scan(created + HOUR)]);
          for (const after of closings) agenda.push([begin + after * MINUTE, () => it.close(begin + after * MINUTE)]);
          for (const [, deed] of agenda.sort(([a], [b]) => a - b)) await deed();
          const now = Math.max(begin + 27 * DAY, ...truth.map(({ to }) => to + DAY));

          for (const name of ['2026-W43', '2026-W44', '2026-W45']) {
            const { book, parts, week } = await it.book(name, now);
            const goings = await it.goings();
            const lines = await linesIn(week, it.ports, goings, timezone, now);
            const drift = goings.books?.drift;
            const spend = (owner?: string) => {
              const its = lines.filter((line) => owner === undefined || line.owner === owner);
              return sumSpend(sumClosed(week, week.from, [{ lines: its }]).owners, drift);
            };
            const whole = adminReport(book);
            expect(whole.spent).toBe(spend().amount);
            addsUp(whole);
            const team = teamReport(book, ref.domainId);
            addsUp(team);
            for (const owner of ['alice', 'bob']) {
              const facts = ownerReport(book, parts, [`${ref.domainId}/${owner}`]);
              const { amount, billed: ofIt } = spend(owner);
              expect([facts.spent, facts.billed]).toEqual([amount, ofIt]);
              addsUp(facts);
              const its = truth.filter((one) => one.owner === owner);
              const up = sum(its.map(({ from, to }) => Math.max(0, Math.min(to, week.to) - Math.max(from, week.from))));
              expect(facts.hours.up).toBe(up);
              if (billed) continue;
              // Without a bill, each minute costs what the meters of the runs and of the volume move in it.
              const shown = (ticks: number) => Math.round((ticks * 1_410_000) / 60);
              const days = new Map(datesOf(week, timezone).map((date) => [date, 0]));
              for (let minute = week.from; minute < week.to; minute += MINUTE) {
                let moved = 0;
                for (const { from, to } of its)
                  if (from <= minute && minute < to)
                    moved += shown((minute - from) / MINUTE + 1) - shown((minute - from) / MINUTE);
                if (owner === 'bob') moved += volumeIn(minute, created);
                const { date } = localTime(minute, timezone);
                if (moved !== 0) days.set(date, days.get(date)! + moved);
              }
              expect(facts.days.map(({ date, amount: one }) => [date, one])).toEqual([...days]);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);

  /** A volume's meter begins anew with each month of UTC: $77 a month. */
  function volumeIn(minute: Instant, created: Instant): number {
    const date = new Date(minute);
    const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
    const long = (Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - first) / MINUTE;
    const ticks = (minute - Math.max(first, created)) / MINUTE;
    const until = (count: number) => Math.round((count * 77_000_000) / long);
    return ticks < 0 ? 0 : until(ticks + 1) - until(ticks);
  }
});

describe('what a week was like before', () => {
  test('is told where it is on record, and a mean of as many weeks', async () => {
    const it = reportLab();
    it.bill.estimatedFrom = '2000-01-01';
    for (const [date, hours] of [
      ['2026-11-03', 1],
      ['2026-11-10', 2],
      ['2026-11-17', 6],
    ] as const)
      await it.ran(appOf('alice'), at(`${date}T09:00`), at(`${date}T09:00`) + hours * HOUR);
    await it.close(at('2026-11-02T06:00'));
    await it.close(at('2026-11-23T06:00'));
    const facts = await it.reportOf('alice', '2026-W47', at('2026-11-23T08:00'));
    // The books begin on Saturday, 31 October: week 44 is not on record whole.
    expect(facts).toMatchObject({ spent: 60_000_000, last: 20_000_000, mean: { amount: 15_000_000, weeks: 2 } });
    const first = await it.reportOf('alice', '2026-W45', at('2026-11-23T08:00'));
    expect(first).not.toHaveProperty('last');
    expect(first).not.toHaveProperty('mean');
    expect(first.source).not.toHaveProperty('recordedSince');
    const before = await it.reportOf('alice', '2026-W44', at('2026-11-23T08:00'));
    expect(before.source.recordedSince).toBe(at('2026-10-31T00:00'));
  });

  test('a week without data is nothing, not an error', async () => {
    const it = reportLab();
    const { book } = await it.book('2026-W47', at('2026-11-23T08:00'));
    expect(adminReport(book)).toMatchObject({ spent: 0, rows: [], people: [] });
    expect(book.source.recordedSince).toBe(at('2026-11-23T08:00'));
    expect(weekNamed('2026-W47', 'UTC')!.to).toBe(at('2026-11-23T00:00'));
  });
});

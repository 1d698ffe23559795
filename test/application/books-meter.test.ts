import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesIn } from '../../src/application/spending.ts';
import { type PeriodKind, periodOf } from '../../src/domain/period.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { addSpace } from '../memory/ports.ts';
import { appOf, at, budgetOver, lab, PRICES, whole } from './books-lab.ts';

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

import { sinceDue } from '../oracle/calendar.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../spec.ts';
import type { Step } from '../steps.ts';
import type { Life } from './life.ts';
import { going } from './luck.ts';

/** The books are closed once a day; in bad times now and then not at all, twice, or beside a scan. */
export function account(life: Life, start: number): void {
  const { agenda, luck } = life;
  const daily = (at: number) =>
    agenda.put(at, (now) => {
      daily(now + DAY);
      // Where nobody asks what was spent, closing brings nothing to light, but for schedules of no run.
      const { budgets, backstop, weekly } = life.lab.spec;
      const isAsked = budgets.length > 0 || luck.chance(weekly ? 0.3 : backstop.for.includes('uptime') ? 0.05 : 0);
      if (!isAsked) return [];
      if (now < life.outUntil || (life.isBad && luck.chance(0.3))) return [];
      const spend: Step = { at: now, do: 'spend', ...going(luck, life.isBad, 12) };
      if (!life.isBad || !luck.chance(0.15)) return [spend];
      const beside = { overlaps: true as const, luck: luck.whole(1, 1e9) };
      return [
        spend,
        luck.pick<Step>([
          { ...spend, ...beside },
          { at: now, do: 'scan', ...beside },
        ]),
      ];
    });
  daily(Math.ceil(start / DAY) * DAY + 5 * HOUR + 17 * MINUTE);
  const hourly = (at: number) =>
    agenda.put(at, (now) => {
      hourly(now + HOUR);
      return now < life.outUntil ? [] : reportSteps(life, now);
    });
  hourly(Math.ceil(start / HOUR) * HOUR + 90 * SECOND);
}

/** Each quarter of an hour a round is started: of these, the simulator makes one in some hours while reports are due, and one for nothing. */
function reportSteps({ lab, luck, isBad }: Life, now: number): Step[] {
  const { weekly, timezone } = lab.spec;
  if (!weekly) return [];
  const since = sinceDue(weekly, now, timezone);
  if (since >= 2 * DAY) return [];
  const [progress] = lab.ports.reports.items.values();
  const isDone = progress?.isDone && lab.judge.reportedAt > now - since - HOUR;
  if (!luck.chance(isDone ? 0.01 : isBad ? 0.15 : 1)) return [];
  const batches = isBad && luck.chance(0.2) ? { batches: luck.whole(0, 1) } : {};
  const round: Step = { at: now, do: 'report', ...batches, ...going(luck, isBad, 30) };
  if (!isBad || !luck.chance(0.15)) return [round];
  return [round, { ...round, overlaps: true, luck: luck.whole(1, 1e9) }];
}

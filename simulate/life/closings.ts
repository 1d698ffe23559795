import { DAY, HOUR, MINUTE } from '../spec.ts';
import type { Step } from '../steps.ts';
import type { Life } from './life.ts';
import { going } from './luck.ts';

/** The books are closed once a day; in bad times now and then not at all, twice, or beside a scan. */
export function account(life: Life, start: number): void {
  const { agenda, luck } = life;
  const daily = (at: number) =>
    agenda.put(at, (now) => {
      daily(now + DAY);
      // Where nobody asks what was spent, closing brings nothing to light.
      if (life.lab.spec.budgets.length === 0) return [];
      if (now < life.outUntil || (life.isBad && luck.chance(0.05))) return [];
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
}

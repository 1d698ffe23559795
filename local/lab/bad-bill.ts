import type { EmbeddedAws } from '../aws/index.ts';
import { wallTime, weekdayOf } from './calendar.ts';
import type { Random } from './random.ts';

/** Makes the bill what AWS's is: late, an estimate for days, below what ran, some rows without tags, some of no app of ours. */
export function badBill({ costExplorer }: EmbeddedAws, random: Random, seed: string, days: number): void {
  Object.assign(costExplorer, { drift: 1.03, untagged: 0.04, seed });
  for (let day = 0; day < days; day++) {
    const date = new Date(wallTime(day, 12)).toISOString().slice(0, 10);
    const hours = random.between(2, 4);
    // Somebody's training job: SageMaker too, and none of Studio's.
    if ([2, 4].includes(weekdayOf(day)))
      costExplorer.extras.push({ date, usage: 'USE1-Train:ml.m5.xlarge', amount: (hours * 0.23).toFixed(10) });
  }
  const date = new Date(wallTime(1, 12)).toISOString().slice(0, 10);
  costExplorer.extras.push({ date, usage: 'USE1-Studio:Credit', amount: '-25', recordType: 'Credit' });
}

import type { Random } from '../../local/lab/random.ts';
import { SECOND } from '../spec.ts';
import type { Fault, Going } from '../steps.ts';

/** Draws one of several, or a number; whatever the order of calls, the same stream gives the same. */
export interface Luck extends Random {
  pick<T>(all: readonly T[]): T;
  whole(low: number, high: number): number;
  /** Some time around `mean`, mostly less, seldom much more. */
  about(mean: number): number;
}

export function luckOf(random: Random): Luck {
  return {
    ...random,
    pick: (all) => all[Math.floor(random.next() * all.length)]!,
    whole: (low, high) => low + Math.floor(random.next() * (high - low + 1)),
    about: (mean) => Math.round(-Math.log(1 - random.next()) * mean),
  };
}

const HOW: Fault['how'][] = ['throttled', 'fault', 'timeout', 'timeout', 'denied'];
const DEATHS: Fault['how'][] = ['dies before', 'dies after'];

/** What goes wrong in an invocation in bad times; `calls`: how many it makes, about. */
export function going(luck: Luck, isBad: boolean, calls: number): Going & { luck?: number } {
  if (!isBad) return {};
  const shuffle = luck.chance(0.3) ? { luck: luck.whole(1, 1e9) } : {};
  const skew = luck.chance(0.15) ? { skew: luck.whole(-45, 45) * SECOND } : {};
  const where = () => (luck.chance(0.4) ? luck.whole(0, 6) : luck.about(calls));
  const count = luck.chance(0.2) ? (luck.chance(0.15) ? luck.whole(2, 6) : 1) : 0;
  const faults = Array.from(
    { length: count },
    (): Fault => ({ call: where(), how: luck.pick(luck.chance(0.35) ? DEATHS : HOW) }),
  );
  if (luck.chance(0.004)) faults.push({ call: luck.whole(3, 8), how: 'refused' });
  return { ...shuffle, ...skew, ...(faults.length > 0 ? { faults } : {}) };
}

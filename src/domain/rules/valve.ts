import type { MaxStops } from '../policy.ts';

/**
 * A scan that would stop more apps than `safety.max-stops` stops none and tells the admins.
 * A share counts of all running apps, rounded down, but is never less than one app: else a small lab could stop nothing.
 * @returns the most that this scan may stop
 */
export function mostStops(maxStops: MaxStops, running: number): number {
  if ('count' in maxStops) return maxStops.count;
  // Shares are whole percents in the policy: the product is exact, where 0.29 * 100 would fall short of 29.
  return Math.max(1, Math.floor((Math.round(maxStops.share * 100) * running) / 100));
}

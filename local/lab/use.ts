import type { Instant } from '../../src/domain/time.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import type { Habit } from './habits.ts';
import type { Random } from './random.ts';

/** One stretch of what somebody, or what they left running, truly does with an app. */
export interface Use {
  from: Instant;
  to: Instant;
  /** `tab` is a page that is open in a browser: it polls, and is no use. */
  kind: 'kernel' | 'terminal' | 'editor' | 'gpu' | 'tab';
}

/** Whether an instance type has a GPU. */
export function hasGpu(instanceType = ''): boolean {
  return /^ml\.[gp]\d/.test(instanceType);
}

/**
 * What a day of a habit holds: work by hand until they leave, in stretches with pauses between; or half an hour of that,
 * and then a job that goes on by itself, the browser closed.
 * @param until when they close the tab that they left open, if they did
 */
export function usesOf(habit: Habit, day: { from: Instant; leaves: Instant; until: Instant }, random: Random): Use[] {
  const { from, leaves, until } = day;
  if (habit.trains !== undefined) {
    const begins = from + HOUR / 2;
    const job = hasGpu(habit.instanceType) ? ('gpu' as const) : ('kernel' as const);
    return [
      { from, to: begins, kind: 'tab' },
      ...atWork(habit, from + 5 * MINUTE, begins),
      { from: begins, to: begins + habit.trains * HOUR, kind: job },
    ];
  }
  const uses: Use[] = [{ from, to: habit.leavesTab ? until : leaves, kind: 'tab' }];
  // The app takes some minutes to come up.
  for (let at = from + random.between(4, 9) * MINUTE; at < leaves; ) {
    const to = Math.min(at + random.between(45, 150) * MINUTE, leaves);
    uses.push(...atWork(habit, at, to));
    // A pause; now and then a long one, for lunch or a seminar.
    const pause = random.chance(0.15) ? random.between(60, 105) : random.between(10, 55);
    if (random.chance(0.2)) uses.push({ from: to + 3 * MINUTE, to: to + 7 * MINUTE, kind: 'terminal' });
    at = to + pause * MINUTE;
  }
  return uses;
}

/** A cell that runs, or somebody at the editor. */
export function atWork({ appType, instanceType }: Habit, from: Instant, to: Instant): Use[] {
  if (appType === 'CodeEditor') return [{ from, to, kind: 'editor' }];
  const kernel = { from, to, kind: 'kernel' as const };
  return hasGpu(instanceType) ? [kernel, { from, to, kind: 'gpu' }] : [kernel];
}

/** When an app was last truly used in its run, as of an instant, by one kind or any; undefined when never. */
export function lastUse(
  { uses, startedAt }: { uses: Use[]; startedAt: Instant },
  now: Instant,
  kind?: Use['kind'],
): Instant | undefined {
  const begun = uses.filter(
    (use) => use.kind !== 'tab' && (kind ?? use.kind) === use.kind && use.from <= now && use.to > startedAt,
  );
  return begun.length === 0 ? undefined : Math.max(...begun.map(({ to }) => Math.min(to, now)));
}

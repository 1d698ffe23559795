import { foundLab, type Lab } from './lab.ts';
import { foundingOf } from './life/founding.ts';
import { live } from './life/life.ts';
import type { Violation } from './oracle/judge.ts';
import { perform } from './perform.ts';
import { DAY } from './spec.ts';
import type { Step } from './steps.ts';
import { witnessOf } from './witness.ts';

export const YEAR = 365 * DAY;

/** A life that is over: what happened, and what was wrong with it. */
export interface Lived {
  lab: Lab;
  start: number;
  steps: Step[];
  violation: Violation | undefined;
}

/** Performs steps that belong together: those that overlap begin before those before them have ended. */
async function performAll(lab: Lab, steps: Step[]): Promise<void> {
  let under: Promise<void>[] = [];
  for (const [i, step] of steps.entries()) {
    if (step.overlaps || steps[i + 1]?.overlaps) lab.crowded.add(step);
    if (!step.overlaps) {
      await Promise.all(under);
      under = [];
    }
    lab.tell?.(describeStep(step));
    under.push(perform(lab, step));
  }
  await Promise.all(under);
}

/** Lives a lab from its seed, until something is wrong. */
export async function liveLab(seed: string, people: number, length = YEAR): Promise<Lived> {
  const founding = foundingOf(seed, people);
  const lab = foundLab(founding, witnessOf);
  const steps: Step[] = [];
  const { violations } = lab.judge;
  await live(lab, founding.persons, {
    seed,
    until: founding.at + length,
    async perform(next) {
      // A step begins while its fellow of before still goes on.
      steps.push(...next);
      await performAll(lab, next);
      return violations.length === 0;
    },
  });
  return { lab, start: founding.at, steps, violation: violations[0] };
}

/** Lives a timeline again, or any part of it. */
export async function relive(
  seed: string,
  people: number,
  steps: Step[],
  tell?: (words: string) => void,
): Promise<Lived> {
  const founding = foundingOf(seed, people);
  const lab = foundLab(founding, witnessOf);
  if (tell) lab.tell = tell;
  const { violations } = lab.judge;
  for (let i = 0; i < steps.length && violations.length === 0; ) {
    let end = i + 1;
    while (end < steps.length && steps[end]!.overlaps) end++;
    await performAll(lab, steps.slice(i, end));
    i = end;
  }
  return { lab, start: founding.at, steps, violation: violations[0] };
}

/** A step in words. */
export function describeStep({ at, ...step }: Step): string {
  const { do: what, overlaps, luck: _, ...rest } = step;
  const details = Object.entries(rest).map(
    ([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${new Date(at).toISOString()} ${overlaps ? '  at once: ' : ''}${what} ${details.join(', ')}`;
}

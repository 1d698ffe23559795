import type { ExtensionsPolicy } from '../policy.ts';
import type { Run } from '../run.ts';
import type { Instant } from '../time.ts';

/**
 * An owner's "keep it running" moves the stop to `extensions.hours` after it was asked, at most
 * `extensions.at-most` times a run. Askings past that number buy nothing.
 * @returns until when the run may go on; undefined when it was never extended
 */
export function extendedUntil(run: Pick<Run, 'extensions'>, policy: ExtensionsPolicy): Instant | undefined {
  const counted = [...run.extensions].sort((a, b) => a - b).slice(0, policy.atMost);
  const last = counted.at(-1);
  return last === undefined ? undefined : last + policy.hours;
}

/** How many more times the run may be kept running. */
export function extensionsLeft(run: Pick<Run, 'extensions'>, policy: ExtensionsPolicy): number {
  return Math.max(0, policy.atMost - run.extensions.length);
}

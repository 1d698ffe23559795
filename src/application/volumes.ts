import { each } from './each.ts';
import type { Volumes } from './ports.ts';
import type { Survey } from './survey.ts';

/** How many are written at once: all of a lab's, when Curfew first sees it. */
const WIDTH = 32;

/** Records what changed of spaces' volumes. @returns what failed, in words */
export async function recordVolumes(
  volumes: Volumes,
  { volumeChanges }: Pick<Survey, 'volumeChanges'>,
): Promise<string[]> {
  const faults: string[] = [];
  await each(volumeChanges, WIDTH, async (change) => {
    const { spaceName } = (change.opened ?? change.ended)!;
    // Where another scan was first, the next one looks again.
    await volumes.record(change).catch((error: unknown) => {
      faults.push(
        `recording the volume of space ${spaceName} failed: ${error instanceof Error ? error.message : error}`,
      );
    });
  });
  return faults;
}

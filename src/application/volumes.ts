import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { sightVolumes } from '../domain/volume.ts';
import { each } from './each.ts';
import type { Volumes } from './ports.ts';
import type { Survey } from './survey.ts';

/** How many are written at once: all of a lab's, when Curfew first sees it. */
const WIDTH = 32;

/**
 * Records what changed of spaces' volumes. What half a picture lacks may be there all the same: the next whole one tells.
 * @returns what failed, in words
 */
export async function recordVolumes(
  volumes: Volumes,
  { picture, volumes: known }: Pick<Survey, 'picture' | 'volumes'>,
  policy: Pick<Policy, 'team'>,
  now: Instant,
): Promise<string[]> {
  if (picture.missing.length > 0) return [];
  const faults: string[] = [];
  await each(sightVolumes(picture, known, policy, now), WIDTH, async (change) => {
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

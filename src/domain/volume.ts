import type { Place, Space } from './app.ts';
import { type Picture, spaceKey } from './picture.ts';
import type { Policy } from './policy.ts';
import { tagsOfSpace } from './running-app.ts';
import type { Instant } from './time.ts';

/** A stretch of a space's volume, of one size, owner and team: it is charged for whether an app runs or not. */
export interface Volume extends Place {
  domainId: string;
  spaceName: string;
  /** Undefined where AWS does not tell: then nobody knows what it costs. */
  gigabytes?: number;
  owner?: string;
  team?: string;
  since: Instant;
  until?: Instant;
}

/** What a listing of spaces changes of a volume on record. `ended` is over, `opened` goes on; both: one follows the other. */
export interface VolumeChange {
  ended?: Volume;
  opened?: Volume;
}

/** App types whose spaces have a volume of their own; others keep their files on the domain's EFS. */
const WITH_VOLUME = ['JupyterLab', 'CodeEditor'];

/**
 * Holds the spaces of a picture against the volumes on record. A volume is there from its space's creation on, its changes
 * from when they are seen, and its end no later than that. What half a picture lacks may be there all the same: it changes nothing.
 */
export function sightVolumes(
  picture: Picture,
  known: Volume[],
  policy: Pick<Policy, 'team'>,
  now: Instant,
): VolumeChange[] {
  if (picture.missing.length > 0) return [];
  const volumes = new Map(known.map((volume) => [spaceKey(volume), volume]));
  const changes: VolumeChange[] = [];
  for (const [key, space] of picture.spaces) {
    const before = volumes.get(key);
    volumes.delete(key);
    const seen = volumeOf(space, picture, policy, now);
    if (!seen) {
      if (before) changes.push({ ended: { ...before, until: now } });
    } else if (!before) changes.push({ opened: seen });
    // A space that was deleted and made again under its name between two looks.
    else if (seen.since > before.since && space.createdAt !== undefined)
      changes.push({ ended: { ...before, until: seen.since }, opened: seen });
    else if (seen.gigabytes !== before.gigabytes || seen.owner !== before.owner || seen.team !== before.team)
      changes.push({ ended: { ...before, until: now }, opened: { ...seen, since: now } });
  }
  for (const gone of volumes.values()) changes.push({ ended: { ...gone, until: now } });
  return changes;
}

/** Volumes on record with what a picture changes of them: what goes on comes last, with whose it is now. */
export function volumesAfter(known: Volume[], changes: VolumeChange[]): Volume[] {
  if (changes.length === 0) return known;
  const changed = new Set(changes.map(({ ended, opened }) => spaceKey((ended ?? opened)!)));
  const same = known.filter((volume) => !changed.has(spaceKey(volume)));
  return [...same, ...changes.flatMap(({ ended, opened }) => [...(ended ? [ended] : []), ...(opened ? [opened] : [])])];
}

function volumeOf(space: Space, picture: Picture, policy: Pick<Policy, 'team'>, now: Instant): Volume | undefined {
  const { domainId, spaceName, owner, gigabytes, appType } = space;
  if (gigabytes === undefined && !WITH_VOLUME.includes(appType ?? '')) return undefined;
  const team = policy.team === 'domain' ? undefined : tagsOfSpace(space, picture)[policy.team.tag];
  const { account, region } = picture;
  const volume: Volume = { account, region, domainId, spaceName, since: space.createdAt ?? now };
  if (gigabytes !== undefined) volume.gigabytes = gigabytes;
  if (owner !== undefined) volume.owner = owner;
  if (team !== undefined) volume.team = team;
  return volume;
}

import { type IdleDrift, type IdleReview, idleDrifts, mended, timeoutsFor } from '../domain/native-idle.ts';
import type { Picture } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import type { SettingsRef } from '../domain/studio-settings.ts';
import type { Instant } from '../domain/time.ts';
import { each } from './each.ts';
import type { StudioSettings } from './ports.ts';

/** How many profiles or domains are looked at at once: AWS publishes no rate for these calls. */
const WIDTH = 4;

/**
 * Compares the idle settings of every domain, and of every profile that has its own, with the policy's, and with `apply`
 * sets them. What fails is a finding or a fault of its own; this never throws.
 * @param picture the tags that exemptions may ask for: without them nothing is set
 * @param after the profile after which to begin, where an earlier look ran out of time
 * @param hasTime whether there is time for one more profile
 */
export async function reviewIdleSettings(
  settings: StudioSettings,
  policy: Policy,
  options: {
    picture: Picture;
    now: Instant;
    apply: boolean;
    after?: string | undefined;
    hasTime?: (() => boolean) | undefined;
  },
): Promise<IdleReview> {
  const { now, after = '', hasTime = () => true } = options;
  const review: IdleReview = { findings: [], faults: [], exempt: 0, unseen: 0 };
  const listed = <T>(what: string, list: Promise<T[]>) =>
    list.catch((error: unknown) => {
      review.faults.push(`the ${what} were not looked at: ${messageOf(error)}`);
      return undefined;
    });
  const [domains, listedProfiles] = await Promise.all([
    listed('domains', settings.domains()),
    listed('user profiles', settings.profiles()),
  ]);
  const names = new Map(domains?.map(({ domainId, domainName }) => [domainId, domainName]));
  const picture: Picture = { ...options.picture, domains: new Map([...names].filter(isNamed)) };
  const lacking = options.picture.missing.filter(({ part }) => part === 'tags');
  const apply = options.apply && domains !== undefined && lacking.length === 0;
  for (const { why } of lacking) review.faults.push(`exemptions by tag are unknown, so nothing is set: ${why}`);

  const look = async ({ domainId, userProfileName }: SettingsRef) => {
    const holder = { domainId, ...(userProfileName === undefined ? {} : { userProfileName }) };
    const timeouts = timeoutsFor(holder, policy, picture, now);
    if (Object.keys(timeouts).length === 0) {
      review.exempt++;
      return;
    }
    const domainName = names.get(domainId);
    const found = { ...holder, ...(domainName === undefined ? {} : { domainName }) };
    let drifts: IdleDrift[] = [];
    try {
      const current = await settings.read(holder);
      if (current) drifts = idleDrifts(current.user.apps, timeouts, holder);
      // At once after the read: what somebody else changes in between would be lost.
      if (current && apply && drifts.length > 0)
        await settings.update(holder, { user: mended(current.user.apps, drifts) });
      const outcome = apply ? 'set' : 'drift';
      review.findings.push(...drifts.map((drift) => ({ ...found, drift, outcome }) as const));
    } catch (error) {
      const failed = { ...found, outcome: 'failed', why: messageOf(error) } as const;
      review.findings.push(...(drifts.length > 0 ? drifts.map((drift) => ({ ...failed, drift })) : [failed]));
    }
  };

  const profiles = (listedProfiles ?? []).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const first = profiles.findIndex((profile) => nameOf(profile) > after);
  const inTurn = first < 1 ? profiles : [...profiles.slice(first), ...profiles.slice(0, first)];
  let seen = 0;
  await each(inTurn, WIDTH, async (profile) => {
    if (!hasTime()) return;
    seen++;
    await look(profile);
  });
  review.unseen = inTurn.length - seen;
  if (review.unseen > 0) review.after = seen > 0 ? nameOf(inTurn[seen - 1]!) : after;
  // After their profiles: AWS changes a domain for a while, and does not say whether its profiles can be changed meanwhile.
  await each(domains ?? [], WIDTH, look);
  review.findings.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return review;
}

/** A domain comes before its profiles, since no name begins with a character before `/`. */
function nameOf({ domainId, userProfileName = '' }: SettingsRef): string {
  return `${domainId}/${userProfileName}`;
}

function isNamed(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

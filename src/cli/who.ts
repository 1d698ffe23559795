import { userInfo } from 'node:os';
import type { Survey } from '../application/survey.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { callerOf } from '../wiring.ts';
import { note } from './print.ts';

/** The caller's ARN, else the user of this machine. */
export async function whoAmI(region: string): Promise<string> {
  const caller = await callerOf(region).catch(() => undefined);
  if (caller) return caller.arn;
  try {
    return userInfo().username;
  } catch {
    return 'somebody';
  }
}

/** Says so where no app, run or space is on record of anybody called so: most likely the name is wrong. */
export function tellUnknown(name: string, { picture, runs }: Pick<Survey, 'picture' | 'runs'>): void {
  // On half a picture nobody knows.
  if (picture.missing.length > 0) return;
  const ofRuns = runs.map(({ app, owner = app.userProfileName }) => ({ domainId: app.domainId, owner }));
  const isKnown = [...ofRuns, ...picture.spaces.values()].some(
    ({ domainId, owner }) => owner !== undefined && isOwnerCalled(`${domainId}/${owner}`, name),
  );
  if (!isKnown) note(`Nobody on record is called "${name}": name PROFILE or DOMAIN/PROFILE.`);
}

import { holderName } from './app.ts';
import type { Audience } from './notice.ts';
import type { Address } from './owner.ts';
import type { RunningApp } from './running-app.ts';

/** Who is told of an app, and why. Until addresses are confirmed, the admins stand in for every owner. */
export function audienceOf(app: Pick<RunningApp, 'ref' | 'owner' | 'sharing'>, address: Address | undefined): Audience {
  if (app.owner === undefined)
    return { role: 'admins', why: `The space ${holderName(app.ref)} has no owner, so its admins answer for it.` };
  const shared = app.sharing?.toLowerCase() === 'shared' ? ` The space ${holderName(app.ref)} is shared.` : '';
  if (address && 'address' in address) {
    return {
      role: 'admins',
      why: `${app.owner} (${address.address}) has not confirmed this address, so you are told instead.${shared}`,
    };
  }
  const lacking = address ? `: ${address.unknown}` : '';
  return { role: 'admins', why: `No address is known for ${app.owner}${lacking}. You are told instead.${shared}` };
}

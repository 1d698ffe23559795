import { holderName } from './app.ts';
import type { Audience } from './notice.ts';
import type { Address } from './owner.ts';
import { isShared, type RunningApp } from './running-app.ts';

/** Who is told of an app: its owner, the admins, or both, and in which role. */
export interface Told {
  owner?: { to: string; audience: Audience };
  admins?: Audience;
  /** For people: `alice`, or `the admins: alice has not confirmed this address`. No addresses. */
  words: string;
}

/**
 * An app's news goes to its owner, at an address that may get it; of a shared space the admins are told too. Whatever an
 * owner cannot be told goes to the admins, with why.
 * @param refusal why the owner's address may not get it; undefined where it may
 */
export function audienceOf(
  app: Pick<RunningApp, 'ref' | 'owner' | 'sharing'>,
  address: Address | undefined,
  refusal: string | undefined,
): Told {
  const { ref, owner } = app;
  const space = `The space ${holderName(ref)}`;
  if (owner === undefined) return told(`${space} has no owner, so its admins answer for it.`, 'its space has no owner');
  const shared = isShared(app) ? `${space} is shared.` : undefined;
  if (!address || !('address' in address)) {
    const lacking = address ? `: ${address.unknown}` : '';
    const why = `No address is known for ${owner}${lacking}. You are told instead.`;
    return told(and(why, shared), `no address is known for ${owner}`);
  }
  if (refusal !== undefined)
    return told(
      and(`${owner} (${address.address}) ${refusal}, so you are told instead.`, shared),
      `${owner} ${refusal}`,
    );
  const to = address.address;
  if (shared === undefined) return { owner: { to, audience: { role: 'owner' } }, words: owner };
  const admins = { role: 'admins' as const, why: shared };
  return { owner: { to, audience: { role: 'owner' } }, admins, words: `${owner} and the admins` };
}

function told(why: string, words: string): Told {
  return { admins: { role: 'admins', why }, words: `the admins: ${words}` };
}

function and(why: string, more: string | undefined): string {
  return more === undefined ? why : `${why} ${more}`;
}

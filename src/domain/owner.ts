import type { Tags } from './picture.ts';
import type { OwnersPolicy } from './policy.ts';

/** An owner's address, or why there is none; `isFault` where asking for it failed, and may not fail again. */
export type Address = { address: string } | { unknown: string; isFault?: true };

/**
 * The address that the policy gives an owner: an exception first, then its template, tag or SSO user name.
 * @param ssoUserName what DescribeUserProfile says; undefined when it was not asked, or says nothing
 */
export function ownerAddress(
  owner: { domainId: string; userProfileName: string },
  policy: OwnersPolicy,
  facts: { tags?: Tags; ssoUserName?: string | undefined },
): Address {
  const { domainId, userProfileName } = owner;
  // A profile may be called `constructor`, which every object has.
  const named = [`${domainId}/${userProfileName}`, userProfileName].find((one) =>
    Object.hasOwn(policy.exceptions, one),
  );
  if (named !== undefined) return { address: policy.exceptions[named]! };
  const rule = policy.address;
  if (rule === undefined) return { unknown: 'the policy has no owners.address' };
  if (rule === 'sso') return checked(facts.ssoUserName, `the SSO user name of ${userProfileName}`);
  if ('tag' in rule) return checked(facts.tags?.[rule.tag], `the tag ${rule.tag} of ${userProfileName}`);
  const address = rule.template
    .replaceAll('{profile:.}', userProfileName.replaceAll('-', '.'))
    .replaceAll('{profile}', userProfileName);
  return checked(address, 'the address template');
}

/** Whether an owner, `domain/profile`, is called so: by both, or by the profile alone. */
export function isOwnerCalled(owner: string, name: string): boolean {
  return owner === name || owner.endsWith(`/${name}`);
}

function checked(text: string | undefined, source: string): Address {
  if (text === undefined || text === '') return { unknown: `${source} is not set` };
  if (!isAddress(text)) return { unknown: `${source} gives "${text}", which is no address` };
  // SES takes no other (its API reference, SendEmail): "the local part must be 7-bit ASCII".
  if (!/^[\x20-\x7e]+@/.test(text)) return { unknown: `${source} gives "${text}", which SES cannot write to` };
  return { address: text };
}

/** Whether the text is one mail address: dot-separated atoms, `@`, and a domain with a dot; no space, comma, bracket or control. */
export function isAddress(text: string): boolean {
  const [local = '', domain = '', ...more] = text.split('@');
  const isLocal = local.length <= 64 && local.split('.').every((atom) => ATOM.test(atom));
  const labels = domain.split('.');
  return (
    more.length === 0 &&
    text.length <= 254 &&
    isLocal &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label))
  );
}

const ATOM = /^[^\s@,;:<>()[\]\\"\p{Cc}.]+$/u;
const LABEL = /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?$/u;

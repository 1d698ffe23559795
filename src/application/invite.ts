import type { Place } from '../domain/app.ts';
import { addressKey, type Contact, isToBeAsked, onContactEvent } from '../domain/contact.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { noteContact } from './note-contact.ts';
import { noticeId } from './notice-id.ts';
import type { Contacts, Outbox } from './ports.ts';

/** What asking needs. Without a base URL mail has no links, and nobody is asked to confirm. */
export interface Asker {
  contacts: Contacts;
  outbox: Outbox;
  policy: Policy;
  baseUrl?: string | undefined;
  /** While Curfew is paused nobody is asked. */
  isPaused?: boolean | undefined;
}

/** The policy gives a profile an address: it is known from then on, and asked to confirm if it never was. */
export async function meet(
  asker: Asker,
  place: Place,
  owner: { domainId: string; userProfileName: string },
  address: string,
  now: Instant,
): Promise<Contact> {
  const event = { kind: 'met' as const, owner: `${owner.domainId}/${owner.userProfileName}` };
  return ask(asker, await noteContact(asker.contacts, place, address, event, now), now);
}

/** The policy gives a profile this address no longer: nobody is reminded for its sake. */
export async function part(
  contacts: Contacts,
  place: Place,
  { domainId, userProfileName }: { domainId: string; userProfileName: string },
  address: string,
  now: Instant,
): Promise<void> {
  await noteContact(contacts, place, address, { kind: 'left', owner: `${domainId}/${userProfileName}` }, now);
}

/** Whether anybody is asked at all: in mode `observe` and while Curfew is paused nobody is, and without links nobody can be. */
export function mayAsk({ policy, baseUrl, isPaused }: Pick<Asker, 'policy' | 'baseUrl' | 'isPaused'>): boolean {
  return baseUrl !== undefined && policy.mode !== 'observe' && !isPaused;
}

/** Owes the next request to confirm, if one is due. */
export async function ask(asker: Asker, contact: Contact, now: Instant): Promise<Contact> {
  return mayAsk(asker) && isToBeAsked(contact, now) ? askNext(asker, contact, { kind: 'asked' }, now) : contact;
}

/**
 * Owes the next request to confirm. The notice first, then the contact's own note of it: a crash in between finds the
 * notice owed.
 */
export async function askNext(
  { contacts, outbox, policy }: Asker,
  contact: Contact,
  event: { kind: 'asked'; isWanted?: true },
  now: Instant,
): Promise<Contact> {
  const { account, region, address, owners, asked, invitedAt } = contact;
  const number = asked.length + 1;
  await outbox.owe({
    id: noticeId('confirmation', `${invitedAt} ${number}`, addressKey(address)),
    to: address,
    account,
    region,
    owedAt: now,
    facts: { kind: 'confirmation', owners, number, admins: policy.admins, at: now },
  });
  const next = onContactEvent(contact, event, now);
  // Whoever changed the contact meanwhile owes the same notice, or none.
  if (!next || !(await contacts.change(contact, next))) return contact;
  return { ...next, version: contact.version + 1 };
}

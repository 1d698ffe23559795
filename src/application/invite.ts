import type { Place } from '../domain/app.ts';
import { type Contact, type ContactEvent, isToBeAsked, newContact, onContactEvent } from '../domain/contact.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { noticeId } from './notice-id.ts';
import type { Contacts, Outbox } from './ports.ts';

/** What asking needs. Without a base URL mail has no links, and nobody is asked to confirm. */
export interface Asker {
  contacts: Contacts;
  outbox: Outbox;
  policy: Policy;
  baseUrl?: string | undefined;
}

/** How often a writer that lost a race looks again: of all that a scan has under way at once, one wins each time. */
const TRIES = 40;

/**
 * Tells an address's contact of an event; one never heard of is begun. Safe to repeat.
 * @returns the contact as it is then
 */
export async function noteContact(
  contacts: Contacts,
  place: Place,
  address: string,
  event: ContactEvent,
  at: Instant,
): Promise<Contact> {
  for (let i = 0; i < TRIES; i++) {
    const known = await contacts.get(place, address);
    const contact = known ?? newContact(place, address, at);
    const next = onContactEvent(contact, event, at);
    if (known && !next) return known;
    if (!known && (await contacts.open(next ?? contact))) return next ?? contact;
    if (known && next && (await contacts.change(known, next))) return { ...next, version: known.version + 1 };
  }
  throw new Error(`a contact changed ${TRIES} times while "${event.kind}" was noted`);
}

/** Whether anybody is asked at all: in mode `observe` nobody is, and without links nobody can be. */
export function mayAsk({ policy, baseUrl }: Pick<Asker, 'policy' | 'baseUrl'>): boolean {
  return baseUrl !== undefined && policy.mode !== 'observe';
}

/**
 * Owes the next request to confirm, if one is due. The notice first, then the contact's own note of it: a crash in
 * between finds the notice owed.
 */
export async function ask(asker: Asker, contact: Contact, now: Instant): Promise<Contact> {
  const { contacts, outbox, policy } = asker;
  if (!mayAsk(asker) || !isToBeAsked(contact, now)) return contact;
  const { account, region, address, owners, asked, changedAt } = contact;
  const number = asked.length + 1;
  await outbox.owe({
    id: noticeId('confirmation', `${changedAt} ${number}`, address.toLowerCase()),
    to: address,
    account,
    region,
    owedAt: now,
    facts: { kind: 'confirmation', owners, number, admins: policy.admins, at: now },
  });
  const next = onContactEvent(contact, { kind: 'asked' }, now);
  // Whoever changed the contact meanwhile owes the same notice, or none.
  if (!next || !(await contacts.change(contact, next))) return contact;
  return { ...next, version: contact.version + 1 };
}

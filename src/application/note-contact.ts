import type { Place } from '../domain/app.ts';
import { type Contact, type ContactEvent, newContact, onContactEvent } from '../domain/contact.ts';
import type { Instant } from '../domain/time.ts';
import type { Contacts } from './ports.ts';

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

import type { Place } from './app.ts';
import type { ConfirmationFacts, Notice } from './notice.ts';
import { DAY, type Duration, type Instant } from './time.ts';

/**
 * An address and what its reader has agreed to. Consent is the address's: whoever reads it decides, for every profile
 * that the policy gives it. An owner whose address changes has another contact, which must be asked anew.
 */
export interface Contact extends Place {
  address: string;
  /** `bounced`: no mail goes there until an admin invites it anew. `complained`: none ever again. */
  consent: 'unconfirmed' | 'confirmed' | 'bounced' | 'complained';
  /** What the reader wants no longer. */
  unsubscribed?: Unsubscribed;
  /** The profiles that the policy gives this address, `domain/profile`, the first seen first. */
  owners: string[];
  /** When it was first heard of, or an admin last invited it: requests to confirm are counted from then. */
  invitedAt: Instant;
  /** When requests to confirm were owed since. */
  asked: Instant[];
  /** When consent, or what is unsubscribed, last changed. */
  changedAt: Instant;
  /** Transient bounces in a row. */
  bounces: number;
  /** When the last that was counted came back. Only a delivery since then ends the row. */
  bouncedAt?: Instant;
  /** Grows with every write. */
  version: number;
}

/** Levels of unsubscribing, each with those before it: `warnings` leaves only the news that an app was stopped. */
export const UNSUBSCRIBED = ['reports', 'warnings', 'everything'] as const;
export type Unsubscribed = (typeof UNSUBSCRIBED)[number];

/** An address is asked to confirm at once, and reminded so long after: twice. Never again by itself. */
const REMINDED_AFTER: Duration[] = [2 * DAY, 7 * DAY];

/** A reminder that comes late keeps the next one at this distance. */
const PAUSE: Duration = 2 * DAY;

/** So many requests to confirm in all, those that readers ask for themselves included; an admin's invitation begins anew. */
const MOST_ASKED = 10;

/** So many transient bounces in a row count as a permanent one. */
const MOST_BOUNCES = 5;

/** So many profiles of one address are remembered: mail names them. */
const MOST_OWNERS = 20;

/** What names a contact: addresses that differ only in case are one. */
export function addressKey(address: string): string {
  return address.toLowerCase();
}

/** An address never heard of. */
export function newContact(place: Place, address: string, at: Instant): Contact {
  const { account, region } = place;
  return {
    account,
    region,
    address,
    consent: 'unconfirmed',
    owners: [],
    invitedAt: at,
    asked: [],
    changedAt: at,
    bounces: 0,
    version: 1,
  };
}

/** What happens to a contact. */
export type ContactEvent =
  /** The policy gives a profile this address. */
  | { kind: 'met'; owner: string }
  /** The policy gives a profile this address no longer. */
  | { kind: 'left'; owner: string }
  /** A request to confirm is owed: by itself, or as its reader wanted. */
  | { kind: 'asked'; isWanted?: true }
  /** The reader pressed the button of the confirmation page. */
  | { kind: 'confirmed' }
  | { kind: 'unsubscribed'; from: Unsubscribed }
  | { kind: 'delivered' }
  | { kind: 'bounced'; isPermanent: boolean }
  | { kind: 'complained' }
  /** An admin wants it asked anew: three more requests may follow. Never after a complaint, or an unsubscribing from everything. */
  | { kind: 'invited' };

/**
 * What an event makes of a contact; undefined where it changes nothing. News of mail comes late, repeated and out of
 * order: what is older than the contact's own word is passed over, but for a complaint, which always counts.
 */
export function onContactEvent(contact: Contact, event: ContactEvent, at: Instant): Contact | undefined {
  const { consent, owners, asked, bounces, bouncedAt = Number.NEGATIVE_INFINITY, unsubscribed } = contact;
  const isAlive = consent === 'unconfirmed' || consent === 'confirmed';
  switch (event.kind) {
    case 'met':
      if (owners.includes(event.owner) || owners.length >= MOST_OWNERS) return undefined;
      return { ...contact, owners: [...owners, event.owner] };
    case 'left':
      return owners.includes(event.owner)
        ? { ...contact, owners: owners.filter((owner) => owner !== event.owner) }
        : undefined;
    case 'asked':
      return (event.isWanted ? mayAskAgain(contact) : isToBeAsked(contact, at))
        ? { ...contact, asked: [...asked, at] }
        : undefined;
    case 'confirmed': {
      // A button that was pressed is consent, also after an unsubscribing; it does not mend an address that bounces.
      if (!isAlive || (consent === 'confirmed' && unsubscribed === undefined)) return undefined;
      const { unsubscribed: _, ...rest } = contact;
      return { ...rest, consent: 'confirmed', changedAt: at };
    }
    case 'unsubscribed':
      // A link of an old mail never brings back what was unsubscribed from since.
      if (unsubscribed !== undefined && covers(unsubscribed, event.from)) return undefined;
      return { ...contact, unsubscribed: event.from, changedAt: at };
    case 'delivered':
      return isAlive && bounces > 0 && at > bouncedAt ? { ...contact, bounces: 0 } : undefined;
    case 'bounced': {
      // Somebody who confirmed, or was invited, after it can be reached, or is to be tried again.
      if (!isAlive || at < contact.changedAt || (!event.isPermanent && at <= bouncedAt)) return undefined;
      const inARow = event.isPermanent ? bounces : bounces + 1;
      const isOver = event.isPermanent || inARow >= MOST_BOUNCES;
      return { ...contact, bounces: inARow, bouncedAt: at, ...(isOver ? { consent: 'bounced', changedAt: at } : {}) };
    }
    case 'complained':
      return consent === 'complained' ? undefined : { ...contact, consent: 'complained', changedAt: at };
    case 'invited':
      if (consent === 'complained' || consent === 'confirmed' || unsubscribed === 'everything') return undefined;
      return { ...contact, consent: 'unconfirmed', invitedAt: at, asked: [], bounces: 0, changedAt: at };
  }
}

/**
 * What is left of a contact that an admin forgets: nothing, or the bare no of its reader, who must not be asked again
 * because somebody forgot that they said so.
 */
export function forgotten(contact: Contact): Contact | undefined {
  const { address, consent, unsubscribed, changedAt, version } = contact;
  const bare = { ...newContact(contact, address, changedAt), version };
  if (consent === 'complained') return { ...bare, consent };
  return unsubscribed === 'everything' ? { ...bare, unsubscribed } : undefined;
}

/**
 * Whether the next request to confirm is due. Three at most, and none to whom it would annoy: no reminder goes to an
 * address that the policy gives nobody any more, as after a slip of the pen was mended.
 */
export function isToBeAsked({ consent, unsubscribed, owners, asked }: Contact, now: Instant): boolean {
  if (consent !== 'unconfirmed' || unsubscribed === 'everything') return false;
  const [first] = asked;
  if (first === undefined) return true;
  const after = REMINDED_AFTER[asked.length - 1];
  if (after === undefined || owners.length === 0) return false;
  return now >= Math.max(first + after, asked.at(-1)! + PAUSE);
}

/**
 * Whether a request that is owed is still the one to send. After an outage of mail only the newest is: three at once
 * would be one too many twice. One whose note a crash cut off counts.
 */
export function isNewestRequest(
  contact: Contact | undefined,
  { number, at }: Pick<ConfirmationFacts, 'number' | 'at'>,
): boolean {
  return contact !== undefined && at >= contact.invitedAt && number >= contact.asked.length;
}

/** Whether an asking that its reader wants is sent: not where it would annoy, and not without end. */
export function mayAskAgain({ consent, unsubscribed, owners, asked }: Contact): boolean {
  const isWaiting = consent === 'unconfirmed' && unsubscribed !== 'everything' && owners.length > 0;
  return isWaiting && asked.length < MOST_ASKED;
}

/** Whether whoever types an address may have a request sent to it: anybody may type it, so it is one of the three. */
export function mayAnybodyAsk(contact: Contact): boolean {
  return mayAskAgain(contact) && contact.asked.length <= REMINDED_AFTER.length;
}

/** What a reader must have unsubscribed from to get a kind of mail no longer, and where its own button takes them. */
const LEVEL: Record<Notice['facts']['kind'], Unsubscribed> = {
  report: 'reports',
  digest: 'reports',
  warning: 'warnings',
  budget: 'warnings',
  stopped: 'everything',
  failure: 'everything',
  confirmation: 'everything',
};

/** From what a mail's own unsubscribe button takes its reader. */
export function levelOf(kind: Notice['facts']['kind']): Unsubscribed {
  return LEVEL[kind];
}

/**
 * Why a contact may not get a kind of mail now, said of its reader: `has not confirmed this address`; undefined where it
 * may. An owner must have confirmed; an admin is named by the policy, and only what they said or what their mailbox did
 * is held against them.
 */
export function refusalOf(
  contact: Contact | undefined,
  kind: Notice['facts']['kind'],
  role: 'owner' | 'admins',
): string | undefined {
  if (contact?.consent === 'bounced') return 'cannot be reached at this address: mail to it comes back';
  if (contact?.consent === 'complained') return 'marked mail of ours as spam';
  if (contact?.unsubscribed !== undefined && covers(contact.unsubscribed, levelOf(kind)))
    return contact.unsubscribed === 'everything' ? 'has unsubscribed' : 'has unsubscribed from such mail';
  if (kind === 'confirmation') return contact?.consent === 'unconfirmed' ? undefined : 'has confirmed already';
  if (role === 'owner' && contact?.consent !== 'confirmed') return 'has not confirmed this address';
  return undefined;
}

function covers(level: Unsubscribed, other: Unsubscribed): boolean {
  return UNSUBSCRIBED.indexOf(level) >= UNSUBSCRIBED.indexOf(other);
}

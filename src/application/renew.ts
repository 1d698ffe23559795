import type { Place } from '../domain/app.ts';
import { addressKey, mayAnybodyAsk, newContact } from '../domain/contact.ts';
import { pausedPage } from '../domain/link-page.ts';
import { isAddress } from '../domain/owner.ts';
import type { Page } from '../domain/page.ts';
import { isPaused } from '../domain/pause.ts';
import { DAY, HOUR, type Instant } from '../domain/time.ts';
import { askNext } from './invite.ts';
import { type LinkActor, look, type OpenLink } from './links.ts';
import { noticeId } from './notice-id.ts';
import type { Links } from './ports.ts';

/** How many mails a source may ask for in an hour, whatever the addresses. */
const MOST_OF_SOURCE = 10;

/** How many mails anybody may ask for to one address: in an hour, and in a day. */
const MOST_IN_HOUR = 1;
const MOST_IN_DAY = 3;

/**
 * Owes the mail of a link that works no longer once more, with fresh links, to the address that it went to: while it
 * still says something true.
 * @param source the network address of whoever asks
 */
export async function renew(actor: LinkActor, open: OpenLink, source: string, now: Instant): Promise<Page> {
  const { links, outbox, contacts, runs } = actor;
  const { link, notice } = open;
  const page = await look(actor, open, now);
  if (page.kind !== 'expired' || !page.canRenew) return page;
  const pause = await runs.lastPause(link);
  if (isPaused(pause, now)) return pausedPage(pause);
  if (!(await maySource(links, source, now))) return { kind: 'too many' };
  if (!(await mayAddress(links, link.to, now))) return { kind: 'renewed before' };
  if (page.purpose !== 'confirm' && notice) {
    const id = noticeId(notice.facts.kind, `${notice.id} again ${hourOf(now)}`, notice.to);
    await outbox.owe({ ...notice, id, owedAt: now });
    return { kind: 'renewed' };
  }
  const contact = await contacts.get(link, link.to);
  if (contact) await askNext(actor, contact, { kind: 'asked', isWanted: true }, now);
  return { kind: 'renewed' };
}

/**
 * Owes a request to confirm to whoever reads an address, if it waits for its confirmation. Known or not, the answer is
 * the same and the same calls are made: for an address that gets no mail, writes whose condition cannot hold.
 */
export async function renewByAddress(
  actor: LinkActor,
  place: Place,
  { address, source }: { address: string; source: string },
  now: Instant,
): Promise<Page> {
  const { links, contacts, runs, policy } = actor;
  if (!isAddress(address)) return { kind: 'no link', isBadAddress: true };
  const pause = await runs.lastPause(place);
  if (isPaused(pause, now)) return pausedPage(pause);
  if (!(await maySource(links, source, now))) return { kind: 'too many' };
  const isAllowed = await mayAddress(links, address, now);
  const contact = await contacts.get(place, address);
  if (contact && isAllowed && mayAnybodyAsk(contact) && policy.mode !== 'observe') {
    await askNext(actor, contact, { kind: 'asked', isWanted: true }, now);
  } else {
    const nobody = { ...newContact(place, address, now), version: -1 };
    await contacts.change(nobody, nobody);
    await contacts.change(nobody, nobody);
  }
  return { kind: 'asked' };
}

function maySource(links: Links, source: string, now: Instant): Promise<boolean> {
  return links.allow(`fresh#source#${source}`, MOST_OF_SOURCE, HOUR, now);
}

async function mayAddress(links: Links, address: string, now: Instant): Promise<boolean> {
  const key = `fresh#address#${addressKey(address)}`;
  return (
    (await links.allow(`${key}#hour`, MOST_IN_HOUR, HOUR, now)) && links.allow(`${key}#day`, MOST_IN_DAY, DAY, now)
  );
}

function hourOf(now: Instant): Instant {
  return now - (now % HOUR);
}

import type { Place } from '../domain/app.ts';
import type { Contact, ContactEvent } from '../domain/contact.ts';
import { concernedBy, endOfMail, type Feedback, isSameAddress, toldInstead, traceOf } from '../domain/feedback.ts';
import type { NoticeFacts, Trace } from '../domain/notice.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { noteContact } from './note-contact.ts';
import type { Contacts, Outbox } from './ports.ts';
import { tellAdmins } from './tell.ts';

interface Ports {
  outbox: Outbox;
  contacts: Contacts;
  policy: Policy;
}

/** What came of an event. */
export interface FeedbackReport {
  noted: Trace;
  /** How many of its addresses get no mail any more. */
  ended: number;
  /** What nobody is left to be told of. */
  faults: string[];
}

/**
 * Notes what became of a mail, on its notice and on its reader's contact. Mail to an address that bounces, or whose
 * reader complains, ends at once, and the admins are told. Every step is safe to repeat: the event comes at least once,
 * and again after a crash.
 */
export async function noteFeedback(
  ports: Ports,
  place: Place,
  feedback: Feedback,
  now: Instant,
): Promise<FeedbackReport> {
  const { outbox, policy } = ports;
  const noted = traceOf(feedback);
  const report: FeedbackReport = { noted, ended: 0, faults: [] };
  const past = feedback.notice === undefined ? undefined : await outbox.get(place, feedback.notice);
  if (past) await outbox.trace(place, past.notice.id, noted, feedback.at);
  for (const address of concernedBy(feedback, past?.notice)) {
    const contact = await noteNews(ports.contacts, place, address, feedback);
    if (feedback.kind === 'delivered' || contact?.consent !== feedback.kind) continue;
    report.ended++;
    const about = `${feedback.kind} ${address.toLowerCase()} ${contact.changedAt}`;
    if (!(await tellOthers(ports, place, about, address, endOfMail(contact, feedback, past?.notice.facts), now)))
      report.faults.push(`mail to the only admin ended (${noted}): nobody is left to be told`);
  }
  const instead = past && toldInstead(feedback, past, now);
  if (instead) {
    const { id, to, forAdmins = id } = past.notice;
    await tellOthers({ outbox, policy }, place, forAdmins, to, instead, now);
  }
  return report;
}

/** A contact never heard of is an admin's, as a rule: only bad news begins one. */
async function noteNews(
  contacts: Contacts,
  place: Place,
  address: string,
  feedback: Feedback,
): Promise<Contact | undefined> {
  if (feedback.kind === 'delivered') {
    const known = await contacts.get(place, address);
    if (!known || known.bounces === 0) return known;
  }
  const event: ContactEvent =
    feedback.kind === 'bounced' ? { kind: 'bounced', isPermanent: feedback.isPermanent } : { kind: feedback.kind };
  return noteContact(contacts, place, address, event, feedback.at);
}

/** Owes news to the admins but the one that it is about. `false`: there is no other. */
async function tellOthers(
  { outbox, policy }: Pick<Ports, 'outbox' | 'policy'>,
  place: Place,
  about: string,
  address: string,
  facts: NoticeFacts,
  now: Instant,
): Promise<boolean> {
  const admins = policy.admins.filter((admin) => !isSameAddress(admin, address));
  await tellAdmins({ outbox, policy: { ...policy, admins } }, place, about, facts, now);
  return admins.length > 0;
}

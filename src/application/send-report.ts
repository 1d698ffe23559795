import type { Place } from '../domain/app.ts';
import { addressKey, refusalOf } from '../domain/contact.ts';
import type { PastNotice } from '../domain/notice.ts';
import { teamNamed } from '../domain/policy.ts';
import { partsByOwner, type WeekBook } from '../domain/report/book.ts';
import type { ReportFacts } from '../domain/report/facts.ts';
import { adminReport, ownerReport, teamReport } from '../domain/report/report.ts';
import type { Instant } from '../domain/time.ts';
import { noticeId } from './notice-id.ts';
import type { Contacts, Outbox } from './ports.ts';

/** A report for somebody. */
export interface Report {
  to: string;
  /** What tells it from another of the same week to the same reader: `owner`, `team alpha`, `admin`. */
  about: string;
  facts: ReportFacts;
}

/** Owes a report, once for its week, its reader and what it is about. @returns whether it was not owed before */
export async function oweReport(
  outbox: Outbox,
  place: Place,
  { to, about, facts }: Report,
  now: Instant,
): Promise<boolean> {
  const { account, region } = place;
  const id = reportId({ to, about, facts });
  return (await outbox.owe({ id, to, account, region, owedAt: now, facts })).isNew;
}

function reportId({ to, about, facts }: Report): string {
  return noticeId('report', `${facts.week} ${about}`, to);
}

/** Whose report is wanted. */
export type ReportSubject = { owner: string } | { team: string } | 'account';

/** The report of a subject, whoever may get it. */
export function reportOn(book: WeekBook, subject: ReportSubject): ReportFacts {
  if (subject === 'account') return adminReport(book);
  if ('team' in subject) return teamReport(book, subject.team);
  return ownerReport(book, partsByOwner(book), [subject.owner]);
}

/** What became of a report that an admin had sent by hand. */
export interface SentReport {
  to: string;
  /** `owed`: it goes out within a minute; `owed before`: it is as the week's own, or was sent by hand before. */
  outcome: 'owed' | 'owed before' | 'withheld';
  why?: string;
  /** What has become of the one that was owed before; absent while it is still to be sent. */
  fate?: PastNotice['fate'] | undefined;
}

/** Owes the report of a subject to whoever may get it: the same notice as the week's own, so that nobody gets it twice. */
export async function sendReport(
  { outbox, contacts }: { outbox: Outbox; contacts: Contacts },
  book: WeekBook,
  subject: ReportSubject,
  { place, now }: { place: Place; now: Instant },
): Promise<SentReport[]> {
  const all = await contacts.list(place);
  const known = new Map(all.map((contact) => [addressKey(contact.address), contact]));
  const { policy } = book;
  const readers =
    subject === 'account'
      ? policy.admins
      : 'team' in subject
        ? (teamNamed(policy, subject.team)?.leads ?? [])
        : all.filter(({ owners }) => owners.includes(subject.owner)).map(({ address }) => address);
  const role = typeof subject === 'object' && 'owner' in subject ? 'owner' : 'admins';
  const about = subject === 'account' ? 'admin' : 'team' in subject ? `team ${subject.team}` : 'owner';
  const parts = partsByOwner(book);
  const sent: SentReport[] = [];
  for (const to of readers) {
    const contact = known.get(addressKey(to));
    const why = refusalOf(contact, 'report', role);
    if (why !== undefined) {
      sent.push({ to, outcome: 'withheld', why });
      continue;
    }
    // A reader of several profiles gets one report, of all of them.
    const facts = role === 'owner' ? ownerReport(book, parts, contact!.owners) : reportOn(book, subject);
    const report = { to, about, facts };
    if (await oweReport(outbox, place, report, now)) sent.push({ to, outcome: 'owed' });
    else sent.push({ to, outcome: 'owed before', fate: (await outbox.get(place, reportId(report)))?.fate });
  }
  return sent;
}

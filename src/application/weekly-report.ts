import type { Place } from '../domain/app.ts';
import { addressKey, type Contact, refusalOf } from '../domain/contact.ts';
import { isPaused } from '../domain/pause.ts';
import type { Policy } from '../domain/policy.ts';
import { partsByOwner, type WeekBook } from '../domain/report/book.ts';
import { adminReport, isEmpty, ownerReport, teamReport } from '../domain/report/report.ts';
import { weekDue } from '../domain/report/week.ts';
import type { Instant } from '../domain/time.ts';
import { each } from './each.ts';
import type { Outbox, Reports } from './ports.ts';
import { type BookPorts, readWeek } from './report-book.ts';
import { oweReport, type Report } from './send-report.ts';

/** What a round of the weekly report did. */
export interface WeeklyReport {
  /** The week that is reported; absent where none is due. */
  week?: string;
  /** Reports that are owed by this round, those of an earlier one that it came to again among them. */
  owed: number;
  /** Readers with nothing to be told. */
  empty: number;
  /** There was no time for all: the next round goes on. */
  isPartial?: true;
  /** Curfew is paused: reports wait. */
  isPaused?: true;
  faults: string[];
}

/** So many notices are written at once, and so many owners are gone through before the clock is looked at. */
const WIDTH = 32;
const BATCH = 256;

/**
 * Owes the reports of the week, once they are due: to the admins, to teams' leads, and to each owner who has confirmed an
 * address. Each is one notice by week and reader, so that a round that comes twice, late, or after a crash owes none
 * twice; what there was no time for, the next round does.
 * @param hasTime whether there is time for more
 */
export async function reportWeekly(
  ports: BookPorts & { outbox: Outbox; reports: Reports },
  policy: Policy,
  { place, now, hasTime = () => true }: { place: Place; now: Instant; hasTime?: (() => boolean) | undefined },
): Promise<WeeklyReport> {
  const result: WeeklyReport = { owed: 0, empty: 0, faults: [] };
  if (!weekDue(policy, undefined, now)) return result;
  const known = await ports.reports.progress(place);
  const week = weekDue(policy, known?.isDone ? known.week : undefined, now);
  if (!week) return result;
  result.week = week.name;
  if (isPaused(await ports.runs.lastPause(place), now)) return { ...result, isPaused: true };
  const { book, seen } = await readWeek(ports, policy, { place, now, week });
  // Half a picture would say that nothing runs: the next round has a whole one.
  if (seen.picture.missing.length > 0) {
    result.faults.push(...seen.picture.missing.map(({ part, why }) => `reports wait: no ${part} (${why})`));
    return result;
  }
  const contacts = await ports.contacts.list(place);
  const readers = readersOf(book, contacts);
  const after = known?.week === week.name ? known.after : undefined;
  const owe = async (report: Report) => {
    try {
      await oweReport(ports.outbox, place, report, now);
      result.owed++;
    } catch (error) {
      result.faults.push(`a report was not owed: ${error instanceof Error ? error.message : error}`);
    }
  };
  await each(readers, WIDTH, owe);
  const parts = partsByOwner(book);
  // In mode `observe` nothing is written to owners.
  const owners = policy.mode === 'observe' ? [] : ownersAmong(contacts, after);
  for (let from = 0; from < owners.length; from += BATCH) {
    if (!hasTime()) {
      await remember(ports.reports, place, result, { week: week.name, isDone: false, after: keyOf(owners[from - 1]) });
      return { ...result, isPartial: true };
    }
    await each(owners.slice(from, from + BATCH), WIDTH, async (contact) => {
      const facts = ownerReport(book, parts, contact.owners);
      if (isEmpty(facts) && policy.report.empty !== 'send') result.empty++;
      else await owe({ to: contact.address, about: 'owner', facts });
    });
  }
  await remember(ports.reports, place, result, { week: week.name, isDone: true, after: undefined });
  return result;
}

/** The admins' and the teams' reports, for whoever may get them. */
function readersOf(book: WeekBook, contacts: Contact[]): Report[] {
  const { policy } = book;
  const known = new Map(contacts.map((contact) => [addressKey(contact.address), contact]));
  const isWelcome = (to: string) => refusalOf(known.get(addressKey(to)), 'report', 'admins') === undefined;
  const admins = policy.admins.filter(isWelcome);
  const account = admins.length > 0 ? adminReport(book) : undefined;
  const teams = Object.entries(policy.teams).flatMap(([team, { leads }]): Report[] => {
    const readers = leads.filter(isWelcome);
    if (readers.length === 0) return [];
    const facts = teamReport(book, team);
    if (isEmpty(facts) && policy.report.empty !== 'send') return [];
    return readers.map((to) => ({ to, about: `team ${team}`, facts }));
  });
  return [...admins.map((to) => ({ to, about: 'admin', facts: account! })), ...teams];
}

/** The owners who may get a report, in order, from where an earlier round has come to. */
function ownersAmong(contacts: Contact[], after = ''): Contact[] {
  return contacts
    .filter((contact) => contact.owners.length > 0 && refusalOf(contact, 'report', 'owner') === undefined)
    .filter((contact) => addressKey(contact.address) > after)
    .sort((a, b) => (addressKey(a.address) < addressKey(b.address) ? -1 : 1));
}

function keyOf(contact: Contact | undefined): string | undefined {
  return contact && addressKey(contact.address);
}

/** Where anything failed nothing is noted: the next round comes to all of them again, and owes what is missing. */
async function remember(
  reports: Reports,
  place: Place,
  { faults }: WeeklyReport,
  { after, ...progress }: { week: string; isDone: boolean; after: string | undefined },
): Promise<void> {
  if (faults.length === 0) await reports.remember(place, { ...progress, ...(after === undefined ? {} : { after }) });
}

import { readWeek } from '../../src/application/report-book.ts';
import { reportWeekly } from '../../src/application/weekly-report.ts';
import { newContact } from '../../src/domain/contact.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { type Part, partsByOwner, type WeekBook } from '../../src/domain/report/book.ts';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { ownerReport } from '../../src/domain/report/report.ts';
import { type Week, weekNamed } from '../../src/domain/report/week.ts';
import type { Instant } from '../../src/domain/time.ts';
import { ref } from '../domain/builders.ts';
import { memoryReports, PLACE } from '../memory/ports.ts';
import { lab } from './books-lab.ts';

const MONDAY_AT_8 = { daily: 'never' as const, weekly: { weekday: 1, minutes: 8 * 60 } };

/** A lab that reports each Monday at 08:00 in UTC, unless its policy says otherwise. */
export function reportLab(policy: Partial<Policy> = {}) {
  const it = lab({ budgets: [], report: MONDAY_AT_8, admins: [], ...policy });
  const ports = { ...it.ports, reports: memoryReports() };
  return Object.assign(it, {
    ports,
    /** Somebody who has confirmed an address. */
    async confirmed(profile: string, ...more: string[]) {
      const owners = [profile, ...more].map((one) => `${ref.domainId}/${one}`);
      const contact = { ...newContact(PLACE, `${profile}@example.org`, 0), owners };
      await it.ports.contacts.open({ ...contact, consent: 'confirmed' });
    },
    report: (now: Instant, hasTime?: () => boolean, by: typeof ports = ports) =>
      reportWeekly(by, it.policy, { place: PLACE, now, hasTime }),
    /** Every report that is owed: who gets it, and which week it is of. */
    owed(): string[] {
      const all = [...it.ports.outbox.items.values()].map(({ notice }) => notice);
      return all
        .flatMap(({ to, facts }) => (facts.kind === 'report' ? [`${to} ${facts.scope} ${facts.week}`] : []))
        .sort();
    },
    factsFor(to: string): ReportFacts | undefined {
      const all = [...it.ports.outbox.items.values()].map(({ notice }) => notice);
      return all
        .map((one) => (one.to === to ? one.facts : undefined))
        .find((facts) => facts?.kind === 'report') as ReportFacts;
    },
    async book(week: string, now: Instant): Promise<{ book: WeekBook; week: Week; parts: Map<string, Part> }> {
      const of = weekNamed(week, it.policy.timezone)!;
      const { book } = await readWeek(ports, it.policy, { place: PLACE, now, week: of });
      return { book, week: of, parts: partsByOwner(book) };
    },
    async reportOf(profile: string, week: string, now: Instant): Promise<ReportFacts> {
      const { book, parts } = await this.book(week, now);
      return ownerReport(book, parts, [`${ref.domainId}/${profile}`]);
    },
  });
}

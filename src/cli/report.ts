import { writeFile } from 'node:fs/promises';
import { type BookPorts, readWeek } from '../application/report-book.ts';
import { type ReportSubject, reportOn, type SentReport, sendReport } from '../application/send-report.ts';
import { ConfigError } from '../config.ts';
import { isPaused } from '../domain/pause.ts';
import { teamNamed } from '../domain/policy.ts';
import { isOfTeam, type WeekBook } from '../domain/report/book.ts';
import { type Week, weekBefore, weekNamed, weekOf } from '../domain/report/week.ts';
import { describeInstant, type Instant } from '../domain/time.ts';
import { reportWriterOf } from '../wiring.ts';
import { note, printCsv, printJson, progress } from './print.ts';
import { CSV, csvRows, toJson } from './report-print.ts';
import { tellFaults } from './scan.ts';
import { openWorld, type WorldOptions } from './world.ts';

export interface ReportOptions extends WorldOptions {
  owner?: string;
  team?: string;
  admin?: boolean;
  week?: string;
  to?: string;
  json?: boolean;
  csv?: boolean;
  send?: boolean;
}

/** `curfew report`. @returns the exit code */
export async function reportCommand(options: ReportOptions): Promise<number> {
  if ([options.owner, options.team, options.admin].filter(Boolean).length > 1)
    throw new ConfigError('--owner, --team and --admin: name one of them');
  if (options.json && options.csv) throw new ConfigError('--json and --csv: name one of them');
  const { policy, place, now, ports, notes } = await openWorld(options, { tableFor: '`report`' });
  for (const text of notes) note(text);
  const week = weekFrom(options.week, now, policy.timezone);
  const reading = readWeek(ports as BookPorts, policy, { place, now, week });
  const { book, seen } = await progress('Adding up', reading);
  const subject = subjectFrom(options, book);
  const facts = reportOn(book, subject);
  const writer = reportWriterOf({ policy });
  if (options.to !== undefined) {
    await writePage(options.to, writer.page(facts, place));
    note(`Written: ${options.to}`);
  }
  if (options.json) printJson(toJson(facts));
  else if (options.csv) printCsv(CSV, csvRows(facts));
  else if (options.to === undefined && !options.send) process.stdout.write(writer.text(facts, place));
  tellFaults({ missing: seen.picture.missing, unusable: seen.picture.unusable, faults: seen.faults });
  if (options.send) {
    const sent = await sendReport({ outbox: ports.outbox!, contacts: ports.contacts! }, book, subject, { place, now });
    for (const one of sent) note(`${one.to}: ${describeSent(one, policy.timezone, now)}`);
    if (sent.length === 0) note('Nobody is there to get it: no contact has the profile, or the policy names no lead.');
    if (isPaused(seen.pause, now)) note('Curfew is paused: what is owed goes out once it is resumed.');
    if (!sent.some(({ outcome }) => outcome !== 'withheld')) return 1;
  }
  return seen.picture.missing.length > 0 ? 1 : 0;
}

function describeSent({ outcome, why, fate }: SentReport, timezone: string, now: Instant): string {
  if (outcome !== 'owed before') return why === undefined ? outcome : `${outcome}: ${why}`;
  if (!fate) return 'owed before, and still to be sent';
  return `already ${fate.kind}, ${describeInstant(fate.at, timezone, now)}${'why' in fate ? `: ${fate.why}` : ''}`;
}

/** The week of a name; the last whole one where none is given. Throws ConfigError. */
function weekFrom(name: string | undefined, now: Instant, timezone: string): Week {
  if (name === undefined) return weekBefore(weekOf(now, timezone), 1, timezone);
  const week = weekNamed(name, timezone);
  if (!week) throw new ConfigError(`--week ${name}: not a week such as ${weekOf(now, timezone).name}`);
  if (week.from > now) throw new ConfigError(`--week ${name}: has not begun yet`);
  return week;
}

/** Whose report is wanted: the account's, where nobody is named. Throws ConfigError. */
function subjectFrom({ owner, team }: ReportOptions, book: WeekBook): ReportSubject {
  if (team !== undefined) {
    const everybody = [...book.lines, ...book.instances, ...book.running];
    if (!teamNamed(book.policy, team) && !everybody.some((who) => isOfTeam(team, who, book)))
      throw new ConfigError(`--team ${team}: no such team ran anything that week`);
    return { team };
  }
  if (owner === undefined) return 'account';
  if (owner.includes('/')) return { owner };
  const everybody = [...book.lines, ...book.instances, ...book.running, ...book.before.flat()];
  const named = new Set(
    everybody.flatMap((who) => (who.owner === owner && who.domainId ? [`${who.domainId}/${owner}`] : [])),
  );
  if (named.size > 1) throw new ConfigError(`--owner ${owner}: several are called so: ${[...named].join(', ')}`);
  if (named.size === 0)
    throw new ConfigError(`nobody on record is called "${owner}" in that week or those before: name DOMAIN/PROFILE`);
  return { owner: [...named][0]! };
}

async function writePage(file: string, html: string): Promise<void> {
  try {
    await writeFile(file, html);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const known: Record<string, string> = {
      ENOENT: 'there is no such folder',
      ENOTDIR: 'there is no such folder',
      EISDIR: 'it is a folder',
      EACCES: 'you may not write there',
    };
    throw new ConfigError(`--to ${file}: ${known[code ?? ''] ?? message}`, { cause });
  }
}

import { readFile } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import { type ImportStep, importContacts, type Listed, planImport } from '../application/import-contacts.ts';
import { mayAsk } from '../application/invite.ts';
import { ConfigError } from '../config.ts';
import { DOMAIN_ID, NAME } from '../domain/app.ts';
import { needsOf } from '../domain/needs.ts';
import { isAddress } from '../domain/owner.ts';
import type { Picture } from '../domain/picture.ts';
import { describeConsent, whyNobodyIsAsked } from './contacts.ts';
import { note, printTable, progress, style } from './print.ts';
import { openRecords, type Records, type WorldOptions } from './world.ts';

export interface ImportOptions extends WorldOptions {
  apply?: boolean;
  domain?: string;
}

/** What is wrong with a line, and what would be right. */
interface Fault {
  line: number;
  message: string;
}

/** `curfew contacts import FILE.csv`. @returns the exit code */
export async function contactsImportCommand(file: string, options: ImportOptions): Promise<number> {
  if (options.domain !== undefined && !DOMAIN_ID.test(options.domain))
    throw new ConfigError(`--domain ${options.domain}: not a domain's id such as d-abcdefghijkl`);
  const text = await readText(file);
  const records = await openRecords(options, '`contacts import`', { asks: true });
  const faults: Fault[] = [];
  const rows = readRows(text, faults);
  const picture = await lookAt(records, rows, options.domain);
  const people = rows.flatMap((row) => readPerson(row, options.domain ?? onlyDomain(picture), faults) ?? []);
  const once = dropRepeats(people, faults);
  const { place, now } = records;
  const steps = await progress(
    'Holding it against contacts and policy',
    planImport(records, place, once, picture?.tags ?? new Map(), now),
  );
  printSteps(steps);
  tellDifferences(steps);
  for (const { line, message } of faults.sort((a, b) => a.line - b.line))
    note(style('red', `${file}:${line}  ${message}`));
  return finish(records, steps, faults.length, options.apply === true);
}

/** Bad input changes nothing: a list with faults is not taken in by half. */
async function finish(records: Records, steps: ImportStep[], faults: number, apply: boolean): Promise<number> {
  const count = (change: ImportStep['change']) => steps.filter((step) => step.change === change).length;
  const wanted = `${plural(count('new contact'), 'new contact')}, ${plural(count('new profile'), 'new profile')} of known ones, ${count('unchanged')} unchanged, ${plural(faults, 'fault')}.`;
  if (!mayAsk(records)) note(`Nobody will be asked to confirm yet: ${whyNobodyIsAsked(records)}.`);
  if (!apply || faults > 0) {
    const why = faults > 0 ? 'mend the faults first' : 'this was a dry run (--apply does it)';
    note(`${wanted} Nothing was changed: ${why}.`);
    return faults > 0 ? 1 : 0;
  }
  const report = await progress('Taking them in', importContacts(records, records.place, steps, records.now));
  for (const fault of report.faults) note(style('red', `curfew: ${fault}`));
  const sending = report.asked > 0 ? ' The deployed `deliver` sends them.' : '';
  note(`${wanted} Done: ${report.done} taken in, ${plural(report.asked, 'request')} to confirm owed.${sending}`);
  return report.faults.length > 0 ? 1 : 0;
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text; save it as "CSV UTF-8"',
    };
    throw new ConfigError(`${file} cannot be read: ${why[code ?? ''] ?? message}`, { cause });
  }
}

interface Row {
  line: number;
  profile: string;
  address: string;
}

/** Reads CSV as spreadsheets write it: with commas, semicolons or tabs, with or without a head, quotes and a BOM. */
function readRows(text: string, faults: Fault[]): Row[] {
  let lines: { record: string[]; info: { lines: number } }[];
  try {
    lines = parse(text, {
      info: true,
      bom: true,
      trim: true,
      delimiter: [',', ';', '\t'],
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    }) as unknown as typeof lines;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    faults.push({ line: Number(error.lines ?? 1), message: `${error.message}: a quote is written as two` });
    return [];
  }
  const head = lines[0]?.record.map((cell) => cell.toLowerCase()) ?? [];
  const [profile, address] = [head.indexOf('profile'), head.indexOf('address')];
  const isHeaded = profile >= 0 && address >= 0;
  if (isHeaded) lines.shift();
  if (lines.length === 0) faults.push({ line: 1, message: 'nobody is in it; it needs a line each: profile,address' });
  return lines.flatMap(({ record, info: { lines: line } }) => {
    if (isHeaded) return { line, profile: record[profile] ?? '', address: record[address] ?? '' };
    if (record.length === 2) return { line, profile: record[0]!, address: record[1]! };
    faults.push({ line, message: `${plural(record.length, 'column')}; without a head it takes two: profile,address` });
    return [];
  });
}

/** Asks AWS only for what the list leaves open: the one domain, and tags where the policy finds addresses by them. */
async function lookAt({ fleet, place, policy }: Records, rows: Row[], domain?: string): Promise<Picture | undefined> {
  const { address } = policy.owners;
  const tagKeys = typeof address === 'object' && 'tag' in address ? needsOf(policy).tagKeys : [];
  const domainNames = domain === undefined && rows.some(({ profile }) => !profile.includes('/'));
  if (tagKeys.length === 0 && !domainNames) return undefined;
  const picture = await progress('Looking at SageMaker Studio', fleet.look(place, { tagKeys, domainNames }));
  for (const { part, why } of picture.missing)
    if (part === 'tags' || part === 'domains') note(style('red', `curfew: the ${part} are incomplete (${why})`));
  return picture;
}

function onlyDomain(picture: Picture | undefined): string | undefined {
  const ids = [...(picture?.domains.keys() ?? [])];
  return ids.length === 1 ? ids[0] : undefined;
}

function readPerson({ line, profile, address }: Row, domain: string | undefined, faults: Fault[]): Listed | undefined {
  const [name = '', domainId = domain, ...more] = profile.split('/').reverse();
  const fail = (message: string) => void faults.push({ line, message });
  if (!NAME.test(name) || name.length > 63 || more.length > 0)
    return fail(`"${profile}" is not a user profile such as alice, or d-abcdefghijkl/alice`);
  if (domainId === undefined) return fail(`of which domain is ${name}? Write d-…/${name}, or give --domain`);
  if (!DOMAIN_ID.test(domainId)) return fail(`"${domainId}" is not a domain's id such as d-abcdefghijkl`);
  if (!isAddress(address)) return fail(`"${address}" is not a mail address such as jo@example.org`);
  if (!/^[\x20-\x7e]+@/.test(address)) return fail(`"${address}": SES takes plain ASCII only before the @`);
  return { line, domainId, userProfileName: name, address };
}

/** A line may be there twice; a profile with two addresses is a fault: which is it? */
function dropRepeats(people: Listed[], faults: Fault[]): Listed[] {
  const seen = new Map<string, Listed>();
  for (const person of people) {
    const owner = `${person.domainId}/${person.userProfileName}`;
    const first = seen.get(owner);
    if (!first) seen.set(owner, person);
    else if (first.address.toLowerCase() !== person.address.toLowerCase())
      faults.push({ line: person.line, message: `${owner} has ${first.address} on line ${first.line}; which is it?` });
  }
  return [...seen.values()];
}

const CHANGES = { 'new contact': '+ new', 'new profile': '+ profile of a known contact', unchanged: 'unchanged' };

function printSteps(steps: ImportStep[]): void {
  if (steps.length === 0) return;
  const columns = [{ head: 'LINE' }, { head: 'PROFILE' }, { head: 'ADDRESS' }, { head: 'CHANGE', grow: true }];
  const row = ({ line, domainId, userProfileName, address, change, known }: ImportStep) => [
    String(line),
    `${domainId}/${userProfileName}`,
    address,
    known ? `${CHANGES[change]}: ${describeConsent(known)}` : CHANGES[change],
  ];
  printTable(columns, steps.map(row));
}

/** An import makes contacts. Where mail goes is the policy's to say. */
function tellDifferences(steps: ImportStep[]): void {
  for (const { line, userProfileName, address, policySays } of steps) {
    if (!policySays) continue;
    const says =
      'address' in policySays
        ? `gives ${userProfileName} ${policySays.address}`
        : `gives ${userProfileName} no address (${policySays.unknown})`;
    note(
      `line ${line}: the policy ${says}. Mail goes by the policy: to have it go to ${address}, name that in owners.exceptions.`,
    );
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

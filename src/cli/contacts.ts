import { ask, mayAsk } from '../application/invite.ts';
import { noteContact } from '../application/note-contact.ts';
import { ConfigError } from '../config.ts';
import { type Contact, forgotten, onContactEvent, refusalOf } from '../domain/contact.ts';
import { isSameAddress } from '../domain/feedback.ts';
import { isOwnerCalled } from '../domain/owner.ts';
import { describePause, isPaused } from '../domain/pause.ts';
import { describeInstant } from '../domain/time.ts';
import { note, printJson, printTable } from './print.ts';
import { openRecords, type Records, type WorldOptions } from './world.ts';

/** `curfew contacts list`. @returns the exit code */
export async function contactsListCommand(options: WorldOptions & { json?: boolean }): Promise<number> {
  const { policy, place, now, contacts } = await openRecords(options, '`contacts`');
  const all = await contacts.list(place);
  if (options.json) printJson({ now: iso(now), contacts: all.map(toJson) });
  else if (all.length > 0) {
    const columns = [
      { head: 'ADDRESS' },
      { head: 'PROFILES', grow: true },
      { head: 'CONSENT', grow: true },
      { head: 'SINCE' },
      { head: 'ASKED' },
    ];
    const row = (contact: Contact) => [
      contact.address,
      contact.owners.join(', ') || '-',
      describeConsent(contact),
      describeInstant(contact.changedAt, policy.timezone, now),
      describeTimes(contact.asked.length),
    ];
    printTable(columns, all.map(row));
  }
  if (options.json) return 0;
  const confirmed = all.filter(
    ({ consent, unsubscribed }) => consent === 'confirmed' && unsubscribed !== 'everything',
  ).length;
  const none =
    'No contact yet. People become contacts when they first run an app, or by `curfew contacts import FILE.csv`.';
  note(all.length === 0 ? none : `${all.length} ${all.length === 1 ? 'contact' : 'contacts'}, ${confirmed} confirmed.`);
  return 0;
}

/** What a reader has agreed to, in words. */
export function describeConsent({ consent, unsubscribed, asked }: Contact): string {
  if (consent === 'bounced') return 'mail to it comes back';
  if (consent === 'complained') return 'marked our mail as spam';
  if (unsubscribed === 'everything') return 'unsubscribed';
  const but =
    unsubscribed === undefined ? '' : { reports: ', without reports', warnings: ', only news of stops' }[unsubscribed];
  if (consent === 'confirmed') return `confirmed${but}`;
  return `${asked.length === 0 ? 'not asked yet' : 'has not confirmed'}${but}`;
}

function describeTimes(times: number): string {
  return times === 0 ? '-' : times === 1 ? 'once' : `${times} times`;
}

function toJson({ address, owners, consent, unsubscribed, changedAt, asked, bounces }: Contact): object {
  const since = iso(changedAt);
  return { address, owners, consent, unsubscribed: unsubscribed ?? null, since, asked: asked.map(iso), bounces };
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}

export interface InviteOptions extends WorldOptions {
  owner?: string[];
  dryRun?: boolean;
}

/** `curfew contacts invite ADDRESS… | --owner NAME…`: asks anew. @returns the exit code */
export async function contactsInviteCommand(addresses: string[], options: InviteOptions): Promise<number> {
  const names = options.owner ?? [];
  if (addresses.length + names.length === 0) throw new ConfigError('whom? Name an ADDRESS, or --owner NAME');
  const records = await openRecords(options, '`contacts invite`', { asks: true });
  if (!mayAsk(records)) throw new ConfigError(whyNobodyIsAsked(records));
  const all = await records.contacts.list(records.place);
  const found = new Set<Contact>();
  let exitCode = 0;
  const find = (what: string, fits: (contact: Contact) => boolean) => {
    const fitting = all.filter(fits);
    for (const contact of fitting) found.add(contact);
    if (fitting.length === 0) exitCode = refuse(`no contact ${what}; \`curfew contacts\` shows those there are`);
  };
  for (const address of addresses)
    find(`has the address ${address}`, (contact) => isSameAddress(contact.address, address));
  for (const name of names)
    find(`is known for ${name}`, ({ owners }) => owners.some((owner) => isOwnerCalled(owner, name)));
  for (const contact of found)
    exitCode = Math.max(exitCode, await inviteOne(records, contact, options.dryRun === true));
  return exitCode;
}

/** Why nobody can be asked to confirm now; what `mayAsk` says, in words. */
export function whyNobodyIsAsked({ policy, baseUrl, pause, now }: Records): string {
  if (isPaused(pause, now)) return `Curfew is ${describePause(pause, policy.timezone, now)}`;
  return baseUrl === undefined
    ? 'asking needs CURFEW_BASE_URL: where the links in mail point, as the deployed functions have it'
    : `in mode ${policy.mode} nobody is written to: the policy's mode must be warn or enforce`;
}

async function inviteOne(records: Records, contact: Contact, isDry: boolean): Promise<number> {
  const { contacts, place, now } = records;
  const { address, owners } = contact;
  if (!onContactEvent(contact, { kind: 'invited' }, now))
    return refuse(`${address} is not asked: ${refusalOf(contact, 'confirmation', 'owner')}`);
  if (owners.length === 0)
    return refuse(`${address} is not asked: no profile has it. \`curfew contacts import\` gives it one`);
  if (isDry) {
    print(`Would ask ${address} to confirm, for ${owners.join(', ')}.`);
    return 0;
  }
  const { asked } = await ask(records, await noteContact(contacts, place, address, { kind: 'invited' }, now), now);
  // Its reader may have said no a moment ago.
  if (asked.length === 0) return refuse(`${address} was changed by somebody else at this moment; try again`);
  print(`${address}: a request to confirm is owed. The deployed \`deliver\` sends it.`);
  return 0;
}

/** `curfew contacts forget ADDRESS`. @returns the exit code */
export async function contactsForgetCommand(
  address: string,
  options: WorldOptions & { yes?: boolean },
): Promise<number> {
  const { contacts, place } = await openRecords(options, '`contacts forget`');
  const contact = await contacts.get(place, address);
  if (!contact) return refuse(`no contact has the address ${address}; \`curfew contacts\` shows those there are`);
  const rest = forgotten(contact);
  const { owners, asked } = contact;
  const profiles = owners.length > 0 ? ` of ${owners.join(', ')}` : '';
  print(
    `${contact.address}${profiles}: ${describeConsent(contact)}; asked ${asked.length === 0 ? 'never' : describeTimes(asked.length)}.`,
  );
  if (rest) {
    print(
      'Its profiles, and when it was asked, are forgotten. That its reader wants no mail is kept, with the address: it must not be asked again.',
    );
  } else {
    const again =
      'If the policy still gives it to a profile, Curfew meets it anew, and asks it to confirm, three times at most.';
    print(`All of it is forgotten: no mail that needs a confirmed address goes there. ${again}`);
  }
  print('Notices that were sent to it stay in the history for 400 days.');
  if (!options.yes) {
    note('Nothing was changed (--yes does it).');
    return 0;
  }
  const isDone = rest ? await contacts.change(contact, rest) : await contacts.remove(contact);
  if (!isDone) return refuse(`${contact.address} was changed by somebody else at this moment; try again`);
  print('Forgotten.');
  return 0;
}

/** Says why something is not done. @returns the exit code */
function refuse(why: string): 1 {
  note(`curfew: ${why}`);
  return 1;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

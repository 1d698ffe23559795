import type { Place } from '../domain/app.ts';
import { type Contact, newContact, onContactEvent } from '../domain/contact.ts';
import { isSameAddress } from '../domain/feedback.ts';
import { type Address, ownerAddress } from '../domain/owner.ts';
import type { Tags } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { each } from './each.ts';
import { type Asker, ask } from './invite.ts';
import { noteContact } from './note-contact.ts';
import type { Fleet } from './ports.ts';

/** A line of a list of people: a profile, and the address that somebody says is theirs. */
export interface Listed {
  line: number;
  domainId: string;
  userProfileName: string;
  address: string;
}

/** What taking a line in would do. */
export interface ImportStep extends Listed {
  change: 'new contact' | 'new profile' | 'unchanged';
  /** The address's contact as it is now. */
  known: Contact | undefined;
  /** What the policy says of the profile's address, where that is another or none: mail goes by the policy. */
  policySays?: Address;
}

/** So many calls at once: DescribeUserProfile, where the policy goes by SSO user names, and DynamoDB. */
const WIDTH = 5;

/** Holds a list of people against the contacts there are, and against the policy. Changes nothing. */
export async function planImport(
  { contacts, fleet, policy }: Pick<Asker, 'contacts' | 'policy'> & { fleet: Pick<Fleet, 'ssoUserName'> },
  place: Place,
  people: Listed[],
  tags: Map<string, Tags>,
  now: Instant,
): Promise<ImportStep[]> {
  const known = new Map((await contacts.list(place)).map((contact) => [contact.address.toLowerCase(), contact]));
  const planned = new Map(known);
  const steps = people.map((person): ImportStep => {
    const key = person.address.toLowerCase();
    const contact = planned.get(key);
    const event = { kind: 'met' as const, owner: `${person.domainId}/${person.userProfileName}` };
    const next = onContactEvent(contact ?? newContact(place, person.address, now), event, now);
    if (next) planned.set(key, next);
    const change = !contact ? 'new contact' : next ? 'new profile' : 'unchanged';
    return { ...person, change, known: known.get(key) };
  });
  await each(steps, WIDTH, async (step) => {
    const given = await addressOf(fleet, policy, step, tags);
    if (!('address' in given) || !isSameAddress(given.address, step.address)) step.policySays = given;
  });
  return steps;
}

async function addressOf(
  fleet: Pick<Fleet, 'ssoUserName'>,
  { owners }: Policy,
  person: Listed,
  tags: Map<string, Tags>,
): Promise<Address> {
  const { domainId, userProfileName } = person;
  const tagsOf = (resource: string) => tags.get(resource.toLowerCase());
  const own = { ...tagsOf(`domain/${domainId}`), ...tagsOf(`user-profile/${domainId}/${userProfileName}`) };
  if (owners.address !== 'sso') return ownerAddress(person, owners, { tags: own });
  try {
    return ownerAddress(person, owners, { ssoUserName: await fleet.ssoUserName(domainId, userProfileName) });
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  }
}

/** What came of an import. */
export interface ImportReport {
  done: number;
  /** Requests to confirm that are owed now. */
  asked: number;
  /** Lines that could not be taken in, in words. */
  faults: string[];
}

/** Takes the lines in: makes contacts of addresses, and asks each to confirm, where anybody is asked. */
export async function importContacts(
  asker: Asker,
  place: Place,
  steps: ImportStep[],
  now: Instant,
): Promise<ImportReport> {
  const report: ImportReport = { done: 0, asked: 0, faults: [] };
  const met = new Map<string, { contact: Contact; line: number }>();
  // One by one, and asked last: two lines may be of one contact, whose mail then names both profiles.
  for (const { line, domainId, userProfileName, address, change } of steps) {
    if (change === 'unchanged') continue;
    await attempt(report, line, async () => {
      const event = { kind: 'met' as const, owner: `${domainId}/${userProfileName}` };
      const contact = await noteContact(asker.contacts, place, address, event, now);
      met.set(address.toLowerCase(), { contact, line });
      report.done++;
    });
  }
  for (const { contact, line } of met.values())
    await attempt(report, line, async () => {
      if ((await ask(asker, contact, now)) !== contact) report.asked++;
    });
  return report;
}

/** One failure stays one failure. */
async function attempt({ faults }: ImportReport, line: number, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    faults.push(`line ${line}: ${error instanceof Error ? error.message : error}`);
  });
}

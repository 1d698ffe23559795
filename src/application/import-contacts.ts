import type { Place } from '../domain/app.ts';
import { type Contact, newContact, onContactEvent } from '../domain/contact.ts';
import { isSameAddress } from '../domain/feedback.ts';
import { type Address, ownerAddress } from '../domain/owner.ts';
import type { Tags } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { each } from './each.ts';
import { type Asker, meet } from './invite.ts';
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
  // One by one: two lines may be of one contact.
  for (const step of steps.filter(({ change }) => change !== 'unchanged')) {
    try {
      const { asked } = await meet(asker, place, step, step.address, now);
      report.done++;
      if (asked.at(-1) === now) report.asked++;
    } catch (error) {
      report.faults.push(`line ${step.line}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return report;
}

import { isNewestRequest, refusalOf } from '../domain/contact.ts';
import type { Audience, Notice } from '../domain/notice.ts';
import { type Policy, teamNamed } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import type { Contacts, Outbox } from './ports.ts';
import { tellAdmins } from './tell.ts';

/** Why a notice may not go to its reader now; undefined where it may. Asked at the last moment: much may have changed. */
export async function refusalFor(contacts: Contacts, policy: Policy, notice: Notice): Promise<string | undefined> {
  const { facts, to } = notice;
  const role = roleOf(notice);
  if (facts.kind === 'report' && facts.scope === 'team') {
    if (!teamNamed(policy, facts.whose)?.leads.includes(to)) return `is no lead of ${facts.whose} any more`;
  } else if (role === 'admins' && !policy.admins.includes(to)) return 'is no admin any more';
  const contact = await contacts.get(notice, to);
  const refusal = refusalOf(contact, facts.kind, role);
  if (refusal === undefined && facts.kind === 'confirmation' && !isNewestRequest(contact, facts))
    return 'has been asked again since';
  return refusal;
}

/** Whether a notice to the admins, but for a digest or a report, which they may do without, is for none of them to read any more. */
export async function isUnheard(contacts: Contacts, policy: Policy, notice: Notice): Promise<boolean> {
  if (roleOf(notice) !== 'admins' || ['digest', 'report'].includes(notice.facts.kind)) return false;
  for (const to of policy.admins)
    if ((await refusalFor(contacts, policy, { ...notice, to })) === undefined) return false;
  return true;
}

/** In which role the reader gets it. */
export function roleOf({ facts }: Notice): Audience['role'] {
  if (facts.kind === 'confirmation') return 'owner';
  return 'audience' in facts ? facts.audience.role : 'admins';
}

/** What an owner may not be told goes to the admins, with why, each by a notice of their own; first that, then the note of it. */
export async function withhold(
  outbox: Outbox,
  policy: Policy,
  notice: Notice,
  why: string,
  now: Instant,
): Promise<void> {
  const { id, facts, forAdmins = id } = notice;
  // A report is its reader's own business: nobody gets it instead.
  if (!('audience' in facts) || facts.audience.role !== 'owner' || facts.kind === 'report')
    return outbox.settle(notice, { kind: 'withheld', why }, now);
  const whose = (facts.kind === 'budget' ? facts.whose : facts.app.owner) ?? 'Its owner';
  const audience = { role: 'admins' as const, why: `${whose} (${notice.to}) ${why}, so you are told instead.` };
  await tellAdmins({ outbox, policy }, notice, forAdmins, { ...facts, audience }, now);
  return outbox.settle(notice, { kind: 'redirected', why }, now);
}

/** The other admins learn that a mail was refused; of a refused failure mail they do not, else one bad address would never end. */
export async function tellOfRefusal(
  outbox: Outbox,
  policy: Policy,
  notice: Notice,
  why: string,
  now: Instant,
): Promise<void> {
  const { facts, to } = notice;
  const admins = policy.admins.filter((admin) => admin !== to);
  if (facts.kind === 'failure' || admins.length === 0) return;
  const app = 'app' in facts ? { app: facts.app } : {};
  const what = 'app' in facts ? `the ${facts.kind} of ${facts.app.appType} ${facts.app.appName}` : `the ${facts.kind}`;
  await tellAdmins(
    { outbox, policy: { ...policy, admins } },
    notice,
    `refused ${notice.id}`,
    {
      kind: 'failure',
      title: `Mail to ${to} was refused`,
      details: [`SES refused ${what} for good. It said: ${why}`],
      todo: [`Check the address ${to} in the policy, and SES's suppression list.`],
      at: now,
      ...app,
    },
    now,
  );
}

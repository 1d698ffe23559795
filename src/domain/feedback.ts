import type { Contact } from './contact.ts';
import type { FailureFacts, Notice, NoticeFacts, PastNotice, Trace } from './notice.ts';
import type { Instant } from './time.ts';

interface News {
  at: Instant;
  /** The notice that the mail brought, where the event names one. */
  notice?: string;
  /** Whom it is about; where mail is forwarded, it may be the last of the row. */
  addresses: string[];
}

/** A bounce or a complaint; `said` is why, in the words of SES and of the mail server that refused it. */
export type BadNews = News & { isSuppressed: boolean; said: string } & (
    | { kind: 'bounced'; isPermanent: boolean }
    | { kind: 'complained' }
  );

/** What became of a mail, as SES tells it. */
export type Feedback = BadNews | (News & { kind: 'delivered' });

/** What is noted on the notice. What a suppression list held back never left SES, and is told as that. */
export function traceOf(feedback: Feedback): Trace {
  return feedback.kind !== 'delivered' && feedback.isSuppressed ? 'suppressed' : feedback.kind;
}

/** Whose news it is. A mail of ours goes to one address: where none named is that one, it was forwarded from there. */
export function concernedBy({ addresses }: Feedback, notice: Notice | undefined): string[] {
  if (!notice || addresses.some((address) => isSameAddress(address, notice.to))) return addresses;
  return [notice.to];
}

/** Whether two addresses are one contact's. */
export function isSameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/**
 * The same news for the admins, where its owner did not get it: what an owner cannot be told goes to them. A bounce for
 * now that follows a delivery is an automatic answer, or the like: its reader has the mail.
 * @returns undefined where nobody else is to be told
 */
export function toldInstead(feedback: Feedback, past: PastNotice, now: Instant): NoticeFacts | undefined {
  const { facts, to } = past.notice;
  if (feedback.kind === 'delivered' || !('audience' in facts) || facts.audience.role !== 'owner') return undefined;
  if (feedback.kind === 'bounced' && !feedback.isPermanent && past.traces.delivered !== undefined) return undefined;
  // A warning whose stop is due by now says nothing that the news of the stop does not.
  // A report is its reader's own business, and another comes next week.
  if (facts.kind === 'report') return undefined;
  if (facts.kind === 'warning' && facts.stopAt !== undefined && facts.stopAt <= now) return undefined;
  const owner = facts.kind === 'budget' ? facts.whose : facts.app.owner;
  const reader = owner === undefined ? to : `${owner} (${to})`;
  const why =
    feedback.kind === 'bounced'
      ? `Mail to ${reader} came back, so you are told instead.`
      : `${reader} marked this mail as spam, so you are told instead.`;
  return { ...facts, audience: { role: 'admins', why } };
}

/** What the admins must know of an address that gets no mail any more, and what they can do. */
export function endOfMail(
  { address, owners }: Contact,
  feedback: BadNews,
  facts: NoticeFacts | undefined,
): FailureFacts {
  const mail = facts === undefined ? 'a mail' : describe(facts);
  const profiles = owners.map((owner) => owner.split('/').at(-1)).join(', ');
  const then = owners.length > 0 ? `: what concerns ${profiles} comes to you instead.` : '.';
  const another =
    owners.length > 0
      ? `Ask ${profiles} for another address, and name it in the policy (owners.exceptions).`
      : "If it is an admin's address, name another in the policy (admins).";
  const quoted = shellWord(address);
  const again = owners.length > 0 ? `curfew contacts invite ${quoted}` : `curfew contacts forget ${quoted} --yes`;
  const listed = `aws sesv2 delete-suppressed-destination --email-address ${quoted}`;
  const isBounce = feedback.kind === 'bounced';
  return {
    kind: 'failure',
    title: isBounce ? `Mail to ${address} comes back` : `${address} marked our mail as spam`,
    details: [`${whatHappened(address, mail, feedback)} Nothing more goes to this address${then}`],
    todo: isBounce
      ? [another, `If the address does work, take it off SES's suppression list (\`${listed}\`), then \`${again}\`.`]
      : [another, 'A complaint is for good: Curfew does not write to this address again, and cannot be made to.'],
    at: feedback.at,
    ...(facts && 'app' in facts && facts.app ? { app: facts.app } : {}),
  };
}

function whatHappened(address: string, mail: string, feedback: BadNews): string {
  if (feedback.isSuppressed)
    return `SES holds ${address} on a suppression list, and did not try to deliver ${mail}. It said: ${feedback.said}.`;
  if (feedback.kind === 'complained') return `Whoever reads ${address} marked ${mail} as spam (${feedback.said}).`;
  if (feedback.isPermanent) return `SES could not deliver ${mail}, and never will. It said: ${feedback.said}.`;
  return `SES could not deliver ${mail}, nor the mails before it. It said: ${feedback.said}.`;
}

function describe(facts: NoticeFacts): string {
  if (facts.kind === 'confirmation') return 'the request to confirm';
  if (facts.kind === 'warning') return `the warning of ${facts.app.appType} ${facts.app.appName}`;
  if (facts.kind === 'stopped') return `the news that ${facts.app.appType} ${facts.app.appName} was stopped`;
  if (facts.kind === 'budget') return `the news of the budget ${facts.budget}`;
  if (facts.kind === 'report') return `the cost report of ${facts.week}`;
  return facts.kind === 'digest' ? 'the daily digest' : `the mail "${facts.title}"`;
}

/** A word that a shell takes for nothing else: the command may be pasted as it stands. */
function shellWord(text: string): string {
  return /^[\w.@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

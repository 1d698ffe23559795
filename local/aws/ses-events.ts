import type { Input } from './answers.ts';
import type { Ses } from './ses.ts';
import type { Mailbox } from './ses-addresses.ts';
import type { Place } from './studio-events.ts';

/** A bounce or a complaint as SES puts it on the default bus. */
export interface SesEvent {
  version: '0';
  id: string;
  'detail-type': 'Email Bounced' | 'Email Complaint Received';
  source: 'aws.ses';
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}

/** Makes the function that says what becomes of a mail that was accepted. */
export function sesEvents(place: Place, now: () => number) {
  let count = 0;
  return (sent: { account: Ses; input: Input; messageId: string; recipients: Mailbox[] }): SesEvent[] => {
    const { account, input, messageId, recipients } = sent;
    const at = new Date(now()).toISOString();
    const has = (set: ReadonlySet<string>) => (mailbox: Mailbox) =>
      [...set].some((address) => address.toLowerCase() === mailbox.address.toLowerCase());
    const mail = {
      timestamp: at,
      source: input.FromEmailAddress,
      messageId,
      destination: recipients.map((mailbox) => mailbox.address),
      tags: { 'ses:configuration-set': [input.ConfigurationSetName], ...tagsOf(input) },
    };
    const event = (type: SesEvent['detail-type'], detail: Record<string, unknown>): SesEvent => {
      count += 1;
      const id = `40000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}`;
      const { account: owner, region } = place;
      const time = at.replace(/\.\d+Z$/, 'Z');
      return {
        version: '0',
        id,
        'detail-type': type,
        source: 'aws.ses',
        account: owner,
        time,
        region,
        resources: [],
        detail,
      };
    };
    const bounce = (mailbox: Mailbox, subType: string, diagnosis: string): SesEvent =>
      event('Email Bounced', {
        eventType: 'Bounce',
        mail,
        bounce: {
          bounceType: 'Permanent',
          bounceSubType: subType,
          bouncedRecipients: [
            { emailAddress: mailbox.address, action: 'failed', status: '5.1.1', diagnosticCode: diagnosis },
          ],
          timestamp: at,
          feedbackId: `${messageId}-${count}`,
        },
      });
    const isSuppressed = has(account.suppressed);
    const isBouncing = has(account.bouncing);
    const isComplaining = has(account.complaining);
    return recipients.flatMap((mailbox) => {
      if (isSuppressed(mailbox))
        return [
          bounce(
            mailbox,
            'OnAccountSuppressionList',
            'Amazon SES did not send the message to this address because it is on the suppression list for your account.',
          ),
        ];
      if (isBouncing(mailbox)) return [bounce(mailbox, 'General', 'smtp; 550 5.1.1 user unknown')];
      if (!isComplaining(mailbox)) return [];
      const complaint = {
        complainedRecipients: [{ emailAddress: mailbox.address }],
        timestamp: at,
        feedbackId: `${messageId}-${count}`,
        complaintSubType: null,
        complaintFeedbackType: 'abuse',
      };
      return [event('Email Complaint Received', { eventType: 'Complaint', mail, complaint })];
    });
  };
}

function tagsOf(input: Input): Record<string, string[]> {
  return Object.fromEntries((input.EmailTags ?? []).map((tag: Input) => [tag.Name, [tag.Value]]));
}

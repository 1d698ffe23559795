import type { Input } from './answers.ts';
import type { Sent } from './eventbridge.ts';
import type { Ses } from './ses.ts';
import { isIn, isSimulator, type Mailbox } from './ses-addresses.ts';

/** What becomes of a mail to one mailbox. */
export type MailFate =
  | 'arrives'
  /** It arrives, and is marked as spam. */
  | 'complains'
  /** It arrives, and is answered by itself. */
  | 'answers'
  /** There is no such mailbox. */
  | 'bounces'
  /** The mailbox is full. */
  | 'is full'
  /** The account's suppression list has it: SES does not try. */
  | 'is suppressed'
  /** SES's own suppression list has it. */
  | 'is suppressed by SES';

/** Fates with which a mail reaches its reader. */
export const ARRIVING: ReadonlySet<MailFate> = new Set(['arrives', 'complains', 'answers']);

/** The addresses of SES's mailbox simulator, each also with a label, as in `bounce+1@…` (developer guide, "mailbox simulator"). */
const SIMULATOR: Record<string, MailFate> = {
  success: 'arrives',
  bounce: 'bounces',
  ooto: 'answers',
  complaint: 'complains',
  suppressionlist: 'is suppressed by SES',
};

/** What will become of a mail, by what the world knows of its recipient. */
export function fateOf(account: Ses, mailbox: Mailbox): MailFate {
  if (isSimulator(mailbox)) return SIMULATOR[mailbox.address.toLowerCase().split(/[+@]/, 1)[0]!] ?? 'bounces';
  if (isIn(account.suppressed, mailbox)) return 'is suppressed';
  if (isIn(account.bouncing, mailbox)) return 'bounces';
  if (isIn(account.full, mailbox)) return 'is full';
  if (isIn(account.complaining, mailbox)) return 'complains';
  return isIn(account.away, mailbox) ? 'answers' : 'arrives';
}

/** A mail that SES accepted. */
interface SentMail {
  input: Input;
  messageId: string;
  recipients: Mailbox[];
  at: number;
}

/** The events of bounces, complaints and deliveries that SES puts on the default bus for one recipient of a mail. */
export function eventsOf(sent: SentMail, { address }: Mailbox, fate: MailFate): Sent[] {
  const { input, messageId, recipients } = sent;
  const timestamp = new Date(sent.at).toISOString();
  const feedbackId = `${messageId.slice(0, -7)}-feedback`;
  const mail = {
    timestamp,
    source: input.FromEmailAddress,
    messageId,
    destination: recipients.map((mailbox) => mailbox.address),
    tags: { 'ses:configuration-set': [input.ConfigurationSetName], ...tagsOf(input) },
  };
  const event = (type: string, eventType: string, detail: object): Sent => ({
    source: 'aws.ses',
    'detail-type': type,
    detail: { eventType, mail, ...detail },
  });
  const bounce = (bounceType: string, bounceSubType: string, status: string, diagnosticCode: string): Sent => {
    const bouncedRecipients = [{ emailAddress: address, action: 'failed', status, diagnosticCode }];
    return event('Email Bounced', 'Bounce', {
      bounce: { bounceType, bounceSubType, bouncedRecipients, timestamp, feedbackId },
    });
  };
  const delivered = (): Sent =>
    event('Email Delivered', 'Delivery', {
      delivery: { timestamp, processingTimeMillis: 500, recipients: [address], smtpResponse: '250 2.0.0 OK' },
    });
  switch (fate) {
    case 'arrives':
      return [delivered()];
    case 'answers':
      return [delivered(), bounce('Transient', 'General', '5.0.0', 'smtp; automatic reply')];
    case 'bounces':
      return [bounce('Permanent', 'General', '5.1.1', 'smtp; 550 5.1.1 user unknown')];
    case 'is full':
      return [bounce('Transient', 'MailboxFull', '4.2.2', 'smtp; 452 4.2.2 mailbox full')];
    case 'is suppressed':
      return [
        bounce(
          'Permanent',
          'OnAccountSuppressionList',
          '5.1.1',
          'Amazon SES did not send the message to this address because it is on the suppression list for your account.',
        ),
      ];
    case 'is suppressed by SES':
      return [
        bounce(
          'Permanent',
          'Suppressed',
          '5.1.1',
          'Amazon SES did not send the message to this address because it has bounced before.',
        ),
      ];
    case 'complains': {
      const complaint = {
        complainedRecipients: [{ emailAddress: address }],
        timestamp,
        feedbackId,
        complaintSubType: null,
        complaintFeedbackType: 'abuse',
      };
      return [delivered(), event('Email Complaint Received', 'Complaint', { complaint })];
    }
  }
}

function tagsOf(input: Input): Record<string, string[]> {
  return Object.fromEntries((input.EmailTags ?? []).map((tag: Input) => [tag.Name, [tag.Value]]));
}

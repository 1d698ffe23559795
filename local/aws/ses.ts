import { awsError, type Input, unknownOperation } from './answers.ts';
import type { Sent } from './eventbridge.ts';
import type { Mailroom } from './mailbox.ts';
import { isSimulator, isVerified, type Mailbox, readMailbox } from './ses-addresses.ts';
import { ARRIVING, eventsOf, fateOf } from './ses-events.ts';
import { checkMessage } from './ses-message.ts';
import type { Place } from './studio-events.ts';

/** What the owner of an SES account sets, and what the world knows of its recipients. All of it may change at any time. */
export interface Ses {
  /** -1 as `max24HourSend` is without limit, as at AWS. */
  quota: { max24HourSend: number; maxSendRate: number };
  /** False is the sandbox: only verified recipients. The sandbox's own quotas are 200 and 1: set them too. */
  production: boolean;
  /** Sending is paused for the account. */
  paused: boolean;
  /** Verified addresses, and domains with all below them. */
  identities: Set<string>;
  /** Identities that SES knows and has not verified yet. */
  pending: Set<string>;
  /** What SES's own review of the account says. */
  enforcement: 'HEALTHY' | 'PROBATION' | 'SHUTDOWN';
  configurationSets: Set<string>;
  /**
   * The account-level suppression list: SES takes such mail, counts it, and bounces it by itself. An address that
   * bounced for good, or whose reader complained, comes on it, as is the default (SuppressedReasons).
   */
  suppressed: Set<string>;
  /** Addresses whose mail bounces for good. */
  bouncing: Set<string>;
  /** Addresses whose mailbox is full: their mail bounces for now. */
  full: Set<string>;
  /** Addresses whose readers are away: mail arrives, and is answered by itself, which SES tells as a bounce. */
  away: Set<string>;
  /** Addresses whose readers complain of every mail that arrives. */
  complaining: Set<string>;
}

/** The SES account and the function that performs its calls. */
export interface SesService {
  account: Ses;
  perform(action: string, input: Input): Promise<unknown>;
}

const day = 86_400_000;

/**
 * Starts the rules of SES in front of a mailroom. What becomes of a mail that was sent with a configuration set is told
 * on the event bus at once, as if every set had it as its destination.
 */
export function startSes(
  place: Place,
  now: () => number,
  { mailroom, publish }: { mailroom: Mailroom; publish: (event: Sent) => void },
): SesService {
  const account: Ses = {
    quota: { max24HourSend: 50_000, maxSendRate: 14 },
    production: true,
    paused: false,
    identities: new Set(['example.org']),
    pending: new Set(),
    enforcement: 'HEALTHY',
    configurationSets: new Set(),
    suppressed: new Set(),
    bouncing: new Set(),
    full: new Set(),
    away: new Set(),
    complaining: new Set(),
  };
  const sent = sentCounter(now);
  let count = 0;

  const sendEmail = async (input: Input): Promise<unknown> => {
    if (account.paused) throw awsError('SendingPausedException', 'Email sending is paused for this account.');
    const from = readMailbox(input.FromEmailAddress);
    const recipients = readRecipients(input);
    for (const text of input.ReplyToAddresses ?? []) readMailbox(text);
    checkMessage(input);
    const set: string | undefined = input.ConfigurationSetName;
    if (set !== undefined && !account.configurationSets.has(set)) {
      throw awsError('NotFoundException', `Configuration set <${set}> does not exist.`, 404);
    }
    const checked = account.production ? [from] : [from, ...recipients];
    const failed = checked.filter((mailbox) => !isVerified(account.identities, mailbox) && !isSimulator(mailbox));
    if (failed.length > 0) {
      const names = failed.map((mailbox) => mailbox.address).join(', ');
      throw awsError(
        'MessageRejected',
        `Email address is not verified. The following identities failed the check in region ${place.region.toUpperCase()}: ${names}`,
      );
    }
    const { max24HourSend, maxSendRate } = account.quota;
    if (max24HourSend >= 0 && sent.lastDay() + recipients.length > max24HourSend) {
      throw awsError('LimitExceededException', 'Daily message quota exceeded.');
    }
    const justSent = sent.lastSecond();
    // One message to more people than the rate allows still goes, if nothing else went in that second.
    if (justSent > 0 && justSent + recipients.length > maxSendRate) {
      throw awsError('TooManyRequestsException', 'Maximum sending rate exceeded.', 429);
    }
    sent.add(recipients.length);
    count += 1;
    const messageId = `0100${count.toString(16).padStart(12, '0')}-00000000-0000-4000-8000-${count.toString(16).padStart(12, '0')}-000000`;
    const fates = recipients.map((mailbox) => ({ mailbox, fate: fateOf(account, mailbox) }));
    const arrived = fates.filter(({ fate }) => ARRIVING.has(fate)).map(({ mailbox }) => mailbox.address);
    if (arrived.length > 0) await mailroom.deliver({ input, messageId, arrived, at: now() });
    for (const { mailbox, fate } of fates) {
      if ((fate === 'bounces' || fate === 'complains') && !isSimulator(mailbox))
        account.suppressed.add(mailbox.address);
      if (set === undefined) continue;
      for (const event of eventsOf({ input, messageId, recipients, at: now() }, mailbox, fate)) publish(event);
    }
    return { MessageId: messageId };
  };

  return {
    account,
    async perform(action, input) {
      if (action === 'SendEmail') return await sendEmail(input);
      if (action === 'GetEmailIdentity') return getIdentity(account, input.EmailIdentity);
      if (action !== 'GetAccount') throw unknownOperation('sesv2', action);
      return {
        DedicatedIpAutoWarmupEnabled: false,
        EnforcementStatus: account.enforcement,
        ProductionAccessEnabled: account.production,
        SendingEnabled: !account.paused,
        SendQuota: {
          Max24HourSend: account.quota.max24HourSend,
          MaxSendRate: account.quota.maxSendRate,
          SentLast24Hours: sent.lastDay(),
        },
        SuppressionAttributes: { SuppressedReasons: ['BOUNCE', 'COMPLAINT'] },
      };
    },
  };
}

function getIdentity({ identities, pending }: Ses, name: string): unknown {
  if (!identities.has(name) && !pending.has(name))
    throw awsError('NotFoundException', `Email identity ${name} does not exist.`, 404);
  const isVerified = identities.has(name);
  return {
    IdentityType: name.includes('@') ? 'EMAIL_ADDRESS' : 'DOMAIN',
    FeedbackForwardingStatus: true,
    VerifiedForSendingStatus: isVerified,
    VerificationStatus: isVerified ? 'SUCCESS' : 'PENDING',
  };
}

function readRecipients(input: Input): Mailbox[] {
  const { ToAddresses: to = [], CcAddresses: cc = [], BccAddresses: bcc = [] } = input.Destination ?? {};
  const all: unknown[] = [...to, ...cc, ...bcc];
  if (all.length === 0) throw awsError('BadRequestException', 'Must provide at least one destination.');
  if (all.length > 50) throw awsError('BadRequestException', 'Recipient count exceeds 50.');
  return all.map(readMailbox);
}

/** Counts recipients, which is what SES's quotas count, by the second of the world's clock. */
function sentCounter(now: () => number) {
  const seconds: { second: number; recipients: number }[] = [];
  let oldest = 0;
  let total = 0;
  const current = (): number => Math.floor(now() / 1000);
  return {
    add(recipients: number) {
      total += recipients;
      const last = seconds.at(-1);
      if (last?.second === current()) last.recipients += recipients;
      else seconds.push({ second: current(), recipients });
    },
    lastSecond: () => (seconds.at(-1)?.second === current() ? (seconds.at(-1)?.recipients ?? 0) : 0),
    lastDay() {
      for (
        let first = seconds[oldest];
        first !== undefined && first.second * 1000 <= now() - day;
        first = seconds[oldest]
      ) {
        total -= first.recipients;
        oldest += 1;
      }
      return total;
    },
  };
}

import { domainToUnicode } from 'node:url';
import * as z from 'zod';
import type { Place } from '../domain/app.ts';
import type { Feedback } from '../domain/feedback.ts';
import { isAddress } from '../domain/owner.ts';
import { RefusedEvent } from './envelope.ts';
import { parse } from './event-parts.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const words = z.string().nullish();

/** The notice's id, and the event that it came of, are tags of ours. SES gives tags back only of mail that was sent with a configuration set. */
const tag = z.array(z.string().max(256)).nullish();
const mail = z.object({ tags: z.object({ id: tag, cause: tag }).nullish() });

/** What SES says on the default bus of mail that was sent: SES developer guide, "Contents of event data". */
const mailEvent = z.object({
  source: z.literal('aws.ses'),
  account: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
  'detail-type': z.string(),
  detail: z.object({ mail }),
});

const delivered = z.object({ delivery: z.object({ timestamp: time, recipients: z.array(z.string()) }) });

const bounced = z.object({
  bounce: z.object({
    bounceType: z.string(),
    bounceSubType: words,
    bouncedRecipients: z.array(z.object({ emailAddress: z.string(), diagnosticCode: words })),
    timestamp: time,
  }),
});

const complained = z.object({
  complaint: z.object({
    complainedRecipients: z.array(z.object({ emailAddress: z.string() })),
    timestamp: time,
    complaintSubType: words,
    complaintFeedbackType: words,
  }),
});

/** So much of what a mail server said is told. */
const MOST_SAID = 300;

/**
 * Reads an event of SES about a mail that was sent.
 * @returns undefined for a word that is none: a reader who says that a mail is no spam, or an automatic answer that names nobody
 * @throws RefusedEvent for anything that is not such an event, with what is wrong and where
 */
export function parseMailEvent(event: unknown): { place: Place; feedback?: Feedback; mailCause?: string } {
  const { account, region, 'detail-type': type, detail } = parse(mailEvent, event);
  const feedback = readFeedback(type, (event as { detail: unknown }).detail);
  const notice = detail.mail.tags?.id?.[0];
  const mailCause = detail.mail.tags?.cause?.[0];
  const from = { place: { account, region }, ...(mailCause === undefined ? {} : { mailCause }) };
  return feedback ? { ...from, feedback: { ...feedback, ...(notice === undefined ? {} : { notice }) } } : from;
}

function readFeedback(type: string, detail: unknown): Feedback | undefined {
  switch (type) {
    case 'Email Delivered': {
      const { timestamp, recipients } = parse(delivered, detail).delivery;
      return { kind: 'delivered', at: timestamp, addresses: readAddresses(recipients) };
    }
    case 'Email Bounced': {
      const { bounceType, bounceSubType, bouncedRecipients, timestamp } = parse(bounced, detail).bounce;
      if (bouncedRecipients.length === 0) return undefined;
      const why = bouncedRecipients.map(({ diagnosticCode }) => diagnosticCode).find(Boolean);
      return {
        kind: 'bounced',
        at: timestamp,
        addresses: readAddresses(bouncedRecipients.map(({ emailAddress }) => emailAddress)),
        isPermanent: bounceType === 'Permanent',
        isSuppressed: isSuppressed(bounceSubType),
        said: `${bounceType}, ${bounceSubType ?? 'no more'}${why ? ` (${why})` : ''}`.slice(0, MOST_SAID),
      };
    }
    case 'Email Complaint Received': {
      const { timestamp, complainedRecipients, complaintSubType, complaintFeedbackType } = parse(
        complained,
        detail,
      ).complaint;
      // The reader took mail out of the spam folder (RFC 5965's registry of feedback types).
      if (complaintFeedbackType === 'not-spam') return undefined;
      return {
        kind: 'complained',
        at: timestamp,
        addresses: readAddresses(complainedRecipients.map(({ emailAddress }) => emailAddress)),
        isSuppressed: isSuppressed(complaintSubType),
        said: complaintSubType ?? complaintFeedbackType ?? 'no reason given',
      };
    }
    default:
      throw new RefusedEvent(`"${type}" is nothing that Curfew listens to: check the rule's pattern`);
  }
}

/** `OnAccountSuppressionList` is the account's own list, `Suppressed` the one that SES keeps for all its customers. */
function isSuppressed(subType: string | null | undefined): boolean {
  return subType === 'Suppressed' || /^On\w+SuppressionList$/.test(subType ?? '');
}

/** The addresses, each once, of texts such as `Jo <jo@example.org>`. Throws RefusedEvent where there is none. */
function readAddresses(texts: string[]): string[] {
  const addresses = new Map<string, string>();
  for (const text of texts) {
    const bare = (/<([^<>]+)>\s*$/.exec(text)?.[1] ?? text).trim();
    const at = bare.lastIndexOf('@');
    // The postbox wrote the domain as Punycode: SES takes no other.
    const domain = bare.slice(at + 1);
    const address = `${bare.slice(0, at + 1)}${/^xn--|\.xn--/i.test(domain) ? domainToUnicode(domain) : domain}`;
    if (isAddress(address)) addresses.set(address.toLowerCase(), address);
  }
  if (addresses.size === 0) throw new RefusedEvent('it names no address that could be one of ours');
  return [...addresses.values()];
}

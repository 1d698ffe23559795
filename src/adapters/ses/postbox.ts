import { domainToASCII } from 'node:url';
import type { SESv2Client } from '@aws-sdk/client-sesv2';
import { GetAccountCommand, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { MailUrls, Postbox, SendingQuota } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type { Notice } from '../../domain/notice.ts';
import { isAddress } from '../../domain/owner.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call, toPortError } from '../aws-error.ts';
import { renderNotice } from './render.ts';

/** The IAM actions that each verb calls. */
export const POSTBOX_CALLS: Calls<Postbox> = {
  quota: ['ses:GetAccount'],
  send: ['ses:SendEmail'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const POSTBOX_ACTIONS = /* @__PURE__ */ actionsOf(POSTBOX_CALLS);

/** Errors that are the account's, not the mail's: once an admin has mended it, the same mail goes out. */
const MENDABLE = [
  'AccountSuspendedException',
  'MailFromDomainNotVerifiedException',
  'NotFoundException',
  'SendingPausedException',
];

/** From whom mail is, in which zone its times are, and the configuration set that tells what becomes of it. */
interface Look {
  sender: string;
  timezone: string;
  configurationSet?: string | undefined;
}

/** SES over the SDK: renders a notice and sends it. */
export function sesPostbox(client: SESv2Client, look: Look): Postbox {
  return {
    async quota(): Promise<SendingQuota> {
      const { SendQuota, SendingEnabled } = await call('ses:GetAccount', () => client.send(new GetAccountCommand({})));
      const most = SendQuota?.Max24HourSend ?? 200;
      // -1 means that there is no limit (API reference, SendQuota).
      const left = most === -1 ? Number.POSITIVE_INFINITY : Math.max(0, most - (SendQuota?.SentLast24Hours ?? 0));
      return { perSecond: Math.max(1, SendQuota?.MaxSendRate ?? 1), left, isPaused: SendingEnabled === false };
    },
    send: (notice, urls) => send(client, look, notice, urls),
  };
}

async function send(
  client: SESv2Client,
  { sender, timezone, configurationSet }: Look,
  notice: Notice,
  urls: MailUrls,
): Promise<string> {
  const { subject, html, text } = renderNotice(notice, { timezone }, urls);
  const part = (Data: string) => ({ Data, Charset: 'UTF-8' });
  const command = new SendEmailCommand({
    FromEmailAddress: encodeMailbox(sender),
    Destination: { ToAddresses: [encodeAddress(notice.to)] },
    Content: {
      Simple: {
        Subject: part(subject),
        Body: { Text: part(text), Html: part(html) },
        ...(urls.unsubscribe === undefined ? {} : { Headers: unsubscribeHeaders(urls.unsubscribe) }),
      },
    },
    // Events are of mail with a configuration set, and bring its tags back: what became of a mail is found by them.
    ...(configurationSet === undefined ? {} : { ConfigurationSetName: configurationSet }),
    EmailTags: [
      { Name: 'notice', Value: notice.facts.kind },
      { Name: 'id', Value: notice.id },
      // SES takes letters, digits, `_` and `-`.
      ...(notice.cause === undefined ? [] : [{ Name: 'cause', Value: notice.cause.replaceAll(/[^\w-]/g, '_') }]),
    ],
  });
  try {
    const { MessageId } = await client.send(command);
    return MessageId ?? 'unknown';
  } catch (error) {
    const fault = toPortError(error, 'ses:SendEmail', ['MessageRejected', 'BadRequestException']);
    // An identity that is not verified, the sandbox, a From that SES does not take: for an admin to mend, by other names.
    const isOurs =
      fault.code === 'BadRequestException'
        ? isSendable(notice.to) && !/illegal address|recipient/i.test(fault.message)
        : /not verified|sandbox/i.test(fault.message);
    const isMendable = MENDABLE.includes(fault.code) || (fault.kind === 'refused' && isOurs);
    throw isMendable ? new PortError('denied', fault.code, fault.message, { cause: error }) : fault;
  }
}

/** One click in the mail client (RFC 8058): it posts `List-Unsubscribe=One-Click` to this URL. */
function unsubscribeHeaders(url: string): { Name: string; Value: string }[] {
  return [
    { Name: 'List-Unsubscribe', Value: `<${url}>` },
    { Name: 'List-Unsubscribe-Post', Value: 'List-Unsubscribe=One-Click' },
  ];
}

/** Whether SES would take the address: then a bad request is about something else. */
function isSendable(address: string): boolean {
  return isAddress(address) && /^[\x20-\x7e]+@/.test(address);
}

/** SES wants non-ASCII domains as Punycode (API reference, SendEmail). The part before the @ stays as it is. */
function encodeAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, at)}@${domainToASCII(address.slice(at + 1)) || address.slice(at + 1)}`;
}

/** `Name <address>`, with the name as RFC 2047 words where it is not ASCII, and quoted where it is. */
export function encodeMailbox(mailbox: string): string {
  const [, name = '', address = mailbox] = /^(.*)<([^<>]+)>$/.exec(mailbox) ?? [];
  // A quoted name is unquoted first: it is quoted again, or encoded, as a whole.
  const shown = name.trim().replace(/^"(.*)"$/, (_, quoted: string) => quoted.replace(/\\(.)/g, '$1'));
  if (shown === '') return encodeAddress(address);
  return `${encodeName(shown)} <${encodeAddress(address)}>`;
}

function encodeName(name: string): string {
  if (/^[\x20-\x7e]*$/.test(name)) return `"${name.replace(/["\\]/g, '\\$&')}"`;
  // An encoded word holds 75 characters at most: 42 bytes of UTF-8 make 56 of base64. Code points are not split.
  const words: string[] = [];
  let word = '';
  for (const character of name) {
    if (Buffer.byteLength(word + character) > 42) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
}

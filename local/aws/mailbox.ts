import { Agent, request, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { Answer, Input } from './answers.ts';

/** A mail that SES accepted and that reached somebody. */
export interface Mail {
  messageId: string;
  from: string;
  to: string[];
  cc: string[];
  bcc: string[];
  replyTo: string[];
  /** The addresses it really reached: not those suppressed or bouncing. */
  arrived: string[];
  subject: string;
  html: string | undefined;
  text: string | undefined;
  headers: { name: string; value: string }[];
  tags: Record<string, string>;
  configurationSet: string | undefined;
  /** When it was sent by the world's clock, in milliseconds. */
  at: number;
}

/** Where accepted mail goes, and where people look at it. */
export interface Mailroom {
  deliver(sent: { input: Input; messageId: string; arrived: string[]; at: number }): Promise<void>;
  messages(): Mail[];
  clear(): Promise<void>;
  /** Passes a request on to the mailbox page of aws-ses-v2-local. */
  page(method: string, path: string): Promise<Answer>;
  close(): void;
}

interface LibraryEmail {
  messageId: string;
  at: number;
}

const require = createRequire(import.meta.url);

/**
 * Starts aws-ses-v2-local for its mailbox page. Its store is one per loaded module, forgets nothing and stamps mail with
 * the system's clock: so each world loads a module of its own, and ids, times and the oldest mails are put right here.
 * @param timezone of the times on the page, as mail tells them: the library shows the browser's
 */
export async function startMailroom(keep: number, timezone = 'UTC'): Promise<Mailroom> {
  const { start, store } = loadLibrary();
  const server = await start({ host: '127.0.0.1', port: 0 });
  // As the front door's: on a busy machine a call else meets a socket that is just being closed, and a mail is sent twice.
  server.keepAliveTimeout = 600_000;
  server.headersTimeout = 610_000;
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  let mails: Mail[] = [];

  const call = (method: string, path: string, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const headers =
        body === undefined ? {} : { 'content-type': 'application/json', authorization: 'AWS4-HMAC-SHA256' };
      const outgoing = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 500,
            contentType: response.headers['content-type'] ?? 'text/plain',
            body: Buffer.concat(chunks),
          }),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  return {
    async deliver({ input, messageId, arrived, at }) {
      // Listed before anything is awaited: mails sent side by side keep the order in which they came.
      mails.push(toMail(input, messageId, arrived, at));
      if (mails.length > keep * 1.1) mails = mails.slice(-keep);
      const answer = await call('POST', '/v2/email/outbound-emails', JSON.stringify(withSubject(input)));
      if (answer.status !== 200) throw new Error(`aws-ses-v2-local refused a mail: ${answer.status} ${answer.body}`);
      const { MessageId: theirs } = JSON.parse(answer.body.toString());
      const emails = store().emails;
      const stored = emails.findLast((email) => email.messageId === theirs);
      if (stored !== undefined) Object.assign(stored, { messageId, at: Math.floor(at / 1000) });
      if (emails.length > keep) emails.splice(0, emails.length - keep);
    },
    messages: () => mails.slice(-keep),
    async clear() {
      mails = [];
      await call('POST', '/clear-store');
    },
    async page(method, path) {
      if (method === 'POST' && path === '/clear-store') mails = [];
      const answer = await call(method, path);
      return answer.contentType.startsWith('text/html') ? { ...answer, body: inZone(answer.body, timezone) } : answer;
    },
    close() {
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

function loadLibrary(): {
  start: (config: { host: string; port: number }) => Promise<Server>;
  store: () => { emails: LibraryEmail[] };
} {
  const entry = require.resolve('aws-ses-v2-local');
  const home = dirname(entry);
  for (const path of Object.keys(require.cache)) if (path.startsWith(home)) delete require.cache[path];
  const start = require('aws-ses-v2-local').default;
  return { start, store: require(`${home}/store.js`).getStoreReadonly };
}

/** The mailbox page with its times in a zone, and with the zone's name. */
function inZone(page: Answer['body'], timezone: string): string {
  const format = { timeZone: timezone, dateStyle: 'full', timeStyle: 'long' };
  const shown = `new Date(e.at * 1000).toLocaleString('en-US', ${JSON.stringify(format)})`;
  return page.toString().replaceAll('new Date(e.at * 1000)', () => shown);
}

/** The library refuses an empty subject, which SES does not. */
function withSubject(input: Input): Input {
  const { Simple: simple } = input.Content;
  if (simple.Subject.Data !== '') return input;
  return { ...input, Content: { Simple: { ...simple, Subject: { Data: '(no subject)' } } } };
}

function toMail(input: Input, messageId: string, arrived: string[], at: number): Mail {
  const { ToAddresses: to = [], CcAddresses: cc = [], BccAddresses: bcc = [] } = input.Destination ?? {};
  const { Subject, Body, Headers = [] } = input.Content.Simple;
  return {
    messageId,
    from: input.FromEmailAddress,
    to,
    cc,
    bcc,
    replyTo: input.ReplyToAddresses ?? [],
    arrived,
    subject: Subject.Data,
    html: Body.Html?.Data,
    text: Body.Text?.Data,
    headers: Headers.map((header: Input) => ({ name: header.Name, value: header.Value })),
    tags: Object.fromEntries((input.EmailTags ?? []).map((tag: Input) => [tag.Name, tag.Value])),
    configurationSet: input.ConfigurationSetName,
    at,
  };
}

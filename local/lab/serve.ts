import { addressKey } from '../../src/domain/contact.ts';
import type { Instant } from '../../src/domain/time.ts';
import { contactsOf } from '../../src/wiring.ts';
import type { EmbeddedAws } from '../aws/index.ts';

/** The newest request to confirm whose reader has not; nothing where all have. */
async function openRequest(aws: EmbeddedAws, table: string): Promise<string> {
  const mails = await aws.mailbox.messages();
  const { account, region } = aws.studio.place;
  const contacts = await contactsOf({ region, table }).list({ account, region });
  const open = new Set(
    contacts
      .filter(({ consent, unsubscribed }) => consent === 'unconfirmed' && unsubscribed === undefined)
      .map(({ address }) => addressKey(address)),
  );
  const request = mails.findLast(
    ({ tags, arrived, to }) =>
      tags.notice === 'confirmation' && arrived.length > 0 && to.some((address) => open.has(addressKey(address))),
  );
  const url = /https?:\/\/\S+\/confirm\/\S+/.exec(request?.text ?? '')?.[0];
  return url === undefined ? '' : `The address ${request!.to[0]} was asked to confirm. Try its link: ${url}\n`;
}

/** Leaves the lab open until Ctrl-C: tells how to look at it, and where its mail is. */
export async function serve(lab: {
  aws: EmbeddedAws;
  env: Record<string, string> & { CURFEW_TABLE: string };
  now: Instant;
  to: NodeJS.WritableStream;
}): Promise<void> {
  const { aws, env, now, to } = lab;
  const present = `--now ${new Date(now).toISOString()}`;
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`);
  to.write(`
The lab's clock stands still now. To try the CLI on it, paste this into another terminal, in this folder:

unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
${lines.join('\n')}
npx curfew status ${present}

Give ${present} to every other command too: without it they go by this machine's clock.

Its mail, for all who got any: ${aws.mailbox.url}
${await openRequest(aws, env.CURFEW_TABLE)}Serving until Ctrl-C.
`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  to.write('\nStopped: the lab is gone.\n');
}

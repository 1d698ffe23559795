import type { Instant } from '../../src/domain/time.ts';
import type { EmbeddedAws } from '../aws/index.ts';

/** A link that nobody has followed yet: the newest request to confirm. */
async function openRequest(aws: EmbeddedAws): Promise<string> {
  const mails = await aws.mailbox.messages();
  const request = mails.findLast(({ tags, arrived }) => tags.notice === 'confirmation' && arrived.length > 0);
  const url = /https?:\/\/\S+\/confirm\/\S+/.exec(request?.text ?? '')?.[0];
  return url === undefined ? '' : `The address ${request!.to[0]} was asked to confirm. Try its link: ${url}\n`;
}

/** Leaves the lab open until Ctrl-C: tells how to look at it, and where its mail is. */
export async function serve(lab: {
  aws: EmbeddedAws;
  env: Record<string, string>;
  now: Instant;
  to: NodeJS.WritableStream;
}): Promise<void> {
  const { aws, env, now, to } = lab;
  const lines = Object.entries(env).map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`);
  to.write(`
The lab's clock stands still now. To try the CLI on it, paste this into another terminal, in this folder:

unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL
${lines.join('\n')}
npx curfew status --now ${new Date(now).toISOString()}

Its mail, for all who got any: ${aws.mailbox.url}
${await openRequest(aws)}Serving until Ctrl-C.
`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  to.write('\nStopped: the lab is gone.\n');
}

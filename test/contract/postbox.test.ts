import { SESv2Client } from '@aws-sdk/client-sesv2';
import { afterAll, expect, it } from 'vitest';
import { mailRoom } from '../../simulate/ports/postbox.ts';
import { sesPostbox } from '../../src/adapters/ses/postbox.ts';
import { PortError } from '../../src/application/ports.ts';
import { parsePolicy } from '../../src/policy-file.ts';
import { postboxOf } from '../../src/wiring.ts';
import { startWorld } from '../local/world.ts';
import { postboxContract, type Received } from './postbox-contract.ts';

const worlds: Awaited<ReturnType<typeof startWorld>>[] = [];
afterAll(() => Promise.all(worlds.map(({ aws }) => aws.close())));
const newWorld = async () => {
  const world = await startWorld();
  worlds.push(world);
  return world;
};

/** Reads a From header as a mail program does: RFC 5322 quoting, RFC 2047 words. */
function readFrom(header: string): { name: string; address: string } {
  const [, phrase = '', address = header] = /^(.*?)\s*<([^<>]+)>$/s.exec(header) ?? [];
  if (phrase.startsWith('"')) return { name: phrase.slice(1, -1).replace(/\\(.)/g, '$1'), address };
  for (const word of phrase.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
  const name = phrase
    // White space between two encoded words is not shown (RFC 2047, 6.2).
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_, base64: string) => Buffer.from(base64, 'base64').toString('utf8'));
  return { name, address };
}

postboxContract('SES', async () => {
  const { aws, clock, ses } = await newWorld();
  return {
    postbox(sender) {
      const { quota, send } = sesPostbox(ses, { sender, timezone: 'UTC' });
      // A second goes by with each mail: the rate is not what most of these tests are about.
      const later = <T>(work: Promise<T>) => work.finally(() => (clock.now += 1000));
      return { quota, send: (notice, urls) => later(send(notice, urls)) };
    },
    received: async () =>
      (await aws.mailbox.messages()).map(({ from, to, subject, text = '', html = '' }) => ({
        from: readFrom(from),
        to,
        subject,
        text,
        html,
      })),
    fail: (how) => aws.faults.add({ service: 'sesv2', action: 'SendEmail', ...how }),
    quota: (quota) => {
      aws.ses.quota = quota;
    },
    pause: () => {
      aws.ses.paused = true;
    },
  };
});

/** What the adapter makes of SES's codes, for the port that has none of them to read. */
const KINDS: Record<string, PortError['kind']> = {
  BadRequestException: 'refused',
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  LimitExceededException: 'throttled',
  InternalServiceError: 'fault',
  ServiceUnavailable: 'fault',
};

postboxContract(
  'in memory',
  async () => {
    const room = mailRoom();
    const received: Received[] = [];
    const failures: PortError[] = [];
    room.faultOf = (call) => (call === 'send' ? failures.shift() : undefined);
    room.onMail = ({ to }) =>
      void received.push({ from: { name: '', address: '' }, to: [to], subject: '', text: '', html: '' });
    return {
      postbox: () => room,
      received: async () => received,
      fail({ code, message = '' }) {
        const isContent = code === 'MessageRejected' && !message.includes('not verified');
        const kind = isContent ? 'refused' : (KINDS[code] ?? 'denied');
        failures.push(new PortError(kind, code, message, { cause: code }));
      },
      quota({ max24HourSend, maxSendRate }) {
        const perDay = max24HourSend < 0 ? Number.POSITIVE_INFINITY : max24HourSend;
        room.granted = { ...room.granted, perSecond: maxSendRate, perDay };
      },
      pause() {
        room.granted = { ...room.granted, isPaused: true };
      },
    };
  },
  { look: 'plain' },
);

const notice = {
  id: 'a',
  to: 'jo@example.org',
  account: '111122223333',
  region: 'us-east-1',
  owedAt: 1,
  facts: { kind: 'failure' as const, title: 'No', details: [], todo: [], at: 1 },
};

it('the client that production uses asks SES once', async () => {
  const { aws } = await newWorld();
  const before = process.env;
  process.env = { ...before, ...aws.env };
  const parsed = parsePolicy('{ admins: jo@example.org, sender: Curfew <curfew@example.org>, limits: [] }');
  if (!('policy' in parsed)) throw new Error(JSON.stringify(parsed));
  const postbox = postboxOf({ region: 'us-east-1', policy: parsed.policy });
  const counts: number[] = [];
  for (const fault of [
    { code: 'TooManyRequestsException', status: 429 },
    { code: 'InternalServiceError', status: 500 },
    { code: '', status: 0, drop: true },
  ]) {
    aws.calls.reset();
    aws.faults.add({ service: 'sesv2', action: 'SendEmail', ...fault });
    await expect(postbox.send(notice, {})).rejects.toThrow();
    counts.push(aws.calls.count('sesv2', 'SendEmail'));
  }
  process.env = before;
  expect(counts).toEqual([1, 1, 1]);
});

it('the rate that SES grants is met by its own refusal, told as throttled', async () => {
  const { aws, ses } = await newWorld();
  aws.ses.quota = { max24HourSend: 200, maxSendRate: 1 };
  const postbox = sesPostbox(ses, { sender: 'curfew@example.org', timezone: 'UTC' });
  await postbox.send(notice, {});
  await expect(postbox.send(notice, {})).rejects.toMatchObject({ kind: 'throttled' });
});

it('an unverified reader in the sandbox is for an admin to mend; a suppressed one is taken and lost', async () => {
  const { aws, ses } = await newWorld();
  aws.ses.production = false;
  const postbox = sesPostbox(ses, { sender: 'curfew@example.org', timezone: 'UTC' });
  await expect(postbox.send({ ...notice, to: 'jo@elsewhere.example' }, {})).rejects.toMatchObject({ kind: 'denied' });
  aws.ses.suppressed.add('jo@example.org');
  expect(await postbox.send(notice, {})).toMatch(/./);
});

it('with a configuration set, what becomes of a mail is told by its kind, its notice’s id and what it came of', async () => {
  const { aws, ses } = await newWorld();
  const told: unknown[] = [];
  aws.eventbridge.onEvent(({ detail }) => told.push((detail.mail as { tags: unknown }).tags));
  const look = { sender: 'curfew@example.org', timezone: 'UTC', configurationSet: 'curfew' };
  await expect(sesPostbox(ses, look).send(notice, {})).rejects.toMatchObject({ kind: 'denied' });
  aws.ses.configurationSets.add('curfew');
  await sesPostbox(ses, look).send(notice, {});
  expect(told).toEqual([{ 'ses:configuration-set': ['curfew'], notice: ['failure'], id: ['a'] }]);
  await sesPostbox(ses, look).send({ ...notice, cause: 'LV7fzho-PHcEJPw=' }, {});
  expect(told[1]).toMatchObject({ cause: ['LV7fzho-PHcEJPw_'] });
});

it('an endpoint that is not there is a fault', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const ses = new SESv2Client({ region: 'us-east-1', endpoint: 'http://127.0.0.1:9', credentials, maxAttempts: 1 });
  const postbox = sesPostbox(ses, { sender: 'curfew@example.org', timezone: 'UTC' });
  await expect(postbox.send(notice, {})).rejects.toMatchObject({ kind: 'fault' });
  await expect(postbox.quota()).rejects.toMatchObject({ kind: 'fault' });
});

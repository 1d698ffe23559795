import { GetAccountCommand, SendEmailCommand, type SendEmailCommandInput } from '@aws-sdk/client-sesv2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BusEvent } from '../../local/aws/index.ts';
import { refusalOf, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.aws.close());

const mail = (change: Partial<SendEmailCommandInput> = {}): SendEmailCommandInput => ({
  FromEmailAddress: 'Curfew <curfew@example.org>',
  Destination: { ToAddresses: ['alice@example.net'] },
  Content: {
    Simple: {
      Subject: { Data: 'Zoë’s app', Charset: 'UTF-8' },
      Body: { Html: { Data: '<p>hi</p>', Charset: 'UTF-8' }, Text: { Data: 'hi', Charset: 'UTF-8' } },
      Headers: [{ Name: 'List-Unsubscribe-Post', Value: 'List-Unsubscribe=One-Click' }],
    },
  },
  ...change,
});
const send = (change: Partial<SendEmailCommandInput> = {}) => world.ses.send(new SendEmailCommand(mail(change)));
const to = (...ToAddresses: string[]) => ({ Destination: { ToAddresses } });

it('tells times on the mailbox page in the zone of the world', async () => {
  const other = await startWorld({ timezone: 'America/New_York' });
  const page = await (await fetch(other.aws.mailbox.url)).text();
  await other.aws.close();
  const script = /<b>At:<\/b> \$\{(.*?)\}<\/p>/.exec(page)![1]!;
  const at = new Function('e', `return ${script}`)({ at: Date.parse('2026-11-23T13:00:00Z') / 1000 });
  expect(at).toMatch(/^Monday, November 23, 2026.* 8:00:00\sAM EST$/);
});

it('delivers mail to the mailbox, stamped by the world’s clock, and shows it on the page', async () => {
  const { MessageId: messageId } = await send({ EmailTags: [{ Name: 'kind', Value: 'warning' }] });
  expect(await world.aws.mailbox.messages()).toEqual([
    {
      messageId,
      from: 'Curfew <curfew@example.org>',
      to: ['alice@example.net'],
      cc: [],
      bcc: [],
      replyTo: [],
      arrived: ['alice@example.net'],
      subject: 'Zoë’s app',
      html: '<p>hi</p>',
      text: 'hi',
      headers: [{ name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' }],
      tags: { kind: 'warning' },
      configurationSet: undefined,
      at: world.clock.now,
    },
  ]);
  const { url } = world.aws.mailbox;
  expect(await (await fetch(url)).text()).toContain('<html');
  expect(await (await fetch(`${url}store`)).json()).toMatchObject({
    emails: [
      {
        messageId,
        at: world.clock.now / 1000,
        headers: [{ name: 'List-Unsubscribe-Post', value: 'List-Unsubscribe=One-Click' }],
      },
    ],
  });
  expect(await (await fetch(`${url}get-emlContent?messageId=${messageId}`)).json()).toMatchObject({
    messageId,
    fileName: 'Zoë’s app',
  });
  await world.aws.mailbox.clear();
  expect(await world.aws.mailbox.messages()).toEqual([]);
  expect(await (await fetch(`${url}store`)).json()).toMatchObject({ emails: [] });
});

it('keeps the order of mails that are sent side by side', async () => {
  world.aws.ses.quota.maxSendRate = 1000;
  await Promise.all(Array.from({ length: 30 }, (_, n) => send({ EmailTags: [{ Name: 'n', Value: `${n}` }] })));
  const messages = await world.aws.mailbox.messages();
  expect(new Set(messages.map((message) => message.messageId)).size).toBe(30);
  const ids = messages.map((message) => message.messageId);
  expect(ids).toEqual(ids.toSorted());
});

it('keeps the mail of two worlds apart', async () => {
  const other = await startWorld();
  await send();
  expect(await other.aws.mailbox.messages()).toEqual([]);
  expect(await (await fetch(`${other.aws.mailbox.url}store`)).json()).toMatchObject({ emails: [] });
  await other.aws.close();
});

describe('refuses', () => {
  const bad: [string, Partial<SendEmailCommandInput>, string][] = [
    ['a local part beyond ASCII', to('zoë@example.net'), 'Local address contains illegal character'],
    ['a domain beyond ASCII', to('zoe@exämple.net'), 'Domain contains illegal character'],
    ['an address without a domain', to('alice'), "Missing final '@domain'"],
    ['an address with a space', to('alice smith@example.net'), 'Local address contains control or whitespace'],
    [
      'an address with a line break',
      to('alice@example.net\r\nBcc: eve@example.net'),
      'Local address contains control or whitespace',
    ],
    ['a bare comma in a name', to('Smith, Alice <alice@example.net>'), 'Illegal address'],
    ['no recipient', to(), 'Must provide at least one destination.'],
    [
      'more than 50 recipients',
      to(...Array.from({ length: 51 }, (_, n) => `a${n}@example.net`)),
      'Recipient count exceeds 50.',
    ],
    ['a tag with a space', { EmailTags: [{ Name: 'a', Value: 'b c' }] }, 'Invalid tag'],
  ];
  it.each(bad)('%s', async (_, change, message) => {
    expect(await refusalOf(send(change))).toMatchObject({
      name: 'BadRequestException',
      status: 400,
      message: expect.stringContaining(message),
    });
    expect(await world.aws.mailbox.messages()).toEqual([]);
  });

  it('a header that would not be one line, or that is not the sender’s to set', async () => {
    for (const header of [
      { Name: 'X-A', Value: 'a\r\nBcc: b' },
      { Name: 'X-A', Value: 'ë' },
      { Name: 'Subject', Value: 'x' },
    ]) {
      const content = mail().Content?.Simple;
      const call = send({ Content: { Simple: { ...(content as NonNullable<typeof content>), Headers: [header] } } });
      expect(await refusalOf(call)).toMatchObject({ name: 'BadRequestException' });
    }
  });

  it('a sender that is not verified', async () => {
    expect(await refusalOf(send({ FromEmailAddress: 'x@example.com' }))).toMatchObject({
      name: 'MessageRejected',
      status: 400,
      message:
        'Email address is not verified. The following identities failed the check in region US-EAST-1: x@example.com',
    });
    world.aws.ses.identities.add('example.com');
    await send({ FromEmailAddress: '"X, Y" <x@mail.example.com>' });
  });

  it('in the sandbox, a recipient that is not verified', async () => {
    world.aws.ses.production = false;
    expect((await world.ses.send(new GetAccountCommand({}))).ProductionAccessEnabled).toBe(false);
    expect(await refusalOf(send())).toMatchObject({
      name: 'MessageRejected',
      message: expect.stringContaining('alice@example.net'),
    });
    world.aws.ses.identities.add('alice@example.net');
    await send();
  });

  it('everything while sending is paused', async () => {
    world.aws.ses.paused = true;
    expect(await refusalOf(send())).toMatchObject({ name: 'SendingPausedException', status: 400 });
  });

  it('a configuration set that is not there', async () => {
    expect(await refusalOf(send({ ConfigurationSetName: 'curfew' }))).toMatchObject({
      name: 'NotFoundException',
      status: 404,
    });
  });

  it('more than the rate in one second of the world', async () => {
    world.aws.ses.quota.maxSendRate = 2;
    await send();
    await send();
    expect(await refusalOf(send())).toMatchObject({
      name: 'TooManyRequestsException',
      status: 429,
      message: 'Maximum sending rate exceeded.',
    });
    world.clock.now += 1000;
    await send(to('a@example.net', 'b@example.net', 'c@example.net'));
    expect(await refusalOf(send())).toMatchObject({ name: 'TooManyRequestsException' });
  });

  it('more than the quota in 24 hours of the world, counting recipients', async () => {
    world.aws.ses.quota.max24HourSend = 3;
    await send(to('a@example.net', 'b@example.net'));
    world.clock.now += 3_600_000;
    await send();
    expect(await refusalOf(send())).toMatchObject({
      name: 'LimitExceededException',
      status: 400,
      message: 'Daily message quota exceeded.',
    });
    expect((await world.ses.send(new GetAccountCommand({}))).SendQuota).toEqual({
      Max24HourSend: 3,
      MaxSendRate: 14,
      SentLast24Hours: 3,
    });
    world.clock.now += 23 * 3_600_000;
    await send(to('a@example.net', 'b@example.net'));
  });
});

describe('what becomes of mail', () => {
  let events: BusEvent[];
  beforeEach(() => {
    events = [];
    world.aws.eventbridge.onEvent((event) => events.push(event));
    world.aws.ses.configurationSets.add('curfew');
  });
  const sendTo = (...addresses: string[]) => send({ ...to(...addresses), ConfigurationSetName: 'curfew' });
  const arrived = async () => (await world.aws.mailbox.messages()).flatMap((message) => message.arrived);
  const told = () =>
    events.map((event) => {
      const { bounce } = event.detail as { bounce?: { bounceType: string; bounceSubType: string } };
      return bounce ? `${bounce.bounceType} ${bounce.bounceSubType}` : event['detail-type'];
    });

  it('is told on the default bus in SES’s form, with the mail’s tags', async () => {
    const tags = [
      { Name: 'notice', Value: 'warning' },
      { Name: 'id', Value: 'warning-1' },
    ];
    const { MessageId } = await send({ ConfigurationSetName: 'curfew', EmailTags: tags });
    expect(events).toEqual([
      {
        version: '0',
        id: expect.any(String),
        'detail-type': 'Email Delivered',
        source: 'aws.ses',
        account: '111122223333',
        time: '2026-11-23T09:00:00Z',
        region: 'us-east-1',
        resources: [],
        detail: {
          eventType: 'Delivery',
          mail: {
            timestamp: '2026-11-23T09:00:00.000Z',
            source: 'Curfew <curfew@example.org>',
            messageId: MessageId,
            destination: ['alice@example.net'],
            tags: { 'ses:configuration-set': ['curfew'], notice: ['warning'], id: ['warning-1'] },
          },
          delivery: expect.objectContaining({
            timestamp: '2026-11-23T09:00:00.000Z',
            recipients: ['alice@example.net'],
          }),
        },
      },
    ]);
  });

  it('is told of nobody without a configuration set', async () => {
    world.aws.ses.bouncing.add('alice@example.net');
    await send();
    expect(events).toEqual([]);
  });

  it.each([
    ['bouncing', ['Permanent General'], ['Permanent OnAccountSuppressionList']],
    ['full', ['Transient MailboxFull'], ['Transient MailboxFull']],
    ['suppressed', ['Permanent OnAccountSuppressionList'], ['Permanent OnAccountSuppressionList']],
  ] as const)('%s: it does not arrive', async (list, first, then) => {
    world.aws.ses[list].add('Alice@example.net');
    await sendTo('alice@example.net');
    expect(told()).toEqual(first);
    await sendTo('alice@example.net');
    expect(told()).toEqual([...first, ...then]);
    expect(await arrived()).toEqual([]);
  });

  it.each([
    ['away', ['Email Delivered', 'Transient General'], ['Email Delivered', 'Transient General']],
    ['complaining', ['Email Delivered', 'Email Complaint Received'], ['Permanent OnAccountSuppressionList']],
  ] as const)('%s: it arrives', async (list, first, then) => {
    world.aws.ses[list].add('alice@example.net');
    await sendTo('alice@example.net');
    expect(told()).toEqual(first);
    expect(await arrived()).toEqual(['alice@example.net']);
    await sendTo('alice@example.net');
    expect(told()).toEqual([...first, ...then]);
  });

  it('a mailbox that was mended takes mail once the account’s list is without it', async () => {
    const { ses } = world.aws;
    ses.bouncing.add('alice@example.net');
    await sendTo('alice@example.net');
    ses.bouncing.clear();
    await sendTo('alice@example.net');
    ses.suppressed.delete('alice@example.net');
    await sendTo('alice@example.net');
    expect(told().at(-1)).toBe('Email Delivered');
    expect(await arrived()).toEqual(['alice@example.net']);
  });

  it('of several recipients each is told', async () => {
    world.aws.ses.bouncing.add('bob@example.net');
    world.aws.ses.complaining.add('carol@example.net');
    await sendTo('bob@example.net', 'carol@example.net');
    expect(told()).toEqual(['Permanent General', 'Email Delivered', 'Email Complaint Received']);
    expect(await arrived()).toEqual(['carol@example.net']);
  });

  it.each([
    ['success', ['Email Delivered']],
    ['bounce', ['Permanent General']],
    ['bounce+1', ['Permanent General']],
    ['ooto', ['Email Delivered', 'Transient General']],
    ['complaint', ['Email Delivered', 'Email Complaint Received']],
    ['suppressionlist', ['Permanent Suppressed']],
  ])('%s@simulator.amazonses.com does so each time: it comes on no list', async (name, events) => {
    for (let i = 0; i < 2; i++) await sendTo(`${name}@simulator.amazonses.com`);
    expect(told()).toEqual([...events, ...events]);
  });
});

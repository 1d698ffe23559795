import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BusEvent } from '../../local/aws/index.ts';
import { dynamodbContacts } from '../../src/adapters/dynamodb/contacts.ts';
import { newContact } from '../../src/domain/contact.ts';
import type { Notice, NoticeFacts } from '../../src/domain/notice.ts';
import { HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { startLab } from './lab.ts';
import { contextOf, countedRefusals, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-mail-feedback');
const ADDRESS = /[\w.+'-]+@[\w-]+\.\w+/;
let lab: Awaited<ReturnType<typeof startLab>>;
let contacts: ReturnType<typeof dynamodbContacts>;
let lambda: Lambda;
let names = 0;
let jo: string;
beforeAll(async () => {
  lab = await startLab();
  contacts = dynamodbContacts(lab.dynamodb, 'curfew');
  lambda = await lab.lambda('mail-feedback');
});
afterAll(() => lab.close());
beforeEach(async () => {
  names += 1;
  jo = `jo-${names}@example.net`;
  lab.nextAccount();
  lab.clock.now += HOUR;
  const contact = newContact(lab.place, jo, lab.clock.now - 30 * MINUTE);
  await contacts.open({ ...contact, consent: 'confirmed', owners: [`d-lab/jo-${names}`] });
  await owe();
  lab.aws.calls.reset();
});

const iso = (instant: number) => new Date(instant).toISOString();
const warning = (): NoticeFacts => ({
  kind: 'warning',
  app: {
    ...lab.place,
    domainId: 'd-abcdefghijkl',
    userProfileName: `jo-${names}`,
    appType: 'JupyterLab',
    appName: 'default',
    startedAt: lab.clock.now - 26 * HOUR,
    owner: `jo-${names}`,
  },
  audience: { role: 'owner' },
  rule: 'everything: max-uptime',
  reason: 'up 26 h',
  warnedAt: lab.clock.now,
  stopAt: lab.clock.now + 24 * HOUR,
});
async function owe(): Promise<void> {
  const notice: Notice = { id: `warning-${names}`, to: jo, ...lab.place, owedAt: lab.clock.now, facts: warning() };
  await lab.outbox.owe(notice);
  await lab.outbox.settle(notice, { kind: 'sent', messageId: 'm' }, lab.clock.now);
}

type Sample = Record<string, unknown> & { detail: Record<string, Record<string, unknown>> };
const sample = (name: string): Sample => JSON.parse(readFileSync(`test/samples/ses-${name}-event.json`, 'utf8'));

/** An event of SES as EventBridge hands it over, made of AWS's sample, and spoiled in some fields. */
function event(name: 'bounce' | 'complaint' | 'delivery', part: object = {}, envelope: object = {}) {
  const { detail, ...rest } = sample(name === 'delivery' ? 'bounce' : name);
  const timestamp = iso(lab.clock.now + SECOND);
  const recipients = [{ ...(detail.bounce?.bouncedRecipients as object[] | undefined)?.[0], emailAddress: jo }];
  const own = {
    bounce: { ...detail.bounce, bouncedRecipients: recipients, timestamp },
    complaint: { ...detail.complaint, complainedRecipients: recipients, timestamp },
    delivery: { timestamp, processingTimeMillis: 546, recipients: [jo], smtpResponse: '250 ok', reportingMTA: 'a8-53' },
  }[name];
  const tags = { 'ses:configuration-set': ['curfew'], notice: ['warning'], id: [`warning-${names}`] };
  return {
    ...rest,
    ...lab.place,
    ...(name === 'delivery' ? { 'detail-type': 'Email Delivered' } : {}),
    time: iso(lab.clock.now + 2 * SECOND).replace(/\.\d+Z$/, 'Z'),
    detail: { eventType: 'x', mail: { ...detail.mail, destination: [jo], tags }, [name]: { ...own, ...part } },
    ...envelope,
  };
}
const invoke = (event: unknown) =>
  lambda.invoke(event, { ...context, ...contextOf('mail-feedback', lab.place.account) });
const consent = async (address = jo) => (await contacts.get(lab.place, address))?.consent;
const traces = async () => (await lab.outbox.get(lab.place, `warning-${names}`))!.traces;
const owed = async () => (await lab.outbox.owed(lab.place, lab.clock.now + HOUR, 100)).map(({ notice }) => notice);
const told = async () => (await owed()).map(({ facts, to }) => `${facts.kind} ${to}`).sort();
const BOTH = (kind: string) => [`${kind} admin-one@example.org`, `${kind} admin-two@example.org`];

describe('mail-feedback', () => {
  it('of a permanent bounce: ends mail at once, notes it on the notice, and tells the admins', async () => {
    const { value, error, text } = await invoke(event('bounce'));
    expect(error).toBeUndefined();
    expect(value).toEqual({ noted: 'bounced', ended: 1, faults: [] });
    expect(await consent()).toBe('bounced');
    expect(await traces()).toEqual({ bounced: lab.clock.now + SECOND });
    expect(await told()).toEqual([...BOTH('failure'), ...BOTH('warning')]);
    const failure = (await owed()).find(({ facts }) => facts.kind === 'failure')!.facts;
    expect(failure).toMatchObject({
      title: `Mail to ${jo} comes back`,
      details: [expect.stringContaining('Permanent, General (smtp; 550 5.1.1 user unknown)')],
      todo: [expect.stringContaining('owners.exceptions'), expect.stringContaining(`curfew contacts invite ${jo}`)],
    });
    expect(text).toContain('"noted":"bounced"');
    expect(text).not.toMatch(ADDRESS);
  });

  it('of a complaint: ends mail for good, and says so', async () => {
    expect((await invoke(event('complaint'))).value).toEqual({ noted: 'complained', ended: 1, faults: [] });
    expect(await consent()).toBe('complained');
    expect(await told()).toEqual([...BOTH('failure'), ...BOTH('warning')]);
  });

  it('of a delivery: notes it in one read of each and one write, and says nothing', async () => {
    const { value, text } = await invoke(event('delivery'));
    expect(value).toEqual({ noted: 'delivered', ended: 0, faults: [] });
    expect(await traces()).toEqual({ delivered: lab.clock.now + SECOND });
    expect(text).toBe('');
  });

  it('of an address of another form: the same contact', async () => {
    const recipient = (emailAddress: string) => ({ bouncedRecipients: [{ emailAddress }] });
    await invoke(event('bounce', recipient(`"Jo, of the lab" <${jo.toUpperCase()}>`)));
    expect(await consent()).toBe('bounced');
    expect(await contacts.list(lab.place)).toHaveLength(1);
  });

  it('of a domain that is not ASCII: the contact as the policy writes it', async () => {
    const tags = { tags: {} };
    const spoiled = event('bounce', { bouncedRecipients: [{ emailAddress: `jo-${names}@xn--exmple-cua.org` }] });
    await invoke({ ...spoiled, detail: { ...spoiled.detail, mail: tags } });
    expect(await consent(`jo-${names}@exämple.org`)).toBe('bounced');
  });

  it('of several recipients: each; of mail that names no notice: all the same', async () => {
    const two = [{ emailAddress: jo }, { emailAddress: `other-${names}@example.net` }, { emailAddress: 'no address' }];
    const spoiled = event('bounce', { bouncedRecipients: two });
    for (const mail of [{ tags: null }, { ...spoiled.detail.mail, tags: { id: ['unknown'] } }])
      expect((await invoke({ ...spoiled, detail: { ...spoiled.detail, mail } })).value).toMatchObject({ ended: 2 });
    expect([await consent(), await consent(`other-${names}@example.net`)]).toEqual(['bounced', 'bounced']);
    expect(await traces()).toEqual({});
  });

  it.each([
    ['OnAccountSuppressionList', 'suppressed'],
    ['Suppressed', 'suppressed'],
    ['NoEmail', 'bounced'],
  ])('of a bounce by %s: noted as %s', async (bounceSubType, noted) => {
    expect((await invoke(event('bounce', { bounceSubType }))).value).toMatchObject({ noted, ended: 1 });
    expect(Object.keys(await traces())).toEqual([noted]);
    expect(await consent()).toBe('bounced');
  });

  it('of a complaint that a suppression list raised: noted as that, and no mail goes there', async () => {
    const { value } = await invoke(event('complaint', { complaintSubType: 'OnAccountSuppressionList' }));
    expect(value).toMatchObject({ noted: 'suppressed', ended: 1 });
    expect(await consent()).toBe('complained');
  });

  it.each<[string, () => object]>([
    ['a reader who says that it is no spam', () => event('complaint', { complaintFeedbackType: 'not-spam' })],
    ['an automatic answer that names nobody', () => event('bounce', { bouncedRecipients: [] })],
  ])('of %s: nothing', async (_, made) => {
    expect((await invoke(made())).value).toEqual({ noted: 'nothing' });
    expect(lab.changes()).toEqual({});
  });

  it('of five bounces for now in a row: ends mail; told twice each, and late, they are five', async () => {
    const soft = (seconds: number) =>
      event('bounce', {
        bounceType: 'Transient',
        bounceSubType: 'MailboxFull',
        timestamp: iso(lab.clock.now + seconds * SECOND),
      });
    for (const seconds of [1, 1, 2, 2, 3, 1, 4, 4]) await invoke(soft(seconds));
    expect(await consent()).toBe('confirmed');
    await invoke(event('delivery', { timestamp: iso(lab.clock.now + 3 * SECOND) }));
    await invoke(soft(5));
    expect(await consent()).toBe('bounced');
  });

  it('twice, and both at once in two Lambdas: as once', async () => {
    const second = await lab.lambda('mail-feedback');
    const own = contextOf('mail-feedback', lab.place.account);
    await Promise.all([lambda.invoke(event('bounce'), own), second.invoke(event('bounce'), own)]);
    await invoke(event('bounce'));
    expect(await told()).toEqual([...BOTH('failure'), ...BOTH('warning')]);
    expect((await contacts.get(lab.place, jo))!.version).toBe(2);
  });

  it('of an admin’s address: a contact is opened, the other admins are told', async () => {
    await invoke(event('bounce', { bouncedRecipients: [{ emailAddress: 'admin-one@example.org' }] }, {}));
    // The notice was to jo: a forwarded mail, which came back from elsewhere.
    expect(await consent()).toBe('bounced');
    const spoiled = event('bounce', { bouncedRecipients: [{ emailAddress: 'Admin-One@example.org' }] });
    await invoke({ ...spoiled, detail: { ...spoiled.detail, mail: { tags: {} } } });
    expect(await consent('admin-one@example.org')).toBe('bounced');
    const titles = (await owed())
      .filter(({ facts }) => facts.kind === 'failure')
      .map(({ facts, to }) => `${to}: ${(facts as { title: string }).title}`);
    expect(titles).toContain('admin-two@example.org: Mail to Admin-One@example.org comes back');
    expect(titles).not.toContain('admin-one@example.org: Mail to Admin-One@example.org comes back');
  });

  it('of unknown fields: no matter', async () => {
    const spoiled = event('bounce', { reportingMTA: 'dsn; x', anything: { more: 1 } }, { extra: true });
    expect((await invoke(spoiled)).value).toMatchObject({ noted: 'bounced' });
  });

  it('where DynamoDB fails: fails, so that the event comes again, and nothing is lost', async () => {
    for (const action of ['GetItem', 'PutItem', 'UpdateItem'])
      lab.aws.faults.add({ service: 'dynamodb', action, status: 400, code: 'AccessDeniedException' });
    for (let i = 0; i < 3; i++) expect((await invoke(event('bounce'))).error).toBeDefined();
    expect((await invoke(event('bounce'))).error).toBeUndefined();
    expect(await consent()).toBe('bounced');
    expect(await told()).toEqual([...BOTH('failure'), ...BOTH('warning')]);
  });
});

describe('is refused, with a reason and a metric, and never retried', () => {
  const without = (name: 'bounce' | 'complaint' | 'delivery', field: string) => () =>
    event(name, { [field]: undefined });
  it.each<[string, () => object]>([
    ['from another source', () => event('bounce', {}, { source: 'curfew.agent' })],
    ['of another detail-type', () => event('bounce', {}, { 'detail-type': 'Email Opened' })],
    ['of another account', () => event('bounce', {}, { account: '999999999999' })],
    ['of another region', () => event('bounce', {}, { region: 'eu-west-1' })],
    ['a bounce without its type', without('bounce', 'bounceType')],
    ['a bounce without its time', without('bounce', 'timestamp')],
    ['a bounce with a time that is none', () => event('bounce', { timestamp: 'yesterday' })],
    ['a bounce without recipients', without('bounce', 'bouncedRecipients')],
    ['a bounce of what is no address', () => event('bounce', { bouncedRecipients: [{ emailAddress: 'x' }] })],
    ['a complaint without recipients', without('complaint', 'complainedRecipients')],
    ['a complaint without its time', without('complaint', 'timestamp')],
    ['a delivery without recipients', without('delivery', 'recipients')],
    ['a delivery that says it bounced', () => event('delivery', {}, { 'detail-type': 'Email Bounced' })],
    ['without mail', () => event('bounce', {}, { detail: { bounce: sample('bounce').detail.bounce } })],
    ['without detail', () => event('bounce', {}, { detail: undefined })],
    ['a text', () => 'bounce' as unknown as object],
  ])('%s', async (_, made) => {
    const result = await invoke(made());
    expect(result.error).toBeUndefined();
    expect(result.value).toEqual({ refused: expect.stringMatching(/\S/) });
    expect(countedRefusals(result)).toBe(1);
    expect(await consent()).toBe('confirmed');
    expect(lab.changes()).toEqual({});
  });
});

it('hears what SES says of the mail that `deliver` sent, by the notice that it brought', async () => {
  const heard: BusEvent[] = [];
  lab.aws.eventbridge.onEvent((event) => heard.push(event));
  lab.aws.ses.configurationSets.add('curfew');
  lab.aws.ses.bouncing.add('ADMIN-one@example.org');
  const deliver = await lab.lambda('deliver', { CURFEW_CONFIGURATION_SET: 'curfew' });
  const place = { account: '111122223333', region: 'us-east-1' };
  const digest = { kind: 'failure' as const, title: 'Look', details: ['What.'], todo: ['Do.'], at: lab.clock.now };
  for (const to of ['admin-one@example.org', 'admin-two@example.org'])
    await lab.outbox.owe({ id: `look-${to.slice(6, 9)}`, to, ...place, owedAt: lab.clock.now, facts: digest });
  await deliver.invoke(scheduled(lab.clock.now, place), contextOf('deliver'));
  expect(heard.map((event) => event['detail-type']).sort()).toEqual(['Email Bounced', 'Email Delivered']);
  for (const event of heard) expect((await lambda.invoke(event, contextOf('mail-feedback'))).error).toBeUndefined();
  const past = async (id: string) => (await lab.outbox.get(place, id))!;
  expect((await past('look-one')).traces).toEqual({ bounced: lab.clock.now });
  expect((await past('look-two')).traces).toEqual({ delivered: lab.clock.now });
  expect((await contacts.get(place, 'admin-one@example.org'))!.consent).toBe('bounced');
  await deliver.invoke(scheduled(lab.clock.now + MINUTE, place), contextOf('deliver'));
  const mails = (await lab.aws.mailbox.messages()).map(({ arrived, subject }) => `${arrived}: ${subject}`);
  expect(mails.at(-1)).toMatch(/^admin-two@example\.org: .*Mail to admin-one@example\.org comes back/);
});

it('fails loudly where the only admin’s mail comes back', async () => {
  const { writeFile } = await import('node:fs/promises');
  const alone = `${lab.policy}.alone.yml`;
  await writeFile(alone, 'admins: [admin@example.org]\nsender: c@example.org\nlimits: []\n');
  const single = await lab.lambda('mail-feedback', { CURFEW_POLICY: alone });
  const spoiled = event('bounce', { bouncedRecipients: [{ emailAddress: 'admin@example.org' }] });
  const { error, text } = await single.invoke(
    { ...spoiled, detail: { ...spoiled.detail, mail: {} } },
    contextOf('mail-feedback', lab.place.account),
  );
  expect(error).toMatchObject({ name: 'PassFailed', message: expect.stringContaining('only admin') });
  expect(text).not.toMatch(ADDRESS);
  expect(await consent('admin@example.org')).toBe('bounced');
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Notice } from '../../src/domain/notice.ts';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, countedRefusals, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-deliver');
const ADDRESS = /[\w.+'-]+@[\w-]+\.\w+/;

let lab: Awaited<ReturnType<typeof startLab>>;
let deliver: Lambda;
beforeAll(async () => {
  lab = await startLab();
  deliver = await lab.lambda('deliver');
});
afterAll(() => lab.close());
beforeEach(async () => {
  lab.clock.now += 48 * HOUR;
  lab.nextAccount();
  await lab.aws.mailbox.clear();
  lab.aws.faults.clear();
  lab.aws.calls.reset();
});
const owe = (id: string, to = 'admin-one@example.org'): Promise<unknown> => {
  const facts = {
    kind: 'failure' as const,
    title: `Title ${id}`,
    details: ['What.'],
    todo: ['Do.'],
    at: lab.clock.now,
  };
  const notice: Notice = { id, to, ...lab.place, owedAt: lab.clock.now, facts };
  return lab.outbox.owe(notice);
};
const at = (more?: object) => scheduled(lab.clock.now, { account: lab.place.account, ...more });
const owed = async (later = 0) =>
  (await lab.outbox.owed(lab.place, lab.clock.now + later, 100)).map(({ notice }) => notice.id).sort();

describe('deliver', () => {
  it('with nothing owed asks SES nothing, and says nothing', async () => {
    const { value, log } = await deliver.invoke(at(), context);
    expect(value).toEqual({ sent: 0, refused: 0, withheld: 0, postponed: 0, faults: [] });
    expect(lab.aws.calls.counts()).toEqual({ 'dynamodb Query': 1 });
    // But for its figures: their silence is an alarm.
    expect(log).toEqual([expect.objectContaining({ OutboxAge: 0, service: 'curfew' })]);
    for (const name of ['MailSent', 'MailRefused', 'MailPostponed', 'SendingPaused'])
      expect(log[0]).not.toHaveProperty(name);
  });

  it('sends what is owed once, whatever calls it, and logs no address', async () => {
    await owe('a');
    await owe('b', 'admin-two@example.org');
    const first = await deliver.invoke(at(), context);
    expect(first.value).toMatchObject({ sent: 2, refused: 0, postponed: 0 });
    expect(first.log).toContainEqual(expect.objectContaining({ message: 'deliver', sent: 2 }));
    expect(first.text).not.toMatch(ADDRESS);
    const destination = { timestamp: new Date(lab.clock.now).toISOString(), requestPayload: {}, responsePayload: {} };
    for (const event of [at(), { ...destination, account: lab.place.account }]) {
      expect((await deliver.invoke(event, context)).value).toMatchObject({ sent: 0 });
    }
    expect((await lab.aws.mailbox.messages()).map(({ to, subject }) => [to[0], subject]).sort()).toEqual([
      ['admin-one@example.org', expect.stringContaining('Title a')],
      ['admin-two@example.org', expect.stringContaining('Title b')],
    ]);
  });

  it('takes the time of a Lambda destination’s event', async () => {
    await owe('a');
    await lab.outbox.postpone(
      (await lab.outbox.owed(lab.place, lab.clock.now, 1))[0]!.notice,
      lab.clock.now + HOUR,
      'X',
    );
    const event = (time: number) => ({ timestamp: new Date(time).toISOString(), account: lab.place.account });
    expect((await deliver.invoke(event(lab.clock.now), context)).value).toMatchObject({ sent: 0 });
    expect((await deliver.invoke(event(lab.clock.now + HOUR), context)).value).toMatchObject({ sent: 1 });
  });

  it('two at once send each mail once', async () => {
    const second = await lab.lambda('deliver');
    await Promise.all(Array.from({ length: 10 }, (_, i) => owe(`n${i}`)));
    await Promise.all([deliver.invoke(at(), context), second.invoke(at(), context)]);
    const subjects = (await lab.aws.mailbox.messages()).map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(subjects.length + (await owed(HOUR)).length).toBe(10);
  });

  it('gives back what SES throttles, without a failure, and sends it when it is due', async () => {
    await owe('a');
    lab.aws.faults.add({ service: 'sesv2', action: 'SendEmail', code: 'TooManyRequestsException', status: 429 });
    const { value, error } = await deliver.invoke(at(), context);
    expect(error).toBeUndefined();
    expect(value).toMatchObject({ sent: 0, postponed: 1 });
    expect((await deliver.invoke(at(), context)).value).toMatchObject({ sent: 0 });
    lab.clock.now += 10 * MINUTE;
    expect((await deliver.invoke(at(), context)).value).toMatchObject({ sent: 1 });
  });

  it('tells how long mail has been owed, retries included, and that SES has paused', async () => {
    await owe('a');
    lab.clock.now += 31 * MINUTE;
    lab.aws.ses.paused = true;
    const paused = await deliver.invoke(at(), context);
    lab.aws.ses.paused = false;
    expect(paused.error?.name).toBe('PassFailed');
    expect(paused.log).toContainEqual(
      expect.objectContaining({ OutboxAge: 1_860, SendingPaused: 1, MailPostponed: 1 }),
    );
    // It waits for its next try, and is owed all the same.
    lab.clock.now += 10_000;
    const waiting = await deliver.invoke(at(), context);
    expect(waiting.log).toContainEqual(expect.objectContaining({ OutboxAge: 1_870 }));
    lab.clock.now += HOUR;
    const sent = await deliver.invoke(at(), context);
    expect(sent.log).toContainEqual(expect.objectContaining({ MailSent: 1, SendingPaused: 0 }));
    expect((await deliver.invoke(at(), context)).log).toContainEqual(expect.objectContaining({ OutboxAge: 0 }));
  });

  it('rejects at the end over what an admin must mend, the others sent, nothing lost, no address logged', async () => {
    await owe('a', 'nobody@elsewhere.example');
    await owe('b');
    const elsewhere = join(lab.folder, 'elsewhere.yml');
    await writeFile(elsewhere, POLICY.replace('admin-two@example.org', 'nobody@elsewhere.example'));
    const strict = await lab.lambda('deliver', { CURFEW_POLICY: elsewhere });
    lab.aws.ses.production = false;
    const { error, text } = await strict.invoke(at(), context);
    lab.aws.ses.production = true;
    expect(error).toMatchObject({ name: 'PassFailed', message: expect.stringContaining('MessageRejected') });
    expect((await lab.aws.mailbox.messages()).map(({ to }) => to[0])).toEqual(['admin-one@example.org']);
    expect(await owed(2 * HOUR)).toEqual(['a']);
    // Lambda logs what a handler rejects with.
    expect(`${text}${error!.message}`).not.toMatch(ADDRESS);
  });

  it('tells the other admins of a refusal for good, and logs no address', async () => {
    await owe('a', 'admin-one@example.org');
    const notice = { ...(await lab.outbox.owed(lab.place, lab.clock.now, 1))[0]!.notice };
    const facts = { kind: 'warning' as const, rule: 'r', reason: 'w', warnedAt: lab.clock.now };
    const app = { ...lab.place, domainId: 'd-lab', userProfileName: 'alice', appType: 'JupyterLab', appName: 'x' };
    await lab.outbox.owe({
      ...notice,
      id: 'w',
      facts: { ...facts, app: { ...app, startedAt: 1 }, audience: { role: 'admins' } },
    });
    const when = (input: { Content: { Simple: { Subject: { Data: string } } } }) =>
      !input.Content.Simple.Subject.Data.includes('Title');
    const fault = { code: 'BadRequestException', status: 400, message: 'Illegal address admin-one@example.org' };
    lab.aws.faults.add({ service: 'sesv2', action: 'SendEmail', when, ...fault });
    const { value, text } = await deliver.invoke(at(), context);
    expect(value).toMatchObject({ refused: 1 });
    // What it owes them goes out with this round or the next.
    await deliver.invoke(at(), context);
    const told = (await lab.aws.mailbox.messages()).filter(({ to }) => to[0] === 'admin-two@example.org');
    expect(told).toHaveLength(1);
    expect(told[0]!.text).toContain('admin-one@example.org');
    expect(text).not.toMatch(ADDRESS);
  });

  it('a sender that SES takes from nobody loses no mail: it goes out once the policy is mended', async () => {
    const bad = POLICY.replace('curfew@example.org', 'cürfew@example.org');
    await writeFile(lab.policy, bad);
    const misled = await lab.lambda('deliver');
    await owe('a');
    await misled.invoke(at(), context);
    await writeFile(lab.policy, POLICY);
    lab.clock.now += 2 * HOUR;
    await deliver.invoke(at(), context);
    expect((await lab.aws.mailbox.messages()).map(({ subject }) => subject)).toEqual([
      expect.stringContaining('Title a'),
    ]);
  });

  it('says where the day’s quota is used up, and keeps what is owed', async () => {
    lab.aws.ses.quota = { max24HourSend: 0, maxSendRate: 14 };
    await owe('a');
    const { error } = await deliver.invoke(at(), context);
    lab.aws.ses.quota = { max24HourSend: 50_000, maxSendRate: 14 };
    expect(error?.message).toContain('quota');
    expect(await owed(2 * HOUR)).toEqual(['a']);
  });

  it.each([
    ['a time that is none', { time: 'soon' }],
    ['a timestamp that is none', { timestamp: 5 }],
  ])('with %s: refused, counted, nothing sent', async (_, more) => {
    await owe('a');
    lab.aws.calls.reset();
    const invocation = await deliver.invoke(at(more), context);
    expect(invocation.value).toEqual({ refused: expect.any(String) });
    expect(countedRefusals(invocation)).toBe(1);
    expect(lab.aws.calls.count()).toBe(0);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../src/domain/time.ts';
import { keyOf, post, read, startLinkLab, submit } from './link-lab.ts';

/** When the lab begins. */
const MONDAY = Date.UTC(2027, 0, 4, 9);

let lab: Awaited<ReturnType<typeof startLinkLab>>;
beforeAll(async () => {
  // The logger is asked to tell all it can, events included: it must not.
  lab = await startLinkLab({ POWERTOOLS_LOGGER_LOG_EVENT: 'true', POWERTOOLS_LOG_LEVEL: 'DEBUG' });
});
afterAll(() => lab.close());
beforeEach(() => {
  lab.clock.now = MONDAY;
  lab.aws.calls.reset();
  lab.aws.faults.clear();
});

const get = async (url: string) => read(await fetch(url));
let people = 0;
const somebody = () => `person-${++people}@people.example.net`;

describe('confirm', () => {
  test('GET shows what for, and a button; POST confirms; again says so, and changes nothing', async () => {
    const to = somebody();
    const { url } = await lab.request(to);
    const page = await get(url('confirm'));
    expect([page.status, page.title]).toEqual([200, 'Confirm your address']);
    expect(page.text).toContain(`write to you at ${to} about the apps of the user profile alice`);
    expect((await lab.contacts.get(lab.place, to))!.consent).toBe('unconfirmed');

    const done = await read(await submit(url('confirm')));
    expect([done.status, done.title]).toEqual([200, 'Thank you, your address is confirmed']);
    expect(await lab.contacts.get(lab.place, to)).toMatchObject({ consent: 'confirmed', changedAt: lab.clock.now });

    const before = await lab.table();
    expect((await get(url('confirm'))).title).toBe('Your address is confirmed');
    const token = url('confirm').split('/').at(-1)!;
    expect((await read(await post(url('confirm'), { form: keyOf(page.html) }))).title).toBe(
      'Your address is confirmed',
    );
    expect(token.length).toBe(66);
    expect(await lab.table()).toEqual(before);
  });

  test('a used link does not take back an unsubscribing', async () => {
    const to = somebody();
    const { url } = await lab.request(to);
    const { html } = await get(url('confirm'));
    await submit(url('confirm'));
    await submit(url('unsubscribe'), { level: 'reports' });
    const again = await read(await post(url('confirm'), { form: keyOf(html) }));
    expect(again.text).toContain('Since then you have unsubscribed: no more reports.');
    expect(await lab.contacts.get(lab.place, to)).toMatchObject({ consent: 'confirmed', unsubscribed: 'reports' });
  });

  test.each([
    ['bounced', 'Mail to this address came back'],
    ['complained', 'Mail to this address was marked as spam'],
  ] as const)('an address that %s is not confirmed by it', async (consent, title) => {
    const { url, notice } = await lab.request(somebody(), { consent });
    expect((await get(url('confirm'))).title).toBe(title);
    expect((await lab.contacts.get(lab.place, notice.to))!.consent).toBe(consent);
  });

  test('a contact that an admin has forgotten is not made again by it', async () => {
    const { url, notice } = await lab.request(somebody());
    const { html } = await get(url('confirm'));
    await lab.contacts.remove((await lab.contacts.get(lab.place, notice.to))!);
    expect((await read(await post(url('confirm'), { form: keyOf(html) }))).title).toBe('There is nothing to confirm');
    expect(await lab.contacts.get(lab.place, notice.to)).toBeUndefined();
  });

  test('the press is kept in the history of its notice; a look is not', async () => {
    const { url, notice } = await lab.request(somebody());
    await get(url('confirm'));
    expect((await lab.outbox.get(lab.place, notice.id))!.traces).toEqual({});
    await submit(url('confirm'));
    expect((await lab.outbox.get(lab.place, notice.id))!.traces).toEqual({ opened: lab.clock.now });
  });
});

describe('keep it running', () => {
  test('extends by the policy’s hours, once a link, and says until when in its time zone', async () => {
    const { url, app } = await lab.warning();
    const page = await get(url('keep'));
    expect([page.status, page.title]).toEqual([200, 'Keep it running until Mon 4 Jan, 13:00 UTC?']);
    expect(page.text).toContain('is to be stopped on Mon 4 Jan, 09:30 UTC');
    expect((await lab.runs.get(app))!.extensions).toEqual([]);

    const done = await read(await submit(url('keep')));
    expect(done.title).toBe('It is kept running until Mon 4 Jan, 13:00 UTC');
    expect((await lab.runs.get(app))!.extensions).toEqual([lab.clock.now]);

    lab.clock.now += MINUTE;
    const again = await read(await post(url('keep'), { form: keyOf(page.html) }));
    expect(again.title).toBe('It is kept running already, until Mon 4 Jan, 13:00 UTC');
    expect((await lab.runs.get(app))!.extensions).toHaveLength(1);
  });

  test('two clicks at once are one extension', async () => {
    const { url, app } = await lab.warning();
    const { html } = await get(url('keep'));
    const form = { form: keyOf(html) };
    const titles = await Promise.all(
      Array.from({ length: 5 }, async () => (await read(await post(url('keep'), form))).title),
    );
    expect(titles[0]).toMatch(/^It is kept running/);
    expect((await lab.runs.get(app))!.extensions).toEqual([lab.clock.now]);
  });

  test('the policy’s times are all there are', async () => {
    const { url, app, run } = await lab.warning();
    for (const hours of [9, 5]) await lab.runs.change(run, { kind: 'extend', at: lab.clock.now - hours * HOUR });
    const page = await get(url('keep'));
    expect(page.title).toBe('That was the last time');
    expect(page.text).toContain('lets a run be kept running twice');
    expect(page.html).not.toContain('<form');
    expect((await lab.runs.get(app))!.extensions).toHaveLength(2);
  });

  test('a run that is over is left alone, and the page says when it ended', async () => {
    const { url, run } = await lab.warning();
    const { html } = await get(url('keep'));
    await lab.runs.change(run, { kind: 'end', at: lab.clock.now });
    const page = await read(await post(url('keep'), { form: keyOf(html) }));
    expect(page.title).toBe('It is not running');
    expect(page.text).toContain('ended on Mon 4 Jan, 09:00 UTC');
  });

  test('the next run of the name is another’s business', async () => {
    const { url, run, app } = await lab.warning();
    const { html } = await get(url('keep'));
    await lab.runs.change(run, { kind: 'end', at: lab.clock.now - MINUTE });
    await lab.runs.open({ ...run, startedAt: lab.clock.now, warnings: {} }, (await lab.runs.get(app))!);
    const page = await read(await post(url('keep'), { form: keyOf(html) }));
    expect(page.title).toBe('That run is over');
    expect((await lab.runs.get(app))!.extensions).toEqual([]);
  });
});

describe('stop it now', () => {
  const stops = () => lab.aws.calls.count('sagemaker', 'DeleteApp');

  test('asks once more; then stops, records and tells, naming no address', async () => {
    const { url, app } = await lab.warning();
    const page = await get(url('stop'));
    expect(page.title).toBe('Stop it now?');
    expect(page.text).toContain('All files are kept. What is only in a kernel&#x27;s memory is lost');
    expect(stops()).toBe(0);

    const done = await read(await submit(url('stop')));
    expect([done.status, done.title]).toEqual([200, 'It is stopped']);
    expect(stops()).toBe(1);
    const run = (await lab.runs.get(app))!;
    expect(run).toMatchObject({
      endedAt: lab.clock.now,
      stop: { rule: 'by request', reason: 'stopped by the link in the mail to alice', told: true },
    });
    const told = (await lab.outbox.owed(lab.place, lab.clock.now, 1000)).map(({ notice }) => notice);
    const mine = told.filter(({ facts }) => facts.kind === 'stopped' && facts.app.appName === app.appName);
    expect(mine.length).toBeGreaterThan(0);
    expect(JSON.stringify(mine.map(({ facts }) => 'reason' in facts && facts.reason))).not.toContain('@');

    expect((await get(url('stop'))).title).toBe('It was stopped');
    expect((await read(await post(url('stop'), { form: keyOf(page.html) }))).title).toBe('It was stopped');
    expect(stops()).toBe(1);
  });

  test('an admin’s wish is told as an admin’s', async () => {
    const { url, app } = await lab.warning('admin-one@example.org', { audience: { role: 'admins' } });
    expect((await get(url('stop'))).text).toContain('its user may want to save their notebooks first');
    await submit(url('stop'));
    expect((await lab.runs.get(app))!.stop!.reason).toBe('stopped by the link in the mail to an admin');
  });

  test('a name that is in use again, unnoticed, is not touched', async () => {
    const { url, app } = await lab.warning();
    const { html } = await get(url('stop'));
    const id = { ...app, userProfileName: 'alice', appType: 'JupyterLab' as const };
    lab.aws.studio.deleteApp(id);
    lab.clock.now += 10 * MINUTE;
    lab.aws.studio.createApp(id);
    lab.clock.now += 10 * MINUTE;
    const page = await read(await post(url('stop'), { form: keyOf(html) }));
    expect(page.title).toBe('That run is over');
    expect(stops()).toBe(0);
    expect((await lab.runs.get(app))!.stop).toBeUndefined();
  });

  test('an app that its owner has stopped meanwhile is not told as ours', async () => {
    const { url, app } = await lab.warning();
    const { html } = await get(url('stop'));
    lab.aws.studio.deleteApp({ ...app, userProfileName: 'alice', appType: 'JupyterLab' });
    const page = await read(await post(url('stop'), { form: keyOf(html) }));
    expect(page.title).toBe('It is not running');
    expect(stops()).toBe(0);
    expect(await lab.runs.get(app)).toMatchObject({ endedAt: lab.clock.now });
    expect((await lab.runs.get(app))!.stop).toBeUndefined();
  });

  test.each(['DescribeApp', 'DeleteApp'])(
    '%s fails: the page says so, the log says why, and the button works again',
    async (action) => {
      const { url, app } = await lab.warning();
      const { html } = await get(url('stop'));
      lab.aws.faults.add({
        service: 'sagemaker',
        action,
        code: 'AccessDeniedException',
        status: 400,
        message: 'no',
        times: 1,
      });
      const page = await read(await post(url('stop'), { form: keyOf(html) }));
      expect([page.status, page.title]).toEqual([503, 'That did not work just now']);
      expect((await lab.runs.get(app))!.endedAt).toBeUndefined();
      if (action === 'DescribeApp') {
        expect(lab.answers.at(-1)!.log).toContainEqual(
          expect.objectContaining({ message: 'link failed', code: 'AccessDeniedException', purpose: 'stop' }),
        );
      }
      expect((await read(await post(url('stop'), { form: keyOf(html) }))).title).toBe('It is stopped');
    },
  );
});

describe('unsubscribe', () => {
  test.each([
    ['reports', 'no more reports.'],
    ['warnings', 'no more reports and warnings.'],
    ['everything', 'no more mail from Curfew at all.'],
  ])('from %s, by choice; again is the same', async (level, words) => {
    const to = somebody();
    await lab.contact(to, { consent: 'confirmed' });
    const { url } = await lab.warning(to);
    const page = await get(url('unsubscribe'));
    expect(page.html.match(/type="radio"/g)).toHaveLength(3);
    expect(page.html).toContain('value="warnings" checked');
    const form = { form: keyOf(page.html), level };
    for (let i = 0; i < 2; i++) {
      const done = await read(await post(url('unsubscribe'), form));
      expect([done.status, done.title]).toEqual([200, 'You have unsubscribed']);
      expect(done.text).toContain(words);
    }
    expect(await lab.contacts.get(lab.place, to)).toMatchObject({ consent: 'confirmed', unsubscribed: level });
  });

  test('only ever lessens: a lesser wish by an old link gives nothing back', async () => {
    const to = somebody();
    await lab.contact(to, { consent: 'confirmed', unsubscribed: 'warnings' });
    const { url } = await lab.warning(to);
    const page = await get(url('unsubscribe'));
    expect(page.html.match(/type="radio"/g)).toHaveLength(1);
    const done = await read(await post(url('unsubscribe'), { form: keyOf(page.html), level: 'reports' }));
    expect(done.text).toContain('no more reports and warnings.');
    expect((await lab.contacts.get(lab.place, to))!.unsubscribed).toBe('warnings');
  });

  test('an admin, who is no contact yet, becomes one that says no', async () => {
    const to = somebody();
    const { url } = await lab.warning(to, { audience: { role: 'admins' } });
    await submit(url('unsubscribe'));
    expect(await lab.contacts.get(lab.place, to)).toMatchObject({
      consent: 'unconfirmed',
      unsubscribed: 'warnings',
      owners: [],
    });
  });

  test('of a request to confirm: never asked again', async () => {
    const to = somebody();
    const { url } = await lab.request(to);
    const page = await get(url('unsubscribe'));
    expect(page.title).toBe('Do not ask again?');
    await submit(url('unsubscribe'));
    expect((await lab.contacts.get(lab.place, to))!.unsubscribed).toBe('everything');
  });

  const boundary = '----FormBoundaryjWmhtjORrn';
  const multipart = `--${boundary}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${boundary}--\r\n`;
  test.each([
    ['application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    [`multipart/form-data; boundary=${boundary}`, multipart],
  ])('one click of a mail program, as %s: no page, no Origin (RFC 8058)', async (type, body) => {
    const to = somebody();
    const { url } = await lab.warning(to);
    for (let i = 0; i < 2; i++) {
      const response = await fetch(url('unsubscribe'), { method: 'POST', body, headers: { 'content-type': type } });
      expect(response.status).toBe(200);
    }
    expect((await lab.contacts.get(lab.place, to))!.unsubscribed).toBe('warnings');
  });

  test('one click does nothing on any other link', async () => {
    const { url, app } = await lab.warning();
    for (const purpose of ['keep', 'stop'] as const) {
      const response = await post(url(purpose), { 'List-Unsubscribe': 'One-Click' });
      expect(response.status).toBe(403);
    }
    expect(await lab.runs.get(app)).toMatchObject({ extensions: [] });
  });
});

test('no token, no address and no network is in any log', async () => {
  const text = lab.answers.map((answer) => answer.text).join('\n');
  expect(text).toContain('"message":"link"');
  expect(text).toContain('"outcome":"kept"');
  expect(text).not.toMatch(/[\w-]{22}\.[\w-]{43}/);
  expect(text).not.toMatch(/people\.example\.net|admin-one|127\.0\.0\.1/);
});

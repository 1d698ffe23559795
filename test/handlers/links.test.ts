import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeLinks } from '../../src/application/link-token.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { contextOf } from './lambda.ts';
import { actionOf, keyOf, post, startLinkLab, submit, titleOf } from './link-lab.ts';

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

const read = async (response: Response) => {
  const html = (await response.text()).replaceAll('\u00a0', ' ');
  return {
    status: response.status,
    title: titleOf(html),
    html,
    text: html.replaceAll(/<style>[\s\S]*<\/style>|<[^>]+>/g, ' '),
  };
};
const get = async (url: string, headers: Record<string, string> = {}) => read(await fetch(url, { headers }));
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

describe('only our own page may press', () => {
  test.each([
    ['no form key', {}, {}],
    ['a key of another link', { form: 'x'.repeat(43) }, {}],
    ['another site’s Origin', { form: 'right' }, { origin: 'https://evil.example' }],
    ['a browser that says cross-site', { form: 'right' }, { 'sec-fetch-site': 'cross-site' }],
    ['a browser that says same-site', { form: 'right' }, { 'sec-fetch-site': 'same-site' }],
  ] as [string, Record<string, string>, Record<string, string>][])(
    '%s: refused, and nothing changes',
    async (_, fields, headers) => {
      const { url } = await lab.warning();
      const form = fields.form === 'right' ? { form: keyOf((await get(url('keep'))).html) } : fields;
      const before = await lab.table();
      for (const purpose of ['keep', 'stop', 'unsubscribe'] as const) {
        const key = fields.form === 'right' ? { form: keyOf((await get(url(purpose))).html) } : form;
        const page = await read(await post(url(purpose), key, headers));
        expect([page.status, page.title]).toEqual([403, 'Please press the button here']);
      }
      expect(await lab.table()).toEqual(before);
    },
  );

  test('our own Origin is enough', async () => {
    const { url, app } = await lab.warning();
    const page = await read(await post(url('keep'), {}, { origin: lab.api.url, 'sec-fetch-site': 'same-origin' }));
    expect(page.title).toMatch(/^It is kept running until/);
    expect((await lab.runs.get(app))!.extensions).toHaveLength(1);
  });

  test('the Host header makes no page ours', async () => {
    const { tokens } = await lab.warning();
    const event = sample({
      rawPath: `/keep/${tokens.keep}`,
      headers: { host: 'evil.example', origin: 'https://evil.example' },
    });
    expect((await lab.invoke(event)).value).toMatchObject({ statusCode: 403 });
  });
});

describe('tokens', () => {
  test('are bound to their purpose; unknown, forged and another’s look and cost the same', async () => {
    const { tokens, id } = await lab.warning();
    const cases = [
      tokens.keep,
      tokens.unsubscribe,
      `${id}.${'A'.repeat(43)}`,
      makeLinks(['stop']).tokens.stop!,
      `${'B'.repeat(22)}.${'C'.repeat(43)}`,
    ];
    const answers = await Promise.all(cases.map((token) => get(`${lab.api.url}/stop/${token}`)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect([answers[0]!.status, answers[0]!.title]).toEqual([404, 'We do not know this link']);
    for (const token of cases) {
      lab.aws.calls.reset();
      await get(`${lab.api.url}/stop/${token}`);
      expect(lab.aws.calls.counts()).toEqual({ 'dynamodb GetItem': 1 });
    }
  });

  test('expire by our own clock', async () => {
    const { url } = await lab.warning();
    lab.clock.now += 7 * DAY - 1;
    expect((await get(url('keep'))).title).toMatch(/^Keep it running until/);
    lab.clock.now += 1;
    for (const purpose of ['keep', 'stop'] as const) {
      const page = await get(url(purpose));
      expect([page.status, page.title]).toEqual([410, 'This link works no longer']);
    }
    expect((await get(url('unsubscribe'))).status).toBe(200);
  });
});

describe('fresh mail', () => {
  test('of an expired warning that still stands: the same notice anew, once an hour, three times a day', async () => {
    const to = somebody();
    const { url, notice } = await lab.warning(to);
    lab.clock.now += 8 * DAY;
    const page = await get(url('keep'));
    const fresh = actionOf(page.html, url('keep'));
    expect(fresh).toContain('/fresh/keep/');
    const ask = async () => (await read(await post(fresh, { form: keyOf(page.html) }))).title;
    const owed = async () =>
      (await lab.outbox.owed(lab.place, lab.clock.now, 1000)).map((one) => one.notice).filter((one) => one.to === to);
    expect([await ask(), await ask()]).toEqual(['A fresh mail is on its way', 'One mail an hour']);
    expect(await owed()).toEqual([{ ...notice, id: expect.not.stringMatching(notice.id), owedAt: lab.clock.now }]);
    for (const hour of [1, 2, 3]) {
      lab.clock.now += HOUR;
      expect(await ask()).toBe(hour < 3 ? 'A fresh mail is on its way' : 'One mail an hour');
    }
    expect(await owed()).toHaveLength(3);
  });

  test('of a warning that was lifted there is none', async () => {
    const { url, run, notice } = await lab.warning(somebody());
    const stands = await get(url('stop'));
    lab.clock.now += 8 * DAY;
    await lab.runs.change(run, { kind: 'lift', warnings: [{ rule: 'everything: max-uptime', number: 1 }] });
    const page = await get(url('stop'));
    expect(page.text).toContain('The warning that it came with stands no longer');
    const asked = await post(url('stop').replace('/stop/', '/fresh/stop/'), { form: keyOf(stands.html) });
    expect(asked.status).toBe(410);
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 1000);
    expect(owed.filter((one) => one.notice.to === notice.to)).toEqual([]);
  });

  test('of an expired request to confirm: the next one, counted as asked', async () => {
    const to = somebody();
    const { url } = await lab.request(to);
    lab.clock.now += 31 * DAY;
    const page = await read(await submit(url('confirm')));
    expect(page.title).toBe('A fresh mail is on its way');
    expect((await lab.contacts.get(lab.place, to))!.asked).toHaveLength(2);
    const owed = await lab.outbox.owed(lab.place, lab.clock.now, 1000);
    expect(owed.filter((one) => one.notice.to === to).map((one) => one.notice.facts)).toMatchObject([
      { kind: 'confirmation', number: 2, at: lab.clock.now },
    ]);
  });

  /** Each from a network of its own. */
  let networks = 0;
  const ask = async (address: string, sourceIp = `10.0.0.${++networks}`) => {
    const { html } = await get(`${lab.api.url}/confirm/typo`);
    const body = Buffer.from(new URLSearchParams({ form: keyOf(html), address }).toString()).toString('base64');
    lab.aws.calls.reset();
    const { value } = await lab.invoke(
      sample({ rawPath: '/fresh', body, requestContext: { http: { method: 'POST', path: '/fresh', sourceIp } } }),
    );
    return { answer: value as { statusCode: number; body: string }, calls: lab.aws.calls.counts() };
  };

  test('by address: the same answer and the same calls, known or not', async () => {
    const known = somebody();
    await lab.contact(known, { asked: [lab.clock.now] });
    const others = [somebody(), somebody(), somebody(), somebody()];
    await lab.contact(others[0]!, { consent: 'confirmed' });
    await lab.contact(others[1]!, { consent: 'bounced' });
    await lab.contact(others[2]!, { unsubscribed: 'everything' });
    const first = await ask(known);
    expect(titleOf(first.answer.body)).toBe('Look in your mailbox');
    expect((await lab.contacts.get(lab.place, known))!.asked).toHaveLength(2);
    for (const address of others) {
      const contact = await lab.contacts.get(lab.place, address);
      expect(await ask(address)).toEqual(first);
      expect(await lab.contacts.get(lab.place, address)).toEqual(contact);
    }
    const owed = (await lab.outbox.owed(lab.place, lab.clock.now, 1000)).map(({ notice }) => notice);
    expect(owed.filter(({ to }) => [known, ...others].includes(to)).map(({ to }) => to)).toEqual([known]);
    // Within the hour it is asked for once more: the same answer, and no mail.
    expect((await ask(known)).answer).toEqual(first.answer);
    expect((await lab.contacts.get(lab.place, known))!.asked).toHaveLength(2);
  });

  test('by address: ten in all, then only an admin’s invitation helps', async () => {
    const to = somebody();
    await lab.contact(to, { asked: Array.from({ length: 9 }, () => lab.clock.now) });
    await ask(to);
    lab.clock.now += HOUR;
    await ask(to);
    expect((await lab.contacts.get(lab.place, to))!.asked).toHaveLength(10);
  });

  test('ten an hour from one network, whatever the addresses', async () => {
    const answers = [];
    for (let i = 0; i < 12; i++) answers.push((await ask(somebody(), '2001:db8:1:2::7')).answer.statusCode);
    expect(answers).toEqual([...Array(10).fill(200), 429, 429]);
    expect((await ask(somebody(), '2001:db8:1:2:3:4:5:6')).answer.statusCode).toBe(429);
    expect((await ask(somebody(), '2001:db8:1:3::7')).answer.statusCode).toBe(200);
  });

  test('what is no address is said to be none', async () => {
    const { answer } = await ask('nobody at example.org');
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('That is no mail address');
  });
});

describe('every answer', () => {
  test.each([
    ['GET', '/', 200, 'Mail about your Studio apps'],
    ['GET', '/favicon.ico', 404, 'There is nothing here'],
    ['GET', '/fresh', 404, 'There is nothing here'],
    ['GET', '/confirm', 404, 'We do not know this link'],
    ['GET', '/confirm/a/b/c', 404, 'We do not know this link'],
    ['DELETE', '/', 405, 'That does not work here'],
    ['PUT', '/confirm/a', 405, 'That does not work here'],
    ['POST', '/', 403, 'Please press the button here'],
  ])('%s %s is a friendly page with every header', async (method, path, status, title) => {
    const response = await fetch(`${lab.api.url}${path}`, { method });
    const headers = Object.fromEntries(response.headers);
    const page = await read(response);
    expect([page.status, page.title]).toEqual([status, title]);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex, nofollow',
      'strict-transport-security': 'max-age=63072000',
    });
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(headers).not.toHaveProperty('set-cookie');
  });

  test('HEAD answers as GET does, without a body', async () => {
    const { url } = await lab.warning();
    for (const address of [url('keep'), `${lab.api.url}/confirm/typo`]) {
      const [get, head] = await Promise.all([fetch(address), fetch(address, { method: 'HEAD' })]);
      expect(head.status).toBe(get.status);
      expect(await head.text()).toBe('');
    }
  });

  test('names and addresses are escaped, and on one line', async () => {
    const evil = '"><script>alert(1)</script>';
    const to = somebody();
    const { notice } = await lab.warning(to);
    if (notice.facts.kind !== 'warning') throw new Error('no warning');
    const { url } = await lab.send(to, { ...notice.facts, app: { ...notice.facts.app, appName: evil } }, ['stop']);
    const { html } = await get(url('stop'));
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;');
  });

  test('lies below the path of the base URL, with or without it', async () => {
    const lambda = await lab.lambda('links', { CURFEW_BASE_URL: `${lab.api.url}/curfew/` });
    const { tokens } = await lab.warning();
    for (const rawPath of [`/curfew/keep/${tokens.keep}`, `/keep/${tokens.keep}`]) {
      const event = sample({ rawPath, requestContext: { http: { method: 'GET', sourceIp: '10.9.9.9' } } });
      const { value } = await lambda.invoke(event, contextOf('curfew-links'));
      expect((value as { body: string }).body).toContain(`action="/curfew/keep/${tokens.keep}"`);
    }
  });

  test('without a base URL there are no links: the Lambda fails, and says what is missing', async () => {
    const lambda = await lab.lambda('links');
    const { error } = await lambda.invoke(sample({}), contextOf('curfew-links'));
    expect(error).toMatchObject({ name: 'ConfigError', message: expect.stringContaining('CURFEW_BASE_URL') });
  });
});

test('no token, no address and no network is in any log', async () => {
  const text = lab.answers.map((answer) => answer.text).join('\n');
  expect(text).toContain('"message":"link"');
  expect(text).toContain('"outcome":"kept"');
  expect(text).not.toMatch(/[\w-]{22}\.[\w-]{43}/);
  expect(text).not.toMatch(/people\.example\.net|admin-one|2001:db8|10\.0\.0\./);
});

const SAMPLE = JSON.parse(readFileSync('test/samples/apigw-v2-post-event.json', 'utf8'));

/** The sample event, spoiled. */
function sample(more: { rawPath?: string; headers?: object; body?: string; requestContext?: object }) {
  return {
    ...SAMPLE,
    ...more,
    headers: { ...SAMPLE.headers, ...more.headers },
    requestContext: { ...SAMPLE.requestContext, timeEpoch: lab.clock.now, ...more.requestContext },
  };
}

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeLinks } from '../../src/application/link-token.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import { contextOf } from './lambda.ts';
import { actionOf, keyOf, post, read, startLinkLab, submit, titleOf } from './link-lab.ts';

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
    expect(await owed()).toEqual([
      { ...notice, cause: expect.any(String), id: expect.not.stringMatching(notice.id), owedAt: lab.clock.now },
    ]);
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

  test('by address: three in all, as many as come unasked; then only an admin’s invitation helps', async () => {
    const to = somebody();
    await lab.contact(to, { asked: [lab.clock.now, lab.clock.now] });
    await ask(to);
    lab.clock.now += HOUR;
    await ask(to);
    expect((await lab.contacts.get(lab.place, to))!.asked).toHaveLength(3);
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

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formKeyOf, makeLinks } from '../../src/application/link-token.ts';
import { PURPOSES } from '../../src/domain/mail-link.ts';
import { contextOf } from './lambda.ts';
import { startLinkLab } from './link-lab.ts';

let lab: Awaited<ReturnType<typeof startLinkLab>>;
let mails: { tokens: Record<string, string>; url: (purpose: (typeof PURPOSES)[number]) => string }[];
const TO = 'alice@people.example.net';

/** A request to confirm and a warning have gone out; each purpose has a link that would work. */
beforeAll(async () => {
  lab = await startLinkLab();
  mails = [await lab.request(TO), await lab.warning(TO)];
});
afterAll(() => lab.close());

const realTokens = () => mails.flatMap(({ tokens }) => Object.values(tokens));
const links = () => mails.flatMap(({ tokens, url }) => PURPOSES.filter((one) => tokens[one]).map((one) => url(one)));

const SCANNERS: Record<string, string>[] = [
  { 'user-agent': 'Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; SafeLinks)' },
  { 'user-agent': 'Barracuda Sentinel (EE)' },
  {
    'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36',
    'sec-purpose': 'prefetch;prerender',
  },
  { 'user-agent': 'Mozilla/5.0 Gecko/20100101 Firefox/140.0', 'x-moz': 'prefetch' },
  { 'user-agent': 'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', purpose: 'prefetch' },
  { 'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)' },
  { 'user-agent': 'curl/8.5.0', referer: 'https://mail.example.org/' },
  { 'user-agent': 'WhatsApp/2.24', 'x-forwarded-host': 'evil.example' },
];

test('a scanner that opens every link of every mail a hundred times, by GET and by HEAD, changes nothing', async () => {
  const before = await lab.table();
  expect(links()).toHaveLength(5);
  lab.aws.calls.reset();
  for (let i = 0; i < 100; i++) {
    const headers = SCANNERS[i % SCANNERS.length]!;
    const answers = await Promise.all(
      links().flatMap((url) => ['GET', 'HEAD'].map((method) => fetch(url, { method, headers }))),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
  }
  expect(await lab.table()).toEqual(before);
  expect(lab.changes()).toEqual({});
  expect(Object.keys(lab.aws.calls.counts())).not.toContain('sagemaker DescribeApp');
});

const junk = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '%00', '../..', '\r\nSet-Cookie: a=b'),
);
const character = fc.constantFrom(...'ABCabc019-_.=/+% é\u0000'.split(''));

/** Tokens that are nearly right: of the real ones, and of none. Never a real one, even with a slash at its end. */
const token = fc
  .tuple(fc.nat(), fc.nat(65), character, fc.constantFrom('spoil', 'cut', 'add', 'other', 'swap', 'any'), fc.string())
  .map(([which, at, char, how, any]) => {
    const one = realTokens()[which % 5]!;
    const two = realTokens()[(which + 3) % 5]!;
    if (how === 'cut') return one.slice(0, at);
    if (how === 'add') return one + char;
    if (how === 'swap') return `${one.split('.')[0]}.${two.split('.')[1]}`;
    if (how === 'other') return makeLinks(['keep']).tokens.keep!;
    if (how === 'any') return any;
    return one.slice(0, at) + char + one.slice(at + 1);
  })
  .filter((text) => !realTokens().includes(text.replace(/\/+$/, '')));

/** A request such as API Gateway hands over, with a token that is none. */
const request = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'POST', 'POST', 'PUT', 'OPTIONS', 'post', ''),
    head: fc.constantFrom(...PURPOSES, 'fresh', 'fresh/confirm', 'fresh/stop', 'fresh/keep', 'Confirm', '', 'admin'),
    token,
    hasKey: fc.boolean(),
    fields: fc.dictionary(
      fc.constantFrom('level', 'address', 'List-Unsubscribe', 'form', '__proto__'),
      fc.oneof(fc.constantFrom('One-Click', 'everything', 'bob@people.example.net'), fc.string()),
    ),
    type: fc.constantFrom(
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'text/plain',
      '\u0000',
      undefined,
    ),
    origin: fc.constantFrom(undefined, 'null', 'https://evil.example', 'http://127.0.0.1'),
    isBase64Encoded: fc.boolean(),
    sourceIp: fc.constantFrom('10.0.0.1', '::1', '2001:db8::1', 'x', ''),
  })
  .map(({ method, head, token, hasKey, fields, type, origin, isBase64Encoded, sourceIp }) => {
    const form = { ...fields, ...(hasKey ? { form: formKeyOf(head === 'fresh' ? '' : token) } : {}) };
    const text = new URLSearchParams(form).toString();
    const headers = {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(origin === undefined ? {} : { origin }),
    };
    const http = { method, path: `/${head}/${token}`, sourceIp, protocol: 'HTTP/1.1', userAgent: 'x' };
    return {
      version: '2.0',
      rawPath: head === 'fresh' ? '/fresh' : `/${head}/${token}`,
      headers,
      requestContext: { http, timeEpoch: lab.clock.now },
      body: isBase64Encoded ? Buffer.from(text).toString('base64') : text,
      isBase64Encoded,
    };
  });

/** The same, with a member anywhere in it that is anything. */
const spoiled = fc
  .tuple(
    request,
    fc.constantFrom(
      'rawPath',
      'headers',
      'headers.origin',
      'body',
      'isBase64Encoded',
      'requestContext',
      'requestContext.http',
      'requestContext.http.method',
      'requestContext.http.sourceIp',
      'requestContext.timeEpoch',
    ),
    fc.option(junk),
  )
  .map(([event, path, value]) => {
    const copy = structuredClone(event) as Record<string, unknown>;
    const names = path.split('.');
    let parent = copy;
    for (const name of names.slice(0, -1)) parent = parent[name] as Record<string, unknown>;
    parent[names.at(-1)!] = value;
    return copy;
  });

test('10,000 malformed events and tokens: a friendly answer each, no change of state, no leak', {
  timeout: 300_000,
}, async () => {
  const events = fc.sample(
    fc.oneof({ weight: 1, arbitrary: junk }, { weight: 6, arbitrary: request }, { weight: 3, arbitrary: spoiled }),
    { numRuns: 10_000, seed: 4 },
  );
  const lambda = await lab.lambda('links', { CURFEW_BASE_URL: lab.api.url });
  // What asking for mail by address counts is no state of anybody's.
  const state = async () => (await lab.table()).filter((item) => !item.includes('"pk":{"S":"rate#'));
  const before = await state();
  const secrets = mails.flatMap(({ tokens }) => Object.values(tokens).map((one) => one.split('.')[1]!));
  const statuses: Record<string, number> = {};
  for (let from = 0; from < events.length; from += 500) {
    const batch = events.slice(from, from + 500);
    const answers = await lambda.invokeAll(batch, contextOf('curfew-links'));
    for (const [i, { value, error, text }] of answers.entries()) {
      const where = () => JSON.stringify(batch[i]);
      expect(error, where()).toBeUndefined();
      const { statusCode, headers, body } = value as {
        statusCode: number;
        headers: Record<string, string>;
        body: string;
      };
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1;
      if (statusCode >= 500 || !headers['content-security-policy'])
        expect.fail(`${statusCode} for ${where()}: ${text}`);
      const told = `${body}${JSON.stringify(headers)}`;
      if (/ at .*\.m?[jt]s:\d|node_modules|Error:|people\.example\.net/.test(told)) expect.fail(`leaks: ${told}`);
      if (/people\.example\.net|[\w-]{22}\.[\w-]{43}/.test(text)) expect.fail(`logs: ${text}`);
      for (const secret of secrets) if (text.includes(secret)) expect.fail(`logs a secret: ${text}`);
    }
  }
  expect(await state()).toEqual(before);
  // All the ways to say no were met, and asking by address as well.
  expect(Object.keys(statuses).sort()).toEqual(expect.arrayContaining(['200', '400', '403', '404', '405']));
  expect(statuses['404']).toBeGreaterThan(1_000);
});

import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpApi, startHttpApi } from '../../local/host/http-api.ts';

const SAMPLE = JSON.parse(readFileSync('test/samples/apigw-v2-post-event.json', 'utf8'));

let api: HttpApi;
let events: (typeof SAMPLE)[] = [];
let answer: () => unknown;
beforeAll(async () => {
  api = await startHttpApi({
    now: () => SAMPLE.requestContext.timeEpoch,
    account: '123456789012',
    async invoke(event) {
      events.push(event);
      return answer();
    },
  });
});
afterAll(() => api.close());
beforeEach(() => {
  events = [];
  answer = () => ({ statusCode: 200, headers: { 'content-type': 'text/plain' }, body: 'fine' });
});

describe('an event', () => {
  it('has the members of API Gateway’s own, and says what they say', async () => {
    await fetch(`${api.url}/confirm/abc?a=1&a=2`, {
      method: 'POST',
      body: 'confirm=1',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: 'c1=v1; c2=v2' },
    });
    const [event] = events;
    // The `$default` route knows no path parameters.
    const { pathParameters: _, ...members } = SAMPLE;
    expect(Object.keys(event).sort()).toEqual(Object.keys(members).sort());
    expect(Object.keys(event.requestContext).sort()).toEqual(Object.keys(SAMPLE.requestContext).sort());
    expect(Object.keys(event.requestContext.http).sort()).toEqual(Object.keys(SAMPLE.requestContext.http).sort());
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/confirm/abc',
      rawQueryString: 'a=1&a=2',
      queryStringParameters: { a: '1,2' },
      cookies: ['c1=v1', 'c2=v2'],
      body: 'Y29uZmlybT0x',
      isBase64Encoded: true,
      requestContext: {
        accountId: '123456789012',
        stage: '$default',
        time: '21/Nov/2026:15:08:21 +0000',
        timeEpoch: 1795273701067,
        http: { method: 'POST', path: '/confirm/abc', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      },
    });
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it('names headers in lower case, joins what came twice, and lets text be text', async () => {
    await new Promise<void>((resolve, reject) => {
      const headers = [
        'Host',
        'x.test',
        'X-Twice',
        'a',
        'x-twice',
        'b',
        'Content-Type',
        'text/plain',
        'Content-Length',
        '2',
      ];
      const request = httpRequest(api.url, { method: 'POST', headers }, (response) =>
        response.resume().on('end', resolve),
      );
      request.on('error', reject).end('é');
    });
    expect(events[0]).toMatchObject({
      body: 'é',
      isBase64Encoded: false,
      headers: { 'x-twice': 'a,b', host: 'x.test' },
    });
  });

  it('has no body and no query where there is none', async () => {
    await fetch(api.url);
    expect(events[0]).toMatchObject({ rawPath: '/', rawQueryString: '', isBase64Encoded: false });
    for (const name of ['body', 'queryStringParameters', 'cookies']) expect(events[0]).not.toHaveProperty(name);
  });
});

describe('an answer', () => {
  const asked = async () => {
    const response = await fetch(api.url);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };

  it('is the Lambda’s, as text or as base64', async () => {
    expect(await asked()).toEqual([200, 'text/plain', 'fine']);
    answer = () => ({ statusCode: 418, body: 'ZmluZQ==', isBase64Encoded: true });
    expect(await asked()).toEqual([418, 'application/json', 'fine']);
  });

  it('without a status code is a body of its own', async () => {
    answer = () => ({ noted: 'this' });
    expect(await asked()).toEqual([200, 'application/json', '{"noted":"this"}']);
  });

  it('of a Lambda that fails is API Gateway’s 500, which tells nothing', async () => {
    answer = () => {
      throw new Error('secret');
    };
    expect(await asked()).toEqual([500, 'application/json', '{"message":"Internal Server Error"}']);
  });
});

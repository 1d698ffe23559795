import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An API Gateway HTTP API on loopback: one Lambda behind its `$default` route. */
export interface HttpApi {
  url: string;
  close(): Promise<void>;
}

/** What the Lambda answers (payload 2.0). */
interface LambdaAnswer {
  statusCode?: number;
  headers?: Record<string, string>;
  body?: string;
  isBase64Encoded?: boolean;
}

/** The most that API Gateway takes (quotas of HTTP APIs): 10 MB. */
const MOST_BYTES = 10 * 1024 * 1024;

/**
 * Opens an HTTP API that hands each request to `invoke` as a payload 2.0 event, by the world's clock.
 * @param invoke resolves to the Lambda's answer; where it rejects, the caller sees API Gateway's own 500
 * @param port 0: one that the system chooses
 */
export async function startHttpApi(options: {
  invoke: (event: unknown) => Promise<unknown>;
  now: () => number;
  account: string;
  port?: number;
}): Promise<HttpApi> {
  const { invoke, now, account, port = 0 } = options;
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const id = `links${requests.toString(36).padStart(10, '0')}=`;
    void serve(request, response, id).catch(() => response.destroy());
  });
  const serve = async (request: IncomingMessage, response: ServerResponse, id: string): Promise<void> => {
    const body = await read(request);
    if (body === undefined) return send(response, id, { statusCode: 413, body: '{"message":"Request Too Long"}' });
    try {
      send(
        response,
        id,
        (await invoke(eventOf(request, body, { now: Math.floor(now()), account, id }))) as LambdaAnswer,
      );
    } catch {
      send(response, id, { statusCode: 500, body: '{"message":"Internal Server Error"}' });
    }
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  return length > MOST_BYTES ? undefined : Buffer.concat(chunks);
}

/** The request as API Gateway tells it: names in lower case, cookies apart, a body that is no text as base64. */
function eventOf(
  request: IncomingMessage,
  body: Buffer,
  { now, account, id }: { now: number; account: string; id: string },
) {
  const { method = 'GET', url = '/', rawHeaders, socket } = request;
  const [rawPath = '/', rawQueryString = ''] = url.split(/\?(.*)/s);
  const { cookie, ...headers } = joined(rawHeaders);
  const host = headers.host ?? '';
  const sourceIp = socket.remoteAddress ?? '';
  const query = Object.fromEntries(
    [...new Set(new URLSearchParams(rawQueryString).keys())].map((name) => [
      name,
      new URLSearchParams(rawQueryString).getAll(name).join(','),
    ]),
  );
  const isText = /^(text\/|application\/(json|xml|javascript))/i.test(headers['content-type'] ?? '');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; */) }),
    headers: { ...headers, 'x-forwarded-for': sourceIp, 'x-forwarded-proto': 'http' },
    ...(rawQueryString === '' ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: account,
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0],
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: id,
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Headers by their names in lower case, what came twice joined by commas; cookies by semicolons. */
function joined(rawHeaders: string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    const value = rawHeaders[i + 1]!;
    headers[name] = headers[name] === undefined ? value : `${headers[name]}${name === 'cookie' ? '; ' : ','}${value}`;
  }
  return headers;
}

/** `21/Nov/2026:15:08:21 +0000` */
function commonLogTime(now: number): string {
  const [, day, month, year, time] = new Date(now).toUTCString().split(/,? /);
  return `${day}/${month}/${year}:${time} +0000`;
}

/** The Lambda's answer as it reaches the caller. One without a status code is a body of its own, as API Gateway reads it. */
function send(response: ServerResponse, id: string, answer: LambdaAnswer): void {
  const {
    statusCode,
    headers = {},
    body = '',
    isBase64Encoded = false,
  } = answer?.statusCode === undefined ? { statusCode: 200, body: JSON.stringify(answer ?? null) } : answer;
  const content = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  response.writeHead(statusCode!, {
    'content-type': 'application/json',
    ...headers,
    'content-length': content.length,
    'apigw-requestid': id,
  });
  response.end(content);
}

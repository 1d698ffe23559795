import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface Seen {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A server that answers what the test says: the app's own API, a credentials endpoint, or a faulty EventBridge. */
export async function startApp(answer: (seen: Seen) => { status?: number; body: unknown } | undefined) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body };
    seen.push(one);
    const told = answer(one) ?? { status: 404, body: { message: 'Not Found' } };
    response.writeHead(told.status ?? 200, { 'content-type': 'application/json' });
    response.end(typeof told.body === 'string' ? told.body : JSON.stringify(told.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Jupyter's answers, by path below `/api/`. */
export function jupyter(api: Record<string, unknown>) {
  return (seen: Seen) => {
    const path = /\/api\/([a-z]+)\?no_track_activity=1$/.exec(seen.url)?.[1] ?? '';
    return path in api ? { body: api[path] } : undefined;
  };
}

import * as z from 'zod';
import { PURPOSES, type Purpose } from '../domain/mail-link.ts';
import type { Instant } from '../domain/time.ts';

/** An HTTP API's event, payload 2.0: as much of it as we read. */
const httpEvent = z.object({
  rawPath: z.string().max(2_000),
  headers: z.record(z.string(), z.string()).nullish(),
  body: z.string().max(20_000).nullish(),
  isBase64Encoded: z.boolean().nullish(),
  requestContext: z.object({
    http: z.object({ method: z.string().max(20), sourceIp: z.string().max(64) }),
    timeEpoch: z.int().min(0).max(Date.UTC(9999)).optional(),
  }),
});

/** A request as the routes read it. */
export interface LinkRequest {
  /** Upper case; empty for an event that is no HTTP request. */
  method: string;
  /** Whether it is for a fresh mail, rather than for what the link is for. */
  isFresh: boolean;
  /** Undefined where the path names no link. */
  purpose?: Purpose;
  /** As it stands in the path: whatever was typed there. */
  token: string;
  /** The path names a link, or nothing at all. */
  isKnown: boolean;
  headers: Record<string, string>;
  form: { get(name: string): unknown };
  /** The network that it comes from. */
  source: string;
  now: Instant;
  /** Of the base URL; the path without a slash at its end. */
  origin: string;
  basePath: string;
}

const NO_REQUEST = { method: '', isFresh: false, token: '', isKnown: false, headers: {}, form: new Map(), source: '' };

/**
 * Reads an event, whatever it is.
 * @param base the base URL: never the Host header
 */
export async function readRequest(event: unknown, { origin, pathname }: URL): Promise<LinkRequest> {
  const basePath = pathname.replace(/\/$/, '');
  const parsed = httpEvent.safeParse(event);
  if (!parsed.success) return { ...NO_REQUEST, origin, basePath, now: Date.now() };
  const { rawPath, headers: raw, body, isBase64Encoded, requestContext } = parsed.data;
  const { http, timeEpoch } = requestContext;
  const headers = Object.fromEntries(Object.entries(raw ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const content = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  return {
    ...readPath(rawPath, basePath),
    origin,
    basePath,
    method: http.method.toUpperCase(),
    headers,
    form: await readForm(headers['content-type'] ?? '', content),
    source: networkOf(http.sourceIp),
    now: timeEpoch ?? Date.now(),
  };
}

/** `/keep/<token>`, `/fresh/keep/<token>`, `/fresh` or `/`, below the base URL's path. */
function readPath(rawPath: string, basePath: string) {
  const path = rawPath.startsWith(`${basePath}/`) ? rawPath.slice(basePath.length) : rawPath;
  const [first, ...more] = path.split('/').filter((part) => part !== '');
  const isFresh = first === 'fresh';
  const [name, ...rest] = isFresh ? more : first === undefined ? [] : [first, ...more];
  const purpose = PURPOSES.find((one) => one === name);
  return { isFresh, ...(purpose ? { purpose } : {}), token: rest.join('/'), isKnown: name === undefined || !!purpose };
}

/** A form as browsers send it, or, from mail programs, as `multipart/form-data` (RFC 8058). One that cannot be read is empty. */
async function readForm(type: string, content: Buffer): Promise<LinkRequest['form']> {
  if (!/^multipart\/form-data/i.test(type)) return new URLSearchParams(content.toString());
  try {
    return await new Response(new Uint8Array(content), { headers: { 'content-type': type } }).formData();
  } catch {
    return new URLSearchParams();
  }
}

/** Whose network a request comes from: of IPv6 the first half, since one household has all of the second. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':');
  return (tail === undefined ? groups : [...groups, '0', '0', '0', '0']).slice(0, 4).join(':');
}

import { formKeyOf } from '../application/link-token.ts';
import { type LinkActor, look, openLink } from '../application/links.ts';
import { type PageAnswer, type Pages, PortError } from '../application/ports.ts';
import { press } from '../application/press.ts';
import { renew, renewByAddress } from '../application/renew.ts';
import type { Place } from '../domain/app.ts';
import { UNSUBSCRIBED } from '../domain/contact.ts';
import type { Page } from '../domain/page.ts';
import { logger } from './envelope.ts';
import type { LinkRequest } from './link-request.ts';
import { withoutAddresses } from './summary.ts';

/** What the routes lead to, and the pages that answer. */
interface Desk extends LinkActor {
  pages: Pages;
  place: Place;
}

/** Answers a request. One that AWS lets down is told, and may press again: the log says why, without tokens and addresses. */
export async function answer(desk: Desk, request: LinkRequest): Promise<PageAnswer> {
  const { method, purpose, isFresh, now, basePath } = request;
  const page = await route(desk, request).catch((error: unknown): Page => {
    const code = error instanceof PortError ? error.code : 'Unexpected';
    const why = withoutAddresses(error instanceof Error ? error.message : String(error));
    logger.error('link failed', { purpose, isFresh, code, why });
    return { kind: 'failed', code };
  });
  if (method === 'POST') logger.info('link', { purpose, isFresh, outcome: page.kind });
  // What is no link of ours is not given back: its page is the same whatever was asked.
  const token = page.kind === 'no link' ? '' : request.token;
  const link = purpose && token ? `/${purpose}/${token}` : '';
  const { body, ...rest } = desk.pages.show(page, { now, basePath, link, formKey: formKeyOf(token) });
  return { ...rest, body: method === 'HEAD' ? '' : body };
}

/**
 * Leads a request to its use case. GET and HEAD only look; what changes something is a POST from our own page, or the
 * one click of a mail program.
 */
async function route(desk: Desk, request: LinkRequest): Promise<Page> {
  const { method, purpose, token, isFresh, isKnown, form, source, now } = request;
  if (method === '') return { kind: 'malformed' };
  if (!['GET', 'HEAD', 'POST'].includes(method)) return { kind: 'not allowed' };
  if (!isKnown) return { kind: 'not found' };
  if (method !== 'POST') {
    if (isFresh) return { kind: 'not found' };
    if (!purpose) return { kind: 'home' };
    const open = await openLink(desk, purpose, token);
    return open ? look(desk, open, now) : { kind: 'no link' };
  }
  const isOneClick = !isFresh && purpose === 'unsubscribe' && form.get('List-Unsubscribe') === 'One-Click';
  if (!isOneClick && !isOurs(request)) return { kind: 'foreign' };
  if (!purpose) {
    const address = String(form.get('address') ?? '').trim();
    return isFresh ? renewByAddress(desk, desk.place, { address, source }, now) : { kind: 'not allowed' };
  }
  const open = await openLink(desk, purpose, token);
  if (!open) return { kind: 'no link' };
  if (isFresh) return renew(desk, open, source, now);
  const level = isOneClick ? undefined : UNSUBSCRIBED.find((one) => one === form.get('level'));
  return press(desk, open, level, now);
}

/**
 * Whether a form comes from a page of ours. Our pages send no referrer, so browsers call their origin `null`: then it is
 * what only our page knows of the link that counts. A browser that tells of another site is believed.
 */
function isOurs({ headers, form, token, origin }: LinkRequest): boolean {
  const { origin: from = 'null', 'sec-fetch-site': site = 'none' } = headers;
  if (!['same-origin', 'none'].includes(site) || !['null', origin].includes(from)) return false;
  return from === origin || form.get('form') === formKeyOf(token);
}

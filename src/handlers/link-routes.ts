import { formKeyOf } from '../application/link-token.ts';
import { type LinkActor, look, openLink } from '../application/links.ts';
import { PortError } from '../application/ports.ts';
import { press } from '../application/press.ts';
import { renew, renewByAddress } from '../application/renew.ts';
import type { Place } from '../domain/app.ts';
import { UNSUBSCRIBED } from '../domain/contact.ts';
import type { Page } from '../domain/page.ts';
import { logger } from './envelope.ts';
import type { LinkRequest } from './link-request.ts';
import { withoutAddresses } from './summary.ts';

/** Answers a request. One that AWS lets down is told, and may press again: the log says why, without tokens and addresses. */
export async function answer(
  actor: LinkActor,
  request: LinkRequest,
  at: { place: Place; origin: string },
): Promise<Page> {
  const { method, purpose, isFresh } = request;
  const page = await route(actor, request, at).catch((error: unknown): Page => {
    const code = error instanceof PortError ? error.code : 'Unexpected';
    const why = withoutAddresses(error instanceof Error ? error.message : String(error));
    logger.error('link failed', { purpose, isFresh, code, why });
    return { kind: 'failed', code };
  });
  if (method === 'POST') logger.info('link', { purpose, isFresh, outcome: page.kind });
  return page;
}

/**
 * Leads a request to its use case. GET and HEAD only look; what changes something is a POST from our own page, or the
 * one click of a mail program.
 * @param origin of the base URL: never of the Host header
 */
async function route(
  actor: LinkActor,
  request: LinkRequest,
  { place, origin }: { place: Place; origin: string },
): Promise<Page> {
  const { method, purpose, token, isFresh, isKnown, form, source, now } = request;
  if (method === '') return { kind: 'malformed' };
  if (!['GET', 'HEAD', 'POST'].includes(method)) return { kind: 'not allowed' };
  if (!isKnown) return { kind: 'not found' };
  if (method !== 'POST') {
    if (isFresh) return { kind: 'not found' };
    if (!purpose) return { kind: 'home' };
    const open = await openLink(actor, purpose, token);
    return open ? look(actor, open, now) : { kind: 'no link' };
  }
  const isOneClick = !isFresh && purpose === 'unsubscribe' && form.get('List-Unsubscribe') === 'One-Click';
  if (!isOneClick && !isOurs(request, origin)) return { kind: 'foreign' };
  if (!purpose) {
    const address = String(form.get('address') ?? '').trim();
    return isFresh ? renewByAddress(actor, place, { address, source }, now) : { kind: 'not allowed' };
  }
  const open = await openLink(actor, purpose, token);
  if (!open) return { kind: 'no link' };
  if (isFresh) return renew(actor, open, source, now);
  const level = isOneClick ? undefined : UNSUBSCRIBED.find((one) => one === form.get('level'));
  return press(actor, open, level, now);
}

/**
 * Whether a form comes from a page of ours. Our pages send no referrer, so browsers call their origin `null`: then it is
 * what only our page knows of the link that counts. A browser that tells of another site is believed.
 */
function isOurs({ headers, form, token }: LinkRequest, origin: string): boolean {
  const { origin: from = 'null', 'sec-fetch-site': site = 'none' } = headers;
  if (!['same-origin', 'none'].includes(site) || !['null', origin].includes(from)) return false;
  return from === origin || form.get('form') === formKeyOf(token);
}

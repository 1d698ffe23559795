import type { Page } from '../../domain/page.ts';
import type { Instant } from '../../domain/time.ts';
import { tidy } from '../ses/wording.ts';
import { styleHash, page as template } from './page.generated.mjs';
import { wordsOf } from './words.ts';

/** Where a page stands, and what its form needs. */
export interface PagePlace {
  now: Instant;
  /** The path of the base URL, without a slash at its end. */
  basePath: string;
  /** The link's own path below it, `/keep/<token>`; empty without a link. */
  link: string;
  /** What the form gives back, to show that it is ours. */
  formKey: string;
}

/** A page as HTTP carries it. */
interface PageAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** Nothing but this page's own style, and forms that lead back here: no script, no picture, no frame. */
const POLICY = [
  "default-src 'none'",
  `style-src '${styleHash}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow',
  'strict-transport-security': 'max-age=63072000',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const STATUS: Partial<Record<Page['kind'], number>> = {
  malformed: 400,
  foreign: 403,
  'not found': 404,
  'no link': 404,
  'not allowed': 405,
  expired: 410,
  'too many': 429,
  'renewed before': 429,
  failed: 503,
};

/** Puts a page into words and HTML, with times in `timezone` (an IANA name). */
export function renderPage(page: Page, timezone: string, place: PagePlace): PageAnswer {
  const { form, ...words } = wordsOf(tidy(page), timezone, place.now);
  const view = {
    about: '',
    callout: '',
    note: '',
    ...words,
    timezone,
    form: form && {
      choices: '',
      legend: '',
      asksAddress: false,
      fault: '',
      isQuiet: false,
      isFresh: false,
      ...form,
      key: place.formKey,
      action: `${place.basePath}${form.isFresh ? '/fresh' : ''}${form.asksAddress ? '' : place.link}`,
    },
  };
  const isBad = page.kind === 'no link' && page.isBadAddress;
  return {
    statusCode: isBad ? 400 : (STATUS[page.kind] ?? 200),
    headers: {
      ...HEADERS,
      ...(page.kind === 'not allowed' ? { allow: 'GET, HEAD, POST' } : {}),
      ...(page.kind === 'failed' ? { 'retry-after': '60' } : {}),
    },
    body: template(view),
  };
}

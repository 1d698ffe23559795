import type { PageAnswer, PageStand, Pages } from '../../application/ports.ts';
import type { Page } from '../../domain/page.ts';
import { REPORT_STYLE, renderReportPage } from '../report/page.ts';
import { tidy } from '../ses/wording.ts';
import { styleHash, page as template } from './page.generated.mjs';
import { wordsOf } from './words.ts';

/** Nothing but this page's own style, and forms that lead back here: no script, no picture, no frame. */
const policyOf = (hash: string) =>
  ["default-src 'none'", `style-src '${hash}'`, "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"].join(
    '; ',
  );

const headersOf = (hash: string) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policyOf(hash),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
  'x-robots-tag': 'noindex, nofollow',
  'strict-transport-security': 'max-age=63072000',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
});

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

/** Pages as HTML, with times in `timezone` (an IANA name). */
export function htmlPages(timezone: string): Pages {
  return { show: (page, at) => render(page, timezone, at) };
}

function render(page: Page, timezone: string, at: PageStand): PageAnswer {
  if (page.kind === 'report') {
    const body = renderReportPage(page.facts, page.place, timezone);
    return { statusCode: 200, headers: headersOf(REPORT_STYLE), body };
  }
  const { form, ...words } = wordsOf(tidy(page), timezone, at.now);
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
      key: at.formKey,
      action: `${at.basePath}${form.isFresh ? '/fresh' : ''}${form.asksAddress ? '' : at.link}`,
    },
  };
  const isBad = page.kind === 'no link' && page.isBadAddress;
  return {
    statusCode: isBad ? 400 : (STATUS[page.kind] ?? 200),
    headers: {
      ...headersOf(styleHash),
      ...(page.kind === 'not allowed' ? { allow: 'GET, HEAD, POST' } : {}),
      ...(page.kind === 'failed' ? { 'retry-after': '60' } : {}),
    },
    body: template(view),
  };
}

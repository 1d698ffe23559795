import { purposesOf } from '../domain/mail-link.ts';
import type { Notice } from '../domain/notice.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { makeLinks } from './link-token.ts';
import type { Links, MailUrls } from './ports.ts';

/**
 * Makes a mail's links as it is sent: their secrets stand in the mail alone, and the table keeps hashes. A mail that is
 * sent again gets links of its own.
 */
export async function mailUrls(
  { links, baseUrl }: { links: Links; baseUrl?: string | undefined },
  policy: Policy,
  notice: Notice,
  now: Instant,
): Promise<MailUrls> {
  if (baseUrl === undefined) return {};
  const purposes = purposesOf(notice.facts, policy.extensions);
  const { id, hashes, tokens } = makeLinks(purposes);
  const { account, region, to } = notice;
  await links.open({ account, region, id, notice: notice.id, to, madeAt: now, hashes, used: {} });
  return Object.fromEntries(purposes.map((purpose) => [purpose, `${baseUrl}/${purpose}/${tokens[purpose]}`]));
}

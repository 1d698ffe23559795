import { purposesOf } from '../domain/mail-link.ts';
import type { Notice } from '../domain/notice.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { makeLinks } from './link-token.ts';
import type { Links, MailUrls } from './ports.ts';

/** So many running apps can be stopped from a report, those that cost most: as many as its mail shows. */
const MOST_STOPS = 12;

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
  const { account, region, to, facts } = notice;
  const open = async (purposes: ReturnType<typeof purposesOf>, more: { app?: number } = {}) => {
    const { id, hashes, tokens } = makeLinks(purposes);
    await links.open({ account, region, id, notice: notice.id, to, madeAt: now, hashes, used: {}, ...more });
    return purposes.map((purpose) => [purpose, `${baseUrl}/${purpose}/${tokens[purpose]}`] as const);
  };
  const urls: MailUrls = Object.fromEntries(await open(purposesOf(facts, policy.extensions)));
  if (facts.kind !== 'report' || facts.running.length === 0) return urls;
  // Each in an item of its own, with a secret of its own: one cannot stand for another.
  const apps = facts.running.slice(0, MOST_STOPS);
  const stops = await Promise.all(apps.map(async (_, app) => (await open(['stop'], { app }))[0]![1]));
  return { ...urls, stops };
}

import { assertNever } from '../domain/assert-never.ts';
import { confirmPage, keepPage, pausedPage, reportPage, stopPage, unsubscribePage } from '../domain/link-page.ts';
import type { MailLink, Purpose } from '../domain/mail-link.ts';
import type { Notice, WarningFacts } from '../domain/notice.ts';
import type { Page } from '../domain/page.ts';
import { isPaused } from '../domain/pause.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { isSecretOf, readToken } from './link-token.ts';
import type { Links } from './ports.ts';

/** What the pages of links need. */
export interface LinkActor extends Actor {
  links: Links;
}

/** A link that somebody opened by its own secret, and the notice that its mail brought. */
export interface OpenLink {
  purpose: Purpose;
  link: MailLink;
  token: string;
  notice: Notice | undefined;
}

/** Opens a link by its token. Undefined for one of another purpose, a forged and an unknown one: nothing tells them apart. */
export async function openLink(
  { links, outbox }: Pick<LinkActor, 'links' | 'outbox'>,
  purpose: Purpose,
  text: string,
): Promise<OpenLink | undefined> {
  const read = readToken(text);
  const link = read && (await links.get(read.id));
  if (!read || !isSecretOf(link, purpose, read.token) || !link) return undefined;
  return { purpose, link, token: read.token, notice: (await outbox.get(link, link.notice))?.notice };
}

/** What an open link's page says now. Changes nothing, however often it is asked: mail scanners ask too. */
export async function look(actor: LinkActor, { purpose, link, notice }: OpenLink, now: Instant): Promise<Page> {
  const { contacts, runs, policy } = actor;
  switch (purpose) {
    case 'confirm':
      return confirmPage(link, await contacts.get(link, link.to), policy, now);
    case 'unsubscribe':
      return unsubscribePage(link, notice?.facts.kind, await contacts.get(link, link.to), now);
    case 'keep': {
      const facts = warningOf(notice);
      return keepPage(link, facts, facts && (await runs.get(facts.app)), policy, now);
    }
    case 'stop': {
      const facts = stoppableOf(link, notice);
      const page = stopPage(link, facts, facts && (await runs.get(facts.app)), now);
      if (page.kind !== 'stop') return page;
      const pause = await runs.lastPause(link);
      return isPaused(pause, now) ? pausedPage(pause) : page;
    }
    case 'report':
      return reportPage(link, notice?.facts, now);
    default:
      return assertNever(purpose);
  }
}

/** What a link to stop an app is about: its mail's warning, or one of the apps that a report told to be running. */
export function stoppableOf(link: MailLink, notice: Notice | undefined): WarningFacts | undefined {
  const facts = notice?.facts;
  if (facts?.kind !== 'report') return warningOf(notice);
  const app = facts.running[link.app ?? -1];
  return app && { kind: 'warning', app, audience: facts.audience, rule: 'report', reason: '', warnedAt: facts.at };
}

/** The warning that a mail brought. */
export function warningOf(notice: Notice | undefined): WarningFacts | undefined {
  return notice?.facts.kind === 'warning' ? notice.facts : undefined;
}

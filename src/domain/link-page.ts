import { type Contact, levelOf, mayAskAgain } from './contact.ts';
import { linkExpiry, type MailLink, type Purpose } from './mail-link.ts';
import type { Notice, NoticeFacts, WarningFacts } from './notice.ts';
import type { Page } from './page.ts';
import { type Pause, pauseEnd } from './pause.ts';
import type { Policy } from './policy.ts';
import { extendedUntil, extensionsLeft } from './rules/extension.ts';
import type { Run } from './run.ts';
import type { Instant } from './time.ts';

/** What the confirmation link's page says: it asks while the address waits for that, and its link was not used. */
export function confirmPage(link: MailLink, contact: Contact | undefined, policy: Policy, now: Instant): Page {
  if (!contact) return { kind: 'not to confirm', why: 'unknown' };
  const { consent, unsubscribed, address, owners } = contact;
  if (consent === 'bounced' || consent === 'complained') return { kind: 'not to confirm', why: consent };
  const isUsed = link.used.confirm !== undefined;
  if (consent === 'confirmed' && (isUsed || unsubscribed === undefined))
    return { kind: 'confirmed', address, ...(unsubscribed === undefined ? {} : { unsubscribed }) };
  if (isUsed || isExpired(link, 'confirm', now))
    return { kind: 'expired', purpose: 'confirm', canRenew: mayAskAgain(contact) };
  return { kind: 'confirm', address, owners, admins: policy.admins };
}

/** What the unsubscribing link's page says: it may be used as often as one likes, since it only ever lessens mail. */
export function unsubscribePage(
  link: MailLink,
  kind: Notice['facts']['kind'] | undefined,
  contact: Contact | undefined,
  now: Instant,
): Page {
  if (isExpired(link, 'unsubscribe', now)) return { kind: 'expired', purpose: 'unsubscribe', canRenew: false };
  const already = contact?.unsubscribed;
  const from = kind === undefined ? 'everything' : levelOf(kind);
  const isRequest = kind === 'confirmation';
  return { kind: 'unsubscribe', address: link.to, from, isRequest, ...(already ? { already } : {}) };
}

/** What the page of a warning's "keep it running" says. A link extends its run once, by the moment of its first use. */
export function keepPage(
  link: MailLink,
  facts: WarningFacts | undefined,
  run: Run | undefined,
  { extensions: policy }: Policy,
  now: Instant,
): Page {
  if (!facts) return { kind: 'expired', purpose: 'keep', canRenew: false };
  if (!isSameRun(facts, run)) return overPage(facts, run);
  const about = {
    ...aboutApp(facts),
    ...(run.stop && run.stop.code === undefined ? { isStopping: true as const } : {}),
  };
  const used = link.used.keep;
  const keptUntil = extendedUntil(run, policy);
  const left = extensionsLeft(run, policy);
  if (used !== undefined && run.extensions.includes(used)) return { kind: 'kept', ...about, until: keptUntil!, left };
  // A press that a crash cut off is made good while it still buys time.
  const isLapsed = used === undefined ? isExpired(link, 'keep', now) : used + policy.hours <= now;
  if (isLapsed) return { kind: 'expired', purpose: 'keep', canRenew: left > 0 && isStillWarned(facts, run) };
  const kept = keptUntil === undefined || keptUntil <= now ? {} : { keptUntil };
  if (left === 0)
    return {
      kind: 'kept enough',
      ...aboutApp(facts),
      times: policy.atMost,
      ...('keptUntil' in kept ? { until: kept.keptUntil } : {}),
    };
  const until = extendedUntil({ extensions: [...run.extensions, used ?? now] }, policy)!;
  return { kind: 'keep', ...about, until, ...stopAt(facts, run), ...kept, left: left - 1 };
}

/** What the page of a warning's "stop it now" says. Its run can only be stopped once. */
export function stopPage(link: MailLink, facts: WarningFacts | undefined, run: Run | undefined, now: Instant): Page {
  if (!facts) return { kind: 'expired', purpose: 'stop', canRenew: false };
  if (!isSameRun(facts, run)) return overPage(facts, run);
  if (isExpired(link, 'stop', now)) return { kind: 'expired', purpose: 'stop', canRenew: isStillWarned(facts, run) };
  return { kind: 'stop', ...aboutApp(facts), ...stopAt(facts, run) };
}

/** What the page of a report says: the whole of it, as it was when it was made. It has no button. */
export function reportPage(link: MailLink, facts: NoticeFacts | undefined, now: Instant): Page {
  if (facts?.kind !== 'report' || isExpired(link, 'report', now))
    return { kind: 'expired', purpose: 'report', canRenew: false };
  const { account, region } = link;
  return { kind: 'report', facts, place: { account, region } };
}

/** What stands for a page whose button would stop something or send mail, while Curfew is paused. */
export function pausedPage(pause: Pause): Page {
  const until = pauseEnd(pause);
  return { kind: 'paused', ...(Number.isFinite(until) ? { until } : {}) };
}

/** Whether the last run of the name is the one that the warning was about, and goes on. */
export function isSameRun(facts: WarningFacts, run: Run | undefined): run is Run {
  return run !== undefined && run.startedAt === facts.app.startedAt && run.endedAt === undefined;
}

/** The run of a warning is over, as far as its name still tells. */
export function overPage(facts: WarningFacts, run: Run | undefined): Extract<Page, { kind: 'over' }> {
  const about = { kind: 'over' as const, ...aboutApp(facts) };
  if (!run) return about;
  if (run.startedAt !== facts.app.startedAt)
    return { ...about, ...(run.endedAt === undefined ? { isAgain: true } : {}) };
  const ours = run.stop?.told && !run.stop.hadNoEffect ? { isOurs: true as const } : {};
  return { ...about, ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }), ...ours };
}

/** The app of a warning, as its reader knows it. */
export function aboutApp({ app, audience }: WarningFacts) {
  return { app, role: audience.role };
}

/** When it would be stopped, while the warning stands. */
function stopAt(facts: WarningFacts, run: Run): { stopAt?: Instant } {
  return facts.stopAt !== undefined && isStillWarned(facts, run) ? { stopAt: facts.stopAt } : {};
}

/** Whether the run is still under this very warning, and nobody has kept it running since: what a warning announced tells it from a later one. */
function isStillWarned({ rule, stopAt }: WarningFacts, run: Run): boolean {
  const given = run.warnings[rule]?.given;
  return given !== undefined && given.stopAt === stopAt && !run.extensions.some((at) => at >= given.at);
}

function isExpired(link: MailLink, purpose: Purpose, now: Instant): boolean {
  return now >= linkExpiry(purpose, link.madeAt);
}

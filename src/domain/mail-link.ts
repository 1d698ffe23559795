import type { Place } from './app.ts';
import type { NoticeFacts } from './notice.ts';
import type { ExtensionsPolicy } from './policy.ts';
import { DAY, type Duration, type Instant } from './time.ts';
import { isMoneyRule } from './verdict.ts';

/** What a link in mail may do: each has a secret of its own, so that one cannot stand for another. */
export const PURPOSES = ['confirm', 'keep', 'stop', 'report', 'unsubscribe'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** The links of one mail. Only hashes of their secrets are kept: who reads the table cannot press a button. */
export interface MailLink extends Place {
  /** Names the mail's links; no secret by itself. */
  id: string;
  /** The notice that the mail brought, and the address it went to. */
  notice: string;
  to: string;
  madeAt: Instant;
  /** SHA-256 of each secret, as base64url; a purpose that the mail does not offer has none. */
  hashes: Partial<Record<Purpose, string>>;
  /** Of a report's link that stops one of its running apps: which of them. */
  app?: number;
  /** When each was first used. */
  used: Partial<Record<Purpose, Instant>>;
}

/** How long each works. Unsubscribing works as long as the notice is kept. */
const LIFETIME: Record<Purpose, Duration> = {
  confirm: 30 * DAY,
  keep: 7 * DAY,
  stop: 7 * DAY,
  report: 60 * DAY,
  unsubscribe: 400 * DAY,
};

/** When a link that was made at `madeAt` ends. Whoever opens it checks: DynamoDB deletes what has expired some days late. */
export function linkExpiry(purpose: Purpose, madeAt: Instant): Instant {
  return madeAt + LIFETIME[purpose];
}

/** What a mail's links offer: each mail its unsubscribing, a warning what may be done about it. */
export function purposesOf(facts: NoticeFacts, { atMost }: ExtensionsPolicy): Purpose[] {
  const { kind } = facts;
  if (kind === 'confirmation') return ['confirm', 'unsubscribe'];
  // Asking to keep it running moves no budget.
  const mayKeep = kind === 'warning' && atMost > 0 && !isMoneyRule(facts.rule);
  if (kind === 'warning') return [...(mayKeep ? (['keep'] as const) : []), 'stop', 'unsubscribe'];
  return kind === 'report' ? ['report', 'unsubscribe'] : ['unsubscribe'];
}

import { holderName } from '../app.ts';
import type { WarningFacts } from '../notice.ts';

/** The rule of a stop that a person asked for by a link. */
export const BY_REQUEST = 'by request';

/**
 * Whoever is warned may have the app stopped at once, by the link in their mail: whatever the limits and the mode say.
 * @returns the rule and the reason, which names no address
 */
export function stopByRequest({ app, audience }: Pick<WarningFacts, 'app' | 'audience'>): {
  rule: string;
  reason: string;
} {
  const reader = audience.role === 'owner' ? (app.owner ?? holderName(app)) : 'an admin';
  return { rule: BY_REQUEST, reason: `stopped by the link in the mail to ${reader}` };
}

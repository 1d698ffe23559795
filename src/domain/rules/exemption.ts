import { matches } from '../match.ts';
import type { Policy } from '../policy.ts';
import type { RunningApp } from '../running-app.ts';
import type { LocalTime } from '../time.ts';
import type { Verdict } from '../verdict.ts';

/** An app that anything in `exempt` matches is never warned and never stopped, whatever other rule asks. */
export function exemption(app: RunningApp, policy: Pick<Policy, 'exempt'>, local: LocalTime): Verdict {
  const rule = 'exempt';
  const match = policy.exempt.find((candidate) => matches(candidate, app, local));
  if (!match) return { rule, says: 'nothing', reason: 'no exemption matches' };
  return { rule, says: 'keep', reason: `exempt: ${describeMatch(match)}` };
}

function describeMatch(match: Policy['exempt'][number]): string {
  const { tag = {}, during, ...lists } = match;
  const words = Object.entries(lists).map(
    ([key, patterns]) => `${key === 'appType' ? 'app-type' : key} ${patterns.join(' or ')}`,
  );
  for (const [key, values] of Object.entries(tag)) words.push(`tag ${key}=${values.join(' or ')}`);
  if (during) words.push('at this time of the week');
  return words.join(', ');
}

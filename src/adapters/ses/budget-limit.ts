import type { BudgetFacts } from '../../domain/notice.ts';
import { describeDuration } from '../../domain/time.ts';

/**
 * What happens at a budget's limit, or happens now that it is reached: the main thing, and the rest.
 * @param ends `the month ends on Mon 30 Nov`; empty where it does not
 */
export function atLimitWords(
  facts: BudgetFacts,
  ends: string,
  isOwn: boolean,
): { main: string; rest: string; warns: boolean } {
  const { atLimit, grace, spent, limit } = facts;
  const whyNot = facts.isLifted ? 'an admin has lifted this budget for now.' : 'the policy only warns.';
  if (atLimit === 'warn') return { main: 'Nothing will be stopped', rest: whyNot, warns: true };
  const isOver = spent >= limit;
  const { valve } = facts;
  const apps = isOwn ? 'your apps' : 'the apps of this budget';
  const started = isOwn ? 'you start' : 'is started';
  const how = grace ? `stopped ${describeDuration(grace)} after a warning` : 'stopped at once';
  const main = valve
    ? 'The limit is reached, and nothing is stopped yet'
    : isOver
      ? `The limit is reached: ${apps} that run are ${how}`
      : `At the limit, ${apps} that run then are ${how}`;
  const until = [ends, 'an admin grants more or lifts the budget'].filter(Boolean).join(', or ');
  const so = valve ? `Whatever ${started} is stopped nevertheless` : `So is whatever ${started} after that`;
  const then = atLimit === 'block' ? `${so}, until ${until}.` : `What ${started} after that goes on.`;
  // The safety valve: docs/policy.md, "The safety valve".
  const why = valve
    ? `${valve.wanted} apps would be stopped at once, and one scan may stop ${valve.most}: an admin has to look first. `
    : '';
  return {
    main,
    rest: `${why}${then} Apps that the policy exempts are not stopped, and files are always kept.`,
    warns: false,
  };
}

/** What the reader can do about it, a step each; whom to ask for more comes after. */
export function budgetTodo(facts: BudgetFacts, isOwn: boolean, hourly: string): string[] {
  const { atLimit, grace, running, spent, limit } = facts;
  if (running.length === 0) return [];
  const price = facts.hourly > 0 ? `: an hour of what runs now costs ${hourly}` : '';
  const stop = isOwn
    ? `Stop what you need no longer${price}.`
    : `If nobody needs some of what runs, have it stopped${price}.`;
  const isSaving = isOwn && atLimit !== 'warn' && (spent < limit || grace);
  const save = `Save your work ${spent < limit ? 'before the limit is reached' : 'now'}: what is only in memory is lost when an app stops.`;
  return isSaving ? [stop, save] : [stop];
}

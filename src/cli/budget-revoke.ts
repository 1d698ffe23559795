import { ConfigError } from '../config.ts';
import { isSame, openBudgets, withExcepted } from './budget.ts';
import { describeNow, type ExceptionOptions, inForceOf } from './budget-except.ts';
import { describeException } from './budget-print.ts';
import { note } from './print.ts';
import { describeKnown, subjectNamed } from './subject.ts';
import { whoAmI } from './who.ts';

/** `curfew budget revoke SUBJECT`: ends every grant and lift of it that is in force; what was said of each stays on record. @returns the exit code */
export async function budgetRevokeCommand(name: string, options: Omit<ExceptionOptions, 'until'>): Promise<number> {
  const opened = await openBudgets(options, '`budget revoke`');
  const { place, now, ports, policy, said, known } = opened;
  const subject = await subjectNamed(name, withExcepted(opened));
  const all = inForceOf(opened, subject, undefined);
  // By its own name: one that holds for all budgets cannot end for one of them.
  const its = all.filter(({ budget }) => options.budget === undefined || budget === options.budget);
  if (its.length === 0) throw new ConfigError(nothingOf(describeKnown(subject, known), options.budget, all.length > 0));
  const by = await whoAmI(place.region);
  const revocation = { at: now, by, ...(options.why ? { why: options.why } : {}) };
  let failed = 0;
  for (const exception of its) {
    if (await ports.ledger!.revoke(place, exception, revocation))
      process.stdout.write(`Taken back: ${describeException(exception, said)}\n`);
    else {
      failed++;
      note(`Somebody else has just changed it; look again: ${describeException(exception, said)}`);
    }
  }
  const after = await openBudgets(options, '`budget revoke`');
  for (const budget of policy.budgets) {
    if (!its.some((one) => (one.budget ?? budget.name) === budget.name)) continue;
    const standing = after.standings.find((one) => one.budget.name === budget.name && isSame(one.subject, subject));
    if (standing) note(describeNow(budget.name, standing, { limit: standing.limit, said: after.said }));
  }
  return failed > 0 ? 1 : 0;
}

function nothingOf(whom: string, budget: string | undefined, hasOthers: boolean): string {
  const what = `nothing is granted to ${whom}, or lifted for it`;
  if (budget === undefined) return `${what}: \`curfew budget show\` tells what was`;
  return `${what}, of budget "${budget}" alone${hasOthers ? '; something is of others, or of all: leave out --budget to take all back' : ''}`;
}

import { isFree } from '../app.ts';
import { actsSince, describeStanding, isEnded, type Standing, type Subject, subjectOf } from '../budget.ts';
import type { Policy } from '../policy.ts';
import type { RunningApp } from '../running-app.ts';
import { teamOnRecord } from '../running-app.ts';
import type { Instant } from '../time.ts';
import type { Verdict } from '../verdict.ts';

/**
 * Once a budget's limit is spent, `at-limit: stop` ends the apps that had started by then, and `block` also whatever is
 * started afterwards, until the period turns or ends, or an admin grants more or lifts it. At once, or by its `grace`.
 */
export function budgetVerdicts(
  app: RunningApp,
  standings: ReadonlyMap<string, Standing>,
  policy: Policy,
  now: Instant,
): Verdict[] {
  return standingsOn(app, standings, policy).map((standing): Verdict => {
    const { budget } = standing;
    const rule = budgetRule(budget.name);
    const spent = `${describeStanding(standing)} spent (${describeSubject(standing.subject)})`;
    if (isEnded(standing, now)) return { rule, says: 'nothing', reason: `${spent}; its period is over` };
    if (!standing.isOver) return { rule, says: 'within', reason: spent };
    if (standing.lifted) return { rule, says: 'nothing', reason: `${spent}; lifted by an admin` };
    const due = actsSince(standing, app.startedAt, now);
    if (due === undefined)
      return { rule, says: 'nothing', reason: `${spent}; started after the limit was reached, which stop lets be` };
    return { rule, says: 'over', due, grace: budget.grace ?? 0, reason: spent };
  });
}

/** What a budget's rule is called. */
export function budgetRule(name: string): string {
  return `${name}: budget`;
}

/** Where the budgets stand that stop the app once they are spent, in the policy's order. What is free spends nothing: none does. */
export function standingsOn(app: RunningApp, standings: ReadonlyMap<string, Standing>, policy: Policy): Standing[] {
  if (isFree({ appType: app.ref.appType, instanceType: app.instanceType })) return [];
  const team = teamOnRecord(app, policy);
  const who = {
    domainId: app.ref.domainId,
    ...(app.owner === undefined ? {} : { owner: app.owner }),
    ...(team === undefined ? {} : { team }),
  };
  return policy.budgets.flatMap((budget) => {
    const subject = subjectOf(budget.for, who, policy, app.domainName);
    const standing = subject && standings.get(standingKey(budget.name, subject));
    return standing && budget.atLimit !== 'warn' ? [standing] : [];
  });
}

/** Whether a subject is the one that somebody's spend counts for. */
export function isSubjects(
  { kind, name }: Subject,
  { domainId, owner, team }: { domainId?: string; owner?: string; team?: string },
  teams: 'domain' | object,
): boolean {
  if (kind === 'account') return true;
  if (kind === 'owner') return name === `${domainId}/${owner}`;
  return name === (kind === 'domain' || teams === 'domain' ? domainId : team);
}

/** Names a standing: a budget bounds many subjects. */
export function standingKey(budget: string, { kind, name }: Subject): string {
  return `${kind}\n${name}\n${budget}`;
}

/** `alice`, `team alpha`, `domain d-abcdefghijkl`, `the account`. */
export function describeSubject({ kind, name }: Subject): string {
  if (kind === 'account') return 'the account';
  return kind === 'owner' ? name.slice(name.indexOf('/') + 1) : `${kind} ${name}`;
}

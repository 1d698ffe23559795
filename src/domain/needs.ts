import { governingLimit } from './decide.ts';
import type { Match } from './match.ts';
import type { Needs } from './picture.ts';
import type { Policy } from './policy.ts';
import { exemption } from './rules/exemption.ts';
import type { RunningApp } from './running-app.ts';
import { type Instant, localTime } from './time.ts';

/** A domain's id as AWS makes them; whatever else begins with `d-` may be a name. */
const DOMAIN_ID = /^d-[a-z0-9]{12}$/;

/** What the policy speaks of, and so must be asked of AWS. */
export function needsOf(policy: Policy): Needs {
  const matches: Match[] = [...policy.limits, ...policy.guardrails].map(({ match }) => match).concat(policy.exempt);
  const tagKeys = new Set(matches.flatMap(({ tag }) => Object.keys(tag ?? {})));
  if (policy.team !== 'domain') tagKeys.add(policy.team.tag);
  const { address } = policy.owners;
  if (typeof address === 'object' && 'tag' in address) tagKeys.add(address.tag);
  const isNamed = (patterns: string[] = []) => patterns.some((pattern) => !DOMAIN_ID.test(pattern));
  // A team that is a domain is matched by the domain's name too.
  const budgets = policy.budgets.flatMap((budget): Match[] => {
    if (typeof budget.for === 'string') return [];
    return 'domain' in budget.for
      ? [{ domain: [budget.for.domain] }]
      : 'team' in budget.for
        ? [{ team: [budget.for.team] }]
        : [];
  });
  const teams = Object.keys(policy.teams).map((team): Match => ({ team: [team] }));
  const domainNames = [...matches, ...budgets, ...teams].some(
    ({ domain, team }) => isNamed(domain) || (policy.team === 'domain' && isNamed(team)),
  );
  return { tagKeys: [...tagKeys].sort(), domainNames };
}

/**
 * Whether Canvas must be asked how long the app has been idle: only where an idle limit governs it, and nothing exempts
 * it. The metric is of user profiles: a Canvas app that a space holds has none.
 */
export function needsCanvasUse(app: RunningApp, policy: Policy, now: Instant): boolean {
  if (app.ref.appType !== 'Canvas' || app.ref.userProfileName === undefined) return false;
  const local = localTime(now, policy.timezone);
  const limit = governingLimit(app, policy, local);
  return limit?.maxIdle !== undefined && exemption(app, policy, local).says !== 'keep';
}

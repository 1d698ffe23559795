import { createHash } from 'node:crypto';
import type { Place } from '../domain/app.ts';
import { appKey } from '../domain/app.ts';
import { audienceOf } from '../domain/audience.ts';
import type { Rates } from '../domain/cost.ts';
import { basisOf, costsSoFar } from '../domain/cost.ts';
import type { AppFacts, FailureFacts, NoticeFacts } from '../domain/notice.ts';
import type { Address } from '../domain/owner.ts';
import { ownerAddress } from '../domain/owner.ts';
import type { Policy } from '../domain/policy.ts';
import type { Run } from '../domain/run.ts';
import type { RunningApp } from '../domain/running-app.ts';
import type { Instant } from '../domain/time.ts';
import type { Fleet, Outbox } from './ports.ts';

/** What telling needs. */
export interface Teller {
  outbox: Outbox;
  fleet: Fleet;
  policy: Policy;
  rates: Rates;
}

/** Names a run in notices: the app and the run's start. */
export function runId(run: Run): string {
  return `${appKey(run.app)}@${new Date(run.startedAt).toISOString()}`;
}

/** Notices that are owed: to whom all, and since when: everybody's clock runs from when the last was first owed. */
interface Told {
  at: Instant;
  notices: string[];
}

/** Owes a notice to every admin. The same `about` is the same notice, owed once whatever is repeated. */
export async function tellAdmins(
  { outbox, policy }: Pick<Teller, 'outbox' | 'policy'>,
  place: Place,
  about: string,
  facts: NoticeFacts,
  now: Instant,
): Promise<Told> {
  const { account, region } = place;
  const told: Told = { at: Number.NEGATIVE_INFINITY, notices: [] };
  for (const to of policy.admins) {
    const id = noticeId(facts.kind, about, to);
    const { owedAt } = await outbox.owe({ id, to, account, region, owedAt: now, facts });
    told.at = Math.max(told.at, owedAt);
    told.notices.push(id);
  }
  return told;
}

/** A notice's id: short enough for a database key whatever the names are, and with no address in it. */
function noticeId(kind: string, about: string, to: string): string {
  return `${kind}-${createHash('sha256').update(`${about}\n${to}`).digest('base64url').slice(0, 32)}`;
}

/** Owes the warning of a run: its grace runs from when it was first owed. */
export async function tellWarning(
  teller: Teller,
  app: RunningApp,
  warning: { rule: string; reason: string; number: number; due: Instant; stopAt?: Instant },
  now: Instant,
): Promise<Told> {
  const { rule, reason, number, due, stopAt } = warning;
  // What it announces is part of what it is: a mail that promised no stop is not one that does.
  const about = `${runId(app.run)} ${rule} ${number} ${due}${stopAt === undefined ? '' : ' stop'}`;
  const audience = audienceOf(app, await addressOf(teller, app));
  const promise = stopAt === undefined ? {} : { stopAt };
  const facts = {
    kind: 'warning' as const,
    app: appFacts(app, teller.rates, now),
    audience,
    rule,
    reason,
    warnedAt: now,
    ...promise,
  };
  return tellAdmins(teller, app.ref, about, facts, now);
}

/** Owes the news that a run was stopped. */
export async function tellStopped(
  teller: Teller,
  app: RunningApp,
  stop: { rule: string; reason: string; at: Instant },
  now: Instant,
): Promise<void> {
  const audience = audienceOf(app, await addressOf(teller, app));
  const { rule, reason, at: stoppedAt } = stop;
  const facts = {
    kind: 'stopped' as const,
    app: appFacts(app, teller.rates, stoppedAt),
    audience,
    rule,
    reason,
    stoppedAt,
  };
  await tellAdmins(teller, app.ref, runId(app.run), facts, now);
}

/** A failure that concerns one app. */
export function failureOf(
  app: RunningApp,
  rates: Rates,
  now: Instant,
  words: Pick<FailureFacts, 'title' | 'details' | 'todo'>,
): FailureFacts {
  return { kind: 'failure', ...words, at: now, app: appFacts(app, rates, now) };
}

/** An app as mail shows it. */
export function appFacts(app: RunningApp, rates: Rates, now: Instant): AppFacts {
  const { ref, instanceType, domainName, owner, startedAt } = app;
  const cost = costsSoFar([app], rates, now).get(appKey(ref));
  return {
    ...ref,
    startedAt,
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(domainName === undefined ? {} : { domainName }),
    ...(owner === undefined ? {} : { owner }),
    ...(cost?.kind === 'known' ? { cost: cost.amount, basis: basisOf(rates, cost.isPolicys) } : {}),
  };
}

/** A run that is over, as a running app without what only a listing tells. */
export function endedApp(run: Run): RunningApp {
  const { app: ref, startedAt, instanceType, owner = ref.userProfileName } = run;
  return {
    ref,
    run,
    startedAt,
    teams: [],
    tags: {},
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(owner === undefined ? {} : { owner }),
  };
}

async function addressOf({ fleet, policy }: Teller, app: RunningApp): Promise<Address | undefined> {
  if (app.owner === undefined) return undefined;
  const owner = { domainId: app.ref.domainId, userProfileName: app.owner };
  if (policy.owners.address !== 'sso') return ownerAddress(owner, policy.owners, { tags: app.tags });
  try {
    // One call for each notice that is new: `ListUserProfiles` does not tell it (aws-facts, "Owners").
    const ssoUserName = await fleet.ssoUserName(owner.domainId, owner.userProfileName);
    return ownerAddress(owner, policy.owners, { ssoUserName });
  } catch (error) {
    return { unknown: `DescribeUserProfile failed (${error instanceof Error ? error.message : error})` };
  }
}

import type { Place } from '../domain/app.ts';
import { appKey } from '../domain/app.ts';
import { audienceOf } from '../domain/audience.ts';
import { refusalOf } from '../domain/contact.ts';
import type { Rates } from '../domain/cost.ts';
import { basisOf, costsSoFar } from '../domain/cost.ts';
import type { AppFacts, FailureFacts, NoticeFacts, StoppedFacts, WarningFacts } from '../domain/notice.ts';
import type { Address } from '../domain/owner.ts';
import { ownerAddress } from '../domain/owner.ts';
import { periodOf } from '../domain/period.ts';
import { type Picture, spaceKey } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import { budgetRule } from '../domain/rules/budget.ts';
import type { Run } from '../domain/run.ts';
import { isShared, type RunningApp } from '../domain/running-app.ts';
import type { Instant } from '../domain/time.ts';
import { isMoneyRule } from '../domain/verdict.ts';
import { type Asker, meet } from './invite.ts';
import { noticeId } from './notice-id.ts';
import type { Fleet, Outbox } from './ports.ts';

/** What telling needs. */
export interface Teller extends Asker {
  fleet: Fleet;
  rates: Rates;
}

/** Names a run in notices: the app and the run's start. */
export function runId(run: Run): string {
  return `${appKey(run.app)}@${new Date(run.startedAt).toISOString()}`;
}

/** Notices that are owed: to whom all, and since when: everybody's clock runs from when the last was first owed. */
interface Owing {
  at: Instant;
  notices: string[];
  /** Those of them that were owed before. */
  known: string[];
}

/** A reader of a notice, what it is about, and what it says to them. */
interface Reader {
  to: string;
  about: string;
  facts: NoticeFacts;
  forAdmins?: string;
}

/**
 * What the admins are told of an owner's news, with the owner or instead, has one name, whoever finds out that they are to hear
 * of it: a scan, a round of delivery, a bounce, a repeat after a crash to which another address is known. So it is told once.
 */
export function namedForAdmins(about: string): string {
  return `${about} for the admins`;
}

/** Owes a notice to every admin. The same `about` is the same notice, owed once whatever is repeated. */
export function tellAdmins(
  { outbox, policy }: Pick<Teller, 'outbox' | 'policy'>,
  place: Place,
  about: string,
  facts: NoticeFacts,
  now: Instant,
): Promise<Owing> {
  const readers = policy.admins.map((to) => ({ to, about, facts }));
  return tell(outbox, place, readers, now);
}

export async function tell(outbox: Outbox, place: Place, readers: Reader[], now: Instant): Promise<Owing> {
  const { account, region } = place;
  const owing: Owing = { at: Number.NEGATIVE_INFINITY, notices: [], known: [] };
  for (const { to, about, facts, forAdmins } of readers) {
    const id = noticeId(facts.kind, about, to);
    const { owedAt, isNew } = await outbox.owe({
      ...{ id, to, account, region, owedAt: now, facts },
      ...(forAdmins === undefined ? {} : { forAdmins }),
    });
    owing.at = Math.max(owing.at, owedAt);
    owing.notices.push(id);
    if (!isNew) owing.known.push(id);
  }
  return owing;
}

/** Owes news of an app to whoever is to hear of it. */
async function tellOf(
  teller: Teller,
  app: RunningApp,
  about: string,
  facts: Omit<WarningFacts, 'audience'> | Omit<StoppedFacts, 'audience'>,
  now: Instant,
): Promise<Owing & { told: string }> {
  const given = await addressOf(teller, app);
  // Of a run that is over no listing tells tags: its own record knows the address that they gave.
  const { contact } = app.run;
  const address = given && 'unknown' in given && contact ? { address: contact } : given;
  let refusal: string | undefined;
  if (address && 'address' in address) {
    const owner = { domainId: app.ref.domainId, userProfileName: app.owner! };
    refusal = refusalOf(await meet(teller, app.ref, owner, address.address, now), facts.kind, 'owner');
  }
  const { owner, admins, words } = audienceOf(app, address, refusal);
  const forAdmins = namedForAdmins(about);
  const readers: Reader[] = [];
  if (owner) readers.push({ to: owner.to, about, facts: { ...facts, audience: owner.audience }, forAdmins });
  // An owner who is an admin reads it once.
  for (const to of admins ? teller.policy.admins : [])
    if (to.toLowerCase() !== owner?.to.toLowerCase())
      readers.push({ to, about: forAdmins, facts: { ...facts, audience: admins! } });
  return { ...(await tell(teller.outbox, app.ref, readers, now)), told: words };
}

/** Owes the warning of a run: its grace runs from when it was first owed. */
export async function tellWarning(
  teller: Teller,
  app: RunningApp,
  warning: { rule: string; reason: string; number: number; due: Instant; stopAt?: Instant },
  now: Instant,
): Promise<Owing & { told: string }> {
  const { rule, reason, number, due, stopAt } = warning;
  // What it announces is part of what it is: a mail that promised no stop is not one that does. Nor is one from before a
  // pause one from after it, which a pass that died may have owed to some of its readers.
  const { startedAt, warningsFrom = startedAt } = app;
  const anew = warningsFrom > startedAt ? ` after ${warningsFrom}` : '';
  const about = `${runId(app.run)} ${rule} ${number} ${due}${stopAt === undefined ? '' : ' stop'}${anew}`;
  const promise = stopAt === undefined ? {} : { stopAt };
  const facts = { kind: 'warning' as const, app: appFacts(app, teller.rates, now), rule, reason, warnedAt: now };
  return tellOf(teller, app, about, { ...facts, ...promise }, now);
}

/** Owes the news that a run was stopped. */
export async function tellStopped(
  teller: Teller,
  app: RunningApp,
  stop: { rule: string; reason: string; at: Instant },
  now: Instant,
): Promise<void> {
  const { rule, reason, at: stoppedAt } = stop;
  const appeal = isMoneyRule(rule) ? { appeal: teller.policy.admins } : {};
  const facts = {
    kind: 'stopped' as const,
    app: appFacts(app, teller.rates, stoppedAt),
    rule,
    reason,
    stoppedAt,
    ...appeal,
    ...budgetOf(rule, teller.policy, stoppedAt),
  };
  await tellOf(teller, app, runId(app.run), facts, now);
}

/** What the budget that stopped an app makes of what is started again in its period; nothing where it was no budget of the policy's. */
function budgetOf(rule: string, { budgets, timezone }: Policy, at: Instant): Pick<StoppedFacts, 'budget'> {
  const budget = budgets.find(({ name }) => budgetRule(name) === rule);
  if (!budget || budget.atLimit === 'warn') return {};
  const { from, to } = periodOf(budget.period, at, timezone);
  return { budget: { atLimit: budget.atLimit, period: { from, ...(Number.isFinite(to) ? { to } : {}) } } };
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

/** A run that no scan has kept has no owner on record yet, nor whether others use its space: those are its space's. */
export function withOwner(run: Run, { spaces }: Picture): Run {
  const { domainId, spaceName } = run.app;
  const space = spaceName === undefined ? undefined : spaces.get(spaceKey({ domainId, spaceName }));
  const owner = run.owner ?? space?.owner;
  const sharing = run.sharing ?? (space && isShared(space) ? space.sharing : undefined);
  return { ...run, ...(owner === undefined ? {} : { owner }), ...(sharing === undefined ? {} : { sharing }) };
}

/** A run that is over, as a running app without what only a listing tells. */
export function endedApp(run: Run): RunningApp {
  const { app: ref, startedAt, instanceType, sharing, owner = ref.userProfileName } = run;
  return {
    ref,
    run,
    startedAt,
    teams: [],
    tags: {},
    ...(instanceType === undefined ? {} : { instanceType }),
    ...(sharing === undefined ? {} : { sharing }),
    ...(owner === undefined ? {} : { owner }),
  };
}

/** The address that the policy gives an app's owner; undefined where it has no owner. */
export async function addressOf(
  { fleet, policy }: Pick<Teller, 'fleet' | 'policy'>,
  app: RunningApp,
): Promise<Address | undefined> {
  if (app.owner === undefined) return undefined;
  const owner = { domainId: app.ref.domainId, userProfileName: app.owner };
  if (policy.owners.address !== 'sso') return ownerAddress(owner, policy.owners, { tags: app.tags });
  try {
    // One call for each notice that is new: `ListUserProfiles` does not tell it (aws-facts, "Owners").
    const ssoUserName = await fleet.ssoUserName(owner.domainId, owner.userProfileName);
    return ownerAddress(owner, policy.owners, { ssoUserName });
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    return { unknown: `DescribeUserProfile failed (${why})`, isFault: true };
  }
}

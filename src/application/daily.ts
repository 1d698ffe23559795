import type { Place } from '../domain/app.ts';
import type { Standing } from '../domain/budget.ts';
import { costsSoFar, sumBasisOf } from '../domain/cost.ts';
import type { Decision } from '../domain/decide.ts';
import { digestDue, digestOf } from '../domain/digest.ts';
import { closableUntil } from '../domain/ledger.ts';
import { type IdleReview, idleFaults } from '../domain/native-idle.ts';
import type { FailureFacts } from '../domain/notice.ts';
import type { Policy } from '../domain/policy.ts';
import { chargesOf } from '../domain/spend.ts';
import { DAY, type Instant, localTime } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { reviewIdleSettings } from './idle-settings.ts';
import { ask, mayAsk } from './invite.ts';
import type { ScanState, StudioSettings, Volumes } from './ports.ts';
import type { ScanReport } from './scan.ts';
import type { Survey } from './survey.ts';
import { appFacts, endedApp, runId, tellAdmins, withOwner } from './tell.ts';

type Found = Pick<ScanReport, 'now' | 'place' | 'intents' | 'missing' | 'valve'> & {
  seen: Survey;
  decisions: Decision[];
  settings?: StudioSettings | undefined;
  volumes?: Volumes | undefined;
  hasTime?: (() => boolean) | undefined;
  /** Where budgets stand. */
  standings?: Standing[] | undefined;
};

/**
 * Once a day, the admins' digest, with what a look at idle settings found and set, and the requests to confirm that are due
 * again; once a day while it lasts, that the safety valve is closed. The notice first, then the note of it.
 * @returns what failed in the look and the asking, in words
 */
export async function tellDaily(
  actor: Actor,
  { now, place, intents, missing, valve, seen, decisions, settings, volumes, hasTime, standings = [] }: Found,
): Promise<string[]> {
  const { policy, rates } = actor;
  const faults: string[] = [];
  const state: ScanState = { ...seen.state };
  const { date: today, minutes } = localTime(now, policy.timezone);
  if (valve && state.valve !== today) {
    await tellAdmins(actor, place, `valve ${today}`, valveFacts(valve, intents, now), now);
    state.valve = today;
  }
  const day = digestDue(policy, state.digest, now);
  // Half a picture makes no digest: the next whole one does.
  if (day !== undefined && missing.length === 0) {
    const apps = decisions.map(({ app }) => app);
    const costs = costsSoFar(apps, rates, now);
    const since = state.digestAt ?? now - DAY;
    // A price that is named while a day is open is in what it is closed with: each of them is asked for until then.
    const from = Math.min(since - 1, closableUntil(now));
    const [runs, gone] = await Promise.all([actor.runs.history(place, from, now), volumes?.history(place, from, now)]);
    const past = [...runs, ...seen.past];
    const record = { runs: [...runs, ...seen.runs], volumes: [...(gone ?? []), ...seen.volumes] };
    // A run that is being put away may be on both: each once.
    const once = [...new Map(past.map((run) => [runId(run), run])).values()];
    const idle = settings && (await lookAtSettings(settings, policy, { seen, now, hasTime }));
    faults.push(...(idle ? idleFaults(idle) : []));
    const facts = digestOf(decisions, once, {
      since,
      policy,
      idle,
      money: { standings, findings: seen.books.books?.findings ?? [] },
      costs,
      charges: chargesOf(record, rates, { from, to: now }, now),
      basis: sumBasisOf(costs.values(), rates),
      now,
      facts: (app) => appFacts('run' in app ? app : endedApp(withOwner(app, seen.picture)), rates, now),
    });
    if (facts) await tellAdmins(actor, place, `digest ${day}`, facts, now);
    state.digest = day;
    state.digestAt = now;
    state.idleAfter = idle?.after;
  }
  if (state.asked !== today && minutes >= ASKING_FROM && mayAsk(actor)) {
    faults.push(...(await remind(actor, place, now)));
    state.asked = today;
  }
  const isNew = (['valve', 'digest', 'asked'] as const).some((key) => state[key] !== seen.state[key]);
  if (isNew) await actor.runs.remember(place, state);
  return faults;
}

/** Once a day, from this local time on, whoever has not answered is asked again: a mail at midnight annoys. */
const ASKING_FROM = 8 * 60;

/**
 * Asks the contacts that are due. One that fails stays one, and keeps nothing else of the day from being told; it is due
 * tomorrow too.
 * @returns what failed, in words
 */
async function remind(actor: Actor, place: Place, now: Instant): Promise<string[]> {
  const faults: string[] = [];
  const failed = (error: unknown) => {
    faults.push(`asking again to confirm failed: ${error instanceof Error ? error.message : error}`);
    return [];
  };
  for (const contact of await actor.contacts.list(place).catch(failed)) {
    // An address that the policy gives nobody is here for what its mailbox did: an admin's, say.
    if (contact.owners.length > 0) await ask(actor, contact, now).catch(failed);
  }
  return faults;
}

/** A pass that dies after it has set something tells of it in no digest: the next look finds it as it should be. */
async function lookAtSettings(
  settings: StudioSettings,
  policy: Policy,
  { seen, now, hasTime }: Pick<Found, 'seen' | 'now' | 'hasTime'>,
): Promise<IdleReview | undefined> {
  if (!policy.nativeIdle) return undefined;
  const apply = policy.nativeIdle.apply && policy.mode === 'enforce';
  const { picture, state } = seen;
  return reviewIdleSettings(settings, policy, { picture, now, apply, after: state.idleAfter, hasTime });
}

/** Apps that the mail names; the rest are counted. */
const MOST_NAMED = 20;

function valveFacts(
  { wanted, most }: NonNullable<ScanReport['valve']>,
  intents: ScanReport['intents'],
  now: Instant,
): FailureFacts {
  const stops = intents.filter(({ decision }) => decision.action === 'stop').map(({ decision }) => decision);
  const named = stops.slice(0, MOST_NAMED).map(({ app, reason }) => {
    return `${app.ref.appType} ${app.ref.appName} of ${app.owner ?? app.ref.spaceName}: ${reason}`;
  });
  if (stops.length > named.length) named.push(`and ${stops.length - named.length} more`);
  const limits = `A scan wanted to stop ${wanted} apps, and the policy's safety.max-stops allows ${most} in one scan. Nothing was stopped.`;
  return {
    kind: 'failure',
    title: `Safety valve: ${wanted} stops wanted, none made`,
    details: [limits, ...named],
    todo: [
      'If a change of the policy did this, mend the policy.',
      'If all of them are to go, stop them with `curfew scan --apply --max-stops N`.',
      'Curfew writes of this once a day, and stops nothing while it lasts.',
    ],
    at: now,
  };
}

import { costsSoFar, sumBasisOf } from '../domain/cost.ts';
import type { Decision } from '../domain/decide.ts';
import { digestDue, digestOf } from '../domain/digest.ts';
import type { FailureFacts } from '../domain/notice.ts';
import { DAY, type Instant, localTime } from '../domain/time.ts';
import type { Actor } from './act.ts';
import type { ScanState } from './ports.ts';
import type { ScanReport } from './scan.ts';
import type { Survey } from './survey.ts';
import { appFacts, endedApp, runId, tellAdmins } from './tell.ts';

type Found = Pick<ScanReport, 'now' | 'place' | 'intents' | 'missing' | 'valve'> & {
  seen: Survey;
  decisions: Decision[];
};

/** Once a day, the admins' digest; once a day while it lasts, that the safety valve is closed. The notice first, then the note of it. */
export async function tellDaily(
  actor: Actor,
  { now, place, intents, missing, valve, seen, decisions }: Found,
): Promise<void> {
  const { policy, rates } = actor;
  const state: ScanState = { ...seen.state };
  const today = localTime(now, policy.timezone).date;
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
    const past = [...(await actor.runs.history(place, since - 1, now)), ...seen.past];
    // A run that is being put away may be on both: each once.
    const once = [...new Map(past.map((run) => [runId(run), run])).values()];
    const facts = digestOf(decisions, once, {
      since,
      policy,
      costs,
      basis: sumBasisOf(costs.values(), rates),
      now,
      facts: (app) => appFacts('run' in app ? app : endedApp(app), rates, now),
    });
    if (facts) await tellAdmins(actor, place, `digest ${day}`, facts, now);
    state.digest = day;
    state.digestAt = now;
  }
  if (state.valve !== seen.state.valve || state.digest !== seen.state.digest) await actor.runs.remember(place, state);
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

import { type AppRef, appKey, type Place } from '../domain/app.ts';
import { hasDeadlines } from '../domain/deadline.ts';
import { decide } from '../domain/decide.ts';
import type { Tags } from '../domain/picture.ts';
import { plan } from '../domain/plan.ts';
import type { Instant } from '../domain/time.ts';
import type { Actor } from './act.ts';
import { type BackstopReport, keepBackstops } from './backstop.ts';
import { moneyOf } from './budgets.ts';
import { newestOn } from './newest.ts';
import type { Fleet } from './ports.ts';
import type { SpendPorts } from './spending.ts';
import { survey } from './survey.ts';
import { withTags } from './with-tags.ts';

/** So many running apps are a page of each listing: beyond it, the next scan arms what is new. */
const SMALL_LAB = 100;

/**
 * An app that was just created gets its backstop within the event, and the others of its budget, which it makes spend faster,
 * theirs moved: what dies within five minutes of a start leaves nothing unarmed. Exemptions are tags of spaces and profiles too, which an
 * event does not tell, so that AWS is asked; in a large lab that is left to the next scan.
 * @returns undefined where nothing was looked at
 */
export async function armNew(
  ports: SpendPorts & { fleet: Fleet },
  actor: Actor,
  { place, app, tags }: { place: Place; app: AppRef; tags?: Tags },
  eventTime: Instant,
): Promise<BackstopReport | undefined> {
  const { backstop, policy, runs, rates } = actor;
  if (!backstop || !hasDeadlines(policy)) return undefined;
  const known = await runs.load(place);
  if (known.runs.filter(({ endedAt }) => endedAt === undefined).length > SMALL_LAB) return undefined;
  const seen = await survey({ ...ports, fleet: withTags(ports.fleet, app, tags) }, policy, {
    place,
    now: Math.max(eventTime, newestOn(known)),
    isLate: true,
  });
  const { now } = seen;
  // Not listed yet, or over by now: an event that comes late tells of what may be long gone.
  if (!seen.running.some((one) => appKey(one.app.ref) === appKey(app))) return undefined;
  const money = await moneyOf(ports, policy, seen, rates, now);
  const decisions = seen.running.map((one) => decide(one.app, policy, now, money.verdictsOn(one.app)));
  const { intents } = plan(decisions, seen.picture, policy);
  // A scan that begins with this moment's listing records what started or ended: what has no record yet is not armed here.
  const running = seen.running.map((one, i) => ({ one, intent: intents[i]! }));
  const recorded = running.filter(({ one }) => one.sighting.now === 'running');
  const here = { ...seen, running: recorded.map(({ one }) => one), ended: [], past: [] };
  return keepBackstops(
    { backstop, runs, policy },
    here,
    { intents: recorded.map(({ intent }) => intent), outcomes: [], money },
    now,
  );
}

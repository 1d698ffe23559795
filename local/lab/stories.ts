import { scan } from '../../src/application/scan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { type Duration, HOUR, type Instant, SECOND } from '../../src/domain/time.ts';
import { fleetOf, outboxOf, pricesOf, runsOf } from '../../src/wiring.ts';
import type { Place } from '../aws/studio-events.ts';
import type { Agenda } from './agenda.ts';
import { clockTime, dayHeading } from './calendar.ts';
import type { LabRun, Ledger } from './ledger.ts';
import { whose } from './spaces.ts';
import type { Entry, Timeline } from './timeline.ts';
import { lastUse, type Use } from './use.ts';

/** What became of somebody, in a sentence. */
export interface Story {
  who: string;
  told: string;
}

/** Somebody's runs of one app, and what Curfew did to them by a kind of limit, in words. */
interface Fate {
  who: string;
  runs: LabRun[];
  /** How often and for how long they were at something, as of each run's end or the lab's. */
  inAll(hours: (run: LabRun, end: Instant) => Duration): string;
  by(key: 'max-idle' | 'max-uptime'): string;
  /** What a budget made of it. */
  overspent: string;
}

/** Those whose stories show what evidence of use is good for, each by the space of their app. */
const CAST: Record<string, (fate: Fate) => string> = {
  'seun-lab': ({ who, inAll, by }) =>
    `${who} trained overnight with the browser closed, ${inAll(trainedAlone)}: ${by('max-idle')}.`,
  'rosa-lab': ({ who, inAll, by }) => `${who} left an idle tab open, ${inAll(idleInTab)}: ${by('max-idle')}.`,
  'qiang-align': ({ who, by }) =>
    `${who} has no agent, so that use is unknown: ${by('max-idle')}, ${by('max-uptime')}.`,
  'kaito-lab': ({ who, overspent }) =>
    `${who} leaves a GPU running, and starts it anew when it is stopped: ${overspent}.`,
  'lukas-lab': ({ who, runs, by }) =>
    `${who}’s agent dies ${runs[0]!.habit.agent} h after each start, so that use is unknown from then on: ${by('max-idle')}, ${by('max-uptime')}.`,
};

/** Whether a call is about an app of the cast: AWS's bad days leave their stories alone. */
export function isOfCast({ SpaceName = '' }: { SpaceName?: string }): boolean {
  return SpaceName in CAST;
}

/** Tells of all of the cast who had a run before the lab's end. */
export function storiesOf(runs: LabRun[], { entries }: Timeline, end: Instant): Story[] {
  return Object.entries(CAST).flatMap(([space, tell]) => {
    const own = runs.filter(({ habit }) => habit.space === space);
    if (own.length === 0) return [];
    const who = whose(own[0]!.person, own[0]!.habit);
    const done = entries.filter(({ app }) => app?.spaceName === space);
    const by: Fate['by'] = (key) => {
      const count = (kind: string) => done.filter((one) => one.kind === kind && one.rule?.endsWith(`: ${key}`)).length;
      const words = key === 'max-idle' ? 'for idleness' : 'for uptime';
      const [warned, stopped] = [count('warned'), count('stopped')];
      if (warned + stopped === 0) return `never warned ${words}`;
      return `warned ${words} ${times(warned)} and ${stopped === 0 ? 'never stopped' : `stopped ${times(stopped)}`}`;
    };
    const inAll: Fate['inAll'] = (lasted) => {
      const some = own.map((run) => lasted(run, run.endedAt ?? end)).filter((duration) => duration > 0);
      const hours = some.reduce((sum, duration) => sum + duration, 0) / HOUR;
      return `${times(some.length)}, ${hours.toFixed(1)} h in all`;
    };
    return [{ who, told: tell({ who, runs: own, inAll, by, overspent: overspentOf(done, own) }) }];
  });
}

/** When a budget first stopped it, and how soon what was started after that. */
function overspentOf(done: Entry[], runs: LabRun[]): string {
  const [first, ...others] = done.filter(({ kind, rule }) => kind === 'stopped' && rule?.endsWith(': budget'));
  if (!first) return 'no budget has stopped it yet';
  const lasted = others.flatMap(({ at }) => {
    const run = runs.find(({ endedAt }) => endedAt === at);
    return run ? [`${Math.round((at - run.startedAt) / SECOND)} s`] : [];
  });
  const again = others.length === 0 ? '' : `, and when started anew, after ${lasted.join(' and ')}`;
  return `stopped for the budget “${first.rule!.replace(/: budget$/, '')}” on ${dayHeading(first.at)} at ${clockTime(first.at)}${again}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** How long its job was at work after the last tab was closed. */
function trainedAlone(run: LabRun, end: Instant): Duration {
  return Math.max(0, (lastUse(run, end) ?? 0) - lastTab(run));
}

/** How long its tab was open after its last use. */
function idleInTab(run: LabRun, end: Instant): Duration {
  return Math.max(0, Math.min(lastTab(run), end) - (lastUse(run, end) ?? run.startedAt));
}

function lastTab({ uses, startedAt }: LabRun): number {
  return Math.max(startedAt, ...uses.filter(({ kind }: Use) => kind === 'tab').map(({ to }) => to));
}

/**
 * Looks at the cast's apps as `curfew scan` does, which changes nothing, and notes why they are kept: of what is neither
 * warned nor stopped nothing else would be told.
 */
export async function lookAtCast(
  { agenda, policy, place, table }: { agenda: Agenda; policy: Policy; place: Place; table: string },
  ledger: Ledger,
  timeline: Timeline,
): Promise<void> {
  const { region } = place;
  const { now } = agenda.clock;
  const at = { region, table };
  const ports = { fleet: fleetOf({ region }), runs: runsOf(at), outbox: outboxOf(at), prices: pricesOf() };
  const { intents } = await scan(ports, policy, { place, now, apply: false });
  for (const { decision } of intents) {
    const { app, action, rule, reason } = decision;
    const run = ledger.running(app.ref);
    if (action !== 'keep' || !run || !((app.ref.spaceName ?? '') in CAST)) continue;
    const { appType, appName } = app.ref;
    const what = `${appType} ${appName}, ${app.instanceType}`;
    timeline.add({ at: now, kind: 'kept', who: whose(run.person, run.habit), what, rule, why: reason, app: app.ref });
  }
}

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { Policy } from '../../src/domain/policy.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import { MINUTE } from '../../src/domain/time.ts';
import type { AppType } from '../aws/validate.ts';
import type { Agenda } from './agenda.ts';
import type { Habit } from './habits.ts';
import type { LabRun } from './ledger.ts';
import { hasGpu, lastUse, type Use } from './use.ts';

/** The activity agents in people's apps. What they tell is true, and all that Curfew ever hears of use. */
export interface Agents {
  /** Lets the agent of a run find, at its next look, what begins and ends with these uses. */
  expect(run: LabRun, uses: Use[]): void;
  /** Its last heartbeat does not arrive, or not soon: the next says the same again. */
  missed(run: LabRun): void;
  /** Heartbeats that EventBridge took. */
  sent: { count: number };
}

/** What one heartbeat says: agent/README.md, version 1. */
type Activity = { kind: string; busy: boolean; lastUseAt: string | null }[];

/**
 * What an agent can look at. Code Editor lists no kernels. `cpu` is left out, as by an agent that may not read its
 * cgroup: the lab's people burn none but in kernels.
 */
const KINDS: Partial<Record<AppType, Use['kind'][]>> = {
  JupyterLab: ['kernel', 'terminal', 'editor'],
  CodeEditor: ['terminal', 'editor'],
  KernelGateway: ['kernel', 'terminal'],
};

/** The agent's own pace of looking. */
export const LOOK: Duration = MINUTE;

/** How often the real agent sends when nothing changes: its `CURFEW_AGENT_INTERVAL`. */
const INTERVAL: Duration = 10 * MINUTE;

/** What it calls a quiet time: its `SPAN`. */
const QUIET: Duration = 5 * MINUTE;

/**
 * So that the lab is soon lived, its agents leave out most of the heartbeats that say nothing new: while evidence stays
 * fresh without, and unless the one before was lost or is late.
 */
export function paceOf({ evidence }: Policy): Duration {
  return Math.max(INTERVAL, evidence.staleAfter * 0.75);
}

/** Whether somebody put an agent into the app. Canvas and JupyterServer take none. */
export function hasAgent({ appType, agent }: Habit): boolean {
  return agent !== 'none' && appType in KINDS;
}

/**
 * Installs the agents. As the real one they look every minute, and send at their start, on change, and after `pace`.
 * @param region of the event bus
 */
export function installAgents(agenda: Agenda, region: string, pace: Duration): Agents {
  const client = new EventBridgeClient({ region });
  const sent = { count: 0 };
  const last = new Map<LabRun, Instant>();

  const look = async (run: LabRun, isDue = false): Promise<void> => {
    const { now } = agenda.clock;
    if (run.endedAt !== undefined || now > diesAt(run)) return;
    const activity = observe(run, now);
    if (last.has(run) && !isDue && !isNews(activity, observe(run, now - LOOK))) return;
    const { FailedEntryCount } = await client.send(
      new PutEventsCommand({
        Entries: [
          {
            Source: 'curfew.agent',
            DetailType: 'Curfew Activity',
            Detail: JSON.stringify(heartbeat(run, now, activity)),
            EventBusName: 'default',
          },
        ],
      }),
    );
    if (FailedEntryCount !== 0) throw new Error('EventBridge refused a heartbeat');
    sent.count += 1;
    last.set(run, now);
    agenda.at(now + pace, async () => {
      if (last.get(run) === now) await look(run, true);
    });
  };

  return {
    sent,
    missed: (run) => agenda.at(agenda.clock.now + INTERVAL, () => look(run, true)),
    expect(run, uses) {
      if (!hasAgent(run.habit)) return;
      const { readyAt } = run.app;
      for (const at of [readyAt, ...uses.flatMap(({ from, to }) => [from, to])]) {
        const looks = Math.floor((Math.max(at, readyAt, agenda.clock.now) - readyAt) / LOOK);
        agenda.at(readyAt + (looks + 1) * LOOK, () => look(run));
      }
    },
  };
}

function diesAt({ habit: { agent = Number.POSITIVE_INFINITY }, startedAt }: LabRun): Instant {
  return agent === 'none' ? startedAt : startedAt + agent * 60 * MINUTE;
}

function observe(run: LabRun, now: Instant): Activity {
  const { appType, instanceType } = run.habit;
  const kinds: Use['kind'][] = [...KINDS[appType]!, ...(hasGpu(instanceType) ? (['gpu'] as const) : [])];
  return kinds.map((kind) => {
    const used = lastUse(run, now, kind);
    if (used === undefined) return { kind, busy: false, lastUseAt: null };
    // Of terminals and editors the agent knows when they were last touched, of a GPU which look found it at work.
    const busy = used === now && ['kernel', 'gpu'].includes(kind);
    return { kind, busy, lastUseAt: iso(kind === 'gpu' ? used - ((used - run.app.readyAt) % LOOK) : used) };
  });
}

/** As the agent's own `is_news`: used after a quiet time, by the look before. */
function isNews(activity: Activity, before: Activity): boolean {
  const used = (one: Activity[number]) => (one.lastUseAt === null ? 0 : Date.parse(one.lastUseAt));
  return activity.some((one, i) => used(one) - used(before[i]!) > QUIET);
}

function heartbeat(run: LabRun, now: Instant, activity: Activity): object {
  const { domainId, spaceName, userProfileName, appType, appName, readyAt } = run.app;
  return {
    version: 1,
    agent: '1.0.0',
    domainId,
    ...(spaceName === undefined ? { userProfileName } : { spaceName }),
    appType,
    appName,
    appStartedAt: iso(readyAt),
    observedAt: iso(now),
    activity,
  };
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}

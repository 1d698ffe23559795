import { randomOf } from '../local/lab/random.ts';
import type { AppRef } from '../src/domain/app.ts';
import { type Invocation, Killed } from './calls.ts';
import { type Lab, PLACE } from './lab.ts';
import { noteAlive } from './oracle/backstop.ts';
import type { Pass } from './oracle/judge.ts';
import type { Slot } from './oracle/truth.ts';
import type { Step } from './steps.ts';

type CallStep = Extract<Step, { faults?: unknown }>;

/** Begins an invocation of the service. */
export function begin(lab: Lab, step: CallStep): Invocation {
  const { faults = [], skew = 0, luck } = step;
  const { truth } = lab.judge;
  const chance = luck === undefined ? undefined : randomOf(`turns ${luck}`);
  noteAlive(lab.judge, step.do);
  const isAlone = !lab.crowded.has(step) && skew === 0;
  if (!isAlone) truth.calmSince = truth.now;
  return {
    id: lab.invocations++,
    does: step.do === 'scan' && step.dry ? 'dry scan' : step.do,
    now: truth.now + skew,
    at: truth.now,
    spec: lab.spec,
    restedOrder: truth.order,
    asked: new Map(),
    intents: new Map(),
    stops: 0,
    faults: 0,
    isBlind: false,
    isDead: false,
    isAlone,
    calls: 0,
    plan: new Map(faults.map(({ call, how }) => [call, how])),
    turns: chance ? () => Math.floor(chance.next() * 12) : () => 0,
  };
}

/** Runs an invocation to its end, whichever that is. */
export async function run<T>(lab: Lab, invocation: Invocation, work: () => Promise<T>): Promise<T | Error> {
  const { counts, judge } = lab;
  const result = await work().catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  counts.faults += invocation.faults;
  if (!invocation.isDead) return result;
  counts.deaths += 1;
  judge.truth.calmSince = judge.truth.now;
  for (const slot of invocation.intents.keys()) {
    const last = judge.truth.runs.get(slot)?.at(-1);
    if (last) last.isDoubtful = true;
  }
  lab.tell?.(`    the process died at its call ${invocation.calls}`);
  return result instanceof Error ? result : new Killed();
}

/** Insists that whoever calls hears of what failed so far. */
export function insistOnLoudness(lab: Lab, pass: Pass): void {
  if (pass.faults > 0 && !pass.isDead) lab.judge.accuse('7 a failure that nobody hears of', pass.does);
}

/** What an event's holding against the policy came to: where the record could not tell, AWS was asked, or the next scan is. */
export const ENFORCED = 'enforced';

/** Events and the like fail loudly where anything failed: EventBridge then tries them again. */
export async function runHandler<T>(lab: Lab, pass: Invocation, work: () => Promise<T>): Promise<T | undefined> {
  const answer = await run(lab, pass, work);
  if (answer instanceof Error) return undefined;
  if (answer !== ENFORCED) insistOnLoudness(lab, pass);
  return answer;
}

export function appRefOf({ domainId, userProfileName, spaceName, appType, appName }: Slot): AppRef {
  const holder = spaceName === undefined ? { userProfileName: userProfileName! } : { spaceName };
  return { ...PLACE, domainId, ...holder, appType, appName };
}

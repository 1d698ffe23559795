import { armNew } from '../src/application/arm-new.ts';
import { enforceOn } from '../src/application/enforce.ts';
import { noteStudioEvent } from '../src/application/studio-event.ts';
import { isPaused } from '../src/domain/pause.ts';
import type { Invocation } from './calls.ts';
import { appRefOf, begin, ENFORCED, insistOnLoudness, runHandler } from './invoke.ts';
import { BASE_URL, type Lab, PLACE } from './lab.ts';
import type { TrueRun } from './oracle/truth.ts';
import { policyOf } from './policies.ts';
import type { StepOf } from './steps.ts';

function actorOf(lab: Lab, pass: Invocation) {
  const ports = lab.portsFor(pass);
  return { ...ports, policy: policyOf(pass.spec), baseUrl: BASE_URL };
}

/** An app was created or deleted, as CloudTrail tells it; a new one is held against the policy at once. */
export async function runEvent(lab: Lab, step: StepOf<'event'>): Promise<void> {
  const runs = lab.judge.truth.runs.get(step.slot) ?? [];
  const run = runs.findLast((one) => (step.what === 'created' ? one.start : one.end) === step.of);
  if (!run) return;
  const pass = begin(lab, step);
  const { instanceType } = run.slot;
  const app = { ...appRefOf(run.slot), ...(instanceType === undefined ? {} : { instanceType }) };
  // CloudTrail cuts to the second.
  const at = step.of - (step.of % 1000);
  // A handler goes by its event's own time, however late that comes.
  pass.now = at;
  const event =
    step.what === 'created'
      ? { kind: 'app created' as const, app, at }
      : {
          kind: 'app deleted' as const,
          app,
          at,
          ...(run.endedBy === 'backstop' ? { isBackstops: true as const } : {}),
        };
  if (event.kind === 'app deleted') mistakeFor(lab, run);
  const answer = await runHandler(lab, pass, async () => {
    const actor = await eventActorOf(lab, pass);
    const noted = await noteStudioEvent(actor, PLACE, event, pass.now);
    if (event.kind !== 'app created') return noted;
    insistOnLoudness(lab, pass);
    const { kind } = await enforceOn(actor, actor, { place: PLACE, app, at }, pass.now);
    if (kind !== 'let be') lab.tell?.(`    enforced: ${kind}`);
    else await armNew(actor, actor, { place: PLACE, app }, pass.now);
    return ENFORCED;
  });
  if (answer === undefined || pass.faults > 0) return;
  if (event.kind === 'app created') run.knownAt ??= lab.judge.truth.now;
  else run.toldEnd = run.end!;
}

/** The end of a run of which nothing was told is taken for that of the run before it: what ended that one cannot be known. */
function mistakeFor({ judge }: Lab, run: TrueRun): void {
  if (run.knownAt !== undefined) return;
  for (const one of judge.untold) {
    if (one.slot !== run.slot || one.start >= run.start) continue;
    one.isDoubtful = true;
    judge.untold.delete(one);
  }
}

/** As the handler has it: who may be asked to confirm is looked up first. */
async function eventActorOf(lab: Lab, pass: Invocation) {
  const actor = actorOf(lab, pass);
  const rates = await actor.prices.rates();
  return { ...actor, rates, isPaused: isPaused(await actor.runs.lastPause(PLACE), pass.now) };
}

/** A profile was created. */
export async function runProfile(lab: Lab, step: StepOf<'profile'>): Promise<void> {
  const [domainId = '', userProfileName = ''] = step.profile.split('/');
  const pass = begin(lab, step);
  const event = { kind: 'profile created' as const, domainId, userProfileName, tags: {}, at: pass.now };
  await runHandler(lab, pass, async () => {
    return noteStudioEvent(await eventActorOf(lab, pass), PLACE, event, pass.now);
  });
}

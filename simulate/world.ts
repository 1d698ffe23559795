import { type Lab, PLACE } from './lab.ts';
import { judgeDead, judgeFire, noteInVain } from './oracle/backstop.ts';
import { runningIn, type Slot, slotIdOf, type TrueRun, useAt } from './oracle/truth.ts';
import { idOf } from './ports/fleet.ts';
import { MINUTE } from './spec.ts';
import type { Step, StepOf } from './steps.ts';

/** What people and AWS do, in Studio and in the truth. */
export function happen(lab: Lab, step: Step): void {
  const { truth } = lab.judge;
  switch (step.do) {
    case 'start':
      start(lab, step);
      return;
    case 'end':
      end(lab, step);
      return;
    case 'use': {
      const run = runningIn(truth, step.slot);
      run?.uses.push([truth.now, step.until]);
      return;
    }
    case 'tag':
      tag(lab, step.resource, step.tags);
      return;
    case 'own':
      own(lab, step);
      return;
    case 'policy':
      lab.spec = { ...lab.spec, ...step.change };
      lab.judge.lawSince = truth.now;
      truth.calmSince = truth.now;
      return;
    case 'ses':
      lab.weather.ses = step.is;
      lab.ports.postbox.granted.perSecond = step.is === 'without quota' ? 0 : 14;
      truth.calmSince = truth.now;
      return;
    case 'stops':
      lab.weather.stops = step.are;
      truth.calmSince = truth.now;
      return;
    case 'listing':
      lab.weather.lacks = step.lacks;
      truth.calmSince = truth.now;
      return;
    case 'metric':
      measure(lab, step.slot);
      return;
    case 'fire':
      fire(lab);
      return;
    default:
      throw new Error(`nobody knows how to ${step.do}`);
  }
}

/** From an app's end to the next start under its name: stopping alone takes a minute. */
const AGAIN_AFTER = 2 * MINUTE;

function start(lab: Lab, { slot: id, keepsCreationTime, fails, agent = -1 }: StepOf<'start'>): void {
  const { truth } = lab.judge;
  const slot = truth.slots.get(id)!;
  const runs = truth.runs.get(id) ?? [];
  const last = runs.at(-1);
  if (last && (last.end === undefined || truth.now < last.end + AGAIN_AFTER)) return;
  const { instanceType } = slot;
  const app = lab.studio.createApp({
    ...studioId(slot),
    ...(instanceType === undefined ? {} : { instanceType }),
    keepCreationTime: keepsCreationTime,
    fails,
  });
  const run: TrueRun = {
    slot,
    start: truth.now,
    startOrder: truth.order,
    uses: [],
    agentUntil: agent < 0 ? -1 : truth.now + agent,
    words: [],
    keeps: [],
    disturbedAt: truth.now,
    usedAt: truth.now,
    rounds: { over: 0, at: truth.now, untold: 0 },
  };
  if (app.creationTime < truth.now && last) run.kin = last;
  truth.runs.set(id, [...runs, run]);
  lab.counts.runs += 1;
  // It never comes up, and AWS shows it as failed.
  if (fails) Object.assign(run, { end: truth.now, endedBy: 'itself' });
}

function studioId(slot: Slot) {
  const holder =
    slot.spaceName === undefined ? { userProfileName: slot.userProfileName! } : { spaceName: slot.spaceName };
  const { domainId, appType, appName } = slot;
  return idOf({ ...PLACE, domainId, ...holder, appType, appName });
}

function end(lab: Lab, { slot }: StepOf<'end'>): void {
  const run = runningIn(lab.judge.truth, slot);
  const app = run && lab.studio.app(studioId(run.slot));
  // A stop of Curfew's may have been quicker by a moment.
  if (!app || lab.studio.statusOf(app).startsWith('Delet')) return;
  lab.studio.deleteApp(studioId(run.slot));
  run.end = lab.judge.truth.now;
  run.endedBy = 'owner';
}

/** Scheduler calls DeleteApp by the name alone, whatever runs under it. */
function fire(lab: Lab): void {
  const { truth } = lab.judge;
  for (const { name, app } of lab.ports.backstop.fire(truth.now)) {
    const row = lab.studio.app(idOf(app));
    const run = runningIn(truth, slotIdOf(app));
    if (run && row && !lab.studio.statusOf(row).startsWith('Delet')) {
      lab.studio.deleteApp(idOf(app));
      Object.assign(run, { end: truth.now, endedBy: 'backstop' });
      lab.counts.fired += 1;
      lab.news.stopped.push(run);
      lab.tell?.(`    the backstop stops ${run.slot.id}`);
      judgeFire(lab.judge, name, run, lab.ports.runs.items.values());
    } else noteInVain(lab.judge, name, slotIdOf(app));
  }
  judgeDead(lab.judge);
}

function tag(lab: Lab, resource: string, tags: Record<string, string>): void {
  const { truth } = lab.judge;
  lab.studio.setTags(`arn:aws:sagemaker:${PLACE.region}:${PLACE.account}:${resource}`, tags);
  lab.edition += 1;
  truth.tags.set(resource, [
    ...(truth.tags.get(resource) ?? []).slice(-8),
    { order: truth.order, at: truth.now, value: tags },
  ]);
  disturb(lab);
}

function own(lab: Lab, { space, owner }: StepOf<'own'>): void {
  const { truth } = lab.judge;
  const [domainId = '', name = ''] = space.split('/');
  const row = lab.studio.space(domainId, name);
  if (!row) return;
  row.owner = owner;
  lab.edition += 1;
  truth.owners.set(space, [
    ...(truth.owners.get(space) ?? []).slice(-8),
    { order: truth.order, at: truth.now, value: owner },
  ]);
  disturb(lab);
}

/** Tags and owners bear on many apps at once. */
function disturb({ judge: { truth } }: Lab): void {
  for (const slot of truth.slots.keys()) {
    const run = runningIn(truth, slot);
    if (run) run.disturbedAt = truth.now;
  }
}

/** Canvas tells how long its user has done nothing. */
function measure(lab: Lab, slot: string): void {
  const { truth } = lab.judge;
  const run = runningIn(truth, slot);
  if (!run || run.slot.userProfileName === undefined) return;
  const { domainId, userProfileName } = run.slot;
  const { busy, lastUse } = useAt(run, truth.now);
  const idle = busy ? 0 : truth.now - lastUse;
  lab.ports.canvasUse.put({ domainId, userProfileName }, truth.now, idle);
  const at = truth.now - (truth.now % MINUTE);
  if (at < run.start) return;
  if (busy || lastUse > Math.max(run.start, ...run.words.map((word) => word.lastUse))) run.usedAt = truth.now;
  run.words.push({
    order: truth.order,
    source: 'canvas',
    at,
    busy: false,
    lastUse: Math.max(run.start, truth.now - idle),
    isSure: true,
  });
  if (run.words.length > 60) run.words.splice(0, 30);
}

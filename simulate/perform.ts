import { randomOf } from '../local/lab/random.ts';
import { noteActivity } from '../src/application/activity-event.ts';
import { deliver } from '../src/application/deliver.ts';
import { noteFeedback } from '../src/application/mail-feedback.ts';
import { hasFailed, scan } from '../src/application/scan.ts';
import { reportWeekly } from '../src/application/weekly-report.ts';
import { close } from './books.ts';
import { runEvent, runProfile } from './events.ts';
import { appRefOf, begin, run, runHandler } from './invoke.ts';
import { BASE_URL, type Lab, PLACE } from './lab.ts';
import { judgeDelivery, judgeScan } from './oracle/passes.ts';
import { passTime } from './oracle/pauses.ts';
import { judgeReports } from './oracle/reports.ts';
import { slotIdOf, useAt } from './oracle/truth.ts';
import { except, invite, openMail, pressMail, renewMail, throwSwitch } from './people.ts';
import { policyOf } from './policies.ts';
import { MINUTE } from './spec.ts';
import type { Step, StepOf } from './steps.ts';
import { happen } from './world.ts';

/** Performs a step. What cannot be done as things are is passed over: any part of a timeline is a timeline. */
export async function perform(lab: Lab, step: Step): Promise<void> {
  const { truth } = lab.judge;
  // Scheduler is late by a minute at the most, whether or not a timeline that was cut short holds that step.
  for (const due of dueBy(lab, step.at - MINUTE)) {
    passTime(truth, Math.max(truth.now, due));
    happen(lab, { at: due, do: 'fire' });
  }
  passTime(truth, Math.max(truth.now, step.at));
  lab.counts.steps += 1;
  if (step.overlaps) {
    const luck = randomOf(`luck ${step.luck ?? 0}`);
    for (let turns = Math.floor(luck.next() * 40); turns > 0; turns--) await undefined;
  }
  switch (step.do) {
    case 'scan':
      return runScan(lab, step);
    case 'deliver':
      return runDelivery(lab, step);
    case 'spend':
      return runSpend(lab, step);
    case 'report':
      return runReports(lab, step);
    case 'except':
      return except(lab, step, begin(lab, step));
    case 'renew':
      return renewMail(lab, step, begin(lab, step));
    case 'event':
      return runEvent(lab, step);
    case 'profile':
      return runProfile(lab, step);
    case 'beat':
      return runBeat(lab, step);
    case 'news':
      return runNews(lab, step);
    case 'open':
      return openMail(lab, step, begin(lab, step));
    case 'press':
      return pressMail(lab, step, begin(lab, step));
    case 'pause':
    case 'resume':
      return throwSwitch(lab, step, begin(lab, step));
    case 'invite':
      return invite(lab, step, begin(lab, step));
    default:
      truth.order += 1;
      return happen(lab, step);
  }
}

function dueBy(lab: Lab, now: number): number[] {
  const { schedules } = lab.ports.backstop;
  if (schedules.size === 0) return [];
  return [...schedules.values()].flatMap(({ at }) => (at <= now ? [at] : [])).sort((a, b) => a - b);
}

async function runScan(lab: Lab, step: StepOf<'scan'>): Promise<void> {
  const { judge, counts } = lab;
  const pass = begin(lab, step);
  const ports = lab.portsFor(pass);
  counts.scans += 1;
  if (step.overlaps) counts.overlaps += 1;
  const at = { place: PLACE, now: pass.now, apply: !step.dry, baseUrl: BASE_URL };
  const report = await run(lab, pass, () => scan(ports, policyOf(pass.spec), at));
  if (!(report instanceof Error)) {
    counts.decisions += report.intents.length;
    for (const { app, kind, rule, reason } of report.outcomes)
      lab.tell?.(`    ${kind}: ${slotIdOf(app)}${rule === undefined ? '' : ` by ${rule}`}: ${reason ?? ''}`);
  }
  const word = report instanceof Error ? report : { hasFailed: hasFailed(report), valve: report.valve };
  judgeScan(judge, pass, word, () => recordOf(lab));
}

/** The record as it stands: the table itself, not what any port makes of it. */
function recordOf({ ports }: Lab) {
  return [...ports.runs.items.values()].map(({ app, startedAt, endedAt, backstop }) => {
    return { slot: slotIdOf(app), startedAt, endedAt, backstop };
  });
}

async function runDelivery(lab: Lab, step: StepOf<'deliver'>): Promise<void> {
  const pass = begin(lab, step);
  const ports = lab.portsFor(pass);
  lab.counts.rounds += 1;
  const wait = async () => {
    pass.restedOrder = lab.judge.truth.order;
  };
  const at = { place: PLACE, now: pass.now, wait };
  const sender = { ...ports, baseUrl: BASE_URL };
  const report = await run(lab, pass, () => deliver(sender, policyOf(pass.spec), at));
  const isLoud = report instanceof Error || report.faults.length + report.postponed + report.refused > 0;
  judgeDelivery(lab.judge, pass, report instanceof Error ? report : { isLoud }, lab.weather.ses === 'up');
}

async function runSpend(lab: Lab, step: StepOf<'spend'>): Promise<void> {
  const pass = begin(lab, step);
  const isLoud = await run(lab, pass, () => close(lab, pass));
  if (pass.isDead || isLoud === true) return;
  const { accuse } = lab.judge;
  if (isLoud === false && pass.faults > 0) accuse('7 a failure that nobody hears of', `${pass.faults} calls failed`);
  if (isLoud instanceof Error && pass.faults === 0) accuse('7 books not closed though nothing failed', isLoud.message);
}

async function runReports(lab: Lab, step: StepOf<'report'>): Promise<void> {
  const pass = begin(lab, step);
  let batches = step.batches ?? Number.POSITIVE_INFINITY;
  const at = { place: PLACE, now: pass.now, hasTime: () => batches-- > 0 };
  // As the handler is wired: reports ask Canvas nothing.
  const { canvasUse: _, ...ports } = lab.portsFor(pass);
  const report = await run(lab, pass, () => reportWeekly(ports, policyOf(pass.spec), at));
  if (!(report instanceof Error)) lab.tell?.(`    ${report.week}: ${report.owed} owed; ${report.faults.join('; ')}`);
  const contacts = [...lab.ports.contacts.items.values()];
  judgeReports(lab.judge, pass, report, contacts);
}

async function runBeat(lab: Lab, step: StepOf<'beat'>): Promise<void> {
  const { truth } = lab.judge;
  const run = truth.runs.get(step.slot)?.findLast(({ start }) => start === step.run);
  const lived = run && step.observedAt >= run.start && step.observedAt < Math.min(run.end ?? Infinity, run.agentUntil);
  if (!lived) return;
  const { busy, lastUse } = useAt(run, step.observedAt);
  // Jupyter dates a kernel's activity by when it began what it is at.
  const since = busy ? run.uses.findLast(([from]) => from <= step.observedAt)![0] : lastUse;
  const kernel = { kind: 'kernel', busy, ...(since > run.start ? { lastUseAt: since } : {}) };
  const pass = begin(lab, step);
  const heartbeat = { observedAt: step.observedAt, activity: [kernel, { kind: 'cpu', busy: false }] };
  const noted = await runHandler(lab, pass, () => noteActivity(lab.portsFor(pass).runs, appRefOf(run.slot), heartbeat));
  // A heartbeat of a run that is not on record yet is nobody's.
  if (noted === 'nothing') return;
  truth.order += 1;
  const isSure = noted === 'evidence';
  if (busy || lastUse > Math.max(run.start, ...run.words.map((word) => word.lastUse))) run.usedAt = truth.now;
  run.words.push({
    order: pass.wroteOrder ?? truth.order,
    source: 'agent',
    at: step.observedAt,
    busy,
    lastUse,
    isSure,
  });
  if (run.words.length > 60) run.words.splice(0, 30);
}

async function runNews(lab: Lab, step: StepOf<'news'>): Promise<void> {
  const { to, ago, what } = step;
  const { judge } = lab;
  const mail = lab.mails.get(to.toLowerCase())?.at(-1 - ago);
  if (!mail) return;
  const pass = begin(lab, step);
  const at = judge.truth.now;
  const about = { at, notice: mail.notice, addresses: [mail.to] };
  const bad = { ...about, isSuppressed: false, said: 'no' };
  const feedback =
    what === 'delivered'
      ? { ...about, kind: 'delivered' as const }
      : what === 'complained'
        ? { ...bad, kind: 'complained' as const }
        : { ...bad, kind: 'bounced' as const, isPermanent: what === 'bounced for good' };
  const ports = lab.portsFor(pass);
  const done = await runHandler(lab, pass, () => {
    return noteFeedback({ ...ports, policy: policyOf(pass.spec) }, PLACE, feedback, pass.now);
  });
  judge.truth.order += 1;
  const reader = judge.readerOf(mail.to);
  if (!done && what !== 'delivered') reader.isDoubtful = true;
  if (what === 'complained') {
    if (done) reader.complainedOrder ??= judge.truth.order;
    if (reader.agreed === 'yes') reader.agreed = 'doubt';
  }
  if (what === 'bounced for good' && reader.deadOrder === undefined && reader.complainedOrder === undefined) {
    if (done && at >= reader.changedAt) reader.deadOrder = judge.truth.order;
    if (reader.agreed === 'yes') reader.agreed = 'doubt';
  }
}

import type { Notice } from '../src/domain/notice.ts';
import type { Pause } from '../src/domain/pause.ts';
import type { Invocation, Witness } from './calls.ts';
import type { Lab, Mail } from './lab.ts';
import { noteArmed, noteIntention } from './oracle/backstop.ts';
import type { Letter } from './oracle/judge.ts';
import { noteOwed, noteSettled, noteTaken } from './oracle/mails.ts';
import { type Mark, noteMark } from './oracle/money.ts';
import { judgeStop } from './oracle/stops.ts';
import { runningIn, slotIdOf, type TrueRun } from './oracle/truth.ts';
import type { Exception } from './steps.ts';

/** Sees every call that the service makes of the outside, and keeps the truth and the judge in the picture. */
export function witnessOf(lab: Lab): Witness {
  const { judge, counts } = lab;
  const { truth } = judge;
  // biome-ignore lint/suspicious/noExplicitAny: each hears one verb, whose arguments and answer it names
  const hears: Record<string, (invocation: Invocation, args: any, result: any, made: number) => void> = {
    'runs.load'(pass, _args, _result, made) {
      pass.loadOrder = made;
    },
    'runs.lastPause'(pass, [app]: [Partial<AppNamed>], _result, made) {
      if (app.appType !== undefined) pass.asked.set(slotIdOf(app as AppNamed), made);
      else pass.loadOrder ??= made;
    },
    'runs.pause'(_pass, [, { until }]: [unknown, Pause]) {
      truth.pauses.push({ order: truth.order, end: until ?? Number.POSITIVE_INFINITY });
    },
    'runs.resume'(_pass, [, { until }, at]: [unknown, Pause, number], isDone: boolean) {
      if (isDone) truth.pauses.push({ order: truth.order, end: Math.min(until ?? at, at) });
    },
    'fleet.look'(pass, _args, picture: { missing: unknown[]; apps: { status: string }[] }) {
      pass.isWhole = picture.missing.length === 0;
      if (!pass.isWhole) truth.calmSince = truth.now;
      pass.listed = picture.apps.filter(({ status }) => status === 'Pending' || status === 'InService').length;
    },
    'fleet.stop'(pass, [app]: [AppNamed], answer: string) {
      const run = runningIn(truth, slotIdOf(app));
      // What never came up may be stopped while it still tries to.
      if (answer === 'stopping' && !run) doubt(lab, slotIdOf(app));
      if (answer !== 'stopping' || !run) return;
      const order = truth.order;
      run.end = truth.now;
      run.endedBy = pass.pressed ? 'link' : 'scan';
      counts.stops += 1;
      // Shown as the run before: what was told of that one is told of it too.
      if (!run.kin) judge.untold.add(run);
      lab.news.stopped.push(run);
      lab.tell?.(`    DeleteApp: ${run.slot.id} stops`);
      judgeStop(judge, pass, run, order);
    },
    'fleet.stop failed'(_pass, [app]: [AppNamed], error: { kind?: string }) {
      if (error.kind === 'fault') doubt(lab, slotIdOf(app));
    },
    'fleet.stop unanswered'(_pass, [app]: [AppNamed]) {
      doubt(lab, slotIdOf(app));
    },
    'runs.change'(
      pass,
      [run, change]: [
        { app: AppNamed },
        { kind: string; stop: { rule: string; at: number }; backstop?: { name: string; rule: string } },
      ],
      isDone: boolean,
    ) {
      if (isDone) pass.wroteOrder = truth.order;
      if (change.kind === 'backstop') noteIntention(judge, change.backstop);
      if (change.kind !== 'stop' || !isDone) return;
      pass.intents.set(slotIdOf(run.app), { order: truth.order, rule: change.stop.rule, at: change.stop.at });
    },
    'runs.change unanswered'(_pass, [run, change]: [{ app: AppNamed }, { kind: string }]) {
      if (change.kind === 'stop' || change.kind === 'retry') doubt(lab, slotIdOf(run.app));
    },
    'runs.change failed'(_pass, [run, change]: [{ app: AppNamed }, { kind: string }]) {
      if (change.kind === 'stop' || change.kind === 'retry') doubt(lab, slotIdOf(run.app));
    },
    'backstop.arm'(pass, [{ name, app, at }]: [{ name: string; app: AppNamed; at: number }]) {
      counts.armed += 1;
      lab.news.due.push(at);
      lab.tell?.(`    armed: ${slotIdOf(app)} for ${new Date(at).toISOString()}`);
      noteArmed(judge, pass, { name, slot: slotIdOf(app), at });
    },
    'backstop.disarm'(_pass, [name]: [string]) {
      judge.backstop.schedules.delete(name);
    },
    'ledger.except'(_pass, [, exception]: [unknown, Exception]) {
      truth.exceptions.push({ ...exception, order: truth.order });
      truth.calmSince = truth.now;
    },
    'ledger.mark'(pass, [, mark]: [unknown, Mark]) {
      noteMark(judge, pass, mark);
    },
    'ledger.keep'(_pass, [, { drift }]: [unknown, { drift: { billed: number; accrued: number } }]) {
      judge.money.drifts = [...judge.money.drifts.slice(-2), drift.accrued > 0 ? drift.billed / drift.accrued : 1];
    },
    'outbox.owe'(pass, [notice]: [Notice], { isNew }: { isNew: boolean }) {
      if (!isNew) return;
      if (notice.facts.kind === 'warning') counts.warned += 1;
      lab.tell?.(`    owed: ${describe(notice)}`);
      noteOwed(judge, pass, notice as Letter);
    },
    'outbox.claim'(pass, [notice]: [Notice], isWon: boolean) {
      if (isWon) judge.letters.get(notice.id)?.claims.push({ pass, order: truth.order });
    },
    'outbox.settle'(pass, [notice, fate]: [Notice, { kind: string }]) {
      if (fate.kind !== 'sent') lab.tell?.(`    ${fate.kind}: ${describe(notice)}`);
      noteSettled(judge, pass, notice.id, fate.kind);
    },
    'postbox.send'(pass, [notice, urls]: [Notice, Mail['urls']]) {
      counts.mails += 1;
      lab.tell?.(`    sent: ${describe(notice)}`);
      noteTaken(judge, pass, notice as Letter);
      keep(lab, notice, urls);
    },
    'postbox.send unanswered'(_pass, [notice]: [Notice]) {
      const taken = judge.letters.get(notice.id)?.taken.at(-1);
      if (taken) taken.isAnswered = false;
    },
    'postbox.send failed'(_pass, [notice]: [Notice], error: { kind?: string }) {
      refuse(lab, notice, error.kind);
    },
  };
  return (invocation, port, verb, args, result, made) => {
    truth.order += 1;
    const call = `${port}.${verb}`;
    const answer = typeof result === 'object' ? 0 : sumOf(String(result));
    lab.digest = mixed(mixed(mixed(lab.digest, sumOf(call)), truth.now % 2 ** 32), answer);
    hears[call]?.(invocation, args, result, made);
  };
}

interface AppNamed {
  domainId: string;
  userProfileName?: string;
  spaceName?: string;
  appType: string;
  appName: string;
}

/** The service has set out to stop a run, and will never know what came of it. */
export function doubt(lab: Lab, slot: string): void {
  const run: TrueRun | undefined = lab.judge.truth.runs.get(slot)?.at(-1);
  if (run) run.isDoubtful = true;
}

/** SES refused a mail for good: the service takes an owner's address for dead from then on. */
function refuse(lab: Lab, notice: Notice, kind: string | undefined): void {
  if (kind !== 'refused') return;
  const letter = lab.judge.letters.get(notice.id);
  if (letter) lab.judge.readerOf(notice.to).changedAt = lab.judge.truth.now;
}

function keep(lab: Lab, notice: Notice, urls: Mail['urls']): void {
  const key = notice.to.toLowerCase();
  const box = lab.mails.get(key) ?? [];
  const { facts } = notice;
  const app = 'app' in facts ? facts.app : undefined;
  const about = app ? { slot: slotIdOf(app), startedAt: app.startedAt } : {};
  const mail = { at: lab.judge.truth.now, notice: notice.id, kind: facts.kind, to: notice.to, urls, ...about };
  box.push(mail);
  lab.news.mails.push(mail);
  // Old mail lies about for a while: some of it is opened late.
  lab.mails.set(key, box.length > 60 ? box.slice(-40) : box);
}

function describe({ facts, to }: Notice): string {
  const about =
    'app' in facts && facts.app ? ` of ${slotIdOf(facts.app)}` : 'title' in facts ? ` "${facts.title}"` : '';
  const rule = 'rule' in facts ? ` by ${facts.rule}` : '';
  return `${facts.kind}${about}${rule}, to ${to}`;
}

/** A step of FNV-1a, a whole number at a time. */
function mixed(sum: number, next: number): number {
  return Math.imul(sum ^ next, 0x01000193) >>> 0;
}

const sums = new Map<string, number>();

/** FNV-1a of a text: few texts are many. */
function sumOf(text: string): number {
  const known = sums.get(text);
  if (known !== undefined) return known;
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = mixed(sum, text.charCodeAt(i));
  if (sums.size < 256) sums.set(text, sum);
  return sum;
}

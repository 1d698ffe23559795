import { DAY, HOUR } from '../spec.ts';
import { isMeant, type Judge, type Letter, type OwedLetter, type Pass } from './judge.ts';
import { isToldInstead, judgeBudgetNews } from './money.ts';
import { isOutdated, judgeOwedInPause, judgeSentInPause } from './pauses.ts';
import { CANVAS_PRICE, PRICES } from './prices.ts';
import { unwelcome } from './readers.ts';
import { judgeReport } from './reports.ts';
import { slotIdOf, type TrueRun } from './truth.ts';

/** No policy gives less, and what is younger than its grace is not given anew. */
const LEAST_GRACE = 25 * 60_000;

/** Who ends a run for Curfew. */
const OURS = ['scan', 'link', 'backstop'];

/** Two clocks, and a second. */
const TOLD_BEFORE = 92_000;

/** A notice was owed, and had not been before. */
export function noteOwed(judge: Judge, pass: Pass, letter: Letter): void {
  const { truth } = judge;
  const { app } = letter.facts;
  const slot = app && slotIdOf(app);
  const owed: OwedLetter = {
    letter,
    slot,
    order: truth.order,
    at: truth.now,
    by: pass,
    claims: [],
    taken: [],
    rounds: { at: truth.now, count: 0 },
  };
  judge.letters.set(letter.id, owed);
  judge.open.set(letter.id, owed);
  judgeOwedInPause(judge, pass, letter);
  if (letter.facts.title?.startsWith('Safety valve')) judge.valveToldAt = letter.owedAt;
  if (pass.does === 'renew') noteRenewed(judge, pass, letter);
  else if (letter.facts.kind === 'budget') judgeBudgetNews(judge, owed);
  else if (letter.facts.kind === 'report') judgeReport(judge, pass, letter);
  if (!slot) return;
  const others = judge.bySlot.get(slot) ?? [];
  // What is long past bears on nothing any more.
  const recent = others.length < 40 ? others : others.slice(-20);
  judge.bySlot.set(slot, [...recent, owed]);
  const runs = truth.runs.get(slot) ?? [];
  const run = runs.findLast((one) => isMeant(one, app.startedAt));
  if (!run)
    judge.accuse('5 mail of a run that never was', `${letter.facts.kind} of ${slot}, up since ${app.startedAt}`);
  else judgeNews(judge, pass, letter, run);
}

/** Sent once more, as its reader asked: to one address once an hour, three times a day. */
function noteRenewed(judge: Judge, { now }: Pass, { to, facts }: Letter): void {
  const reader = judge.readerOf(to);
  reader.renewed.push(now);
  if (facts.kind === 'confirmation') reader.wanted += 1;
  for (const [window, most] of [
    [HOUR, 1],
    [DAY, 3],
  ] as const) {
    const inIt = reader.renewed.filter((at) => Math.floor(at / window) === Math.floor(now / window));
    if (inIt.length > most) judge.accuse('6 more fresh links than anybody may ask for', to);
  }
}

function judgeNews(judge: Judge, pass: Pass, letter: Letter, run: TrueRun): void {
  const { kind, app } = letter.facts;
  if (kind === 'stopped') {
    // Of an app in a shared space, the admins are told too.
    const isAll = letter.facts.audience?.role === 'admins' || !run.slot.spaceName?.startsWith('shared');
    if (isAll) judge.untold.delete(run);
    const isOurs = judge.truth.runs
      .get(run.slot.id)!
      .some((one) => isMeant(one, app!.startedAt) && (OURS.includes(one.endedBy!) || one.isDoubtful));
    if (!isOurs) judge.accuse('5 news of a stop that was not Curfew’s', run.slot.id);
  }
  if (kind === 'warning' && letter.facts.rule?.endsWith('max-idle') && isAtWork(pass, run))
    judge.accuse('1 warned as idle what is at work', run.slot.id);
  judgeCost(judge, letter, run);
}

/** Whether the newest word that a scan had of a run says that it is at work. */
function isAtWork({ does, isAlone, lookOrder = 0, faults }: Pass, { words, kin }: TrueRun): boolean {
  const heard = words.filter(({ order }) => order < lookOrder);
  const newest = Math.max(...heard.map(({ at }) => at));
  const last = heard.filter(({ at }) => at === newest);
  const isClear = does === 'scan' && isAlone && faults === 0 && !kin && heard.every(({ isSure }) => isSure);
  return isClear && last.length > 0 && last.every(({ busy, source }) => busy && source === 'agent');
}

/** What a mail says a run has cost is exact arithmetic on its own times. */
function judgeCost(judge: Judge, { facts: { kind, app, warnedAt, stoppedAt } }: Letter, { slot }: TrueRun): void {
  const until = kind === 'warning' ? warnedAt : kind === 'stopped' ? stoppedAt : undefined;
  // Where AWS shows two runs as one, an event that comes late parts them, and one ended before it was stopped.
  if (kind === 'stopped' && judge.truth.runs.get(slot.id)!.some(({ kin }) => kin)) return;
  // Several of these share one instance and one charge.
  if (until === undefined || slot.appType === 'KernelGateway') return;
  const rate = slot.appType === 'Canvas' ? CANVAS_PRICE : PRICES[slot.instanceType ?? ''];
  const { cost } = app!;
  if (rate === undefined) {
    if (cost !== undefined) judge.accuse('10 a cost without a price', `${slot.id}: ${cost}`);
    return;
  }
  if (app!.instanceType === undefined && slot.instanceType !== undefined) return;
  const exact = (duration: number) => {
    const hour = 3_600_000n * 10_000n;
    return Number((BigInt(rate) * BigInt(duration) * 2n + hour) / (2n * hour));
  };
  const most = exact(Math.max(0, until - app!.startedAt));
  // Its end may have been told before the news of it: by CloudTrail's clock, cut to the second.
  const least = kind === 'stopped' ? exact(Math.max(0, until - app!.startedAt - TOLD_BEFORE)) : most;
  if (cost === undefined || cost > most || cost < least || !Number.isInteger(cost))
    judge.accuse('10 a cost that is not what it ran', `${slot.id}: ${cost}, not ${most}`);
}

/** SES took a mail. */
export function noteTaken(judge: Judge, pass: Pass, letter: Letter): void {
  const { truth, readerOf } = judge;
  const { id, to, facts } = letter;
  const owed = judge.letters.get(id);
  if (!owed) {
    judge.accuse('5 mail that was never owed', `${facts.kind} to ${to}`);
    return;
  }
  const claim = owed.claims.findLast((one) => one.pass === pass);
  if (!claim) judge.accuse('5 mail sent without a claim', `${facts.kind} to ${to}`);
  const before = owed.taken.at(-1);
  if (before?.isAnswered && !before.by.isDead && before.by.faults === 0)
    judge.accuse('5 a notice sent twice', `${facts.kind} ${owed.slot ?? ''} to ${to}`);
  if (owed.fate && owed.fate.order < (claim?.order ?? 0))
    judge.accuse('5 mail sent that was done with', `${facts.kind} to ${to}`);
  owed.taken.push({ at: truth.now, now: pass.now, order: truth.order, by: pass, isAnswered: true });

  const role = facts.kind === 'confirmation' ? 'owner' : (facts.audience?.role ?? 'admins');
  const isAdmin = pass.spec.admins.includes(to);
  for (const rule of unwelcome({ id, kind: facts.kind, role, isAdmin }, readerOf(to), claim?.order ?? truth.order))
    judge.accuse(`6 ${rule}`, `${facts.kind} to ${to}`);
  judgeSentInPause(judge, pass, letter);
  if (owed.by.does !== 'renew') judgeOnce(judge, owed);
}

/** One notice for a run, rule and stage, to one reader; what is told in somebody's stead is another. */
function judgeOnce(judge: Judge, owed: OwedLetter): void {
  const { facts, to } = owed.letter;
  // As an owner, or as an admin: whoever is both may have to hear of it as either.
  const about =
    facts.kind === 'digest'
      ? facts.date
      : facts.kind === 'stopped' && owed.slot
        ? `${owed.slot} ${facts.app!.startedAt} ${facts.audience!.role}`
        : facts.kind === 'warning'
          ? `${owed.slot} ${facts.app!.startedAt} ${facts.rule} ${facts.audience!.role}`
          : undefined;
  if (about === undefined) return;
  const key = `${facts.kind} ${about} ${to.toLowerCase()}`;
  const before = judge.told.get(key);
  judge.told.set(key, owed);
  if (!before || before === owed) return;
  if (facts.kind !== 'warning') {
    judge.accuse('5 the same news twice', key);
    return;
  }
  // Another warning needs another reason, and the clock's bound has but one: a warning that a crash cut off is owed still.
  const run = judge.truth.runs.get(owed.slot!)?.findLast((one) => isMeant(one, facts.app!.startedAt));
  const isClock = facts.rule?.endsWith('max-uptime') && !owed.by.spec.exempt.some(({ weekend }) => weekend);
  const first = Math.min(before.at, owed.at, before.letter.facts.warnedAt!, facts.warnedAt!);
  const isUndisturbed = run && !run.kin && Math.max(run.disturbedAt, judge.lawSince) < first;
  const isQuiet = judge.truth.calmSince < first || Math.abs(owed.at - before.at) < LEAST_GRACE;
  if (isClock && isUndisturbed && isQuiet) judge.accuse('5 warned twice for one reason', key);
}

/** A notice was done with. */
export function noteSettled(judge: Judge, pass: Pass, id: string, kind: string): void {
  const owed = judge.letters.get(id);
  if (!owed || owed.fate) return;
  owed.fate = { kind, now: pass.now, order: judge.truth.order };
  judge.open.delete(id);
  const { letter, slot } = owed;
  const about = `${letter.facts.kind} ${slot ?? ''} to ${letter.to}`;
  if (kind === 'sent' && owed.taken.length === 0) judge.accuse('5 marked as sent, and never sent', about);
  // A report is its reader's own business, and another comes next week.
  if (letter.facts.audience?.role !== 'owner' || letter.facts.kind === 'report' || kind === 'sent') return;
  if (isOutdated(judge.truth, judge.truth.order, letter)) return;
  const isTold =
    slot === undefined
      ? isToldInstead(judge, letter)
      : judge.bySlot
          .get(slot)!
          .some(({ letter: { facts } }) => facts.kind === letter.facts.kind && facts.audience?.role === 'admins');
  if (!isTold) judge.accuse('6 what an owner may not be told is told to nobody', about);
}

import { DAY, HOUR, MINUTE, MOST_GRACE } from '../spec.ts';
import { noteLook } from './backstop.ts';
import { isMeant, type Judge, type OwedLetter, type Pass } from './judge.ts';
import { judgeMoney } from './money.ts';
import { isPausedAt } from './pauses.ts';
import { mostStops } from './stops.ts';
import { keptUntil, lawOf, runningIn, type TrueRun } from './truth.ts';

/** What came of a scan, by its own word. */
export interface ScanWord {
  hasFailed: boolean;
  valve?: { wanted: number; most: number } | undefined;
}

/** A run on record, by the service's table. */
export interface Recorded {
  slot: string;
  startedAt: number;
  endedAt?: number | undefined;
  backstop?: { name: string; at: number; isSet?: boolean | undefined } | undefined;
}

/** From one round of a liveness check to the next: every grace is over, and every mail has had its time. */
const ROUND = MOST_GRACE + 10 * MINUTE;
/** So many rounds without a stop are too many: one to warn, one to stop, one to spare. */
const MOST_ROUNDS = 4;
/** The longest that `deliver` puts a notice off, and some more. */
const PUT_OFF = HOUR + 6 * MINUTE;

/** Judges a scan that is over: it did not die, whether it failed or not. */
export function judgeScan(judge: Judge, pass: Pass, outcome: ScanWord | Error, record: () => Recorded[]): void {
  if (pass.isDead) return;
  if (outcome instanceof Error) {
    if (!pass.isBlind) judge.accuse('7 one failure ended the pass', outcome.message);
    return;
  }
  if ((pass.faults > 0 || pass.isWhole === false) && !outcome.hasFailed)
    judge.accuse('7 a failure that nobody hears of', `${pass.faults} calls failed`);
  const { valve } = outcome;
  if (valve) judgeValve(judge, pass, valve);
  noteSeen(judge, pass);
  const isClean = pass.faults === 0 && pass.isWhole && pass.isAlone && pass.does === 'scan';
  if (!isClean) return;
  if (outcome.hasFailed) judge.accuse('7 a scan failed though nothing did', '');
  const recorded = record();
  judgeRecord(judge, pass, recorded);
  noteLook(judge, pass, recorded);
  judgeLiveness(judge, pass, valve !== undefined);
  if (valve) judge.money.heldAt = judge.truth.now;
  else judgeMoney(judge, pass);
}

/** What a scan without a fault saw is on record: what runs, and what is over. */
function noteSeen({ truth }: Judge, pass: Pass): void {
  if (pass.faults > 0 || !pass.isWhole || pass.does !== 'scan') return;
  for (const owners of truth.owners.values()) {
    const last = owners.at(-1)!;
    if (last.order < pass.lookOrder!) last.seenAt ??= truth.now;
  }
  for (const runs of truth.runs.values())
    for (let i = runs.length - 1; i >= 0 && !(i < runs.length - 2 && runs[i]!.goneAt !== undefined); i--) {
      const run = runs[i]!;
      const { start, end, knownAt, goneAt } = run;
      if (end === undefined && knownAt === undefined && start < pass.at - 3 * MINUTE) run.knownAt = truth.now;
      if (end === undefined || goneAt !== undefined) continue;
      const isOurs = run.endedBy === 'scan' && pass.intents.has(run.slot.id) && end >= pass.at;
      if (isOurs || end < pass.at - 3 * MINUTE) run.goneAt = Math.max(pass.now, truth.now);
    }
}

function judgeValve(judge: Judge, pass: Pass, { wanted }: { wanted: number }): void {
  const most = mostStops(pass);
  if (wanted <= most) judge.accuse('8 the valve closed too early', `${wanted} stops wanted, ${most} allowed`);
  if (pass.stops > 0) judge.accuse('8 a closed valve let something through', `${pass.stops} stops`);
  if (pass.faults > 0 || pass.does !== 'scan') return;
  const isTold = pass.now - judge.valveToldAt < DAY + 2 * HOUR;
  if (!isTold) judge.accuse('8 a closed valve that nobody is told of', `${wanted} stops wanted`);
}

/** After a scan in which nothing went wrong, the record says what is so. */
function judgeRecord(judge: Judge, pass: Pass, record: Recorded[]): void {
  const { truth } = judge;
  const open = new Map(record.filter(({ endedAt }) => endedAt === undefined).map((one) => [one.slot, one]));
  for (const slot of truth.slots.keys()) {
    const run = runningIn(truth, slot);
    if (run) run.seenAt ??= truth.now;
    const known = open.get(slot);
    const last = truth.runs.get(slot)?.at(-1);
    // A listing may be two minutes behind what events told; an app takes a minute to go.
    const isFresh = truth.now - (last?.end ?? last?.start ?? 0) < 6 * MINUTE;
    if (isFresh) continue;
    if (run && !known) judge.accuse('10 a running app is not on record', slot);
    if (!run && known) judge.accuse('10 a run on record is over', slot);
    if (run && known && !isMeant(run, known.startedAt))
      judge.accuse('10 a run on record began at another time', `${slot}: ${known.startedAt}, not ${run.start}`);
    if (known && known.startedAt > pass.now + 2 * MINUTE) judge.accuse('10 a run on record is yet to begin', slot);
  }
}

/** Whatever is over its limit is stopped, and every stop is told, within so many rounds in which nothing went wrong. */
function judgeLiveness(judge: Judge, pass: Pass, isValveClosed: boolean): void {
  const { truth } = judge;
  for (const slot of truth.slots.keys()) {
    const run = runningIn(truth, slot);
    if (!run) continue;
    const isDisturbed = Math.max(truth.calmSince, run.disturbedAt) > run.rounds.at;
    if (!isOver(judge, pass, run) || isValveClosed || isDisturbed) {
      run.rounds.over = 0;
      run.rounds.at = truth.now;
      continue;
    }
    const isRound = truth.now >= run.rounds.at + ROUND && judge.deliveredAt > run.rounds.at;
    if (run.rounds.over > 0 && !isRound) continue;
    run.rounds.over += 1;
    run.rounds.at = truth.now;
    if (run.rounds.over > MOST_ROUNDS) judge.accuse('live: over its limit, and not stopped', slot);
  }
  for (const run of judge.untold) {
    // Begun again before anybody looked, and shown as the run before: nobody can know that this one ended.
    if (truth.runs.get(run.slot.id)?.some(({ kin }) => kin === run)) judge.untold.delete(run);
    run.rounds.untold =
      truth.calmSince < run.end! || truth.now - truth.calmSince > 10 * MINUTE ? run.rounds.untold + 1 : 0;
    if (run.rounds.untold < 3 || truth.now - run.end! < 30 * MINUTE) continue;
    judge.accuse('live: a stop that nobody is told of', run.slot.id);
    judge.untold.delete(run);
  }
}

/** Whether nothing speaks against a run's being stopped, by what has been so since all was calm. */
function isOver({ truth }: Judge, { spec, now }: Pass, run: TrueRun): boolean {
  if (spec.mode !== 'enforce') return false;
  const law = lawOf(truth, run.slot, spec, now, truth.order);
  if (law === 'exempt' || law === undefined) return false;
  const until = keptUntil(run, spec, truth.order);
  if (
    until === 'doubtful' ||
    now < until ||
    spec.limits.some(({ weekend }) => weekend) ||
    spec.exempt.some(({ weekend }) => weekend)
  )
    return false;
  const start = run.kin ? (run.seenAt ?? now) : run.start;
  if (law.up !== undefined && now >= start + law.up) return true;
  if (law.idle === undefined || run.kin || run.usedAt > run.rounds.at) return false;
  const sure = run.words.filter(({ isSure }) => isSure);
  if (sure.length !== run.words.length) return false;
  const newest = Math.max(...sure.map(({ at }) => at));
  const isFresh = now - newest <= spec.staleAfter && sure.every(({ source }) => source === sure[0]!.source);
  const lastUse = Math.max(run.start, ...sure.map((word) => word.lastUse));
  return isFresh && now >= lastUse + law.idle + MINUTE && sure.every((word) => word.at !== newest || !word.busy);
}

/** Judges a round of delivery that is over. */
export function judgeDelivery(judge: Judge, pass: Pass, outcome: { isLoud: boolean } | Error, isCalm: boolean): void {
  if (pass.isDead) return;
  const isLoud = outcome instanceof Error || outcome.isLoud;
  if (pass.faults > 0 && !isLoud) judge.accuse('7 a failure that nobody hears of', `${pass.faults} calls failed`);
  if (pass.faults > 0 || !pass.isAlone || !isCalm || isPausedAt(judge.truth, judge.truth.order, pass.now)) return;
  if (outcome instanceof Error) {
    judge.accuse('7 a delivery failed though nothing did', outcome.message);
    return;
  }
  const { truth } = judge;
  judge.deliveredAt = truth.now;
  for (const owed of judge.open.values()) {
    if (owed.rounds.at < truth.calmSince) owed.rounds = { at: truth.calmSince, count: 0 };
    if (truth.now < owed.rounds.at + PUT_OFF) continue;
    owed.rounds = { at: truth.now, count: owed.rounds.count + 1 };
    if (owed.rounds.count < 3) continue;
    judge.accuse('live: owed, and not sent', describe(owed));
    judge.open.delete(owed.letter.id);
  }
}

function describe({ letter: { facts, to }, slot }: OwedLetter): string {
  return `${facts.kind} ${slot ?? facts.title ?? ''} to ${to}`;
}

import { type BudgetSpec, DAY, HOUR, type LimitSpec, MINUTE, type Spec } from '../spec.ts';
import { periodAt } from './calendar.ts';
import type { Judge, Pass } from './judge.ts';
import { burnOf, spentBy } from './meter.ts';
import { exceptionsOf, factors, overAt, subjectOf } from './money.ts';
import { isPausedAt } from './pauses.ts';
import { mostStops } from './stops.ts';
import { firstOf, keptUntil, lawOf, runningIn, type TrueRun } from './truth.ts';

/** What the judge keeps of schedules outside. */
export interface BackstopKept {
  /** By the name of each that stands: whom it stops, by which rule, and for which run it was made. */
  schedules: Map<string, Armed>;
  /** By name: the rule of what was last written down. */
  intended: Map<string, string>;
  /** The last scan in which nothing went wrong, as long as none has come after it. */
  look: Look | undefined;
}

interface Armed {
  slot: string;
  at: number;
  rule: string;
  run: TrueRun | undefined;
  /** When Scheduler took it. */
  since: number;
}

interface Look {
  at: number;
  order: number;
  spec: Spec;
  isPaused: boolean;
  /** How many stops a scan of that fleet may make. */
  most: number;
  /** Slots whose schedules another pass may be at. */
  inHand: Set<string>;
  /** Whether nothing of ours that moves schedules has run since. */
  isLast: boolean;
}

export function newBackstopKept(): BackstopKept {
  return { schedules: new Map(), intended: new Map(), look: undefined };
}

/** A run on record, as far as its schedule goes. */
interface OnRecord {
  startedAt: number;
  endedAt?: number | undefined;
  backstop?: { name: string; at: number; isSet?: boolean | undefined } | undefined;
}

/** It was written down what a schedule is for. */
export function noteIntention({ backstop }: Judge, armed: { name: string; rule: string } | undefined): void {
  if (armed) backstop.intended.set(armed.name, armed.rule);
}

/** Scheduler took a schedule: it was written down before, and is not too early. */
export function noteArmed(
  judge: Judge,
  pass: Pass,
  { name, slot, at }: { name: string; slot: string; at: number },
): void {
  const { truth, backstop } = judge;
  const rule = backstop.intended.get(name);
  if (rule === undefined) judge.accuse('2 a schedule that was not written down before', slot);
  const run = runningIn(truth, slot);
  backstop.schedules.set(name, { slot, at, rule: rule ?? '', run, since: pass.at });
  if (!run || run.startOrder > (pass.lookOrder ?? 0)) return;
  for (const wrong of wrongsOfArming(judge, pass, run, rule ?? '', at)) judge.accuse(wrong, `${slot}, for ${iso(at)}`);
}

function wrongsOfArming(judge: Judge, pass: Pass, run: TrueRun, rule: string, at: number): string[] {
  const { truth } = judge;
  const { spec, now, lookOrder = 0 } = pass;
  if (spec.mode !== 'enforce') return [`2 a schedule made in mode ${spec.mode}`];
  // Where not all could be seen, or reckoned, what is near is put off, by what was so before.
  if (!pass.isWhole || pass.faults > 0) return [];
  const wrongs: string[] = [];
  if (
    lawOf(truth, run.slot, spec, now, lookOrder) === 'exempt' &&
    lawOf(truth, run.slot, spec, at, lookOrder) === 'exempt'
  )
    wrongs.push('3 a schedule for an exempt app');
  const { margin } = spec.backstop;
  const name = rule.slice(0, rule.lastIndexOf(':'));
  const budget = rule.endsWith(': budget') ? spec.budgets.find((one) => one.name === name) : undefined;
  const limit = rule.endsWith(': max-uptime') ? spec.limits.find((one) => one.name === name) : undefined;
  const due = budget
    ? spentAt(judge, pass, run, budget, at)
    : limit
      ? upAt(run, spec, limit, pass.lookOrder ?? 0)
      : undefined;
  if (due === undefined) wrongs.push('2 a schedule by a rule that stops nothing');
  else if (at < Math.max(due, now) + margin - 2 * MINUTE)
    wrongs.push(`2 a schedule that comes too early, by ${rule.split(': ').at(-1)}`);
  return wrongs;
}

/** What was asked for a run, and for those that AWS shows as one with it. */
function keepsOf({ kin, keeps }: TrueRun): TrueRun['keeps'] {
  return kin ? [...keepsOf(kin), ...keeps] : keeps;
}

/** The first moment at which a run may be stopped by the clock, whatever its owner asks by then. */
function upAt(
  run: TrueRun,
  { extensions }: Spec,
  { up = Number.POSITIVE_INFINITY, grace }: LimitSpec,
  order: number,
): number {
  const keeps = keepsOf(run);
  const asked = keeps.filter((keep) => keep.order <= order && keep.isSure);
  const left = Math.max(0, extensions.atMost - new Set(keeps.map(({ at }) => at)).size);
  const until = asked.length === 0 ? 0 : Math.max(...asked.map(({ at }) => at)) + extensions.for;
  const isSure = asked.length === keeps.length && asked.length <= extensions.atMost;
  return Math.max(firstOf(run).start - MINUTE + up, isSure ? until : 0) + grace + left * extensions.for;
}

/** The first moment at which a budget may be spent by all that runs; undefined where it is not the run's, or stops nothing. */
function spentAt(judge: Judge, pass: Pass, run: TrueRun, budget: BudgetSpec, at: number): number | undefined {
  const { truth } = judge;
  const { now, spec, lookOrder = 0 } = pass;
  const subject = subjectOf(truth, budget, run.slot, lookOrder);
  if (!subject || budget.atLimit === 'warn') return undefined;
  const period = periodAt(budget.period, now, spec.timezone);
  const { most } = factors(judge);
  const spent = spentBy(truth, subject, period, now, 'most') * most;
  // An event goes by its own time: what ended since may not show yet.
  const rate = burnOf(truth, subject, Math.min(pass.at, now) - 3 * MINUTE) * most;
  // What is granted and lifted ends when it says: the limit of now, and the one of then.
  const ends = [now, at].map((moment) => {
    const { granted, isLifted } = exceptionsOf(truth, budget.name, subject, moment, pass.loadOrder ?? 0);
    const limit = budget.limit + granted;
    const left = limit - spent - 20_000;
    const since = overAt(judge, budget.name, subject, period.from, limit) ?? now;
    if (isLifted) return Number.POSITIVE_INFINITY;
    return left <= 0 ? Math.min(since, now) : rate > 0 ? now + left / rate : Number.POSITIVE_INFINITY;
  });
  return Math.min(...ends) + (budget.grace ?? 0);
}

/** After a scan in which nothing went wrong: where nothing may be armed, nothing is. */
export function noteLook(judge: Judge, pass: Pass, record: Iterable<OnRecord & { slot: string }>): void {
  const { truth, backstop } = judge;
  const { spec, now, loadOrder = 0, lookOrder = 0 } = pass;
  const isPaused = isPausedAt(truth, loadOrder, now);
  const inHand = new Set<string>();
  for (const { slot, backstop: armed } of record) if (armed && !armed.isSet) inHand.add(slot);
  backstop.look = { at: pass.at, order: lookOrder, spec, isPaused, most: mostStops(pass), inHand, isLast: true };
  if (spec.mode === 'enforce' && !isPaused && spec.backstop.for.length > 0) return;
  for (const { slot } of backstop.schedules.values())
    if (!inHand.has(slot)) judge.accuse('2 a schedule stands where there is to be none', slot);
}

/** The daily sweep is over: no schedule stands that no run on record has. */
export function judgeSwept(judge: Judge, record: Set<string>): void {
  for (const [name, { slot }] of judge.backstop.schedules)
    if (!record.has(name)) judge.accuse('live: a schedule of no run outlives the sweep', slot);
}

/** Scheduler stopped an app. */
export function judgeFire(judge: Judge, name: string, run: TrueRun, record: Iterable<OnRecord>): void {
  const { truth, backstop } = judge;
  const armed = backstop.schedules.get(name);
  backstop.schedules.delete(name);
  // What is told of it rests on the record: nobody may have noted that the schedule stands.
  const isNoted = [...record].some(
    (one) => one.backstop?.name === name && one.backstop.isSet && one.endedAt === undefined,
  );
  if (isNoted && !run.kin && armed?.run === run) judge.untold.add(run);
  else {
    run.isDoubtful = true;
    // While all is dead a schedule stops whatever has the name, and that may be taken for the run that it was made for.
    if (armed?.run) armed.run.isDoubtful = true;
  }
  const { look } = backstop;
  if (!look || look.inHand.has(run.slot.id) || run.startOrder > look.order || run.start > look.at - 3 * MINUTE) return;
  const about = `${run.slot.id}, by ${armed?.rule}`;
  if (armed?.run !== run && !run.kin) judge.accuse('2 the backstop stopped another run than it was made for', about);
  // Armed since, by a pass beside another, it was judged then.
  if (look.spec.mode !== 'enforce' && armed && armed.since <= look.at)
    judge.accuse(`2 the backstop stopped in mode ${look.spec.mode}`, about);
  if (look.isPaused && isPausedAt(truth, truth.order, truth.now))
    judge.accuse('pause: the backstop stopped what was to be left alone', about);
  const exempts = (at: number, order: number) => lawOf(truth, run.slot, look.spec, at, order) === 'exempt';
  const isExempt = exempts(look.at, look.order) && exempts(truth.now, look.order) && exempts(truth.now, truth.order);
  if (isExempt && judge.lawSince < look.at) judge.accuse('3 the backstop stopped an exempt app', about);
  if (truth.now < look.at + look.spec.backstop.margin - 2 * MINUTE)
    judge.accuse('2 the backstop was quicker than a Curfew that was well', about);
}

/** Scheduler found nothing to stop. What was gone before, unseen, may be taken for stopped by it. */
export function noteInVain({ truth, backstop }: Judge, name: string, slot: string): void {
  const armed = backstop.schedules.get(name);
  backstop.schedules.delete(name);
  for (const run of [armed?.run, truth.runs.get(slot)?.at(-1)])
    if (run?.end !== undefined && run.goneAt === undefined) run.isDoubtful = true;
}

/** What may make, move or take down a schedule. */
const MOVERS = ['scan', 'event', 'press', 'pause', 'resume'];

/** Something of ours runs: what stands may be other than the last look left it. */
export function noteAlive({ backstop }: Judge, does: string): void {
  if (backstop.look && MOVERS.includes(does)) backstop.look.isLast = false;
}

/** While nothing of ours runs, what the policy caps is stopped all the same. */
export function judgeDead(judge: Judge): void {
  const { truth, backstop } = judge;
  const { look } = backstop;
  if (!look?.isLast || look.isPaused || look.spec.mode !== 'enforce' || truth.now < look.at + DAY) return;
  if (look.spec.exempt.some(({ weekend }) => weekend) || truth.calmSince > look.at - 10 * MINUTE) return;
  const due: { run: TrueRun; by: number }[] = [];
  for (const slot of truth.slots.keys()) {
    const run = runningIn(truth, slot);
    const law = run && lawOf(truth, run.slot, look.spec, look.at, look.order);
    if (!run || run.kin || run.start > look.at - 10 * MINUTE || law === 'exempt' || look.inHand.has(slot)) continue;
    const by = lastOf(judge, look, run, law);
    if (by !== undefined) due.push({ run, by });
  }
  for (const { run, by } of due) {
    const isCrowded = due.filter((one) => Math.abs(one.by - by) < HOUR).length > look.most;
    if (!isCrowded && truth.now > by) judge.accuse('live: dead, and no backstop stopped it', run.slot.id);
  }
}

/** The last moment until which a run may go on by all that its backstop enforces, and some more. */
function lastOf(judge: Judge, look: Look, run: TrueRun, law: LimitSpec | undefined): number | undefined {
  const { spec } = look;
  const ends: number[] = [];
  if (spec.backstop.for.includes('uptime') && law?.up !== undefined) {
    const kept = keptUntil(run, spec, look.order);
    const more = spec.extensions.atMost * (spec.extensions.for + law.grace);
    if (kept !== 'doubtful') ends.push(Math.max(run.start + law.up, kept) + law.grace + more);
  }
  if (spec.backstop.for.includes('budget'))
    for (const budget of spec.budgets) ends.push(...budgetEnd(judge, look, run, budget));
  const end = Math.max(Math.min(...ends), look.at + 2 * HOUR);
  if (ends.length === 0) return undefined;
  return end + spec.backstop.margin + Math.max(15 * MINUTE, (end - look.at) / 20) + HOUR;
}

/** When a budget must be spent by what runs since before the last look, if a stop may still come of it before its period ends. */
function budgetEnd(judge: Judge, look: Look, run: TrueRun, budget: BudgetSpec): number[] {
  const { truth } = judge;
  const subject = subjectOf(truth, budget, run.slot, look.order);
  if (!subject || budget.atLimit === 'warn' || !truth.bill.isTagged) return [];
  if (truth.exceptions.some(({ until }) => until > look.at)) return [];
  const period = periodAt(budget.period, look.at, look.spec.timezone);
  const { least } = factors(judge);
  const left = budget.limit - spentBy(truth, subject, period, look.at, 'least') * least * 0.99;
  const rate = burnOf(truth, subject, undefined) * least;
  const at = left <= 0 ? look.at : look.at + left / rate;
  const end = at + (budget.grace ?? 0);
  return Number.isFinite(end) && end + look.spec.backstop.margin + 2 * HOUR < period.to ? [end] : [];
}

const iso = (at: number) => new Date(at).toISOString();

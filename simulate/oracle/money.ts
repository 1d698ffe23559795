import { type BudgetSpec, DAY, HOUR, MINUTE, type RailSpec } from '../spec.ts';
import { periodAt } from './calendar.ts';
import { clockOf, type Judge, type Letter, type OwedLetter, type Pass } from './judge.ts';
import { type Subject, spentBy } from './meter.ts';
import { isPausedAt } from './pauses.ts';
import { firstOf, fits, lawOf, ownerAt, runningIn, type Slot, type TrueRun, type Truth } from './truth.ts';

/** What the judge keeps of money. */
export interface MoneyKept {
  /** What the last closings of the books made of estimates: billed for each dollar accrued. */
  drifts: number[];
  /** By budget, subject, period and limit: when it was first marked as spent. */
  overs: Map<string, number>;
  /** Limits that were seen unspent after they, or others, were spent. */
  unspent: Set<string>;
  /** By threshold and reader: the letter that told it. */
  told: Map<string, OwedLetter>;
  /** By threshold: whether anybody was told. */
  isTold: Set<string>;
  /** When it was last looked at what outlives a scan, and at what everybody spent: now and then is often enough. */
  judgedAt: number;
  addedAt: number;
  /** When the safety valve last held stops. */
  heldAt: number;
}

export function newMoneyKept(): MoneyKept {
  return {
    drifts: [],
    overs: new Map(),
    unspent: new Set(),
    told: new Map(),
    isTold: new Set(),
    judgedAt: 0,
    addedAt: 0,
    heldAt: 0,
  };
}

/** A budget's subject that a slot belongs to at a moment. */
export function subjectOf(truth: Truth, { for: whose }: BudgetSpec, slot: Slot, order: number): Subject | undefined {
  if (whose === 'account') return { kind: 'account', name: '' };
  if (whose !== 'each owner')
    return whose.domain === slot.domainId ? { kind: 'domain', name: slot.domainId } : undefined;
  const owner = ownerAt(truth, slot, order);
  return owner === undefined ? undefined : { kind: 'owner', name: `${slot.domainId}/${owner}` };
}

/** What was granted beyond a budget's limit, and whether it is lifted, by what was on record at `order`. */
export function exceptionsOf(truth: Truth, budget: string, subject: Subject, now: number, order: number) {
  const its = truth.exceptions.filter((one) => {
    const isOf = one.subject.kind === subject.kind && one.subject.name === subject.name;
    return isOf && (one.budget ?? budget) === budget && one.order <= order && now < one.until;
  });
  const granted = its.reduce((sum, { kind, amount = 0 }) => sum + (kind === 'grant' ? amount : 0), 0);
  return { granted, isLifted: its.some(({ kind }) => kind === 'lift') };
}

/** Whether a run was started under a grant or a lift that has ended, by what was on record at `order`. */
function isFromUnder(
  truth: Truth,
  run: TrueRun,
  budget: string,
  subject: Subject,
  now: number,
  order: number,
): boolean {
  return truth.exceptions.some((one) => {
    const isOf = one.subject.kind === subject.kind && one.subject.name === subject.name;
    const isOver = isOf && (one.budget ?? budget) === budget && one.order <= order && one.until <= now;
    return isOver && one.order < run.startOrder && run.start < one.until + 2 * MINUTE;
  });
}

export const keyOf = (budget: string, { kind, name }: Subject, from: number, limit: number) =>
  `${budget} ${kind} ${name} ${from} ${limit}`;

/**
 * Since when a limit is known to be spent. One that nothing is known of, and that was spent when it was made, is so since another was, the last;
 * by too small a grant, say.
 */
export function overAt(
  { money }: Judge,
  budget: string,
  subject: Subject,
  from: number,
  limit: number,
): number | undefined {
  const key = keyOf(budget, subject, from, limit);
  if (money.overs.has(key) || money.unspent.has(key)) return money.overs.get(key);
  const others = keyOf(budget, subject, from, 0).slice(0, -1);
  const its = [...money.overs].flatMap(([one, at]) => (one.startsWith(others) ? [at] : []));
  return its.length === 0 ? undefined : Math.max(...its);
}

/** The most and the least by which the service may correct an estimate, by the bill and by its own word on the drift. */
export function factors({ truth: { bill }, money }: Judge): { most: number; least: number } {
  const usable = money.drifts.map((drift) => Math.min(Math.max(drift, 0.8), 1.2));
  return {
    most: Math.max(1, ...usable) * Math.max(1, bill.factor),
    least: Math.min(1, ...usable) * Math.min(1, bill.factor),
  };
}

/** Why a budget or a guardrail should not have stopped a run. */
export function wrongsOfMoney(judge: Judge, pass: Pass, run: TrueRun, rule: string): string[] {
  const name = rule.slice(0, rule.lastIndexOf(':'));
  if (rule.endsWith(': guardrail')) return wrongsOfRail(judge, pass, run, name);
  const { truth } = judge;
  const { spec, lookOrder = 0 } = pass;
  const now = clockOf(pass);
  const budget = spec.budgets.find((one) => one.name === name);
  if (!budget || budget.atLimit === 'warn') return ['money: stopped by a budget that stops nothing'];
  const subject = subjectOf(truth, budget, run.slot, lookOrder);
  if (!subject) return ['money: stopped by a budget of somebody else'];
  const period = periodAt(budget.period, now, spec.timezone);
  const { granted, isLifted } = exceptionsOf(truth, name, subject, now, pass.loadOrder ?? 0);
  if (isLifted) return ['money: stopped by a budget that is lifted'];
  const limit = budget.limit + granted;
  const most = spentBy(truth, subject, period, now, 'most') * factors(judge).most;
  if (most + 20_000 < limit)
    return [`money: stopped by a budget of which ${cents(most)} of ${cents(limit)} at most were spent`];
  const since = overAt(judge, name, subject, period.from, limit);
  const isUnder = isFromUnder(truth, run, name, subject, now, pass.loadOrder ?? 0);
  const isLater = since !== undefined && !run.kin && run.start > since + 2 * MINUTE && !isUnder;
  return budget.atLimit === 'stop' && isLater ? ['money: stopped what was started after the limit was spent'] : [];
}

const cents = (amount: number) => `$${(amount / 1e6).toFixed(2)}`;

function wrongsOfRail({ truth }: Judge, { spec, now, lookOrder = 0, at }: Pass, run: TrueRun, name: string): string[] {
  const rail = spec.rails.find((one) => one.name === name);
  const moment = { now, order: lookOrder, timezone: spec.timezone };
  if (!rail || !isBound(truth, rail, run.slot, moment)) return ['money: stopped by a guardrail that is not about it'];
  if (isForbidden(rail, run.slot)) return [];
  const before = olderOf(truth, rail, run, moment).filter((one) => one.end === undefined || one.end > at - 3 * MINUTE);
  return rail.atMost !== undefined && before.length >= rail.atMost ? [] : ['money: stopped what a guardrail allows'];
}

type Moment = Parameters<typeof fits>[3];

function isBound(truth: Truth, rail: RailSpec, slot: Slot, moment: Moment): boolean {
  return (rail.domain === undefined || rail.domain === slot.domainId) && fits(truth, slot, rail, moment);
}

function isForbidden({ allow }: RailSpec, { instanceType }: Slot): boolean {
  if (!allow || instanceType === undefined || instanceType === 'system') return false;
  return !allow.some((begin) => instanceType.startsWith(begin));
}

/** Runs of the same owner that began before this one, or at about that time, by the rail's own count. */
function olderOf(truth: Truth, rail: RailSpec, run: TrueRun, moment: Moment): TrueRun[] {
  const owner = ownerAt(truth, run.slot, moment.order);
  return [...truth.runs.values()].flat().filter((other) => {
    const { slot, startOrder } = other;
    // AWS may show it as older than it is, and this one may count from when it was first seen again.
    const { start } = firstOf(other);
    const isOther = slot.id !== run.slot.id && slot.domainId === run.slot.domainId;
    const isSeen = startOrder <= moment.order && (start <= run.start + 62_000 || run.kin !== undefined);
    return isOther && isSeen && ownerAt(truth, slot, moment.order) === owner && isBound(truth, rail, slot, moment);
  });
}

/** News of a budget is owed: no threshold twice to one reader, in one period and of one limit. */
export function judgeBudgetNews(judge: Judge, owed: OwedLetter): void {
  const { facts, to } = owed.letter;
  const { budget, owner, whose, period, limit, crossed = [], audience } = facts;
  const name = owner ?? (whose === 'the account' ? '' : whose!.replace(/^domain /, ''));
  const kind = owner !== undefined ? 'owner' : whose === 'the account' ? 'account' : 'domain';
  for (const { kind: what, share } of crossed) {
    const threshold = `${keyOf(budget!, { kind, name }, period!.from, limit!)} ${what} ${share}`;
    judge.money.isTold.add(threshold);
    const key = `${threshold} ${to.toLowerCase()}${/told instead/.test(audience?.why ?? '') ? ' instead' : ''}`;
    const before = judge.money.told.get(key);
    judge.money.told.set(key, owed);
    if (!before) continue;
    // A pass that failed between the notice and its mark, or one beside another, cannot know what was told.
    const isExcused = [before.by, owed.by].some((pass) => pass.isDead || pass.faults > 0 || !pass.isAlone);
    if (!isExcused) judge.accuse('money: a threshold told twice', key);
  }
}

/** A budget is marked: from now on it is known since when its limit is spent. */
export function noteMark({ money }: Judge, { now }: Pass, mark: Mark): void {
  for (const one of mark.over) {
    const [limit, word] = one.split(' ');
    const key = keyOf(mark.budget, mark.subject, mark.period.from, Number(limit));
    // A bill may say less than was reckoned: then it is spent no more.
    if (word === 'until') {
      money.overs.delete(key);
      money.unspent.add(key);
    } else if (!money.overs.has(key)) money.overs.set(key, now);
  }
}

/** What a budget told, as the service writes it down. */
export interface Mark {
  budget: string;
  subject: Subject;
  period: { from: number };
  over: string[];
}

/** So many looks, three hours apart, are too many: one to warn, one to stop, and some to spare. */
const MOST_ROUNDS = 3;

/** After a scan in which nothing went wrong: what is blocked or not allowed runs no more, and what is over is told. */
export function judgeMoney(judge: Judge, pass: Pass): void {
  const { truth } = judge;
  const { spec, now, lookOrder = 0, loadOrder = 0 } = pass;
  const isPaused = isPausedAt(truth, loadOrder, now) || isPausedAt(truth, truth.order, now);
  if (isPaused || spec.mode === 'observe' || truth.now < judge.money.judgedAt + 3 * HOUR) return;
  judge.money.judgedAt = truth.now;
  const moment = { now, order: lookOrder, timezone: spec.timezone };
  // Whoever runs nothing is blocked in nothing.
  const isForAll = truth.now >= judge.money.addedAt + DAY;
  if (isForAll) judge.money.addedAt = truth.now;
  const slots = [...truth.slots.values()].filter(({ id }) => isForAll || runningIn(truth, id));
  const over = surelyOver(judge, pass, slots);
  for (const { key, about } of over)
    if (!judge.money.isTold.has(`${key} spent 1`)) judge.accuse('live: a spent budget that nobody is told of', about);
  if (spec.mode !== 'enforce') return;
  const blocks = over.filter(({ isBlocked }) => isBlocked);
  const blocked = new Map(blocks.map(({ about, key }) => [about, key]));
  for (const slot of truth.slots.values()) {
    const run = runningIn(truth, slot.id);
    const isSeen = run && !run.kin && run.startOrder < lookOrder && run.start < now - 6 * MINUTE;
    if (!isSeen || lawOf(truth, slot, spec, now, lookOrder) === 'exempt') continue;
    if (spec.rails.some((rail) => isBound(truth, rail, slot, moment) && isForbidden(rail, slot)))
      judge.accuse('live: what a guardrail does not allow outlives a scan', slot.id);
    let inGrace: string | undefined;
    for (const budget of spec.budgets) {
      const subject = subjectOf(truth, budget, slot, lookOrder);
      const key = subject && blocked.get(`${budget.name} of ${subject.name}`);
      if (key === undefined) continue;
      if (budget.grace === undefined)
        judge.accuse('live: what a budget blocks outlives a scan', `${slot.id}: ${budget.name}`);
      else inGrace = key;
    }
    const { key, at, rounds } = run.spent ?? { key: undefined, at: 0, rounds: 0 };
    const isDisturbed = Math.max(truth.calmSince, run.disturbedAt, judge.money.heldAt) > at;
    const isSame = key === inGrace && !isDisturbed && judge.deliveredAt > at;
    run.spent = inGrace === undefined ? undefined : { key: inGrace, at: truth.now, rounds: isSame ? rounds + 1 : 0 };
    if (isSame && rounds >= MOST_ROUNDS) judge.accuse('live: what a budget blocks outlives its grace', slot.id);
  }
}

/** Budgets that are spent whatever nobody can know for sure. */
function surelyOver(judge: Judge, { spec, now, lookOrder = 0, loadOrder = 0 }: Pass, slots: Slot[]) {
  const { truth } = judge;
  // Of a bill that names no owner, what is whose is reckoned from all that ran.
  if (!truth.bill.isTagged) return [];
  const { least } = factors(judge);
  return spec.budgets.flatMap((budget) => {
    const period = periodAt(budget.period, now, spec.timezone);
    const subjects = new Map<string, Subject>();
    for (const slot of slots) {
      const subject = subjectOf(truth, budget, slot, lookOrder);
      if (subject) subjects.set(subject.name, subject);
    }
    return [...subjects.values()].flatMap((subject) => {
      const { granted, isLifted } = exceptionsOf(truth, budget.name, subject, now, loadOrder);
      const limit = budget.limit + granted;
      // A day of the bill that a period's edge divides is shared out by what is on record of it: in doubt, to the other side.
      const sure = { from: Math.ceil(period.from / DAY) * DAY, to: period.to };
      if (spentBy(truth, subject, sure, now, 'least') * least * 0.99 < limit) return [];
      const key = keyOf(budget.name, subject, period.from, limit);
      const isBlocked = budget.atLimit === 'block' && !isLifted;
      return [{ key, about: `${budget.name} of ${subject.name}`, isBlocked }];
    });
  });
}

/** The letters of a kind that say to admins what an owner could not be told. */
export function isToldInstead(judge: Judge, { facts: { kind, budget } }: Letter): boolean {
  return [...judge.letters.values()].some(({ letter: { facts } }) => {
    return facts.kind === kind && facts.budget === budget && /told instead/.test(facts.audience?.why ?? '');
  });
}

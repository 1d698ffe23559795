import { CANVAS_PRICE, PRICES } from './prices.ts';
import { firstOf, type Slot, type TrueRun, type Truth } from './truth.ts';

/** Whose spend is meant: `owner` and `domain` by `d-1/alice` and `d-1`. */
export interface Subject {
  kind: 'owner' | 'domain' | 'account';
  name: string;
}

interface Span {
  from: number;
  to: number;
}

/** How far a start or an end on record may lie from the true one: clocks, and CloudTrail's cut to the second. */
const APART = 62_000;
/** Who knows of a run no later than this after its start knows of it before its first day is closed. */
const IN_TIME = 30 * 3_600_000;
/** A day's figures go by whose a space was seen to be on that day. */
const DAY = 24 * 3_600_000;
/** Longer than that nothing that is over stays unknown. */
const LATEST = 15 * 24 * 3_600_000;

/** Micro-dollars for a millisecond; 0 where there is no price, or no charge. */
export function rateOf({ appType, instanceType = '' }: Slot): number {
  const perHour = appType === 'Canvas' ? CANVAS_PRICE : (PRICES[instanceType] ?? 0);
  return perHour / 10_000 / 3_600_000;
}

/** What shares an instance shares a charge: a profile's kernels of one instance type. */
export function chargeOf({ id, domainId, userProfileName, appType, instanceType }: Slot): string {
  return appType === 'KernelGateway' ? `${domainId}/${userProfileName} ${instanceType}` : id;
}

/** Everybody who may be charged for a run by anything that was on record from its start on; undefined: nobody. */
function payersOf(truth: Truth, { slot, start }: TrueRun): (string | undefined)[] {
  if (slot.spaceName === undefined) return [slot.userProfileName];
  const all = truth.owners.get(`${slot.domainId}/${slot.spaceName}`) ?? [];
  const first = all.findLastIndex(({ seenAt = Infinity }) => seenAt <= start - DAY);
  return all.slice(Math.max(0, first)).map(({ value }) => value);
}

/** Whether a subject may be charged for a run; surely: nobody else may be. */
function isCharged(truth: Truth, run: TrueRun, { kind, name }: Subject, isSurely: boolean): boolean {
  if (kind === 'account') return true;
  if (kind === 'domain') return run.slot.domainId === name;
  const are = payersOf(truth, run).map((payer) => `${run.slot.domainId}/${payer}` === name);
  return isSurely ? are.every(Boolean) : are.some(Boolean);
}

/** Whether anything of a slot may ever have been a subject's. */
function mayBeCharged(truth: Truth, { domainId, spaceName, userProfileName }: Slot, { kind, name }: Subject): boolean {
  if (kind === 'account') return true;
  if (kind === 'domain') return name === domainId;
  if (!name.startsWith(domainId)) return false;
  const owner = name.slice(domainId.length + 1);
  if (spaceName === undefined) return owner === userProfileName;
  return truth.owners.get(`${domainId}/${spaceName}`)?.some(({ value }) => value === owner) ?? false;
}

/** The longest that a run can be on record for, by all that the service was told; undefined where it is not. */
function mostOf(run: TrueRun, next: TrueRun | undefined, now: number): Span {
  const first = firstOf(run);
  // Told late, and its end never: it is taken to have ended by the next start.
  const seen = run.knownAt !== undefined && run.end !== undefined && run.knownAt <= run.end;
  const end = run.end === undefined ? now : (run.toldEnd ?? (seen ? run.goneAt : next?.start) ?? now);
  return { from: first.start - APART, to: end + APART };
}

/** What is surely on record of a run; undefined where nothing is sure. */
function leastOf(run: TrueRun, now: number): Span | undefined {
  const isSure = run.knownAt !== undefined && run.knownAt - run.start < IN_TIME && !run.kin && !run.isDoubtful;
  return isSure ? { from: run.start + APART, to: Math.min(run.end ?? now, now) - APART } : undefined;
}

/**
 * What a subject's running apps cost within a period until `now`, in micro-dollars: at the most or at the least that the
 * service can know. Minutes times price: apps that share an instance are charged once.
 */
export function spentBy(truth: Truth, subject: Subject, period: Span, now: number, bound: 'most' | 'least'): number {
  const spans = new Map<string, { rate: number; all: Span[] }>();
  // What is not on record in time, only the bill tells, by the day: on which side of a period's edge in that day, nobody knows.
  const wide = { from: Math.floor(period.from / DAY) * DAY, to: Math.ceil(period.to / DAY) * DAY };
  for (const [id, runs] of truth.runs) {
    const slot = truth.slots.get(id)!;
    const rate = rateOf(slot);
    if (rate === 0 || !mayBeCharged(truth, slot, subject)) continue;
    for (let i = runs.length - 1; i >= 0; i--) {
      const run = runs[i]!;
      // What was over long before bears on nothing, whenever anybody knew.
      if (run.end !== undefined && run.end < period.from - LATEST) break;
      if (run.end === run.start && bound === 'least') continue;
      const sure = leastOf(run, now);
      const span = bound === 'most' ? mostOf(run, runs[i + 1], now) : sure;
      const within = sure ? period : wide;
      if (!span || span.to <= within.from || !isCharged(truth, run, subject, bound === 'least')) continue;
      const key = chargeOf(run.slot);
      const its = spans.get(key) ?? { rate, all: [] };
      spans.set(key, its);
      its.all.push({ from: Math.max(span.from, within.from), to: Math.min(span.to, within.to, now) });
    }
  }
  let amount = 0;
  for (const { rate, all } of spans.values()) amount += rate * lengthOf(all);
  return amount;
}

/**
 * What a subject's running apps cost a millisecond. With `since`, at the most: those that ended since then are running too;
 * without it, at the least: only what is surely the subject's, and known.
 */
export function burnOf(truth: Truth, subject: Subject, since: number | undefined): number {
  const isSurely = since === undefined;
  const rates = new Map<string, number>();
  for (const runs of truth.runs.values()) {
    const run = runs.at(-1);
    const rate = run ? rateOf(run.slot) : 0;
    if (!run || rate === 0 || !isCharged(truth, run, subject, isSurely)) continue;
    const isOn = run.end === undefined || (since !== undefined && run.end > since);
    if (isOn && !(isSurely && (run.knownAt === undefined || run.kin))) rates.set(chargeOf(run.slot), rate);
  }
  return [...rates.values()].reduce((sum, rate) => sum + rate, 0);
}

/** How long it is that any of the spans lasts. */
export function lengthOf(spans: Span[]): number {
  let [length, until] = [0, Number.NEGATIVE_INFINITY];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    length += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return length;
}

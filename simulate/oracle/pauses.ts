import { clockOf, type Judge, type Letter, type Pass } from './judge.ts';
import type { Truth } from './truth.ts';

/** When the last pause that was on record at a moment ends, or ended; long ago where there was none. */
export function pauseEndAt({ pauses }: Truth, order: number): number {
  return pauses.findLast((one) => one.order <= order)?.end ?? Number.NEGATIVE_INFINITY;
}

/** Whether the record said at `order` that Curfew is paused, to whoever's clock shows `now`. */
export function isPausedAt(truth: Truth, order: number, now: number): boolean {
  return now < pauseEndAt(truth, order);
}

/** The world's clock goes on: while Curfew is paused, and at the end of that, all waiting begins anew. */
export function passTime(truth: Truth, now: number): void {
  const end = pauseEndAt(truth, truth.order);
  if (end > truth.now) truth.calmSince = Math.max(truth.calmSince, Math.min(end, now));
  truth.now = now;
}

/** Why a stop should not have been made, by the switch as it was when it was last asked for, or when the stop was written down. */
export function wrongsOfPause({ truth }: Judge, pass: Pass, slot: string, order: number): string[] {
  const asked = pass.asked.get(slot) ?? order;
  return isPausedAt(truth, asked, clockOf(pass)) ? ['pause: stopped while paused'] : [];
}

/** What a scan or an event may not owe while it knows of a pause; a stop that was made before is told all the same. */
const HELD = ['warning', 'budget', 'digest', 'confirmation'];
const PASSES = ['scan', 'event', 'profile'];

export function judgeOwedInPause({ truth, accuse }: Judge, pass: Pass, { facts: { kind }, to }: Letter): void {
  if (!HELD.includes(kind) || !PASSES.includes(pass.does) || pass.loadOrder === undefined) return;
  if (isPausedAt(truth, pass.loadOrder, pass.now)) accuse('pause: owed while paused', `${kind} to ${to}`);
}

/** A mail that SES took: nobody is written to in a pause, and nobody is warned after it by what was owed before. */
export function judgeSentInPause({ truth, accuse }: Judge, pass: Pass, letter: Letter): void {
  const { facts, to } = letter;
  if (isPausedAt(truth, pass.restedOrder, pass.now)) accuse('pause: mail while paused', `${facts.kind} to ${to}`);
  else if (isOutdated(truth, pass.restedOrder, letter))
    accuse('pause: a warning from before the pause was sent after it', to);
}

/** A warning of before the end of the last pause: nobody needs to be told of it any more. */
export function isOutdated(truth: Truth, order: number, { facts: { kind, warnedAt } }: Letter): boolean {
  return kind === 'warning' && warnedAt! < pauseEndAt(truth, order);
}

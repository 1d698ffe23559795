import type { Period } from './period.ts';
import type { Duration, Instant } from './time.ts';

/** Stretches of time that do not touch one another, the earliest first. */
export type Stretches = Period[];

/** Joins stretches in any order, those that overlap or touch to one; what has no length is left out. */
export function unionOf(stretches: Period[]): Stretches {
  const joined: Stretches = [];
  for (const { from, to } of stretches.filter((one) => one.to > one.from).sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What of some stretches lies in a period. */
export function inside(stretches: Stretches, period: Period): Stretches {
  return stretches.flatMap(({ from, to }) => {
    const part = { from: Math.max(from, period.from), to: Math.min(to, period.to) };
    return part.to > part.from ? [part] : [];
  });
}

/** What of some stretches lies in none of the others. */
export function without(stretches: Stretches, others: Stretches): Stretches {
  const left: Stretches = [];
  let next = 0;
  for (const { from, to } of stretches) {
    let at = from;
    while (next < others.length && others[next]!.to <= from) next++;
    for (let i = next; i < others.length && others[i]!.from < to; i++) {
      if (others[i]!.from > at) left.push({ from: at, to: others[i]!.from });
      at = Math.max(at, others[i]!.to);
    }
    if (at < to) left.push({ from: at, to });
  }
  return left;
}

/** How long they are together. */
export function lengthOf(stretches: Stretches): Duration {
  return stretches.reduce((sum, { from, to }) => sum + (to - from), 0);
}

/** Seconds since `origin`, each stretch's beginning and end in turn: as short as a record may be. */
export function packed(stretches: Stretches, origin: Instant): number[] {
  return stretches.flatMap(({ from, to }) => [from, to].map((at) => Math.round((at - origin) / 1000)));
}

export function unpacked(numbers: number[], origin: Instant): Stretches {
  const stretches: Stretches = [];
  for (let i = 0; i + 1 < numbers.length; i += 2)
    stretches.push({ from: origin + numbers[i]! * 1000, to: origin + numbers[i + 1]! * 1000 });
  return stretches;
}

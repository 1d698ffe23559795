/** A stream of chance that depends on nothing but its seed. */
export interface Random {
  /** From 0 up to, and not with, 1. */
  next(): number;
  chance(probability: number): boolean;
  between(low: number, high: number): number;
}

/** A stream of its own for every name: what one person draws moves nobody else's luck. (FNV-1a, then mulberry32.) */
export function randomOf(...names: string[]): Random {
  let state = 0x811c9dc5;
  for (const character of names.join('\n')) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    chance: (probability) => next() < probability,
    between: (low, high) => low + next() * (high - low),
  };
}

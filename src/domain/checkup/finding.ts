/** `wrong` is what keeps Curfew from its work; a `warning` from a part of it; `not known` could not be asked. */
export type Health = 'ok' | 'warning' | 'wrong' | 'not known';

/** What a look at one thing found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  check: string;
  health: Health;
  /** One sentence, with the facts. */
  says: string;
  /** How to mend it, a line each: a command, or a path in AWS's own pages. Empty where nothing is to be mended. */
  mend: string[];
}

/** A finding without fault. */
export function ok(check: string, says: string): Finding {
  return { check, health: 'ok', says, mend: [] };
}

export function warning(check: string, says: string, ...mend: string[]): Finding {
  return { check, health: 'warning', says, mend };
}

export function wrong(check: string, says: string, ...mend: string[]): Finding {
  return { check, health: 'wrong', says, mend };
}

export function notKnown(check: string, says: string, ...mend: string[]): Finding {
  return { check, health: 'not known', says, mend };
}

/** `a, b and 3 more`: names, as many as a line may hold. */
export function some(names: string[], most = 5): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/** `1 app`, `3 apps`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

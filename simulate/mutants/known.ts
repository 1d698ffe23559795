/**
 * By mutant, a lab that has caught it: where hunting begins with `--known`. Whatever changes every life changes these: a mutant
 * that its lab catches no longer is hunted from the first lab on. `--mutants --json` tells the labs of today.
 */
export const KNOWN: Record<string, string> = {};

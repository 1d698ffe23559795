import type { Duration, Instant } from './time.ts';

/** Whether a rule is a budget's or a guardrail's: an owner's "keep it running" does not move those. */
export function isMoneyRule(rule: string): boolean {
  return rule.endsWith(': budget') || rule.endsWith(': guardrail');
}

/** What one rule says of one app. */
export interface Verdict {
  /** The limit's name and the key that set the bound (`NAME: budget` for a budget), or `exempt`. */
  rule: string;
  /** `over` asks for a stop; `keep` forbids it; `unknown` lacks evidence; `nothing` does not apply. */
  says: 'over' | 'within' | 'keep' | 'unknown' | 'nothing';
  /** How long after its warning an app is stopped at the earliest; 0: at once, without one. The limit's own where it is absent. */
  grace?: Duration;
  /** When the bound was or will be reached; absent when nobody can tell. */
  due?: Instant;
  /** The newest look that it rests on; absent where it rests on the clock alone. */
  seenAt?: Instant;
  /** In plain words, with the figures. */
  reason: string;
}

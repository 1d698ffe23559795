import { appKey } from './app.ts';
import type { Decision } from './decide.ts';
import type { Missing, Picture } from './picture.ts';
import { spaceKey } from './picture.ts';
import type { Mode, Policy } from './policy.ts';
import { mostStops } from './rules/valve.ts';

/** A decision, and why it is not to be acted on, if so. */
export interface Intent {
  decision: Decision;
  held?: string;
  /** What could not be seen could change the rule, its bound or the reader: nothing is taken back on it. */
  isBlind?: true;
}

/** What a scan means to do: every decision, and the safety valve's word where it closed. */
export interface Plan {
  intents: Intent[];
  /** Set when more stops were wanted than the policy lets one scan make: none is made. */
  valve?: { wanted: number; most: number };
}

/**
 * Holds back everything while Curfew is paused, what the mode forbids, what half a picture cannot carry, and every stop when
 * there are too many.
 * @param paused why nothing is to be done, in words
 */
export function plan(decisions: Decision[], picture: Picture, policy: Policy, paused?: string): Plan {
  const intents = decisions.map((decision): Intent => {
    const held = decision.action === 'keep' ? undefined : (paused ?? heldBy(decision, picture, policy.mode));
    // Kept for want of an answer, an app keeps its warning too; a bound that the clock alone reached still counts.
    const isUntold = decision.action === 'keep' && decision.app.isUnasked;
    const blind = isUntold || isBlind(decision, picture) ? { isBlind: true as const } : {};
    return { decision, ...blind, ...(held === undefined ? {} : { held }) };
  });
  const stops = intents.filter(({ decision, held }) => decision.action === 'stop' && held === undefined);
  const most = mostStops(policy.safety.maxStops, decisions.length);
  if (stops.length <= most) return { intents };
  const held = `safety valve: ${stops.length} stops wanted, at most ${most} in one scan`;
  for (const intent of stops) intent.held = held;
  return { intents, valve: { wanted: stops.length, most } };
}

/** Why the mode lets nothing come of an action, in words; undefined where it lets it. */
export function heldByMode(action: Decision['action'], mode: Mode): string | undefined {
  if (action !== 'keep' && mode === 'observe') return 'the mode is observe';
  return action === 'stop' && mode === 'warn' ? 'the mode is warn' : undefined;
}

function heldBy({ action, app }: Decision, picture: Picture, mode: Mode): string | undefined {
  const byMode = heldByMode(action, mode);
  if (byMode !== undefined || picture.missing.length === 0) return byMode;
  const half = `half a picture: ${picture.missing.map(describeMissing).join('; ')}`;
  if (action === 'stop') return half;
  return isBlind({ app }, picture) ? half : undefined;
}

/** Whether a missing part could change the app's rule or its reader: tags and names could, spaces only where it is in one that was not listed. */
function isBlind({ app }: Pick<Decision, 'app'>, picture: Picture): boolean {
  const { domainId, spaceName } = app.ref;
  return picture.missing.some(({ part }) => {
    if (part === 'spaces') return spaceName !== undefined && !picture.spaces.has(spaceKey({ domainId, spaceName }));
    return part === 'tags' || part === 'domains';
  });
}

/** `the tags are missing: …`: one part that could not be had, in words. */
export function describeMissing({ part, why }: Missing): string {
  return `the ${part} are incomplete (${why})`;
}

/** Decisions in the order people read them: what is stopped, what is warned, what is kept; the longest up first. */
export function inReadingOrder(intents: Intent[]): Intent[] {
  const rank = { stop: 0, warn: 1, keep: 2 };
  return [...intents].sort(
    (a, b) =>
      rank[a.decision.action] - rank[b.decision.action] ||
      a.decision.app.startedAt - b.decision.app.startedAt ||
      (appKey(a.decision.app.ref) < appKey(b.decision.app.ref) ? -1 : 1),
  );
}

import type { Duration, Instant } from '../../src/domain/time.ts';

/** What one source said of one run, as a test remembers it: this file shares no code with the rules that it judges. */
export interface Word {
  source: string;
  run: number;
  at: Instant;
  busy: boolean;
  /** It reached the app's own API, or is a metric of the app's use: only that can tell rest from work that it cannot see. */
  sawPeople: boolean;
  /** Every use that it tells of. */
  uses: Instant[];
}

/** When it is, which run goes on since when, and what the policy says. */
interface Known {
  now: Instant;
  run: number;
  since: Instant;
  maxIdle: Duration;
  staleAfter: Duration;
  grace: Duration;
}

/** Why nobody may call the app idle, by what was said of it. */
export function notIdle(words: Word[], { now, run, since, maxIdle, staleAfter }: Known): string[] {
  // By a clock that is ahead, the last words of the run before may seem to be of this one: its own alone tell of its use.
  const own = words.filter((word) => word.run === run);
  const isAtWork = (source: string) => {
    const all = own.filter((word) => word.source === source && (word.sawPeople || word.busy));
    const newest = Math.max(...all.map(({ at }) => at));
    // Two words of one moment that differ: either may be believed.
    return all.length > 0 && all.filter(({ at }) => at === newest).every(({ busy }) => busy);
  };
  const reasons: [string, boolean][] = [
    ['no fresh look that reached the app', !words.some(({ at, sawPeople }) => sawPeople && now - at <= staleAfter)],
    ['the newest word says busy', ['agent', 'canvas-metric'].some(isAtWork)],
    ['a use younger than max-idle', own.some(({ uses }) => uses.some((use) => now - use < maxIdle))],
    ['up for less than max-idle', now - since < maxIdle],
  ];
  return reasons.filter(([, isSo]) => isSo).map(([reason]) => reason);
}

/** Why nobody may stop it, though it be idle. `warned`: when its warnings for idleness were owed. */
export function notWarned(words: Word[], warned: Instant[], { now, since, maxIdle, grace }: Known): string[] {
  const lastUse = Math.max(since, ...words.flatMap(({ uses }) => uses));
  const counting = warned.filter((at) => at >= lastUse + maxIdle && at <= now - grace);
  if (counting.length === 0) return ['no warning of this idleness, at least a grace old'];
  const last = Math.max(...counting);
  return words.some(({ at, sawPeople }) => sawPeople && at > last) ? [] : ['no look since the warning'];
}

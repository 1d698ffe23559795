import type { AppRef } from '../../src/domain/app.ts';
import type { Instant } from '../../src/domain/time.ts';

/** What happened to whom, and why. */
export interface Entry {
  at: Instant;
  kind: 'warned' | 'kept' | 'lifted' | 'stopped' | 'already gone' | 'failed' | 'told' | 'answered';
  /** Whose app it is; for what concerns no app, the part of Curfew that tells it. */
  who: string;
  /** `JupyterLab default, ml.g5.xlarge`; empty where no app is meant. */
  what: string;
  rule?: string;
  why: string;
  code?: string;
  /** When the stop is announced for. */
  stopAt?: Instant;
  app?: AppRef;
  /** How often it happened, where it went on and on: told once, at its first time. */
  times: number;
}

/** What Curfew did, in the order in which it did it. */
export interface Timeline {
  entries: Entry[];
  add(entry: Omit<Entry, 'times'>): void;
}

/** How long ago the same failure may be for it to be the same still. */
const SAME_FAULT = 30 * 60_000;

/** An empty timeline. */
export function createTimeline(): Timeline {
  const entries: Entry[] = [];
  const standing = new Map<string, { entry: Entry; last: Instant }>();
  return {
    entries,
    add(entry) {
      if (entry.kind === 'failed') {
        const key = `${entry.who} ${entry.what} ${entry.code}`;
        const known = standing.get(key);
        if (known && entry.at - known.last <= SAME_FAULT) {
          known.entry.times += 1;
          known.last = entry.at;
          return;
        }
        const added = { ...entry, times: 1 };
        standing.set(key, { entry: added, last: entry.at });
        entries.push(added);
        return;
      }
      entries.push({ ...entry, times: 1 });
    },
  };
}

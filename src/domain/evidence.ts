import type { Instant } from './time.ts';

/**
 * A dated proof of use of one run, from one source. A source keeps one piece of evidence: the newest.
 * `DescribeApp.LastUserActivityTimestamp` is no such source: health checks move it (aws-facts, "Idleness").
 */
export interface Evidence {
  /** Where it comes from: `agent`, `canvas-metric`. */
  source: string;
  /** What was used: `kernel`, `terminal`, `editor`, `gpu`. */
  kind: string;
  /** Something was at work when the source looked. */
  busy: boolean;
  /** The last use that the source knows of. */
  lastUseAt: Instant;
  /** When the source looked. A source that falls silent makes this old, and the evidence stale. */
  observedAt: Instant;
}

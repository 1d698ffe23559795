import type { Fate, NoticeFacts } from '../notice.ts';
import { type Pause, pauseEnd } from '../pause.ts';
import type { Instant } from '../time.ts';
import { type Duration, describeInstant, MINUTE } from '../time.ts';

/** Where a notice stands: `fate` is absent while it is owed. */
export interface Standing {
  owedAt: Instant;
  /** How often sending it was begun. */
  attempts: number;
  fate?: { kind: Fate['kind']; at: Instant };
}

/** A mail that SES accepts within this time of being owed is on time: `deliver` runs each minute. */
export const ON_TIME: Duration = 5 * MINUTE;

/**
 * A stop waits for its warning's mail: while sending it fails, nothing is stopped; when it went out late, the grace runs
 * from then. The first reader it reached counts, and the admins stand in for an owner who may not get it any more. A
 * warning that nobody has tried to send yet counts from its record.
 * @returns why the stop has to wait; undefined when it may go ahead
 */
export function waitsForMail(
  standings: Standing[],
  { grace, now, timezone }: { grace: Duration; now: Instant; timezone: string },
): string | undefined {
  const sent = standings.filter(({ fate }) => fate?.kind === 'sent' || fate?.kind === 'redirected');
  if (sent.length === 0) {
    if (standings.length > 0 && standings.every(isHopeless)) return 'its warning was refused for all its readers';
    return standings.some(({ fate, attempts }) => !fate && attempts > 0)
      ? 'its warning could not be sent yet'
      : undefined;
  }
  const first = sent.reduce((a, b) => (b.fate!.at < a.fate!.at ? b : a));
  const stopAt = first.fate!.at + grace;
  if (first.fate!.at - first.owedAt <= ON_TIME || now >= stopAt) return undefined;
  const when = (instant: Instant) => describeInstant(instant, timezone, now);
  return `its warning went out late, at ${when(first.fate!.at)}: the grace runs until ${when(stopAt)}`;
}

/** A warning from before the end of a pause is not sent: what it announces is off, and its run is warned anew. */
export function isOutdated(facts: NoticeFacts, pause: Pause | undefined): boolean {
  return facts.kind === 'warning' && pause !== undefined && facts.warnedAt < pauseEnd(pause);
}

/** Its reader will never get it. */
export function isHopeless({ fate }: Standing): boolean {
  return fate?.kind === 'refused' || fate?.kind === 'withheld';
}

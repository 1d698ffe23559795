import type { Evidence } from './evidence.ts';
import { packed, type Stretches, unionOf, unpacked } from './stretches.ts';
import { DAY, type Duration, HOUR, type Instant, MINUTE } from './time.ts';

/**
 * What is known of a run's use over time, in seconds since its start: `[from, to, from, to, …]`. `seen` is when anybody
 * could tell, `used` what of it was use; the rest of it was idle, and what was not seen is unknown.
 */
export interface UseRecord {
  seen: number[];
  used: number[];
}

/** Of two looks at most so far apart, the time before the last use counts as use. */
const NEAR: Duration = HOUR;
/** So many stretches are kept of each: an item has room for a few hundred bytes more, not for a diary. */
const MOST = 40;
/** A report goes back a week, and may be two days late. */
const KEPT: Duration = 16 * DAY;
/** A look that came late, after newer ones, proves a use at a moment: so much before it counts. */
const MOMENT: Duration = 5 * MINUTE;

/**
 * Adds a look to what is known of a run's use. What a look proves: nothing was used since the last use that it knows of;
 * and where the look before was near, the time between that and the last use counts as use. So what is doubtful counts
 * as use, or as unknown, and never as idle.
 * @param before the evidence that was on record; undefined for the first look
 * @param look the evidence as it is now on record
 */
export function withLook(
  record: UseRecord | undefined,
  before: Evidence | undefined,
  look: Evidence,
  startedAt: Instant,
): UseRecord {
  const seen = unpacked(record?.seen ?? [], startedAt);
  const used = unpacked(record?.used ?? [], startedAt);
  const { observedAt, busy } = look;
  const lastUseAt = Math.min(look.lastUseAt, observedAt);
  const known = before?.observedAt ?? startedAt;
  if (observedAt <= known) {
    // It came late: newer looks have told the rest.
    const since = before?.lastUseAt ?? startedAt;
    if (lastUseAt > since) {
      const moment = { from: Math.max(startedAt, lastUseAt - MOMENT), to: lastUseAt };
      used.push(moment);
      seen.push(moment);
    }
  } else {
    const end = busy ? observedAt : lastUseAt;
    const isNear = observedAt - known <= NEAR || end - known <= NEAR;
    if (end > known && isNear) used.push({ from: known, to: end });
    const from = isNear ? known : Math.max(known, end);
    seen.push({ from, to: observedAt });
  }
  const since = observedAt - KEPT;
  // Of too many stretches the latest are kept: what is forgotten is unknown.
  return {
    seen: packed(
      unionOf(seen)
        .filter(({ to }) => to > since)
        .slice(-MOST),
      startedAt,
    ),
    used: packed(
      bridged(unionOf(used)).filter(({ to }) => to > since),
      startedAt,
    ),
  };
}

/** Of too many stretches of use, those with the shortest time between are joined: that counts as use. */
function bridged(stretches: Stretches): Stretches {
  const joined = stretches.map((one) => ({ ...one }));
  while (joined.length > MOST) {
    let nearest = 0;
    const gap = (i: number) => joined[i + 1]!.from - joined[i]!.to;
    for (let i = 1; i + 1 < joined.length; i++) if (gap(i) < gap(nearest)) nearest = i;
    joined.splice(nearest, 2, { from: joined[nearest]!.from, to: joined[nearest + 1]!.to });
  }
  return joined;
}

import type { Place } from '../domain/app.ts';
import type { Rates } from '../domain/cost.ts';
import type { Period } from '../domain/period.ts';
import { type Charge, chargesOf } from '../domain/spend.ts';
import type { Instant } from '../domain/time.ts';
import type { Prices, Runs, Volumes } from './ports.ts';

/** What was accrued in a period until `now`, by what is on record: it asks AWS nothing but the table. */
export async function accrued(
  { runs, volumes, prices }: { runs: Runs; volumes: Volumes; prices: Prices },
  { place, period, now }: { place: Place; period: Period; now: Instant },
): Promise<{ charges: Charge[]; rates: Rates }> {
  const [known, past, gone, rates] = await Promise.all([
    runs.load(place),
    runs.history(place, period.from, now),
    volumes.history(place, period.from, now),
    prices.rates(place.region),
  ]);
  // What goes on comes last: it tells whose a space is now.
  const record = { runs: [...past, ...known.runs], volumes: [...gone, ...(known.volumes ?? [])] };
  return { charges: chargesOf(record, rates, period, now), rates };
}

import type { Place } from '../domain/app.ts';
import type { Rates } from '../domain/cost.ts';
import type { Period } from '../domain/period.ts';
import type { Policy } from '../domain/policy.ts';
import { type Charge, chargesOf } from '../domain/spend.ts';
import type { Instant } from '../domain/time.ts';
import type { Prices, Runs, Volumes } from './ports.ts';
import { ratesOf } from './prices.ts';

/** What was accrued in a period until `now`, by what is on record: it asks AWS nothing but the table. */
export async function accrued(
  { runs, volumes, prices }: { runs: Runs; volumes: Volumes; prices: Prices },
  policy: Pick<Policy, 'prices'>,
  { place, period, now }: { place: Place; period: Period; now: Instant },
): Promise<{ charges: Charge[]; rates: Rates }> {
  const [known, past, gone] = await Promise.all([
    runs.load(place),
    runs.history(place, period.from, now),
    volumes.history(place, period.from, now),
  ]);
  const rates = await ratesOf({ prices, policy }, place.region, known.prices);
  // What goes on comes last: it tells whose a space is now.
  const record = { runs: [...past, ...known.runs], volumes: [...gone, ...(known.volumes ?? [])] };
  return { charges: chargesOf(record, rates, period, now), rates };
}

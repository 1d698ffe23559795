import type { Place } from '../domain/app.ts';
import { type Rates, withPolicyPrices } from '../domain/cost.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import type { KeptPrices, PriceList, Prices } from './ports.ts';

/** The rates that count: AWS's list as it was last read, else the one that comes with Curfew; over both, what the policy names. */
export async function ratesOf(
  { prices, policy }: { prices: Prices; policy: Pick<Policy, 'prices'> },
  region: string,
  kept: Rates | undefined,
): Promise<Rates> {
  return withPolicyPrices(kept ?? (await prices.rates(region)), policy.prices);
}

/** What a reading of AWS's price list brought. */
export interface PricesReport {
  source: string;
  /** How many prices there are, by app type. */
  prices: Record<string, number>;
  /** Rows that could not be used, and what was made of doubtful ones. */
  faults: string[];
}

/** Reads AWS's price list anew and keeps it, dated. Where it cannot be read, the last one stays, and this throws. */
export async function refreshPrices(
  { priceList, kept }: { priceList: PriceList; kept: KeptPrices },
  { place, now }: { place: Place; now: Instant },
): Promise<PricesReport> {
  const { rates, faults } = await priceList.read(place.region);
  const asOf = new Date(now).toISOString().slice(0, 10);
  const source = `AWS price list of ${asOf}`;
  await kept.keep(place, { ...rates, source, asOf });
  const counts = [...(rates.byAppType ?? [])].map(([appType, prices]) => [appType, prices.size] as const);
  return { source, prices: Object.fromEntries(counts), faults };
}

import type { Place } from '../domain/app.ts';
import { type Rates, VOLUME, withPolicyPrices } from '../domain/cost.ts';
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
  /** Rows that could not be used, what was made of doubtful ones, and what AWS does not list. */
  doubts: string[];
  /** Parts of the list that are gone: their last prices stay. */
  faults: string[];
}

/**
 * Reads AWS's price list anew and keeps it, dated. Where it cannot be read, the last one stays, and this throws; where a
 * part of it comes back empty, that part's last prices stay, with the day that they are of.
 */
export async function refreshPrices(
  { priceList, kept }: { priceList: PriceList; kept: KeptPrices },
  { place, now }: { place: Place; now: Instant },
): Promise<PricesReport> {
  const [read, before] = await Promise.all([priceList.read(place.region, now), kept.get(place)]);
  const asOf = new Date(now).toISOString().slice(0, 10);
  const { rates, older, lacking } = withOlder(read.rates, before);
  const gone = Object.entries(older).map(([part, date]) => `${part} of ${date}`);
  const source = `AWS price list of ${asOf}${gone.length > 0 ? ` (${gone.join(', ')})` : ''}`;
  await kept.keep(place, { ...rates, source, asOf, ...(gone.length > 0 ? { older } : {}) });
  const counts = [...(rates.byAppType ?? [])].map(([appType, prices]) => [appType, prices.size] as const);
  return {
    source,
    prices: Object.fromEntries(counts),
    doubts: [...read.faults, ...lacking.map((part) => `AWS's price list has no price of ${part} in ${place.region}`)],
    faults: Object.entries(older).map(
      ([part, date]) =>
        `AWS's price list has no price of ${part} in ${place.region} any more: those of ${date} stay; the policy's prices go before them`,
    ),
  };
}

/** Fills what a list lacks with what the list before it had. */
function withOlder(read: Omit<Rates, 'source'>, before: Rates | undefined) {
  const older: Record<string, string> = {};
  const lacking: string[] = [];
  const part = <T>(name: string, now: T | undefined, then: T | undefined): T | undefined => {
    if (now !== undefined) return now;
    if (then === undefined) lacking.push(name);
    else older[name] = before?.older?.[name] ?? before?.asOf ?? 'a day before';
    return then;
  };
  const some = (prices: ReadonlyMap<string, number> | undefined) => (prices && prices.size > 0 ? prices : undefined);
  const byAppType = new Map(
    [...(read.byAppType ?? [])].map(([appType, prices]) => {
      return [appType, part(appType, some(prices), some(before?.byAppType?.get(appType))) ?? prices] as const;
    }),
  );
  const canvas = part('Canvas', read.canvas, before?.canvas);
  const gigabyteMonth = part(VOLUME, read.gigabyteMonth, before?.gigabyteMonth);
  const rates = {
    ...read,
    byAppType,
    // Studio Classic's other app types run on the instances of its notebooks.
    byInstance: byAppType.get('KernelGateway') ?? read.byInstance,
    ...(canvas === undefined ? {} : { canvas }),
    ...(gigabyteMonth === undefined ? {} : { gigabyteMonth }),
  };
  return { rates, older, lacking };
}

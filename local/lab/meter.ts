import type { MicroDollars } from '../../src/domain/money.ts';
import type { Duration, Instant } from '../../src/domain/time.ts';
import { HOUR } from '../../src/domain/time.ts';
import type { EmbeddedAws } from '../aws/index.ts';
import { usagePrefix } from '../aws/pricing.ts';
import type { LabRun } from './ledger.ts';
import { chargedAs, type Interval, union } from './savings.ts';
import { ORPHANED } from './spaces.ts';

/** What truly ran, at the price list's prices, and whose it was. It shares no arithmetic with Curfew, nor with the embedded bill. */
export interface Meter {
  /** What one owner spent, or everybody, from an instant until before another. Parts of micro-dollars are kept. */
  spent(whose: string | undefined, from: Instant, to: Instant): number;
  /** Whether everything of an owner has a price. */
  isWhole(whose: string): boolean;
  /** When so much was spent since `from`, to the minute; undefined where it never was until `end`. */
  whenSpent(whose: string, amount: MicroDollars, from: Instant, end: Instant): Instant | undefined;
  /** All who spent anything, as `ownerKey` writes them. */
  owners: string[];
  /** What an hour of a run costs; 0 where it is free, or has no price. */
  hourly(run: LabRun): number;
}

interface Stretch extends Interval {
  /** Micro-dollars a millisecond. */
  rate: number;
}

/** Names an owner. The one who leaves the lab, and those whom nobody knows, are one: Curfew learns of it only at a scan. */
export function ownerKey(domainId: string, owner: string | undefined): string {
  const isNobody = owner === undefined || (domainId === ORPHANED.domainId && owner === ORPHANED.owner);
  return `${domainId}/${isNobody ? 'nobody' : owner}`;
}

/** The owner of a run, by what is true of its space. */
export function ownerOf({ studio }: EmbeddedAws, { app }: LabRun): string {
  const { domainId, userProfileName, spaceName } = app;
  return ownerKey(domainId, userProfileName ?? studio.space(domainId, spaceName!)?.owner);
}

/**
 * Meters everything until `end`.
 * @param named what the policy says of prices, which goes before the list: dollars an hour, or a gigabyte and month, times 10^10
 */
export function meterOf(aws: EmbeddedAws, runs: LabRun[], end: Instant, named: Record<string, number> = {}): Meter {
  const { studio, pricing } = aws;
  const prefix = usagePrefix(studio.place.region);
  const price = (usage: string): number | undefined => {
    const row = pricing.products.find(({ usagetype, usd }) => usagetype === prefix + usage && Number(usd) > 0);
    return row && Number(row.usd) * 1e6;
  };
  const ofPolicy = (what = '') => (what in named ? named[what]! / 1e4 : undefined);
  const hourlyOf = ({ app: { appType, instanceType } }: LabRun): number | undefined => {
    if (instanceType === 'system') return 0;
    const [what, usage] =
      appType === 'Canvas' ? ['Canvas', 'Canvas:Session-Hrs'] : [instanceType, `Studio:${appType}-${instanceType}`];
    return ofPolicy(what) ?? price(usage);
  };
  const stretches = new Map<string, Stretch[]>();
  const unpriced = new Set<string>();
  const add = (whose: string, more: Stretch[]) => stretches.set(whose, [...(stretches.get(whose) ?? []), ...more]);
  for (const group of Map.groupBy(runs, chargedAs).values()) {
    const whose = ownerOf(aws, group[0]!);
    const hourly = hourlyOf(group[0]!);
    if (hourly === undefined) unpriced.add(whose);
    const ran = union(group.map(({ startedAt, endedAt = end }) => ({ from: startedAt, to: endedAt })));
    add(
      whose,
      ran.map((one) => ({ ...one, rate: (hourly ?? 0) / HOUR })),
    );
  }
  for (const { domainId, owner, ebsGb = 0, creationTime } of studio.spaces())
    add(
      ownerKey(domainId, owner),
      volumeOf(ebsGb * (ofPolicy('volume') ?? price('Studio:VolumeUsage.gp3')!), creationTime, end),
    );

  const spent: Meter['spent'] = (whose, from, to) => {
    const its = whose === undefined ? [...stretches.values()].flat() : (stretches.get(whose) ?? []);
    return its.reduce((sum, one) => sum + Math.max(0, Math.min(to, one.to) - Math.max(from, one.from)) * one.rate, 0);
  };
  return {
    spent,
    isWhole: (whose) => !unpriced.has(whose),
    owners: [...stretches.keys()].sort(),
    hourly: (run) => hourlyOf(run) ?? 0,
    whenSpent(whose, amount, from, until) {
      if (spent(whose, from, until) < amount) return undefined;
      let [low, high] = [from, until];
      while (high - low > 60_000) {
        const middle = (low + high) / 2;
        if (spent(whose, from, middle) < amount) low = middle;
        else high = middle;
      }
      return high;
    },
  };
}

/** A gigabyte-month is shared out over its calendar month (UTC). */
function volumeOf(monthly: MicroDollars, since: Instant, end: Instant): Stretch[] {
  const stretches: Stretch[] = [];
  for (let from = since; from < end; ) {
    const date = new Date(from);
    const [first, next] = [0, 1].map((more): Instant => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + more));
    const month: Duration = next! - first!;
    stretches.push({ from, to: Math.min(next!, end), rate: monthly / month });
    from = next!;
  }
  return stretches;
}

import { createHash } from 'node:crypto';
import { partOf, readAmount, unit, writeAmount } from './bill-money.ts';
import { type Pricing, usagePrefix } from './pricing.ts';
import type { App } from './studio-apps.ts';
import type { Studio } from './studio-types.ts';

/** A line of the bill: what one usage type cost one resource's tags on one day. */
export interface BillLine {
  /** `2026-11-23`, by UTC. */
  date: string;
  /** With the region's prefix. */
  usage: string;
  /** Any text, as on a broken bill; undefined: the row has no metrics. */
  amount: string | undefined;
  quantity?: string;
  currency?: string;
  tags?: Record<string, string>;
  /** `Usage` when absent; else `Credit`, `Refund`, … */
  recordType?: string;
  region?: string;
  service?: string;
  account?: string;
}

/** How the world's bill differs from what ran. */
export interface Metering {
  /** Until when usage has reached the bill, in milliseconds since 1970. */
  horizon: number;
  /** Uptime divided by the hours billed: 1.03 bills 100 hours of 103. Volumes are billed to the second. */
  drift: number;
  /** US dollars an hour of what the price list does not know. */
  unlistedRate: string;
  /** The share of lines that lose their tags, and the seed by which it is settled which. */
  untagged: number;
  seed: string;
}

/** A stretch of time in milliseconds since 1970. */
type Stretch = [from: number, to: number];

/** What one holder used of one usage type. */
interface Meter {
  usage: string;
  tags: Record<string, string>;
  stretches: Stretch[];
  /** All at once are one: apps on one instance. */
  isShared: boolean;
}

const dayLength = 86_400_000;

/**
 * What truly ran in Studio, as AWS bills it: each app from CreateApp to DeleteApp, and spaces' volumes from when they
 * are made, running or not. Failed apps, JupyterServer and RStudioServerPro on `system` are free.
 */
export function meterStudio(studio: Studio, { products }: Pricing, metering: Metering): BillLine[] {
  const { region, account } = studio.place;
  const prefix = usagePrefix(region);
  const prices = new Map<string, { usd: string; since: string }>();
  for (const { region: where, usagetype, usd, effectiveDate: since = '' } of products) {
    if (where !== region || usd === undefined || !(Number(usd) > 0)) continue;
    if ((prices.get(usagetype)?.since ?? '') <= since) prices.set(usagetype, { usd, since });
  }
  // Studio Classic's other apps cost what notebooks do; the bill names them by their own type.
  const rateOf = (usage: string): bigint => {
    const asNotebook = usage.replace(/Studio:[^-]+-/, 'Studio:KernelGateway-');
    const text = (prices.get(usage) ?? prices.get(asNotebook))?.usd ?? metering.unlistedRate;
    return readAmount(text) as bigint;
  };
  const lines: BillLine[] = [];
  const add = (day: number, usage: string, tags: Record<string, string>, rate: bigint, part: [bigint, bigint]) => {
    const date = new Date(day).toISOString().slice(0, 10);
    const isTagged = !isPicked(`${metering.seed} ${date} ${usage} ${JSON.stringify(tags)}`, metering.untagged);
    lines.push({
      ...{ date, usage, region, account },
      amount: writeAmount(partOf(rate, ...part)),
      quantity: writeAmount(partOf(unit, ...part)),
      ...(isTagged ? { tags } : {}),
    });
  };

  const drift = BigInt(Math.round(metering.drift * 1e6));
  for (const { usage, tags, stretches, isShared } of metersOf(studio, prefix)) {
    const rate = rateOf(usage);
    for (const [day, used] of byDay(isShared ? union(stretches) : stretches, metering.horizon))
      add(day, usage, tags, rate, [BigInt(used) * 1_000_000n, 3_600_000n * drift]);
  }
  const volume = `${prefix}Studio:VolumeUsage.gp3`;
  for (const { domainId, name, ebsGb, creationTime } of studio.spaces()) {
    if (ebsGb === undefined) continue;
    const tags = tagsOf(studio, { domainId, spaceName: name });
    for (const [day, used] of byDay([[creationTime, Number.POSITIVE_INFINITY]], metering.horizon))
      add(day, volume, tags, rateOf(volume), [BigInt(used) * BigInt(ebsGb), BigInt(monthLength(day))]);
  }
  return lines;
}

/** KernelGateway apps of one holder on one instance type share an instance; every other app has its own. */
function metersOf(studio: Studio, prefix: string): Iterable<Meter> {
  const meters = new Map<string, Meter>();
  for (const app of studio.lives()) {
    const onSystem = app.instanceType === undefined || app.instanceType === 'system';
    if (app.fails || (onSystem && (app.appType === 'JupyterServer' || app.appType === 'RStudioServerPro'))) continue;
    // AWS starts what names no instance on its default.
    const instance = `${prefix}Studio:${app.appType}-${app.instanceType ?? 'ml.t3.medium'}`;
    const usage = app.appType === 'Canvas' ? `${prefix}Canvas:Session-Hrs` : instance;
    const tags = tagsOf(studio, app);
    const key = `${usage} ${JSON.stringify(tags)}`;
    const meter: Meter = meters.get(key) ?? { usage, tags, stretches: [], isShared: app.appType === 'KernelGateway' };
    meter.stretches.push([app.startedAt, app.deletingAt ?? Number.POSITIVE_INFINITY]);
    meters.set(key, meter);
  }
  return meters.values();
}

/** The tags that SageMaker sets by itself: of the profile, or of the space. */
function tagsOf(studio: Studio, holder: Pick<App, 'domainId' | 'userProfileName' | 'spaceName'>) {
  const { domainId, userProfileName, spaceName } = holder;
  return {
    'sagemaker:domain-arn': studio.arn.domain(domainId),
    ...(userProfileName === undefined
      ? { 'sagemaker:space-arn': studio.arn.space(domainId, spaceName as string) }
      : { 'sagemaker:user-profile-arn': studio.arn.profile(domainId, userProfileName) }),
  };
}

/** Milliseconds used on each day (its first millisecond), until the horizon. */
function byDay(stretches: Stretch[], horizon: number): Map<number, number> {
  const days = new Map<number, number>();
  for (const [from, to] of stretches) {
    const end = Math.min(to, horizon);
    for (let at = from; at < end; ) {
      const day = Math.floor(at / dayLength) * dayLength;
      const until = Math.min(end, day + dayLength);
      days.set(day, (days.get(day) ?? 0) + until - at);
      at = until;
    }
  }
  return days;
}

function union(stretches: Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

function monthLength(day: number): number {
  const date = new Date(day);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** Picks a share of all names, always the same ones. */
function isPicked(name: string, share: number): boolean {
  return share > 0 && createHash('sha256').update(name).digest().readUInt32BE() < share * 2 ** 32;
}

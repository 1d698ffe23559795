import { isFree } from './app.ts';
import { carried, chargedAs, type Price, priceOf, type Rates, volumePrice } from './cost.ts';
import { costOf, describeMoney, type MicroDollars, monthlyCostOf } from './money.ts';
import { billingMonths, overlap, type Period } from './period.ts';
import { spaceKey } from './picture.ts';
import type { Policy } from './policy.ts';
import type { Run } from './run.ts';
import { type Duration, describeDuration, type Instant } from './time.ts';
import { usageOf, VOLUME_USAGE } from './usage.ts';
import type { Volume } from './volume.ts';

/** What volumes are charged as whose size AWS does not tell. */
export const UNSIZED = 'volumes of unknown size';

/** What somebody is charged for in a period: a run's part of its instance, or a volume in one month of AWS's bills. */
export interface Charge {
  domainId: string;
  /** The user profile that answers for it; undefined: nobody does, and the domain pays. */
  owner?: string;
  /** The value of the team's tag, where teams are made by one. */
  team?: string;
  /** `ml.g5.xlarge`, `Canvas`, `volumes of 5 GB`. */
  what: string;
  /** What AWS bills it as, without the region's prefix: `Studio:JupyterLab-ml.g5.xlarge`. */
  usage: string;
  duration: Duration;
  /**
   * What its meter shows at the end of the period less what it showed at its beginning, each rounded: so the charges of
   * periods that join are those of both together, to the micro-dollar. Undefined where there is no price.
   */
  amount?: MicroDollars;
  /** The price is the policy's, not AWS's. */
  isPolicys?: true;
}

/** When the first of it began; `Infinity` where there is nothing. */
export function beganAt({ runs, volumes }: { runs: Run[]; volumes: Volume[] }): Instant {
  const earlier = (a: Instant, b: Instant) => Math.min(a, b);
  const first = runs.map(({ startedAt }) => startedAt).reduce(earlier, Number.POSITIVE_INFINITY);
  return volumes.map(({ since }) => since).reduce(earlier, first);
}

/**
 * What was accrued in a period until `now`: arithmetic on intervals, so that a repeated, late or missed scan charges
 * nothing twice, and a run that spans the period's edge is charged on each side for what lies there.
 * @param record all runs and volumes that may lie in the period; one that is there twice is charged once
 */
export function chargesOf(
  { runs, volumes }: { runs: Run[]; volumes: Volume[] },
  rates: Rates,
  period: Period,
  now: Instant,
): Charge[] {
  // A run that no scan saw running has no owner on record: its space's is its own.
  const owners = new Map(volumes.map((volume) => [spaceKey(volume), volume.owner]));
  const end = Math.min(now, period.to);
  const charges: Charge[] = [];
  for (const { run, from, to } of carried(runs, now)) {
    const duration = overlap(from, to, period);
    if (duration === 0 || isFree({ appType: run.app.appType, instanceType: run.instanceType })) continue;
    const { app } = run;
    const owner = run.owner ?? app.userProfileName ?? owners.get(spaceKey(app));
    const price = priceOf(run, rates);
    // From the run's own start, whatever part of it is charged.
    const costUntil = (rate: number, at: Instant) => costOf(rate, at - run.startedAt);
    charges.push({
      ...answering({ ...app, owner, team: run.team }),
      what: chargedAs(run),
      usage: usageOf(run),
      duration,
      ...priced(price, (rate) => costUntil(rate, Math.min(to, end)) - costUntil(rate, Math.max(from, period.from))),
    });
  }
  for (const { volume, month, from, to } of volumeMonths(volumes, period, now)) {
    const { gigabytes } = volume;
    const what = gigabytes === undefined ? UNSIZED : `volumes of ${gigabytes} GB`;
    const price = gigabytes === undefined ? undefined : volumePrice(rates);
    const began = Math.max(volume.since, month.from);
    const costUntil = (rate: number, at: Instant) => monthlyCostOf(rate, gigabytes!, at - began, month.to - month.from);
    const cost = (rate: number) => costUntil(rate, to) - costUntil(rate, from);
    charges.push({ ...answering(volume), what, usage: VOLUME_USAGE, duration: to - from, ...priced(price, cost) });
  }
  return charges;
}

/** AWS bills a gigabyte-month by the hours of that calendar month. */
function volumeMonths(volumes: Volume[], period: Period, now: Instant) {
  const once = new Map(volumes.map((volume) => [`${spaceKey(volume)}@${volume.since}`, volume]));
  const first = Math.min(...volumes.map(({ since }) => since));
  const months = billingMonths(Math.max(first, period.from), Math.min(now, period.to));
  return [...once.values()].flatMap((volume) =>
    months.flatMap((month) => {
      const from = Math.max(volume.since, period.from, month.from);
      const to = Math.min(volume.until ?? now, period.to, month.to, now);
      return from < to ? [{ volume, month, from, to }] : [];
    }),
  );
}

function answering({
  domainId,
  owner,
  team,
}: {
  domainId: string;
  owner?: string | undefined;
  team?: string | undefined;
}): Pick<Charge, 'domainId' | 'owner' | 'team'> {
  return { domainId, ...(owner === undefined ? {} : { owner }), ...(team === undefined ? {} : { team }) };
}

function priced(price: Price | undefined, cost: (rate: number) => MicroDollars): Pick<Charge, 'amount' | 'isPolicys'> {
  return price ? { amount: cost(price.rate), ...(price.isPolicys ? { isPolicys: true } : {}) } : {};
}

/** A sum of charges. It is whole only where nothing in it lacks a price. */
export interface Spend {
  amount: MicroDollars;
  /** What has no price, and for how long it was used: never $0. */
  unpriced: Map<string, Duration>;
}

/** Adds charges up. Every charge is one owner's, team's and domain's, so that sums by any of them agree to the micro-dollar. */
export function sumOf(charges: Charge[]): Spend {
  const sum: Spend = { amount: 0, unpriced: new Map() };
  for (const { what, duration, amount } of charges) {
    if (amount === undefined) sum.unpriced.set(what, (sum.unpriced.get(what) ?? 0) + duration);
    else sum.amount += amount;
  }
  return sum;
}

/** Who or what a charge is added up under; undefined is a line of its own, such as "no owner". */
export const BY = {
  owner: ({ domainId, owner }: Charge) => (owner === undefined ? undefined : `${domainId}/${owner}`),
  domain: ({ domainId }: Charge) => domainId,
  team: ({ domainId, team }: Charge, policy: Pick<Policy, 'team'>) => (policy.team === 'domain' ? domainId : team),
};

/** `$41.20`, or `$41.20 and 3 h of ml.x9.large without a price`. */
export function describeSpend({ amount, unpriced }: Spend): string {
  const lacking = [...unpriced]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([what, duration]) => `${describeDuration(duration)} of ${what}`);
  const parts = [...(amount > 0 || lacking.length === 0 ? [describeMoney(amount)] : []), ...lacking];
  const list = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : parts[0]!;
  return lacking.length > 0 ? `${list} without a price` : list;
}

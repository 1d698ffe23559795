import { appKey, holderName, isFree, placeKey } from './app.ts';
import type { HourlyRate, MicroDollars } from './money.ts';
import { costOf } from './money.ts';
import type { Run } from './run.ts';
import type { RunningApp } from './running-app.ts';
import type { Instant } from './time.ts';
import { HOUR } from './time.ts';

/** What things cost in one region, and where the figures come from. */
export interface Rates {
  /** For people: `AWS price list of 2026-09-24`. */
  source: string;
  /** The day that the list is of, `2026-09-24`. */
  asOf?: string;
  /** It came with Curfew: AWS's own has not been read. */
  isBundled?: true;
  /** By instance type: for every type of app that `byAppType` does not name. */
  byInstance: ReadonlyMap<string, HourlyRate>;
  /** By type of app, then instance type: each component of Studio has prices of its own. */
  byAppType?: ReadonlyMap<string, ReadonlyMap<string, HourlyRate>>;
  /** An hour of a Canvas session. */
  canvas?: HourlyRate;
  /** A gigabyte of a space's volume for a month, in the unit of a HourlyRate. */
  gigabyteMonth?: number;
  /** Parts of the list that AWS's last answer lacked (`JupyterLab`, `Canvas`, `volume`), and the day that theirs are of. */
  older?: Record<string, string>;
  /** What the policy names, by what it is charged as: it goes before all others. */
  byPolicy?: ReadonlyMap<string, number>;
}

/** What volumes are called among the prices that a policy names. */
export const VOLUME = 'volume';

/** Rates in which what the policy names goes before all others. */
export function withPolicyPrices(rates: Rates, prices: Record<string, number>): Rates {
  return Object.keys(prices).length === 0 ? rates : { ...rates, byPolicy: new Map(Object.entries(prices)) };
}

/** What a figure rests on: a day's list of AWS's, and which one. */
export type ListOf = Pick<Rates, 'asOf' | 'isBundled'>;

/** What a figure rests on, for people: `list price of 2026-09-24`, `the policy's price`. */
export function basisOf({ asOf, isBundled }: ListOf, isPolicys: boolean): string {
  if (isPolicys) return "the policy's price";
  return `list price${asOf === undefined ? '' : ` of ${asOf}`}${isBundled ? ' (as it came with Curfew)' : ''}`;
}

/** What an app is charged as: its instance type, or `Canvas`; its app type where AWS shows no instance. */
export function chargedAs({ app, instanceType }: Pick<Run, 'app' | 'instanceType'>): string {
  // Canvas bills by the session-hour, whatever it runs on.
  return app.appType === 'Canvas' ? 'Canvas' : (instanceType ?? app.appType);
}

/** A price, and whether it is the policy's. */
export interface Price {
  rate: number;
  isPolicys: boolean;
}

/** What an hour of an app costs; undefined where there is no price. */
export function priceOf(run: Pick<Run, 'app' | 'instanceType'>, rates: Rates): Price | undefined {
  const { appType } = run.app;
  const what = chargedAs(run);
  const listed = what === 'Canvas' ? rates.canvas : (rates.byAppType?.get(appType) ?? rates.byInstance).get(what);
  return named(what, listed, rates);
}

/** What a gigabyte of a volume costs a month; undefined where there is no price. */
export function volumePrice(rates: Rates): Price | undefined {
  return named(VOLUME, rates.gigabyteMonth, rates);
}

function named(what: string, listed: number | undefined, { byPolicy }: Rates): Price | undefined {
  const rate = byPolicy?.get(what) ?? listed;
  return rate === undefined ? undefined : { rate, isPolicys: byPolicy?.has(what) ?? false };
}

/** The part of a run that it is charged for. */
export interface Carried {
  run: Run;
  from: Instant;
  to: Instant;
  /** Another carries the charge of its instance until its end, or until now. */
  isShared: boolean;
}

/**
 * What each run is charged for until `now`: of several on one instance, the one that started first carries the charge
 * until it ends, then the next. So nothing is charged twice, and all parts together are the time that the instance ran.
 */
export function carried(runs: Run[], now: Instant): Carried[] {
  const covered = new Map<string, Instant>();
  const byStart = [...runs].sort((a, b) => a.startedAt - b.startedAt || (appKey(a.app) < appKey(b.app) ? -1 : 1));
  return byStart.map((run) => {
    const instance = instanceOf(run);
    const before = covered.get(instance);
    const from = Math.max(run.startedAt, before ?? run.startedAt);
    const to = Math.max(from, Math.min(run.endedAt ?? now, now));
    covered.set(instance, to);
    // By another's clock it may have begun after `now`: that which carries the charge now goes on.
    return { run, from, to, isShared: before !== undefined && before >= Math.min(to, now) };
  });
}

/** Several KernelGateway apps of one user on one instance type share one instance and one charge (aws-facts, "Bills"). */
export function instanceOf({ app, instanceType }: Pick<Run, 'app' | 'instanceType'>): string {
  if (app.appType !== 'KernelGateway' || instanceType === undefined) return `${placeKey(app)}#${appKey(app)}`;
  const holder = app.spaceName === undefined ? 'profile' : 'space';
  return `${placeKey(app)}#${app.domainId}#${holder}#${holderName(app)}#${instanceType}`;
}

/** What a run has cost so far. `unknown` has no price for its type, and is never shown as $0. */
export type Cost =
  | { kind: 'known'; rate: HourlyRate; amount: MicroDollars; isPolicys: boolean }
  | { kind: 'free' }
  /** It shares the instance of an app that was there before it, and that carries the charge. */
  | { kind: 'shared' }
  | { kind: 'unknown' };

/** What each app's run has cost so far, by `appKey`. */
export function costsSoFar(apps: RunningApp[], rates: Rates, now: Instant): Map<string, Cost> {
  const runs = apps.map(({ ref: app, run: { instanceType: _, ...run }, startedAt, instanceType }): Run => {
    return { ...run, app, startedAt, ...(instanceType === undefined ? {} : { instanceType }) };
  });
  return new Map(carried(runs, now).map((part) => [appKey(part.run.app), costOfPart(part, rates)]));
}

/** What apps with a known price cost an hour together. */
export function hourlyOf(apps: RunningApp[], rates: Rates, now: Instant): MicroDollars {
  const costs = [...costsSoFar(apps, rates, now).values()];
  return costs.reduce((sum, cost) => sum + (cost.kind === 'known' ? costOf(cost.rate, HOUR) : 0), 0);
}

function costOfPart({ run, from, to, isShared }: Carried, rates: Rates): Cost {
  if (isFree({ appType: run.app.appType, instanceType: run.instanceType })) return { kind: 'free' };
  const price = priceOf(run, rates);
  if (!price) return { kind: 'unknown' };
  if (isShared) return { kind: 'shared' };
  return { kind: 'known', ...price, amount: costOf(price.rate, to - from) };
}

/** What the costs of running apps rest on together, for people. */
export function sumBasisOf(costs: Iterable<Cost>, list: ListOf): string {
  const known = [...costs].filter((cost) => cost.kind === 'known');
  return mixed(known.length, known.filter(({ isPolicys }) => isPolicys).length, list);
}

/** What the reckoned part of a sum rests on, for people: what AWS has billed has no list price at all. */
export function spendBasisOf(
  { accrued, atPolicys = 0 }: { accrued: MicroDollars; atPolicys?: MicroDollars },
  list: ListOf,
): string {
  return mixed(accrued, atPolicys, list);
}

function mixed(all: number, ofPolicy: number, list: ListOf): string {
  if (ofPolicy === 0 || ofPolicy === all) return basisOf(list, ofPolicy > 0);
  return `${basisOf(list, false)} and ${basisOf(list, true)}`;
}

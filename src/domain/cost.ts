import { appKey, holderName, isFree } from './app.ts';
import type { HourlyRate, MicroDollars } from './money.ts';
import { costOf } from './money.ts';
import type { RunningApp } from './running-app.ts';
import type { Instant } from './time.ts';

/** Hourly rates of one region, by instance type, and where they come from. */
export interface Rates {
  /** For people: `AWS price list of 2026-09-24`. */
  source: string;
  byInstance: ReadonlyMap<string, HourlyRate>;
}

/** What a run has cost so far. `unknown` has no price for its type, and is never shown as $0. */
export type Cost =
  | { kind: 'known'; rate: HourlyRate; amount: MicroDollars }
  | { kind: 'free' }
  /** It shares the instance of an app that was there before it, and that carries the charge. */
  | { kind: 'shared' }
  | { kind: 'unknown' };

/** What each running app has cost so far at list price, by `appKey`. */
export function costsSoFar(apps: RunningApp[], rates: Rates, now: Instant): Map<string, Cost> {
  const costs = new Map<string, Cost>();
  const instances = new Set<string>();
  for (const app of [...apps].sort((a, b) => a.startedAt - b.startedAt)) {
    costs.set(appKey(app.ref), costSoFar(app, rates, now, instances));
  }
  return costs;
}

function costSoFar(app: RunningApp, rates: Rates, now: Instant, instances: Set<string>): Cost {
  const { instanceType } = app;
  if (isFree({ appType: app.ref.appType, ...(instanceType === undefined ? {} : { instanceType }) }))
    return { kind: 'free' };
  // The rates are those of instances: Canvas bills by the session-hour, and shows no instance that it could be charged by.
  const rate =
    instanceType === undefined || app.ref.appType === 'Canvas' ? undefined : rates.byInstance.get(instanceType);
  if (rate === undefined) return { kind: 'unknown' };
  if (app.ref.appType === 'KernelGateway') {
    // Several KernelGateway apps of one user on one instance type share one instance and one charge (aws-facts, "Bills").
    const holder = app.ref.spaceName === undefined ? 'profile' : 'space';
    const instance = `${app.ref.domainId}#${holder}#${holderName(app.ref)}#${instanceType}`;
    if (instances.has(instance)) return { kind: 'shared' };
    instances.add(instance);
  }
  return { kind: 'known', rate, amount: costOf(rate, Math.max(0, now - app.startedAt)) };
}

import type { Match } from '../src/domain/match.ts';
import type { Policy } from '../src/domain/policy.ts';
import type { FitSpec, Spec } from './spec.ts';

const written = new WeakMap<Spec, Policy>();

/** A policy of the simulator as the service reads it. */
export function policyOf(spec: Spec): Policy {
  const known = written.get(spec);
  if (known) return known;
  const policy = write(spec);
  written.set(spec, policy);
  return policy;
}

function write(spec: Spec): Policy {
  const { extensions, limits, exempt, maxStops } = spec;
  return {
    mode: spec.mode,
    timezone: spec.timezone,
    admins: spec.admins,
    sender: 'Curfew <curfew@example.org>',
    owners: { address: undefined, exceptions: spec.addresses },
    team: 'domain',
    teams: {},
    limits: limits.map(({ name, up, idle, grace, ...fit }) => ({
      name,
      match: matchOf(fit),
      grace,
      ...(up === undefined ? {} : { maxUptime: up }),
      ...(idle === undefined ? {} : { maxIdle: idle }),
    })),
    extensions: { hours: extensions.for, atMost: extensions.atMost },
    exempt: exempt.map(matchOf),
    budgets: spec.budgets.map(({ warnAt, forecastAt, ...budget }) => {
      return { ...budget, warnAt: warnAt.map((one) => one / 100), forecastAt: forecastAt.map((one) => one / 100) };
    }),
    guardrails: spec.rails.map(({ name, domain, allow, atMost, ...fit }) => ({
      name,
      match: { ...matchOf(fit), ...(domain === undefined ? {} : { domain: [domain] }) },
      ...(allow ? { allow: allow.map((begin) => `${begin}*`) } : {}),
      atMost: atMost === undefined ? [] : [{ pattern: '*', count: atMost }],
      for: 'each owner' as const,
    })),
    report: { daily: spec.digest, ...(spec.weekly ? { weekly: spec.weekly } : {}) },
    safety: { maxStops: 'count' in maxStops ? maxStops : { share: maxStops.percent / 100 } },
    evidence: { staleAfter: spec.staleAfter },
    backstop: spec.backstop,
    prices: {},
  };
}

function matchOf({ instance, tag, appType, owner, weekend }: FitSpec): Match {
  return {
    ...(instance === undefined ? {} : { instance: [`${instance}*`] }),
    ...(tag === undefined ? {} : { tag: { [tag.key]: [tag.value] } }),
    ...(appType === undefined ? {} : { appType: [appType] }),
    ...(owner === undefined ? {} : { owner: [owner] }),
    ...(weekend ? { during: { days: [0, 6], from: 0, to: 24 * 60 } } : {}),
  };
}

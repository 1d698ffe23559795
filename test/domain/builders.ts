import type { Policy } from '../../src/domain/policy.ts';
import { newRun, type Run } from '../../src/domain/run.ts';
import type { RunningApp } from '../../src/domain/running-app.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { parsePolicy } from '../../src/policy-file.ts';

/** A Monday noon in UTC: 07:00 in New York. */
export const NOON = Date.parse('2026-11-23T12:00:00Z');

export const ref = {
  account: '111122223333',
  region: 'us-east-1',
  domainId: 'd-abcdefghijkl',
  userProfileName: 'alice',
  appType: 'JupyterLab',
  appName: 'default',
} as const;

/** A run that is an hour old and fine in every way: tests spread it and spoil one field. */
export const quietRun: Run = { ...newRun(ref, NOON - HOUR, { instanceType: 'ml.g5.xlarge', owner: 'alice' }) };

/** The running app of `quietRun`. */
export const quietApp: RunningApp = {
  ref,
  run: quietRun,
  startedAt: quietRun.startedAt,
  instanceType: 'ml.g5.xlarge',
  owner: 'alice',
  sharing: 'Private',
  teams: ['d-abcdefghijkl'],
  tags: {},
};

/** The quiet app, with its run spoiled. */
export function appWith(run: Partial<Run>, app: Partial<RunningApp> = {}): RunningApp {
  const spoiled = { ...quietRun, ...run };
  return { ...quietApp, run: spoiled, startedAt: spoiled.startedAt, ...app };
}

/** One day up, two hours idle, half an hour of grace; tests spread it. */
export const policy: Policy = {
  ...policyOf('admins: [admin@example.org]\nsender: curfew@example.org\nmode: enforce\nlimits: []'),
  limits: [{ name: 'all', match: {}, maxUptime: DAY, maxIdle: 2 * HOUR, grace: 30 * MINUTE }],
};

/** Reads a policy that must be fine. */
export function policyOf(text: string): Policy {
  const parsed = parsePolicy(text);
  if ('policy' in parsed) return parsed.policy;
  throw new Error(JSON.stringify(parsed.faults));
}

/** Evidence that the agent saw an hour-old use just now. */
export const seenNow = {
  source: 'agent',
  kind: 'kernel',
  busy: false,
  lastUseAt: NOON - HOUR,
  observedAt: NOON - MINUTE,
};

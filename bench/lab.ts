import type { CreateApp, Studio } from '../local/aws/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** When every world's first scan is: Monday 2026-11-23, 15:00 UTC, past the hour of the admins' digest. */
export const NOW = Date.UTC(2026, 10, 23, 15);

/** The policy of every world: one tag key is spoken of, so that tags are read, and nothing stops in the first hours. */
export const POLICY = `
mode: enforce
timezone: America/New_York
admins: [ml-platform@example.org]
sender: Curfew <curfew@example.org>
owners:
  address: "{profile}@example.org"
limits:
  - name: long training
    match: { tag: { curfew: training } }
    max-uptime: 7d
  - name: cheap instances
    match: { instance: "ml.t3.*" }
    max-uptime: 5d
    max-idle: 4h
    grace: 2h
  - name: everything else
    max-uptime: 1d
    max-idle: 2h
    grace: 1h
exempt:
  - { tag: { curfew: exempt } }
  - { app-type: JupyterServer }
report: { daily: "08:00" }
safety: { max-stops: 25% }
`;

/** What a scan of a world has to read, at the least. */
export interface LeastCalls {
  'sagemaker ListApps': number;
  'sagemaker ListSpaces': number;
  'resource-groups-tagging-api GetResources': number;
  /** Absent where no Canvas app needs to be asked about. */
  'cloudwatch GetMetricData'?: number;
}

/**
 * Fills an empty Studio with a lab of `apps` listed apps, the same one for the same number: half of them in spaces
 * (private, shared, and some without an owner), half of user profiles; 3 % Deleted or Failed and still listed; about
 * 8 % of the apps, spaces and profiles tagged with `curfew`, others with a tag the policy does not speak of.
 * @param clock the world's clock: moved to NOW in the end
 * @returns the least calls that show all of it
 */
export function fillLab(studio: Studio, apps: number, clock: { now: number }): LeastCalls {
  clock.now = NOW - 2 * HOUR;
  const random = mulberry32(apps);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  let tagged = 0;
  const tags = (): { tags?: Record<string, string> } => {
    const dice = random();
    if (dice < 0.08) {
      tagged += 1;
      return { tags: { curfew: dice < 0.05 ? 'training' : 'exempt' } };
    }
    return dice < 0.15 ? { tags: { 'cost-centre': `${1000 + Math.floor(dice * 1000)}` } } : {};
  };
  const domains = Array.from({ length: Math.max(3, Math.round(apps / 2_500)) }, (_, i) => `d-${code(i, 12)}`);
  for (const [i, domainId] of domains.entries()) {
    studio.createDomain({ domainId, name: `lab-${i + 1}`, at: NOW - 9_000 * HOUR });
  }
  const owners = Array.from({ length: Math.ceil(apps / 2) }, (_, i) => ({
    domainId: domains[i % domains.length] as string,
    name: `${pick(NAMES)}-${pick(SURNAMES)}-${i}`,
  }));
  for (const owner of owners) studio.createUserProfile({ ...owner, ...tags(), at: NOW - 8_000 * HOUR });

  const gone: CreateApp[] = [];
  for (let i = 0; i < apps; i++) {
    const owner = owners[i >> 1] as (typeof owners)[number];
    const { domainId } = owner;
    const inSpace = i % 2 === 0;
    const appType = inSpace ? pick(['JupyterLab', 'CodeEditor'] as const) : pick(PROFILE_TYPES);
    const isFree = appType === 'JupyterServer';
    const instanceType = isFree ? 'system' : pick(INSTANCES);
    const limit = instanceType.startsWith('ml.t3.') ? 120 * HOUR : 24 * HOUR;
    // At least two hours, so that the gone ones are gone; a few are over their limit, and warned by the first scan.
    const spread = limit * 1.02 - 2 * HOUR;
    const tens = Math.floor((random() * spread) / (10 * MINUTE));
    // Never near a full ten minutes, while limits are full hours: none is reached between the first scan and the second.
    const age = 2 * HOUR + (tens * 10 + 2) * MINUTE + Math.floor(random() * 6 * MINUTE);
    const holder = inSpace ? { spaceName: `${pick(TOPICS)}-${i}` } : { userProfileName: owner.name };
    if (holder.spaceName !== undefined) {
      const dice = random();
      studio.createSpace({
        domainId,
        name: holder.spaceName,
        appType: appType as 'JupyterLab',
        sharing: dice < 0.9 ? 'Private' : 'Shared',
        ...(dice < 0.98 ? { owner: owner.name } : {}),
        ...tags(),
        at: NOW - 7_000 * HOUR,
      });
    }
    const app: CreateApp = {
      domainId,
      ...holder,
      appType,
      appName:
        appType === 'KernelGateway' ? `datascience-1-0-${instanceType.replaceAll('.', '-')}-${code(i, 24)}` : 'default',
      ...(appType === 'Canvas' ? {} : { instanceType }),
      at: NOW - age,
      ...tags(),
      ...(i % 100 === 7 ? { fails: true } : {}),
    };
    studio.createApps([app]);
    // A Deleted app's tags are gone with it, so only an untagged one is deleted: the count of tagged ones stays true.
    if (i % 50 === 11 && app.tags === undefined) gone.push(app);
  }
  for (const app of gone) studio.deleteApp(app);
  clock.now = NOW;
  const calls = (rows: number) => Math.max(1, Math.ceil(rows / 100));
  // Every Canvas app that runs falls under a limit with max-idle, but for those in training or exempt.
  const asked = studio.apps().filter((app) => {
    const { domainId, userProfileName = '', appType } = app;
    const arns = [app.arn, studio.arn.profile(domainId, userProfileName)];
    const isRunning = ['Pending', 'InService'].includes(studio.statusOf(app));
    return appType === 'Canvas' && isRunning && !arns.some((arn) => studio.tags.get(arn).has('curfew'));
  });
  return {
    ...(asked.length === 0 ? {} : { 'cloudwatch GetMetricData': Math.ceil(asked.length / 500) }),
    'sagemaker ListApps': calls(studio.apps().length),
    'sagemaker ListSpaces': calls(studio.spaces().length),
    'resource-groups-tagging-api GetResources': calls(tagged),
  };
}

const PROFILE_TYPES = ['KernelGateway', 'KernelGateway', 'JupyterServer', 'Canvas'] as const;
const INSTANCES = ['ml.t3.medium', 'ml.t3.medium', 'ml.t3.large', 'ml.m5.xlarge', 'ml.g4dn.xlarge', 'ml.g5.xlarge'];
const NAMES = ['alice', 'bob', 'chen', 'dana', 'elif', 'femi', 'grace', 'hugo', 'ines', 'jun'];
const SURNAMES = ['okafor', 'smith', 'garcia', 'mueller', 'tanaka', 'oconnor', 'kowalski', 'singh'];
const TOPICS = ['churn-model', 'notebooks', 'fraud', 'forecast', 'thesis', 'vision', 'llm-eval'];

/** Letters and digits that look like AWS's own ids. */
function code(seed: number, length: number): string {
  const random = mulberry32(seed + 1);
  return Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('');
}

/** A small seeded generator of numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

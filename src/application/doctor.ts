import { checkNativeIdle, checkUse } from '../domain/checkup/apps.ts';
import { backstopBeforehand, checkBackstop } from '../domain/checkup/backstop.ts';
import {
  BEATS_FOR,
  checkLastScan,
  checkTerminal,
  checkVersion,
  type DeployedFunction,
} from '../domain/checkup/deployment.ts';
import { COST_TAGS, checkCostTags, checkTrails, costTagsDenied } from '../domain/checkup/events.ts';
import { type Finding, notKnown, ok, warning, wrong } from '../domain/checkup/finding.ts';
import { checkSender, checkSending, type IdentityStanding, identitiesOf } from '../domain/checkup/mail.ts';
import { checkRights } from '../domain/checkup/rights.ts';
import { checkPause, checkTable } from '../domain/checkup/table.ts';
import { decide } from '../domain/decide.ts';
import { emptyPicture } from '../domain/picture.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { isOfCredentials, lacking, once, unanswered } from './checkup.ts';
import type { Ask, Beats, CostTags, Functions, MailAccount, Simulator, TableCare, Trails } from './doctor-ports.ts';
import { examineRights } from './doctor-rights.ts';
import { reviewIdleSettings } from './idle-settings.ts';
import {
  type Backstop,
  type Caller,
  type CanvasUse,
  type Fleet,
  PortError,
  type Runs,
  type StudioSettings,
} from './ports.ts';
import { survey } from './survey.ts';

/** What a check-up asks. */
export interface DoctorPorts {
  caller: () => Promise<Caller>;
  /** Throws whatever is wrong with it, a line for each fault. */
  policy: () => Promise<Policy>;
  trails: Trails;
  costTags: CostTags;
  mail: MailAccount;
  functions: Functions;
  beats: Beats;
  simulator: Simulator;
  fleet: Fleet;
  canvasUse: CanvasUse;
  settings: StudioSettings;
  /** The backstop whose schedules lie in a group. */
  backstopIn: (group: string) => Backstop;
  /** Absent where no table is named. */
  table?: { name: string; care: TableCare; runs: Runs } | undefined;
}

/** Where, when and of what. */
export interface DoctorOptions {
  region: string;
  now: Instant;
  /** The version of this package. */
  version: string;
  /** The handlers that this version has. */
  expected: string[];
  /** Where the policy is: a file, or `ssm:/name`. */
  source: string;
  /** Where links point that are made here. */
  baseUrl: string | undefined;
  /** What a function needs; of `you`, what the CLI does. */
  rightsOf: (who: string, known: KnownScope) => Ask[];
  /** Fails what takes too long: nobody waits for one check for ever. */
  within: <T>(work: Promise<T>) => Promise<T>;
  /** Whether there is time for one more profile. */
  hasTime: () => boolean;
}

/** What has been found out about whose rights are asked about. */
export interface KnownScope {
  policy: Policy;
  caller: Caller;
  domainId?: string | undefined;
  identity?: string | undefined;
  configurationSet?: string | undefined;
  /** Where the functions read the policy. */
  source?: string | undefined;
  backstop?: { group: string; role?: string } | undefined;
}

/**
 * Looks at an account, and changes nothing. Every check is made by itself, all at once: one that fails, or is not answered,
 * is a finding of its own and hides no other.
 */
export async function examine(ports: DoctorPorts, options: DoctorOptions): Promise<Finding[]> {
  const { region, now, version, expected, source, within } = options;
  const { table } = ports;
  const answer = async (check: string, work: () => Promise<Finding | Finding[]>): Promise<Finding[]> => {
    try {
      return [await work()].flat();
    } catch (error) {
      return [unanswered(check, error)];
    }
  };
  const look = (check: string, work: () => Promise<Finding>) => answer(check, () => within(work()));
  const tabled = () => table ?? lacking('no table is named (CURFEW_TABLE, or --table)');
  // What several rest on is asked for once.
  const caller = once(ports.caller);
  const policy = once(ports.policy);
  const functions = once(async () => ports.functions.on(tabled().name));
  const readPolicy = () => policy().catch(() => lacking('the policy cannot be read, or has faults'));
  const standings = once(async () => {
    const names = identitiesOf((await readPolicy()).sender);
    return Promise.all(
      names.map(async (name) => [name, await ports.mail.identity(name)] as [string, IdentityStanding]),
    );
  });
  const identity = () =>
    standings().then(
      (all) => all.find(([, standing]) => standing === 'verified')?.[0],
      () => undefined,
    );
  const seen = once(async () => {
    const { account } = await caller();
    return survey({ fleet: ports.fleet, canvasUse: ports.canvasUse, runs: table?.runs }, await readPolicy(), {
      place: { account, region },
      now,
    });
  });

  const checks = [
    look('credentials', async () => {
      const found = await caller().catch(inWords);
      if (typeof found === 'string') return wrong('credentials', found, 'aws sts get-caller-identity');
      const { account, arn } = found;
      return ok('credentials', `account ${account}, region ${region}, as ${arn}`);
    }),
    look('policy', () => examinePolicy(policy, source)),
    look('table', async () => {
      if (!table) return warning('table', NO_TABLE, 'export CURFEW_TABLE=… (the stack’s output TableName)');
      return checkTable(table.name, await table.care.look(), { region });
    }),
    look('pause', async () => {
      const place = { account: (await caller()).account, region };
      const timezone = await policy().then(
        ({ timezone }) => timezone,
        () => 'UTC',
      );
      return checkPause(await tabled().runs.lastPause(place), timezone, now);
    }),
    look('version', async () => checkVersion(await functions(), expected, version, tabled().name)),
    look('terminal', async () => {
      const deployed = await functions();
      return deployed.length > 0 ? checkTerminal(deployed, options) : lacking('no deployed function was found');
    }),
    look('last scan', async () => {
      const scan = (await functions()).find(({ handler }) => handler === 'scan');
      return checkLastScan(scan, scan ? await ports.beats.read(scan.name, now - BEATS_FOR, now) : [], now);
    }),
    look('backstop', () => examineBackstop(ports, { readPolicy, functions, caller }, options)),
    look('events', async () => checkTrails(await ports.trails.list(region), region)),
    look('cost tags', async () =>
      ports.costTags.status(COST_TAGS).then(checkCostTags, (error: unknown) => {
        if (error instanceof PortError && error.kind === 'denied' && !isOfCredentials(error))
          return costTagsDenied(error.code);
        throw error;
      }),
    ),
    look('sender', async () => checkSender((await readPolicy()).sender, await standings())),
    look('sending', async () => {
      const standing = await ports.mail.standing();
      return checkSending(
        standing,
        await policy().then(
          ({ mode }) => mode,
          () => 'enforce',
        ),
      );
    }),
    look('agents', async () => {
      const rules = await readPolicy();
      const { running, picture, faults } = await seen();
      const missing = picture.missing[0]?.why ?? faults[0];
      if (missing !== undefined && running.length === 0) lacking(missing);
      return checkUse(
        running.map(({ app }) => decide(app, rules, now)),
        rules,
        now,
      );
    }),
    look('native idle', async () => {
      const rules = await readPolicy();
      if (!rules.nativeIdle) return checkNativeIdle(undefined);
      const { account } = await caller();
      const picture = rules.exempt.length > 0 ? (await seen()).picture : emptyPicture({ account, region });
      const { hasTime } = options;
      return checkNativeIdle(await reviewIdleSettings(ports.settings, rules, { picture, now, apply: false, hasTime }));
    }),
    // Each role is waited for by itself: one that is slow hides no other.
    answer('rights', async () => {
      const known = await within(Promise.all([readPolicy(), caller(), functions(), domainOf(ports), identity()]));
      const [rules, who, deployed, domainId, verified] = known;
      return examineRights(ports, options, deployed, { policy: rules, caller: who, domainId, identity: verified });
    }),
    look('rights of you', async () => {
      const known = { policy: await readPolicy(), caller: await caller() };
      const principal = await ports.simulator.principalOf(known.caller.arn);
      if (principal === undefined)
        return warning(
          'rights of you',
          'these are the credentials of the account’s root, which may do all',
          'use a role or a user instead',
        );
      tabled();
      const rulings = await ports.simulator.simulate(principal, options.rightsOf('you', known));
      return checkRights({ who: 'you', principal, isNeeded: false }, rulings);
    }),
  ];
  return (await Promise.all(checks)).flat();
}

/** Some domain of the place: a role may be scoped to those that there are. */
async function domainOf({ settings }: DoctorPorts): Promise<string | undefined> {
  const domains = await settings.domains().catch(() => []);
  return domains[0]?.domainId;
}

/** Credentials that are no good are found wrong: nothing at all can be asked with them. */
function inWords(error: unknown): string {
  if (error instanceof PortError && error.kind === 'denied') return error.message;
  throw error;
}

const NO_TABLE =
  'no table is named, so that only what needs none was looked at: `scan`, `status` and `explain` work, and nothing is deployed';

async function examinePolicy(policy: () => Promise<Policy>, source: string): Promise<Finding> {
  try {
    const { mode, limits, exempt } = await policy();
    return ok('policy', `${source} is fine: mode ${mode}, ${limits.length} limits, ${exempt.length} exemptions`);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error.cause instanceof PortError && error.cause.kind === 'denied')
      return notKnown('policy', error.message, 'allow ssm:GetParameter on it to these credentials');
    const [first, ...more] = error.message.split('\n');
    const others = more.length > 0 ? `, and ${more.length} more` : '';
    return wrong('policy', `${first}${others}`, `npx curfew policy check ${source}`);
  }
}

async function examineBackstop(
  { backstopIn, table }: DoctorPorts,
  { readPolicy, functions, caller }: Asking,
  { region, now }: DoctorOptions,
): Promise<Finding> {
  const policy = await readPolicy();
  const group = (await functions().catch(() => [])).find(({ backstop }) => backstop)?.backstop?.group;
  const beforehand = backstopBeforehand(policy, group);
  if (beforehand) return beforehand;
  const { account } = await caller();
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await backstopIn(group!).armed(after);
    names.push(...page.names);
    after = page.next;
  } while (after !== undefined);
  const { runs } = await table!.runs.load({ account, region });
  return checkBackstop(names, runs, policy.timezone, now);
}

interface Asking {
  readPolicy: () => Promise<Policy>;
  functions: () => Promise<DeployedFunction[]>;
  caller: () => Promise<Caller>;
}

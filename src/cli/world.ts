import { type Contacts, type Fleet, type Outbox, PortError, type Runs } from '../application/ports.ts';
import type { ScanPorts } from '../application/scan.ts';
import { ConfigError, loadBaseUrl, loadPolicy } from '../config.ts';
import type { Place } from '../domain/app.ts';
import { isPaused, type Pause } from '../domain/pause.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import {
  accountOf,
  canvasUseOf,
  contactsOf,
  fleetOf,
  ledgerOf,
  outboxOf,
  parameterReader,
  pricesOf,
  regionOfSdk,
  runsOf,
  savedFleetOf,
  settingsOf,
  volumesOf,
} from '../wiring.ts';

/** What every command that goes by a policy takes. */
export interface PolicyOptions {
  policy?: string;
  region?: string;
}

/** What every command that looks at a fleet takes. */
export interface WorldOptions extends PolicyOptions {
  table?: string;
  from?: string;
  now?: string;
}

/** All that a command works on, and what it had to do without. */
export interface World {
  policy: Policy;
  place: Place;
  now: Instant;
  ports: ScanPorts;
  /** Where links in mail point: `CURFEW_BASE_URL`. */
  baseUrl?: string;
  /** What cannot be known, in whole sentences, for people. */
  notes: string[];
}

/** Where nobody tells the account: without a table it names nothing. */
export const UNKNOWN_ACCOUNT = '000000000000';

/** The policy, and the region that the SDK goes by; undefined where there is none. */
export async function openPolicy(options: PolicyOptions): Promise<{ policy: Policy; region: string | undefined }> {
  const region = options.region ?? (await regionOfSdk());
  const source = options.policy ?? (process.env.CURFEW_POLICY || 'curfew.yml');
  return { region, policy: await loadPolicy(source, parameterReader(region)) };
}

/** A command that calls AWS needs a region. Throws ConfigError. */
export function insistOnRegion(region: string | undefined): string {
  if (!region) throw new ConfigError('no region: set AWS_REGION, or name one with --region');
  return region;
}

/** The present, or what `--now` takes for it. Throws ConfigError. */
export function readNow({ now: text }: Pick<WorldOptions, 'now'>): Instant {
  const now = text === undefined ? Date.now() : Date.parse(text);
  if (Number.isNaN(now) || (text !== undefined && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw new ConfigError(`--now ${text}: not a time such as 2026-11-23T14:05:00Z`);
  return now;
}

/** What a command needs that works on what is on record. */
export interface Records extends Pick<World, 'policy' | 'place' | 'now'> {
  fleet: Fleet;
  outbox: Outbox;
  contacts: Contacts;
  /** For a command that asks people: the last pause, over or not, and whether it holds. */
  pause?: Pause | undefined;
  isPaused?: boolean;
  /** Where links in mail point: `CURFEW_BASE_URL`. */
  baseUrl?: string;
}

/**
 * Opens the table for a command that is nothing without it, by the name by which people call it.
 * @param asks whether it may ask people to confirm: then it has to know of a pause
 */
export async function openRecords(
  options: WorldOptions,
  command: string,
  { asks = false }: { asks?: boolean } = {},
): Promise<Records> {
  const { policy, place, now, ports } = await openWorld(options, { tableFor: command });
  const at = { region: place.region, table: tableOf(options)! };
  const baseUrl = loadBaseUrl(process.env);
  const stores = { outbox: outboxOf(at), contacts: contactsOf(at) };
  const pause = asks ? await ports.runs?.lastPause(place) : undefined;
  const asking = { pause, isPaused: isPaused(pause, now) };
  return { policy, place, now, fleet: ports.fleet, ...stores, ...asking, ...(baseUrl ? { baseUrl } : {}) };
}

function tableOf(options: WorldOptions): string | undefined {
  return options.table ?? process.env.CURFEW_TABLE;
}

/**
 * Finds the policy, the region, the table and the account, as far as the command needs them.
 * @param tableFor what needs the table; without it, the command does without one as well as it can
 */
export async function openWorld(
  options: WorldOptions,
  { apply = false, tableFor = apply ? '--apply' : undefined }: { apply?: boolean; tableFor?: string | undefined } = {},
): Promise<World> {
  const now = readNow(options);
  const { policy, region: found } = await openPolicy(options);
  const notes: string[] = [];
  if (options.from !== undefined) {
    if (apply) throw new ConfigError('--apply and --from: what is saved in files cannot be stopped');
    notes.push(WITHOUT_TABLE);
    const fleet = await savedFleetOf(options.from);
    return {
      policy,
      now,
      notes,
      place: { account: UNKNOWN_ACCOUNT, region: found ?? 'us-east-1' },
      ports: { fleet, prices: pricesOf() },
    };
  }
  const region = insistOnRegion(found);
  const table = tableOf(options);
  if (tableFor && !table)
    throw new ConfigError(
      `${tableFor} needs a table: name one with CURFEW_TABLE or --table (\`curfew table create\` makes it)`,
    );
  const looking = { fleet: fleetOf({ region }), canvasUse: canvasUseOf({ region }), settings: settingsOf({ region }) };
  const ports: ScanPorts = { ...looking, prices: pricesOf() };
  const tabled = table ? await openTable({ region, table }, tableFor !== undefined, notes) : undefined;
  if (tabled) {
    const at = { region, table: table! };
    Object.assign(ports, {
      runs: tabled.runs,
      outbox: outboxOf(at),
      contacts: contactsOf(at),
      volumes: volumesOf(at),
      ledger: ledgerOf(at),
    });
  }
  if (!tabled) notes.push(WITHOUT_TABLE);
  const account = tabled?.place?.account ?? (tableFor ? await accountOf(region) : undefined) ?? UNKNOWN_ACCOUNT;
  const baseUrl = loadBaseUrl(process.env);
  return { policy, now, notes, ports, place: { account, region }, ...(baseUrl ? { baseUrl } : {}) };
}

const WITHOUT_TABLE =
  'No table: warnings, extensions and the agent’s evidence of use are unknown, and a run starts at its CreationTime, and nobody knows what was spent, so budgets say nothing. Whatever is over a limit shows as warn.';

async function openTable(
  at: { region: string; table: string },
  isNeeded: boolean,
  notes: string[],
): Promise<{ runs: Runs; place?: Place } | undefined> {
  const runs = runsOf(at);
  try {
    const place = await runs.place();
    if (place && place.region !== at.region)
      throw new ConfigError(`the table ${at.table} is about ${place.region}, and the region here is ${at.region}`);
    return { runs, ...(place ? { place } : {}) };
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    const why =
      error.code === 'ResourceNotFoundException' ? 'it does not exist; `curfew table create` makes it' : error.message;
    if (isNeeded || (error.kind === 'fault' && error.code !== 'ResourceNotFoundException'))
      throw new PortError(error.kind, error.code, `table ${at.table}: ${why}`, { cause: error });
    notes.push(`The table ${at.table} cannot be read: ${why}.`);
    return undefined;
  }
}

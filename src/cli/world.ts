import { PortError, type Runs } from '../application/ports.ts';
import type { ScanPorts } from '../application/scan.ts';
import { ConfigError, loadPolicy } from '../config.ts';
import type { Place } from '../domain/app.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import {
  accountOf,
  fleetOf,
  outboxOf,
  parameterReader,
  pricesOf,
  regionOfSdk,
  runsOf,
  savedFleetOf,
  volumesOf,
} from '../wiring.ts';

/** What every command that looks at a fleet takes. */
export interface WorldOptions {
  policy?: string;
  region?: string;
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
  /** What cannot be known, in whole sentences, for people. */
  notes: string[];
}

/** Where nobody tells the account: without a table it names nothing. */
const UNKNOWN_ACCOUNT = '000000000000';

/** Finds the policy, the region, the table and the account, as far as the command needs them. */
export async function openWorld(options: WorldOptions, { apply = false } = {}): Promise<World> {
  const now = options.now === undefined ? Date.now() : Date.parse(options.now);
  if (Number.isNaN(now) || (options.now !== undefined && !/^\d{4}-\d\d-\d\d/.test(options.now)))
    throw new ConfigError(`--now ${options.now}: not a time such as 2026-11-23T14:05:00Z`);
  const region = options.region ?? (await regionOfSdk());
  const policy = await loadPolicy(
    options.policy ?? (process.env.CURFEW_POLICY || 'curfew.yml'),
    parameterReader(region),
  );
  const notes: string[] = [];
  if (options.from !== undefined) {
    if (apply) throw new ConfigError('--apply and --from: what is saved in files cannot be stopped');
    notes.push(WITHOUT_TABLE);
    const fleet = await savedFleetOf(options.from);
    return {
      policy,
      now,
      notes,
      place: { account: UNKNOWN_ACCOUNT, region: region ?? 'us-east-1' },
      ports: { fleet, prices: pricesOf() },
    };
  }
  if (!region) throw new ConfigError('no region: set AWS_REGION, or name one with --region');
  const table = options.table ?? process.env.CURFEW_TABLE;
  if (apply && !table)
    throw new ConfigError(
      '--apply needs a table: name one with CURFEW_TABLE or --table (`curfew table create` makes it)',
    );
  const ports: ScanPorts = { fleet: fleetOf({ region }), prices: pricesOf() };
  const tabled = table ? await openTable({ region, table }, apply, notes) : undefined;
  const at = { region, table: table! };
  if (tabled) Object.assign(ports, { runs: tabled.runs, outbox: outboxOf(at), volumes: volumesOf(at) });
  else notes.push(WITHOUT_TABLE);
  const account = tabled?.place?.account ?? (apply ? await accountOf(region) : undefined) ?? UNKNOWN_ACCOUNT;
  return { policy, now, notes, ports, place: { account, region } };
}

const WITHOUT_TABLE =
  'No table: warnings, extensions and evidence of use are unknown, and a run starts at its CreationTime. Whatever is over a limit shows as warn.';

async function openTable(
  at: { region: string; table: string },
  apply: boolean,
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
    if (apply || (error.kind === 'fault' && error.code !== 'ResourceNotFoundException'))
      throw new PortError(error.kind, error.code, `table ${at.table}: ${why}`, { cause: error });
    notes.push(`The table ${at.table} cannot be read: ${why}.`);
    return undefined;
  }
}

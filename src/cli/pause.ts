import { takeDownAll } from '../application/backstop-sweep.ts';
import { PortError, type Runs } from '../application/ports.ts';
import { ConfigError, loadBackstop, loadPolicy } from '../config.ts';
import type { Place } from '../domain/app.ts';
import { describePause, isPaused, type Pause, pauseAfter, pauseEnd, readUntil } from '../domain/pause.ts';
import { describeInstant, type Instant } from '../domain/time.ts';
import { accountOf, backstopOf, parameterReader, regionOfSdk, runsOf } from '../wiring.ts';
import { note, style } from './print.ts';
import { whoAmI } from './who.ts';
import { insistOnRegion, readNow, type WorldOptions } from './world.ts';

export interface PauseOptions extends WorldOptions {
  until?: string;
  why?: string;
}

/** `curfew pause`: throws the kill switch. It needs the table and nothing else; where there is a backstop, also its group. @returns the exit code */
export async function pauseCommand(options: PauseOptions): Promise<number> {
  const { runs, place, table, timezone, now } = await open(options, '`pause`');
  const until = options.until === undefined ? undefined : readUntil(options.until, timezone, now);
  if (options.until !== undefined && until === undefined)
    throw new ConfigError(
      `--until ${options.until}: neither a length of time such as 4h, nor a day or a time to come within 400 days, such as 2026-12-01 or 2026-12-01T08:00 (${timezone})`,
    );
  const known = await runs.lastPause(place);
  const pause = pauseAfter(known, {
    from: now,
    by: await whoAmI(place.region),
    ...(until === undefined ? {} : { until }),
    ...(options.why === undefined ? {} : { why: options.why }),
  });
  await runs.pause(place, pause);
  if (isPaused(known, now)) note(`It was ${describeWhole(known, timezone, now)}. This replaces that.`);
  print(`Curfew is ${describePause(pause, timezone, now)}, in ${place.region} of account ${place.account} (${table}).`);
  print(
    'Nothing is stopped, and nobody is written to; runs are recorded, and people can confirm and keep apps running.',
  );
  return takeDown(runs, place);
}

/** The backstop's schedules act by themselves, whatever the table says: they are taken down. @returns the exit code */
async function takeDown(runs: Runs, place: Place): Promise<number> {
  const where = loadBackstop(process.env);
  if (!where) {
    const known = await runs.load(place).catch(() => undefined);
    const armed = known?.runs.filter(({ backstop }) => backstop).length ?? 0;
    if (armed > 0)
      note(
        `${armed === 1 ? '1 app has' : `${armed} apps have`} a backstop. The next scan takes it down; if none comes, set CURFEW_BACKSTOP_GROUP (the stack’s output BackstopGroup) and pause again.`,
      );
    return 0;
  }
  const taken = await takeDownAll(backstopOf(place, where)).catch((error: unknown) => {
    if (!(error instanceof PortError)) throw error;
    note(`Of the backstop nothing was taken down: ${error.message}. Scans take it down too, while they live.`);
  });
  if (!taken) return 1;
  const { removed, remain, faults } = taken;
  if (removed > 0 || remain > 0)
    print(
      `Of the backstop, ${removed === 1 ? '1 schedule was' : `${removed} schedules were`} taken down, and ${remain} ${remain === 1 ? 'remains' : 'remain'}.`,
    );
  for (const fault of faults.slice(0, MOST_FAULTS)) note(fault);
  if (remain > 0) note('Pause again: it goes on with what remains.');
  return remain > 0 ? 1 : 0;
}

const MOST_FAULTS = 5;

/** `curfew resume`: takes the kill switch back. @returns the exit code */
export async function resumeCommand(options: WorldOptions): Promise<number> {
  const { runs, place, timezone, now } = await open(options, '`resume`');
  const known = await runs.lastPause(place);
  if (!isPaused(known, now)) {
    const ended = known ? `: the last pause ended ${describeInstant(pauseEnd(known), timezone, now)}` : '';
    print(`Curfew is not paused${ended}.`);
    return 0;
  }
  if (!(await runs.resume(place, known, now))) {
    note('curfew: the pause was changed by somebody else at this moment; try again');
    return 1;
  }
  print(
    `Curfew goes on, in ${place.region} of account ${place.account}. It was ${describeWhole(known, timezone, now)}.`,
  );
  print('Warnings from before count no more: what is over its limit is warned anew, and has its whole grace.');
  return 0;
}

/** Says that Curfew is paused, by whom, until when and why, where it is. */
export function tellPause(pause: Pause | undefined, timezone: string, now: Instant): void {
  if (!isPaused(pause, now)) return;
  note(
    style('yellow', `Curfew is ${describeWhole(pause, timezone, now)}. Nothing is stopped, and nobody is written to.`),
  );
}

/** A pause that holds, for `--json`; undefined where none does. */
export function pauseToJson(pause: Pause | undefined, now: Instant): object | undefined {
  if (!isPaused(pause, now)) return undefined;
  const { from, until, by, why } = pause;
  const iso = (instant: Instant) => new Date(instant).toISOString();
  return { from: iso(from), until: until === undefined ? null : iso(until), by, why: why ?? null };
}

function describeWhole(pause: Pause, timezone: string, now: Instant): string {
  const { from, by, why } = pause;
  const since = describeInstant(from, timezone, now);
  return `${describePause(pause, timezone, now)}, since ${since}, by ${by}${why === undefined ? '' : `: ${why}`}`;
}

async function open(
  options: WorldOptions,
  command: string,
): Promise<{ runs: Runs; place: Place; table: string; timezone: string; now: Instant }> {
  const now = readNow(options);
  const region = insistOnRegion(options.region ?? (await regionOfSdk()));
  const table = options.table ?? process.env.CURFEW_TABLE;
  if (!table)
    throw new ConfigError(`${command} needs the table of the deployment: name it with CURFEW_TABLE or --table`);
  const runs = runsOf({ region, table });
  const found = await runs.place().catch((error: unknown) => {
    // Whoever may write one item may still throw the switch.
    if (error instanceof PortError && error.kind === 'denied') return undefined;
    if (error instanceof PortError && error.code === 'ResourceNotFoundException')
      throw new PortError(error.kind, error.code, `there is no table ${table} in ${region}`, { cause: error });
    throw error;
  });
  if (found && found.region !== region)
    throw new ConfigError(`the table ${table} is about ${found.region}, and the region here is ${region}`);
  const account = found?.account ?? (await accountOf(region));
  if (account === undefined)
    throw new ConfigError('nobody tells the account: neither the table, which is empty, nor STS, nor a Studio domain');
  return { runs, place: { account, region }, table, timezone: await timezoneOf(options, region), now };
}

/** The policy's zone. A broken policy must not keep anybody from the kill switch: then times are UTC. */
async function timezoneOf({ policy, until }: PauseOptions, region: string): Promise<string> {
  const source = policy ?? (process.env.CURFEW_POLICY || 'curfew.yml');
  try {
    return (await loadPolicy(source, parameterReader(region))).timezone;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (until !== undefined) note(`Times are UTC: the policy ${source} cannot be read, or has faults.`);
    return 'UTC';
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

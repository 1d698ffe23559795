import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createTable } from '../src/adapters/dynamodb/table.ts';
import { NOW } from './lab.ts';
import type { Measured } from './measured.ts';
import { median } from './numbers.ts';
import { measure, startWorld } from './processes.ts';

/** The bundles that the measurements run. */
export interface Jobs {
  runner: string;
  scan: string;
  listing: string;
  handler: string;
  policy: string;
}

export type Counts = Record<string, number>;

/** What came of one world. */
export interface WorldResult {
  apps: number;
  least: Counts;
  /** Calls of the first and of the second scan, by `service Action`. */
  calls: { first: Counts; second: Counts };
  /** At no latency where `isSeeded`: the record had to be filled. */
  first: Measured;
  isSeeded: boolean;
  /** Medians of the first calls of fresh processes. */
  cold: Times;
  /** Medians of later calls; absent where each process made only one. */
  warm?: Times;
  /** Processes of each kind, and calls in each. */
  rounds: number;
  callsInEach: number;
  /** The highest. */
  peakBytes: number;
  restBytes: number;
  faults: string[];
}

/** Wall times and processor time in milliseconds: of the bare listing, that with the table's pages, and the quiet scan. */
export interface Times {
  listing: number;
  withTable: number;
  scan: number;
  listingCpu: number;
  scanCpu: number;
}

/** Above this, the first scan's writes at the full latency would take longer than the rest of the bench. */
const MOST_WRITTEN_SLOWLY = 10_000;

const TABLE = 'curfew-bench';

/**
 * Measures one world: the first scan, which records everything, then rounds of bare listing, bare listing with the table
 * read, and quiet scan. SageMaker and the table are two processes, since the table's engine works far longer on a page
 * than DynamoDB would, and would hold up the listing's answers.
 */
export async function measureWorld(
  apps: number,
  latency: number,
  repeats: { rounds: number; callsInEach: number },
  jobs: Jobs,
): Promise<WorldResult> {
  const { rounds, callsInEach } = repeats;
  const [studio, tables] = await Promise.all([startWorld(apps), startWorld(0)]);
  try {
    const env = {
      ...studio.env,
      AWS_ENDPOINT_URL_DYNAMODB: tables.env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
      CURFEW_TABLE: TABLE,
      CURFEW_POLICY: jobs.policy,
      BENCH_HANDLER: jobs.handler,
    };
    await makeTable(env);
    const scanAt = (time: number, calls: number) =>
      measure({ runner: jobs.runner, job: jobs.scan }, { ...env, BENCH_TIME: new Date(time).toISOString() }, calls);
    const list = (more: Record<string, string> = {}) =>
      measure({ runner: jobs.runner, job: jobs.listing }, { ...env, ...more }, callsInEach);
    const counts = async () => ({ ...(await studio.counts()), ...(await tables.counts()) });
    const setLatency = (ms: number) => Promise.all([studio.latency(ms), tables.latency(ms)]);

    const isSeeded = apps > MOST_WRITTEN_SLOWLY;
    await setLatency(isSeeded ? 0 : latency);
    await counts();
    const first = await scanAt(NOW, 1);
    const firstCalls = await counts();
    await setLatency(latency);
    const done: Round[] = [];
    let secondCalls: Counts = {};
    for (let round = 0; round < rounds; round++) {
      const listing = await list();
      const withTable = await list({ BENCH_TABLE_TOO: 'yes' });
      await counts();
      // Nothing is due before the hour of the first limit: every scan from now on is a quiet one.
      const scan = await scanAt(NOW + 60_000, callsInEach);
      if (round === 0) secondCalls = await counts();
      done.push({ listing, withTable, scan });
    }
    const scans = done.map(({ scan }) => scan);
    const result = {
      apps,
      least: { ...studio.least },
      calls: { first: firstCalls, second: perCall(secondCalls, callsInEach) },
      first,
      isSeeded,
      rounds,
      callsInEach,
      cold: timesOf(done, (calls) => calls.slice(0, 1)),
      ...(callsInEach > 1 ? { warm: timesOf(done, (calls) => calls.slice(1)) } : {}),
      peakBytes: Math.max(...scans.map(({ peakBytes }) => peakBytes)),
      restBytes: median(scans.map(({ restBytes }) => restBytes)),
    };
    return { ...result, faults: faultsOf(result) };
  } finally {
    studio.end();
    tables.end();
  }
}

/** Of one of several calls that were counted together: a part of a call shows that they were not alike. */
function perCall(counts: Counts, calls: number): Counts {
  return Object.fromEntries(Object.entries(counts).map(([key, count]) => [key, count / calls]));
}

type Round = Record<'listing' | 'withTable' | 'scan', Measured>;

function timesOf(rounds: Round[], which: (calls: Measured['calls']) => Measured['calls']): Times {
  const of = (job: keyof Round) => rounds.flatMap((round) => which(round[job].calls));
  const ms = (job: keyof Round) => median(of(job).map((call) => call.ms));
  const cpu = (job: keyof Round) => median(of(job).map((call) => call.cpuMs));
  return {
    listing: ms('listing'),
    withTable: ms('withTable'),
    scan: ms('scan'),
    listingCpu: cpu('listing'),
    scanCpu: cpu('scan'),
  };
}

async function makeTable(env: Record<string, string>): Promise<void> {
  const client = new DynamoDBClient({
    region: env.AWS_REGION ?? '',
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  });
  await createTable(client, TABLE);
  client.destroy();
}

const WRITES = /^dynamodb (Put|Update|Delete|BatchWrite|Transact)/;

/** Calls of DynamoDB in a scan: reads, and writes. */
export function tableCalls(calls: Counts): { reads: number; writes: number } {
  const entries = Object.entries(calls).filter(([key]) => key.startsWith('dynamodb '));
  const sum = (isWrite: boolean) =>
    entries.filter(([key]) => WRITES.test(key) === isWrite).reduce((total, [, count]) => total + count, 0);
  return { reads: sum(false), writes: sum(true) };
}

/** What must hold, whatever the machine: the least calls in both scans, and a second scan that writes nothing. */
export function faultsOf({ apps, least, calls }: Pick<WorldResult, 'apps' | 'least' | 'calls'>): string[] {
  const faults: string[] = [];
  for (const [scan, made] of Object.entries(calls)) {
    const others = Object.entries(made).filter(([key]) => !key.startsWith('dynamodb '));
    for (const key of new Set([...Object.keys(least), ...others.map(([name]) => name)])) {
      const [wanted, got] = [least[key] ?? 0, made[key] ?? 0];
      if (wanted !== got) faults.push(`${apps} apps, ${scan} scan: ${got} calls of ${key}, the least is ${wanted}`);
    }
  }
  const { writes } = tableCalls(calls.second);
  if (writes > 0) faults.push(`${apps} apps: the second scan wrote ${writes} times`);
  if (tableCalls(calls.first).writes < apps / 2) faults.push(`${apps} apps: the first scan recorded hardly anything`);
  return faults;
}

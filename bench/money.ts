import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DAY, MINUTE } from '../src/domain/time.ts';
import { POLICY } from './lab.ts';
import type { Measured } from './measured.ts';
import { BACKSTOP, BUDGETS, DEADLINES, MONTH_NOW, RUNS_EACH, TABLE } from './month.ts';
import { median } from './numbers.ts';
import { measure, startWorld } from './processes.ts';
import { measureWeekly, type WeeklyResult, weeklyFaults } from './weekly.ts';
import type { BillReads } from './world.ts';
import { tableCalls } from './worlds.ts';

/** What a month of money costs to reckon. */
export interface MoneyResult {
  owners: number;
  runs: number;
  /** Medians of quiet scans, in milliseconds: with budgets and guardrails in the policy, and without. */
  scanMs: number;
  plainMs: number;
  /** Of the quiet scan: at its peak, and at rest; in bytes. */
  peakBytes: number;
  restBytes: number;
  /** Reads of the table in one quiet scan, with and without. */
  reads: { scan: number; plain: number };
  /** Calls of EventBridge Scheduler: in the scan that first saw the month, for so many running apps, and in one quiet scan. */
  backstop: { running: number; first: number; quiet: number };
  /** The first closing of the books, all of the month at once, and that of the next day. */
  first: Closing;
  daily: Closing;
  /** The reports of the last week, one an owner. */
  weekly: WeeklyResult;
  faults: string[];
}

/** One closing of the books. */
export interface Closing {
  ms: number;
  peakBytes: number;
  reads: number;
  writes: number;
  bill: BillReads;
}

const SCANS = 4;

/** The bundles that the measurements run. */
export interface MoneyJobs {
  runner: string;
  job: string;
  /** Where the handlers lie, and a folder for policies. */
  handlers: string;
  folder: string;
}

/** Measures the scan and the daily closing over a month of so many owners, in processes of their own. */
export async function measureMoney(owners: number, jobs: MoneyJobs): Promise<MoneyResult> {
  const world = await startWorld(0, owners);
  try {
    const [plain, budgets] = ['plain.yml', 'budgets.yml'].map((name) => join(jobs.folder, name)) as [string, string];
    await Promise.all([writeFile(plain, POLICY + DEADLINES), writeFile(budgets, POLICY + BUDGETS + DEADLINES)]);
    const call = (handler: string, policy: string, at: number, calls = 1) =>
      measure(
        { runner: jobs.runner, job: jobs.job },
        {
          ...world.env,
          ...BACKSTOP,
          CURFEW_TABLE: TABLE,
          CURFEW_POLICY: policy,
          BENCH_HANDLER: pathToFileURL(join(jobs.handlers, `${handler}.mjs`)).href,
          BENCH_TIME: new Date(at).toISOString(),
        },
        calls,
      );
    const close = async (at: number): Promise<Closing> => {
      await world.clock(at);
      await world.usage();
      const { calls, peakBytes } = await call('spend', budgets, at);
      const { counts, bill } = await world.usage();
      return { ms: calls[0]!.ms, peakBytes, ...tableCalls(counts), bill };
    };
    // What a first scan records: volumes, contacts.
    await world.usage();
    await call('scan', budgets, MONTH_NOW);
    const armed = schedulerCalls((await world.usage()).counts);
    const first = await close(MONTH_NOW + MINUTE);
    const quiet = async (policy: string) => {
      await world.usage();
      const measured = await call('scan', policy, MONTH_NOW + 2 * MINUTE, SCANS);
      return { measured, counts: (await world.usage()).counts };
    };
    const without = await quiet(plain);
    const scan = await quiet(budgets);
    const daily = await close(MONTH_NOW + DAY);
    const weekly = await measureWeekly(world, owners, jobs);
    const reads = { scan: tableCalls(scan.counts).reads / SCANS, plain: tableCalls(without.counts).reads / SCANS };
    const { peakBytes, restBytes } = scan.measured;
    const backstop = { running: Math.ceil(owners / 20), first: armed, quiet: schedulerCalls(scan.counts) / SCANS };
    const times = { scanMs: warm(scan.measured), plainMs: warm(without.measured) };
    const result = {
      owners,
      runs: owners * RUNS_EACH,
      ...times,
      peakBytes,
      restBytes,
      reads,
      backstop,
      first,
      daily,
      weekly,
    };
    return { ...result, faults: [...moneyFaults(result, tableCalls(scan.counts).writes), ...weeklyFaults(weekly)] };
  } finally {
    world.end();
  }
}

function schedulerCalls(counts: Record<string, number>): number {
  const ours = Object.entries(counts).filter(([key]) => key.startsWith('scheduler '));
  return ours.reduce((sum, [, count]) => sum + count, 0);
}

/** Of the calls after the first, which meets cold code. */
function warm({ calls }: Measured): number {
  return median(calls.slice(1).map(({ ms }) => ms));
}

/** Open days that a scan reads of ended runs, at the most: three that are not closed, and today. */
const OPEN_DAYS = 4;
/** Bytes of an ended run in the table, at the most, and on a page of a query. */
const RUN_BYTES = 700;
const PAGE_BYTES = 2 ** 20;

/**
 * What must hold on any machine: budgets add the pages of the open days to a scan and nothing for an owner, a quiet scan
 * writes nothing and asks Scheduler nothing, and the bill is read in twice as many requests as it has full pages.
 */
export function moneyFaults(
  { owners, reads, backstop, first, daily }: Pick<MoneyResult, 'owners' | 'reads' | 'backstop' | 'first' | 'daily'>,
  writes: number,
): string[] {
  const faults: string[] = [];
  const perDay = Math.ceil((owners * RUNS_EACH * RUN_BYTES) / 28 / PAGE_BYTES);
  // Of volumes one query a month; of owners' sums what lies beside the runs.
  const most = OPEN_DAYS * perDay + 2;
  const more = reads.scan - reads.plain;
  if (more > most) faults.push(`${owners} owners: budgets add ${more} reads to a scan, the most is ${most}`);
  if (writes > 0) faults.push(`${owners} owners: quiet scans with budgets wrote ${writes} times`);
  const { running, first: armed, quiet } = backstop;
  if (quiet > 0) faults.push(`${owners} owners: a quiet scan called Scheduler ${quiet} times`);
  if (armed !== running) faults.push(`${owners} owners: ${armed} calls of Scheduler for ${running} apps that ran`);
  for (const [name, { bill }] of Object.entries({ first, daily })) {
    if (bill.queries !== 2)
      faults.push(`${owners} owners, ${name} closing: ${bill.queries} queries of the bill, not 2`);
    if (bill.pages !== bill.least)
      faults.push(`${owners} owners, ${name} closing: ${bill.pages} pages of the bill, the least is ${bill.least}`);
  }
  return faults;
}

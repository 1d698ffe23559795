import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { toItem } from '../src/adapters/dynamodb/items.ts';
import { placeKey } from '../src/domain/app.ts';
import { newContact } from '../src/domain/contact.ts';
import { DAY, MINUTE } from '../src/domain/time.ts';
import { POLICY } from './lab.ts';
import type { MoneyJobs } from './money.ts';
import { BUDGETS, MONTH_NOW, ownerOf, TABLE } from './month.ts';
import { measure, type World } from './processes.ts';
import { tableCalls } from './worlds.ts';

/** What the reports of a week cost, one for each of so many owners. */
export interface WeeklyResult {
  owners: number;
  owed: number;
  ms: number;
  peakBytes: number;
  /** Calls that read the table, for all reports together. */
  reads: number;
  writes: number;
  /** Requests of Cost Explorer. */
  requests: number;
  /** A quarter of an hour in which none is due any more. */
  idle: { reads: number; writes: number };
}

const PLACE = { account: '111122223333', region: 'us-east-1' };

/** Measures the week's reports, in a process of their own, in a month's world whose owners have all confirmed. */
export async function measureWeekly(world: World, owners: number, jobs: MoneyJobs): Promise<WeeklyResult> {
  await confirmAll(world, owners);
  const policy = join(jobs.folder, 'weekly.yml');
  await writeFile(policy, `${POLICY.replace('report: {', 'report: { weekly: "MON 08:00",')}${BUDGETS}`);
  const call = (at: number) =>
    measure(
      { runner: jobs.runner, job: jobs.job },
      {
        ...world.env,
        CURFEW_TABLE: TABLE,
        CURFEW_POLICY: policy,
        BENCH_HANDLER: pathToFileURL(join(jobs.handlers, 'weekly-report.mjs')).href,
        BENCH_TIME: new Date(at).toISOString(),
      },
      1,
    );
  await world.usage();
  const { calls, peakBytes, answer } = await call(MONTH_NOW + 2 * MINUTE);
  const { counts, bill } = await world.usage();
  await call(MONTH_NOW + 17 * MINUTE);
  const idle = tableCalls((await world.usage()).counts);
  const { owed } = answer as { owed: number };
  return { owners, owed, ms: calls[0]!.ms, peakBytes, ...tableCalls(counts), requests: bill.pages, idle };
}

/** Puts a contact on record for every owner. */
async function confirmAll({ env }: World, owners: number): Promise<void> {
  const client = new DynamoDBClient({
    region: env.AWS_REGION!,
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB!,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const items = Array.from({ length: owners }, (_, i) => {
    const { domainId, name } = ownerOf(i);
    const contact = newContact(PLACE, `${name}@example.org`, MONTH_NOW - 30 * DAY);
    const confirmed = { ...contact, consent: 'confirmed', owners: [`${domainId}/${name}`] };
    return toItem({ pk: `contacts#${placeKey(PLACE)}`, sk: contact.address, ...confirmed });
  });
  while (items.length > 0) {
    const batch = items.splice(-25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: batch } }));
  }
  client.destroy();
}

/** Queries of one round that do not depend on how many reports there are: days and months of the record, and what is small. */
const MOST_FIXED = 80;
/** Pages of 1 MB that a round reads for each owner, at the most: five weeks of the books, a week of runs, a contact. */
const PAGES_EACH = 0.03;

/** What must hold on any machine: no query for a report, one write for each, and no request of Cost Explorer. */
export function weeklyFaults({ owners, owed, reads, writes, requests, idle }: WeeklyResult): string[] {
  const faults: string[] = [];
  const most = MOST_FIXED + Math.ceil(owners * PAGES_EACH);
  if (owed < owners * 0.5) faults.push(`${owners} owners: only ${owed} reports`);
  if (reads > most)
    faults.push(`${owners} owners: ${reads} reads of the table for ${owed} reports, the most is ${most}`);
  if (writes > owed + 1) faults.push(`${owners} owners: ${writes} writes for ${owed} reports`);
  if (requests > 0) faults.push(`${owners} owners: ${requests} requests of Cost Explorer for reports`);
  if (idle.reads !== 1 || idle.writes !== 0)
    faults.push(`a quarter of an hour without reports reads ${idle.reads} times, and writes ${idle.writes}`);
  return faults;
}

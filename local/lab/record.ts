import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { readRun } from '../../src/adapters/dynamodb/items.ts';
import { runId } from '../../src/application/tell.ts';
import { appKey } from '../../src/domain/app.ts';
import type { Run } from '../../src/domain/run.ts';
import { MINUTE } from '../../src/domain/time.ts';
import type { EmbeddedAws } from '../aws/index.ts';
import type { LabRun } from './ledger.ts';

/** How far off a recorded start or end may be: events get lost, and then a scan that AWS lets look has to find it. */
export const TOLERANCE = 35 * MINUTE;

/** Every run that Curfew has on record, the ended ones included. */
export async function recordedRuns(region: string, table: string): Promise<Run[]> {
  const runs: Run[] = [];
  const client = new DynamoDBClient({ region });
  for await (const page of paginateScan({ client }, { TableName: table })) {
    for (const item of page.Items ?? [])
      if (item.startedAt !== undefined && item.version !== undefined) runs.push(readRun(item));
  }
  client.destroy();
  return joined(runs.sort((a, b) => a.startedAt - b.startedAt || (runId(a) < runId(b) ? -1 : 1)));
}

/**
 * A late CreateApp event puts the first minutes of a run on record beside what a scan has begun since: two stretches that
 * touch, and one bill.
 */
function joined(runs: Run[]): Run[] {
  const isHead = (run: Run) =>
    run.endedAt !== undefined &&
    run.endedAt - run.startedAt <= 10 * MINUTE &&
    runs.some((next) => next.startedAt === run.endedAt && appKey(next.app) === appKey(run.app));
  return runs.filter((run) => !isHead(run));
}

/** What is on record and never was, or ended at another time: each is somebody's wrong bill. */
export function errorsOfRecord(recorded: Run[], runs: LabRun[], aws: EmbeddedAws): string[] {
  const truths = Map.groupBy(runs, ({ app }) => app.arn);
  const taken = new Set<LabRun>();
  return recorded.flatMap((run) => {
    const truth = (truths.get(aws.studio.arn.app(run.app as never)) ?? []).find(
      (one) => !taken.has(one) && Math.abs(one.startedAt - run.startedAt) <= TOLERANCE,
    );
    if (truth === undefined) return [`${runId(run)}: no such run`];
    taken.add(truth);
    const end = run.endedAt ?? Number.POSITIVE_INFINITY;
    const trueEnd = truth.endedAt ?? Number.POSITIVE_INFINITY;
    if (end === trueEnd || Math.abs(end - trueEnd) <= TOLERANCE || isRecent(aws, trueEnd)) return [];
    return [`${runId(run)}: ended ${said(trueEnd)}, recorded ${said(end)}`];
  });
}

/** What ended just before the lab did may not be known yet. */
function isRecent(aws: EmbeddedAws, end: number): boolean {
  return end > aws.studio.now() - TOLERANCE;
}

function said(instant: number): string {
  return instant === Number.POSITIVE_INFINITY ? 'never' : new Date(instant).toISOString();
}

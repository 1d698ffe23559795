import { startEmbeddedAws } from '../local/aws/index.ts';
import { fillLab, type LeastCalls, NOW } from './lab.ts';
import { BACKSTOP, fillMonth, MONTH_NOW } from './month.ts';

/** What the bench may ask of a world's process. */
export type Ask = { ask: 'latency'; ms: number } | { ask: 'counts' } | { ask: 'clock'; now: number };

/** What was asked of the embedded Cost Explorer: `queries` are calls for a first page, `groups` the rows of their answers. */
export interface BillReads {
  queries: number;
  pages: number;
  /** The fewest pages that hold the rows. */
  least: number;
}

/** What it answers: `ready` at the start, `counts` since they were last asked for. */
export type Told =
  | { told: 'ready'; env: Record<string, string>; least: LeastCalls; tookMs: number }
  | { told: 'counts'; counts: Record<string, number>; units: { read: number; write: number }; bill: BillReads }
  | { told: 'done' };

/** A world in a process of its own, so that neither its memory nor its work counts as the scanner's. */
const [apps = 0, owners = 0] = process.argv.slice(2).map(Number);
const clock = { now: owners > 0 ? MONTH_NOW : NOW };
const started = performance.now();
const aws = await startEmbeddedAws({ now: () => clock.now });
const least = fillLab(aws.studio, apps, clock);
if (owners > 0) await fillMonth(aws, owners, clock);
aws.scheduler.createGroup(BACKSTOP.CURFEW_BACKSTOP_GROUP);
aws.calls.reset();
aws.capacity.isCounted = owners > 0;
let groups: number[] = [];
let pages = 0;
aws.costExplorer.tamper = (answer, { NextPageToken: token }) => {
  const count = answer.ResultsByTime.reduce((sum: number, day: { Groups: unknown[] }) => sum + day.Groups.length, 0);
  if (token === undefined || token === null) groups.push(0);
  groups[groups.length - 1]! += count;
  pages += 1;
  return answer;
};
const tell = (told: Told) => process.send?.(told);

process.on('message', (ask: Ask) => {
  if (ask.ask === 'counts') {
    const { read, write } = aws.capacity;
    const least = groups.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / aws.costExplorer.pageSize)), 0);
    const bill = { queries: groups.length, pages, least };
    tell({ told: 'counts', counts: aws.calls.counts(), units: { read, write }, bill });
    aws.calls.reset();
    Object.assign(aws.capacity, { read: 0, write: 0 });
    [groups, pages] = [[], 0];
    return;
  }
  if (ask.ask === 'latency') aws.latency = ask.ms;
  else clock.now = ask.now;
  tell({ told: 'done' });
});
process.on('disconnect', () => process.exit(0));
tell({ told: 'ready', env: aws.env, least, tookMs: performance.now() - started });

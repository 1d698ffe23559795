import { FREE, PRICES, PRICES_AS_OF } from '../src/domain/aws-prices.ts';
import type { Closing, MoneyResult } from './money.ts';
import { megabytes, table, time, whole } from './numbers.ts';
import { type BillItem, costOf, MONTH } from './own-bill.ts';

/** What money takes to reckon, and Curfew's own bills. */
export interface Money {
  month: MoneyResult;
  bills: { users: number; items: BillItem[] }[];
}

/** Prints what a month of money takes, and what Curfew costs. */
export function printMoney({ month, bills }: Money, latency: number): void {
  const { owners, runs, scanMs, plainMs, peakBytes, restBytes, reads, first, daily, weekly } = month;
  console.log(
    table(
      `Money: ${whole(owners)} owners, ${whole(runs)} runs in the month`,
      ['', 'time', 'to a scan without', 'peak memory', 'table reads', 'writes', 'pages of the bill', 'for'],
      [
        ['quiet scan without budgets', time(plainMs), '1.00', '', whole(reads.plain), '0', '', ''],
        scanRow(scanMs / plainMs, [time(scanMs), megabytes(peakBytes), whole(reads.scan)]),
        closingRow('closing the month at once', first, plainMs),
        closingRow('closing a day', daily, plainMs),
        [
          `${whole(weekly.owed)} reports of a week`,
          ...[time(weekly.ms), (weekly.ms / plainMs).toFixed(1), megabytes(weekly.peakBytes)],
          ...[whole(weekly.reads), whole(weekly.writes), whole(weekly.requests), usd(weekly.requests * 0.01)],
        ],
      ],
    ),
  );
  console.log(
    `The embedded AWS answers at 0 ms a call here. A scan rests at ${megabytes(restBytes)}. Of the bill, each page costs $0.01.`,
  );
  printBackstop(month);
  for (const { users, items } of bills) printBill(users, items);
  console.log(`
Prices of us-east-1 of ${PRICES_AS_OF}: src/domain/aws-prices.ts. Calls, request units, log lines and processor time are counted on the
bundled handlers, at ${latency} ms a call; a function of 1,024 MB has 0.58 of a processor. Assumed, for each user and month: ${MONTH.runs} runs of
${MONTH.hoursEach} hours, ${MONTH.heartbeatsAnHour} heartbeats an hour, ${MONTH.mails} mails, ${MONTH.clicks} clicks; bench/own-bill.ts has all of it. Always free, for the
whole account: ${whole(FREE.lambdaGbSeconds)} GB-s, ${FREE.metrics} metrics, ${FREE.alarmMetrics} alarms, ${FREE.dashboards} dashboards, ${FREE.logsGb} GB of logs, 25 GB of table.`);
}

/** Calls of a run's life, as `npm start -- --days 4` prints them: made, taken down, and seldom moved, by two calls. */
const CALLS_OF_A_LIFE = 2.1;
/** Of the table: two for each time that it is made or moved, and one where the run is over. */
const WRITES_OF_A_LIFE = 3.1;
/** Default quotas (EventBridge Scheduler user guide, "Quotas", November 2026): the small regions grant 250 calls a second, the large 5,000. */
const LEAST_RATE = 250;
const MOST_SCHEDULES = 10_000_000;
const SECONDS = 720 * 3600;

/** Prints what the backstop asks of AWS, and what that costs. */
function printBackstop({ owners, backstop }: MoneyResult): void {
  const { running, first, quiet } = backstop;
  console.log(
    table(
      'Backstop: calls of EventBridge Scheduler',
      ['', 'calls'],
      [
        [`first scan of ${whole(owners)} owners, ${whole(running)} apps running`, whole(first)],
        ['quiet scan', whole(quiet)],
      ],
    ),
  );
  console.log(
    table(
      'Backstop: a month at AWS',
      ['runs a month', 'calls', 'of the least rate', 'of all schedules', 'table writes', 'cost'],
      [1_000, 100_000].map((runs) => {
        const calls = runs * CALLS_OF_A_LIFE;
        const share = (part: number) => `${(part * 100).toFixed(4)} %`;
        // AWS charges for what fires: all of it, were Curfew dead all month.
        const cost = runs * PRICES.schedulerInvocation + runs * WRITES_OF_A_LIFE * PRICES.dynamodbWrite;
        return [
          ...[whole(runs), whole(calls), share(calls / SECONDS / LEAST_RATE), share(runs / MOST_SCHEDULES)],
          ...[whole(runs * WRITES_OF_A_LIFE), usd(cost)],
        ];
      }),
    ),
  );
  console.log(
    'Making, moving and taking down a schedule is free; an invocation costs $1 a million. The cost above has every run stopped by it.',
  );
}

function scanRow(ratio: number, [ms, peak, reads]: [string, string, string]): string[] {
  return ['quiet scan with budgets', ms, ratio.toFixed(2), peak, reads, '0', '', ''];
}

function closingRow(name: string, { ms, peakBytes, reads, writes, bill }: Closing, plainMs: number): string[] {
  const cells = [time(ms), (ms / plainMs).toFixed(1), megabytes(peakBytes), whole(reads), whole(writes)];
  return [name, ...cells, whole(bill.pages), usd(bill.pages * 0.01)];
}

function printBill(users: number, items: BillItem[]): void {
  const row = (name: string, some: BillItem[], use: string) => [
    name,
    use,
    usd(costOf(some, false)),
    usd(costOf(some, true)),
  ];
  console.log(
    table(
      `Curfew's own AWS bill of a month, ${whole(users)} users`,
      ['', 'use', 'at list price', 'beyond always free'],
      [
        ...items.map((item) => row(item.what, [item], `${amountOf(item.amount)} ${item.unit}`.trim())),
        row('in all', items, ''),
      ],
    ),
  );
}

function amountOf(amount: number): string {
  return amount >= 100 ? whole(amount) : String(Number(amount.toFixed(2)));
}

function usd(amount: number): string {
  return `$${amount.toFixed(amount > 0 && amount < 0.1 ? 4 : 2)}`;
}

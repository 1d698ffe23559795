import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { FREE, PRICES } from '../src/domain/aws-prices.ts';
import { METRICS } from '../src/handlers/metrics.ts';
import type { OwnUse, Use } from './own-use.ts';

/** What people do in a month, for each user; and what a deployment does anyway. */
export const MONTH = {
  hours: 720,
  /** A working day is one run of six hours. Its agent is heard every ten minutes, and twice an hour of use after a quiet time. */
  runs: 22,
  hoursEach: 6,
  heartbeatsAnHour: 8,
  /** Warnings, stops, reports, budgets; and the digests of two admins. */
  mails: 10,
  digests: 60,
  clicks: 2,
  /** Of app-hours, those of Canvas, whose metric is read at each scan. */
  canvas: 0.02,
  scans: 8_640,
  /** Each minute, and after each scan. */
  rounds: 43_200 + 8_640,
  closings: 30,
  /** Quarters of an hour, in each of which reports may be due; in one a week they are, which takes about what a closing does. */
  quarters: 2_880,
  /**
   * DynamoDB asks KMS for the table's key anew for each role that comes after five idle minutes (its developer guide, "Encryption at
   * rest"): at most so often for scans, rounds of mail, heartbeats and the quarters.
   */
  keyed: 3 * 8_640 + 2_880,
  weeks: 4.35,
  /** Hours in which any mail is owed. */
  mailHours: 220,
  /** How long a run and a notice are kept, in months, and how large they are, in bytes. */
  kept: 13,
  itemBytes: 1_024,
} as const;

/** Megabytes that each function is given, and those that buy a whole processor (docs.aws.amazon.com/lambda, "Memory"). */
const MEMORY = 1_024;
const MEMORY_OF_A_PROCESSOR = 1_769;
/** How long Lambda starts an environment, in milliseconds; it bills that. Functions that are seldom called begin so each time. */
const INIT = 600;
const COLD: Partial<Record<string, number>> = { spend: 1, links: 1, 'mail-feedback': 1, 'studio-event': 0.5 };

/** A line of the bill: so much of something, what of it AWS gives for nothing, and what it costs. */
export interface BillItem {
  what: string;
  amount: number;
  unit: string;
  price: number;
  free: number;
}

/** What is charged for being there, as the stack has it. */
export interface Standing {
  alarmMetrics: number;
  dashboards: number;
}

interface Resource {
  Type: string;
  Properties: { Metrics?: { MetricStat?: object }[] };
}

/** Counts in the stack what is charged for being there. */
export async function readStanding(folder: URL): Promise<Standing> {
  const read = async (name: string) => {
    const text = await readFile(new URL(name, folder), 'utf8');
    return Object.values(parse(text, { logLevel: 'silent' }).Resources) as Resource[];
  };
  const resources = (await Promise.all(['alarms.yml', 'dashboard.yml'].map(read))).flat();
  const of = (type: string) => resources.filter(({ Type }) => Type === type);
  // An alarm on an expression is charged for each metric in it.
  const alarmMetrics = of('AWS::CloudWatch::Alarm').map(
    ({ Properties: { Metrics = [{ MetricStat: {} }] } }) =>
      Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length,
  );
  return {
    alarmMetrics: alarmMetrics.reduce((sum, count) => sum + count, 0),
    dashboards: of('AWS::CloudWatch::Dashboard').length,
  };
}

/** Curfew's own bill of a month, line by line. */
export function ownBill({ users, calls, requests }: OwnUse, standing: Standing): BillItem[] {
  const appHours = users * MONTH.runs * MONTH.hoursEach;
  const mails = users * MONTH.mails + MONTH.digests;
  const heartbeats = appHours * MONTH.heartbeatsAnHour;
  const made: [name: string, count: number, use: Use][] = [
    ['scan', MONTH.scans, calls.scan],
    ['spend', MONTH.closings, calls.spend],
    ['weekly-report', MONTH.quarters, calls['weekly-report']],
    ['weekly-report', MONTH.weeks, calls.spend],
    ['deliver', MONTH.rounds, calls.deliver],
    ['studio-event', users * MONTH.runs * 2, calls['studio-event']],
    ['activity-event', heartbeats, calls['activity-event']],
    ['mail-feedback', mails, calls['mail-feedback']],
    // A click opens a page and presses its button; each is about what an event of Studio takes.
    ['links', users * MONTH.clicks * 2, calls['studio-event']],
  ];
  // Mails are sent within rounds that are counted above.
  const all = (pick: (use: Use) => number) =>
    made.reduce((sum, [, count, use]) => sum + count * pick(use), mails * pick(calls.mail));
  const colds = made.reduce((sum, [name, count]) => sum + count * (COLD[name] ?? 0), 0);
  const duration = all(({ cpuMs, waitMs }) => waitMs + (cpuMs * MEMORY_OF_A_PROCESSOR) / MEMORY) + colds * INIT;
  // What Lambda itself writes of each call.
  const logged = all(({ loggedBytes }) => loggedBytes) + made.reduce((sum, [, count]) => sum + count * 350, 0);
  const items = (users * MONTH.runs + mails) * MONTH.kept * MONTH.itemBytes;
  const gb = 2 ** 30;
  // CloudWatch charges a metric by the hour in which it is told.
  // A stop owes a mail.
  const ofMail = MONTH.mailHours / MONTH.hours;
  const rare = {
    ...{ Drift: MONTH.closings / MONTH.hours, EventsRefused: 0, BackstopFired: 0, StoppedDollarsPerHour: ofMail },
    ...{ MailSent: ofMail, MailRefused: ofMail, MailPostponed: ofMail, SendingPaused: ofMail },
  };
  const metrics = Object.keys(METRICS).reduce((sum, name) => sum + (rare[name as keyof typeof rare] ?? 1), 0);
  const line = (what: string, amount: number, unit: string, price: number, free = 0): BillItem => {
    return { what, amount, unit, price, free };
  };
  const invocations = made.reduce((sum, [, count]) => sum + count, 0);
  return [
    line('Lambda, time', (duration / 1000) * (MEMORY / 1024), 'GB-s', PRICES.lambdaGbSecond, FREE.lambdaGbSeconds),
    line('Lambda, requests', invocations, '', PRICES.lambdaRequest, FREE.lambdaRequests),
    line(
      'DynamoDB, reads',
      all(({ reads }) => reads),
      'RRU',
      PRICES.dynamodbRead,
    ),
    line(
      'DynamoDB, writes',
      all(({ writes }) => writes),
      'WRU',
      PRICES.dynamodbWrite,
    ),
    line('DynamoDB, storage', items / gb, 'GB', PRICES.dynamodbStorage, FREE.dynamodbGb),
    line('DynamoDB, recovery', items / gb, 'GB', PRICES.dynamodbRecovery),
    line('KMS, the table’s key', MONTH.keyed, '', PRICES.kmsRequest, FREE.kmsRequests),
    line('EventBridge, heartbeats', heartbeats, '', PRICES.eventbridgeEvent),
    line(
      'EventBridge Scheduler',
      MONTH.scans + 43_200 + MONTH.closings + MONTH.quarters,
      '',
      PRICES.schedulerInvocation,
      FREE.schedulerInvocations,
    ),
    line('API Gateway', users * MONTH.clicks * 2, '', PRICES.httpRequest),
    line('SES, mails', mails, '', PRICES.sesMail),
    line('CloudWatch, logs', logged / gb, 'GB', PRICES.logsGb + 3 * PRICES.logsKept, FREE.logsGb),
    line('CloudWatch, metrics', metrics, '', PRICES.metric, FREE.metrics),
    line('CloudWatch, alarms', standing.alarmMetrics, '', PRICES.alarmMetric, FREE.alarmMetrics),
    line('CloudWatch, dashboard', standing.dashboards, '', PRICES.dashboard, FREE.dashboards),
    line('CloudWatch, Canvas read', appHours * MONTH.canvas * 12, '', PRICES.metricRead),
    line('Cost Explorer', MONTH.closings * requests, '', PRICES.costExplorerRequest),
  ];
}

/** What lines cost, at list price or beyond what AWS always gives for nothing. */
export function costOf(items: BillItem[], isBeyondFree: boolean): number {
  return items.reduce(
    (sum, { amount, price, free }) => sum + Math.max(0, amount - (isBeyondFree ? free : 0)) * price,
    0,
  );
}

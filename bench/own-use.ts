import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamodbContacts } from '../src/adapters/dynamodb/contacts.ts';
import { dynamodbOutbox } from '../src/adapters/dynamodb/outbox.ts';
import { dynamodbReports } from '../src/adapters/dynamodb/reports.ts';
import { DAY, HOUR, MINUTE } from '../src/domain/time.ts';
import { POLICY } from './lab.ts';
import type { MoneyJobs } from './money.ts';
import { BUDGETS, MONTH_NOW, ownerOf, TABLE } from './month.ts';
import { median } from './numbers.ts';
import { measure, startWorld, type World } from './processes.ts';

/** What one call of a function takes, on average. */
export interface Use {
  /** Of DynamoDB, in request units. */
  reads: number;
  writes: number;
  /** On a whole processor, and waiting, in milliseconds. */
  cpuMs: number;
  waitMs: number;
  loggedBytes: number;
}

/** One call of each function in a lab of so many users. */
export interface OwnUse {
  users: number;
  /** A quiet scan; a closing of the books; a round with nothing owed; a quarter of an hour with no report due; a mail; an event of each kind. */
  calls: Record<
    'scan' | 'spend' | 'deliver' | 'mail' | 'weekly-report' | 'studio-event' | 'activity-event' | 'mail-feedback',
    Use
  >;
  /** Requests of Cost Explorer in one closing. */
  requests: number;
}

const CALLS = 10;
const PLACE = { account: '111122223333', region: 'us-east-1' };

/** Calls each function in a lab of so many users, and counts what that takes. */
export async function measureUse(users: number, latency: number, jobs: MoneyJobs): Promise<OwnUse> {
  const world = await startWorld(0, users);
  try {
    const policy = join(jobs.folder, 'own.yml');
    await writeFile(policy, POLICY.replace('report: {', 'report: { weekly: "MON 08:00",') + BUDGETS);
    const owed = await oweMail(world, Math.min(CALLS, users));
    const use = async (
      handler: string,
      calls: number,
      more: { at?: number; events?: unknown[]; per?: number } = {},
    ) => {
      const { at = MONTH_NOW + MINUTE, events, per = 1 } = more;
      const env = {
        ...world.env,
        CURFEW_TABLE: TABLE,
        CURFEW_POLICY: policy,
        CURFEW_BASE_URL: 'https://links.example.org',
        BENCH_HANDLER: pathToFileURL(join(jobs.handlers, `${handler}.mjs`)).href,
        BENCH_TIME: new Date(at).toISOString(),
        ...(events ? { BENCH_EVENTS: JSON.stringify(events) } : {}),
      };
      await world.clock(at);
      await world.usage();
      const measured = await measure({ runner: jobs.runner, job: jobs.job }, env, calls);
      const { units, bill } = await world.usage();
      // The first call meets cold code, which is counted apart.
      const later = calls > 1 ? measured.calls.slice(1) : measured.calls;
      const cpuMs = median(later.map((call) => call.cpuMs));
      const waitMs = Math.max(0, median(later.map(({ ms }) => ms)) - cpuMs);
      const of = (amount: number) => amount / calls / per;
      const { read, write } = units;
      const one: Use = {
        ...{ reads: of(read), writes: of(write), cpuMs: cpuMs / per, waitMs: waitMs / per },
        loggedBytes: of(measured.loggedBytes),
      };
      return { one, bill };
    };
    // What a first scan records, and the first closing, are once. That reads AWS's prices: days go by them, not by Curfew's own list.
    await use('spend', 1);
    await use('scan', 1);
    await world.latency(latency);
    const mail = await use('deliver', 1, { per: owed.length });
    const scan = await use('scan', CALLS);
    const deliver = await use('deliver', CALLS);
    const studio = await use('studio-event', CALLS, { events: studioEvents(users) });
    const activity = await use('activity-event', CALLS, { events: heartbeats() });
    const feedback = await use('mail-feedback', owed.length, { events: owed.map(deliveryOf) });
    const report = await use('weekly-report', CALLS);
    const spend = await use('spend', 1, { at: MONTH_NOW + DAY });
    return {
      users,
      calls: {
        ...{ scan: scan.one, spend: spend.one, deliver: deliver.one, mail: mail.one },
        'weekly-report': report.one,
        ...{ 'studio-event': studio.one, 'activity-event': activity.one, 'mail-feedback': feedback.one },
      },
      requests: spend.bill.pages,
    };
  } finally {
    world.end();
  }
}

/** Owes warnings to owners who have confirmed. @returns the notices' ids, each with its reader */
async function oweMail(world: World, count: number): Promise<{ id: string; to: string }[]> {
  const client = new DynamoDBClient({
    region: PLACE.region,
    endpoint: world.env.AWS_ENDPOINT_URL_DYNAMODB!,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  const [contacts, outbox] = [dynamodbContacts(client, TABLE), dynamodbOutbox(client, TABLE)];
  const owed: { id: string; to: string }[] = [];
  for (let i = 0; i < count; i++) {
    const { domainId, name, app } = ownerOf(i * 20);
    const [to, at] = [`${name}@example.org`, MONTH_NOW];
    const times = { invitedAt: at - DAY, asked: [at - DAY], changedAt: at - DAY };
    const owners = [`${domainId}/${name}`];
    await contacts.open({ ...PLACE, address: to, consent: 'confirmed', owners, ...times, bounces: 0, version: 1 });
    const id = `warning-bench${String(i).padStart(24, '0')}`;
    const facts = {
      ...{ kind: 'warning' as const, audience: { role: 'owner' as const }, rule: 'everything else: max-idle' },
      ...{ reason: 'idle 2 h 3 min, limit 2 h', warnedAt: at, stopAt: at + HOUR },
      app: { ...PLACE, ...app, startedAt: at - 2 * HOUR, instanceType: 'ml.t3.medium', owner: name, cost: 100_000 },
    };
    await outbox.owe({ id, to, ...PLACE, owedAt: at, facts: facts as never });
    owed.push({ id, to });
  }
  // The week's reports are out, as they are in all quarters of an hour but one.
  await dynamodbReports(client, TABLE).remember(PLACE, { week: '2026-W48', isDone: true });
  client.destroy();
  return owed;
}

/** An app is started by somebody whose others have ended, and stopped again. */
function studioEvents(users: number): object[] {
  return Array.from({ length: CALLS }, (_, n) => {
    const { app } = ownerOf(1 + (((n >> 1) * 2) % Math.max(1, users - 1)));
    const at = new Date(MONTH_NOW + (n % 2) * 30_000).toISOString().replace('.000Z', 'Z');
    const [eventName, more] =
      n % 2 === 0 ? ['CreateApp', { resourceSpec: { instanceType: 'ml.t3.medium' } }] : ['DeleteApp', {}];
    return {
      ...{ ...envelope('aws.sagemaker', 'AWS API Call via CloudTrail'), time: at },
      detail: {
        ...{ eventSource: 'sagemaker.amazonaws.com', eventName, eventTime: at },
        requestParameters: { ...app, ...more },
      },
    };
  });
}

/** A kernel at work. */
function heartbeats(): object[] {
  return Array.from({ length: CALLS }, (_, n) => {
    const at = new Date(MONTH_NOW - (CALLS - n) * 5 * MINUTE).toISOString();
    const app = { ...ownerOf(0).app, appStartedAt: new Date(MONTH_NOW - 2 * HOUR).toISOString() };
    const activity = [{ kind: 'kernel', busy: true, lastUseAt: at }];
    return {
      ...{ ...envelope('curfew.agent', 'Curfew Activity'), time: at },
      detail: { version: 1, agent: '1.0.0', ...app, observedAt: at, activity },
    };
  });
}

function deliveryOf({ id, to }: { id: string; to: string }): object {
  const timestamp = new Date(MONTH_NOW).toISOString();
  const tags = { notice: ['warning'], id: [id], 'ses:configuration-set': ['curfew'] };
  const mail = { timestamp, source: 'curfew@example.org', messageId: id, destination: [to], tags };
  const delivery = { timestamp, processingTimeMillis: 500, recipients: [to], smtpResponse: '250 2.0.0 OK' };
  return {
    ...{ ...envelope('aws.ses', 'Email Delivered'), time: timestamp },
    detail: { eventType: 'Delivery', mail, delivery },
  };
}

function envelope(source: string, type: string) {
  const id = '80000000-0000-4000-8000-000000000001';
  return { version: '0', id, source, 'detail-type': type, ...PLACE, resources: [] };
}

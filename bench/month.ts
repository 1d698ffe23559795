import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EmbeddedAws } from '../local/aws/index.ts';
import type { AppId } from '../local/aws/studio-apps.ts';
import { historyItem, runItem, toItem } from '../src/adapters/dynamodb/items.ts';
import { createTable } from '../src/adapters/dynamodb/table.ts';
import type { AppRef } from '../src/domain/app.ts';
import type { Run } from '../src/domain/run.ts';
import { DAY, HOUR, MINUTE } from '../src/domain/time.ts';

/** Near the end of a month, past the hour of the admins' digest: Monday 2026-11-30, 15:00 UTC. */
export const MONTH_NOW = Date.UTC(2026, 10, 30, 15);
const MONTH = Date.UTC(2026, 10, 1);

export const TABLE = 'curfew-bench';

/** What a function that arms knows of the backstop. */
export const BACKSTOP = {
  CURFEW_BACKSTOP_GROUP: 'curfew-bench-backstop',
  CURFEW_BACKSTOP_ROLE: 'arn:aws:iam::111122223333:role/curfew-bench-backstop',
  CURFEW_BACKSTOP_QUEUE: 'arn:aws:sqs:us-east-1:111122223333:curfew-bench',
};

/** Of each owner, in the month. One in twenty runs one more now. */
export const RUNS_EACH = 10;

/** No owner comes near the limit: a budget that tells nothing new is what a scan meets all day. */
export const BUDGETS = `
budgets:
  - { name: per person, for: each owner, period: month, limit: 500 USD, warn-at: [50%, 80%], at-limit: block }
  - { name: each domain, for: each team, period: month, limit: 9000000 USD, forecast-at: 100%, at-limit: warn }
guardrails:
  - { name: two GPUs a person, at-most: { "ml.g*": 2 } }
`;

/** Each running app has a deadline. */
export const DEADLINES = 'backstop: { for: [budget, uptime] }\n';

const INSTANCES = ['ml.t3.medium', 'ml.t3.large', 'ml.m5.xlarge', 'ml.g4dn.xlarge'];
const DOMAINS = ['d-benchmonth01', 'd-benchmonth02', 'd-benchmonth03'];

/** The owner of a number, and the app that they have: every other one in a space of their own. */
export function ownerOf(i: number) {
  const [domainId, name] = [DOMAINS[i % DOMAINS.length]!, `student-${i}`];
  const app: AppId =
    i % 2 === 0
      ? { domainId, spaceName: `lab-${i}`, appType: 'JupyterLab', appName: 'default' }
      : { domainId, userProfileName: name, appType: 'KernelGateway', appName: 'default' };
  return { domainId, name, app };
}

/**
 * Fills a Studio and Curfew's record with a month of so many owners, ten runs each: half of them in spaces of their own,
 * half as Studio Classic has them. The record is as scans and events have left it, older runs in history.
 */
export async function fillMonth(aws: EmbeddedAws, owners: number, clock: { now: number }): Promise<void> {
  const { studio } = aws;
  const { account, region } = studio.place;
  const deeds: { at: number; deed: () => void }[] = [];
  const runs: Run[] = [];
  aws.ses.identities.add('example.org');
  for (const domainId of DOMAINS) studio.createDomain({ domainId, name: domainId, at: MONTH - DAY });
  // What runs now was started one after another: so many deadlines at once are the safety valve's to hold.
  const apart = Math.min(6 * MINUTE, (10 * HOUR * 20) / owners);
  for (let i = 0; i < owners; i++) {
    const { domainId, name, app } = ownerOf(i);
    studio.createUserProfile({ domainId, name, at: MONTH - DAY });
    const { spaceName: space } = app;
    if (space !== undefined)
      studio.createSpace({ domainId, name: space, owner: name, appType: 'JupyterLab', ebsGb: 5, at: MONTH - DAY });
    const instanceType = INSTANCES[i % INSTANCES.length]!;
    const begin = (startedAt: number, endedAt?: number) => {
      deeds.push({ at: startedAt, deed: () => studio.createApp({ ...app, instanceType }) });
      if (endedAt !== undefined) deeds.push({ at: endedAt, deed: () => studio.deleteApp(app) });
      runs.push({
        ...{
          app: { account, region, ...app } as AppRef,
          startedAt,
          instanceType,
          owner: name,
          contact: `${name}@example.org`,
        },
        ...{ warnings: {}, extensions: [], evidence: {}, version: 1, ...(endedAt === undefined ? {} : { endedAt }) },
      });
    };
    for (let j = 0; j < RUNS_EACH; j++) {
      const startedAt = MONTH + ((i + j * 3) % 28) * DAY + (8 + (i % 7)) * HOUR + j * 5 * MINUTE;
      begin(startedAt, startedAt + (2 + ((i + j) % 6)) * HOUR + (i % 60) * MINUTE);
    }
    if (i % 20 === 0) begin(MONTH_NOW - 2 * HOUR - (i / 20) * apart);
  }
  for (const { at, deed } of deeds.sort((a, b) => a.at - b.at)) {
    clock.now = at;
    deed();
  }
  clock.now = MONTH_NOW;
  await record(aws, runs);
}

/** Writes the record: the last run of a name beside the others that a scan reads, and those before it in history. */
async function record({ env }: EmbeddedAws, runs: Run[]): Promise<void> {
  const client = new DynamoDBClient({
    region: env.AWS_REGION!,
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB!,
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
  });
  await createTable(client, TABLE);
  const isNow = ({ endedAt }: Run) => endedAt === undefined || endedAt > MONTH_NOW - 2 * DAY;
  const items = runs.map((run) => toItem(isNow(run) ? runItem(run) : historyItem(run, run.endedAt!)));
  // A name holds one run: of two within the last days the newer.
  const byKey = new Map(items.map((item) => [`${item.pk!.S} ${item.sk!.S}`, item]));
  const waiting = [...byKey.values()];
  while (waiting.length > 0) {
    const batch = waiting.splice(-25).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: batch } }));
  }
  client.destroy();
}

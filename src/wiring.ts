import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { STSClient } from '@aws-sdk/client-sts';
import { dynamodbOutbox } from './adapters/dynamodb/outbox.ts';
import { dynamodbRuns } from './adapters/dynamodb/runs.ts';
import { createTable } from './adapters/dynamodb/table.ts';
import { bundledPrices } from './adapters/prices/bundled.ts';
import { sagemakerFleet } from './adapters/sagemaker/fleet.ts';
import { savedFleet } from './adapters/saved/fleet.ts';
import { sesPostbox } from './adapters/ses/postbox.ts';
import { callerAccount } from './adapters/sts/account.ts';
import type { Fleet, Outbox, Postbox, Prices, Runs } from './application/ports.ts';
import type { Config, ReadParameter } from './config.ts';

/**
 * The only file that knows which adapters exist. Endpoints and credentials are the SDK's own to find
 * (`AWS_ENDPOINT_URL_<SERVICE>`, `AWS_PROFILE`, …).
 */

/** Adaptive retry slows itself to what AWS grants: it publishes no rates for these calls. */
const client = (region: string) => ({ region, retryMode: 'adaptive', maxAttempts: 5 }) as const;

type Tabled = Config & { table: string };

export function fleetOf({ region }: Pick<Config, 'region'>): Fleet {
  return sagemakerFleet(new SageMakerClient(client(region)), new ResourceGroupsTaggingAPIClient(client(region)));
}

export function runsOf({ region, table }: Pick<Tabled, 'region' | 'table'>): Runs {
  return dynamodbRuns(new DynamoDBClient(client(region)), table);
}

export function outboxOf({ region, table }: Pick<Tabled, 'region' | 'table'>): Outbox {
  return dynamodbOutbox(new DynamoDBClient(client(region)), table);
}

export function postboxOf({ region, policy }: Pick<Config, 'region' | 'policy'>): Postbox {
  // `deliver` retries by the outbox, which survives it; a second try here could only send twice.
  const ses = new SESv2Client({ region, maxAttempts: 1 });
  return sesPostbox(ses, { sender: policy.sender, timezone: policy.timezone });
}

export function pricesOf(): Prices {
  return bundledPrices();
}

/** The account of the credentials. Throws PortError. */
export function accountOf(region: string): Promise<string> {
  return callerAccount(new STSClient({ region, maxAttempts: 2 }));
}

export function makeTable({ region, table }: { region: string; table: string }): ReturnType<typeof createTable> {
  return createTable(new DynamoDBClient(client(region)), table);
}

/** Loads SSM's client only where a policy lives there: it costs a cold start otherwise. */
export function parameterReader(region: string | undefined): ReadParameter {
  return async (name) => {
    const [{ SSMClient }, { readParameter }] = await Promise.all([
      import('@aws-sdk/client-ssm'),
      import('./adapters/ssm/parameter.ts'),
    ]);
    return readParameter(new SSMClient(region === undefined ? {} : { region }), name);
  };
}

/** A fleet as saved output of the AWS CLI tells it. */
export function savedFleetOf(folder: string): Promise<Fleet> {
  return savedFleet(folder);
}

/** The region by the SDK's own rules: `AWS_REGION`, or that of the profile. Undefined where there is none. */
export async function regionOfSdk(): Promise<string | undefined> {
  return (
    process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION || new STSClient({}).config.region().catch(() => undefined)
  );
}

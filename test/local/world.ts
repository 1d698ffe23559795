import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PricingClient } from '@aws-sdk/client-pricing';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SageMakerClient } from '@aws-sdk/client-sagemaker';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { type EmbeddedAws, startEmbeddedAws } from '../../local/aws/index.ts';

/** Monday 2026-11-23, 09:00 UTC. */
const monday = Date.UTC(2026, 10, 23, 9);

/** An embedded AWS on a clock that only the test moves, with the SDK's own clients, which do not retry. */
export async function startWorld(options: Partial<Parameters<typeof startEmbeddedAws>[0]> = {}) {
  const clock = { now: monday };
  const aws = await startEmbeddedAws({ now: () => clock.now, ...options });
  return { aws, clock, ...clientsOf(aws) };
}

/** The real clients, pointed at an embedded AWS. */
export function clientsOf(aws: EmbeddedAws, overrides: { region?: string; maxAttempts?: number } = {}) {
  const config = (service: string) => ({
    region: aws.env.AWS_REGION as string,
    endpoint: aws.env[`AWS_ENDPOINT_URL_${service}`] as string,
    credentials: {
      accessKeyId: aws.env.AWS_ACCESS_KEY_ID as string,
      secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY as string,
    },
    maxAttempts: 1,
    ...overrides,
  });
  return {
    sagemaker: new SageMakerClient(config('SAGEMAKER')),
    dynamodb: new DynamoDBClient(config('DYNAMODB')),
    ses: new SESv2Client(config('SESV2')),
    tagging: new ResourceGroupsTaggingAPIClient(config('RESOURCE_GROUPS_TAGGING_API')),
    sts: new STSClient(config('STS')),
    ssm: new SSMClient(config('SSM')),
    cloudwatch: new CloudWatchClient(config('CLOUDWATCH')),
    pricing: new PricingClient({ ...config('PRICING'), region: 'us-east-1' }),
    scheduler: new SchedulerClient(config('SCHEDULER')),
    costs: new CostExplorerClient({ ...config('COST_EXPLORER'), region: 'us-east-1' }),
  };
}

/** What a refused call says of itself. */
export async function refusalOf(call: Promise<unknown>): Promise<{ name: string; status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, status: $metadata?.httpStatusCode ?? 0, message };
  }
  throw new Error('The call was not refused.');
}

/** A domain with one profile, alice. */
export function settle(aws: EmbeddedAws, domainId = 'd-lab'): void {
  aws.studio.createDomain({ domainId, name: 'lab' });
  aws.studio.createUserProfile({ domainId, name: 'alice', ssoUser: 'alice@example.org' });
}

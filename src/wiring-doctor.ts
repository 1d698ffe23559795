import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { cloudtrailTrails } from './adapters/cloudtrail/trails.ts';
import { cloudwatchBeats } from './adapters/cloudwatch/beats.ts';
import { costExplorerTags } from './adapters/cost-explorer/cost-tags.ts';
import { dynamodbTableCare } from './adapters/dynamodb/table-care.ts';
import { FUNCTIONS, rightsOf, rightsOfCaller } from './adapters/iam/rights.ts';
import { iamSimulator } from './adapters/iam/simulator.ts';
import { lambdaFunctions } from './adapters/lambda/functions.ts';
import { sesMailAccount } from './adapters/ses/mail-account.ts';
import type {
  Beats,
  CostTags,
  Functions,
  MailAccount,
  Simulator,
  TableCare,
  Trails,
} from './application/doctor-ports.ts';

// What `doctor` alone is wired with: its clients are many, and nothing else of Curfew loads them.

/** Cost Explorer and IAM have one home for all regions. */
const HOME = 'us-east-1';

const client = (region: string) => ({ region, maxAttempts: 3 }) as const;

export { FUNCTIONS, rightsOf, rightsOfCaller };

export function checkupPortsOf(region: string): {
  trails: Trails;
  costTags: CostTags;
  mail: MailAccount;
  functions: Functions;
  beats: Beats;
  simulator: Simulator;
} {
  return {
    trails: cloudtrailTrails(new CloudTrailClient(client(region))),
    costTags: costExplorerTags(new CostExplorerClient(client(HOME))),
    mail: sesMailAccount(new SESv2Client(client(region))),
    functions: lambdaFunctions(new LambdaClient(client(region))),
    beats: cloudwatchBeats(new CloudWatchClient(client(region))),
    // Many questions, and IAM takes few a second: it is asked again for as long as a check may take.
    simulator: iamSimulator(new IAMClient({ ...client(HOME), retryMode: 'adaptive', maxAttempts: 10 })),
  };
}

export function tableCareOf({ region, table }: { region: string; table: string }): TableCare {
  return dynamodbTableCare(new DynamoDBClient(client(region)), table);
}

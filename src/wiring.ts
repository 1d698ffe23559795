import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PricingClient } from '@aws-sdk/client-pricing';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { SageMakerClient, type SageMakerClientConfig } from '@aws-sdk/client-sagemaker';
import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { cloudwatchCanvasUse } from './adapters/cloudwatch/canvas-use.ts';
import { cloudwatchOwnMeter } from './adapters/cloudwatch/own-meter.ts';
import { costExplorerBill } from './adapters/cost-explorer/bill.ts';
import { dynamodbContacts } from './adapters/dynamodb/contacts.ts';
import { dynamodbLedger } from './adapters/dynamodb/ledger.ts';
import { dynamodbLinks } from './adapters/dynamodb/links.ts';
import { dynamodbOutbox } from './adapters/dynamodb/outbox.ts';
import { dynamodbPauses } from './adapters/dynamodb/pauses.ts';
import { dynamodbPrices } from './adapters/dynamodb/prices.ts';
import { dynamodbReports } from './adapters/dynamodb/reports.ts';
import { dynamodbRuns } from './adapters/dynamodb/runs.ts';
import { createTable } from './adapters/dynamodb/table.ts';
import { dynamodbVolumes } from './adapters/dynamodb/volumes.ts';
import { htmlPages } from './adapters/pages/render.ts';
import { bundledPrices } from './adapters/prices/bundled.ts';
import { awsPriceList } from './adapters/prices/price-list.ts';
import { reportWriter } from './adapters/report/writer.ts';
import { domainAccount } from './adapters/sagemaker/account.ts';
import { sagemakerFleet } from './adapters/sagemaker/fleet.ts';
import { sagemakerLifecycleConfigs } from './adapters/sagemaker/lifecycle-configs.ts';
import { sagemakerSettings } from './adapters/sagemaker/settings.ts';
import { savedFleet } from './adapters/saved/fleet.ts';
import { schedulerBackstop } from './adapters/scheduler/backstop.ts';
import { sesPostbox } from './adapters/ses/postbox.ts';
import { readParameter } from './adapters/ssm/parameter.ts';
import { callerIdentity } from './adapters/sts/account.ts';
import type {
  Backstop,
  Bill,
  Caller,
  CanvasUse,
  Contacts,
  Fleet,
  KeptPrices,
  Ledger,
  LifecycleConfigs,
  Links,
  Outbox,
  OwnMeter,
  Pages,
  Pauses,
  Postbox,
  PriceList,
  Prices,
  Reports,
  ReportWriter,
  Runs,
  StudioSettings,
  Volumes,
} from './application/ports.ts';
import type { Config, ReadParameter } from './config.ts';

// The only file that knows which adapters exist. Endpoints and credentials are the SDK's own to find
// (`AWS_ENDPOINT_URL_<SERVICE>`, `AWS_PROFILE`, …).

/**
 * Given no logger, the SDK makes one whose `info` does nothing, and still copies every answer to hand it over: a
 * hundred rows a page. This one has no `info`.
 */
const logger = { trace() {}, debug() {}, warn() {}, error() {} } as unknown as NonNullable<
  SageMakerClientConfig['logger']
>;

/** Adaptive retry slows itself to what AWS grants: it publishes no rates for these calls. */
const client = (region: string) => ({ region, retryMode: 'adaptive', maxAttempts: 5, logger }) as const;

/**
 * A client is made once a region, and keeps its connections from one invocation to the next. The calls below are marked
 * pure, so that a bundle holds only the clients that its handler uses.
 */
function kept<T>(make: (region: string) => T): (region: string) => T {
  const clients = new Map<string, T>();
  return (region) => {
    const known = clients.get(region) ?? make(region);
    clients.set(region, known);
    return known;
  };
}

const sagemaker = /* @__PURE__ */ kept((region) => new SageMakerClient(client(region)));
const tagging = /* @__PURE__ */ kept((region) => new ResourceGroupsTaggingAPIClient(client(region)));
const cloudwatch = /* @__PURE__ */ kept((region) => new CloudWatchClient(client(region)));
const dynamodb = /* @__PURE__ */ kept((region) => new DynamoDBClient(client(region)));
const scheduler = /* @__PURE__ */ kept((region) => new SchedulerClient(client(region)));
const ses = /* @__PURE__ */ kept((region) => new SESv2Client({ region, maxAttempts: 1 }));

type Table = Pick<Config, 'region' | 'table'>;

export { KNOWN_TYPES } from './adapters/sagemaker/known-types.ts';

export function fleetOf({ region }: Pick<Config, 'region'>): Fleet {
  return sagemakerFleet(sagemaker(region), tagging(region));
}

export function settingsOf({ region }: Pick<Config, 'region'>): StudioSettings {
  return sagemakerSettings(sagemaker(region));
}

export function lifecycleConfigsOf({ region }: Pick<Config, 'region'>): LifecycleConfigs {
  return sagemakerLifecycleConfigs(sagemaker(region));
}

export function canvasUseOf({ region }: Pick<Config, 'region'>): CanvasUse {
  return cloudwatchCanvasUse(cloudwatch(region));
}

/** @param name the deployment's, as its functions' names begin with: `curfew-prod` */
export function ownMeterOf({ region, table }: Table, name: string): OwnMeter {
  return cloudwatchOwnMeter(cloudwatch(region), { name, table });
}

/** @param where from the configuration: without one there is no backstop */
export function backstopOf({ region }: Pick<Config, 'region'>, where: NonNullable<Config['backstop']>): Backstop {
  return schedulerBackstop(scheduler(region), where);
}

export function runsOf({ region, table }: Table): Runs {
  return dynamodbRuns(dynamodb(region), table);
}

/** The kill switch alone, for what has no other business with runs. */
export function pausesOf({ region, table }: Table): Pauses {
  return dynamodbPauses(dynamodb(region), table);
}

export function volumesOf({ region, table }: Table): Volumes {
  return dynamodbVolumes(dynamodb(region), table);
}

export function ledgerOf({ region, table }: Table): Ledger {
  return dynamodbLedger(dynamodb(region), table);
}

/** @param cause the event that whatever is owed comes of, as log lines name it */
export function outboxOf({ region, table }: Table, cause?: string): Outbox {
  return dynamodbOutbox(dynamodb(region), table, cause);
}

export function reportsOf({ region, table }: Table): Reports {
  return dynamodbReports(dynamodb(region), table);
}

export function contactsOf({ region, table }: Table): Contacts {
  return dynamodbContacts(dynamodb(region), table);
}

export function linksOf({ region, table }: Table): Links {
  return dynamodbLinks(dynamodb(region), table);
}

export function postboxOf(config: Pick<Config, 'region' | 'policy' | 'configurationSet'>): Postbox {
  const { region, configurationSet, policy } = config;
  return sesPostbox(ses(region), { sender: policy.sender, timezone: policy.timezone, configurationSet });
}

export function pagesOf({ policy: { timezone } }: Pick<Config, 'policy'>): Pages {
  return htmlPages(timezone);
}

export function pricesOf(): Prices {
  return bundledPrices();
}

export function reportWriterOf({ policy: { timezone } }: Pick<Config, 'policy'>): ReportWriter {
  return reportWriter(timezone);
}

/** The price list is served from us-east-1, for every region. */
export function priceListOf(): PriceList {
  return awsPriceList(new PricingClient(client('us-east-1')));
}

/** Cost Explorer is served from us-east-1, for every region. With an account, only what that one pays for. */
export function billOf({ account }: { account?: string } = {}): Bill {
  return costExplorerBill(new CostExplorerClient(client('us-east-1')), account);
}

export function keptPricesOf({ region, table }: Table): KeptPrices {
  return dynamodbPrices(dynamodb(region), table);
}

/** Whose the credentials are. Throws PortError. */
export function callerOf(region: string): Promise<Caller> {
  return callerIdentity(new STSClient({ region, maxAttempts: 2 }));
}

/** The account of the credentials: from STS, or where that cannot be reached, from a domain's ARN. Undefined where neither tells. */
export async function accountOf(region: string): Promise<string | undefined> {
  const caller = await callerOf(region).catch(() => undefined);
  return caller?.account ?? domainAccount(sagemaker(region)).catch(() => undefined);
}

export function makeTable({ region, table }: Table): ReturnType<typeof createTable> {
  return createTable(dynamodb(region), table);
}

/** Reads the parameter that holds a policy. */
export function parameterReader(region: string | undefined): ReadParameter {
  return (name) => readParameter(new SSMClient(region === undefined ? {} : { region }), name);
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

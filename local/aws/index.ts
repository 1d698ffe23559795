import { type Answer, type Input, type Service, success } from './answers.ts';
import { type Calls, callLog } from './calls.ts';
import { performCloudTrail, type TrailSetup } from './cloudtrail.ts';
import { type CloudWatch, startCloudWatch } from './cloudwatch.ts';
import { type CostExplorer, startCostExplorer } from './cost-explorer.ts';
import { type Capacity, startDynamoDb } from './dynamodb.ts';
import { type EventBridge, startEventBridge } from './eventbridge.ts';
import { type Faults, faultList } from './faults.ts';
import { type Iam, performIam } from './iam.ts';
import { type FunctionSetup, performLambda } from './lambda.ts';
import { type Mail, startMailroom } from './mailbox.ts';
import { type Pricing, startPricing } from './pricing.ts';
import { performSageMaker } from './sagemaker.ts';
import { type Scheduler, startScheduler } from './scheduler.ts';
import { openFront, type Request } from './server.ts';
import { type Ses, startSes } from './ses.ts';
import { performSsm } from './ssm.ts';
import { performSts } from './sts.ts';
import { createStudio } from './studio.ts';
import type { Studio } from './studio-types.ts';
import { performTagging } from './tagging.ts';

export type { BillLine } from './bill-meter.ts';
export type { CloudWatch } from './cloudwatch.ts';
export type { CostExplorer } from './cost-explorer.ts';
export type { BusEvent, EventBridge } from './eventbridge.ts';
export type { Fault } from './faults.ts';
export type { Mail } from './mailbox.ts';
export type { ListedPrice } from './pricing.ts';
export type { OneTimeSchedule, Scheduler } from './scheduler.ts';
export type { Ses } from './ses.ts';
export type { App } from './studio-apps.ts';
export type { CloudTrailEvent } from './studio-events.ts';
export type { CreateApp, Studio } from './studio-types.ts';

/**
 * An AWS of its own in this process: SageMaker, DynamoDB, SES, EventBridge, CloudWatch, tagging, pricing, Cost Explorer, STS,
 * SSM, and what a check-up reads of CloudTrail, IAM and Lambda, on one loopback port.
 */
export interface EmbeddedAws {
  /** `AWS_REGION`, an `AWS_ENDPOINT_URL_…` for each service, and credentials that open nothing else. */
  env: Record<string, string>;
  /** What is true of SageMaker, and the means to change it. */
  studio: Studio;
  ses: Ses;
  /** The default event bus: what PutEvents puts there, and what SES says of mail, its listeners hear. */
  eventbridge: EventBridge;
  /** Metrics, and the means to publish them: Canvas does so each minute while it runs. */
  cloudwatch: CloudWatch;
  /** EventBridge Scheduler, and the hand that turns its clock. */
  scheduler: Scheduler;
  /** What the price list says of every region. */
  pricing: Pricing;
  /** The bill of what ran, and the means to make it late, wrong or untagged. */
  costExplorer: CostExplorer;
  /** CloudTrail's trails. */
  trails: TrailSetup[];
  /** Deployed functions, for who asks which there are. */
  functions: FunctionSetup[];
  /** Roles and users by ARN, for who asks what they may do. Nothing else here goes by it. */
  iam: Iam;
  /** SSM parameters by name. */
  parameters: Map<string, string>;
  /** The mail that arrived: a page for people, a list for tests. The newest 20,000 are kept. */
  mailbox: { url: string; messages(): Promise<Mail[]>; clear(): Promise<void> };
  calls: Calls;
  /** Request units of DynamoDB, once they are asked for. */
  capacity: Capacity;
  faults: Faults;
  /** Milliseconds that every call of every service takes, beyond its work. */
  latency: number;
  close(): Promise<void>;
}

/** Starts an embedded AWS on a port that the system chooses. `now` is the world's clock, in milliseconds since 1970. */
export async function startEmbeddedAws(options: {
  now: () => number;
  account?: string;
  region?: string;
  partition?: 'aws' | 'aws-cn' | 'aws-us-gov';
  /** Keeps the inputs of calls, for `calls.list()`. */
  record?: boolean;
  /** In which the mailbox page tells times. */
  timezone?: string;
}): Promise<EmbeddedAws> {
  const { now, account = '111122223333', region = 'us-east-1', partition = 'aws', record = false } = options;
  const { timezone } = options;
  const place = { account, region, partition };
  const studio = createStudio({ now, ...place });
  const mailroom = await startMailroom(20_000, timezone);
  const eventBridge = startEventBridge(place, now);
  const cloudWatch = startCloudWatch(now);
  const ses = startSes(place, now, { mailroom, publish: eventBridge.publish });
  const dynamoDb = startDynamoDb();
  const priceList = startPricing(now);
  const costs = startCostExplorer(studio, priceList.pricing, now);
  const home = { url: '' };
  const schedules = startScheduler(place, now, (action, sent) => callAsScheduler(home.url, region, action, sent));
  const parameters = new Map<string, string>();
  const books = { trails: [] as TrailSetup[], functions: [] as FunctionSetup[], iam: new Map() };
  const calls = callLog(record);
  const faults = faultList();

  const services: Record<Service, (request: Request, input: Input) => unknown> = {
    sagemaker: (request, input) =>
      performSageMaker(studio, request.action, input, request.headers['user-agent'] === SCHEDULER),
    'resource-groups-tagging-api': (request, input) => performTagging(studio, request.action, input),
    ssm: (request, input) => performSsm(place, parameters, now(), request.action, input),
    sts: (request, input) => performSts(place, request.action, input),
    sesv2: (request, input) => ses.perform(request.action, input),
    pricing: (request, input) => priceList.perform(request.action, input),
    'cost-explorer': (request, input) => costs.perform(request.action, input),
    eventbridge: (request, input) => eventBridge.perform(request.action, input),
    cloudwatch: (request, input) => cloudWatch.perform(request.action, input),
    cloudtrail: (request, input) => performCloudTrail(place, books.trails, request.action, input),
    iam: (request, input) => performIam(books.iam, request.action, input),
    lambda: (request, input) => performLambda(place, books.functions, request.action, input),
    scheduler: (request, input) => schedules.perform(request.action, input),
    dynamodb: () => undefined,
  };
  const perform = async (request: Request): Promise<Answer> => {
    if (request.service === 'dynamodb') {
      return await dynamoDb.perform(request.action, request.headers, request.body, request.input);
    }
    return success(request.service, await services[request.service](request, request.input()));
  };
  const world = { latency: 0 };
  const { server, url } = await openFront({
    now,
    region,
    calls,
    faults,
    perform,
    latency: () => world.latency,
    page: mailroom.page,
  });

  home.url = url;

  const names = [
    'SAGEMAKER',
    'DYNAMODB',
    'SESV2',
    'RESOURCE_GROUPS_TAGGING_API',
    'STS',
    'SSM',
    'EVENTBRIDGE',
    'CLOUDWATCH',
    'PRICING',
    'COST_EXPLORER',
    'CLOUDTRAIL',
    'IAM',
    'LAMBDA',
    'SCHEDULER',
  ];
  return Object.assign(world, {
    env: {
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'AKIAEMBEDDED',
      AWS_SECRET_ACCESS_KEY: 'embedded',
      ...Object.fromEntries(names.map((name) => [`AWS_ENDPOINT_URL_${name}`, url])),
    },
    studio,
    ses: ses.account,
    eventbridge: eventBridge.bus,
    cloudwatch: cloudWatch.metrics,
    scheduler: schedules.scheduler,
    pricing: priceList.pricing,
    costExplorer: costs.costExplorer,
    parameters,
    ...books,
    mailbox: { url: `${url}/`, messages: async () => mailroom.messages(), clear: mailroom.clear },
    calls,
    capacity: dynamoDb.capacity,
    faults,
    async close() {
      mailroom.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  });
}

/** How CloudTrail names Scheduler as a caller. */
const SCHEDULER = 'scheduler.amazonaws.com';

/** What Scheduler does with a universal target: it calls the service itself, with the schedule's role. */
async function callAsScheduler(url: string, region: string, action: string, parameters: Record<string, unknown>) {
  const [, operation = ''] = action.split(':');
  const scope = `AKIASCHEDULER/20260101/${region}/sagemaker/aws4_request`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `SageMaker.${operation.charAt(0).toUpperCase()}${operation.slice(1)}`,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=embedded`,
      'user-agent': SCHEDULER,
    },
    body: JSON.stringify(parameters),
  });
  const { __type = '' } = response.ok ? {} : ((await response.json()) as { __type?: string });
  return { status: response.status, error: __type };
}

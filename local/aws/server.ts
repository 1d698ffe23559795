import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, awsError, failure, type Input, isAwsError, type Service, unknownOperation } from './answers.ts';
import type { callLog } from './calls.ts';
import type { faultList } from './faults.ts';

/** One call, read from the wire. `input` is parsed when first asked for. */
export interface Request {
  service: Service;
  action: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
  input: () => Input;
}

/** What the front door needs to know. */
export interface Front {
  now: () => number;
  region: string;
  calls: ReturnType<typeof callLog>;
  faults: ReturnType<typeof faultList>;
  latency: () => number;
  perform: (request: Request) => Promise<Answer>;
  page: (method: string, path: string) => Promise<Answer>;
}

/** Opens one loopback port for every service: the target, the path or the form says which is meant. */
export async function openFront(front: Front): Promise<{ server: Server; url: string }> {
  let requests = 0;
  const server = createServer((incoming, response) => {
    requests += 1;
    const id = `50000000-0000-4000-8000-${requests.toString(16).padStart(12, '0')}`;
    handle(front, incoming, response, id).catch((error: unknown) => {
      // Only a fault of ours ends here: say it loudly rather than as one of AWS's own 500s that are retried.
      console.error('The embedded AWS failed:', error);
      response.destroy();
    });
  });
  // Longer than any pause between calls, so that no client meets a socket that is just being closed.
  server.keepAliveTimeout = 600_000;
  server.headersTimeout = 610_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function handle(front: Front, incoming: IncomingMessage, response: ServerResponse, id: string): Promise<void> {
  const body = await read(incoming);
  const request = identify(incoming, body);
  if (request === undefined) {
    send(response, await front.page(incoming.method ?? 'GET', incoming.url ?? '/'), id, front.now());
    return;
  }
  const { service, action } = request;
  // A body that cannot be read is refused by the service itself; the log and the faults only look.
  const input = (): Input => {
    try {
      return request.input();
    } catch {
      return {};
    }
  };
  front.calls.add(service, action, input);
  if (front.latency() > 0) await sleep(front.latency());
  const fault = front.faults.take(service, action, input);
  const answer = fault === undefined || fault.effectHappens ? await perform(front, request, incoming) : undefined;
  if (fault?.drop) {
    incoming.socket.destroy();
    return;
  }
  const { code = '', status = 500, message = '' } = fault ?? {};
  send(
    response,
    fault === undefined ? (answer as Answer) : failure(service, { code, status, message }),
    id,
    front.now(),
  );
}

async function perform(front: Front, request: Request, incoming: IncomingMessage): Promise<Answer> {
  try {
    // A target of a service that is not here, as Kinesis's, would be nobody's to sign for.
    if (request.action.includes('.')) throw unknownOperation(request.service, request.action);
    checkSignature(request.service, front.region, incoming.headers.authorization);
    return await front.perform(request);
  } catch (error) {
    if (isAwsError(error)) return failure(request.service, error);
    throw error;
  }
}

async function read(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

const targets: Record<string, Service> = {
  SageMaker: 'sagemaker',
  DynamoDB_20120810: 'dynamodb',
  ResourceGroupsTaggingAPI_20170126: 'resource-groups-tagging-api',
  AmazonSSM: 'ssm',
  AWSPriceListService: 'pricing',
  AWSEvents: 'eventbridge',
  GraniteServiceVersion20100801: 'cloudwatch',
  CloudTrail_20131101: 'cloudtrail',
  AWSInsightsIndexService: 'cost-explorer',
};

/** Tells which call a request is; undefined where it is a person's browser. */
function identify(incoming: IncomingMessage, body: Buffer): Request | undefined {
  const { method, url = '/', headers } = incoming;
  const json = (): Input => {
    parsed ??= body.length === 0 ? {} : parse(body);
    return parsed;
  };
  let parsed: Input;
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    const [prefix = '', action = ''] = target.split('.');
    // A target that nobody knows still gets an answer in JSON.
    return {
      service: targets[prefix] ?? 'sagemaker',
      action: prefix in targets ? action : target,
      headers,
      body,
      input: json,
    };
  }
  const path = url.split('?')[0] ?? '/';
  if (path.startsWith('/v2/email/')) {
    const identity = /^\/v2\/email\/identities\/([^/]+)$/.exec(path)?.[1];
    const isRead = method === 'GET' && identity !== undefined;
    return {
      service: 'sesv2',
      action: isRead ? 'GetEmailIdentity' : (sesActions[`${method} ${path.slice(9)}`] ?? `${method} ${path}`),
      headers,
      body,
      input: isRead ? () => ({ EmailIdentity: decodeURIComponent(identity) }) : json,
    };
  }
  if (path.startsWith('/2015-03-31/')) {
    const action =
      method === 'GET' && /^\/2015-03-31\/functions\/?$/.test(path) ? 'ListFunctions' : `${method} ${path}`;
    const asked = Object.fromEntries(new URL(url, 'http://localhost').searchParams);
    return { service: 'lambda', action, headers, body, input: () => asked };
  }
  const scheduled = /^\/(schedules|schedule-groups)(?:\/([^/]+))?$/.exec(path);
  if (scheduled) {
    const [, kind, name] = scheduled;
    const asked = Object.fromEntries(
      [...new URL(url, 'http://localhost').searchParams].map(([member, value]) => [upperFirst(member), value]),
    );
    const named = name === undefined ? {} : { Name: decodeURIComponent(name) };
    const action = schedulerActions[`${method} ${kind}${name === undefined ? '' : '/'}`] ?? `${method} ${path}`;
    return { service: 'scheduler', action, headers, body, input: () => ({ ...json(), ...asked, ...named }) };
  }
  if (headers['content-type']?.startsWith('application/x-www-form-urlencoded') && method === 'POST') {
    const form = Object.fromEntries(new URLSearchParams(body.toString()));
    // Two services speak the Query protocol here, each in a version of its own.
    const service = form.Version === '2010-05-08' ? 'iam' : 'sts';
    return { service, action: form.Action ?? '', headers, body, input: () => form };
  }
  return undefined;
}

const sesActions: Record<string, string> = {
  'GET /account': 'GetAccount',
  'POST /outbound-emails': 'SendEmail',
};

const schedulerActions: Record<string, string> = {
  'POST schedules/': 'CreateSchedule',
  'PUT schedules/': 'UpdateSchedule',
  'DELETE schedules/': 'DeleteSchedule',
  'GET schedules': 'ListSchedules',
  'GET schedule-groups/': 'GetScheduleGroup',
};

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function parse(body: Buffer): Input {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw awsError('SerializationException', 'The request body is not JSON.');
  }
}

const signingNames: Record<Service, string> = {
  sagemaker: 'sagemaker',
  dynamodb: 'dynamodb',
  'resource-groups-tagging-api': 'tagging',
  ssm: 'ssm',
  pricing: 'pricing',
  sesv2: 'ses',
  sts: 'sts',
  eventbridge: 'events',
  cloudwatch: 'monitoring',
  cloudtrail: 'cloudtrail',
  'cost-explorer': 'ce',
  iam: 'iam',
  lambda: 'lambda',
  scheduler: 'scheduler',
};

/** These have one home for all regions. */
const AT_HOME: Service[] = ['pricing', 'cost-explorer', 'iam'];

/** Signatures are not verified, but a call without one, for another region or for another service, is refused. */
function checkSignature(service: Service, region: string, authorization: string | undefined): void {
  const scope = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request/.exec(authorization ?? '');
  if (scope === null) throw awsError('MissingAuthenticationTokenException', 'Missing Authentication Token', 403);
  if (scope[1] !== (AT_HOME.includes(service) ? 'us-east-1' : region))
    throw awsError('InvalidSignatureException', 'Credential should be scoped to a valid region.', 403);
  if (scope[2] !== signingNames[service]) {
    throw awsError(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${signingNames[service]}'.`,
      403,
    );
  }
}

/** AWS dates its answers. Failures bear no date here: the SDK would try those again that are not of its machine's time. */
function send(response: ServerResponse, answer: Answer, id: string, now: number): void {
  response.sendDate = false;
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': answer.contentType,
    'content-length': body.length,
    'x-amzn-requestid': id,
    ...(answer.status < 300 ? { date: new Date(now).toUTCString() } : {}),
  });
  response.end(body);
}

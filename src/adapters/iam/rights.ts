import type { Ask } from '../../application/doctor-ports.ts';
import type { Place } from '../../domain/app.ts';
import type { Policy } from '../../domain/policy.ts';

/** Where the rights are asked about. */
export interface RightsScope extends Place {
  partition: string;
  table: string;
  /** Some domain of the place, if one is known. */
  domainId?: string | undefined;
  /** The verified identity that the sender goes by, if one is known. */
  identity?: string | undefined;
  configurationSet?: string | undefined;
  /** Where the functions read the policy: a file in their zip, or `ssm:/name`. */
  source?: string | undefined;
  /** Where the backstop's schedules lie, and the role that is lent to Scheduler for them, if there are any. */
  backstop?: { group: string; role?: string } | undefined;
  policy: Policy;
}

/** What a right is about. */
type About =
  | 'anything'
  | 'table'
  | 'owed'
  | 'app'
  | 'profile'
  | 'domain'
  | 'identity'
  | 'set'
  | 'parameter'
  | 'schedule'
  | 'lent role';
type Rights = Partial<Record<About, string[]>>;

const dynamodb = (...verbs: string[]) => verbs.map((verb) => `dynamodb:${verb}`);
const sagemaker = (...verbs: string[]) => verbs.map((verb) => `sagemaker:${verb}`);
const scheduler = (...verbs: string[]) => verbs.map((verb) => `scheduler:${verb}`);
const LOOK = [...sagemaker('ListApps', 'ListSpaces', 'ListDomains'), 'tag:GetResources'];
const POLICY: Rights = { parameter: ['ssm:GetParameter'] };

/** What each function calls, by what it calls it on. test/deploy/doctor.test.ts holds it against the code and the stack's roles. */
export const RIGHTS: Record<string, Rights> = {
  scan: {
    ...POLICY,
    anything: [...LOOK, 'sagemaker:ListUserProfiles', 'cloudwatch:GetMetricData'],
    app: sagemaker('DeleteApp'),
    profile: sagemaker('DescribeUserProfile', 'UpdateUserProfile'),
    schedule: scheduler('CreateSchedule', 'UpdateSchedule', 'DeleteSchedule'),
    'lent role': ['iam:PassRole'],
    domain: sagemaker('DescribeDomain', 'UpdateDomain'),
    table: dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
  },
  'studio-event': {
    ...POLICY,
    anything: LOOK,
    app: sagemaker('DeleteApp'),
    profile: sagemaker('DescribeUserProfile'),
    schedule: scheduler('CreateSchedule', 'UpdateSchedule', 'DeleteSchedule'),
    'lent role': ['iam:PassRole'],
    table: dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem'),
  },
  'activity-event': { table: dynamodb('GetItem', 'UpdateItem') },
  links: {
    ...POLICY,
    app: sagemaker('DescribeApp', 'DeleteApp'),
    profile: sagemaker('DescribeUserProfile'),
    table: dynamodb('GetItem', 'PutItem', 'UpdateItem'),
  },
  'mail-feedback': { ...POLICY, table: dynamodb('GetItem', 'PutItem', 'UpdateItem') },
  spend: {
    ...POLICY,
    anything: ['pricing:GetProducts', 'ce:GetCostAndUsage', 'ce:GetCostForecast', ...scheduler('ListSchedules')],
    schedule: scheduler('DeleteSchedule'),
    table: dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
  },
  'weekly-report': {
    ...POLICY,
    anything: [...LOOK, 'cloudwatch:GetMetricData'],
    table: dynamodb('Query', 'GetItem', 'PutItem'),
  },
  deliver: {
    ...POLICY,
    anything: ['ses:GetAccount'],
    identity: ['ses:SendEmail'],
    set: ['ses:SendEmail'],
    owed: dynamodb('Query'),
    table: dynamodb('GetItem', 'PutItem', 'UpdateItem'),
  },
};

/** The functions of this version, by their handlers. */
export const FUNCTIONS = Object.keys(RIGHTS);

/** What the CLI's own looking needs: `scan`, `status`, `explain` and `history`. */
const OF_CALLER: Rights = {
  anything: [...sagemaker('ListApps', 'ListSpaces'), 'tag:GetResources'],
  table: dynamodb('Query', 'GetItem', 'Scan'),
  owed: dynamodb('Query'),
};

/** Rights that a stack may go without where its policy sets no idle settings: docs/security.md says so. */
const OF_NATIVE_IDLE = sagemaker('UpdateDomain', 'UpdateUserProfile');

/** What a function's calls need under this policy, by the resource that each is made on. */
export function rightsOf(handler: string, scope: RightsScope): Ask[] {
  const setsIdle = scope.policy.nativeIdle?.apply === true;
  return asksOf(RIGHTS[handler] ?? {}, scope).map(({ actions, resource }) => ({
    actions: actions.filter((action) => setsIdle || !OF_NATIVE_IDLE.includes(action)),
    resource,
  }));
}

export function rightsOfCaller(scope: RightsScope): Ask[] {
  return asksOf(OF_CALLER, scope);
}

/** Names that need not exist: a simulation only holds them against what a policy allows. What has no name is not asked about. */
function asksOf(rights: Rights, scope: RightsScope): Ask[] {
  const {
    partition,
    region,
    account,
    table,
    domainId = 'd-abcdefghijkl',
    identity,
    configurationSet,
    source,
    backstop,
  } = scope;
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  const parameter = source?.startsWith('ssm:') ? source.slice('ssm:'.length).replace(/^\//, '') : undefined;
  const resources: Record<About, string | undefined> = {
    anything: '*',
    table: arn('dynamodb', `table/${table}`),
    owed: arn('dynamodb', `table/${table}/index/owed`),
    app: arn('sagemaker', `app/${domainId}/anybody/jupyterlab/default`),
    profile: arn('sagemaker', `user-profile/${domainId}/anybody`),
    domain: arn('sagemaker', `domain/${domainId}`),
    identity: identity && arn('ses', `identity/${identity}`),
    schedule: backstop && arn('scheduler', `schedule/${backstop.group}/anybody`),
    'lent role': backstop?.role,
    set: configurationSet && arn('ses', `configuration-set/${configurationSet}`),
    parameter: parameter && arn('ssm', `parameter/${parameter}`),
  };
  return Object.entries(rights).flatMap(([about, actions]) => {
    const resource = resources[about as About];
    return resource && actions.length > 0 ? [{ actions, resource }] : [];
  });
}

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
  /** Where the backstop's schedules lie, and the role that is lent to Scheduler for them, if there are any. */
  backstop?: { group: string; role?: string } | undefined;
  policy: Policy;
}

const dynamodb = (...names: string[]) => names.map((name) => `dynamodb:${name}`);

/** What each function calls on the table, and no more: whoever deploys with less breaks it. */
const ON_TABLE: Record<string, string[]> = {
  scan: dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
  'studio-event': dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem'),
  'activity-event': dynamodb('GetItem', 'UpdateItem'),
  links: dynamodb('GetItem', 'PutItem', 'UpdateItem'),
  'mail-feedback': dynamodb('GetItem', 'PutItem', 'UpdateItem'),
  deliver: dynamodb('Query', 'GetItem', 'PutItem', 'UpdateItem'),
  spend: dynamodb('Query', 'PutItem', 'UpdateItem'),
};

/** The functions of this version, by their handlers. */
export const FUNCTIONS = Object.keys(ON_TABLE);

/** What a function's calls need under this policy, by the resource that each is made on. */
export function rightsOf(handler: string, scope: RightsScope): Ask[] {
  const { policy } = scope;
  const { table, app, profile, domain, identity, set, index, schedule } = arnsOf(scope);
  const asks: Ask[] = [{ actions: ON_TABLE[handler] ?? [], resource: table }];
  const add = (resource: string | undefined, ...actions: string[]) => resource && asks.push({ actions, resource });
  const asksSso = policy.owners.address === 'sso' && ['scan', 'studio-event', 'links'].includes(handler);
  if (asksSso) add(profile, 'sagemaker:DescribeUserProfile');
  if (handler === 'scan') {
    add('*', 'sagemaker:ListApps', 'sagemaker:ListSpaces', 'tag:GetResources');
    add(app, 'sagemaker:DeleteApp');
    if (policy.limits.some(({ maxIdle }) => maxIdle !== undefined)) add('*', 'cloudwatch:GetMetricData');
    if (policy.nativeIdle) {
      const sets = policy.nativeIdle.apply && policy.mode === 'enforce';
      add('*', 'sagemaker:ListDomains', 'sagemaker:ListUserProfiles');
      add(domain, 'sagemaker:DescribeDomain', ...(sets ? ['sagemaker:UpdateDomain'] : []));
      add(profile, 'sagemaker:DescribeUserProfile', ...(sets ? ['sagemaker:UpdateUserProfile'] : []));
    }
  }
  if (handler === 'links') add(app, 'sagemaker:DescribeApp', 'sagemaker:DeleteApp');
  if (handler === 'deliver') {
    add(index, 'dynamodb:Query');
    add('*', 'ses:GetAccount');
    add(identity, 'ses:SendEmail');
    add(set, 'ses:SendEmail');
  }
  if (handler === 'scan' || handler === 'studio-event')
    add(schedule, 'scheduler:CreateSchedule', 'scheduler:UpdateSchedule', 'scheduler:DeleteSchedule');
  if (handler === 'spend') add(schedule, 'scheduler:DeleteSchedule');
  if (handler === 'spend') add('*', 'pricing:GetProducts');
  if (handler === 'spend' && schedule) add('*', 'scheduler:ListSchedules');
  return asks;
}

/** What the CLI's own looking needs: `scan`, `status`, `explain` and `history`. */
export function rightsOfCaller(scope: RightsScope): Ask[] {
  const { table, index } = arnsOf(scope);
  return [
    { actions: ['sagemaker:ListApps', 'sagemaker:ListSpaces', 'tag:GetResources'], resource: '*' },
    { actions: dynamodb('Query', 'GetItem', 'Scan'), resource: table },
    { actions: dynamodb('Query'), resource: index },
  ];
}

/** Names that need not exist: a simulation only holds them against what a policy allows. */
function arnsOf({
  partition,
  region,
  account,
  table,
  domainId = 'd-abcdefghijkl',
  identity,
  configurationSet,
  backstop,
}: RightsScope) {
  const arn = (service: string, rest: string) => `arn:${partition}:${service}:${region}:${account}:${rest}`;
  return {
    table: arn('dynamodb', `table/${table}`),
    index: arn('dynamodb', `table/${table}/index/owed`),
    app: arn('sagemaker', `app/${domainId}/anybody/jupyterlab/default`),
    profile: arn('sagemaker', `user-profile/${domainId}/anybody`),
    domain: arn('sagemaker', `domain/${domainId}`),
    identity: identity && arn('ses', `identity/${identity}`),
    schedule: backstop && arn('scheduler', `schedule/${backstop.group}/anybody`),
    set: configurationSet && arn('ses', `configuration-set/${configurationSet}`),
  };
}

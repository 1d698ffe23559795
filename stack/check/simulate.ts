import { runSimulation } from '@cloud-copilot/iam-simulate';
import { actionsAllowed, actionsOfLambda, type DeployedFunction, functionsOf, type Policy } from './functions.ts';
import { actionsNeeded } from './needs.ts';
import { PLACE, type Template } from './resolve.ts';

const arn = (service: string, rest: string) =>
  `arn:${PLACE.partition}:${service}:${PLACE.region}:${PLACE.account}:${rest}`;

/** What nobody who stops apps may do: it destroys files, or reads what is others'. */
const FORBIDDEN: { action: string; resource: string; context?: Record<string, string> }[] = [
  { action: 'sagemaker:DeleteSpace', resource: arn('sagemaker', 'space/d-abcdefghijkl/alice-space') },
  { action: 'sagemaker:DeleteUserProfile', resource: arn('sagemaker', 'user-profile/d-abcdefghijkl/alice') },
  { action: 'sagemaker:DeleteDomain', resource: arn('sagemaker', 'domain/d-abcdefghijkl') },
  { action: 'sagemaker:DeleteEndpoint', resource: arn('sagemaker', 'endpoint/theirs') },
  ...['GetItem', 'Query', 'Scan', 'PutItem', 'DeleteItem'].map((verb) => ({
    action: `dynamodb:${verb}`,
    resource: arn('dynamodb', 'table/payroll'),
  })),
  { action: 'dynamodb:DeleteTable', resource: arn('dynamodb', 'table/Table') },
  { action: 'ssm:GetParameter', resource: arn('ssm', 'parameter/payroll/password') },
  { action: 'lambda:InvokeFunction', resource: arn('lambda', 'function:payroll') },
  { action: 'logs:PutLogEvents', resource: arn('logs', 'log-group:/aws/lambda/payroll:log-stream:x') },
  { action: 'scheduler:DeleteSchedule', resource: arn('scheduler', 'schedule/default/payroll') },
  {
    action: 'iam:PassRole',
    resource: `arn:${PLACE.partition}:iam::${PLACE.account}:role/admin`,
    context: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
  },
  // The backstop's own role is lent to Scheduler, and to nobody else.
  {
    action: 'iam:PassRole',
    resource: `arn:${PLACE.partition}:iam::${PLACE.account}:role/BackstopRole`,
    context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
  },
];

/** Where a call goes that a function makes, by the service that it is of. */
function resourceOf(action: string): string {
  const samples: Record<string, string> = {
    'sagemaker:DescribeApp': arn('sagemaker', 'app/d-abcdefghijkl/alice-space/jupyterlab/default'),
    'sagemaker:DeleteApp': arn('sagemaker', 'app/d-abcdefghijkl/alice-space/jupyterlab/default'),
    'sagemaker:DescribeUserProfile': arn('sagemaker', 'user-profile/d-abcdefghijkl/alice'),
    'sagemaker:UpdateUserProfile': arn('sagemaker', 'user-profile/d-abcdefghijkl/alice'),
    'sagemaker:DescribeDomain': arn('sagemaker', 'domain/d-abcdefghijkl'),
    'sagemaker:UpdateDomain': arn('sagemaker', 'domain/d-abcdefghijkl'),
    'ses:SendEmail': arn('ses', 'identity/example.org'),
    'scheduler:CreateSchedule': arn('scheduler', 'schedule/curfew-prod-backstop/alice.default.1'),
    'scheduler:UpdateSchedule': arn('scheduler', 'schedule/curfew-prod-backstop/alice.default.1'),
    'scheduler:DeleteSchedule': arn('scheduler', 'schedule/curfew-prod-backstop/alice.default.1'),
    'iam:PassRole': `arn:${PLACE.partition}:iam::${PLACE.account}:role/BackstopRole`,
    'ssm:GetParameter': arn('ssm', 'parameter/curfew/prod/policy'),
  };
  return samples[action] ?? (action.startsWith('dynamodb:') ? arn('dynamodb', 'table/Table') : '*');
}

/** What AWS knows besides of a call. */
const CONTEXTS: Record<string, Record<string, string>> = {
  'iam:PassRole': { 'iam:PassedToService': 'scheduler.amazonaws.com' },
};

/** Whether a role with these policies may do it. `tags` are those of the resource. */
export async function isAllowed(
  policies: Policy[],
  { action, resource, context = {} }: { action: string; resource: string; context?: Record<string, string> },
): Promise<boolean> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:${PLACE.partition}:sts::${PLACE.account}:assumed-role/curfew/function`,
        action,
        resource: { resource, accountId: PLACE.account },
        contextVariables: context,
      },
      identityPolicies: policies.map((policy, i) => ({ name: `policy-${i}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (result.resultType === 'error') throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult === 'Allowed';
}

/** Holds each function's rights against its code, both ways, and simulates them: none of what is forbidden is allowed. */
export async function rightsFaults(template: Template): Promise<string[]> {
  const faults: string[] = [];
  for (const deployed of functionsOf(template)) {
    const needed = await actionsNeeded(deployed.name);
    const all = new Set([...needed, ...actionsOfLambda(deployed, template)]);
    for (const action of actionsAllowed(deployed.policies))
      if (!all.has(action)) faults.push(`${deployed.name} may do ${action}, and never does`);
    for (const action of all)
      if (!actionsAllowed(deployed.policies).has(action)) faults.push(`${deployed.name} needs ${action}`);
    const simulated = await simulate(deployed, needed).catch((error: Error) => [`${deployed.name}: ${error.message}`]);
    faults.push(...simulated);
  }
  return faults;
}

async function simulate({ name, policies }: DeployedFunction, needed: Set<string>): Promise<string[]> {
  const faults: string[] = [];
  for (const action of needed) {
    const resource = resourceOf(action);
    // What is owed is read from the index alone.
    const places = action === 'dynamodb:Query' ? [resource, `${resource}/index/owed`] : [resource];
    const context = CONTEXTS[action] ?? {};
    const allowed = await Promise.all(places.map((one) => isAllowed(policies, { action, resource: one, context })));
    if (!allowed.includes(true)) faults.push(`${name} calls ${action}, and may not`);
  }
  for (const what of FORBIDDEN)
    if (await isAllowed(policies, what)) faults.push(`${name} may do ${what.action} on ${what.resource}`);
  return faults;
}

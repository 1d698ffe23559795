import { awsError, escapeXml, type Input } from './answers.ts';

/** What a policy of a role or user allows or denies: actions and resources with `*` and `?`. */
export interface Statement {
  effect: 'Allow' | 'Deny';
  actions: string[];
  resources: string[];
  /** A context key that its condition asks for, which no simulation knows: the statement then does not apply. */
  contextKey?: string;
}

/** Roles and users by ARN, each with what its policies say. */
export type Iam = Map<string, Statement[]>;

/** Performs one IAM call: GetRole, and a simulation by a small evaluator of our own. */
export function performIam(principals: Iam, action: string, input: Input): string {
  if (input.Version !== '2010-05-08') throw awsError('InvalidAction', `Could not find version ${input.Version}.`);
  if (action === 'GetRole') return getRole(principals, input);
  if (action === 'SimulatePrincipalPolicy') return simulate(principals, input);
  throw awsError('InvalidAction', `Could not find operation ${action} for version ${input.Version}.`);
}

function getRole(principals: Iam, input: Input): string {
  const arn = [...principals.keys()].find((one) => one.includes(':role/') && one.endsWith(`/${input.RoleName}`));
  if (!arn) throw awsError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, 404);
  const path = arn.slice(arn.indexOf(':role/') + 5, arn.lastIndexOf('/') + 1);
  const role =
    `<Role><Path>${path}</Path><RoleName>${escapeXml(input.RoleName)}</RoleName><RoleId>AROAEXAMPLE</RoleId>` +
    `<Arn>${escapeXml(arn)}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></Role>`;
  return answer('GetRole', role);
}

function simulate(principals: Iam, input: Input): string {
  const { PolicySourceArn: principal = '' } = input;
  if (!/^arn:[^:]*:iam::\d{12}:(role|user|group)\//.test(principal))
    throw awsError('InvalidInput', `Invalid Entity Arn: ${principal} does not clearly define entity type and name.`);
  const statements = principals.get(principal);
  if (!statements) throw awsError('NoSuchEntity', `Role or user ${principal} cannot be found.`, 404);
  const actions = members(input, 'ActionNames');
  const resources = members(input, 'ResourceArns');
  // A condition on a key whose value is given counts as met.
  const given = members(input, 'ContextEntries', '.ContextKeyName');
  if (actions.length === 0) throw awsError('ValidationError', 'ActionNames must not be empty.');
  for (const name of actions)
    if (!/^[\w-]+:\w+$/.test(name)) throw awsError('InvalidInput', `Invalid action name: ${name}`);
  // AWS does not say which actions it looks at together. Those of two services never are, here.
  const [first = [], ...others] = [...new Set(actions.map(serviceOf))].map((service) =>
    actions.filter((name) => serviceOf(name) === service),
  );
  if (others.length > 0)
    throw awsError(
      'InvalidInput',
      `Invalid Input Actions: [${first}] and [${others.flat()}] require different authorization information.`,
    );
  const results = (resources.length > 0 ? resources : ['*']).flatMap((resource) =>
    actions.map((name) => {
      const { decision, missing } = decide(statements, name, resource, given);
      return (
        `<member><EvalActionName>${escapeXml(name)}</EvalActionName><EvalResourceName>${escapeXml(resource)}</EvalResourceName>` +
        `<EvalDecision>${decision}</EvalDecision><MatchedStatements/>` +
        `<MissingContextValues>${missing.map((key) => `<member>${escapeXml(key)}</member>`).join('')}</MissingContextValues></member>`
      );
    }),
  );
  // AWS breaks long answers off too, after a hundred.
  const from = Number(input.Marker ?? 0);
  const most = Number(input.MaxItems ?? 100);
  const isTruncated = from + most < results.length;
  return answer(
    'SimulatePrincipalPolicy',
    `<IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? `<Marker>${from + most}</Marker>` : ''}` +
      `<EvaluationResults>${results.slice(from, from + most).join('')}</EvaluationResults>`,
  );
}

const serviceOf = (action: string) => action.split(':')[0];

function decide(statements: Statement[], action: string, resource: string, given: string[]) {
  const fits = (patterns: string[], text: string, flags = '') =>
    patterns.some((pattern) => {
      const source = pattern
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return new RegExp(`^${source}$`, flags).test(text);
    });
  const matching = statements.filter(
    ({ actions, resources }) => fits(actions, action, 'i') && fits(resources, resource),
  );
  const isOpen = ({ contextKey }: Statement) => contextKey !== undefined && !given.includes(contextKey);
  const missing = matching.filter(isOpen).map(({ contextKey = '' }) => contextKey);
  const applied = matching.filter((statement) => !isOpen(statement));
  if (applied.some(({ effect }) => effect === 'Deny')) return { decision: 'explicitDeny', missing };
  return { decision: applied.length > 0 ? 'allowed' : 'implicitDeny', missing };
}

/** A list as the Query protocol writes it: `ActionNames.member.1`, `ActionNames.member.2`, … */
function members(input: Input, name: string, rest = ''): string[] {
  const list: string[] = [];
  for (let i = 1; input[`${name}.member.${i}${rest}`] !== undefined; i++)
    list.push(input[`${name}.member.${i}${rest}`]);
  return list;
}

function answer(action: string, result: string): string {
  return (
    `<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><${action}Result>${result}</${action}Result>` +
    `<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></${action}Response>`
  );
}

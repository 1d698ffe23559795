import { type Resource, resolve, type Template } from './resolve.ts';

/** A Lambda of the template. */
export interface DeployedFunction {
  /** `studio-event`: as its handler's file is called. */
  name: string;
  id: string;
  resource: Resource;
  /** The logical name of its role. */
  roleId: string;
  /** Its role's rights. */
  policies: Policy[];
}

export interface Policy {
  Version: string;
  Statement: Statement[];
}

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: object;
}

/** All Lambdas, with their rights as IAM would read them. */
export function functionsOf(template: Template): DeployedFunction[] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
    .map(([id, resource]) => {
      const roleId = resource.Properties.Role['Fn::GetAtt'][0];
      const role = template.Resources[roleId];
      if (!role) throw new Error(`${id} has no role in the template`);
      const policies = (role.Properties.Policies as { PolicyDocument: unknown }[]).map(
        ({ PolicyDocument }) => resolve(PolicyDocument, template) as Policy,
      );
      const name = /([\w-]+)\.handler$/.exec(resource.Properties.Handler)?.[1] ?? id;
      return { name, id, resource, roleId, policies };
    });
}

/** What Lambda does for a function with the function's own role: log, and hand on what came of an event. */
export function actionsOfLambda({ id }: DeployedFunction, template: Template): string[] {
  const config = Object.values(template.Resources).find(
    ({ Type, Properties }) => Type === 'AWS::Lambda::EventInvokeConfig' && Properties.FunctionName.Ref === id,
  );
  const { OnSuccess, OnFailure } = config?.Properties.DestinationConfig ?? {};
  const arns = [OnSuccess, OnFailure]
    .filter(Boolean)
    .map(({ Destination }) => resolve(Destination, template) as string);
  const isQueue = (arn: string) => arn.split(':')[2] === 'sqs';
  const handing = arns.map((arn) => (isQueue(arn) ? 'sqs:SendMessage' : 'lambda:InvokeFunction'));
  return ['logs:CreateLogStream', 'logs:PutLogEvents', ...handing];
}

/** The actions that policies allow, each once. */
export function actionsAllowed(policies: Policy[]): Set<string> {
  const allowed = policies.flatMap(({ Statement }) => Statement).filter(({ Effect }) => Effect === 'Allow');
  return new Set(allowed.flatMap(({ Action }) => Action));
}

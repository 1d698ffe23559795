/** A resource of a CloudFormation template, as the packager writes it. */
export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is whatever CloudFormation takes; what is read is checked by use.
  Properties: any;
  DependsOn?: string | string[];
}

/** A packaged template. */
export interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
}

/** Where a template is resolved to: an account that nobody has. */
export const PLACE = { partition: 'aws', region: 'us-east-1', account: '111122223333' };

const PSEUDO: Record<string, string> = {
  'AWS::Partition': PLACE.partition,
  'AWS::Region': PLACE.region,
  'AWS::AccountId': PLACE.account,
  'AWS::URLSuffix': 'amazonaws.com',
};

const arn = (service: string, rest: string) =>
  `arn:${PLACE.partition}:${service}:${PLACE.region}:${PLACE.account}:${rest}`;

/** What CloudFormation would make of a value: the names and ARNs that AWS would give. Throws for what it does not know. */
// biome-ignore lint/suspicious/noExplicitAny: whatever stands in a template comes back, without its functions.
export function resolve(value: any, template: Template): any {
  if (Array.isArray(value)) return value.map((one) => resolve(one, template));
  if (typeof value !== 'object' || value === null) return value;
  const [[name = '', argument] = []] = Object.entries(value) as [string, unknown][];
  if (Object.keys(value).length !== 1 || !(name === 'Ref' || name.startsWith('Fn::')))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, template)]));
  switch (name) {
    case 'Ref':
      return PSEUDO[argument as string] ?? nameOf(argument as string, template);
    case 'Fn::GetAtt': {
      const [id = '', attribute = ''] = Array.isArray(argument) ? argument : String(argument).split('.');
      return attributeOf(id, attribute, template);
    }
    case 'Fn::Sub':
      return String(argument).replaceAll(/\$\{([\w:]+)(?:\.(\w+))?\}/g, (_, id: string, attribute?: string) =>
        attribute ? attributeOf(id, attribute, template) : (PSEUDO[id] ?? nameOf(id, template)),
      );
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return resolve(parts, template).join(separator);
    }
    default:
      throw new Error(`the template uses ${name}, which nobody here resolves`);
  }
}

function resourceOf(id: string, template: Template): Resource {
  const resource = template.Resources[id];
  if (!resource) throw new Error(`the template has no resource ${id}`);
  return resource;
}

/** What `Ref` gives. Names that the template leaves to CloudFormation are the logical ones here. */
function nameOf(id: string, template: Template): string {
  const { Type, Properties } = resourceOf(id, template);
  if (Type === 'AWS::SNS::Topic') return arn('sns', id);
  const named = ['FunctionName', 'LogGroupName', 'AlarmName', 'DashboardName', 'TableName', 'Name'];
  const name = named
    .map((key) => Properties?.[key])
    .find((one) => one !== undefined && Type !== 'AWS::ApiGatewayV2::Api');
  return name === undefined ? id : resolve(name, template);
}

function attributeOf(id: string, attribute: string, template: Template): string {
  const name = nameOf(id, template);
  if (attribute === 'QueueName') return name;
  if (attribute !== 'Arn') throw new Error(`nobody here knows ${attribute} of ${id}`);
  const { Type } = resourceOf(id, template);
  switch (Type) {
    case 'AWS::Lambda::Function':
      return arn('lambda', `function:${name}`);
    case 'AWS::Logs::LogGroup':
      return arn('logs', `log-group:${name}:*`);
    case 'AWS::DynamoDB::Table':
      return arn('dynamodb', `table/${name}`);
    case 'AWS::SQS::Queue':
      return arn('sqs', name);
    case 'AWS::CloudWatch::Alarm':
      return arn('cloudwatch', `alarm:${name}`);
    case 'AWS::Scheduler::ScheduleGroup':
      return arn('scheduler', `schedule-group/${name}`);
    case 'AWS::IAM::Role':
      return `arn:${PLACE.partition}:iam::${PLACE.account}:role/${name}`;
    default:
      throw new Error(`nobody here knows the ARN of a ${Type}`);
  }
}

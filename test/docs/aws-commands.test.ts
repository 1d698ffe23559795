import { readFileSync } from 'node:fs';
import {
  CreateTrailCommand,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  PutEventSelectorsCommand,
  StartLoggingCommand,
} from '@aws-sdk/client-cloudtrail';
import { ListCostAllocationTagsCommand, UpdateCostAllocationTagsStatusCommand } from '@aws-sdk/client-cost-explorer';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { GetResourcesCommand } from '@aws-sdk/client-resource-groups-tagging-api';
import { ListAppsCommand, ListSpacesCommand } from '@aws-sdk/client-sagemaker';
import {
  CreateEmailIdentityCommand,
  GetEmailIdentityCommand,
  PutAccountDetailsCommand,
  PutAccountSendingAttributesCommand,
} from '@aws-sdk/client-sesv2';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { COST_TAGS, checkCostTags, checkTrails, costTagsDenied } from '../../src/domain/checkup/events.ts';
import { checkSender, checkSending } from '../../src/domain/checkup/mail.ts';
import { checkTable } from '../../src/domain/checkup/table.ts';

// Steps that only a real account can take are commands of the AWS CLI. Each is held against AWS's own model of the call, as
// the SDK's types have it: what the compiler takes here is a call with these fields, and the command must be the same.

const [restored, table] = [{ TableName: 'curfew-restored' }, { TableName: '$CURFEW_TABLE' }];
const recovers = { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
const [trail, events] = ['management-events', { ReadWriteType: 'WriteOnly', IncludeManagementEvents: true } as const];
const CALLS: Record<string, { input: object; constructor: { name: string } }[]> = {
  sagemaker: [new ListAppsCommand({}), new ListSpacesCommand({})],
  resourcegroupstaggingapi: [
    new GetResourcesCommand({ ResourceTypeFilters: ['sagemaker'] }),
    new GetResourcesCommand({}),
  ],
  ssm: [
    new PutParameterCommand({
      ...{ Name: '/curfew/prod/policy', Type: 'String', Tier: 'Intelligent-Tiering', Overwrite: true },
      Value: 'file://curfew.yml',
    }),
  ],
  sts: [new GetCallerIdentityCommand({})],
  sesv2: [
    new CreateEmailIdentityCommand({ EmailIdentity: 'example.org' }),
    new CreateEmailIdentityCommand({ EmailIdentity: 'curfew@example.org' }),
    new GetEmailIdentityCommand({ EmailIdentity: 'example.org' }),
    new PutAccountDetailsCommand({
      ProductionAccessEnabled: true,
      MailType: 'TRANSACTIONAL',
      WebsiteURL: 'https://example.org',
      UseCaseDescription: 'Warnings and cost reports to users of SageMaker Studio who confirmed their address',
    }),
    new PutAccountSendingAttributesCommand({ SendingEnabled: true }),
  ],
  cloudtrail: [
    new DescribeTrailsCommand({}),
    new CreateTrailCommand({ Name: trail, S3BucketName: 'BUCKET', IsMultiRegionTrail: true }),
    new StartLoggingCommand({ Name: trail }),
    new GetEventSelectorsCommand({ TrailName: trail }),
    new PutEventSelectorsCommand({ TrailName: trail, EventSelectors: [events] }),
  ],
  ce: [
    new ListCostAllocationTagsCommand({ TagKeys: COST_TAGS }),
    new UpdateCostAllocationTagsStatusCommand({
      CostAllocationTagsStatus: COST_TAGS.map((TagKey) => ({ TagKey, Status: 'Active' })),
    }),
  ],
  dynamodb: [
    new RestoreTableToPointInTimeCommand({
      SourceTableName: '$CURFEW_TABLE',
      TargetTableName: 'curfew-restored',
      RestoreDateTime: new Date('2026-11-25T12:00:00Z'),
    }),
    new DescribeTableCommand(restored),
    new UpdateContinuousBackupsCommand({ ...restored, ...recovers }),
    new UpdateContinuousBackupsCommand({ TableName: 'curfew', ...recovers }),
    new UpdateTableCommand({ ...restored, DeletionProtectionEnabled: true }),
    new UpdateTableCommand({ TableName: 'curfew', DeletionProtectionEnabled: true }),
    new UpdateTableCommand({ ...table, DeletionProtectionEnabled: false }),
    new DeleteTableCommand(table),
  ],
};

/** Commands that the AWS CLI has of its own, and a name that stands in a sentence. */
const OWN = ['logs tail', 'lambda invoke'];

/** What waits asks this, again and again. */
const WAITS: Record<string, string> = { 'wait table-exists': 'describe-table' };

const told = ['README.md', 'docs/deploy.md', 'docs/operate.md', 'docs/security.md'].flatMap((name) =>
  commandsOf(readFileSync(name, 'utf8'), name),
);

const covers = { name: trail, covers: true, isLogging: true, logsChanges: true };
const region = 'us-east-1';
const sender = 'Curfew <curfew@example.org>';
const sends = { isProduction: true, isSending: false, enforcement: 'HEALTHY', perDay: 9, perSecond: 1, sentLastDay: 0 };
const mends = [
  checkTrails([], region),
  checkTrails([{ ...covers, isLogging: false }], region),
  checkTrails([{ ...covers, logsChanges: false }], region),
  checkTrails([{ ...covers, logsChanges: undefined }], region),
  checkCostTags(new Map(COST_TAGS.map((tag) => [tag, 'Inactive']))),
  costTagsDenied('AccessDenied'),
  checkSender(sender, [
    ['curfew@example.org', 'none'],
    ['example.org', 'none'],
  ]),
  checkSender(sender, [
    ['curfew@example.org', 'none'],
    ['example.org', 'not verified'],
  ]),
  checkSending(sends, 'enforce'),
  checkTable('curfew', { isActive: true, expires: true, recovers: false, isProtected: false }, { region }),
].flatMap(({ check, mend }) => commandsOf(mend.join('\n'), `doctor, ${check}`));

/** Each `aws service operation --flags` of a text: a line, or what stands between accents. */
function commandsOf(text: string, where: string) {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  const found = [...joined.matchAll(/(?:^|[`\s])aws ([a-z0-9]+) (wait [a-z-]+|[a-z-]+)([^`\n#>]*)/g)];
  return found.map(([, service = '', operation = '', flags = '']) => ({ where, service, operation, flags }));
}

const pascal = (text: string) => text.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** A word as the CLI's shorthand means it: `A=b,C=d` is a structure. */
function shorthandOf(word: string): unknown {
  if (/^(\w+=[^,=]+)(,\w+=[^,=]+)*$/.test(word))
    return Object.fromEntries(
      word.split(',').map((pair) => pair.split('=').map((part, i) => (i ? scalar(part) : part))),
    );
  return scalar(word);
}

function scalar(word: string): unknown {
  const text = word.replaceAll(/^["']|["']$/g, '');
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

/** The flags as the fields of a call, in lower case, as the CLI has lost theirs. A word alone and a list of one are the same to it. */
function inputOf(flags: string): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [, no, name = '', rest = ''] of flags.matchAll(/--(no-)?([a-z0-9-]+)((?: (?!--)(?:"[^"]*"|\S+))*)/g)) {
    if (name === 'region') continue;
    const words = rest.match(/"[^"]*"|\S+/g) ?? [];
    input[name.replaceAll('-', '')] = words.length === 0 ? !no : words.map(shorthandOf);
  }
  return input;
}

/** The call as the CLI would be told it. */
function wordsOf(input: object): Record<string, unknown> {
  const plain = (value: unknown) => (value instanceof Date ? value.toISOString().replace('.000Z', 'Z') : value);
  const worded = (value: unknown) => (typeof value === 'boolean' ? value : [plain(value)].flat());
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name.toLowerCase(), worded(value)]));
}

describe('each command of the AWS CLI is a call that AWS has, with its fields', () => {
  it('is there to be tried', () => {
    expect(told.length).toBeGreaterThan(14);
    expect(mends.length).toBeGreaterThan(10);
  });

  it.each([...told, ...mends])('$where: aws $service $operation', ({ service, operation, flags }) => {
    if (OWN.includes(`${service} ${operation}`)) return;
    const name = pascal(WAITS[operation] ?? operation);
    const calls = (CALLS[service] ?? []).filter((call) => call.constructor.name === `${name}Command`);
    expect(calls, `nobody here knows aws ${service} ${operation}`).not.toEqual([]);
    expect(calls.map(({ input }) => wordsOf(input))).toContainEqual(inputOf(flags));
  });
});

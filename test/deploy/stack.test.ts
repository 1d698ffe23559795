import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CANVAS_USE_ACTIONS } from '../src/adapters/cloudwatch/canvas-use.ts';
import { CONTACTS_ACTIONS } from '../src/adapters/dynamodb/contacts.ts';
import { LINKS_ACTIONS } from '../src/adapters/dynamodb/links.ts';
import { OUTBOX_ACTIONS } from '../src/adapters/dynamodb/outbox.ts';
import { PRICES_ACTIONS } from '../src/adapters/dynamodb/prices.ts';
import { RUNS_ACTIONS } from '../src/adapters/dynamodb/runs.ts';
import { TTL_ATTRIBUTE, tableDefinition } from '../src/adapters/dynamodb/table.ts';
import { VOLUMES_ACTIONS } from '../src/adapters/dynamodb/volumes.ts';
import { PRICE_LIST_ACTIONS } from '../src/adapters/prices/price-list.ts';
import { FLEET_ACTIONS } from '../src/adapters/sagemaker/fleet.ts';
import { SETTINGS_ACTIONS } from '../src/adapters/sagemaker/settings.ts';
import { POSTBOX_ACTIONS } from '../src/adapters/ses/postbox.ts';

/** CloudFormation's own tags (`!Ref`, `!Sub`, …) are read as what stands behind them. */
const stack = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'silent' });

describe('the stack', () => {
  test('has the table that `curfew table create` makes', () => {
    const {
      TimeToLiveSpecification,
      PointInTimeRecoverySpecification,
      DeletionProtectionEnabled,
      SSESpecification,
      ...properties
    } = stack.resources.Resources.Table.Properties;
    const { TableName: _, ...made } = tableDefinition('any');
    expect(properties).toEqual(made);
    expect(TimeToLiveSpecification).toEqual({ AttributeName: TTL_ATTRIBUTE, Enabled: true });
    expect([
      PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
      DeletionProtectionEnabled,
      SSESpecification.SSEEnabled,
    ]).toEqual([true, true, true]);
  });

  test('allows what the adapters call, and nothing more', () => {
    const allowed = stack.provider.iam.role.statements.flatMap(({ Action }: { Action: string | string[] }) => Action);
    // Only the CLI asks any item whose table it is.
    const needed = new Set(
      [
        FLEET_ACTIONS,
        CANVAS_USE_ACTIONS,
        SETTINGS_ACTIONS,
        RUNS_ACTIONS,
        VOLUMES_ACTIONS,
        PRICES_ACTIONS,
        PRICE_LIST_ACTIONS,
        OUTBOX_ACTIONS,
        CONTACTS_ACTIONS,
        LINKS_ACTIONS,
        POSTBOX_ACTIONS,
      ]
        .flat()
        .filter((action) => action !== 'dynamodb:Scan'),
    );
    expect([...allowed].sort()).toEqual([...needed].sort());
  });

  test('gives mail and pages one address: that of its own API, whose paths are in no log', () => {
    const { environment, httpApi, logs } = stack.provider;
    expect(environment.CURFEW_BASE_URL).toMatch(
      /^https:..\$\{HttpApi\}\.execute-api\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}$/,
    );
    expect(stack.functions.links.events).toEqual([{ httpApi: '*' }]);
    expect([httpApi, logs]).toEqual([undefined, undefined]);
  });

  test('listens to exactly the calls that the handler reads', () => {
    const sample = JSON.parse(readFileSync('test/samples/eventbridge-pattern.json', 'utf8'));
    expect(stack.functions['studio-event'].events[0].eventBridge.pattern).toEqual(sample);
  });

  test('hears what becomes of its own mail, and of no other', () => {
    const { MailSet, MailEvents } = stack.resources.Resources;
    const { ConfigurationSetName, EventDestination } = MailEvents.Properties;
    expect([MailSet.Type, ConfigurationSetName]).toEqual(['AWS::SES::ConfigurationSet', 'MailSet']);
    expect(EventDestination).toMatchObject({
      Enabled: true,
      MatchingEventTypes: ['delivery', 'bounce', 'complaint'],
      EventBridgeDestination: { EventBusArn: expect.stringMatching(/:event-bus\/default$/) },
    });
    expect(stack.provider.environment.CURFEW_CONFIGURATION_SET).toBe('MailSet');
    const sending = stack.provider.iam.role.statements.find(
      ({ Action }: { Action: string }) => Action === 'ses:SendEmail',
    );
    expect(sending.Resource).toContainEqual(expect.stringMatching(/:configuration-set\/\$\{MailSet\}$/));
    const { pattern } = stack.functions['mail-feedback'].events[0].eventBridge;
    expect(pattern).toEqual({
      source: ['aws.ses'],
      'detail-type': ['Email Delivered', 'Email Bounced', 'Email Complaint Received'],
      detail: { mail: { tags: { 'ses:configuration-set': ['MailSet'] } } },
    });
  });
});

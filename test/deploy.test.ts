import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { OUTBOX_ACTIONS } from '../src/adapters/dynamodb/outbox.ts';
import { PRICES_ACTIONS } from '../src/adapters/dynamodb/prices.ts';
import { RUNS_ACTIONS } from '../src/adapters/dynamodb/runs.ts';
import { TTL_ATTRIBUTE, tableDefinition } from '../src/adapters/dynamodb/table.ts';
import { VOLUMES_ACTIONS } from '../src/adapters/dynamodb/volumes.ts';
import { PRICE_LIST_ACTIONS } from '../src/adapters/prices/price-list.ts';
import { FLEET_ACTIONS } from '../src/adapters/sagemaker/fleet.ts';
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
        ...FLEET_ACTIONS,
        ...RUNS_ACTIONS,
        ...VOLUMES_ACTIONS,
        ...PRICES_ACTIONS,
        ...PRICE_LIST_ACTIONS,
        ...OUTBOX_ACTIONS,
        ...POSTBOX_ACTIONS,
      ].filter((action) => action !== 'dynamodb:Scan'),
    );
    expect([...allowed].sort()).toEqual([...needed].sort());
  });

  test('listens to exactly the calls that the handler reads', () => {
    const sample = JSON.parse(readFileSync('test/samples/eventbridge-pattern.json', 'utf8'));
    expect(stack.functions['studio-event'].events[0].eventBridge.pattern).toEqual(sample);
  });
});

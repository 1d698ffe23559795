import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableCare } from '../../application/doctor-ports.ts';
import { PortError } from '../../application/ports.ts';
import { call } from '../aws-error.ts';
import { TTL_ATTRIBUTE, whyNotOurs } from './table.ts';

/** The IAM actions that this adapter calls. */
export const TABLE_CARE_ACTIONS = [
  'dynamodb:DescribeTable',
  'dynamodb:DescribeTimeToLive',
  'dynamodb:DescribeContinuousBackups',
];

/** How the table is kept, over the SDK. */
export function dynamodbTableCare(client: DynamoDBClient, TableName: string): TableCare {
  return {
    async look() {
      const found = await call('dynamodb:DescribeTable', () =>
        client.send(new DescribeTableCommand({ TableName })),
      ).catch(orNone('ResourceNotFoundException'));
      if (!found) return undefined;
      const [ttl, backups] = await Promise.all([
        call('dynamodb:DescribeTimeToLive', () => client.send(new DescribeTimeToLiveCommand({ TableName }))).catch(
          orNone('UnknownOperationException'),
        ),
        call('dynamodb:DescribeContinuousBackups', () =>
          client.send(new DescribeContinuousBackupsCommand({ TableName })),
        ).catch(orNone('UnknownOperationException')),
      ]);
      const { AttributeName, TimeToLiveStatus = '' } = ttl?.TimeToLiveDescription ?? {};
      const { PointInTimeRecoveryDescription } = backups?.ContinuousBackupsDescription ?? {};
      const notOurs = whyNotOurs(TableName, found.Table);
      return {
        ...(notOurs === undefined ? {} : { notOurs }),
        isActive: found.Table?.TableStatus === 'ACTIVE' || found.Table?.TableStatus === 'UPDATING',
        expires: ttl && AttributeName === TTL_ATTRIBUTE && TimeToLiveStatus.startsWith('ENABL'),
        recovers: backups && PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED',
        isProtected: found.Table?.DeletionProtectionEnabled === true,
      };
    },
  };
}

/** Takes a refusal by this name for "there is none": of a table, or, by engines that speak only part of the API, of an operation. */
function orNone(code: string): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof PortError && error.code === code) return undefined;
    throw error;
  };
}

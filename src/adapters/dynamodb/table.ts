import type {
  CreateTableCommandInput,
  DynamoDBClient,
  KeySchemaElement,
  TableDescription,
} from '@aws-sdk/client-dynamodb';
import {
  CreateTableCommand,
  DescribeTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { PortError } from '../../application/ports.ts';
import { call, toPortError } from '../aws-error.ts';

/** Notices: what is owed under its place, what is settled under its place and month. Nothing else has its keys. */
export const OWED_INDEX = 'owed';

/** The one table. stack/table.yml declares the same; a test holds the two together. */
export function tableDefinition(table: string): CreateTableCommandInput {
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'owedPk', 'owedSk'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: OWED_INDEX,
        KeySchema: [
          { AttributeName: 'owedPk', KeyType: 'HASH' },
          { AttributeName: 'owedSk', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  };
}

/** The attribute that DynamoDB's TTL reads. */
export const TTL_ATTRIBUTE = 'expiresAt';

/**
 * Makes the table wherever DynamoDB's API is spoken, and waits until it can be used.
 * @returns whether it was made now, and whether old items will expire by themselves
 */
export async function createTable(
  client: DynamoDBClient,
  table: string,
): Promise<{ isNew: boolean; expires: boolean }> {
  let isNew = true;
  try {
    await call('dynamodb:CreateTable', () => client.send(new CreateTableCommand(tableDefinition(table))));
  } catch (error) {
    if (toPortError(error, '').code !== 'ResourceInUseException') throw error;
    isNew = false;
  }
  await call('dynamodb:DescribeTable', () =>
    waitUntilTableExists({ client, maxWaitTime: 120, minDelay: 1 }, { TableName: table }),
  );
  if (!isNew) await insistOnOurs(client, table);
  return { isNew, expires: await setTimeToLive(client, table) };
}

/** A table that was there already may be somebody else's: its items must not begin to expire. */
async function insistOnOurs(client: DynamoDBClient, table: string): Promise<void> {
  const { Table } = await call('dynamodb:DescribeTable', () =>
    client.send(new DescribeTableCommand({ TableName: table })),
  );
  const why = whyNotOurs(table, Table);
  if (why !== undefined) throw new PortError('refused', 'NotOurTable', `${why}; name another`);
}

/** Why a table is none of ours, in words; undefined where it is. */
export function whyNotOurs(table: string, found: TableDescription | undefined): string | undefined {
  const keys = (schema: KeySchemaElement[] = []) => schema.map(({ AttributeName }) => AttributeName).join(' and ');
  const key = keys(found?.KeySchema);
  const index = found?.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === OWED_INDEX);
  if (key === 'pk and sk' && keys(index?.KeySchema) === 'owedPk and owedSk') return undefined;
  return `a table ${table} exists, and is not Curfew's: its key is ${key}${key === 'pk and sk' ? `, and it has no index ${OWED_INDEX}` : ''}`;
}

/** Some engines that speak DynamoDB's API know no TTL: the table serves all the same, and forgets nothing. */
async function setTimeToLive(client: DynamoDBClient, table: string): Promise<boolean> {
  const TimeToLiveSpecification = { AttributeName: TTL_ATTRIBUTE, Enabled: true };
  try {
    await call('dynamodb:UpdateTimeToLive', () =>
      client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification })),
    );
    return true;
  } catch (error) {
    const { code, message } = toPortError(error, '');
    if (code === 'ValidationException' && /already enabled/i.test(message)) return true;
    if (code === 'UnknownOperationException') return false;
    throw error;
  }
}

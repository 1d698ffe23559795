import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../../src/adapters/dynamodb/table.ts';

let tables = 0;

/** Makes a table with nothing in it, without the second's pause between looks that suits AWS's own. */
export async function freshTable(client: DynamoDBClient): Promise<string> {
  tables += 1;
  const TableName = `fresh-${tables}`;
  await client.send(new CreateTableCommand(tableDefinition(TableName)));
  const isActive = async () =>
    (await client.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus === 'ACTIVE';
  while (!(await isActive()));
  return TableName;
}

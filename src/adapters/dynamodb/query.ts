import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { call } from '../aws-error.ts';
import { type Item, toItem } from './items.ts';

/** The condition that reads one partition whole. */
export function partition(pk: string): Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeValues'> {
  return { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: toItem({ ':pk': pk }) };
}

/** Hands over every item of a query, page after page of 1 MB. Throws PortError. */
export async function query(
  client: DynamoDBClient,
  input: QueryCommandInput,
  take: (item: Item) => unknown,
): Promise<void> {
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await call('dynamodb:Query', () => client.send(new QueryCommand({ ...input, ExclusiveStartKey })));
    for (const item of page.Items ?? []) take(item);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
}

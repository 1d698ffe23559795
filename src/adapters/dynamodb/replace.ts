import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { call } from '../aws-error.ts';
import { toItem } from './items.ts';
import { query } from './query.ts';

/** How many characters of JSON an item holds: DynamoDB takes 400 KB, and one of a name may take three bytes. */
const CHUNK = 90_000;

/** Rows as JSON, cut where an item is full; one piece at least. */
export function chunked(rows: unknown[]): string[] {
  const chunks: string[] = [];
  let chunk: string[] = [];
  let size = 0;
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (size + json.length > CHUNK && chunk.length > 0) {
      chunks.push(`[${chunk.join()}]`);
      [chunk, size] = [[], 0];
    }
    chunk.push(json);
    size += json.length + 1;
  }
  return [...chunks, `[${chunk.join()}]`];
}

/** Writes an item, whatever was there of its key. Throws PortError. */
export async function put(client: DynamoDBClient, table: string, item: object): Promise<void> {
  const command = new PutItemCommand({ TableName: table, Item: toItem(item) });
  await call('dynamodb:PutItem', () => client.send(command));
}

/**
 * Puts what takes several items in place of what begins with the prefix: the new first, under a stamp of its own that
 * sorts after the old one's, then the old away. So whoever reads in order and meets only a part of the old meets all of
 * the new, and a crash leaves what was there, or both.
 * @param items the new ones, which follow the prefix with the stamp
 */
export async function replaceAll(
  client: DynamoDBClient,
  table: string,
  { pk, prefix }: { pk: string; prefix: string },
  items: (stamp: string) => object[],
): Promise<void> {
  const old: string[] = [];
  const input = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: toItem({ ':pk': pk, ':prefix': prefix }),
    ProjectionExpression: 'sk',
    ConsistentRead: true,
  };
  await query(client, input, ({ sk }) => old.push(sk!.S!));
  const last = Math.max(0, ...old.map((sk) => Number.parseInt(sk.slice(prefix.length), 10)));
  // Two that write at once have the same number, and still no stamp in common.
  const stamp = `${String(last + 1).padStart(6, '0')}-${randomUUID()}`;
  for (const item of items(stamp)) await put(client, table, item);
  for (const sk of old) {
    const command = new DeleteItemCommand({ TableName: table, Key: toItem({ pk, sk }) });
    await call('dynamodb:DeleteItem', () => client.send(command));
  }
}

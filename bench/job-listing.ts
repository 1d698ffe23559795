import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import {
  ListAppsCommand,
  ListSpacesCommand,
  SageMakerClient,
  type SageMakerClientConfig,
} from '@aws-sdk/client-sagemaker';

// The same retries and the same logger as in src/wiring.ts: one that has no `info` to copy answers for.
const logger = { trace() {}, debug() {}, warn() {}, error() {} } as unknown as NonNullable<
  SageMakerClientConfig['logger']
>;
const client = { region: process.env.AWS_REGION ?? '', retryMode: 'adaptive', maxAttempts: 5, logger } as const;

/**
 * The bare listing that a scan's time is held against: the same pages with the same SDK clients, apps, spaces and tags
 * side by side, each page as soon as the token of the page before is there. Rows are counted and dropped; nothing is
 * joined, decided or kept. With `BENCH_TABLE_TOO` the run table is read beside them, page by page.
 */
export async function prepare(): Promise<() => Promise<unknown>> {
  const sagemaker = new SageMakerClient(client);
  const tagging = new ResourceGroupsTaggingAPIClient(client);
  const dynamodb = new DynamoDBClient(client);
  return async () => {
    const [apps, spaces, tagged, runs] = await Promise.all([
      count(async (NextToken: string | undefined) => {
        const page = await sagemaker.send(new ListAppsCommand({ MaxResults: 100, NextToken }));
        return [page.Apps?.length, page.NextToken];
      }),
      count(async (NextToken: string | undefined) => {
        const page = await sagemaker.send(new ListSpacesCommand({ MaxResults: 100, NextToken }));
        return [page.Spaces?.length, page.NextToken];
      }),
      count(async (PaginationToken: string | undefined) => {
        const page = await tagging.send(
          new GetResourcesCommand({
            ResourceTypeFilters: ['sagemaker:domain', 'sagemaker:user-profile', 'sagemaker:space', 'sagemaker:app'],
            ResourcesPerPage: 100,
            TagFilters: [{ Key: 'curfew' }],
            PaginationToken,
          }),
        );
        return [page.ResourceTagMappingList?.length, page.PaginationToken || undefined];
      }),
      process.env.BENCH_TABLE_TOO &&
        count(async (ExclusiveStartKey: QueryPage['LastEvaluatedKey']) => {
          const page: QueryPage = await dynamodb.send(
            new QueryCommand({
              TableName: process.env.CURFEW_TABLE,
              KeyConditionExpression: 'pk = :pk',
              ExpressionAttributeValues: { ':pk': { S: 'fleet#111122223333#us-east-1' } },
              ConsistentRead: true,
              ExclusiveStartKey,
            }),
          );
          return [page.Items?.length, page.LastEvaluatedKey];
        }),
    ]);
    return { apps, spaces, tagged, runs };
  };
}

type QueryPage = import('@aws-sdk/client-dynamodb').QueryCommandOutput;

async function count<Token>(
  read: (token: Token | undefined) => Promise<[rows: number | undefined, next: Token | undefined]>,
): Promise<number> {
  let total = 0;
  let token: Token | undefined;
  do {
    const [rows = 0, next] = await read(token);
    total += rows;
    token = next;
  } while (token);
  return total;
}

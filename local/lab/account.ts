import { readdirSync } from 'node:fs';
import { DynamoDBClient, UpdateContinuousBackupsCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import packageFile from '../../package.json' with { type: 'json' };
import type { EmbeddedAws } from '../aws/index.ts';

/** What a function of the lab is called at AWS. */
export const functionName = (handler: string): string => `curfew-${handler}`;

/** Nobody is denied anything in the lab: what roles may do is the stack's to say, and `npm run package`'s to check. */
const ALL = [{ effect: 'Allow' as const, actions: ['*'], resources: ['*'] }];

/** Makes the account tell of the lab's functions, its trail and its table what one tells of a deployed stack: `curfew doctor` asks. */
export async function furnish(
  aws: EmbeddedAws,
  { handlers, table, env }: { handlers: string; table: string; env: Record<string, string> },
): Promise<void> {
  const { account, region } = aws.studio.place;
  const role = `arn:aws:iam::${account}:role/curfew`;
  aws.iam.set(role, ALL).set(`arn:aws:iam::${account}:role/CurfewRole`, ALL);
  for (const file of readdirSync(handlers).filter((name) => name.endsWith('.mjs'))) {
    const handler = file.replace('.mjs', '');
    const its = { ...env, CURFEW_VERSION: packageFile.version };
    aws.functions.push({ name: functionName(handler), handler: `dist/handlers/${handler}.handler`, role, env: its });
  }
  aws.trails.push({ name: 'management-events', isMultiRegion: true });
  const dynamodb = new DynamoDBClient({ region });
  await dynamodb.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: true }));
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName: table, PointInTimeRecoverySpecification }));
  dynamodb.destroy();
}

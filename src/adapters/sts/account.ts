import type { STSClient } from '@aws-sdk/client-sts';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { call } from '../aws-error.ts';

/** The account that the credentials belong to. Needs no right. Throws PortError. */
export async function callerAccount(client: STSClient): Promise<string> {
  const { Account } = await call('sts:GetCallerIdentity', () => client.send(new GetCallerIdentityCommand({})));
  return Account ?? '';
}

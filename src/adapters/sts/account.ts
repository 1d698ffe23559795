import type { STSClient } from '@aws-sdk/client-sts';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Caller } from '../../application/ports.ts';
import { call } from '../aws-error.ts';

/** Whose the credentials are. Needs no right. Throws PortError. */
export async function callerIdentity(client: STSClient): Promise<Caller> {
  const { Account, Arn } = await call('sts:GetCallerIdentity', () => client.send(new GetCallerIdentityCommand({})));
  return { account: Account ?? '', arn: Arn ?? '' };
}

import type { SSMClient } from '@aws-sdk/client-ssm';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { call } from '../aws-error.ts';

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const PARAMETER_ACTIONS = ['ssm:GetParameter'];

/** Reads a parameter, decrypted where it is a SecureString. Needs ssm:GetParameter. Throws PortError. */
export async function readParameter(client: SSMClient, Name: string): Promise<string> {
  const { Parameter } = await call('ssm:GetParameter', () =>
    client.send(new GetParameterCommand({ Name, WithDecryption: true })),
  );
  return Parameter?.Value ?? '';
}

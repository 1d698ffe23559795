import { ListDomainsCommand, type SageMakerClient } from '@aws-sdk/client-sagemaker';
import { call } from '../aws-error.ts';

/** The account that Studio's domains are in, by the ARN of the first; undefined where there is no domain. Throws PortError. */
export async function domainAccount(client: SageMakerClient): Promise<string | undefined> {
  const page = await call('sagemaker:ListDomains', () => client.send(new ListDomainsCommand({ MaxResults: 1 })));
  return page.Domains?.[0]?.DomainArn?.split(':')[4];
}

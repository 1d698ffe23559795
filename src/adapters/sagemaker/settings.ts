import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  DescribeDomainCommand,
  DescribeUserProfileCommand,
  ListDomainsCommand,
  ListUserProfilesCommand,
  UpdateDomainCommand,
  UpdateUserProfileCommand,
} from '@aws-sdk/client-sagemaker';
import { PortError, type StudioSettings } from '../../application/ports.ts';
import { call } from '../aws-error.ts';
import { pages } from './pages.ts';

/** The IAM actions that this adapter calls. */
export const SETTINGS_ACTIONS = [
  'sagemaker:ListDomains',
  'sagemaker:ListUserProfiles',
  'sagemaker:DescribeDomain',
  'sagemaker:DescribeUserProfile',
  'sagemaker:UpdateDomain',
  'sagemaker:UpdateUserProfile',
];

/** The most that a page may hold; AWS's default is 10 (ListDomains, ListUserProfiles). */
const PAGE = 100;

/** The user settings of domains and profiles, over the SDK. A member that this SDK does not know is not in what is read. */
export function sagemakerSettings(client: SageMakerClient): StudioSettings {
  return {
    async domains() {
      const found: Awaited<ReturnType<StudioSettings['domains']>> = [];
      await pages('sagemaker:ListDomains', async (NextToken) => {
        const page = await client.send(new ListDomainsCommand({ MaxResults: PAGE, NextToken }));
        for (const { DomainId, DomainName } of page.Domains ?? [])
          if (DomainId) found.push({ domainId: DomainId, ...(DomainName ? { domainName: DomainName } : {}) });
        return page.NextToken;
      });
      return found;
    },
    async profiles() {
      const found: Awaited<ReturnType<StudioSettings['profiles']>> = [];
      await pages('sagemaker:ListUserProfiles', async (NextToken) => {
        const page = await client.send(new ListUserProfilesCommand({ MaxResults: PAGE, NextToken }));
        for (const { DomainId, UserProfileName } of page.UserProfiles ?? [])
          if (DomainId && UserProfileName) found.push({ domainId: DomainId, userProfileName: UserProfileName });
        return page.NextToken;
      });
      return found;
    },
    async read({ domainId: DomainId, userProfileName: UserProfileName }) {
      try {
        if (UserProfileName === undefined) {
          const command = new DescribeDomainCommand({ DomainId });
          const domain = await call('sagemaker:DescribeDomain', () => client.send(command));
          return { ...domain.DefaultUserSettings };
        }
        const command = new DescribeUserProfileCommand({ DomainId, UserProfileName });
        const profile = await call('sagemaker:DescribeUserProfile', () => client.send(command));
        return { ...profile.UserSettings };
      } catch (error) {
        if (error instanceof PortError && error.code === 'ResourceNotFound') return undefined;
        throw error;
      }
    },
    async update({ domainId: DomainId, userProfileName: UserProfileName }, members) {
      if (UserProfileName === undefined) {
        const command = new UpdateDomainCommand({ DomainId, DefaultUserSettings: members });
        await call('sagemaker:UpdateDomain', () => client.send(command));
        return;
      }
      const command = new UpdateUserProfileCommand({ DomainId, UserProfileName, UserSettings: members });
      await call('sagemaker:UpdateUserProfile', () => client.send(command));
    },
  };
}

import { setTimeout } from 'node:timers/promises';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  DescribeDomainCommand,
  DescribeUserProfileCommand,
  ListDomainsCommand,
  ListUserProfilesCommand,
  UpdateDomainCommand,
  UpdateUserProfileCommand,
} from '@aws-sdk/client-sagemaker';
import type { StudioSettings } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type {
  AppSettings,
  AppSettingsByType,
  Settings,
  SettingsHolder,
  SettingsRef,
  SettingsUpdate,
} from '../../domain/studio-settings.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { pages } from './pages.ts';

/** The IAM actions that each verb calls. */
export const SETTINGS_CALLS: Calls<StudioSettings> = {
  read: ['sagemaker:DescribeDomain', 'sagemaker:DescribeUserProfile'],
  domains: ['sagemaker:ListDomains'],
  profiles: ['sagemaker:ListUserProfiles'],
  update: [
    'sagemaker:UpdateDomain',
    'sagemaker:UpdateUserProfile',
    'sagemaker:DescribeDomain',
    'sagemaker:DescribeUserProfile',
  ],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const SETTINGS_ACTIONS = /* @__PURE__ */ actionsOf(SETTINGS_CALLS);

/** The most that a page may hold; AWS's default is 10 (ListDomains, ListUserProfiles). */
const PAGE = 100;

/** The settings of domains and user profiles, over the SDK. A member that this SDK does not know is not in what is read. */
export function sagemakerSettings(client: SageMakerClient): StudioSettings {
  return {
    async read(ref) {
      try {
        return toHolder(ref, await describe(client, ref));
      } catch (error) {
        // A name that AWS takes for none at all names nothing either.
        const unknown = ['ResourceNotFound', 'ValidationException'];
        if (error instanceof PortError && unknown.includes(error.code)) return undefined;
        throw error;
      }
    },
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
    async profiles(domainId) {
      const found: Required<SettingsRef>[] = [];
      await pages('sagemaker:ListUserProfiles', async (NextToken) => {
        const page = await client.send(
          new ListUserProfilesCommand({
            ...(domainId === undefined ? {} : { DomainIdEquals: domainId }),
            MaxResults: PAGE,
            NextToken,
          }),
        );
        for (const { DomainId, UserProfileName } of page.UserProfiles ?? [])
          if (DomainId && UserProfileName) found.push({ domainId: DomainId, userProfileName: UserProfileName });
        return page.NextToken;
      });
      return found;
    },
    async update(ref, settings) {
      await send(client, ref, settings);
      await settle(() => describe(client, ref));
    },
  };
}

interface Described {
  Status?: string | undefined;
  FailureReason?: string | undefined;
  DomainArn?: string | undefined;
  DomainName?: string | undefined;
  UserProfileArn?: string | undefined;
  DefaultUserSettings?: object | undefined;
  DefaultSpaceSettings?: object | undefined;
  UserSettings?: object | undefined;
}

function describe(client: SageMakerClient, { domainId: DomainId, userProfileName }: SettingsRef): Promise<Described> {
  if (userProfileName === undefined)
    return call('sagemaker:DescribeDomain', () => client.send(new DescribeDomainCommand({ DomainId })));
  return call('sagemaker:DescribeUserProfile', () =>
    client.send(new DescribeUserProfileCommand({ DomainId, UserProfileName: userProfileName })),
  );
}

async function send(
  client: SageMakerClient,
  { domainId: DomainId, userProfileName }: SettingsRef,
  { user, space }: SettingsUpdate,
): Promise<void> {
  if (userProfileName === undefined) {
    const command = new UpdateDomainCommand({
      DomainId,
      ...(user ? { DefaultUserSettings: toMembers(user) } : {}),
      ...(space ? { DefaultSpaceSettings: toMembers(space) } : {}),
    });
    await call('sagemaker:UpdateDomain', () => client.send(command));
  } else {
    const command = new UpdateUserProfileCommand({
      DomainId,
      UserProfileName: userProfileName,
      UserSettings: toMembers(user ?? {}),
    });
    await call('sagemaker:UpdateUserProfile', () => client.send(command));
  }
}

/** AWS answers an update before it is done: the status is `Updating` for some seconds, and may end as `Update_Failed`. */
async function settle(look: () => Promise<Described>): Promise<void> {
  for (let seconds = 0; seconds < 60; seconds++) {
    const { Status, FailureReason } = await look();
    if (Status === 'Update_Failed') throw new PortError('fault', Status, `AWS could not update it: ${FailureReason}`);
    if (Status !== 'Updating') return;
    await setTimeout(1000);
  }
  throw new PortError('fault', 'Updating', 'AWS is still updating it after a minute');
}

function toHolder(ref: SettingsRef, described: Described): SettingsHolder {
  const { DomainArn, DomainName, UserProfileArn, DefaultUserSettings, DefaultSpaceSettings, UserSettings } = described;
  const { domainId, userProfileName } = ref;
  return {
    domainId,
    ...(userProfileName === undefined ? {} : { userProfileName }),
    ...(DomainName === undefined ? {} : { domainName: DomainName }),
    arn: DomainArn ?? UserProfileArn ?? '',
    user: toSettings(DefaultUserSettings ?? UserSettings ?? {}),
    ...(DefaultSpaceSettings ? { space: toSettings(DefaultSpaceSettings) } : {}),
  };
}

const MEMBER = /^(\w+)AppSettings$/;

function toSettings(described: { ExecutionRole?: string }): Settings {
  const apps = Object.entries(described as Record<string, unknown>).flatMap(([member, value]) => {
    const appType = MEMBER.exec(member)?.[1];
    return appType && value ? [[appType, value as AppSettings] as const] : [];
  });
  const { ExecutionRole } = described;
  return { apps: Object.fromEntries(apps), ...(ExecutionRole ? { executionRole: ExecutionRole } : {}) };
}

/** The app settings as the SDK takes them: AWS's own members, as they came. */
function toMembers(apps: AppSettingsByType): Record<string, never> {
  return Object.fromEntries(
    Object.entries(apps).map(([appType, settings]) => [`${appType}AppSettings`, settings as never]),
  );
}

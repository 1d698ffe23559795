import { awsError, type Input } from './answers.ts';
import { arnsOf, type LifecycleConfig, updated } from './studio-settings.ts';
import type { Domain, Studio, UserProfile } from './studio-types.ts';
import { checkDomain, checkName } from './validate.ts';

/** SageMaker's calls on the settings of domains and profiles, and on lifecycle configurations. */
export const settingsOperations = {
  DescribeDomain(studio: Studio, input: Input) {
    const domain = domainOf(studio, input);
    const { settings, spaceSettings } = domain;
    return {
      ...domainRow(studio, domain),
      ...statusOf(domain),
      DefaultUserSettings: settings,
      ...(spaceSettings === undefined ? {} : { DefaultSpaceSettings: spaceSettings }),
    };
  },

  UpdateDomain(studio: Studio, input: Input) {
    const domain = domainOf(studio, input);
    const { DefaultUserSettings, DefaultSpaceSettings } = input;
    const settings = changed(studio, domain.settings, DefaultUserSettings);
    if (DefaultSpaceSettings) domain.spaceSettings = changed(studio, domain.spaceSettings ?? {}, DefaultSpaceSettings);
    domain.settings = settings;
    domain.statuses = [...studio.updateStatuses];
    return { DomainArn: domain.arn };
  },

  DescribeUserProfile(studio: Studio, input: Input) {
    const profile = profileOf(studio, input);
    const { ssoUser, settings } = profile;
    return {
      ...profileRow(profile),
      ...statusOf(profile),
      UserProfileArn: profile.arn,
      ...(ssoUser === undefined ? {} : { SingleSignOnUserIdentifier: 'UserName', SingleSignOnUserValue: ssoUser }),
      ...(Object.keys(settings).length === 0 ? {} : { UserSettings: settings }),
    };
  },

  UpdateUserProfile(studio: Studio, input: Input) {
    const profile = profileOf(studio, input);
    profile.settings = changed(studio, profile.settings, input.UserSettings);
    profile.statuses = [...studio.updateStatuses];
    return { UserProfileArn: profile.arn };
  },

  CreateStudioLifecycleConfig(studio: Studio, input: Input) {
    return { StudioLifecycleConfigArn: studio.lifecycleConfigs.create(input).arn };
  },

  DescribeStudioLifecycleConfig(studio: Studio, input: Input) {
    const name = checkName(input, 'StudioLifecycleConfigName', true) as string;
    const config = studio.lifecycleConfigs.byName(name);
    if (config === undefined) throw awsError('ResourceNotFound', `StudioLifecycleConfig ${name} does not exist.`);
    return { ...lifecycleRow(config), StudioLifecycleConfigContent: config.content };
  },

  DeleteStudioLifecycleConfig(studio: Studio, input: Input) {
    const domains = studio.domains().flatMap(({ settings, spaceSettings = {} }) => [settings, spaceSettings]);
    const all = [...domains, ...studio.profiles().map(({ settings }) => settings)];
    studio.lifecycleConfigs.remove(input, (arn) =>
      all.some((settings) => Object.values(settings).some((app) => arnsOf(app).includes(arn))),
    );
    return undefined;
  },
};

/** A domain as ListDomains shows it. */
export function domainRow(studio: Studio, domain: Domain): Record<string, unknown> {
  return {
    DomainArn: domain.arn,
    DomainId: domain.domainId,
    DomainName: domain.name,
    Status: 'InService',
    CreationTime: domain.creationTime / 1000,
    LastModifiedTime: domain.creationTime / 1000,
    Url: `https://${domain.domainId}.studio.${studio.place.region}.sagemaker.aws`,
  };
}

/** A profile as ListUserProfiles shows it. */
export function profileRow(profile: UserProfile): Record<string, unknown> {
  return {
    DomainId: profile.domainId,
    UserProfileName: profile.name,
    Status: 'InService',
    CreationTime: profile.creationTime / 1000,
    LastModifiedTime: profile.creationTime / 1000,
  };
}

/** A lifecycle configuration as ListStudioLifecycleConfigs shows it. */
export function lifecycleRow(config: LifecycleConfig): Record<string, unknown> {
  return {
    StudioLifecycleConfigArn: config.arn,
    StudioLifecycleConfigName: config.name,
    StudioLifecycleConfigAppType: config.appType,
    CreationTime: config.creationTime / 1000,
    LastModifiedTime: config.creationTime / 1000,
  };
}

/** An update goes on after its answer: each look at the row finds its next status. */
function statusOf({ statuses }: Domain | UserProfile): Record<string, unknown> {
  const Status = statuses.shift() ?? 'InService';
  return { Status, ...(Status === 'Update_Failed' ? { FailureReason: 'InternalFailure' } : {}) };
}

function domainOf(studio: Studio, input: Input): Domain {
  const domainId = checkDomain(input, 'DomainId', true) as string;
  const domain = studio.domain(domainId);
  if (domain === undefined) throw awsError('ResourceNotFound', `Domain ${domainId} does not exist.`);
  return domain;
}

function profileOf(studio: Studio, input: Input): UserProfile {
  const domainId = checkDomain(input, 'DomainId', true) as string;
  const name = checkName(input, 'UserProfileName', true) as string;
  const profile = studio.profile(domainId, name);
  if (profile === undefined)
    throw awsError('ResourceNotFound', `UserProfile ${studio.arn.profile(domainId, name)} does not exist.`);
  return profile;
}

function changed(studio: Studio, old: Domain['settings'], given: Input): Domain['settings'] {
  const settings = updated(old, given ?? {}, studio.updates);
  studio.lifecycleConfigs.check(settings);
  return settings;
}

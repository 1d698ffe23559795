import { awsError, type Input, invalid, unknownOperation } from './answers.ts';
import { issueToken, type Key, readToken, takePage } from './paging.ts';
import { domainRow, lifecycleRow, profileRow, settingsOperations } from './sagemaker-settings.ts';
import { type App, appKey, isListed } from './studio-apps.ts';
import { type LifecycleConfig, lifecycleAppTypes } from './studio-settings.ts';
import type { Domain, Space, Studio, UserProfile } from './studio-types.ts';
import { readTags } from './tags.ts';
import { appTypes, checkDomain, checkEnum, checkMaxResults, checkName, demand } from './validate.ts';

type Operation = (studio: Studio, input: Input, isScheduler?: boolean) => unknown;

/** Performs one SageMaker call; DeleteApp answers with nothing at all. `isScheduler`: EventBridge Scheduler makes it. */
export function performSageMaker(studio: Studio, action: string, input: Input, isScheduler = false): unknown {
  const operation = operations[action];
  if (operation === undefined) throw unknownOperation('sagemaker', action);
  return operation(studio, input, isScheduler);
}

const operations: Record<string, Operation> = {
  ...settingsOperations,

  ListApps(studio, input) {
    checkEnum(input, 'SortBy', ['CreationTime']);
    const domainId = checkDomain(input, 'DomainIdEquals', false);
    const profile = checkName(input, 'UserProfileNameEquals', false);
    const space = checkName(input, 'SpaceNameEquals', false);
    if (profile !== undefined && space !== undefined) {
      throw invalid('UserProfileNameEquals and SpaceNameEquals cannot both be set.');
    }
    // The documentation does not say whether a name alone is enough, so what relies on it is refused.
    if ((profile ?? space) !== undefined && domainId === undefined) {
      throw invalid('DomainIdEquals is required with UserProfileNameEquals or SpaceNameEquals.');
    }
    const now = studio.now();
    const accepts = (app: App): boolean =>
      isListed(app, now) &&
      (domainId === undefined || app.domainId === domainId) &&
      (profile === undefined || app.userProfileName === profile) &&
      (space === undefined || app.spaceName === space);
    return list(studio, 'ListApps', input, studio.appRows(), appKey, accepts, 'Apps', (app) => appRow(studio, app));
  },

  ListSpaces(studio, input) {
    const byChange = checkEnum(input, 'SortBy', ['CreationTime', 'LastModifiedTime']) === 'LastModifiedTime';
    const domainId = checkDomain(input, 'DomainIdEquals', false);
    const part = checkName(input, 'SpaceNameContains', false);
    const keyOf = (space: Space): Key => [byChange ? space.modifiedTime : space.creationTime, space.seq];
    const rows = byChange
      ? studio.spaces().toSorted((a, b) => a.modifiedTime - b.modifiedTime || a.seq - b.seq)
      : studio.spaces();
    const accepts = (space: Space): boolean =>
      (domainId === undefined || space.domainId === domainId) && (part === undefined || space.name.includes(part));
    return list(studio, 'ListSpaces', input, rows, keyOf, accepts, 'Spaces', spaceRow);
  },

  ListUserProfiles(studio, input) {
    checkEnum(input, 'SortBy', ['CreationTime', 'LastModifiedTime']);
    const domainId = checkDomain(input, 'DomainIdEquals', false);
    const part = checkName(input, 'UserProfileNameContains', false);
    const accepts = (profile: UserProfile): boolean =>
      (domainId === undefined || profile.domainId === domainId) && (part === undefined || profile.name.includes(part));
    return list(studio, 'ListUserProfiles', input, studio.profiles(), rowKey, accepts, 'UserProfiles', profileRow);
  },

  ListDomains(studio, input) {
    return list(
      studio,
      'ListDomains',
      input,
      studio.domains(),
      rowKey,
      () => true,
      'Domains',
      (domain: Domain) => domainRow(studio, domain),
    );
  },

  ListStudioLifecycleConfigs(studio, input) {
    checkEnum(input, 'SortBy', ['CreationTime', 'LastModifiedTime', 'Name']);
    const appType = checkEnum(input, 'AppTypeEquals', lifecycleAppTypes);
    const part = checkName(input, 'NameContains', false);
    const accepts = (config: LifecycleConfig): boolean =>
      (appType === undefined || config.appType === appType) && (part === undefined || config.name.includes(part));
    const rows = studio.lifecycleConfigs.all();
    return list(
      studio,
      'ListStudioLifecycleConfigs',
      input,
      rows,
      rowKey,
      accepts,
      'StudioLifecycleConfigs',
      lifecycleRow,
    );
  },

  DescribeApp(studio, input) {
    const id = appId(input);
    const app = studio.app(id);
    if (app === undefined) throw awsError('ResourceNotFound', `App ${studio.arn.app(id)} does not exist.`);
    const status = studio.statusOf(app);
    // A health check each minute moves both times together, used or not: this proves nothing, as at AWS.
    const checked = Math.floor(studio.now() / 60_000) * 60;
    return {
      AppArn: app.arn,
      ...appRow(studio, app),
      ...(status === 'InService' ? { LastHealthCheckTimestamp: checked, LastUserActivityTimestamp: checked } : {}),
      ...(status === 'Failed' ? { FailureReason: 'InternalFailure' } : {}),
    };
  },

  CreateApp(studio, input) {
    const tags = readTags(input.Tags);
    const app = studio.createApp(
      {
        ...appId(input),
        ...(input.ResourceSpec?.InstanceType === undefined ? {} : { instanceType: input.ResourceSpec.InstanceType }),
        ...(Object.keys(tags).length === 0 ? {} : { tags }),
      },
      'api',
    );
    return { AppArn: app.arn };
  },

  DeleteApp(studio, input, isScheduler) {
    studio.deleteApp(appId(input), isScheduler ? 'scheduler' : 'api');
    return undefined;
  },

  AddTags(studio, input) {
    const arn = taggable(studio, input);
    const tags = readTags(input.Tags);
    studio.tags.add(arn, tags);
    return { Tags: tagRows(studio.tags.get(arn)) };
  },

  ListTags(studio, input) {
    const arn = taggable(studio, input);
    const limit = input.MaxResults ?? 50;
    demand(
      Number.isInteger(limit) && limit >= 50,
      limit,
      'maxResults',
      'Member must have value greater than or equal to 50',
    );
    if (input.NextToken !== undefined) throw invalid('Invalid NextToken.');
    // Fifty tags at most fit a resource, so one page always holds them.
    return { Tags: tagRows(studio.tags.get(arn)) };
  },
};

function list<Row>(
  studio: Studio,
  operation: string,
  input: Input,
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
  accepts: (row: Row) => boolean,
  member: string,
  show: (row: Row) => unknown,
): Record<string, unknown> {
  const limit = checkMaxResults(input);
  const descending = checkEnum(input, 'SortOrder', ['Ascending', 'Descending']) === 'Descending';
  const { NextToken: token, ...parameters } = input;
  const query = JSON.stringify([operation, Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1))]);
  let after: Key | undefined;
  if (token !== undefined && token !== null) {
    const key = readToken(query, String(token), studio.now());
    if (typeof key === 'string') throw invalid(`Invalid NextToken: ${key}.`);
    after = key;
  }
  const { page, last } = takePage(rows, keyOf, { after, limit, descending, accepts });
  const next = last === undefined ? {} : { NextToken: issueToken(query, last, studio.now()) };
  return { [member]: page.map(show), ...next };
}

function rowKey(row: { creationTime: number; seq: number }): Key {
  return [row.creationTime, row.seq];
}

function appRow(studio: Studio, app: App): Record<string, unknown> {
  return {
    DomainId: app.domainId,
    ...(app.userProfileName === undefined ? { SpaceName: app.spaceName } : { UserProfileName: app.userProfileName }),
    AppType: app.appType,
    AppName: app.appName,
    Status: studio.statusOf(app),
    CreationTime: app.creationTime / 1000,
    ...(app.instanceType === undefined ? {} : { ResourceSpec: { InstanceType: app.instanceType } }),
  };
}

function spaceRow(space: Space): Record<string, unknown> {
  const storage =
    space.ebsGb === undefined
      ? {}
      : { SpaceStorageSettings: { EbsStorageSettings: { EbsVolumeSizeInGb: space.ebsGb } } };
  const settings = { ...(space.appType === undefined ? {} : { AppType: space.appType }), ...storage };
  return {
    DomainId: space.domainId,
    SpaceName: space.name,
    Status: 'InService',
    CreationTime: space.creationTime / 1000,
    LastModifiedTime: space.modifiedTime / 1000,
    ...(Object.keys(settings).length === 0 ? {} : { SpaceSettingsSummary: settings }),
    ...(space.sharing === undefined ? {} : { SpaceSharingSettingsSummary: { SharingType: space.sharing } }),
    ...(space.owner === undefined ? {} : { OwnershipSettingsSummary: { OwnerUserProfileName: space.owner } }),
    ...(space.displayName === undefined ? {} : { SpaceDisplayName: space.displayName }),
  };
}

function appId(input: Input) {
  return {
    domainId: checkDomain(input, 'DomainId', true) as string,
    userProfileName: checkName(input, 'UserProfileName', false),
    spaceName: checkName(input, 'SpaceName', false),
    appType: checkEnum(input, 'AppType', appTypes, true) as App['appType'],
    appName: checkName(input, 'AppName', true) as string,
  };
}

/** A Deleted app has no tags to give or take: ValidationException (aws/amazon-sagemaker-feedback#108). */
function taggable(studio: Studio, input: Input): string {
  const arn = input.ResourceArn;
  demand(typeof arn === 'string', arn, 'resourceArn', 'Member must not be null');
  const isOurs = /^arn:aws[a-z-]*:sagemaker:[a-z0-9-]*:\d{12}:.*$/.test(arn);
  demand(
    isOurs,
    arn,
    'resourceArn',
    'Member must satisfy regular expression pattern: arn:aws[a-z\\-]*:sagemaker:[a-z0-9\\-]*:[0-9]{12}:.*',
  );
  if (!studio.canTag(arn)) throw invalid(`Resource ${arn} does not exist.`);
  return arn;
}

function tagRows(tags: ReadonlyMap<string, string>): { Key: string; Value: string }[] {
  return [...tags].map(([Key, Value]) => ({ Key, Value }));
}

import { awsError, invalid, isAwsError } from './answers.ts';
import { type App, type AppId, createAppTable, isListed, statusOf } from './studio-apps.ts';
import { type CloudTrailEvent, type Place, type TrailCall, trail } from './studio-events.ts';
import { appParameters, spaceParameters, tagParameters } from './studio-requests.ts';
import { rowsByArn } from './studio-rows.ts';
import { lifecycleConfigs } from './studio-settings.ts';
import type { CreateApp, Domain, Space, Studio, UserProfile } from './studio-types.ts';
import { createTagStore } from './tags.ts';
import { appTypes, checkDomain, checkEnum, checkName } from './validate.ts';

/** Creates an empty Studio on a clock of milliseconds since 1970. Everything in it is a function of the calls made. */
export function createStudio(options: { now: () => number } & Place): Studio {
  const { now } = options;
  const place: Place = { account: options.account, region: options.region, partition: options.partition };
  const prefix = `arn:${place.partition}:sagemaker:${place.region}:${place.account}:`;
  const arn: Studio['arn'] = {
    app: (id) =>
      `${prefix}app/${id.domainId}/${id.userProfileName ?? id.spaceName}/${id.appType.toLowerCase()}/${id.appName}`,
    space: (domainId, name) => `${prefix}space/${domainId}/${name}`,
    profile: (domainId, name) => `${prefix}user-profile/${domainId}/${name}`,
    domain: (domainId) => `${prefix}domain/${domainId}`,
  };
  const domains = rowsByArn<Domain>();
  const profiles = rowsByArn<UserProfile>();
  const spaces = rowsByArn<Space>();
  const table = createAppTable(arn.app);
  const tags = createTagStore();
  const listeners = new Set<(event: CloudTrailEvent) => void>();
  const makeEvent = trail(place, now);
  let seq = 0;

  const tell = (call: () => TrailCall): void => {
    if (listeners.size === 0) return;
    const event = makeEvent(call());
    for (const listener of listeners) listener(event);
  };
  const tagAtBirth = (resource: string, wanted: Record<string, string> | undefined): void => {
    if (wanted !== undefined || tags.get(resource).size > 0) tags.set(resource, wanted ?? {});
  };
  const needDomain = (domainId: string): void => {
    if (!domains.has(arn.domain(domainId))) throw awsError('ResourceNotFound', `Domain ${domainId} does not exist.`);
  };

  const addApp = (input: CreateApp): App => {
    const { domainId, userProfileName, spaceName, appType } = input;
    checkAppId(input);
    needDomain(domainId);
    if (userProfileName !== undefined && !profiles.has(arn.profile(domainId, userProfileName))) {
      throw awsError('ResourceNotFound', `UserProfile ${arn.profile(domainId, userProfileName)} does not exist.`);
    }
    if (spaceName !== undefined) {
      const space = spaces.get(arn.space(domainId, spaceName));
      if (space === undefined)
        throw awsError('ResourceNotFound', `Space ${arn.space(domainId, spaceName)} does not exist.`);
      if (space.appType !== undefined && space.appType !== appType) {
        throw invalid(`Space ${space.arn} is for ${space.appType} apps, not ${appType}.`);
      }
    }
    if (input.refused !== undefined) throw awsError(input.refused.code, input.refused.message);
    const startedAt = input.at ?? now();
    const previous = input.keepCreationTime ? table.find(input, startedAt) : undefined;
    const app = table.insert(
      {
        domainId,
        userProfileName,
        spaceName,
        appType,
        appName: input.appName,
        instanceType: input.instanceType,
        creationTime: previous?.creationTime ?? startedAt,
        startedAt,
        fails: input.fails ?? false,
      },
      now(),
    );
    tagAtBirth(app.arn, input.tags);
    return app;
  };

  /** CloudTrail also tells of calls that were refused, with an `errorCode`. */
  const trailed = <Result>(
    call: Omit<TrailCall, 'responseElements' | 'error'>,
    perform: () => Result,
    answer: (result: Result) => TrailCall['responseElements'],
  ): Result => {
    let result: Result;
    try {
      result = perform();
    } catch (error) {
      if (isAwsError(error)) {
        tell(() => ({ ...call, responseElements: null, error: { code: error.code, message: error.message } }));
      }
      throw error;
    }
    tell(() => ({ ...call, responseElements: answer(result) }));
    return result;
  };

  return {
    place,
    now,
    arn,
    tags,
    updates: 'replace',
    updateStatuses: [],
    lifecycleConfigs: lifecycleConfigs((name) => `${prefix}studio-lifecycle-config/${name}`, now),
    createDomain({ domainId, name, settings = {}, spaceSettings, at, tags: wantedTags }) {
      checkDomain({ DomainId: domainId }, 'DomainId', true);
      seq += 1;
      const resource = arn.domain(domainId);
      const own = { domainId, name, settings, spaceSettings, statuses: [] };
      const row = domains.insert({ ...own, arn: resource, creationTime: at ?? now(), seq });
      tagAtBirth(resource, wantedTags);
      return row;
    },
    createUserProfile(input) {
      const { domainId, name, ssoUser, settings = {} } = input;
      checkName({ UserProfileName: name }, 'UserProfileName', true);
      needDomain(domainId);
      const resource = arn.profile(domainId, name);
      seq += 1;
      const creationTime = input.at ?? now();
      const own = { domainId, name, ssoUser, settings, statuses: [] };
      const row = profiles.insert({ ...own, arn: resource, creationTime, seq });
      tagAtBirth(resource, input.tags);
      if (input.at === undefined) {
        tell(() => ({
          name: 'CreateUserProfile',
          by: input.by,
          requestParameters: {
            domainId,
            userProfileName: name,
            ...(ssoUser === undefined
              ? {}
              : { singleSignOnUserIdentifier: 'UserName', singleSignOnUserValue: ssoUser }),
            ...tagParameters(input.tags),
            userSettings: { executionRole: `arn:${place.partition}:iam::${place.account}:role/SageMakerExecutionRole` },
          },
          responseElements: { userProfileArn: resource },
        }));
      }
      return row;
    },
    createSpace(input) {
      const { by, at, tags: wantedTags, ...fields } = input;
      checkName({ SpaceName: input.name }, 'SpaceName', true);
      needDomain(input.domainId);
      if (input.owner !== undefined && !profiles.has(arn.profile(input.domainId, input.owner))) {
        throw awsError('ResourceNotFound', `UserProfile ${arn.profile(input.domainId, input.owner)} does not exist.`);
      }
      const resource = arn.space(input.domainId, input.name);
      const creationTime = at ?? now();
      seq += 1;
      const row = spaces.insert({ ...fields, arn: resource, creationTime, modifiedTime: creationTime, seq });
      tagAtBirth(resource, wantedTags);
      if (at === undefined) {
        tell(() => ({
          name: 'CreateSpace',
          by,
          requestParameters: spaceParameters(row, wantedTags),
          responseElements: { spaceArn: resource },
        }));
      }
      return row;
    },
    createApp(input, origin) {
      if (input.at !== undefined) return addApp(input);
      const call = {
        name: 'CreateApp' as const,
        by: input.by,
        api: origin === 'api',
        requestParameters: appParameters(input, true),
      };
      // CloudTrail writes this ARN with the app type as it was asked for, unlike every other place.
      return trailed(
        call,
        () => addApp(input),
        (app) => ({ appArn: app.arn.replace(`/${app.appType.toLowerCase()}/`, `/${app.appType}/`) }),
      );
    },
    createApps(inputs) {
      for (const input of inputs) addApp(input);
    },
    deleteApp(id, origin) {
      const call = {
        name: 'DeleteApp' as const,
        by: id.by,
        api: origin === 'api',
        scheduler: origin === 'scheduler',
        requestParameters: appParameters(id, false),
      };
      const perform = (): App => {
        checkAppId(id);
        return table.remove(id, now());
      };
      return trailed(call, perform, () => null);
    },
    removeSpaceOwner(domainId, name) {
      const space = spaces.get(arn.space(domainId, name));
      if (space === undefined) throw awsError('ResourceNotFound', `Space ${arn.space(domainId, name)} does not exist.`);
      space.owner = undefined;
      space.modifiedTime = now();
    },
    setTags: (resource, wanted) => tags.set(resource, wanted),
    app: (id) => table.find(id, now()),
    statusOf: (app) => statusOf(app, now()),
    apps: () => table.ordered(now()).filter((app) => isListed(app, now())),
    domain: (domainId) => domains.get(arn.domain(domainId)),
    profile: (domainId, name) => profiles.get(arn.profile(domainId, name)),
    space: (domainId, name) => spaces.get(arn.space(domainId, name)),
    domains: domains.all,
    profiles: profiles.all,
    spaces: spaces.all,
    appRows: () => table.ordered(now()),
    lives: table.lives,
    canTag(resource) {
      const app = table.byArn(resource);
      if (app !== undefined) return isListed(app, now()) && statusOf(app, now()) !== 'Deleted';
      return domains.has(resource) || profiles.has(resource) || spaces.has(resource);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function checkAppId(id: AppId): void {
  checkDomain({ DomainId: id.domainId }, 'DomainId', true);
  checkEnum({ AppType: id.appType }, 'AppType', appTypes, true);
  checkName({ AppName: id.appName }, 'AppName', true);
  checkName({ UserProfileName: id.userProfileName }, 'UserProfileName', false);
  checkName({ SpaceName: id.spaceName }, 'SpaceName', false);
  if ((id.userProfileName === undefined) === (id.spaceName === undefined)) {
    throw invalid('Exactly one of UserProfileName and SpaceName must be provided.');
  }
}

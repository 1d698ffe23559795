import type { CreateApp, Space } from './studio-types.ts';

/** What CloudTrail says of a call that names an app. */
export function appParameters(input: CreateApp, isCreation: boolean): Record<string, unknown> {
  return {
    domainId: input.domainId,
    ...(input.userProfileName === undefined ? {} : { userProfileName: input.userProfileName }),
    ...(input.spaceName === undefined ? {} : { spaceName: input.spaceName }),
    appType: input.appType,
    appName: input.appName,
    ...(isCreation && input.instanceType !== undefined ? { resourceSpec: { instanceType: input.instanceType } } : {}),
    ...(isCreation ? tagParameters(input.tags) : {}),
  };
}

/** What CloudTrail says of CreateSpace. */
export function spaceParameters(space: Space, tags: Record<string, string> | undefined): Record<string, unknown> {
  const storage =
    space.ebsGb === undefined
      ? {}
      : { spaceStorageSettings: { ebsStorageSettings: { ebsVolumeSizeInGb: space.ebsGb } } };
  const settings = { ...(space.appType === undefined ? {} : { appType: space.appType }), ...storage };
  return {
    domainId: space.domainId,
    spaceName: space.name,
    ...(space.displayName === undefined ? {} : { spaceDisplayName: space.displayName }),
    ...(space.owner === undefined ? {} : { ownershipSettings: { ownerUserProfileName: space.owner } }),
    ...(space.sharing === undefined ? {} : { spaceSharingSettings: { sharingType: space.sharing } }),
    ...(Object.keys(settings).length === 0 ? {} : { spaceSettings: settings }),
    ...tagParameters(tags),
  };
}

/** Tags as CloudTrail writes them; none at all where none were given. */
export function tagParameters(tags: Record<string, string> | undefined): Record<string, unknown> {
  return tags === undefined ? {} : { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) };
}

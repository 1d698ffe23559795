import type { AppDetails, SpaceDetails } from '@aws-sdk/client-sagemaker';
import type { Holder, Place, Space } from '../../domain/app.ts';
import type { Picture } from '../../domain/picture.ts';

/** Reads a row of ListApps into the picture. AWS's model makes every member optional: a row that names no app is told as unusable. */
export function readApp(row: AppDetails, place: Place, picture: Picture): void {
  const {
    DomainId: domainId,
    AppType: appType,
    AppName: appName,
    Status,
    CreationTime,
    ResourceSpec,
    SpaceName,
    UserProfileName,
  } = row;
  const holder: Holder | undefined = SpaceName
    ? { spaceName: SpaceName }
    : UserProfileName
      ? { userProfileName: UserProfileName }
      : undefined;
  if (!domainId || !appType || !appName || !holder) {
    const lacking = Object.entries({
      DomainId: domainId,
      AppType: appType,
      AppName: appName,
      'UserProfileName or SpaceName': holder,
    });
    const names = lacking.filter(([, value]) => !value).map(([name]) => name);
    picture.unusable.push(`a row of ListApps has no ${names.join(', no ')}: ${JSON.stringify(row)}`);
    return;
  }
  const { account, region } = place;
  picture.apps.push({
    account,
    region,
    domainId,
    ...holder,
    appType,
    appName,
    status: Status ?? 'unknown',
    ...(CreationTime ? { createdAt: CreationTime.getTime() } : {}),
    ...(ResourceSpec?.InstanceType ? { instanceType: ResourceSpec.InstanceType } : {}),
  });
}

/** Reads a row of ListSpaces; undefined when it names no space. */
export function readSpace(row: SpaceDetails): Space | undefined {
  const { DomainId: domainId, SpaceName: spaceName } = row;
  if (!domainId || !spaceName) return undefined;
  const owner = row.OwnershipSettingsSummary?.OwnerUserProfileName;
  const sharing = row.SpaceSharingSettingsSummary?.SharingType;
  const { AppType: appType, SpaceStorageSettings } = row.SpaceSettingsSummary ?? {};
  const gigabytes = SpaceStorageSettings?.EbsStorageSettings?.EbsVolumeSizeInGb;
  return {
    domainId,
    spaceName,
    ...(owner ? { owner } : {}),
    ...(sharing ? { sharing } : {}),
    ...(row.CreationTime ? { createdAt: row.CreationTime.getTime() } : {}),
    ...(appType ? { appType } : {}),
    ...(gigabytes ? { gigabytes } : {}),
  };
}

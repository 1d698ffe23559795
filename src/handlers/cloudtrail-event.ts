import * as z from 'zod';
import type { StudioEvent } from '../application/studio-event.ts';
import type { Place } from '../domain/app.ts';
import type { Tags } from '../domain/picture.ts';
import { RefusedEvent } from './envelope.ts';
import { appName, domainId, holderOf, parse } from './event-parts.ts';

/** How CloudTrail names EventBridge Scheduler as a caller (its user guide, "userIdentity element"). */
const SCHEDULER = 'scheduler.amazonaws.com';

/** A call on AWS, as CloudTrail hands it to EventBridge. Only what we read is checked; the rest may be anything. */
const cloudTrailEvent = z.object({
  source: z.literal('aws.sagemaker'),
  account: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
  detail: z.object({
    // Amplify has a CreateApp too.
    eventSource: z.literal('sagemaker.amazonaws.com'),
    eventName: z.string(),
    eventTime: z.iso.datetime({ offset: true }),
    errorCode: z.string().nullish(),
    userIdentity: z.object({ invokedBy: z.string().nullish() }).nullish(),
    sourceIPAddress: z.string().nullish(),
    requestParameters: z.unknown(),
  }),
});

/** Of another form they say nothing: what the event tells besides is not to be lost for them. */
const tags = z
  .array(z.object({ key: z.string().max(128), value: z.string().max(256) }))
  .nullish()
  .catch(undefined);

const appParameters = z.object({
  domainId,
  userProfileName: appName.nullish(),
  spaceName: appName.nullish(),
  appType: z.string().regex(/^[a-zA-Z]{1,64}$/),
  appName,
  resourceSpec: z.object({ instanceType: z.string().max(64).nullish() }).nullish(),
  tags,
});

const spaceParameters = z.object({
  domainId,
  spaceName: appName,
  ownershipSettings: z.object({ ownerUserProfileName: appName.nullish() }).nullish(),
});

const profileParameters = z.object({
  domainId,
  userProfileName: appName,
  singleSignOnUserValue: z.string().max(256).nullish(),
  tags,
});

/**
 * Reads a CloudTrail event about Studio.
 * @returns undefined for a call that failed: nothing was created or deleted
 * @throws RefusedEvent for anything that is not such an event, with what is wrong and where
 */
export function parseCloudTrailEvent(event: unknown): (StudioEvent & { place: Place }) | undefined {
  const { account, region, detail } = parse(cloudTrailEvent, event);
  if (detail.errorCode) return undefined;
  const place = { account, region };
  const at = Date.parse(detail.eventTime);
  switch (detail.eventName) {
    case 'CreateApp':
    case 'DeleteApp': {
      const { domainId, appType, appName, resourceSpec, tags, ...names } = parse(
        appParameters,
        detail.requestParameters,
      );
      const app = { ...place, domainId, ...holderOf(names), appType, appName };
      const instanceType = resourceSpec?.instanceType;
      if (detail.eventName === 'DeleteApp') {
        const callers = [detail.userIdentity?.invokedBy, detail.sourceIPAddress];
        return { kind: 'app deleted', app, at, place, ...(callers.includes(SCHEDULER) ? { isBackstops: true } : {}) };
      }
      const created = { ...app, ...(instanceType ? { instanceType } : {}) };
      return { kind: 'app created', app: created, at, place, ...(tags?.length ? { tags: asTags(tags) } : {}) };
    }
    case 'CreateSpace': {
      const { domainId, spaceName, ownershipSettings } = parse(spaceParameters, detail.requestParameters);
      const owner = ownershipSettings?.ownerUserProfileName;
      return { kind: 'space created', domainId, spaceName, ...(owner ? { owner } : {}), at, place };
    }
    case 'CreateUserProfile': {
      const { domainId, userProfileName, singleSignOnUserValue, tags } = parse(
        profileParameters,
        detail.requestParameters,
      );
      return {
        kind: 'profile created',
        domainId,
        userProfileName,
        ...(singleSignOnUserValue ? { ssoUserName: singleSignOnUserValue } : {}),
        tags: asTags(tags ?? []),
        at,
        place,
      };
    }
    default:
      throw new RefusedEvent(`${detail.eventName} is no call that Curfew listens to: check the rule's pattern`);
  }
}

function asTags(tags: { key: string; value: string }[]): Tags {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}

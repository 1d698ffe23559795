import type { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import {
  DeleteAppCommand,
  DescribeAppCommand,
  DescribeUserProfileCommand,
  ListAppsCommand,
  ListDomainsCommand,
  ListSpacesCommand,
} from '@aws-sdk/client-sagemaker';
import type { Fleet } from '../../application/ports.ts';
import { PortError } from '../../application/ports.ts';
import type { App, AppRef, Place } from '../../domain/app.ts';
import { holderName, refOf } from '../../domain/app.ts';
import type { Needs, Part, Picture } from '../../domain/picture.ts';
import { emptyPicture, spaceKey } from '../../domain/picture.ts';
import type { Instant } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { pages } from './pages.ts';
import { readApp, readSpace } from './rows.ts';
import { readTags } from './tags.ts';

/** The IAM actions that each verb calls. */
export const FLEET_CALLS: Calls<Fleet> = {
  look: ['sagemaker:ListApps', 'sagemaker:ListSpaces', 'sagemaker:ListDomains', 'tag:GetResources'],
  stop: ['sagemaker:DeleteApp'],
  find: ['sagemaker:DescribeApp'],
  ssoUserName: ['sagemaker:DescribeUserProfile'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const FLEET_ACTIONS = /* @__PURE__ */ actionsOf(FLEET_CALLS);

/** The most that a page may hold; AWS's default is 10 (ListApps, ListSpaces, ListDomains). */
const PAGE = 100;

/** SageMaker Studio, and the tags of its resources, over the SDK. */
export function sagemakerFleet(sagemaker: SageMakerClient, tagging: ResourceGroupsTaggingAPIClient): Fleet {
  return {
    look: (place, needs) => look(sagemaker, tagging, place, needs),
    stop: (app) => stop(sagemaker, app),
    find: (app) => find(sagemaker, app),
    async ssoUserName(DomainId, UserProfileName) {
      const command = new DescribeUserProfileCommand({ DomainId, UserProfileName });
      const profile = await call('sagemaker:DescribeUserProfile', () => sagemaker.send(command));
      return profile.SingleSignOnUserValue;
    },
  };
}

async function look(
  sagemaker: SageMakerClient,
  tagging: ResourceGroupsTaggingAPIClient,
  place: Place,
  needs: Needs,
): Promise<Picture> {
  const picture = emptyPicture(place);
  const part = (name: Part, read: Promise<void>) =>
    read.catch((error: unknown) => {
      picture.missing.push({ part: name, why: error instanceof Error ? error.message : String(error) });
    });
  await Promise.all([
    part(
      'apps',
      pages('sagemaker:ListApps', async (NextToken) => {
        const command = new ListAppsCommand({ MaxResults: PAGE, NextToken });
        const page = await sagemaker.send(dated(command, (at) => Object.assign(picture, { at })));
        for (const row of page.Apps ?? []) readApp(row, place, picture);
        return page.NextToken;
      }),
    ),
    part(
      'spaces',
      pages('sagemaker:ListSpaces', async (NextToken) => {
        const page = await sagemaker.send(new ListSpacesCommand({ MaxResults: PAGE, NextToken }));
        for (const row of page.Spaces ?? []) {
          const space = readSpace(row);
          if (space) picture.spaces.set(spaceKey(space), space);
        }
        return page.NextToken;
      }),
    ),
    needs.tagKeys.length > 0 && part('tags', readTags(tagging, needs.tagKeys, picture.tags)),
    needs.domainNames &&
      part(
        'domains',
        pages('sagemaker:ListDomains', async (NextToken) => {
          const page = await sagemaker.send(new ListDomainsCommand({ MaxResults: PAGE, NextToken }));
          for (const { DomainId, DomainName } of page.Domains ?? [])
            if (DomainId && DomainName) picture.domains.set(DomainId, DomainName);
          return page.NextToken;
        }),
      ),
  ]);
  return picture;
}

/** A command whose answer's `Date` is heard: an event that comes late is not told by how much, and Lambda's clock is its own. */
function dated(command: ListAppsCommand, heard: (at: Instant) => void): ListAppsCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      const at = Date.parse(headers?.date ?? '');
      if (!Number.isNaN(at)) heard(at);
      return result;
    },
    { step: 'deserialize', priority: 'high', name: 'dateOfAnswer' },
  );
  return command;
}

/**
 * `DeleteApp` stops the app and its instance; files stay. An app that is gone already answers ResourceNotFound, or a
 * ValidationException that says "has already been deleted" (aws-facts, "Stopping").
 */
async function stop(sagemaker: SageMakerClient, app: AppRef): Promise<'stopping' | 'gone'> {
  try {
    await call(
      'sagemaker:DeleteApp',
      () => sagemaker.send(new DeleteAppCommand(nameOf(app))),
      // An app that is being updated: the call did nothing, so whatever ends the run, it was not this.
      ['ResourceInUse'],
    );
    return 'stopping';
  } catch (error) {
    if (!(error instanceof PortError)) throw error;
    // After a retry it may be our own first call that did it, and only its answer was lost.
    const { $metadata } = error.cause as { $metadata?: { attempts?: number } };
    const isRetried = ($metadata?.attempts ?? 1) > 1;
    if (isGone(error)) return isRetried ? 'stopping' : 'gone';
    if (isRetried && error.kind === 'refused')
      throw new PortError('fault', error.code, error.message, { cause: error.cause });
    throw error;
  }
}

async function find(sagemaker: SageMakerClient, app: AppRef): Promise<App | undefined> {
  try {
    const command = new DescribeAppCommand(nameOf(app));
    const { Status, CreationTime } = await call('sagemaker:DescribeApp', () => sagemaker.send(command));
    return {
      ...refOf(app),
      status: Status ?? 'unknown',
      ...(CreationTime ? { createdAt: CreationTime.getTime() } : {}),
    };
  } catch (error) {
    if (error instanceof PortError && isGone(error)) return undefined;
    throw error;
  }
}

/** What names an app to AWS. */
function nameOf(app: AppRef) {
  const { domainId: DomainId, appType, appName: AppName } = app;
  const holder = app.spaceName === undefined ? { UserProfileName: holderName(app) } : { SpaceName: app.spaceName };
  return { DomainId, ...holder, AppType: appType as never, AppName };
}

function isGone({ code, message }: PortError): boolean {
  if (code === 'ResourceNotFound') return true;
  // Somebody else is deleting it at this moment.
  if (code === 'ResourceInUse') return /deleting/i.test(message);
  return code === 'ValidationException' && /already been deleted|automatically deleted|does not exist/i.test(message);
}

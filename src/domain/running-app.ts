import type { App, AppRef } from './app.ts';
import { refOf } from './app.ts';
import type { Picture, Tags } from './picture.ts';
import { spaceKey } from './picture.ts';
import type { Policy } from './policy.ts';
import type { Run } from './run.ts';
import type { Instant } from './time.ts';

/** A running app with all that a rule may ask of it. */
export interface RunningApp {
  ref: AppRef;
  run: Run;
  startedAt: Instant;
  instanceType?: string;
  /** The user profile that answers for it; undefined when nobody does: then the admins do. */
  owner?: string;
  /** `Private` or `Shared`; undefined when AWS does not say. */
  sharing?: string;
  /** What its team is called, as people say it first: a domain's name and its id, or a tag's value. */
  teams: string[];
  domainName?: string;
  tags: Tags;
  /** Its use could not be asked about: nothing is taken back on what was not told. */
  isUnasked?: true;
  /** Warnings given before this count no more: a pause has come between. */
  warningsFrom?: Instant;
}

/** Joins a row of ListApps with its run, its space, its tags and its team. */
export function runningApp(app: App, run: Run, picture: Picture, policy: Pick<Policy, 'team'>): RunningApp {
  const space =
    app.spaceName === undefined
      ? undefined
      : picture.spaces.get(spaceKey({ domainId: app.domainId, spaceName: app.spaceName }));
  const owner = app.spaceName === undefined ? app.userProfileName : space?.owner;
  const sharing = app.spaceName === undefined ? 'Private' : space?.sharing;
  const tags = tagsOf(app, owner, picture);
  const domainName = picture.domains.get(app.domainId);
  const teams = policy.team === 'domain' ? [domainName, app.domainId] : [tags[policy.team.tag]];
  const instanceType = app.instanceType ?? run.instanceType;
  const { startedAt } = run;
  const joined: RunningApp = {
    ref: refOf(app),
    run,
    startedAt,
    teams: teams.filter((team) => team !== undefined),
    tags,
  };
  if (instanceType !== undefined) joined.instanceType = instanceType;
  if (owner !== undefined) joined.owner = owner;
  if (sharing !== undefined) joined.sharing = sharing;
  if (domainName !== undefined) joined.domainName = domainName;
  return joined;
}

/** An app's tags: its own, else its space's, else its owner's profile's, else its domain's; key by key. */
function tagsOf(app: App, owner: string | undefined, picture: Picture): Tags {
  const { domainId, spaceName } = app;
  return { ...tagsOfSpace({ domainId, spaceName, owner }, picture), ...picture.tags.get(tagKey(app)) };
}

/** Under which an app's own tags stand. The ARN does not tell a profile from a space of the same name: a tag then counts for both. */
export function tagKey({ domainId, spaceName, userProfileName, appType, appName }: AppRef): string {
  return `app/${domainId}/${spaceName ?? userProfileName}/${appType}/${appName}`.toLowerCase();
}

/** A space's tags: its own, else its owner's profile's, else its domain's; key by key. */
export function tagsOfSpace(
  { domainId, spaceName, owner }: { domainId: string; spaceName?: string | undefined; owner?: string | undefined },
  picture: Picture,
): Tags {
  if (picture.tags.size === 0) return {};
  const resources = [
    `domain/${domainId}`,
    owner === undefined ? undefined : `user-profile/${domainId}/${owner}`,
    spaceName === undefined ? undefined : `space/${domainId}/${spaceName}`,
  ];
  return Object.assign({}, ...resources.map((resource) => resource && picture.tags.get(resource.toLowerCase())));
}

/** Whether several people use its space. */
export function isShared({ sharing }: Pick<RunningApp, 'sharing'>): boolean {
  return sharing?.toLowerCase() === 'shared';
}

/** The team that is recorded with a run or a volume: the tag's value; a domain needs no record. */
export function teamOnRecord({ teams }: RunningApp, policy: Pick<Policy, 'team'>): string | undefined {
  return policy.team === 'domain' ? undefined : teams[0];
}

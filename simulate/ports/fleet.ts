import type { Studio } from '../../local/aws/studio-types.ts';
import { type Fleet, PortError } from '../../src/application/ports.ts';
import { type App, type AppRef, type Place, refOf, type Space } from '../../src/domain/app.ts';
import { emptyPicture, type Needs, type Part, spaceKey, type Tags } from '../../src/domain/picture.ts';

/** A call of the fleet's, by what it asks for. */
export type FleetCall = Part | 'stop' | 'find' | 'ssoUserName';

/** What stands between the port and Studio. */
interface Between {
  /** The fault of a call, asked at each; undefined where it works. */
  faultOf?: (call: FleetCall) => PortError | undefined;
  /** How much of a listing came before it failed, from 0 to 1. */
  come?: () => number;
  /** AWS's clock. */
  now?: () => number;
  /** Grows with every change of spaces and tags: until then what was read of them is good. */
  edition?: () => number;
}

/** The fleet as a Studio in memory tells it, without HTTP or the SDK between: it keeps the adapter's contract. */
export function studioFleet(studio: Studio, { faultOf, come, now, edition }: Between = {}): Fleet {
  let read: { edition: number; tagKeys: string; spaces: Map<string, Space>; tags: Map<string, Tags> } | undefined;
  const rare = ({ tagKeys }: Needs) => {
    const current = edition?.();
    if (read && read.edition === current && read.tagKeys === tagKeys.join()) return read;
    const fresh = {
      edition: current ?? Number.NaN,
      tagKeys: tagKeys.join(),
      spaces: spacesOf(studio),
      tags: new Map(),
    };
    if (tagKeys.length > 0) fresh.tags = tagsOf(studio, tagKeys);
    read = fresh;
    return fresh;
  };
  const insist = (call: FleetCall) => {
    const fault = faultOf?.(call);
    if (fault) throw fault;
  };
  return {
    async look(place, needs) {
      const picture = emptyPicture(place);
      const { spaces, tags } = rare(needs);
      const failed = (part: Part, isNeeded = true) => {
        const fault = isNeeded ? faultOf?.(part) : undefined;
        if (fault) picture.missing.push({ part, why: fault.message });
        return fault !== undefined;
      };
      picture.apps = rowsOf(studio, place);
      if (now) picture.at = now();
      picture.spaces = spaces;
      picture.tags = tags;
      if (failed('apps')) {
        picture.apps = part(picture.apps, come);
        delete picture.at;
      }
      if (failed('spaces')) picture.spaces = new Map(part([...spaces], come));
      if (failed('tags', needs.tagKeys.length > 0)) picture.tags = new Map(part([...tags], come));
      const isNamed = needs.domainNames && !failed('domains');
      if (isNamed) for (const { domainId, name } of studio.domains()) picture.domains.set(domainId, name);
      return picture;
    },
    async stop(app) {
      insist('stop');
      const known = studio.app(idOf(app));
      const status = known && studio.statusOf(known);
      if (!known || status === 'Deleted' || status === 'Failed' || status === 'Deleting') return 'gone';
      studio.deleteApp(idOf(app));
      return 'stopping';
    },
    async find(app) {
      insist('find');
      const known = studio.app(idOf(app));
      return known && { ...refOf(app), status: studio.statusOf(known), createdAt: known.creationTime };
    },
    async ssoUserName(domainId, userProfileName) {
      insist('ssoUserName');
      const profile = studio.profile(domainId, userProfileName);
      if (!profile) throw new PortError('fault', 'ResourceNotFound', `there is no profile ${userProfileName}`);
      return profile.ssoUser;
    },
  };
}

function part<T>(all: T[], come = () => 0): T[] {
  return all.slice(0, Math.floor(all.length * come()));
}

/** What names an app to Studio. */
export function idOf({ domainId, userProfileName, spaceName, appType, appName }: AppRef) {
  return { domainId, userProfileName, spaceName, appType: appType as never, appName };
}

function rowsOf(studio: Studio, { account, region }: Place): App[] {
  return studio.apps().map((app) => {
    const { domainId, userProfileName, spaceName, appType, appName, instanceType, creationTime: createdAt } = app;
    const holder = spaceName === undefined ? { userProfileName: userProfileName! } : { spaceName };
    const row: App = {
      account,
      region,
      domainId,
      ...holder,
      appType,
      appName,
      status: studio.statusOf(app),
      createdAt,
    };
    if (instanceType !== undefined) row.instanceType = instanceType;
    return row;
  });
}

function spacesOf(studio: Studio): Map<string, Space> {
  const spaces = studio.spaces().map((row): [string, Space] => {
    const { domainId, name: spaceName, owner, sharing, appType, ebsGb: gigabytes, creationTime: createdAt } = row;
    const space: Space = {
      domainId,
      spaceName,
      createdAt,
      ...(owner === undefined ? {} : { owner }),
      ...(sharing === undefined ? {} : { sharing }),
      ...(appType === undefined ? {} : { appType }),
      ...(gigabytes === undefined ? {} : { gigabytes }),
    };
    return [spaceKey(space), space];
  });
  return new Map(spaces);
}

function tagsOf(studio: Studio, keys: string[]): Map<string, Tags> {
  const found = new Map<string, Tags>();
  for (const { arn, tags } of studio.tags.resources()) {
    if (!studio.canTag(arn)) continue;
    const wanted = keys.filter((key) => tags.has(key)).map((key) => [key, tags.get(key)!]);
    const resource = arn.split(':').slice(5).join(':').toLowerCase();
    if (wanted.length > 0) found.set(resource, Object.fromEntries(wanted));
  }
  return found;
}

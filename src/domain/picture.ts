import type { App, Place, Space } from './app.ts';
import type { Instant } from './time.ts';

export type Tags = Record<string, string>;

/** The parts that a picture is made of. */
export type Part = 'apps' | 'spaces' | 'tags' | 'domains';

/** A part of the picture that could not be had, and why: no stop is decided without it. */
export interface Missing {
  part: Part;
  /** The fault, in words; names the IAM action where a right is missing. */
  why: string;
}

/** What the fleet looks like now: everything AWS listed, and what it would not tell. */
export interface Picture extends Place {
  /** When AWS listed the apps, by its own clock; undefined where it could not be asked. */
  at?: Instant;
  apps: App[];
  /** By `spaceKey`. */
  spaces: Map<string, Space>;
  /** By the resource part of the ARN, in lower case: AWS writes `app/d-1/alice/jupyterlab/default` in either case. */
  tags: Map<string, Tags>;
  /** Domain id to name; empty unless the policy speaks of names. */
  domains: Map<string, string>;
  missing: Missing[];
  /** Rows that could not be used, told and counted as failures: each says what it lacks. */
  unusable: string[];
}

/** Which parts of a picture the policy needs: what it does not speak of is not asked for. */
export interface Needs {
  /** Tag keys that the policy speaks of. */
  tagKeys: string[];
  domainNames: boolean;
}

export function spaceKey(space: { domainId: string; spaceName?: string | undefined }): string {
  return `${space.domainId}#${space.spaceName}`;
}

/** A picture with nothing in it. */
export function emptyPicture(place: Place): Picture {
  const { account, region } = place;
  return {
    account,
    region,
    apps: [],
    spaces: new Map(),
    tags: new Map(),
    domains: new Map(),
    missing: [],
    unusable: [],
  };
}

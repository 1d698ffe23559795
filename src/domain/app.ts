import type { Instant } from './time.ts';

/** The account and region that something lives in. */
export interface Place {
  account: string;
  region: string;
}

/** Who holds an app: a user profile, or a space. Never both. */
export type Holder =
  | { userProfileName: string; spaceName?: undefined }
  | { spaceName: string; userProfileName?: undefined };

/** AWS's own pattern for the names of apps, spaces and profiles. */
export const NAME = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
/** A domain's id. */
export const DOMAIN_ID = /^d-[a-zA-Z0-9-]{1,61}$/;

/** What names an app. AWS lets names be used again: one name has many runs. */
export type AppRef = Place & Holder & { domainId: string; appType: string; appName: string };

/** A row of ListApps: an app as AWS shows it now. */
export type App = AppRef & {
  status: string;
  createdAt?: Instant;
  instanceType?: string;
};

/** A SageMaker space: the files and settings that an app runs on. */
export interface Space {
  domainId: string;
  spaceName: string;
  /** The owner's user profile; some spaces have none. */
  owner?: string;
  /** `Private` or `Shared`, as AWS says it; absent in spaces made before AWS asked. */
  sharing?: string;
  createdAt?: Instant;
  /** The type of app that it is for. */
  appType?: string;
  /** The size of its EBS volume. */
  gigabytes?: number;
}

/** Names an app within its account and region: stable, unique, and fit for a database key (no name holds `#`). */
export function appKey(app: AppRef): string {
  const holder = app.spaceName === undefined ? `profile#${app.userProfileName}` : `space#${app.spaceName}`;
  return `${app.domainId}#${holder}#${app.appType}#${app.appName}`;
}

/** The members of an app that name it, without whatever else the object holds. */
export function refOf(app: AppRef): AppRef {
  const holder: Holder =
    app.spaceName === undefined ? { userProfileName: app.userProfileName } : { spaceName: app.spaceName };
  const { account, region, domainId, appType, appName } = app;
  return { account, region, domainId, ...holder, appType, appName };
}

/** The profile or space that holds the app, by name. */
export function holderName(app: AppRef): string {
  return app.spaceName ?? app.userProfileName!;
}

/** A place as a key: no account, region or name holds `#`. */
export function placeKey(place: Place): string {
  return `${place.account}#${place.region}`;
}

const NOT_RUNNING = new Set(['Deleted', 'Failed', 'Deleting']);

/**
 * Whether an app of this status runs, and so costs money: Pending counts, Deleting does not.
 * A status that AWS adds later counts as running: it is better seen than missed.
 */
export function isRunning(app: App): boolean {
  return !NOT_RUNNING.has(app.status);
}

/**
 * Whether AWS bills nothing for the app itself: JupyterServer on `system`, RStudioServerPro on its default instance.
 * Source: SageMaker AI pricing (aws-facts, "Bills").
 */
export function isFree(app: { appType: string; instanceType?: string | undefined }): boolean {
  const system = app.instanceType === undefined || app.instanceType === 'system';
  return system && (app.appType === 'JupyterServer' || app.appType === 'RStudioServerPro');
}

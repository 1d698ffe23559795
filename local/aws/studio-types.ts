import type { App, AppId, AppStatus } from './studio-apps.ts';
import type { CloudTrailEvent, Place } from './studio-events.ts';
import type { lifecycleConfigs, Settings } from './studio-settings.ts';
import type { TagStore } from './tags.ts';
import type { AppType } from './validate.ts';

/** A domain of Studio. Times are milliseconds of the world's clock. */
export interface Domain {
  domainId: string;
  name: string;
  /** `DefaultUserSettings`. */
  settings: Settings;
  /** `DefaultSpaceSettings`: absent in a domain that has no shared spaces. */
  spaceSettings?: Settings | undefined;
  /** What the next looks at it find as its status; then InService. */
  statuses: string[];
  arn: string;
  creationTime: number;
  seq: number;
}

/** A user profile. */
export interface UserProfile {
  domainId: string;
  name: string;
  ssoUser?: string | undefined;
  /** `UserSettings`: what is absent is the domain's. */
  settings: Settings;
  /** As of a domain. */
  statuses: string[];
  arn: string;
  creationTime: number;
  seq: number;
}

/** A space; what is undefined is absent from AWS's answers too. */
export interface Space {
  domainId: string;
  name: string;
  owner?: string | undefined;
  sharing?: 'Private' | 'Shared' | undefined;
  displayName?: string | undefined;
  appType?: AppType | undefined;
  ebsGb?: number | undefined;
  arn: string;
  creationTime: number;
  modifiedTime: number;
  seq: number;
}

/** What a creation may say about itself. */
interface Made {
  /** The person behind the call; CloudTrail's `sourceIdentity`. */
  by?: string | undefined;
  /** When it happened, if not now: for filling a world with a past. No event is sent for the past. */
  at?: number | undefined;
  tags?: Record<string, string> | undefined;
}

/** A call to CreateApp. */
export interface CreateApp extends AppId, Made {
  /** Absent: the row has no ResourceSpec, as Canvas and some JupyterServer rows. */
  instanceType?: string | undefined;
  /** Keeps the CreationTime of the run before, as AWS does where a restart is an "update of the previous application". */
  keepCreationTime?: boolean | undefined;
  /** It will end Failed instead of InService. */
  fails?: boolean | undefined;
  /** CreateApp itself is refused with this (a quota, say): an event with `errorCode`, and no app. */
  refused?: { code: string; message: string } | undefined;
}

/** The ground truth of SageMaker Studio: what tests and the lab drive, and what the servers show. */
export interface Studio {
  readonly place: Place;
  now(): number;
  createDomain(input: {
    domainId: string;
    name: string;
    settings?: Settings;
    spaceSettings?: Settings;
    at?: number;
    tags?: Record<string, string>;
  }): Domain;
  createUserProfile(
    input: { domainId: string; name: string; ssoUser?: string | undefined; settings?: Settings } & Made,
  ): UserProfile;
  createSpace(input: Omit<Space, 'arn' | 'creationTime' | 'modifiedTime' | 'seq'> & Made): Space;
  createApp(input: CreateApp, origin?: 'api'): App;
  deleteApp(id: AppId & { by?: string | undefined }, origin?: 'api' | 'scheduler'): App;
  /** Many apps at once, without events. */
  createApps(inputs: Iterable<CreateApp>): void;
  removeSpaceOwner(domainId: string, name: string): void;
  setTags(arn: string, tags: Record<string, string>): void;
  app(id: AppId): App | undefined;
  statusOf(app: App): AppStatus;
  /** Every app that ListApps would show now, in order of creation. */
  apps(): App[];
  domain(domainId: string): Domain | undefined;
  profile(domainId: string, name: string): UserProfile | undefined;
  space(domainId: string, name: string): Space | undefined;
  domains(): readonly Domain[];
  profiles(): readonly UserProfile[];
  spaces(): readonly Space[];
  appRows(): readonly App[];
  /** Every run of every app there ever was, in order of the calls: what AWS bills. */
  lives(): readonly App[];
  readonly tags: TagStore;
  /** How an update of settings treats what it does not name: AWS does not say. */
  updates: 'replace' | 'merge';
  /** The statuses that a domain or a profile goes through after an update, a look each: `['Updating']`, `['Update_Failed']`. */
  updateStatuses: string[];
  readonly lifecycleConfigs: ReturnType<typeof lifecycleConfigs>;
  /** Whether an ARN names something that can have tags now: a Deleted app cannot. */
  canTag(arn: string): boolean;
  arn: {
    app(id: AppId): string;
    space(domainId: string, name: string): string;
    profile(domainId: string, name: string): string;
    domain(domainId: string): string;
  };
  /** Hears every event from now on; returns the function that stops it. */
  onEvent(listener: (event: CloudTrailEvent) => void): () => void;
}

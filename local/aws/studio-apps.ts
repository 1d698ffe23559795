import { awsError, invalid } from './answers.ts';
import { compareKeys, type Key } from './paging.ts';
import { normalizeArn } from './tags.ts';
import type { AppType } from './validate.ts';

/** How SageMaker calls the states of an app. */
export type AppStatus = 'Pending' | 'InService' | 'Deleting' | 'Deleted' | 'Failed';

/** What names an app: a domain, a profile or a space, a type and a name. */
export interface AppId {
  domainId: string;
  userProfileName?: string | undefined;
  spaceName?: string | undefined;
  appType: AppType;
  appName: string;
}

/** One run of an app as the world knows it; times are milliseconds of the world's clock. */
export interface App extends AppId {
  arn: string;
  instanceType?: string | undefined;
  /** What ListApps calls CreationTime; earlier than `startedAt` where AWS counts a restart as an update. */
  creationTime: number;
  startedAt: number;
  /** When it is (or was to be) InService, or Failed where `fails`. */
  readyAt: number;
  fails: boolean;
  deletingAt?: number;
  deletedAt?: number;
  seq: number;
  /** Another run has taken its row. */
  replaced: boolean;
}

const pendingTime = 120_000;
const deletingTime = 60_000;
const listedAfterEnd = 24 * 3_600_000;

/** An app's status at an instant. */
export function statusOf(app: App, now: number): AppStatus {
  if (app.deletingAt !== undefined && now >= app.deletingAt) {
    return now >= (app.deletedAt as number) ? 'Deleted' : 'Deleting';
  }
  if (now < app.readyAt) return 'Pending';
  return app.fails ? 'Failed' : 'InService';
}

/** Whether ListApps still shows an app: Deleted and Failed ones go after 24 hours. */
export function isListed(app: App, now: number): boolean {
  if (app.replaced) return false;
  const end = app.deletedAt ?? (app.fails ? app.readyAt : Number.POSITIVE_INFINITY);
  return now < end + listedAfterEnd;
}

/** The apps of an account, by name and in order of creation. */
export interface AppTable {
  find(id: AppId, now: number): App | undefined;
  insert(app: Omit<App, 'seq' | 'readyAt' | 'replaced' | 'arn'>, now: number): App;
  remove(id: AppId, now: number): App;
  /** Every app whose row may be listed, in order of (creation time, seq). */
  ordered(now: number): readonly App[];
  byArn(arn: string): App | undefined;
  /** Every run there ever was, whatever ListApps has forgotten. */
  lives(): readonly App[];
}

/** Where an app stands in the order of creation. */
export function appKey(app: App): Key {
  return [app.creationTime, app.seq];
}

/** Creates an empty table. `arnOf` names the apps. */
export function createAppTable(arnOf: (id: AppId) => string): AppTable {
  const byArn = new Map<string, App>();
  const lives: App[] = [];
  let rows: App[] = [];
  let isSorted = true;
  let seq = 0;
  let nextSweep = Number.NEGATIVE_INFINITY;

  const find: AppTable['find'] = (id, now) => {
    const app = byArn.get(arnOf(id));
    return app !== undefined && isListed(app, now) ? app : undefined;
  };
  return {
    find,
    lives: () => lives,
    byArn: (arn) => byArn.get(normalizeArn(arn)),
    insert(fields, now) {
      const arn = arnOf(fields);
      const previous = byArn.get(arn);
      if (previous !== undefined) {
        const status = statusOf(previous, now);
        if (isListed(previous, now) && status !== 'Deleted' && status !== 'Failed') {
          throw awsError('ResourceInUse', `App ${arn} already exists and is in the ${status} status.`);
        }
        previous.replaced = true;
      }
      seq += 1;
      const app: App = { ...fields, arn, seq, readyAt: fields.startedAt + pendingTime, replaced: false };
      const last = rows.at(-1);
      if (last !== undefined && compareKeys(appKey(last), appKey(app)) > 0) isSorted = false;
      rows.push(app);
      lives.push(app);
      byArn.set(arn, app);
      return app;
    },
    remove(id, now) {
      const app = find(id, now);
      if (app === undefined) throw awsError('ResourceNotFound', `App ${arnOf(id)} does not exist.`);
      const status = statusOf(app, now);
      if (status === 'Deleted') throw invalid(`App ${app.arn} has already been deleted.`);
      if (status === 'Failed') throw invalid(`App ${app.arn} previously failed and was automatically deleted.`);
      if (status === 'Deleting') throw awsError('ResourceInUse', `App ${app.arn} is already in the Deleting status.`);
      app.deletingAt = now;
      app.deletedAt = now + deletingTime;
      return app;
    },
    ordered(now) {
      if (!isSorted) {
        rows.sort((a, b) => compareKeys(appKey(a), appKey(b)));
        isSorted = true;
      }
      // Rows that vanished are dropped once an hour of the world, so that long lives stay small.
      if (now >= nextSweep) {
        for (const app of rows) if (!isListed(app, now) && byArn.get(app.arn) === app) byArn.delete(app.arn);
        rows = rows.filter((app) => isListed(app, now));
        nextSweep = now + 3_600_000;
      }
      return rows;
    },
  };
}

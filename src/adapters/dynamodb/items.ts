import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AppRef, Place } from '../../domain/app.ts';
import { appKey, placeKey } from '../../domain/app.ts';
import { dateOf } from '../../domain/period.ts';
import { isMark, markOf, type Run } from '../../domain/run.ts';
import type { Duration, Instant } from '../../domain/time.ts';
import { DAY, SECOND } from '../../domain/time.ts';

/** A DynamoDB item on the wire. */
export type Item = Record<string, AttributeValue>;

/** How long ended runs and settled notices are kept. DynamoDB deletes them some days late. */
export const KEPT: Duration = 400 * DAY;

export function toItem(value: object): Item {
  return marshall(value, { removeUndefinedValues: true });
}

export function fromItem<T>(item: Item): T {
  return unmarshall(item) as T;
}

/** `expiresAt`, in seconds as DynamoDB's TTL wants it. */
export function expiry(from: Instant): { expiresAt: number } {
  return { expiresAt: Math.ceil((from + KEPT) / SECOND) };
}

/** The last run of every app's name is one item of its place's partition: a scan reads it whole. */
export function runItemKey(app: AppRef): { pk: string; sk: string } {
  return { pk: fleetPartition(app), sk: `run#${appKey(app)}` };
}

export function fleetPartition(place: Place): string {
  return `fleet#${placeKey(place)}`;
}

/** Before every run: `!` sorts first. */
export const STATE_KEY = '!state';

/**
 * Ended runs lie by day (UTC), so that spend reads only the days it needs: that on which their name became free or
 * another's, which is never before their end. Whatever is told of an end later is told on no earlier day, so that
 * who reads from a day on reads all that cuts its runs. A mark has no start, and is no run to whoever reads the table.
 */
export function historyItem(run: Run, freedAt: Instant): object {
  const pk = historyPartition(run.app, freedAt);
  if (!isMark(run))
    return { pk, sk: historyKey(run.app, run.startedAt), ...runAttributes(run), ...expiry(run.endedAt!) };
  const { app, endedAt, laterEnds } = run;
  const sk = `${appKey(app)}!${new Date(endedAt!).toISOString()}`;
  return { pk, sk, ...app, endedAt, ...(laterEnds ? { laterEnds } : {}), ...expiry(endedAt!) };
}

/** A run in history, by its name and start. */
export function historyKey(app: AppRef, startedAt: Instant): string {
  return `${appKey(app)}@${new Date(startedAt).toISOString()}`;
}

/** The partition of the day in which `at` lies. */
export function historyPartition(place: Place, at: Instant): string {
  return `history#${placeKey(place)}#${dateOf(at)}`;
}

export function runItem(run: Run): object {
  return { ...runItemKey(run.app), ...runAttributes(run) };
}

/** The app's members lie flat beside the run's, so that a person can read the table. */
function runAttributes({ app, ...run }: Run): object {
  return { ...app, ...run };
}

type RunItem = AppRef & Omit<Run, 'app'> & { pk: string; sk: string; expiresAt?: number };

export function readRun(item: Item): Run {
  const {
    pk: _pk,
    sk: _sk,
    expiresAt: _expiry,
    account,
    region,
    domainId,
    appType,
    appName,
    spaceName,
    userProfileName,
    ...run
  } = fromItem<RunItem>(item);
  const holder = spaceName === undefined ? { userProfileName: userProfileName! } : { spaceName };
  const app: AppRef = { account, region, domainId, ...holder, appType, appName };
  return run.startedAt === undefined ? { ...markOf(app, run.endedAt!), ...run } : { app, ...run };
}

/** A moment in each month (UTC) from `since` to `now`: what lies by month is read so. */
export function monthsBetween(since: Instant, now: Instant): Instant[] {
  const months = new Map<string, Instant>();
  // A month is never shorter than four weeks: no step over one.
  for (let at = since; at < now; at += 28 * DAY) months.set(new Date(at).toISOString().slice(0, 7), at);
  months.set(new Date(now).toISOString().slice(0, 7), now);
  return [...months.values()];
}

/** A moment in each day (UTC) from `since` to `now`. */
export function daysBetween(since: Instant, now: Instant): Instant[] {
  const days: Instant[] = [];
  for (let at = Math.floor(since / DAY) * DAY; at <= now; at += DAY) days.push(at);
  return days;
}

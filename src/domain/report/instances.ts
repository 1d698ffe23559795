import { type AppRef, appKey, holderName, isFree } from '../app.ts';
import { chargedAs, instanceOf, priceOf, type Rates } from '../cost.ts';
import { costOf } from '../money.ts';
import type { Period } from '../period.ts';
import { spaceKey } from '../picture.ts';
import { BY_REQUEST } from '../rules/by-request.ts';
import type { Run } from '../run.ts';
import { inside, lengthOf, type Stretches, unionOf, unpacked, without } from '../stretches.ts';
import { DAY, type Duration, type Instant } from '../time.ts';
import { usageOf } from '../usage.ts';
import type { Volume } from '../volume.ts';
import type { SavedRow } from './facts.ts';

/** One instance that somebody's apps ran on, and how its time in the week was spent. */
export interface InstanceWeek {
  domainId: string;
  owner?: string;
  team?: string;
  app: AppRef;
  instanceType?: string;
  /** As the ledger's lines call it. */
  usage: string;
  what: string;
  up: Stretches;
  used: Stretches;
  idle: Stretches;
  /** Stops of Curfew's, and what each saved in the week. */
  stops: SavedRow[];
}

/** How long what Curfew stopped would have gone on, at the most: nobody can know, and a day is soon forgotten. */
const SAVED_FOR: Duration = DAY;

/**
 * How instances spent their time in a period until `now`. An instance that several apps share is idle only while none of
 * them is used and all are seen. Free apps are left out.
 * @param runs all that may lie in the period; one that is there twice counts once
 */
export function instancesIn(
  { runs, volumes }: { runs: Run[]; volumes: Volume[] },
  rates: Rates,
  period: Period,
  now: Instant,
): InstanceWeek[] {
  const owners = new Map(volumes.map((volume) => [spaceKey(volume), volume.owner]));
  const ownerOf = ({ owner, app }: Run) => owner ?? app.userProfileName ?? owners.get(spaceKey(app));
  const once = [...new Map(runs.map((run) => [`${appKey(run.app)}@${run.startedAt}`, run])).values()];
  const charged = once.filter(({ app, instanceType }) => !isFree({ appType: app.appType, instanceType }));
  const byApp = Map.groupBy(charged, ({ app }) => appKey(app));
  const groups = Map.groupBy(charged, (run) => `${instanceOf(run)}@${run.instanceType}@${ownerOf(run) ?? ''}`);
  return [...groups.values()].flatMap((group): InstanceWeek[] => {
    const last = group.reduce((a, b) => (b.startedAt > a.startedAt ? b : a));
    const { app, instanceType, team } = last;
    const owner = ownerOf(last);
    const lives = group.map((run) => lifeOf(run, period, now));
    const up = unionOf(lives.flatMap((life) => life.up));
    const lived = [...group, ...group.flatMap((run) => byApp.get(appKey(run.app)) ?? [])];
    const stops = savedBy(group, lived, { rates, period, now, owner });
    if (up.length === 0 && stops.length === 0) return [];
    const used = inside(unionOf(lives.flatMap((life) => life.used)), period);
    const unseen = unionOf(lives.flatMap((life) => without(life.up, life.seen)));
    return [
      {
        domainId: app.domainId,
        app,
        ...(owner === undefined ? {} : { owner }),
        ...(team === undefined ? {} : { team }),
        ...(instanceType === undefined ? {} : { instanceType }),
        usage: usageOf(last),
        what: chargedAs(last),
        up,
        used,
        idle: without(without(up, used), unseen),
        stops,
      },
    ];
  });
}

/** What is known of a run's time in a period. */
function lifeOf({ startedAt, endedAt, use }: Run, period: Period, now: Instant) {
  const life = { from: startedAt, to: Math.min(endedAt ?? now, now) };
  const up = inside(inside([life], period), { from: 0, to: now });
  const of = (numbers: number[] = []) => up.flatMap((part) => inside(unpacked(numbers, startedAt), part));
  return { up, used: of(use?.used), seen: of(use?.seen) };
}

/** What Curfew's own stops saved: from the stop until the app's next start, for a day at most, as far as it lies in the period. */
function savedBy(
  group: Run[],
  lived: Run[],
  { rates, period, now, owner }: { rates: Rates; period: Period; now: Instant; owner: string | undefined },
): SavedRow[] {
  const ran = unionOf(lived.map(({ startedAt, endedAt }) => ({ from: startedAt, to: endedAt ?? now })));
  const ours = group.filter(({ stop, endedAt }) => {
    return endedAt !== undefined && stop !== undefined && !stop.hadNoEffect && stop.rule !== BY_REQUEST;
  });
  const rows: SavedRow[] = [];
  let counted: Stretches = [];
  for (const run of ours.sort((a, b) => a.endedAt! - b.endedAt!)) {
    const at = run.endedAt!;
    const next = ran.find(({ from, to }) => from >= at || to > at)?.from ?? Number.POSITIVE_INFINITY;
    const until = Math.min(at + SAVED_FOR, Math.max(at, next), now);
    const stretch = without(inside([{ from: at, to: until }], period), counted);
    counted = unionOf([...counted, ...stretch]);
    const duration = lengthOf(stretch);
    if (duration === 0 && !(period.from <= at && at < period.to)) continue;
    const price = priceOf(run, rates);
    rows.push({
      app: run.app,
      ...(run.instanceType === undefined ? {} : { instanceType: run.instanceType }),
      ...(owner === undefined ? {} : { owner }),
      at,
      rule: run.stop!.rule,
      duration,
      ...(price ? { amount: costOf(price.rate, duration) } : {}),
    });
  }
  return rows;
}

/** What an app is called where its owner is known: in a space every app is called `default`. */
export function nameOf(app: AppRef): string {
  return app.appName === 'default' ? holderName(app) : app.appName;
}

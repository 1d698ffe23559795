import { covers, fits } from './glob.ts';
import type { RunningApp } from './running-app.ts';
import type { LocalTime } from './time.ts';

/** What an app must be to be matched: every key given must hold, and of each key's patterns at least one. */
export interface Match {
  /** Domain ids or names. */
  domain?: string[];
  /** The owner's user profile. */
  owner?: string[];
  team?: string[];
  space?: string[];
  /** `Private` or `Shared`. An app held by a profile is private. */
  sharing?: string[];
  appType?: string[];
  instance?: string[];
  /** Tag key to value patterns. */
  tag?: Record<string, string[]>;
  during?: During;
}

/** A weekly window by the clock on the wall, in the policy's zone. One that ends before it begins runs past midnight. */
export interface During {
  /** 0 is Sunday; the day on which the window begins. */
  days: number[];
  /** Minutes after local midnight; `to` is exclusive. */
  from: number;
  to: number;
}

/** Whether the app is what the match asks for, at this local time. */
export function matches(match: Match, app: RunningApp, local: LocalTime): boolean {
  return (
    any(match.domain, [app.ref.domainId, app.domainName]) &&
    any(match.owner, [app.owner]) &&
    any(match.team, app.teams) &&
    any(match.space, [app.ref.spaceName]) &&
    any(match.sharing, [app.sharing]) &&
    any(match.appType, [app.ref.appType]) &&
    any(match.instance, [app.instanceType]) &&
    Object.entries(match.tag ?? {}).every(([key, values]) => any(values, [app.tags[key]])) &&
    (match.during === undefined || isDuring(match.during, local))
  );
}

function any(patterns: string[] | undefined, values: (string | undefined)[]): boolean {
  if (patterns === undefined) return true;
  return values.some((value) => value !== undefined && patterns.some((pattern) => fits(pattern, value)));
}

/** Whether the window is open at a local time. */
export function isDuring(window: During, local: LocalTime): boolean {
  const { from, to, days } = window;
  if (from < to) return days.includes(local.weekday) && local.minutes >= from && local.minutes < to;
  const yesterday = (local.weekday + 6) % 7;
  return (local.minutes >= from && days.includes(local.weekday)) || (local.minutes < to && days.includes(yesterday));
}

const LISTS = ['domain', 'owner', 'team', 'space', 'sharing', 'appType', 'instance'] as const;

/** Whether every app that `narrow` matches, `wide` matches too: a limit after such a one is never reached. */
export function includes(wide: Match, narrow: Match): boolean {
  const lists = LISTS.every((key) => includesList(wide[key], narrow[key]));
  const tags = Object.entries(wide.tag ?? {}).every(([key, values]) => includesList(values, narrow.tag?.[key]));
  return lists && tags && includesWindow(wide.during, narrow.during);
}

function includesList(wide: string[] | undefined, narrow: string[] | undefined): boolean {
  if (wide === undefined) return true;
  return narrow?.every((n) => wide.some((w) => covers(w, n))) ?? false;
}

function includesWindow(wide: During | undefined, narrow: During | undefined): boolean {
  if (wide === undefined) return true;
  return narrow !== undefined && JSON.stringify(wide) === JSON.stringify(narrow);
}

import { type App, refOf } from './app.ts';
import type { Picture } from './picture.ts';
import { type IdleTimeouts, NATIVE_IDLE_APPS, type NativeIdleApp, type Policy } from './policy.ts';
import { exemption } from './rules/exemption.ts';
import { newRun } from './run.ts';
import { runningApp } from './running-app.ts';
import type { AppSettingsByType, IdleSettings, SettingsRef } from './studio-settings.ts';
import { type Instant, localTime, MINUTE } from './time.ts';

/** One app type's idle settings that are not what the policy wants. */
export interface IdleDrift {
  appType: NativeIdleApp;
  /** Absent where a domain has none. */
  is?: IdleSettings;
  wanted: IdleSettings;
}

/** What a look at one holder's settings found and did. */
export interface IdleFinding extends SettingsRef {
  domainName?: string;
  /** Absent where the settings could not be read. */
  drift?: IdleDrift;
  outcome: 'drift' | 'set' | 'failed';
  /** Why it failed; names the IAM action where a right is missing. */
  why?: string;
}

/** What a look at all settings found and did. */
export interface IdleReview {
  findings: IdleFinding[];
  /** What could not be listed, in words. */
  faults: string[];
  /** Domains and profiles that an exemption covers: left alone. */
  exempt: number;
  /** Profiles that there was no time for, and the last one that there was: the next look goes on after it. */
  unseen: number;
  after?: string;
}

/**
 * Where a holder's settings are not what the policy wants. A domain must say it; a profile that says nothing has its
 * domain's settings.
 */
export function idleDrifts(
  settings: AppSettingsByType,
  timeouts: IdleTimeouts,
  { userProfileName }: SettingsRef,
): IdleDrift[] {
  return NATIVE_IDLE_APPS.flatMap((appType): IdleDrift[] => {
    const timeout = timeouts[appType];
    const is = idleSettingsOf(settings, appType);
    if (timeout === undefined || (is === undefined && userProfileName !== undefined)) return [];
    const wanted = enforced(is, timeout / MINUTE);
    return KEYS.every((key) => is?.[key] === wanted[key]) ? [] : [{ appType, ...(is ? { is } : {}), wanted }];
  });
}

const KEYS = [
  'LifecycleManagement',
  'IdleTimeoutInMinutes',
  'MinIdleTimeoutInMinutes',
  'MaxIdleTimeoutInMinutes',
] as const;

/**
 * "To enforce a specific timeout value … you must set IdleTimeoutInMinutes, MaxIdleTimeoutInMinutes, and
 * MinIdleTimeoutInMinutes" (SageMaker developer guide, "Set up idle shutdown"): without a most, people may choose longer.
 * That they may choose shorter does no harm, so a smaller least stays.
 */
function enforced(is: IdleSettings | undefined, minutes: number): IdleSettings {
  return {
    ...is,
    LifecycleManagement: 'ENABLED',
    IdleTimeoutInMinutes: minutes,
    MinIdleTimeoutInMinutes: Math.min(is?.MinIdleTimeoutInMinutes ?? minutes, minutes),
    MaxIdleTimeoutInMinutes: minutes,
  };
}

/**
 * The settings of those app types that the drifts are of, mended, each whole: AWS does not say whether an update replaces a
 * member that it names or is merged into it, and this is right under both.
 */
export function mended(settings: AppSettingsByType, drifts: IdleDrift[]): AppSettingsByType {
  const apps = drifts.map(({ appType, wanted }) => {
    const app = settings[appType];
    const AppLifecycleManagement = { ...app?.AppLifecycleManagement, IdleSettings: wanted };
    return [appType, { ...app, AppLifecycleManagement }] as const;
  });
  return Object.fromEntries(apps);
}

/** An empty member says as little as none. */
function idleSettingsOf(settings: AppSettingsByType, appType: NativeIdleApp): IdleSettings | undefined {
  const is = settings[appType]?.AppLifecycleManagement?.IdleSettings;
  return is && KEYS.some((key) => is[key] !== undefined) ? is : undefined;
}

/**
 * The timeouts that the policy wants for a holder: none for an app type that an exemption covers there, whatever space,
 * instance or tag of its own an app has. An exemption of such apps alone cannot be kept: SageMaker's own shutdown knows none.
 */
export function timeoutsFor(
  { domainId, userProfileName }: SettingsRef,
  policy: Policy,
  picture: Picture,
  now: Instant,
): IdleTimeouts {
  const local = localTime(now, policy.timezone);
  const holder = userProfileName === undefined ? { spaceName: '' } : { userProfileName };
  const isFree = (appType: string) => {
    const { account, region } = picture;
    const any: App = { account, region, domainId, ...holder, appType, appName: '', status: 'InService' };
    const app = runningApp(any, newRun(refOf(any), now), picture, policy);
    return exemption(app, policy, local).says === 'nothing';
  };
  return Object.fromEntries(Object.entries(policy.nativeIdle?.timeouts ?? {}).filter(([appType]) => isFree(appType)));
}

/** What failed in a look, in words. */
export function idleFaults({ findings, faults }: IdleReview): string[] {
  const failed = findings.filter(({ outcome }) => outcome === 'failed');
  return [...faults, ...failed.map((one) => `native idle shutdown of ${describeHolder(one)}: ${one.why}`)];
}

function describeHolder({ domainId, domainName = domainId, userProfileName }: IdleFinding): string {
  return userProfileName === undefined ? domainName : `${domainName}/${userProfileName}`;
}

/** `2 h`, `off`, or `2 h (least 1 h, most 5 h)`, where people may choose between these: idle settings in words. */
export function describeIdle(is: IdleSettings | undefined): string {
  if (is === undefined) return 'not set';
  if (is.LifecycleManagement !== 'ENABLED') return is.LifecycleManagement === 'DISABLED' ? 'off' : 'not turned on';
  const [timeout, least, most] = KEYS.slice(1).map((key) => describeMinutes(is[key as 'IdleTimeoutInMinutes']));
  if (least === timeout && most === timeout) return timeout ?? 'on, with no timeout';
  return `${timeout ?? 'on, with no timeout'} (${least ? `least ${least}` : 'no least'}, ${most ? `most ${most}` : 'no most'})`;
}

function describeMinutes(minutes: number | undefined): string | undefined {
  if (minutes === undefined) return undefined;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

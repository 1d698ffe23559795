import type { AppFacts, Audience } from '../../domain/notice.ts';
import { describeDuration, type Instant } from '../../domain/time.ts';
import { clip, fullTime, isolate, money, typeName } from './wording.ts';

/** Why an admin is written to, where nothing more can be said. */
export const ADMIN = 'You get this mail because the policy names you as an admin.';

/** How a sentence speaks of the app. In a space every app is called `default`: there the space's name says more. */
export function appView(app: AppFacts, audience: Audience, names: number) {
  const name = (text: string) => isolate(clip(text, names));
  const owner = audience.role === 'owner' ? undefined : (app.owner ?? app.userProfileName);
  const whose = audience.role === 'owner' ? 'Your' : owner === undefined ? 'The' : `${name(owner)}'s`;
  const own = app.spaceName !== undefined && app.appName === 'default' ? '' : ` "${name(app.appName)}"`;
  const space = app.spaceName === undefined ? '' : ` in space "${name(app.spaceName)}"`;
  const notebooks = ['JupyterLab', 'JupyterServer', 'KernelGateway'].includes(app.appType);
  return {
    phrase: `${whose} ${name(typeName(app.appType))} app${own}${space}`,
    files: `${whose} files`,
    memory: notebooks ? "a kernel's memory" : "the app's memory",
    work: notebooks ? 'notebooks' : 'work',
  };
}

/** What is known of an app, a row each. */
export function appRows(app: AppFacts): { label: string; value: string }[] {
  const rows = [
    { label: 'App', value: `${isolate(app.appName)} (${typeName(app.appType)})` },
    { label: 'Space', value: isolate(app.spaceName ?? '') },
    { label: 'Profile', value: isolate(app.userProfileName ?? '') },
    { label: 'Owner', value: app.owner === app.userProfileName ? '' : isolate(app.owner ?? '') },
    { label: 'Domain', value: app.domainName ? `${isolate(app.domainName)} (${app.domainId})` : app.domainId },
    { label: 'Instance', value: app.instanceType ?? '' },
  ];
  return rows.filter(({ value }) => value !== '');
}

/** Since when it is up. */
export function upSince(app: AppFacts, at: Instant, now: Instant, zone: string): { label: string; value: string } {
  return {
    label: 'Up since',
    value: `${fullTime(app.startedAt, now, zone)}, ${describeDuration(at - app.startedAt)} ago`,
  };
}

/** What it has cost, and what that rests on; nothing where that is unknown. */
export function costRow(label: string, { cost, basis = 'list price' }: AppFacts): { label: string; value: string }[] {
  return cost === undefined ? [] : [{ label, value: `${money(cost)} at ${basis}` }];
}

import type { AppSettings, SettingsHolder, SettingsPart } from './studio-settings.ts';

/** The app types that the activity agent runs in. */
export const AGENT_APP_TYPES = ['JupyterLab', 'CodeEditor', 'KernelGateway'] as const;
export type AgentAppType = (typeof AGENT_APP_TYPES)[number];

/** What the names of the agent's lifecycle configurations begin with. */
export const AGENT_PREFIX = 'curfew-activity-agent';

/** The name of the agent's configuration: AWS never changes a script once it is made, so another script is another name. */
export function agentConfigName(appType: AgentAppType, hash: string): string {
  return `${AGENT_PREFIX}-${appType.toLowerCase()}-${hash}`;
}

/** The app type that a configuration of the agent, of whatever version, is for; undefined where the name is not the agent's. */
export function agentAppType(configName: string): AgentAppType | undefined {
  return AGENT_APP_TYPES.find((type) => {
    const start = agentConfigName(type, '');
    return configName.startsWith(start) && /^[0-9a-f]{8}$/.test(configName.slice(start.length));
  });
}

/** The ARN of a lifecycle configuration, beside that of anything else of SageMaker in its account and region. */
export function configArn(siblingArn: string, name: string): string {
  return [...siblingArn.split(':').slice(0, 5), `studio-lifecycle-config/${name}`].join(':');
}

/** The name of a lifecycle configuration, from its ARN. */
export function configName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** The lifecycle configurations that settings name, by ARN. */
export interface Lifecycle {
  attached: string[];
  builtIn: string | undefined;
  byDefault: string | undefined;
}

/** Reads the lifecycle configurations; `None` is none. */
export function lifecycleOf(settings: AppSettings): Lifecycle {
  const some = (arn: string | undefined) => (arn === 'None' ? undefined : arn);
  return {
    attached: settings.LifecycleConfigArns ?? [],
    builtIn: some(settings.BuiltInLifecycleConfigArn),
    byDefault: some(settings.DefaultResourceSpec?.LifecycleConfigArn),
  };
}

/** Whether the agent runs under these settings: at every start, where nobody chose another script, or not by itself. */
function agentRuns(settings: AppSettings): 'always' | 'by default' | 'never' {
  const { builtIn, byDefault } = lifecycleOf(settings);
  return isAgent(builtIn) ? 'always' : isAgent(byDefault) ? 'by default' : 'never';
}

/** One app type's settings, as they are and as they are to be sent. */
export interface SettingsChange {
  part: SettingsPart;
  appType: AgentAppType;
  before: AppSettings;
  after: AppSettings;
}

/**
 * What attaches the agent to a domain or a profile, beside whatever is there. A profile is asked for only where it has
 * lifecycle configurations of its own, for these go before the domain's; `force` attaches it there too.
 * @param arnOf the ARN of the agent's configuration for an app type
 */
export function attachAgent(
  holder: SettingsHolder,
  appTypes: readonly AgentAppType[],
  arnOf: (appType: AgentAppType) => string,
  { force }: { force: boolean },
): SettingsChange[] {
  return changes(holder, appTypes, (settings, appType) => {
    const own = force ? named(settings) : named(settings).filter(isAgent);
    if (holder.userProfileName !== undefined && own.length === 0) return settings;
    return attach(settings, appType, arnOf(appType));
  });
}

/** What takes the agent, of whatever version, off a domain or a profile. */
export function detachAgent(holder: SettingsHolder, appTypes: readonly AgentAppType[]): SettingsChange[] {
  return changes(holder, appTypes, (settings) => {
    const { attached, builtIn, byDefault } = lifecycleOf(settings);
    const kept = (arn: string | undefined) => (isAgent(arn) ? undefined : arn);
    return withLifecycle(settings, {
      attached: attached.filter((arn) => !isAgent(arn)),
      builtIn: kept(builtIn),
      byDefault: kept(byDefault),
    });
  });
}

/** Settings under which the agent does not run by itself. */
export interface Miss {
  part: SettingsPart;
  appType: AgentAppType;
  /** It is attached, and this configuration, by ARN, has the place from which it would run. Else nobody attached it. */
  heldBy: string | undefined;
}

/** Where the agent will not run by itself once the changes are made. A profile without lifecycle configurations of its own takes the domain's. */
export function missesAgent(
  holder: SettingsHolder,
  appTypes: readonly AgentAppType[],
  changed: SettingsChange[],
): Miss[] {
  return places(holder, appTypes).flatMap(({ part, appType, settings }) => {
    const change = changed.find((one) => one.part === part && one.appType === appType);
    const after = change?.after ?? settings;
    if (agentRuns(after) !== 'never' || (holder.userProfileName !== undefined && named(after).length === 0)) return [];
    const { builtIn, byDefault } = lifecycleOf(after);
    return [{ part, appType, heldBy: named(after).some(isAgent) ? (builtIn ?? byDefault) : undefined }];
  });
}

function attach(settings: AppSettings, appType: AgentAppType, arn: string): AppSettings {
  const { attached, builtIn, byDefault } = lifecycleOf(settings);
  const others = attached.filter((one) => !isAgent(one));
  const renewed = (one: string | undefined) => (isAgent(one) ? arn : one);
  const wanted: Lifecycle = {
    attached: others.toSpliced(attached.some(isAgent) ? attached.findIndex(isAgent) : others.length, 0, arn),
    builtIn: renewed(builtIn),
    byDefault: renewed(byDefault),
  };
  if (wanted.builtIn !== arn && wanted.byDefault !== arn) {
    // Built in before by default: a default is only what a new space starts with, and its user may choose another
    // (SageMaker AI developer guide, "Lifecycle configurations within Amazon SageMaker Studio").
    if (wanted.builtIn === undefined && appType !== 'KernelGateway') wanted.builtIn = arn;
    else wanted.byDefault ??= arn;
  }
  return withLifecycle(settings, wanted);
}

function isAgent(arn: string | undefined): boolean {
  return arn !== undefined && agentAppType(configName(arn)) !== undefined;
}

/** The settings with other lifecycle configurations. What goes is said: a list by what is left of it, one alone by `None`. */
function withLifecycle(settings: AppSettings, wanted: Lifecycle): AppSettings {
  const { attached, builtIn, byDefault } = lifecycleOf(settings);
  const said = (was: string | undefined, is: string | undefined) => (was === is ? undefined : (is ?? 'None'));
  const sayBuiltIn = said(builtIn, wanted.builtIn);
  const sayByDefault = said(byDefault, wanted.byDefault);
  return {
    ...settings,
    ...(attached.join() === wanted.attached.join() ? {} : { LifecycleConfigArns: wanted.attached }),
    ...(sayBuiltIn === undefined ? {} : { BuiltInLifecycleConfigArn: sayBuiltIn }),
    ...(sayByDefault === undefined
      ? {}
      : { DefaultResourceSpec: { ...settings.DefaultResourceSpec, LifecycleConfigArn: sayByDefault } }),
  };
}

/** SageMaker has no Code Editor in shared spaces: `DefaultSpaceSettings` has no such member. */
const PART_TYPES: Record<SettingsPart, readonly AgentAppType[]> = {
  user: AGENT_APP_TYPES,
  space: ['JupyterLab', 'KernelGateway'],
};

function places(holder: SettingsHolder, appTypes: readonly AgentAppType[]) {
  const parts: SettingsPart[] = holder.space === undefined ? ['user'] : ['user', 'space'];
  return parts.flatMap((part) =>
    appTypes
      .filter((appType) => PART_TYPES[part].includes(appType))
      .map((appType) => ({ part, appType, settings: holder[part]!.apps[appType] ?? {} })),
  );
}

function changes(
  holder: SettingsHolder,
  appTypes: readonly AgentAppType[],
  change: (settings: AppSettings, appType: AgentAppType) => AppSettings,
): SettingsChange[] {
  return places(holder, appTypes)
    .map(({ part, appType, settings: before }) => ({ part, appType, before, after: change(before, appType) }))
    .filter(({ before, after }) => !isSame(lifecycleOf(before), lifecycleOf(after)));
}

function named(settings: AppSettings): string[] {
  const { attached, builtIn, byDefault } = lifecycleOf(settings);
  return [...attached, builtIn, byDefault].filter((arn) => arn !== undefined);
}

/** Whether both name the same lifecycle configurations. */
export function isSame(a: Lifecycle, b: Lifecycle): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

import { awsError, type Input, invalid } from './answers.ts';
import { rowsByArn } from './studio-rows.ts';
import { checkEnum, checkName, demand } from './validate.ts';

/** `UserSettings` of a domain or a profile, as AWS spells it. Tests look into it freely, so it is not typed further. */
export type Settings = Record<string, Input>;

/** A lifecycle configuration: its content is never changed, only deleted. */
export interface LifecycleConfig {
  name: string;
  appType: string;
  /** Base64. */
  content: string;
  arn: string;
  creationTime: number;
  seq: number;
}

/** The app types that lifecycle configurations are for. */
export const lifecycleAppTypes = ['JupyterServer', 'KernelGateway', 'CodeEditor', 'JupyterLab'];

const mostContent = 16_384;
const timeouts = ['IdleTimeoutInMinutes', 'MinIdleTimeoutInMinutes', 'MaxIdleTimeoutInMinutes'];

/** The lifecycle configurations of an account and region. */
export function lifecycleConfigs(arnOf: (name: string) => string, now: () => number) {
  const rows = rowsByArn<LifecycleConfig>();
  let seq = 0;
  return {
    all: rows.all,
    byName: (name: string) => rows.get(arnOf(name)),
    create(input: Input): LifecycleConfig {
      const name = checkName(input, 'StudioLifecycleConfigName', true) as string;
      const appType = checkEnum(input, 'StudioLifecycleConfigAppType', lifecycleAppTypes, true) as string;
      const content = input.StudioLifecycleConfigContent;
      const fits = typeof content === 'string' && /^[\S\s]+$/.test(content) && content.length <= mostContent;
      const constraint = `Member must have length less than or equal to ${mostContent}, and greater than or equal to 1`;
      demand(fits, content, 'studioLifecycleConfigContent', constraint);
      if (Buffer.from(content, 'base64').toString('base64') !== content) throw invalid('Content is not valid base64.');
      seq += 1;
      return rows.insert({ name, appType, content, arn: arnOf(name), creationTime: now(), seq });
    },
    /** @param inUse says whether any settings name this ARN */
    remove(input: Input, inUse: (arn: string) => boolean): void {
      const name = checkName(input, 'StudioLifecycleConfigName', true) as string;
      const row = rows.get(arnOf(name));
      if (row === undefined) throw awsError('ResourceNotFound', `StudioLifecycleConfig ${arnOf(name)} does not exist.`);
      if (inUse(row.arn)) throw awsError('ResourceInUse', `StudioLifecycleConfig ${row.arn} is in use.`);
      rows.remove(row.arn);
    },
    /** Refuses settings that name a configuration which does not exist, or is for another app type. */
    check(settings: Settings): void {
      for (const [member, value] of Object.entries(settings)) {
        for (const arn of arnsOf(value)) {
          if (rows.get(arn)?.appType !== member.replace('AppSettings', '')) throw invalid(`${arn} is not valid here.`);
        }
      }
    },
  };
}

/** Every lifecycle configuration that the settings of one app type name. */
export function arnsOf(appSettings: Input): string[] {
  const { LifecycleConfigArns = [], DefaultResourceSpec, BuiltInLifecycleConfigArn } = appSettings ?? {};
  const arns = [...LifecycleConfigArns, DefaultResourceSpec?.LifecycleConfigArn, BuiltInLifecycleConfigArn];
  return arns.filter((arn) => arn !== undefined && arn !== 'None');
}

/**
 * What an update makes of settings. AWS does not say whether a member that is given replaces the old one whole or is
 * merged into it: clients must come out right under both.
 */
export function updated(old: Settings, given: Settings, how: 'replace' | 'merge'): Settings {
  checkIdle(given);
  const result = { ...old };
  for (const [member, value] of Object.entries(given)) {
    result[member] = cleared(how === 'merge' ? merged(old[member], value) : value);
  }
  return result;
}

function checkIdle(settings: Settings): void {
  for (const [member, value] of Object.entries(settings)) {
    const idle = value?.AppLifecycleManagement?.IdleSettings;
    for (const name of timeouts) {
      const minutes = idle?.[name];
      if (minutes === undefined) continue;
      const path = `${member}.appLifecycleManagement.idleSettings.${name}`;
      demand(Number.isInteger(minutes), minutes, path, 'Member must be an integer');
      demand(minutes >= 60, minutes, path, 'Member must have value greater than or equal to 60');
      demand(minutes <= 525_600, minutes, path, 'Member must have value less than or equal to 525600');
    }
    if (idle?.LifecycleManagement !== undefined) checkEnum(idle, 'LifecycleManagement', ['ENABLED', 'DISABLED']);
  }
}

function merged(old: Input, given: Input): Input {
  if (!isObject(old) || !isObject(given)) return given;
  const result: Input = { ...old };
  for (const [key, value] of Object.entries(given)) result[key] = merged(old[key], value);
  return result;
}

/** `None` in place of an ARN takes it off. */
function cleared(value: Input): Input {
  if (!isObject(value)) return value;
  const kept = Object.entries(value).filter(
    ([key, inner]) => !(key.endsWith('LifecycleConfigArn') && inner === 'None'),
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, cleared(inner)]));
}

function isObject(value: Input): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

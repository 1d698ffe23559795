import { createHash } from 'node:crypto';
import {
  AGENT_PREFIX,
  type AgentAppType,
  agentAppType,
  agentConfigName,
  attachAgent,
  configArn,
  detachAgent,
  isSame,
  lifecycleOf,
  type Miss,
  missesAgent,
  type SettingsChange,
} from '../domain/agent.ts';
import type { AppSettingsByType, SettingsHolder, SettingsPart, SettingsUpdate } from '../domain/studio-settings.ts';
import { each } from './each.ts';
import { type LifecycleConfig, type LifecycleConfigs, PortError, type StudioSettings } from './ports.ts';

/** What installing and uninstalling the activity agent needs of the outside. */
export interface AgentPorts {
  settings: StudioSettings;
  configs: LifecycleConfigs;
}

/** What is to be changed, and what the changes will not reach. Nothing is changed yet. */
export interface AgentPlan {
  domain: SettingsHolder;
  create: LifecycleConfig[];
  /** Configurations that are there already, by name. */
  ready: string[];
  /** The domain's changes first, then those of user profiles. */
  changes: { holder: SettingsHolder; changes: SettingsChange[] }[];
  /** Configurations to be deleted where nothing else uses them, by name. */
  remove: string[];
  misses: (Miss & { holder: SettingsHolder })[];
  /** The ARNs of the execution roles in which apps of this domain run. */
  roles: string[];
  /** The changes that settings need now, which may no longer be what they were. */
  changesOf: (holder: SettingsHolder) => SettingsChange[];
}

/** Profiles that are read or changed at once: AWS publishes no rates for these calls. */
const WIDTH = 4;

/** Plans to attach the agent to a domain; with `profiles`, also to the user profiles that have configurations of their own. */
export async function planInstall(
  { settings, configs }: AgentPorts,
  wanted: { domainId: string; appTypes: readonly AgentAppType[]; script: string; profiles: boolean },
): Promise<AgentPlan> {
  const { domainId, appTypes, script, profiles } = wanted;
  const holders = await readHolders(settings, domainId);
  const hash = createHash('sha256').update(script).digest('hex').slice(0, 8);
  const create: LifecycleConfig[] = [];
  const ready: string[] = [];
  for (const appType of appTypes) {
    const name = agentConfigName(appType, hash);
    const there = await configs.script(name);
    if (there === undefined) create.push({ name, appType, script });
    else if (there === script) ready.push(name);
    // Whoever may make configurations could lay one out for us to attach to everyone.
    else throw new PortError('refused', 'OtherScript', `${name} is there, with a script that is not the agent's`);
  }
  const arnOf = (appType: AgentAppType) => configArn(holders[0].arn, agentConfigName(appType, hash));
  const changesOf = (holder: SettingsHolder) => attachAgent(holder, appTypes, arnOf, { force: profiles });
  const misses = holders.flatMap((holder) =>
    missesAgent(holder, appTypes, changesOf(holder)).map((miss) => ({ ...miss, holder })),
  );
  return { ...planOf(holders, changesOf), create, ready, remove: [], misses };
}

/** Plans to take the agent off a domain and its user profiles, and to delete its configurations. */
export async function planUninstall(
  { settings, configs }: AgentPorts,
  wanted: { domainId: string; appTypes: readonly AgentAppType[] },
): Promise<AgentPlan> {
  const { domainId, appTypes } = wanted;
  const holders = await readHolders(settings, domainId);
  const names = await configs.names(AGENT_PREFIX);
  const remove = names.filter((name) => appTypes.some((appType) => agentAppType(name) === appType));
  const changesOf = (holder: SettingsHolder) => detachAgent(holder, appTypes);
  return { ...planOf(holders, changesOf), create: [], ready: [], remove, misses: [] };
}

/**
 * Carries a plan out: configurations first, then the domain in one call, then profiles, then what is to be deleted. One
 * failure among settings stays one failure; whatever is left undone, the same command does when it is run again.
 * @param tell is told each step once it is done
 * @returns what failed, in whole sentences
 */
export async function carryOut(
  { settings, configs }: AgentPorts,
  plan: AgentPlan,
  tell: (text: string) => void,
): Promise<string[]> {
  const failures: string[] = [];
  for (const config of plan.create) {
    await configs.create(config);
    tell(`Made lifecycle configuration ${config.name}.`);
  }
  const update = async ({ holder, changes }: AgentPlan['changes'][number]) => {
    try {
      await settings.update(holder, await updateOf(settings, plan, holder, changes));
      tell(`Updated ${nameHolder(holder)}.`);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      failures.push(`${nameHolder(holder)}: ${error.message}`);
    }
  };
  const isDomain = ({ holder }: AgentPlan['changes'][number]) => holder.userProfileName === undefined;
  for (const one of plan.changes.filter(isDomain)) await update(one);
  await each(
    plan.changes.filter((one) => !isDomain(one)),
    WIDTH,
    update,
  );
  for (const name of plan.remove) {
    const came = await configs.remove(name);
    const stays = `Kept lifecycle configuration ${name}: another domain, a user profile or a running app still uses it.`;
    tell(came === 'in use' ? stays : `Deleted lifecycle configuration ${name}.`);
  }
  return failures;
}

/** A domain or a user profile as people name it. */
export function nameHolder({ domainId, userProfileName }: SettingsHolder): string {
  return userProfileName === undefined ? `domain ${domainId}` : `user profile ${userProfileName}`;
}

/** The settings as they are at this moment, changed: what others did to them since the plan was made stays. */
async function updateOf(
  settings: StudioSettings,
  plan: AgentPlan,
  holder: SettingsHolder,
  planned: SettingsChange[],
): Promise<SettingsUpdate> {
  const fresh = await settings.read(holder);
  const changes = fresh ? plan.changesOf(fresh) : [];
  const isAsPlanned =
    changes.length === planned.length &&
    changes.every(
      ({ before, after }, i) =>
        isSame(lifecycleOf(before), lifecycleOf(planned[i]!.before)) &&
        isSame(lifecycleOf(after), lifecycleOf(planned[i]!.after)),
    );
  if (!isAsPlanned)
    throw new PortError('refused', 'Changed', 'somebody changed its lifecycle configurations meanwhile');
  const update: Partial<Record<SettingsPart, AppSettingsByType>> = {};
  for (const { part, appType, after } of changes) update[part] = { ...update[part], [appType]: after };
  return update;
}

type Holders = [domain: SettingsHolder, ...profiles: SettingsHolder[]];

/** A domain and all its user profiles. Whatever cannot be read is thrown: half a picture changes nothing. */
async function readHolders(settings: StudioSettings, domainId: string): Promise<Holders> {
  const domain = await settings.read({ domainId });
  if (!domain) {
    const there = (await settings.domains()).map(({ domainId: id, domainName }) => `${id} (${domainName})`);
    const others = there.length === 0 ? 'there is none' : `there are ${there.join(', ')}`;
    throw new PortError('refused', 'UnknownDomain', `no domain ${domainId} in this account and region: ${others}`);
  }
  const names = (await settings.profiles(domainId)).map(({ userProfileName }) => userProfileName);
  const profiles = new Map<string, SettingsHolder>();
  await each(names, WIDTH, async (userProfileName) => {
    const profile = await settings.read({ domainId, userProfileName });
    // One that was deleted since it was listed needs nothing.
    if (profile) profiles.set(userProfileName, profile);
  });
  return [domain, ...names.flatMap((name) => profiles.get(name) ?? [])];
}

function planOf(holders: Holders, changesOf: AgentPlan['changesOf']) {
  const settings = holders.flatMap(({ user, space }) => [user, space]);
  return {
    domain: holders[0],
    changes: holders
      .map((holder) => ({ holder, changes: changesOf(holder) }))
      .filter(({ changes }) => changes.length > 0),
    roles: [...new Set(settings.flatMap((one) => one?.executionRole ?? []))],
    changesOf,
  };
}

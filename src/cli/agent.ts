import { createInterface } from 'node:readline';
import { type AgentPlan, carryOut, nameHolder, planInstall, planUninstall } from '../application/agent.ts';
import { ConfigError } from '../config.ts';
import {
  AGENT_APP_TYPES,
  type AgentAppType,
  configName,
  lifecycleOf,
  type Miss,
  type SettingsChange,
} from '../domain/agent.ts';
import type { SettingsHolder, SettingsPart } from '../domain/studio-settings.ts';
import { lifecycleConfigsOf, regionOfSdk, settingsOf } from '../wiring.ts';
import { agentScript, agentSnippet } from './agent-script.ts';
import { note, progress, style } from './print.ts';

/** What `agent install` and `agent uninstall` take. */
export interface AgentOptions {
  domain: string;
  region?: string;
  appType?: AgentAppType[];
  dryRun?: boolean;
  yes?: boolean;
}

export interface InstallOptions extends AgentOptions {
  bus: string;
  profiles?: boolean;
}

/** `curfew agent script`. @returns the exit code */
export async function agentScriptCommand({ bus, snippet }: { bus: string; snippet?: boolean }): Promise<number> {
  process.stdout.write(snippet ? agentSnippet(bus) : agentScript(bus));
  return 0;
}

/** `curfew agent install`. @returns the exit code */
export async function agentInstallCommand(options: InstallOptions): Promise<number> {
  const { domain: domainId, bus, profiles = false, appType: appTypes = AGENT_APP_TYPES } = options;
  const script = agentScript(bus);
  const ports = await open(options);
  const plan = await progress(LOOKING, planInstall(ports, { domainId, appTypes, script, profiles }));
  print(describePlan(plan));
  print(describeMisses(plan.misses));
  print(describeRights(plan, bus));
  const code = await settle(plan, options, 'the agent is attached', ports);
  if (code === 0 && plan.changes.length > 0 && !options.dryRun)
    print(['Apps that run now get the agent when they are next started.']);
  return code;
}

/** `curfew agent uninstall`. @returns the exit code */
export async function agentUninstallCommand(options: AgentOptions): Promise<number> {
  const { domain: domainId, appType: appTypes = AGENT_APP_TYPES } = options;
  const ports = await open(options);
  const plan = await progress(LOOKING, planUninstall(ports, { domainId, appTypes }));
  print(describePlan(plan));
  const code = await settle(plan, options, 'the agent is not attached', ports);
  if (code === 0 && plan.changes.length > 0 && !options.dryRun)
    print(['In apps that run now the agent stays until they stop.']);
  return code;
}

const LOOKING = 'Looking at the domain and its user profiles';

async function open(options: AgentOptions) {
  const region = options.region ?? (await regionOfSdk());
  if (!region) throw new ConfigError('no region: set AWS_REGION, or name one with --region');
  return { settings: settingsOf({ region }), configs: lifecycleConfigsOf({ region }) };
}

async function settle(
  plan: AgentPlan,
  { dryRun = false, yes = false }: AgentOptions,
  idle: string,
  ports: Awaited<ReturnType<typeof open>>,
): Promise<number> {
  if (plan.create.length + plan.changes.length + plan.remove.length === 0) {
    print([`Nothing to change: ${idle}.`]);
    return 0;
  }
  if (dryRun) {
    print(['Nothing was changed: this was a dry run.']);
    return 0;
  }
  if (!yes && !(process.stdin.isTTY && process.stdout.isTTY))
    throw new ConfigError(
      'nothing was changed: there is no terminal to ask at; --yes goes ahead, --dry-run only tells',
    );
  if (!yes && !(await confirm())) {
    note('Nothing was changed.');
    return 1;
  }
  const failures = await carryOut(ports, plan, (text) => print([text])).catch((error: unknown) => {
    note(AGAIN);
    throw error;
  });
  for (const failure of failures) note(style('red', `curfew: ${failure}`));
  if (failures.length > 0) note(AGAIN);
  return failures.length > 0 ? 1 : 0;
}

const AGAIN = 'Not everything was done. The same command, run again, does the rest.';

/** Whether whoever sits there says yes. A closed input says no. */
function confirm(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    terminal.on('close', () => resolve(false));
    terminal.question('Proceed? [y/N] ', (answer) => {
      resolve(/^y(es)?$/i.test(answer.trim()));
      terminal.close();
    });
  });
}

function print(lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

const COLOURS = { '+': 'green', '-': 'red', '~': 'yellow', ' ': 'reset' } as const;

function entry(mark: keyof typeof COLOURS, text: string): string {
  return style(COLOURS[mark], `  ${mark} ${text}`);
}

function describePlan({ domain, create, ready, remove, changes }: AgentPlan): string[] {
  const configs = [
    ...create.map(({ name }) => entry('+', name)),
    ...ready.map((name) => entry(' ', `${name} is there`)),
    ...remove.map((name) => entry('-', `${name}, unless something else uses it`)),
  ];
  return [
    style('bold', `Domain ${domain.domainId}${domain.domainName ? ` (${domain.domainName})` : ''}`),
    ...(configs.length > 0 ? ['', 'Lifecycle configurations', ...configs] : []),
    ...changes.flatMap(({ holder, changes: some }) => some.flatMap((change) => describeChange(holder, change))),
    '',
  ];
}

function describeChange(holder: SettingsHolder, { part, appType, before, after }: SettingsChange): string[] {
  const was = lifecycleOf(before);
  const is = lifecycleOf(after);
  const attached = [...new Set([...is.attached, ...was.attached])].map((arn) => {
    const [had, has] = [was.attached.includes(arn), is.attached.includes(arn)];
    return line('LifecycleConfigArns', had ? arn : undefined, has ? arn : undefined);
  });
  return [
    '',
    nameSettings(holder, part, appType),
    ...attached,
    line('BuiltInLifecycleConfigArn (runs at every start)', was.builtIn, is.builtIn),
    line('DefaultResourceSpec.LifecycleConfigArn (runs unless a user chooses another)', was.byDefault, is.byDefault),
  ].filter((text) => text !== undefined);
}

function line(member: string, was: string | undefined, is: string | undefined): string | undefined {
  const [old, now] = [was, is].map((arn) => (arn === undefined ? undefined : configName(arn)));
  if (old === now) return now === undefined ? undefined : entry(' ', `${member}: ${now} stays`);
  if (old === undefined) return entry('+', `${member}: ${now}`);
  return now === undefined ? entry('-', `${member}: ${old}`) : entry('~', `${member}: ${old} → ${now}`);
}

function nameSettings(holder: SettingsHolder, part: SettingsPart, appType: AgentAppType): string {
  if (holder.userProfileName !== undefined) return `${appType} of ${nameHolder(holder)}`;
  return part === 'user' ? `${appType} (DefaultUserSettings)` : `${appType} in shared spaces (DefaultSpaceSettings)`;
}

function describeMisses(misses: (Miss & { holder: SettingsHolder })[]): string[] {
  const names = (some: typeof misses) =>
    some.map(({ holder, part, appType, heldBy }) => {
      const by = heldBy === undefined ? '' : `: ${configName(heldBy)} does`;
      return `    ${nameSettings(holder, part, appType)}${by}`;
    });
  const held = misses.filter(({ heldBy }) => heldBy !== undefined);
  const own = misses.filter(({ heldBy }) => heldBy === undefined);
  return [
    ...(held.length > 0
      ? [
          'Here the agent is only attached and will not run by itself, for another configuration runs in its place:',
          ...names(held),
          'Put the lines that `curfew agent script --snippet` prints under the first line of that script, make a',
          'configuration of both, and attach it in that one’s place.',
          '',
        ]
      : []),
    ...(own.length > 0
      ? [
          'These have lifecycle configurations of their own, which go before the domain’s; --profiles attaches it there too:',
          ...names(own),
          '',
        ]
      : []),
  ];
}

/** What the agent needs, and who needs it. */
function describeRights({ domain, roles }: AgentPlan, bus: string): string[] {
  const [, partition, , region, account] = domain.arn.split(':');
  const statement = {
    Effect: 'Allow',
    Action: 'events:PutEvents',
    Resource: bus.startsWith('arn:') ? bus : `arn:${partition}:events:${region}:${account}:event-bus/${bus}`,
    Condition: { StringEquals: { 'events:source': 'curfew.agent', 'events:detail-type': 'Curfew Activity' } },
  };
  const names = roles.map((arn) => arn.slice(arn.lastIndexOf('/') + 1)).join(', ');
  return [
    `The agent needs this of the execution roles of the domain (${names || 'AWS names none'}):`,
    ...JSON.stringify(statement, null, 2).split('\n'),
    '',
  ];
}

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { PortError } from '../application/ports.ts';
import { ConfigError } from '../config.ts';
import { AGENT_APP_TYPES, type AgentAppType } from '../domain/agent.ts';
import { agentInstallCommand, agentScriptCommand, agentUninstallCommand } from './agent.ts';
import { DEFAULT_BUS } from './agent-script.ts';
import { contactsForgetCommand, contactsInviteCommand, contactsListCommand } from './contacts.ts';
import { contactsImportCommand } from './contacts-import.ts';
import { explainCommand } from './explain.ts';
import { historyCommand } from './history.ts';
import { idleSettingsCommand } from './idle-settings.ts';
import { addMoneyCommands } from './main-money.ts';
import { pauseCommand, resumeCommand } from './pause.ts';
import { policyCheckCommand } from './policy-check.ts';
import { note } from './print.ts';
import { scanCommand } from './scan.ts';
import { statusCommand } from './status.ts';
import { tableCreate } from './table.ts';
import type { WorldOptions } from './world.ts';

const program = new Command('curfew');

program
  .description(
    'Finds every running SageMaker Studio app, knows whose it is and what it costs, and by a written policy warns its owner and stops it.',
  )
  .version(packageFile.version)
  .showHelpAfterError('(curfew --help tells more)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Environment:
  AWS_REGION, AWS_PROFILE, …  as the AWS SDK reads them; AWS_ENDPOINT_URL_<SERVICE> points elsewhere
  CURFEW_POLICY               the policy: a file, or ssm:/name (default: curfew.yml)
  CURFEW_TABLE                the DynamoDB table; without one, scan and status work from AWS alone
  CURFEW_BACKSTOP_GROUP       where the backstop’s schedules lie, which “pause” takes down
  CURFEW_BASE_URL             where the links in mail point; without one, nobody is asked to confirm
  NO_COLOR                    no colours

Exit codes: 0 fine, 1 something failed, 2 wrong usage.`,
  );

const governed = (command: Command) =>
  command
    .option('--policy <file>', 'the policy: a file, or ssm:/name (default: CURFEW_POLICY, else curfew.yml)')
    .option('--region <region>', 'the region (default: AWS_REGION, or the profile’s)');

const recorded = (command: Command) =>
  governed(command)
    .option('--table <name>', 'the DynamoDB table (default: CURFEW_TABLE)')
    .option('--now <time>', 'take this for the present, such as 2026-11-23T14:05:00Z');

const looking = (command: Command) =>
  recorded(command).option(
    '--from <dir>',
    'read saved AWS CLI output (*.json in DIR) instead of an account: `aws sagemaker list-apps`, `list-spaces`, and `aws resourcegroupstaggingapi get-resources` where the policy speaks of tags',
  );

let exitCode = 0;
const exitWith =
  (run: (...args: never[]) => Promise<number>) =>
  async (...args: unknown[]) => {
    exitCode = await run(...(args as never[]));
  };

looking(program.command('scan'))
  .description('decide on every running app; with --apply, warn and stop')
  .option(
    '--apply',
    'do it: record, warn and stop as the policy’s mode allows (default: a dry run that changes nothing)',
  )
  .option('--json', 'print {now, decisions, outcomes} as JSON')
  .option('--max-stops <n>', 'stop at most N apps in this scan, whatever safety.max-stops says', wholeNumber)
  .action(exitWith(scanCommand));

looking(program.command('status'))
  .description(
    'show running apps: whose, since when, in use or not, what governs them, what comes next, what they cost',
  )
  .option('--all', 'also free and exempt apps')
  .option('--owner <profile>', 'only this owner’s apps')
  .option('--json', 'print JSON')
  .action(exitWith(statusCommand));

looking(program.command('explain'))
  .description('show every rule that is tried on an app, and what each says')
  .argument(
    '<app>',
    'APP, HOLDER/APP, HOLDER/TYPE/APP or DOMAIN/HOLDER/TYPE/APP, where HOLDER is a user profile, a space, or the owner of one',
  )
  .action(exitWith((name: string, options: WorldOptions) => explainCommand(name, options)));

governed(program.command('idle-settings'))
  .description(
    'compare SageMaker’s own idle shutdown of every domain and user profile with the policy’s native-idle; with --apply, set it',
  )
  .option(
    '--apply',
    'set what differs, in mode enforce: nothing else of the settings changes (default: a dry run that changes nothing)',
  )
  .option('--json', 'print JSON')
  .action(exitWith(idleSettingsCommand));
recorded(program.command('history'))
  .description('show every notice: when, to whom, of which app, by which rule and why, and what became of it')
  .option('--owner <profile>', 'only of this owner: PROFILE, or DOMAIN/PROFILE')
  .option('--app <app>', 'only of this app, named as for explain')
  .option('--to <address>', 'only to this address')
  .option('--since <time>', 'so long ago (7d), or from a day on (2026-11-23) (default: 30d)')
  .option('--json', 'print JSON')
  .action(exitWith(historyCommand));

recorded(program.command('doctor'))
  .description('check the account, read-only: for each part ok, warning, wrong or not known, and how to mend it')
  .option('--json', 'print JSON')
  .action(exitWith(async (options: WorldOptions) => (await import('./doctor.ts')).doctorCommand(options)));
recorded(program.command('pause'))
  .description(
    'the kill switch: from now on nothing is stopped and nobody is written to, in the deployment and here, until `resume`',
  )
  .option('--until <time>', 'end by itself: after 4h, or at 2026-12-01 or 2026-12-01T08:00 in the policy’s zone')
  .option('--why <text>', 'why, for whoever finds it paused')
  .action(exitWith(pauseCommand));
recorded(program.command('resume'))
  .description('end a pause; whatever was warned before is warned anew')
  .action(exitWith(resumeCommand));

addMoneyCommands(program, recorded, exitWith);

const contacts = program.command('contacts').description('work on addresses and what their readers agreed to');
recorded(contacts.command('list', { isDefault: true }))
  .description('show each address: whose it is, its consent, and how often it was asked')
  .option('--json', 'print JSON')
  .action(exitWith(contactsListCommand));
recorded(contacts.command('invite'))
  .description('ask an address anew to confirm; never one whose reader complained or unsubscribed')
  .argument('[address...]', 'addresses of contacts')
  .option('--owner <profile...>', 'the addresses of these: PROFILE, or DOMAIN/PROFILE')
  .option('--dry-run', 'only tell who would be asked')
  .action(exitWith(contactsInviteCommand));
recorded(contacts.command('forget'))
  .description('forget an address; that its reader wants no mail is kept')
  .argument('<address>', 'the address of a contact')
  .option('--yes', 'do it (default: only tell what is forgotten, and what follows)')
  .action(exitWith(contactsForgetCommand));
recorded(contacts.command('import'))
  .description('make contacts of a list of people, and ask them to confirm')
  .argument('<file>', 'CSV: a line each, PROFILE or DOMAIN/PROFILE, and ADDRESS')
  .option('--domain <id>', 'the domain of profiles that name none (default: the only one there is)')
  .option('--apply', 'do it (default: a dry run that changes nothing)')
  .action(exitWith(contactsImportCommand));

const policy = program.command('policy').description('work on the policy file');
policy
  .command('check')
  .description(
    'read a policy and tell every fault: line, column, and what would be right; and what is right and yet is about nothing: patterns of types that match none, terms that are over',
  )
  .argument('[file]', 'a file, or ssm:/name (default: CURFEW_POLICY, else curfew.yml)')
  .action(exitWith(policyCheckCommand));

const table = program.command('table').description('work on the DynamoDB table');
table
  .command('create')
  .description('make the table, if it does not exist')
  .option('--table <name>', 'its name (default: CURFEW_TABLE)')
  .option('--region <region>', 'the region (default: AWS_REGION, or the profile’s)')
  .action(exitWith(tableCreate));

const agent = program.command('agent').description('work on the activity agent, which tells when an app was last used');
const withBus = (command: Command) =>
  command.option('--bus <name>', 'the event bus that it tells: a name, or an ARN', DEFAULT_BUS);
const onDomain = (command: Command) =>
  command
    .requiredOption('--domain <id>', 'the Studio domain, such as d-abcdefghijkl')
    .option('--region <region>', 'the region (default: AWS_REGION, or the profile’s)')
    .option('--app-type <types>', `some of ${AGENT_APP_TYPES.join(',')} (default: all)`, agentAppTypes)
    .option('--dry-run', 'only tell what would be changed')
    .option('--yes', 'do not ask; needed where there is no terminal to ask at');

withBus(agent.command('script'))
  .description('print the agent, exactly as it is installed')
  .option('--snippet', 'print lines that start it from within another lifecycle configuration')
  .action(exitWith(agentScriptCommand));

withBus(onDomain(agent.command('install')))
  .description('attach the agent to a domain, beside what is attached; tells what it will change, and asks')
  .option('--profiles', 'also to user profiles that have lifecycle configurations of their own')
  .action(exitWith(agentInstallCommand));

onDomain(agent.command('uninstall'))
  .description('take the agent off a domain and its user profiles; tells what it will change, and asks')
  .action(exitWith(agentUninstallCommand));

function agentAppTypes(text: string): AgentAppType[] {
  return text.split(',').map((name) => {
    const found = AGENT_APP_TYPES.find((type) => type.toLowerCase() === name.trim().toLowerCase());
    if (!found) throw new InvalidArgumentError(`"${name}" is none of ${AGENT_APP_TYPES.join(', ')}`);
    return found;
  });
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
}

/** One clear line for whatever went wrong; a stack trace only for what we did not foresee, and only where it is asked for. */
function fail(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ConfigError) {
    for (const line of error.message.split('\n')) note(`curfew: ${line}`);
    return 2;
  }
  if (error instanceof PortError) {
    note(`curfew: ${error.message}`);
    return error.code === 'SavedFleet' ? 2 : 1;
  }
  note(`curfew: ${error instanceof Error ? error.message : error}`);
  if (process.env.DEBUG && error instanceof Error) note(error.stack ?? '');
  return 1;
}

try {
  await program.parseAsync();
} catch (error) {
  exitCode = fail(error);
}
// A pipe that was closed early is no fault of ours, and stdout must drain before the process may end.
process.exitCode = exitCode;

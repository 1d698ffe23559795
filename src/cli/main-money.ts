import { type Command, Option } from 'commander';
import { budgetListCommand, budgetShowCommand } from './budget.ts';
import { budgetGrantCommand, budgetLiftCommand } from './budget-except.ts';
import { budgetRevokeCommand } from './budget-revoke.ts';
import { reportCommand } from './report.ts';
import { spendCommand } from './spend.ts';
import { SUBJECT } from './subject.ts';

type Run = (...args: never[]) => Promise<number>;

/** The commands on spend, reports and budgets. */
export function addMoneyCommands(
  program: Command,
  recorded: (command: Command) => Command,
  exitWith: (run: Run) => (...args: unknown[]) => Promise<void>,
): void {
  recorded(program.command('spend'))
    .description(
      'show what was spent: billed, accrued, what it is expected to become, and what budgets leave; with --owner, --team or --domain, what each budget leaves that bounds them',
    )
    .option('--owner <profile>', 'only this owner: PROFILE, or DOMAIN/PROFILE')
    .option('--team <name>', 'only this team: where a domain is a team, its id or name')
    .option('--domain <domain>', 'only this domain: its id, or its name')
    .addOption(
      new Option('--by <what>', 'a row for each (default: owner; with --owner, what)').choices([
        ...['owner', 'team', 'domain', 'what', 'day'],
      ]),
    )
    .option('--period <period>', 'month, week, total, 2026-11, 2026-W47 or 2026-09-01..2026-12-20 (default: month)')
    .option(
      '--credits',
      'also credits and refunds of the account: one request of Cost Explorer, for which AWS charges $0.01',
    )
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .action(exitWith(spendCommand));

  recorded(program.command('report'))
    .description('show the cost report of a week, write it as a page, or send it')
    .option('--owner <profile>', 'of this owner: PROFILE, or DOMAIN/PROFILE')
    .option('--team <name>', 'of this team')
    .option('--admin', 'of the whole account (the default)')
    .option('--week <week>', 'such as 2026-W47 (default: the last whole week)')
    .option('--to <file>', 'write it as an HTML page that stands alone')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--send', 'mail it to whoever may get it: once, however often it is sent')
    .action(exitWith(reportCommand));

  const budget = program.command('budget').description('work on budgets: where they stand, and exceptions to them');
  recorded(budget.command('list', { isDefault: true }))
    .description('show where every budget stands, the most spent first')
    .option('--json', 'print JSON')
    .action(exitWith(budgetListCommand));
  recorded(budget.command('show'))
    .description('show where one stands in each budget, and what was granted and lifted')
    .argument('<whose>', SUBJECT)
    .option('--json', 'print JSON')
    .action(exitWith(budgetShowCommand));
  recorded(budget.command('grant'))
    .description('grant an amount beyond the limit, of each month or week until then; recorded with who and why')
    .argument('<whose>', SUBJECT)
    .argument('<amount>', 'such as 50USD; it adds to what was granted before')
    .configureOutput({ outputError: (text, write) => write(tellTaking(text)) })
    .option('--until <date>', 'needed: the last day of it, such as 2026-12-31')
    .option('--budget <name>', 'only of this budget (default: of each that bounds them)')
    .option('--why <text>', 'why, for the record')
    .action(exitWith(budgetGrantCommand));
  recorded(budget.command('lift'))
    .description('let budgets act no more, each until its own period ends; recorded with who and why')
    .argument('<whose>', SUBJECT)
    .option('--until <date>', 'the last day of it (default: until each budget’s period ends; of a total, for good)')
    .option('--budget <name>', 'only of this budget (default: of each that bounds them)')
    .option('--why <text>', 'why, for the record')
    .action(exitWith(budgetLiftCommand));
  recorded(budget.command('revoke'))
    .description('take back every grant and lift that is in force; recorded with who and why')
    .argument('<whose>', SUBJECT)
    .option('--budget <name>', 'only those of this budget (default: all)')
    .option('--why <text>', 'why, for the record')
    .action(exitWith(budgetRevokeCommand));
}

/** `-5USD` looks like an option to whoever parses it. */
function tellTaking(text: string): string {
  const [, amount] = /unknown option '(-[\d.].*)'/.exec(text) ?? [];
  if (amount === undefined) return text;
  return `error: ${amount}: more than 0 is granted, never taken; \`curfew budget revoke\` takes grants back\n`;
}

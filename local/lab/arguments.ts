import { parseArgs } from 'node:util';

/** What `npm start` was asked for. */
export interface Arguments {
  once: boolean;
  days: number;
  seed: string;
  /** A policy's file, in place of the lab's own. */
  policy?: string | undefined;
  json: boolean;
  help: boolean;
}

export const HELP = `npm start -- [--once] [--days N] [--seed S] [--policy FILE] [--json] [--help]

Lives two weeks of a Studio lab of 41 people on a fast clock, governed by Curfew: its bundled handlers, the real AWS SDK,
and an AWS embedded in this process. Nothing leaves this machine, and no AWS account is needed.

  --once     exit when the lab has been lived, instead of serving it until Ctrl-C; all functions are killed at its end, and what
             the backstop then stops is told
  --days N   live N days, 1 to 365 (default 14)
  --seed S   any text: the same seed gives the same timeline (default 1)
  --policy FILE
             govern it by this policy instead of local/lab/policy.yml
  --json     print one JSON document {lab, timeline, summary, bill, stories, invariants}, and nothing else, on stdout
  --help     print this

The people are in local/lab/people.ts. NO_COLOR is respected.
Exit codes: 0 fine, 1 a promise was broken or something failed, 2 wrong usage or a policy with faults.
`;

/** Reads the command line. @returns what is wrong with it, in one line, if anything is */
export function readArguments(argv: string[]): Arguments | { wrong: string } {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        once: { type: 'boolean', default: false },
        days: { type: 'string', default: '14' },
        seed: { type: 'string', default: '1' },
        policy: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const days = /^\d{1,3}$/.test(values.days) ? Number(values.days) : 0;
    if (days < 1 || days > 365) return { wrong: `--days ${values.days}: not a whole number from 1 to 365` };
    return { ...values, days };
  } catch (error) {
    return { wrong: (error as Error).message.split('. ')[0]! };
  }
}

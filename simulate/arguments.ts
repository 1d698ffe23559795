import { parseArgs } from 'node:util';

/** What `npm run simulate` was asked for. */
export interface Arguments {
  years: number;
  seed: string;
  people: number;
  replay: boolean;
  mutants: boolean;
  json: boolean;
  help: boolean;
}

export const HELP = `npm run simulate -- [--years N] [--seed S] [--people N] [--replay] [--mutants] [--json] [--help]

Lives years of Studio labs under the whole service, its use cases and rules unchanged, on ports in memory, a virtual clock
and one source of chance. Whatever can go wrong does. After every step the promises are held against a truth of the
simulator's own. docs/simulate.md tells what is simulated, and how to read a failure.

  --years N   lab-years to live, a lab for each, 1 to 100000 (default 10)
  --seed S    any text: the same seed lives the same years on any machine (default 1); S.7 is the eighth lab of S alone
  --people N  people in each lab, 2 to 400 (default 40)
  --replay    live one lab (--seed S.N), and where it fails show its shortest timeline step by step, with decisions and reasons
  --mutants   plant faults in a copy of the service, one at a time, and see each caught
  --json      print one JSON document, and nothing else, on stdout

Exit codes: 0 every promise held (every mutant was caught), 1 one did not, 2 wrong usage.
`;

/** Reads the command line. @returns what is wrong with it, in one line, if anything is */
export function readArguments(argv: string[]): Arguments | { wrong: string } {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        years: { type: 'string', default: '10' },
        seed: { type: 'string', default: '1' },
        people: { type: 'string', default: '40' },
        replay: { type: 'boolean', default: false },
        mutants: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [years, people] = [values.years, values.people].map((text) => (/^\d{1,6}$/.test(text) ? Number(text) : 0));
    if (years! < 1 || years! > 100_000)
      return { wrong: `--years ${values.years}: not a whole number from 1 to 100000` };
    if (people! < 2 || people! > 400) return { wrong: `--people ${values.people}: not a whole number from 2 to 400` };
    return { ...values, years: years!, people: people! };
  } catch (error) {
    return { wrong: (error as Error).message.split('. ')[0]! };
  }
}

/** The labs of a seed, by name: one a year. A seed that names one lab is that alone. */
export function labsOf(seed: string, years: number): string[] {
  return /\.\d+$/.test(seed) ? [seed] : Array.from({ length: years }, (_, i) => `${seed}.${i}`);
}

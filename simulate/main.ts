import { HELP, labsOf, readArguments } from './arguments.ts';

const options = readArguments(process.argv.slice(2));
if ('wrong' in options) {
  process.stderr.write(`npm run simulate: ${options.wrong} (npm run simulate -- --help tells more)\n`);
  process.exitCode = 2;
} else if (options.help) {
  process.stdout.write(HELP);
} else {
  const { runMutants, runReplay, runYears } = await import('./program.ts');
  const labs = labsOf(options.seed, options.years);
  const run = options.mutants ? runMutants : options.replay ? runReplay : runYears;
  process.exitCode = await run(labs, options);
}

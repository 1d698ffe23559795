import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HELP, readArguments } from './lab/arguments.ts';

const HANDLERS = fileURLToPath(new URL('../dist/handlers', import.meta.url));

const options = readArguments(process.argv.slice(2));
if ('wrong' in options) {
  process.stderr.write(`npm start: ${options.wrong} (npm start -- --help tells more)\n`);
  process.exitCode = 2;
} else if (options.help) {
  process.stdout.write(HELP);
} else if (!existsSync(HANDLERS)) {
  process.stderr.write('npm start: there is no dist/handlers: npm run build makes it\n');
  process.exitCode = 1;
} else {
  // Only now: the SDK takes its time to load, and a wrong flag should not.
  const { runLab } = await import('./lab/program.ts');
  process.exitCode = await runLab(HANDLERS, options);
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** What a run of the CLI left. */
export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stderr by lines, without the empty last one. */
  lines: string[];
}

const CLI = resolve('dist/cli.mjs');

/** A place to run the CLI in: an empty home, an empty current folder, and nothing of this machine's environment. */
export async function startShell(env: Record<string, string> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'curfew-cli-'));
  const home = join(root, 'home');
  const cwd = join(root, 'cwd');
  await Promise.all([mkdir(home), mkdir(cwd)]);
  const base: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    AWS_EC2_METADATA_DISABLED: 'true',
    // The second start of many is quicker by half.
    NODE_COMPILE_CACHE: join(tmpdir(), 'curfew-compile-cache'),
    ...env,
  };
  const withBase = (more: Record<string, string | undefined>) =>
    Object.fromEntries(
      Object.entries({ ...base, ...more }).filter(([, value]) => value !== undefined),
    ) as NodeJS.ProcessEnv;
  return {
    cwd,
    /** Runs `curfew` on a terminal of its own, and types `answer` once it asks. What it prints is all on stdout. */
    onTerminal(args: string[], answer: string): Promise<Ran> {
      const line = [process.execPath, CLI, ...args].map((word) => `'${word}'`).join(' ');
      const child = spawn('/usr/bin/script', ['-qec', line, '/dev/null'], { cwd, env: withBase({}) });
      child.stdout.on('data', (chunk) => String(chunk).includes('[y/N]') && child.stdin.write(answer));
      return outcome(child);
    },
    /** Runs `curfew` with its output piped. A variable that is undefined is not set. */
    curfew(args: string[], more: Record<string, string | undefined> = {}): Promise<Ran> {
      return outcome(spawn(process.execPath, [CLI, ...args], { cwd, env: withBase(more) }));
    },
    /** Writes a file under the current folder. */
    async file(name: string, content: string | Buffer | object): Promise<string> {
      const path = join(cwd, name);
      await mkdir(dirname(path), { recursive: true });
      const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
      await writeFile(path, text);
      return path;
    },
    close: () => rm(root, { recursive: true }),
  };
}

function outcome(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      done({ code, stdout, stderr, lines: stderr.split('\n').filter((line) => line !== '') }),
    );
  });
}

/** Whether a stack trace shows, or the insides of Node. */
export const TRACE = /\n\s+at |node:internal|\bTypeError\b|undefined|\[object/;

/** Reads a table that was piped: a row an object by its heads. */
export function readTable(stdout: string): Record<string, string>[] {
  const [heads = [], ...rows] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  return rows.map((cells) => Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])));
}

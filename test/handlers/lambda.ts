import { type ChildProcess, fork } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { secretsIn } from '../../local/host/secrets.ts';

/** What came of one invocation, and all that it wrote. */
export interface Invocation {
  /** What the handler resolved to. */
  value?: Record<string, unknown>;
  /** What it rejected with. */
  error?: { name: string; message: string; stack?: string };
  /** Each line that it logged; JSON is parsed, EMF metrics included. */
  log: Record<string, unknown>[];
  text: string;
}

/** A Lambda: one process with one bundle, which lives over invocations as AWS's does. */
export interface Lambda {
  invoke(event: unknown, context?: unknown): Promise<Invocation>;
  invokeAll(events: unknown[], context?: unknown): Promise<Invocation[]>;
  folder: string;
  stop(): Promise<void>;
}

// Runs beside the bundle, never bundled with it: takes events, answers with what came of them and what was written.
const BOOT = `
import { createRequire, syncBuiltinESMExports } from 'node:module';
// The pauses that a handler makes between rounds are cut short: no test is about how long a second is.
const timers = createRequire(import.meta.url)('node:timers/promises');
const { setTimeout: pause } = timers;
timers.setTimeout = (ms, ...rest) => pause(Math.min(ms, 1), ...rest);
syncBuiltinESMExports();
let text = '';
for (const stream of [process.stdout, process.stderr]) stream.write = (chunk) => ((text += chunk), true);
const { handler } = await import(process.argv[2]);
process.on('message', async ({ id, events, context }) => {
  const results = [];
  for (const event of events) {
    text = '';
    const result = {};
    // Lambda's context has a function, which no message carries.
    if (context?.remaining !== undefined) context.getRemainingTimeInMillis = () => context.remaining;
    try {
      result.value = await handler(event, context ?? undefined);
    } catch (error) {
      result.error = { name: error?.name, message: String(error?.message), stack: error?.stack };
    }
    results.push({ ...result, text });
  }
  process.send({ id, results });
});
process.on('unhandledRejection', (error) => process.send({ crashed: String(error?.stack) }));
process.send('ready');
`;

/** Copies dist/handlers/<name>.mjs, and nothing else, into an empty folder, and starts it there with this environment only. */
export async function startLambda(name: string, env: Record<string, string>): Promise<Lambda> {
  const folder = await mkdtemp(join(tmpdir(), `curfew-${name}-`));
  const bundle = join(folder, `${name}.mjs`);
  await copyFile(resolve('dist/handlers', `${name}.mjs`), bundle);
  return startBundle(name, { folder, bundle }, env);
}

/** Starts a bundle in its folder, which is deleted in the end, with this environment only. */
export async function startBundle(
  name: string,
  { folder, bundle }: { folder: string; bundle: string },
  env: Record<string, string>,
): Promise<Lambda> {
  const home = await mkdtemp(join(tmpdir(), 'curfew-lambda-'));
  const before = await readdir(folder, { recursive: true });
  const boot = join(home, 'boot.mjs');
  await writeFile(boot, BOOT);
  const child = fork(boot, [bundle], { cwd: folder, env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let failure = '';
  child.stderr?.on('data', (chunk) => (failure += chunk));
  const waiting = new Map<number, { resolve(results: Invocation[]): void; reject(error: Error): void }>();
  let ended = false;
  await new Promise<void>((ready, reject) => {
    child.on('exit', () => {
      ended = true;
      const error = new Error(`${name} ended: ${failure}`);
      reject(error);
      for (const one of waiting.values()) one.reject(error);
    });
    child.on('message', (message: 'ready' | { crashed: string } | { id: number; results: Invocation[] }) => {
      if (message === 'ready') ready();
      else if ('crashed' in message) for (const one of waiting.values()) one.reject(new Error(message.crashed));
      else waiting.get(message.id)?.resolve(message.results);
    });
  });
  let ids = 0;
  const invokeAll = async (events: unknown[], context?: unknown): Promise<Invocation[]> => {
    ids += 1;
    const id = ids;
    const results = await new Promise<Invocation[]>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.send({ id, events, context });
    });
    waiting.delete(id);
    for (const { text, error } of results) insistOnSecrecy(name, text, error);
    return results.map((result) => ({ ...result, log: readLog(result.text) }));
  };
  return {
    folder,
    invokeAll,
    invoke: async (event, context) => (await invokeAll([event], context))[0]!,
    async stop() {
      if (!ended) await end(child);
      // It ran from its file alone, and left nothing behind.
      const left = await readdir(folder, { recursive: true });
      await Promise.all([home, folder].map((path) => rm(path, { recursive: true })));
      if (left.length !== before.length) throw new Error(`${name} wrote beside itself: ${left}`);
    },
  };
}

/** No log holds an address or a token, whatever was asked; and Lambda logs what a handler throws, too. */
function insistOnSecrecy(name: string, text: string, error: Invocation['error']): void {
  const found = secretsIn(`${text}\n${error?.message} ${error?.stack}`);
  if (found.length > 0) throw new Error(`${name} logged ${found}`);
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });
}

function readLog(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        return JSON.parse(line) as Record<string, unknown>;
      } catch {
        return { notJson: line };
      }
    });
}

/** How many refused events an invocation counted, as CloudWatch reads its EMF lines. */
export function countedRefusals({ log }: Invocation): number {
  const metrics = log.filter((line) => '_aws' in line && 'EventsRefused' in line);
  return metrics.reduce(
    (sum, line) => sum + [line.EventsRefused as number | number[]].flat().reduce((a, b) => a + b, 0),
    0,
  );
}

/** What Lambda tells a function of itself. */
export function contextOf(name: string, account = '111122223333', region = 'us-east-1') {
  return {
    functionName: name,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    awsRequestId: '5c1d3f0e-0000-4000-8000-000000000000',
    invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:${name}`,
  };
}

/** The event of an EventBridge schedule. */
export function scheduled(time: string | number, more: object = {}) {
  return {
    version: '0',
    id: '5c1d3f0e-0000-4000-8000-000000000001',
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '111122223333',
    time: typeof time === 'string' ? time : new Date(time).toISOString().replace('.000Z', 'Z'),
    region: 'us-east-1',
    resources: ['arn:aws:events:us-east-1:111122223333:rule/scan'],
    detail: {},
    ...more,
  };
}

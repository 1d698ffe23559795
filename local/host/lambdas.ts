import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Answer, Message } from './messages.ts';
import { secretsIn } from './secrets.ts';

export type { Answer } from './messages.ts';

/** The deployed functions: bundles in environments of their own. */
export interface Lambdas {
  /** Gives one event to one function. Never rejects for what a handler throws: that is an answer. */
  invoke(name: string, event: unknown): Promise<Answer>;
  /** The last lines that the functions logged. */
  logs(): string[];
  /** Every address and token that any line of any function held: there must be none. */
  leaks(): string[];
  close(): Promise<void>;
}

interface Environment {
  worker: Worker;
  waiting: Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>;
}

const KEPT_LINES = 200;

/**
 * Hosts `<folder>/<name>.mjs`, each in a thread with nothing but `env`.
 * @param sleep moves the world's clock when a handler waits, by so many milliseconds
 */
export function hostLambdas(options: {
  folder: string;
  env: Record<string, string>;
  account: string;
  region: string;
  sleep: (ms: number) => void;
}): Lambdas {
  const { folder, env, account, region, sleep } = options;
  const environments = new Map<string, Environment>();
  let lines: string[] = [];
  const leaks: string[] = [];
  let invocations = 0;

  const open = (name: string): Environment => {
    const worker = new Worker(new URL('./environment.ts', import.meta.url), {
      workerData: { file: pathToFileURL(`${folder}/${name}.mjs`).href },
      env: { ...env, AWS_LAMBDA_FUNCTION_NAME: `curfew-${name}`, TZ: 'UTC' },
      stdout: true,
      stderr: true,
    });
    const environment: Environment = { worker, waiting: new Map() };
    for (const stream of [worker.stdout, worker.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        leaks.push(...secretsIn(line).map((secret) => `${name}: ${secret}`));
        if (lines.length > KEPT_LINES * 2) lines = lines.slice(-KEPT_LINES);
      });
    }
    worker.on('message', (message: Message) => {
      if ('sleep' in message) {
        sleep(message.sleep);
        worker.postMessage({ wake: message.id });
        return;
      }
      environment.waiting.get(message.id)?.resolve(message.answer);
      environment.waiting.delete(message.id);
    });
    // Lambda starts a new environment after one that died; here a death is a fault to look at.
    worker.on('error', (error) => {
      for (const { reject } of environment.waiting.values()) reject(error as Error);
      environments.delete(name);
    });
    environments.set(name, environment);
    return environment;
  };

  return {
    invoke(name, event) {
      const { worker, waiting } = environments.get(name) ?? open(name);
      invocations += 1;
      const id = invocations;
      const context = {
        functionName: `curfew-${name}`,
        functionVersion: '$LATEST',
        invokedFunctionArn: `arn:aws:lambda:${region}:${account}:function:curfew-${name}`,
        memoryLimitInMB: '512',
        awsRequestId: `60000000-0000-4000-8000-${id.toString(16).padStart(12, '0')}`,
      };
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, event, context });
      });
    },
    logs: () => lines.slice(-KEPT_LINES),
    leaks: () => leaks,
    async close() {
      await Promise.all([...environments.values()].map(({ worker }) => worker.terminate()));
    },
  };
}

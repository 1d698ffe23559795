import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured } from './measured.ts';
import type { Ask, Told } from './world.ts';

/** A world in another process. */
export interface World extends Extract<Told, { told: 'ready' }> {
  latency(ms: number): Promise<void>;
  /** Sets the world's clock. */
  clock(now: number): Promise<void>;
  /** Calls by `service Action` since this was last asked. */
  counts(): Promise<Record<string, number>>;
  /** The same, and in a month's world DynamoDB's request units and what was read of the bill. */
  usage(): Promise<Extract<Told, { told: 'counts' }>>;
  end(): void;
}

/** Starts a world of so many apps; or, with owners, of a month of theirs. */
export async function startWorld(apps: number, owners = 0): Promise<World> {
  const child = fork(fileURLToPath(new URL('./world.ts', import.meta.url)), [String(apps), String(owners)], {
    execArgv: ['--max-old-space-size=8192'],
  });
  const ready = (await messageOf(child, 'the world')) as Extract<Told, { told: 'ready' }>;
  const ask = async (question: Ask): Promise<Told> => {
    const answer = messageOf(child, 'the world');
    child.send(question);
    return (await answer) as Told;
  };
  const usage = async () => (await ask({ ask: 'counts' })) as Extract<Told, { told: 'counts' }>;
  return {
    ...ready,
    async latency(ms) {
      await ask({ ask: 'latency', ms });
    },
    async clock(now) {
      await ask({ ask: 'clock', now });
    },
    counts: async () => (await usage()).counts,
    usage,
    end: () => child.disconnect(),
  };
}

/** What Lambda gives Node at 512 MB: 90 % for the old generation, 5 % for each half of the young one. */
const AS_LAMBDA = ['--expose-gc', '--max-old-space-size=460', '--max-semi-space-size=25'];

/** Calls a job so often in a fresh process, started as Lambda starts Node at 512 MB. Throws when the job fails. */
export async function measure(
  bundles: { runner: string; job: string },
  env: Record<string, string>,
  calls: number,
): Promise<Measured> {
  const child = fork(bundles.runner, [bundles.job], {
    execArgv: AS_LAMBDA,
    env: { PATH: process.env.PATH ?? '', ...env },
    // What a handler logs is not wanted here; where it fails, Node tells on stderr.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await messageOf(child, 'the job');
  const measured = messageOf(child, 'the job');
  child.send(calls);
  return (await measured) as Measured;
}

async function messageOf(child: ChildProcess, who: string): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`${who} ended with ${code} before it answered`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}

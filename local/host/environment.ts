import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Invocation, Message, Wake } from './messages.ts';

/**
 * One execution environment: a thread that holds one bundle, with an environment and a stdout of its own.
 * Its process.env and stdout are what `lambdas.ts` gave it, so nothing that a handler prints reaches a terminal.
 */

const port = parentPort!;
const sleepers = new Map<number, () => void>();
let sleeps = 0;
const say = (message: Message) => port.postMessage(message);

// A handler that waits, as `deliver` does for SES's next second, waits by the world's clock: the host moves it.
Object.assign(timers, {
  setTimeout: (ms: number) =>
    new Promise<void>((resolve) => {
      sleeps += 1;
      sleepers.set(sleeps, resolve);
      say({ sleep: ms, id: sleeps });
    }),
});
syncBuiltinESMExports();

const { handler } = (await import(workerData.file)) as {
  handler: (event: unknown, context: unknown) => Promise<unknown>;
};

port.on('message', (message: Invocation | Wake) => {
  if ('wake' in message) {
    sleepers.get(message.wake)?.();
    sleepers.delete(message.wake);
    return;
  }
  void answer(message);
});

async function answer({ id, event, context }: Invocation): Promise<void> {
  try {
    say({ id, answer: { ok: true, value: plain(await handler(event, context)) } });
  } catch (error) {
    say({ id, answer: failed(error) });
  }
}

function failed(error: unknown): Answer {
  const { name, message, stack = '', summary } = error as Error & { summary?: unknown };
  return {
    ok: false,
    type: String(name),
    message: String(message ?? error),
    stack,
    ...(summary === undefined ? {} : { summary: plain(summary) }),
  };
}

/** Lambda's answers are JSON: what JSON cannot carry is lost here as there. */
function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

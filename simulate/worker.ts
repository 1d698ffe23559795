import { parentPort } from 'node:worker_threads';
import type { Counts } from './lab.ts';
import type { Violation } from './oracle/judge.ts';
import { shrink } from './shrink.ts';
import type { Step } from './steps.ts';
import { liveLab, relive } from './timeline.ts';

/** A lab to be lived. With `isShrunk`, its timeline is made short where it fails. */
export interface Order {
  seed: string;
  people: number;
  isShrunk: boolean;
}

/** What came of it. */
export interface LabResult {
  seed: string;
  counts: Counts;
  digest: number;
  /** How long it was lived, in milliseconds of its own. */
  lived: number;
  violation?: Violation;
  /** The steps that lead to it, and how many there were. */
  steps?: Step[];
  before?: number;
}

/** Lives a lab, and makes its timeline short where it fails. */
export async function liveOrder({ seed, people, isShrunk }: Order): Promise<LabResult> {
  const { lab, start, steps, violation } = await liveLab(seed, people);
  const result = { seed, counts: lab.counts, digest: lab.digest, lived: lab.judge.truth.now - start };
  if (!violation) return result;
  if (!isShrunk) return { ...result, violation, before: steps.length };
  const fails = async (part: Step[]) => (await relive(seed, people, part)).violation?.rule === violation.rule;
  return { ...result, violation, steps: await shrink(steps, fails), before: steps.length };
}

// Faults are planned by the thousand, and nobody reads where each was thrown. (`--replay` runs in no worker.)
if (parentPort) Error.stackTraceLimit = 0;

parentPort?.on('message', (order: Order) => {
  void liveOrder(order).then(
    (result) => parentPort!.postMessage({ result }),
    (error: unknown) => parentPort!.postMessage({ crash: error instanceof Error ? error.stack : String(error) }),
  );
});

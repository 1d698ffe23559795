import { Worker } from 'node:worker_threads';
import type { LabResult, Order } from './worker.ts';

/** How many labs are lived at once: the checks run on two cores. */
export const CREW = 2;

/**
 * Has orders carried out by worker threads, each by the next that is free.
 * @param file the worker's own, so that a copy of the service may be had lived
 * @param isOver whether a result ends the rest
 * @returns results in the order of the orders, up to the one that ended it; whichever worker was quicker, they are the same
 */
export async function carryOut(
  file: URL,
  orders: Order[],
  { width = CREW, isOver = () => false }: { width?: number; isOver?: (result: LabResult) => boolean } = {},
): Promise<LabResult[]> {
  const results: (LabResult | undefined)[] = orders.map(() => undefined);
  let next = 0;
  let end = orders.length;
  const work = async () => {
    // Most of what a life makes is soon forgotten: a nursery of this size spares it a third of the collecting.
    const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: 64 } });
    try {
      while (next < end) {
        const index = next++;
        const result = await ask(worker, orders[index]!);
        results[index] = result;
        if (isOver(result)) end = Math.min(end, index + 1);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, orders.length) }, work));
  return results.slice(0, end).filter((result) => result !== undefined);
}

function ask(worker: Worker, order: Order): Promise<LabResult> {
  return new Promise((resolve, reject) => {
    const answered = ({ result, crash }: { result?: LabResult; crash?: string }) => {
      worker.off('error', reject);
      if (result) resolve(result);
      else reject(new Error(`lab ${order.seed}: ${crash}`));
    };
    worker.once('message', answered);
    worker.once('error', reject);
    worker.postMessage(order);
  });
}

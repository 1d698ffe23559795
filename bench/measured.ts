/** What running a job in one process cost. */
export interface Measured {
  /** Its calls, in order: the first meets a process that has made none. */
  calls: {
    /** Wall time, in milliseconds. */
    ms: number;
    /** Processor time of the whole process meanwhile, in milliseconds. */
    cpuMs: number;
  }[];
  /** Resident memory before the first call, after a collection, and at its peak; in bytes. */
  restBytes: number;
  peakBytes: number;
  /** What it wrote to its log. */
  loggedBytes: number;
  /** What the last call answered. */
  answer: unknown;
}

/**
 * A job in a fresh process: loads its module, says `ready`, and calls it as often as it is told to. Bundled by the bench
 * before it runs, since Node's own reading of TypeScript would count as the job's memory.
 */
const { prepare } = (await import(process.argv[2] as string)) as { prepare(): Promise<() => Promise<unknown>> };
let loggedBytes = 0;
const count = process.stdout.write.bind(process.stdout) as (...chunks: unknown[]) => boolean;
process.stdout.write = ((chunk: string | Uint8Array, ...more: unknown[]) => {
  loggedBytes += chunk.length;
  return count(chunk, ...more);
}) as typeof process.stdout.write;
const job = await prepare();
process.once('message', async (wanted: number) => {
  globalThis.gc?.();
  const restBytes = process.memoryUsage.rss();
  const calls: Measured['calls'] = [];
  let answer: unknown;
  for (let i = 0; i < wanted; i++) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    answer = await job();
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    calls.push({ ms, cpuMs: (user + system) / 1000 });
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const measured: Measured = { calls, restBytes, peakBytes, loggedBytes, answer };
  process.send?.(measured, () => process.exit(0));
});
process.send?.('ready');

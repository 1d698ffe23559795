import type { Input, Service } from './answers.ts';

/** One call as it arrived, whatever became of it. */
export interface Call {
  service: Service;
  action: string;
  input: Input;
}

/** The log of every call to the embedded AWS: counters always, details only when recording. */
export interface Calls {
  /** Calls so far: all, of one service, or of one action. Refused and faulted calls count too. */
  count(service?: Service, action?: string): number;
  /** The last 10,000 calls with their inputs; empty unless recording. */
  list(): Call[];
  /** Every counter, keyed `service Action`. */
  counts(): Record<string, number>;
  reset(): void;
}

const keptCalls = 10_000;

/** Creates the log and the function that adds to it. `input` is only computed when recording. */
export function callLog(record: boolean): Calls & { add(service: Service, action: string, input: () => Input): void } {
  const counters = new Map<string, number>();
  let kept: Call[] = [];
  return {
    add(service, action, input) {
      for (const key of ['', service, `${service} ${action}`]) counters.set(key, (counters.get(key) ?? 0) + 1);
      if (!record) return;
      kept.push({ service, action, input: input() });
      // Dropping half at a time keeps the cost of forgetting constant per call.
      if (kept.length > keptCalls * 2) kept = kept.slice(-keptCalls);
    },
    count(service, action) {
      if (service === undefined) return counters.get('') ?? 0;
      return counters.get(action === undefined ? service : `${service} ${action}`) ?? 0;
    },
    list: () => kept.slice(-keptCalls),
    counts: () => Object.fromEntries([...counters].filter(([key]) => key.includes(' ')).sort()),
    reset() {
      counters.clear();
      kept = [];
    },
  };
}

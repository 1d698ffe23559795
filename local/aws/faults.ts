import type { Input, Service } from './answers.ts';

/** A failure to inject into the next matching calls. */
export interface Fault {
  service: Service;
  action: string;
  /** Only calls whose input this accepts. */
  when?: (input: Input) => boolean;
  /** How many calls fail; 1 when absent, `Infinity` for all. */
  times?: number;
  status: number;
  code: string;
  message?: string;
  /** Performs the call, then fails its answer: what a timeout on the way back looks like. */
  effectHappens?: boolean;
  /** Closes the socket instead of answering. */
  drop?: boolean;
}

/** The faults that are waiting for their calls. */
export interface Faults {
  add(fault: Fault): void;
  clear(): void;
}

/** Creates the list of faults and the function that takes the first that fits a call. */
export function faultList(): Faults & {
  take(service: Service, action: string, input: () => Input): Fault | undefined;
} {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    clear() {
      waiting = [];
    },
    take(service, action, input) {
      const found = waiting.find(
        ({ fault }) =>
          fault.service === service && fault.action === action && (fault.when === undefined || fault.when(input())),
      );
      if (found === undefined) return undefined;
      found.left -= 1;
      if (found.left <= 0) waiting = waiting.filter((entry) => entry !== found);
      return found.fault;
    },
  };
}

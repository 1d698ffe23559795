/** What the parts of the host say to each other across the thread's border: plain data, as JSON is between Lambda and its runtime. */

/** To the environment: run the handler. */
export interface Invocation {
  id: number;
  event: unknown;
  context: LambdaContext;
}

/** From the environment: the handler's answer, or a wish to sleep. */
export type Message = { id: number; answer: Answer } | { sleep: number; id: number };

/** To the environment: the sleep is over. */
export interface Wake {
  wake: number;
}

/** As much of Lambda's context as a handler reads. */
export interface LambdaContext {
  functionName: string;
  functionVersion: string;
  invokedFunctionArn: string;
  memoryLimitInMB: string;
  awsRequestId: string;
}

/** What came of an invocation. */
export type Answer =
  | { ok: true; value: unknown }
  /** `summary` is what a failed pass says of itself, as its log line does. */
  | { ok: false; type: string; message: string; stack: string; summary?: unknown };

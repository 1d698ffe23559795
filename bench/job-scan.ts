/** A handler as it ships, called as EventBridge calls it: by a schedule, or with one event after another of `BENCH_EVENTS`. */
export async function prepare(): Promise<() => Promise<unknown>> {
  const { BENCH_HANDLER = '', BENCH_TIME = '', BENCH_EVENTS } = process.env;
  const { handler } = await import(BENCH_HANDLER);
  const event = { time: BENCH_TIME, account: '111122223333', region: process.env.AWS_REGION };
  const context = { invokedFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:curfew-scan' };
  const events: unknown[] = BENCH_EVENTS === undefined ? [] : JSON.parse(BENCH_EVENTS);
  return async () => {
    const { outcomes: _, ...summary } = (await handler(events.shift() ?? event, context)) ?? {};
    return summary;
  };
}

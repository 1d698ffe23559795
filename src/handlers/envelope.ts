import { Logger } from '@aws-lambda-powertools/logger';
import type middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { Place } from '../domain/app.ts';
import type { Instant } from '../domain/time.ts';
import { SERVICE, tell } from './metrics.ts';
import { withoutAddresses } from './summary.ts';

export const logger = new Logger({ serviceName: SERVICE });

/** What every event says of itself: EventBridge's `time` and `account`, or a Lambda destination's `timestamp`. */
const envelope = z.object({
  time: z.iso.datetime({ offset: true }).optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  account: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  region: z.string().optional(),
});

/** What names an event: its own id, that of an HTTP request, or that of the event whose handling this one follows. */
const identity = z.union([
  z.object({ id: z.string() }).transform(({ id }) => id),
  z.object({ requestPayload: z.object({ id: z.string() }) }).transform(({ requestPayload }) => requestPayload.id),
  z
    .object({ requestContext: z.object({ requestId: z.string() }) })
    .transform((event) => event.requestContext.requestId),
]);

/**
 * The id that follows what an event sets off, from its log lines to the mail that it owes and to what becomes of that:
 * every line of this invocation has it as `correlation_id`.
 */
export function causeOf(event: unknown, context: Context | undefined): string | undefined {
  const parsed = identity.safeParse(event);
  const cause = parsed.success ? parsed.data.slice(0, MOST_CAUSE) : context?.awsRequestId;
  logger.setCorrelationId(cause);
  return cause;
}

/** Ids of AWS's own are 36 characters and less; whoever may send events could send more. */
const MOST_CAUSE = 64;

/** An event that is not for us, or not what it says it is: told, counted, and never retried. */
export class RefusedEvent extends Error {
  override name = 'RefusedEvent';
}

/**
 * When and where an event is: time arrives with the event, the system's clock only where none does.
 * @throws RefusedEvent for a malformed one
 */
export function envelopeOf(
  event: unknown,
  context: Context | undefined,
  region: string,
): { now: Instant; place: Place } {
  const parsed = envelope.safeParse(event ?? {});
  if (!parsed.success) throw new RefusedEvent(z.prettifyError(parsed.error));
  const { time, timestamp, account } = parsed.data;
  const now = time ?? timestamp;
  const own = ownAccount(context);
  return {
    now: now === undefined ? Date.now() : Date.parse(now),
    place: { account: account ?? own ?? UNKNOWN_ACCOUNT, region },
  };
}

/** For a caller that tells no account: an event made by hand, on a server that stands in for AWS. */
const UNKNOWN_ACCOUNT = '000000000000';

/** The account that this Lambda runs in, by its own ARN. */
function ownAccount(context: Context | undefined): string | undefined {
  return /^arn:[^:]*:lambda:[^:]*:(\d{12}):/.exec(context?.invokedFunctionArn ?? '')?.[1];
}

/** Throws RefusedEvent for an event of another region or account than this Lambda's. */
export function insistOnOwn({ account, region }: Place, own: string, context: Context | undefined): void {
  if (region !== own) throw new RefusedEvent(`an event of ${region}; this deployment governs ${own}`);
  if (account !== (ownAccount(context) ?? account)) throw new RefusedEvent(`an event of another account, ${account}`);
}

/** Runs the work, and lets a refused event end well: told in the log and counted, since a retry would refuse it again. */
export async function refusable<T>(work: () => Promise<T>): Promise<T | { refused: string }> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RefusedEvent)) throw error;
    logger.warn('event refused', { reason: error.message });
    tell({ EventsRefused: 1 });
    return { refused: error.message };
  }
}

/** What a handler throws, Lambda logs: without addresses, which the faults of a policy quote. */
export const secrecy: middy.MiddlewareObj = {
  onError({ error }) {
    if (!error) return;
    const { message, stack } = error;
    error.message = withoutAddresses(message);
    if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  },
};

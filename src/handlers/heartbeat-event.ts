import * as z from 'zod';
import type { AppRef, Place } from '../domain/app.ts';
import { type Heartbeat, MOST_AHEAD } from '../domain/evidence.ts';
import type { Instant } from '../domain/time.ts';
import { RefusedEvent } from './envelope.ts';
import { appName, domainId, holderOf, parse } from './event-parts.ts';

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** What the agent sends, version 1: agent/README.md. Anything more or other is not from our agent. */
const heartbeat = z.strictObject({
  version: z.literal(1),
  agent: z.string().max(32),
  domainId,
  userProfileName: appName.optional(),
  spaceName: appName.optional(),
  appType: z.string().regex(/^[a-zA-Z]{1,64}$/),
  appName,
  appStartedAt: time.nullish(),
  observedAt: time,
  activity: z
    .array(
      z.strictObject({
        kind: z.enum(['kernel', 'terminal', 'editor', 'gpu', 'cpu']),
        busy: z.boolean(),
        lastUseAt: time.nullable(),
      }),
    )
    .max(5),
});

const heartbeatEvent = z.object({
  source: z.literal('curfew.agent'),
  'detail-type': z.literal('Curfew Activity'),
  account: z.string().regex(/^\d{12}$/),
  region: z.string().min(1),
  detail: heartbeat,
});

/**
 * Reads a heartbeat of the agent. The account and region are EventBridge's own word: no sender can forge them.
 * @param now the event's time
 * @throws RefusedEvent for anything else, and for an observation that is more than five minutes ahead of its event
 */
export function parseHeartbeat(event: unknown, now: Instant): { app: AppRef; place: Place; heartbeat: Heartbeat } {
  const { account, region, detail } = parse(heartbeatEvent, event);
  const { domainId, appType, appName, observedAt, activity } = detail;
  if (observedAt > now + MOST_AHEAD)
    throw new RefusedEvent(`observed at ${new Date(observedAt).toISOString()}, which is yet to come`);
  const place = { account, region };
  const seen = activity.map(({ kind, busy, lastUseAt }) => ({
    kind,
    busy,
    ...(lastUseAt === null ? {} : { lastUseAt }),
  }));
  return {
    app: { ...place, domainId, ...holderOf(detail), appType, appName },
    place,
    heartbeat: { observedAt, activity: seen },
  };
}

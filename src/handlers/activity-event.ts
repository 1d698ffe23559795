import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { noteActivity } from '../application/activity-event.ts';
import { loadLocation } from '../config.ts';
import { runsOf } from '../wiring.ts';
import { causeOf, envelopeOf, insistOnOwn, logger, refusable, secrecy } from './envelope.ts';
import { parseHeartbeat } from './heartbeat-event.ts';

/** The agent's heartbeats: what they prove of use becomes evidence on the run. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    causeOf(event, context);
    const location = loadLocation(process.env);
    const { now } = envelopeOf(event, context, location.region);
    const { app, place, heartbeat } = parseHeartbeat(event, now);
    insistOnOwn(place, location.region, context);
    const noted = await noteActivity(runsOf(location), app, heartbeat);
    logger.debug('heartbeat', { noted });
    return { noted };
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ratesOf } from '../application/prices.ts';
import { noteStudioEvent } from '../application/studio-event.ts';
import { loadConfig } from '../config.ts';
import { contactsOf, fleetOf, keptPricesOf, outboxOf, parameterReader, pricesOf, runsOf } from '../wiring.ts';
import { parseCloudTrailEvent } from './cloudtrail-event.ts';
import { causeOf, envelopeOf, insistOnOwn, logger, refusable, secrecy } from './envelope.ts';

/** CloudTrail's CreateApp, DeleteApp, CreateSpace and CreateUserProfile: runs start and end on the second. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const cause = causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const { policy, region, baseUrl } = config;
    const studioEvent = parseCloudTrailEvent(event);
    if (!studioEvent) return { noted: 'nothing' };
    insistOnOwn(studioEvent.place, region, context);
    const { now } = envelopeOf(event, context, region);
    const { place, ...what } = studioEvent;
    const kept = 'app' in what ? await keptPricesOf(config).get(place) : undefined;
    const rates = await ratesOf({ prices: pricesOf(), policy }, region, kept);
    const stores = { runs: runsOf(config), outbox: outboxOf(config, cause), contacts: contactsOf(config) };
    const actor = { policy, baseUrl, fleet: fleetOf(config), rates, ...stores };
    const noted = await noteStudioEvent(actor, place, what, now);
    logger.info('studio event', { event: what.kind, noted });
    return { noted };
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

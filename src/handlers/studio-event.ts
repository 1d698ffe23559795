import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { armNew } from '../application/arm-new.ts';
import { enforceOn } from '../application/enforce.ts';
import { ratesOf } from '../application/prices.ts';
import { noteStudioEvent } from '../application/studio-event.ts';
import { loadConfig } from '../config.ts';
import { isPaused } from '../domain/pause.ts';
import {
  backstopOf,
  contactsOf,
  fleetOf,
  keptPricesOf,
  ledgerOf,
  outboxOf,
  parameterReader,
  pricesOf,
  runsOf,
  volumesOf,
} from '../wiring.ts';
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
    const backstop = config.backstop && backstopOf(config, config.backstop);
    const pause = await stores.runs.lastPause(place);
    const actor = {
      policy,
      baseUrl,
      fleet: fleetOf(config),
      rates,
      backstop,
      ...stores,
      isPaused: isPaused(pause, now),
    };
    const noted = await noteStudioEvent(actor, place, what, now);
    logger.info('studio event', { event: what.kind, noted });
    // Repeated, after a crash say, it is held against the policy again: what is stopped already stays so.
    if (what.kind !== 'app created') return { noted };
    const books = { ...actor, volumes: volumesOf(config), ledger: ledgerOf(config) };
    const enforced = await enforceOn(books, actor, { place, ...what }, now);
    if (enforced.kind !== 'let be') {
      logger.info('enforced', { ...enforced });
      return { noted, enforced: enforced.kind };
    }
    const armed = await armNew(books, actor, { place, ...what }, now);
    if (armed) logger.info('backstop', { ...armed });
    return { noted };
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

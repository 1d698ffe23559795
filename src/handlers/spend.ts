import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { refreshPrices } from '../application/prices.ts';
import { loadLocation } from '../config.ts';
import { keptPricesOf, priceListOf } from '../wiring.ts';
import { causeOf, envelopeOf, logger, refusable, secrecy } from './envelope.ts';

/** Each day: read AWS's price list. Fails where it cannot: the one that was read last then stays, with its date. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    causeOf(event, context);
    const location = loadLocation(process.env);
    const ports = { priceList: priceListOf(), kept: keptPricesOf(location) };
    const report = await refreshPrices(ports, envelopeOf(event, context, location.region));
    logger.info('prices', { ...report });
    return report;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

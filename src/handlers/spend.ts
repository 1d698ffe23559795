import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { spendDaily } from '../application/spend-daily.ts';
import { loadConfig } from '../config.ts';
import {
  backstopOf,
  billOf,
  keptPricesOf,
  ledgerOf,
  parameterReader,
  priceListOf,
  pricesOf,
  runsOf,
  volumesOf,
} from '../wiring.ts';
import { causeOf, envelopeOf, logger, refusable, secrecy } from './envelope.ts';
import { figuresOfBooks } from './figures.ts';
import { tell } from './metrics.ts';
import { PassFailed } from './summary.ts';

/** Each day: read AWS's price list and its bill, close the books, and clear away what the backstop no longer needs. Fails, once all is done, if anything failed. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const { place, now } = envelopeOf(event, context, config.region);
    const record = { runs: runsOf(config), volumes: volumesOf(config), ledger: ledgerOf(config) };
    const prices = { prices: pricesOf(), priceList: priceListOf(), kept: keptPricesOf(config) };
    const backstop = config.backstop && backstopOf(config, config.backstop);
    const ports = { ...record, ...prices, backstop, bill: billOf({ account: place.account }) };
    const report = await spendDaily(ports, config.policy, { place, now });
    logger.info('spend', { ...report });
    tell(figuresOfBooks(report));
    if (report.faults.length > 0) throw new PassFailed('spend', report);
    return report;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

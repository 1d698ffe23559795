import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { ConfigError, loadConfig } from '../config.ts';
import { contactsOf, fleetOf, linksOf, outboxOf, pagesOf, parameterReader, pricesOf, runsOf } from '../wiring.ts';
import { causeOf, envelopeOf, logger, secrecy } from './envelope.ts';
import { readRequest } from './link-request.ts';
import { answer } from './link-routes.ts';

/** The links in mail, and their pages: whatever is asked gets one. An event holds secrets, and is never logged. */
export const handler = middy(async (event: unknown, context: Context) => {
  const cause = causeOf(event, context);
  const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
  const { policy, region, baseUrl } = config;
  if (baseUrl === undefined) throw new ConfigError('CURFEW_BASE_URL is not set: name the address where links point');
  const stores = { runs: runsOf(config), outbox: outboxOf(config, cause), contacts: contactsOf(config) };
  const links = { links: linksOf(config), ...stores, fleet: fleetOf(config), rates: await pricesOf().rates(region) };
  const { place } = envelopeOf({}, context, region);
  const request = await readRequest(event, new URL(baseUrl));
  return answer({ ...links, policy, baseUrl, pages: pagesOf(config), place }, request);
})
  .use(injectLambdaContext(logger, { resetKeys: true, logEvent: false }))
  .use(secrecy);

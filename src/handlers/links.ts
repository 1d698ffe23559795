import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { formKeyOf } from '../application/link-token.ts';
import { ConfigError, loadConfig } from '../config.ts';
import { contactsOf, fleetOf, linksOf, outboxOf, pagesOf, parameterReader, pricesOf, runsOf } from '../wiring.ts';
import { envelopeOf, logger } from './envelope.ts';
import { readRequest } from './link-request.ts';
import { answer } from './link-routes.ts';

/** The links in mail, and their pages: whatever is asked gets one. An event holds secrets, and is never logged. */
export const handler = middy(async (event: unknown, context: Context) => {
  const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
  const { policy, region, baseUrl } = config;
  if (baseUrl === undefined) throw new ConfigError('CURFEW_BASE_URL is not set: name the address where links point');
  const { origin, pathname } = new URL(baseUrl);
  const basePath = pathname.replace(/\/$/, '');
  const request = await readRequest(event, basePath);
  const stores = {
    runs: runsOf(config),
    outbox: outboxOf(config),
    contacts: contactsOf(config),
    links: linksOf(config),
  };
  const actor = { policy, baseUrl, fleet: fleetOf(config), rates: await pricesOf().rates(region), ...stores };
  const page = await answer(actor, request, { place: envelopeOf({}, context, region).place, origin });
  const { method, purpose, token, now } = request;
  const link = purpose ? `/${purpose}/${token}` : '';
  const { body, ...rest } = pagesOf(config).show(page, { now, basePath, link, formKey: formKeyOf(token) });
  return { ...rest, body: method === 'HEAD' ? '' : body };
}).use(injectLambdaContext(logger, { resetKeys: true, logEvent: false }));

import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { hasFailed, scan } from '../application/scan.ts';
import { loadConfig } from '../config.ts';
import {
  backstopOf,
  canvasUseOf,
  contactsOf,
  fleetOf,
  ledgerOf,
  outboxOf,
  parameterReader,
  pricesOf,
  runsOf,
  settingsOf,
  volumesOf,
} from '../wiring.ts';
import { causeOf, envelopeOf, logger, refusable, secrecy } from './envelope.ts';
import { figuresOfScan } from './figures.ts';
import { tell } from './metrics.ts';
import { PassFailed, summaryOf } from './summary.ts';

/** What is kept, in milliseconds, for the calls that are under way, the digest and the record. */
const RESERVE = 120_000;

/** The schedule: look at every app, warn and stop by the policy, record. Fails, once all is done, if anything failed. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const cause = causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const { policy, region, baseUrl } = config;
    const stores = { runs: runsOf(config), volumes: volumesOf(config), ledger: ledgerOf(config) };
    const record = { ...stores, outbox: outboxOf(config, cause), contacts: contactsOf(config) };
    const looking = { fleet: fleetOf(config), canvasUse: canvasUseOf(config), settings: settingsOf(config) };
    const backstop = config.backstop && backstopOf(config, config.backstop);
    const ports = { ...looking, ...record, backstop, prices: pricesOf() };
    // A host that is not Lambda may set no end.
    const hasTime = () => (context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) > RESERVE;
    const at = { ...envelopeOf(event, context, region), baseUrl, hasTime };
    const report = await scan(ports, policy, { ...at, apply: true });
    const summary = summaryOf(report, policy);
    logger.info('scan', { ...summary });
    tell(figuresOfScan(report, summary, policy));
    if (hasFailed(report)) throw new PassFailed('scan', summary);
    return summary;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

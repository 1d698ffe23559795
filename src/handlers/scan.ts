import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { hasFailed, scan } from '../application/scan.ts';
import { loadConfig } from '../config.ts';
import { fleetOf, outboxOf, parameterReader, pricesOf, runsOf, volumesOf } from '../wiring.ts';
import { envelopeOf, logger, refusable } from './envelope.ts';
import { PassFailed, summaryOf } from './summary.ts';

/** The schedule: look at every app, warn and stop by the policy, record. Fails, once all is done, if anything failed. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const record = { runs: runsOf(config), volumes: volumesOf(config), outbox: outboxOf(config) };
    const ports = { fleet: fleetOf(config), ...record, prices: pricesOf() };
    const report = await scan(ports, config.policy, { ...envelopeOf(event, context, config.region), apply: true });
    const summary = summaryOf(report, config.policy);
    logger.info('scan', { ...summary });
    if (hasFailed(report)) throw new PassFailed('scan', summary);
    return summary;
  }),
).use(injectLambdaContext(logger, { resetKeys: true }));

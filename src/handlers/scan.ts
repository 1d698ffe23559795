import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { hasFailed, scan } from '../application/scan.ts';
import { loadConfig } from '../config.ts';
import { fleetOf, outboxOf, parameterReader, pricesOf, runsOf } from '../wiring.ts';
import { envelopeOf, logger, once, refusable } from './envelope.ts';
import { PassFailed, summaryOf } from './summary.ts';

const wired = once(async () => {
  const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
  const tabled = { ...config, table: config.table! };
  return {
    policy: config.policy,
    region: config.region,
    ports: { fleet: fleetOf(config), runs: runsOf(tabled), outbox: outboxOf(tabled), prices: pricesOf() },
  };
});

/** The schedule: look at every app, warn and stop by the policy, record. Fails, once all is done, if anything failed. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const { policy, region, ports } = await wired();
    const report = await scan(ports, policy, { ...envelopeOf(event, context, region), apply: true });
    const summary = summaryOf(report, policy);
    logger.info('scan', { ...summary });
    if (hasFailed(report)) throw new PassFailed('scan', summary.faults, summary);
    return summary;
  }),
).use(injectLambdaContext(logger, { resetKeys: true }));

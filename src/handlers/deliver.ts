import { setTimeout } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { deliver } from '../application/deliver.ts';
import { loadConfig } from '../config.ts';
import { outboxOf, parameterReader, postboxOf } from '../wiring.ts';
import { envelopeOf, logger, once, refusable } from './envelope.ts';
import { PassFailed } from './summary.ts';

const wired = once(async () => {
  const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
  return {
    policy: config.policy,
    region: config.region,
    ports: { outbox: outboxOf({ ...config, table: config.table! }), postbox: postboxOf(config) },
  };
});

/** Each minute, and after each scan: send the mail that is owed. Fails, once the round is over, where an admin has to mend something. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const { policy, region, ports } = await wired();
    const report = await deliver(ports, policy, {
      ...envelopeOf(event, context, region),
      wait: (ms) => setTimeout(ms),
    });
    if (report.sent + report.refused + report.postponed + report.faults.length > 0)
      logger.info('deliver', { ...report });
    if (report.faults.length > 0) throw new PassFailed('deliver', report.faults, report);
    return report;
  }),
).use(injectLambdaContext(logger, { resetKeys: true }));

import { setTimeout } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { deliver } from '../application/deliver.ts';
import { loadConfig } from '../config.ts';
import { contactsOf, linksOf, outboxOf, parameterReader, pausesOf, postboxOf } from '../wiring.ts';
import { envelopeOf, logger, refusable } from './envelope.ts';
import { PassFailed, withoutAddresses } from './summary.ts';

/** Each minute, and after each scan: send the mail that is owed. Fails, once the round is over, where an admin has to mend something. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const stores = {
      outbox: outboxOf(config),
      contacts: contactsOf(config),
      links: linksOf(config),
      runs: pausesOf(config),
    };
    const sender = { ...stores, postbox: postboxOf(config), baseUrl: config.baseUrl };
    const at = { ...envelopeOf(event, context, config.region), wait: (ms: number) => setTimeout(ms) };
    const { faults, isPaused, ...counts } = await deliver(sender, config.policy, at);
    const report = { ...counts, faults: faults.map(withoutAddresses), ...(isPaused ? { isPaused } : {}) };
    if (Object.values(counts).some((count) => count > 0) || faults.length > 0 || isPaused)
      logger.info('deliver', report);
    if (faults.length > 0) throw new PassFailed('deliver', report);
    return report;
  }),
).use(injectLambdaContext(logger, { resetKeys: true }));

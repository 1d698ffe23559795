import { setTimeout } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { deliver } from '../application/deliver.ts';
import { loadConfig } from '../config.ts';
import { contactsOf, linksOf, outboxOf, parameterReader, pausesOf, postboxOf } from '../wiring.ts';
import { causeOf, envelopeOf, logger, refusable, secrecy } from './envelope.ts';
import { figuresOfRound } from './figures.ts';
import { tell } from './metrics.ts';
import { PassFailed, withoutAddresses } from './summary.ts';

/** So many mails a round names in its log line. */
const MOST_MAILS = 200;

/** Each minute, and after each scan: send the mail that is owed. Fails, once the round is over, where an admin has to mend something. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const cause = causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const stores = {
      outbox: outboxOf(config, cause),
      contacts: contactsOf(config),
      links: linksOf(config),
      runs: pausesOf(config),
    };
    const sender = { ...stores, postbox: postboxOf(config), baseUrl: config.baseUrl };
    const at = { ...envelopeOf(event, context, config.region), wait: (ms: number) => setTimeout(ms) };
    const round = await deliver(sender, config.policy, at);
    const { mails, age: _, isSendingPaused: __, ...counts } = round;
    const report = { ...counts, faults: counts.faults.map(withoutAddresses) };
    if (mails.length + report.faults.length > 0 || round.isPaused)
      logger.info('deliver', { ...report, mails: mails.slice(0, MOST_MAILS) });
    tell(figuresOfRound(round));
    if (report.faults.length > 0) throw new PassFailed('deliver', report);
    return report;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

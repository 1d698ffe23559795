import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { noteFeedback } from '../application/mail-feedback.ts';
import { loadConfig } from '../config.ts';
import { contactsOf, outboxOf, parameterReader } from '../wiring.ts';
import { causeOf, envelopeOf, insistOnOwn, logger, refusable, secrecy } from './envelope.ts';
import { parseMailEvent } from './mail-event.ts';
import { PassFailed } from './summary.ts';

/** SES's deliveries, bounces and complaints. Fails, once all is noted, where no admin is left to be told. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const cause = causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const { policy, region } = config;
    const { now } = envelopeOf(event, context, region);
    const { place, feedback, mailCause } = parseMailEvent(event);
    insistOnOwn(place, region, context);
    if (!feedback) return { noted: 'nothing' };
    const ports = { outbox: outboxOf(config, cause), contacts: contactsOf(config), policy };
    const report = await noteFeedback(ports, place, feedback, now);
    if (report.noted !== 'delivered') logger.info('mail feedback', { ...report, mailCause });
    if (report.faults.length > 0) throw new PassFailed('mail-feedback', report);
    return report;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

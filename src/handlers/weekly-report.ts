import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { reportWeekly } from '../application/weekly-report.ts';
import { loadConfig } from '../config.ts';
import {
  contactsOf,
  fleetOf,
  ledgerOf,
  outboxOf,
  ownMeterOf,
  parameterReader,
  pricesOf,
  reportsOf,
  runsOf,
  volumesOf,
} from '../wiring.ts';
import { causeOf, envelopeOf, logger, refusable, secrecy } from './envelope.ts';
import { PassFailed, withoutAddresses } from './summary.ts';

/** What is kept, in milliseconds, for the batch that is under way and the note of it. */
const RESERVE = 60_000;

/** Each quarter of an hour: owe the week's reports once the policy's hour has come. Fails, once all is done, if anything failed. */
export const handler = middy((event: unknown, context: Context) =>
  refusable(async () => {
    const cause = causeOf(event, context);
    const config = await loadConfig(process.env, parameterReader(process.env.AWS_REGION));
    const stores = { runs: runsOf(config), volumes: volumesOf(config), ledger: ledgerOf(config) };
    const record = { ...stores, outbox: outboxOf(config, cause), contacts: contactsOf(config) };
    // All functions of a deployment are named after it.
    const ownMeter = ownMeterOf(config, (context?.functionName ?? '').replace(/-weekly-report$/, ''));
    const looking = { fleet: fleetOf(config), prices: pricesOf(), ownMeter };
    const ports = { ...record, ...looking, reports: reportsOf(config) };
    const hasTime = () => (context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY) > RESERVE;
    const at = { ...envelopeOf(event, context, config.region), hasTime };
    const { faults, ...round } = await reportWeekly(ports, config.policy, at);
    const report = { ...round, faults: faults.slice(0, 20).map(withoutAddresses) };
    if (round.week !== undefined) logger.info('weekly report', report);
    if (faults.length > 0) throw new PassFailed('weekly-report', report);
    return report;
  }),
)
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(secrecy);

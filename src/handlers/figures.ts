import type { DeliverReport } from '../application/deliver.ts';
import type { ScanReport } from '../application/scan.ts';
import type { SpendReport } from '../application/spend-daily.ts';
import { evidenceCoverage } from '../domain/coverage.ts';
import type { Policy } from '../domain/policy.ts';
import { SECOND } from '../domain/time.ts';
import type { METRICS } from './metrics.ts';
import type { ScanSummary } from './summary.ts';

type Figures = Partial<Record<keyof typeof METRICS, number>>;

/**
 * What a pass tells CloudWatch. Zeros too, so that silence is nothing but silence; but of what seldom is and whose silence says nothing,
 * only what there was: a metric costs by the hour in which it is told.
 */
export function figuresOfScan(report: ScanReport, summary: ScanSummary, policy: Policy): Figures {
  const decisions = report.intents.map(({ decision }) => decision);
  const coverage = evidenceCoverage(decisions, policy, report.now);
  return {
    Scans: 1,
    Apps: summary.apps,
    Warned: summary.warned,
    Stopped: summary.stopped,
    Failed: summary.failed,
    ...(summary.backstopFired > 0 ? { BackstopFired: summary.backstopFired } : {}),
    ...(summary.stopped > 0 ? { StoppedDollarsPerHour: report.stoppedHourly / 1_000_000 } : {}),
    ...(coverage === undefined ? {} : { EvidenceCoverage: 100 * coverage }),
  };
}

/** What the day's closing of the books tells CloudWatch: by how much the bill is off the estimate, once any of it is settled. */
export function figuresOfBooks({ books }: SpendReport): Figures {
  if (!books || books.drift.accrued === 0) return {};
  return { Drift: 100 * (books.drift.billed / books.drift.accrued - 1) };
}

/** What a round of mail tells CloudWatch; of mail, where there was any: a metric costs by the hour in which it is told. */
export function figuresOfRound({ age, isSendingPaused, sent, refused, postponed }: DeliverReport): Figures {
  const isAny = sent + refused + postponed > 0;
  return {
    OutboxAge: age / SECOND,
    ...(isAny ? { MailSent: sent, MailRefused: refused, MailPostponed: postponed } : {}),
    ...(isSendingPaused === undefined ? {} : { SendingPaused: isSendingPaused ? 1 : 0 }),
  };
}

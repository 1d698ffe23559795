import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Names this deployment in logs and metrics: two stages in one account keep apart. */
export const SERVICE = process.env.POWERTOOLS_SERVICE_NAME || 'curfew';

/** What the functions tell CloudWatch, in the namespace `Curfew`. The stack's alarms and dashboard read these and no others. */
export const METRICS = {
  /** A pass came to its end: silence is an alarm. */
  Scans: MetricUnit.Count,
  Apps: MetricUnit.Count,
  Warned: MetricUnit.Count,
  Stopped: MetricUnit.Count,
  /** Stops that EventBridge Scheduler made, since Curfew had not: an alarm. Told by passes that found any. */
  BackstopFired: MetricUnit.Count,
  /** What could not be stopped or recorded. */
  Failed: MetricUnit.Count,
  /** What the stopped apps cost an hour, in dollars; those without a price count nothing. Told by passes that stopped any. */
  StoppedDollarsPerHour: MetricUnit.NoUnit,
  /** Of the apps under a `max-idle`, those whose use is known. */
  EvidenceCoverage: MetricUnit.Percent,
  /** How long the oldest mail has been owed; 0 where none is. Silence is an alarm. */
  OutboxAge: MetricUnit.Seconds,
  /** Told by rounds that had mail to send, as the next two. */
  MailSent: MetricUnit.Count,
  MailRefused: MetricUnit.Count,
  MailPostponed: MetricUnit.Count,
  /** 1 where SES takes no mail of this account. Told when mail is owed. */
  SendingPaused: MetricUnit.Count,
  /** By how much AWS's bill is off what Curfew reckoned, over the last settled days. */
  Drift: MetricUnit.Percent,
  /** Events that were not for us, or not what they said they were. */
  EventsRefused: MetricUnit.Count,
} as const;

const metrics = new Metrics({ namespace: 'Curfew', serviceName: SERVICE });

/** Tells CloudWatch some figures at once, as one line of the log (embedded metric format). */
export function tell(figures: Partial<Record<keyof typeof METRICS, number>>): void {
  for (const [name, value] of Object.entries(figures))
    metrics.addMetric(name, METRICS[name as keyof typeof METRICS], value);
  metrics.publishStoredMetrics();
}

/** US dollars, us-east-1, beyond every free tier; as AWS's pricing pages had them on this day. */
export const PRICES_AS_OF = '2026-11-26';

export const PRICES = {
  /** aws.amazon.com/lambda/pricing: arm64, the first 7.5 billion GB-seconds; requests. */
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2 / 1e6,
  /** aws.amazon.com/dynamodb/pricing/on-demand: request units, Standard class; storage and point-in-time recovery, a GB and month. */
  dynamodbRead: 0.125 / 1e6,
  dynamodbWrite: 0.625 / 1e6,
  dynamodbStorage: 0.25,
  dynamodbRecovery: 0.2,
  /** aws.amazon.com/kms/pricing: requests. AWS's managed key for the table has no price of its own. */
  kmsRequest: 0.03 / 10_000,
  /** aws.amazon.com/eventbridge/pricing: custom events (the agents' heartbeats); Scheduler's invocations. AWS's own events are free. */
  eventbridgeEvent: 1 / 1e6,
  schedulerInvocation: 1 / 1e6,
  /** aws.amazon.com/ses/pricing: outbound mail. */
  sesMail: 0.1 / 1000,
  /** aws.amazon.com/cloudwatch/pricing: logs taken in, a GB, and kept, a GB and month; custom metrics, alarms by metric, and dashboards, each a month; metrics asked for with GetMetricData. */
  logsGb: 0.5,
  logsKept: 0.03,
  metric: 0.3,
  alarmMetric: 0.1,
  dashboard: 3,
  metricRead: 0.01 / 1000,
  /** aws.amazon.com/api-gateway/pricing: requests of an HTTP API. */
  httpRequest: 1 / 1e6,
  /** aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing: a request, every page one. */
  costExplorerRequest: 0.01,
} as const;

/** What AWS gives each account each month, for good (aws.amazon.com/free, "Always free"). */
export const FREE = {
  lambdaGbSeconds: 400_000,
  lambdaRequests: 1e6,
  schedulerInvocations: 14e6,
  dynamodbGb: 25,
  kmsRequests: 20_000,
  logsGb: 5,
  metrics: 10,
  alarmMetrics: 10,
  dashboards: 3,
} as const;

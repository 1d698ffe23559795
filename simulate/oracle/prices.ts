/** US dollars an hour times 10^10, by instance type: what the service is told. */
export const PRICES: Record<string, number> = {
  'ml.t3.medium': 500_000_000,
  'ml.t3.large': 1_000_000_000,
  'ml.m5.large': 1_150_000_000,
  'ml.g5.xlarge': 14_100_000_000,
  'ml.p3.2xlarge': 38_250_000_001,
};
export const CANVAS_PRICE = 19_000_000_000;

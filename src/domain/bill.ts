import type { MicroDollars } from './money.ts';

/** What Cost Explorer told of some days. */
export interface BillReading {
  days: BilledDay[];
  /** Rows that were doubtful, and what was made of them, in words. */
  faults: string[];
  /** Requests that it took: AWS charges $0.01 each. */
  requests: number;
}

/** A day of AWS's bill (UTC). */
export interface BilledDay {
  /** `2026-11-01` */
  date: string;
  /** AWS says that it may still change. */
  isEstimated: boolean;
  rows: BilledRow[];
  /** Amounts in other currencies: as billed, never mixed in. */
  foreign: { usage: string; amount: string; currency: string }[];
}

/** What one holder, or nobody that AWS could tell, was billed for one usage on one day. */
export interface BilledRow {
  /** Whose: by the tag that SageMaker gave the resource; undefined where the row carries none. */
  holder?: { domainId: string; userProfileName?: string; spaceName?: string };
  /** The usage type without the prefix of the region: `Studio:JupyterLab-ml.t3.medium`, `Train:ml.p3.2xlarge`. */
  usage: string;
  /** May be negative, where AWS corrected itself. */
  amount: MicroDollars;
}

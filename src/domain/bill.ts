import type { MicroDollars } from './money.ts';

/** AWS's bill of some days, as it was read. */
export interface BillReading {
  days: BilledDay[];
  /** Rows that were doubtful, and what was made of them, in words. */
  faults: string[];
  /** How many requests it took. AWS charges for each. */
  requests: number;
}

/** What was billed for one day. */
export interface BilledDay {
  /** By UTC, `2026-11-23`. */
  date: string;
  /** AWS still calls it an estimate, or it changed while it was read. */
  isEstimated: boolean;
  /** At most one for each holder and usage; their sum is the day's bill, but for what each row's rounding took. */
  rows: BilledRow[];
  /** Amounts in other currencies: as billed, never mixed in. */
  foreign: { usage: string; amount: string; currency: string }[];
}

/** What one usage type cost on a day, of one holder or of nobody known. */
export interface BilledRow {
  /**
   * Whose: by the tag that SageMaker gave the resource; undefined where the row carries none. Names are in the case that
   * the bill has them in.
   */
  holder?: { domainId: string; userProfileName?: string; spaceName?: string };
  /**
   * The usage type without the region's prefix: `Studio:JupyterLab-ml.t3.medium`, `Studio:VolumeUsage.gp3`,
   * `Canvas:Session-Hrs`, `Train:ml.p3.2xlarge`.
   */
  usage: string;
  /** Rounded once. 0 where AWS bills nothing for it, as in a free tier; negative where AWS corrected itself (then told in faults). */
  amount: MicroDollars;
}

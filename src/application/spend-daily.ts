import type { Place } from '../domain/app.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { type SweepReport, sweepBackstops } from './backstop-sweep.ts';
import { type BooksReport, closeBooks } from './books.ts';
import type { Backstop, Bill, KeptPrices, PriceList, Prices } from './ports.ts';
import { type PricesReport, refreshPrices } from './prices.ts';
import type { SpendPorts } from './spending.ts';

/** What the day brought. What failed is tried again tomorrow, and yesterday's figures stay, with their dates. */
export interface SpendReport {
  prices?: PricesReport;
  books?: BooksReport;
  backstop?: SweepReport;
  faults: string[];
}

/** Once a day: AWS's price list first, then the books, which are closed by it; and the backstop. None waits for another to work. */
export async function spendDaily(
  ports: SpendPorts & {
    bill: Bill;
    prices: Prices;
    priceList: PriceList;
    kept: KeptPrices;
    backstop?: Backstop | undefined;
  },
  policy: Policy,
  at: { place: Place; now: Instant },
): Promise<SpendReport> {
  const report: SpendReport = { faults: [] };
  const failed = (what: string) => (error: unknown) => {
    report.faults.push(`${what}: ${error instanceof Error ? error.message : error}`);
  };
  const prices = await refreshPrices(ports, at).catch(failed('the price list was not read'));
  if (prices) {
    report.prices = prices;
    report.faults.push(...prices.faults);
  }
  const books = await closeBooks(ports, policy, at).catch(failed('the books were not closed'));
  if (books) {
    report.books = books;
    report.faults.push(...books.faults);
  }
  const { backstop, runs } = ports;
  if (!backstop) return report;
  const swept = await sweepBackstops({ backstop, runs }, at.place, at.now).catch(failed('the backstop was not swept'));
  if (swept) {
    report.backstop = swept;
    report.faults.push(...swept.faults);
  }
  return report;
}

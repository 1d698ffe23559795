import type { Place } from '../domain/app.ts';
import type { Policy } from '../domain/policy.ts';
import type { Instant } from '../domain/time.ts';
import { type BooksReport, closeBooks } from './books.ts';
import type { Bill, KeptPrices, PriceList, Prices } from './ports.ts';
import { type PricesReport, refreshPrices } from './prices.ts';
import type { SpendPorts } from './spending.ts';

/** What the day brought. What failed is tried again tomorrow, and yesterday's figures stay, with their dates. */
export interface SpendReport {
  prices?: PricesReport;
  books?: BooksReport;
  faults: string[];
}

/** Once a day: AWS's price list first, then the books, which are closed by it. Neither waits for the other to work. */
export async function spendDaily(
  ports: SpendPorts & { bill: Bill; prices: Prices; priceList: PriceList; kept: KeptPrices },
  policy: Policy,
  at: { place: Place; now: Instant },
): Promise<SpendReport> {
  const report: SpendReport = { faults: [] };
  const failed = (what: string) => (error: unknown) => {
    report.faults.push(`${what}: ${error instanceof Error ? error.message : error}`);
  };
  const prices = await refreshPrices(ports, at).catch(failed('the price list was not read'));
  if (prices) report.prices = prices;
  const books = await closeBooks(ports, policy, at).catch(failed('the books were not closed'));
  if (books) {
    report.books = books;
    report.faults.push(...books.faults);
  }
  return report;
}

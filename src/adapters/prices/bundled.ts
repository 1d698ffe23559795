import type { Prices } from '../../application/ports.ts';
import { parseRate } from '../../domain/money.ts';
import table from './list-prices.json' with { type: 'json' };

/** The list prices that come with Curfew, dated. A type or region that they lack has no price, and never $0. */
export function bundledPrices(): Prices {
  return {
    async rates(region) {
      const prices: Record<string, string> = (table.regions as Record<string, Record<string, string>>)[region] ?? {};
      const byInstance = new Map(Object.entries(prices).map(([type, usd]) => [type, parseRate(usd)]));
      return { source: table.source, asOf: table.asOf, isBundled: true, byInstance };
    },
  };
}

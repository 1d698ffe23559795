import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListedPrice } from '../../local/aws/index.ts';
import { dynamodbPrices } from '../../src/adapters/dynamodb/prices.ts';
import { dynamodbRuns } from '../../src/adapters/dynamodb/runs.ts';
import { awsPriceList } from '../../src/adapters/prices/price-list.ts';
import type { KeptPrices, Runs } from '../../src/application/ports.ts';
import { refreshPrices } from '../../src/application/prices.ts';
import { startWorld } from '../local/world.ts';
import { memoryKeptPrices, memoryRuns, memoryVolumes } from '../memory/ports.ts';
import { freshTable } from './table.ts';

const place = { account: '111122223333', region: 'us-east-1' };

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.aws.close());

describe.each([
  [
    'DynamoDB',
    async (): Promise<{ kept: KeptPrices; runs: Runs }> => {
      const table = await freshTable(world.dynamodb);
      return { kept: dynamodbPrices(world.dynamodb, table), runs: dynamodbRuns(world.dynamodb, table) };
    },
  ],
  [
    'in memory',
    async (): Promise<{ kept: KeptPrices; runs: Runs }> => {
      const kept = memoryKeptPrices();
      return { kept, runs: memoryRuns(memoryVolumes(), kept) };
    },
  ],
])('Prices that are kept, %s', (_, make) => {
  const now = Date.UTC(2026, 10, 23, 9);

  it('are none at first', async () => {
    const { kept, runs } = await make();
    expect(await kept.get(place)).toBeUndefined();
    expect(await runs.load(place)).toEqual({ runs: [], state: {} });
  });

  it('are AWS’s list as it was last read, dated, by themselves and with the runs', async () => {
    const { kept, runs } = await make();
    const priceList = awsPriceList(world.pricing);
    const report = await refreshPrices({ priceList, kept }, { place, now });
    expect(report).toMatchObject({ source: 'AWS price list of 2026-11-23', doubts: [], faults: [] });
    expect(report.prices.JupyterLab).toBeGreaterThan(20);
    const { rates } = await priceList.read('us-east-1', now);
    const expected = { ...rates, source: 'AWS price list of 2026-11-23', asOf: '2026-11-23' };
    expect(await kept.get(place)).toEqual(expected);
    expect(await runs.load(place)).toEqual({ runs: [], state: {}, prices: expected });
  });

  it('stay as they are where the list cannot be read', async () => {
    const { kept } = await make();
    const priceList = awsPriceList(world.pricing);
    await refreshPrices({ priceList, kept }, { place, now });
    world.aws.pricing.products = [];
    const later = { place, now: now + 86_400_000 };
    await expect(refreshPrices({ priceList, kept }, later)).rejects.toMatchObject({ code: 'NoPrices' });
    expect(await kept.get(place)).toMatchObject({ asOf: '2026-11-23' });
    expect(await kept.get({ ...place, region: 'eu-west-1' })).toBeUndefined();
  });

  it('of a part that comes back empty stay as they were, with their day, and that is a fault until it is back', async () => {
    const { kept } = await make();
    const priceList = awsPriceList(world.pricing);
    const read = (days: number) => refreshPrices({ priceList, kept }, { place, now: now + days * 86_400_000 });
    await read(0);
    const before = (await kept.get(place))!;
    const all = world.aws.pricing.products;
    const isGone = ({ usagetype }: ListedPrice) => /JupyterLab|KernelGateway|Canvas|Volume/.test(usagetype);
    world.aws.pricing.products = all.filter((product) => !isGone(product));
    for (const days of [1, 2]) {
      const { faults, doubts, source } = await read(days);
      expect(doubts).toEqual([]);
      expect(faults).toEqual(
        ['JupyterLab', 'KernelGateway', 'Canvas', 'volume'].map((part) =>
          expect.stringMatching(`no price of ${part} in us-east-1 any more: those of 2026-11-23 stay`),
        ),
      );
      expect(source).toMatch(/^AWS price list of 2026-11-2[45] \(JupyterLab of 2026-11-23, .*volume of 2026-11-23\)$/);
      const { byAppType, byInstance, canvas, gigabyteMonth } = before;
      expect(await kept.get(place)).toMatchObject({ byAppType, byInstance, canvas, gigabyteMonth });
    }
    world.aws.pricing.products = all;
    expect(await read(3)).toMatchObject({ source: 'AWS price list of 2026-11-26', faults: [], doubts: [] });
    expect(await kept.get(place)).not.toHaveProperty('older');
  });

  it('of a part that AWS has never listed are doubted, and no fault', async () => {
    const { kept } = await make();
    const { products } = world.aws.pricing;
    world.aws.pricing.products = products.filter(({ usagetype }) => !/CodeEditor|Canvas/.test(usagetype));
    const report = await refreshPrices({ priceList: awsPriceList(world.pricing), kept }, { place, now });
    expect(report.faults).toEqual([]);
    expect(report.doubts).toEqual([
      "AWS's price list has no price of CodeEditor in us-east-1",
      "AWS's price list has no price of Canvas in us-east-1",
    ]);
  });
});

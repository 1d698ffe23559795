import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListedPrice } from '../../local/aws/index.ts';
import { bundledPrices } from '../../src/adapters/prices/bundled.ts';
import { awsPriceList } from '../../src/adapters/prices/price-list.ts';
import { parseRate } from '../../src/domain/money.ts';
import { startWorld } from '../local/world.ts';

/** The world's own now. */
const NOW = Date.UTC(2026, 10, 23, 9);

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.aws.close());

describe('AWS’s price list', () => {
  const read = (region = 'us-east-1') => awsPriceList(world.pricing).read(region, NOW);
  const jupyterLab = async () => (await read()).rates.byAppType!.get('JupyterLab')!;
  const row = (instanceName: string, usd: string | undefined, over: Partial<ListedPrice> = {}): ListedPrice => ({
    region: 'us-east-1',
    usagetype: `USE1-Studio:JupyterLab-${instanceName}`,
    usd,
    platoinstancetype: 'Studio-JupyterLab',
    instanceName,
    ...over,
  });
  const list = (...products: ListedPrice[]) => {
    world.aws.pricing.products = products;
  };

  it('holds every component’s instance types at their rates, Canvas’s session-hour and volumes’ gigabyte-month', async () => {
    const { rates, faults } = await read();
    const bundled = await bundledPrices().rates('us-east-1');
    expect(faults).toEqual([]);
    expect([...rates.byAppType!.keys()]).toEqual(['JupyterLab', 'CodeEditor', 'KernelGateway']);
    for (const prices of [...rates.byAppType!.values(), rates.byInstance])
      expect(Object.fromEntries(prices)).toEqual(Object.fromEntries(bundled.byInstance));
    expect([rates.canvas, rates.gigabyteMonth]).toEqual([parseRate('1.9'), parseRate('0.112')]);
  });

  it('is asked in full pages, for the region alone, and page after page', async () => {
    await read();
    expect(world.aws.calls.counts()['pricing GetProducts']).toBe(5);
    list(...Array.from({ length: 250 }, (_, i) => row(`ml.x${i}.large`, '1')));
    world.aws.calls.reset();
    expect((await jupyterLab()).size).toBe(250);
    expect(world.aws.calls.counts()['pricing GetProducts']).toBe(7);
  });

  it('of another region is that region’s, its usage types included', async () => {
    const eu = { region: 'eu-west-1', platoinstancetype: 'Studio-JupyterLab' };
    list(
      row('ml.t3.medium', '0.05'),
      { ...row('ml.t3.medium', '0.055'), ...eu, usagetype: 'EU-Studio:JupyterLab-ml.t3.medium' },
      { region: 'eu-west-1', usagetype: 'EU-Studio:VolumeUsage.gp3', usd: '0.123', unit: 'GB-Mo' },
      { region: 'eu-west-1', usagetype: 'EU-UnifiedStudio:VolumeUsage.gp3', usd: '9', unit: 'GB-Mo' },
      { region: 'us-east-1', usagetype: 'USE1-Canvas:Session-Hrs', usd: '1.9' },
    );
    const { rates } = await read('eu-west-1');
    expect(rates.byAppType!.get('JupyterLab')).toEqual(new Map([['ml.t3.medium', parseRate('0.055')]]));
    expect(rates.gigabyteMonth).toBe(parseRate('0.123'));
    expect(rates).not.toHaveProperty('canvas');
  });

  it('component by component: one’s price is not another’s', async () => {
    const editor = { platoinstancetype: 'STUDIO-CODEEDITOR', usagetype: 'USE1-Studio:CodeEditor-ml.t3.medium' };
    list(row('ml.t3.medium', '0.05'), row('ml.t3.medium', '0.06', editor), row('ml.g5.xlarge', '1.41'));
    const { byAppType } = (await read()).rates;
    expect(byAppType!.get('CodeEditor')).toEqual(new Map([['ml.t3.medium', parseRate('0.06')]]));
    expect(byAppType!.get('JupyterLab')!.size).toBe(2);
    expect(byAppType!.get('KernelGateway')!.size).toBe(0);
  });

  it.each([
    [
      'an empty instance name: the usage type tells it',
      [row('ml.t3.medium', '0.05', { instanceName: '' })],
      ['ml.t3.medium'],
      [],
    ],
    [
      'no instance anywhere: told, and no price',
      [row('ml.t3.medium', '0.05'), row('', '7', { usagetype: 'USE1-Studio:JupyterLab' })],
      ['ml.t3.medium'],
      ['rows of Studio-JupyterLab name no instance type'],
    ],
    [
      'USD 0: no price, never $0',
      [row('ml.t3.medium', '0.0000000000'), row('ml.t3.large', '0.1')],
      ['ml.t3.large'],
      [],
    ],
    [
      'a price that is none: told',
      [row('ml.t3.medium', 'NaN'), row('ml.t3.large', '0.1')],
      ['ml.t3.large'],
      ['USE1-Studio:JupyterLab-ml.t3.medium: not a price in US dollars with at most ten decimals: "NaN"'],
    ],
    [
      'a negative price: told',
      [row('ml.t3.medium', '-0.05'), row('ml.t3.large', '0.1')],
      ['ml.t3.large'],
      ['USE1-Studio:JupyterLab-ml.t3.medium: not a price in US dollars with at most ten decimals: "-0.05"'],
    ],
    [
      'another currency: told',
      [row('ml.t3.medium', '0.4', { currency: 'CNY' }), row('ml.t3.large', '0.1')],
      ['ml.t3.large'],
      ['USE1-Studio:JupyterLab-ml.t3.medium is priced in CNY, not in USD'],
    ],
    [
      'another unit than the hour: told',
      [row('ml.t3.medium', '0.0000138889', { unit: 'Second' }), row('ml.t3.large', '0.1', { unit: 'Hours' })],
      ['ml.t3.large'],
      ['USE1-Studio:JupyterLab-ml.t3.medium is priced by "Second", not by the hour'],
    ],
    [
      'a price that comes into force later: none yet',
      [row('ml.t3.medium', '0.01', { effectiveDate: '2026-12-01T00:00:00Z' }), row('ml.t3.large', '0.1')],
      ['ml.t3.large'],
      [],
    ],
  ])('%s', async (_, products, types, faults) => {
    list(...products);
    const { rates, faults: told } = await read();
    expect([...rates.byAppType!.get('JupyterLab')!.keys()]).toEqual(types);
    expect(told).toEqual(faults);
  });

  it('two prices for one thing: the one in force since last; of one day, the highest, and that is told', async () => {
    const since = (month: string) => ({ effectiveDate: `2026-${month}-01T00:00:00Z` });
    list(
      row('ml.t3.medium', '0.09', since('09')),
      row('ml.t3.medium', '0.05', since('11')),
      row('ml.g5.xlarge', '1.41', since('11')),
      row('ml.g5.xlarge', '1.52', since('11')),
      row('ml.g5.xlarge', '1.52', since('11')),
    );
    const { rates, faults } = await read();
    expect(Object.fromEntries(rates.byAppType!.get('JupyterLab')!)).toEqual({
      'ml.t3.medium': parseRate('0.05'),
      'ml.g5.xlarge': parseRate('1.52'),
    });
    expect(faults).toEqual(['Studio-JupyterLab ml.g5.xlarge has 2 prices; the highest counts']);
  });

  it('one row without the region’s prefix does not hide the price of volumes and of Canvas', async () => {
    list(
      row('ml.t3.medium', '0.05', { usagetype: 'Studio:JupyterLab-ml.t3.medium' }),
      row('ml.t3.large', '0.1'),
      row('ml.g5.xlarge', '1.41'),
      { region: 'us-east-1', usagetype: 'USE1-Studio:VolumeUsage.gp3', usd: '0.112', unit: 'GB-Mo' },
      { region: 'us-east-1', usagetype: 'USE1-Canvas:Session-Hrs', usd: '1.9' },
    );
    const { rates } = await read();
    expect([rates.canvas, rates.gigabyteMonth]).toEqual([parseRate('1.9'), parseRate('0.112')]);
  });

  it('with nothing of Studio in it is refused', async () => {
    await expect(read('sa-east-1')).rejects.toMatchObject({ kind: 'refused', code: 'NoPrices' });
    await expect(read('sa-east-1')).rejects.toThrow('sa-east-1');
  });

  it.each([
    ['AccessDeniedException', 400, 'denied'],
    ['ThrottlingException', 400, 'throttled'],
    ['InternalErrorException', 500, 'fault'],
  ])('%s on any page is a fault, never half a list', async (code, status, kind) => {
    const when = ({ Filters }: { Filters: { Value: string }[] }) =>
      Filters.some(({ Value }) => Value === 'Studio-Notebook');
    world.aws.faults.add({ service: 'pricing', action: 'GetProducts', when, status, code, message: 'no' });
    await expect(read()).rejects.toMatchObject({ kind, code, message: expect.stringContaining('pricing:GetProducts') });
  });
});

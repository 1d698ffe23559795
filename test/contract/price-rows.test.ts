import type { PricingClient } from '@aws-sdk/client-pricing';
import { describe, expect, it } from 'vitest';
import { awsPriceList } from '../../src/adapters/prices/price-list.ts';
import { readRow } from '../../src/adapters/prices/price-row.ts';
import { parseRate } from '../../src/domain/money.ts';

const NOW = Date.UTC(2026, 10, 23, 9);
const hour = (USD: string, unit: string | null = 'Hrs') => ({ unit, pricePerUnit: { USD } });
const term = (dimensions: object[], effectiveDate = '2026-11-01T00:00:00Z') => {
  return { effectiveDate, priceDimensions: Object.fromEntries(dimensions.map((one, i) => [`d${i}`, one])) };
};
/** A product of AWS's price list, as its text. */
function text(terms: object = { t: term([hour('1.41')]) }, attributes: object = {}): string {
  const usagetype = 'USE1-Studio:JupyterLab-ml.g5.xlarge';
  const its = { regionCode: 'us-east-1', instanceName: 'ml.g5.xlarge', platoinstancetype: 'Studio-JupyterLab' };
  return JSON.stringify({ product: { attributes: { ...its, usagetype, ...attributes } }, terms: { OnDemand: terms } });
}

describe('a row of the price list', () => {
  it.each<[string, string, number | undefined]>([
    [
      'a fee in advance beside the hour is no price of it',
      text({ t: term([hour('0.9'), hour('5000', 'Quantity')]) }),
      0.9,
    ],
    ['of steps the highest', text({ t: term([hour('0'), hour('1.41'), hour('1.2')]) }), 1.41],
    ['free is no price, whatever its unit', text({ t: term([hour('0.0000000000', 'Second')]) }), undefined],
    [
      'of terms the newest that is in force',
      text({
        a: term([hour('1.5')], '2026-09-01T00:00:00Z'),
        b: term([hour('1.41')]),
        c: term([hour('0.1')], '2099-01-01T00:00:00Z'),
      }),
      1.41,
    ],
    [
      'a volume’s is of a gigabyte and a month',
      text({ t: term([hour('0.112', 'GB-Mo')]) }, { usagetype: 'USE1-Studio:VolumeUsage.gp3' }),
      0.112,
    ],
  ])('%s', (_, row, usd) => {
    const read = readRow(row, NOW);
    if (usd === undefined) expect(read).toBeUndefined();
    else expect(read).toMatchObject({ rate: parseRate(String(usd)) });
  });

  it.each([
    ['by the second', text({ t: term([hour('0.0004', 'Second')]) }), /priced by "Second", not by the hour/],
    ['without a unit', text({ t: term([hour('1.41', null)]) }), /priced by "", not by the hour/],
    [
      'of volumes by the hour',
      text({ t: term([hour('0.1')]) }, { usagetype: 'USE1-Studio:VolumeUsage.gp3' }),
      /not by the gigabyte-month/,
    ],
    ['that is no JSON', '{', /a row is no JSON: {/],
  ])('%s is a fault of its own', (_, row, says) => expect(readRow(row, NOW)).toMatch(says));

  it.each([
    'null',
    '[]',
    '"x"',
    '1',
    '{"product":null,"terms":null}',
    '{"product":{"attributes":null},"terms":{"OnDemand":null}}',
    '{"terms":{"OnDemand":{"t":null}}}',
    '{"terms":{"OnDemand":{"t":{"priceDimensions":null}}}}',
    '{"terms":{"OnDemand":{"t":{"priceDimensions":{"d":null}}}}}',
    '{"terms":{"OnDemand":{"t":{"priceDimensions":{"d":{"pricePerUnit":null}}}}}}',
  ])('%s has no price, and ends no reading', (row) => expect(readRow(row, NOW)).toBeUndefined());
});

it('rows of another region count for nothing, whatever AWS answers', async () => {
  const asked = awsPriceList({
    send: async () => ({ PriceList: [text(undefined, { regionCode: 'eu-west-1' })] }),
  } as unknown as PricingClient);
  await expect(asked.read('us-east-1', NOW)).rejects.toMatchObject({ code: 'NoPrices' });
});

import {
  GetProductsCommand,
  type GetProductsCommandInput,
  PricingClient,
  paginateGetProducts,
} from '@aws-sdk/client-pricing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { clientsOf, refusalOf, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld({ region: 'eu-west-1' });
});
afterEach(() => world.aws.close());

const term = (Field: string, Value: string) => ({ Type: 'TERM_MATCH' as const, Field, Value });
const get = (input: Partial<GetProductsCommandInput> = {}) =>
  world.pricing.send(new GetProductsCommand({ ServiceCode: 'AmazonSageMaker', ...input }));
const filters = [term('regionCode', 'us-east-1'), term('platoinstancetype', 'Studio-CodeEditor')];

/** A product, read. */
interface Product {
  product: { sku: string; attributes: Record<string, string> };
  terms: { OnDemand: Record<string, { priceDimensions: Record<string, { unit: string; pricePerUnit: object }> }> };
}
const read = (texts: unknown[] = []): Product[] => texts.map((text) => JSON.parse(String(text)));

it('lists products as JSON texts, of the region and component that are asked for, in any case', async () => {
  const { PriceList, NextToken, FormatVersion } = await get({ Filters: filters });
  expect([FormatVersion, NextToken]).toEqual(['aws_v1', undefined]);
  const products = read(PriceList);
  const components = new Set(products.map(({ product }) => product.attributes.platoinstancetype));
  expect(components).toEqual(new Set(['studio-codeeditor']));
  const medium = products.find(({ product }) => product.attributes.instanceName === 'ml.t3.medium')!;
  expect(medium.product.attributes.usagetype).toBe('USE1-Studio:CodeEditor-ml.t3.medium');
  const [offer] = Object.values(medium.terms.OnDemand);
  expect(Object.values(offer!.priceDimensions)).toMatchObject([{ unit: 'Hrs', pricePerUnit: { USD: '0.05' } }]);
});

it('in pages, each product once', async () => {
  const sizes: number[] = [];
  const seen = new Set<unknown>();
  for await (const page of paginateGetProducts(
    { client: world.pricing, pageSize: 7 },
    { ServiceCode: 'AmazonSageMaker', Filters: filters },
  )) {
    sizes.push(page.PriceList!.length);
    for (const { product } of read(page.PriceList)) seen.add(product.sku);
  }
  expect(sizes.slice(0, -1).every((size) => size === 7)).toBe(true);
  expect(seen.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
});

it('a token serves its own query, and not for ever', async () => {
  const { NextToken } = await get({ Filters: filters, MaxResults: 1 });
  expect(await refusalOf(get({ NextToken }))).toMatchObject({ name: 'InvalidNextTokenException', status: 400 });
  world.clock.now += 24 * 3_600_000;
  const late = get({ Filters: filters, MaxResults: 1, NextToken });
  expect(await refusalOf(late)).toMatchObject({ name: 'ExpiredNextTokenException' });
});

it.each([
  ['a page of 101', { MaxResults: 101 }],
  ['another format', { FormatVersion: 'aws_v2' }],
  ['no service', { ServiceCode: undefined as never }],
])('refuses %s', async (_, input) => {
  expect(await refusalOf(get(input))).toMatchObject({ name: 'InvalidParameterException' });
});

it('lives in us-east-1 alone, whatever the region that is governed', async () => {
  expect((await get({ Filters: filters })).PriceList).not.toEqual([]);
  const { pricing } = clientsOf(world.aws);
  const { endpoint, credentials } = pricing.config;
  const elsewhere = new PricingClient({ region: 'eu-west-1', endpoint: endpoint!, credentials, maxAttempts: 1 });
  expect(await refusalOf(elsewhere.send(new GetProductsCommand({ ServiceCode: 'AmazonSageMaker' })))).toMatchObject({
    name: 'InvalidSignatureException',
  });
});

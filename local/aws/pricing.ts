import listPrices from '../../src/adapters/prices/list-prices.json' with { type: 'json' };
import { awsError, type Input, unknownOperation } from './answers.ts';
import { issueToken, type Key, readToken, takePage, tokenLifetime } from './paging.ts';

/** A product of the price list. `usd` may be any text, as in a broken list; undefined has no price in USD. */
export interface ListedPrice {
  region: string;
  usagetype: string;
  usd: string | undefined;
  /** `Studio-JupyterLab`; absent in rows of no instance. */
  platoinstancetype?: string;
  /** Empty or absent where AWS names the instance only in the usage type. */
  instanceName?: string;
  unit?: string;
  effectiveDate?: string;
  currency?: string;
}

/** The price list of every region, to which tests add and from which they take. */
export interface Pricing {
  products: ListedPrice[];
}

/** What usage types begin with, by region. */
const PREFIXES: Record<string, string> = {
  'us-east-1': 'USE1-',
  'us-west-2': 'USW2-',
  'eu-west-1': 'EU-',
  'ap-northeast-1': 'APN1-',
  'ap-northeast-2': 'APN2-',
};

/** What usage types of a region begin with. */
export function usagePrefix(region: string): string {
  return (
    PREFIXES[region] ??
    `${region
      .replace(/[^a-z0-9]/g, '')
      .slice(0, 3)
      .toUpperCase()}1-`
  );
}

const COMPONENTS = [
  { platoinstancetype: 'Studio-JupyterLab', usage: 'JupyterLab' },
  { platoinstancetype: 'studio-codeeditor', usage: 'CodeEditor' },
  { platoinstancetype: 'Studio-Notebook', usage: 'KernelGateway' },
];

/** The prices that come with Curfew, as AWS lists them: a row for each component and instance type, and placeholders of USD 0. */
function bundledProducts(): ListedPrice[] {
  const products = Object.entries(listPrices.regions).flatMap(([region, prices]) =>
    COMPONENTS.flatMap(({ platoinstancetype, usage }) =>
      Object.entries(prices).map(([instanceName, usd]) => ({
        region,
        usagetype: `${PREFIXES[region]}Studio:${usage}-${instanceName}`,
        usd,
        platoinstancetype,
        instanceName,
      })),
    ),
  );
  const others = [
    { region: 'us-east-1', usagetype: 'USE1-Studio:VolumeUsage.gp3', usd: '0.1120000000', unit: 'GB-Mo' },
    { region: 'us-east-1', usagetype: 'USE1-Canvas:Session-Hrs', usd: '1.9000000000' },
    { region: 'us-east-1', usagetype: 'USE1-Canvas:Session-Hrs', usd: '0.0000000000' },
  ];
  return [...products, ...others];
}

/** Starts a price list of its own. */
export function startPricing(now: () => number): {
  pricing: Pricing;
  perform(action: string, input: Input): unknown;
} {
  const pricing: Pricing = { products: bundledProducts() };
  return {
    pricing,
    perform(action, input) {
      if (action !== 'GetProducts') throw unknownOperation('pricing', action);
      return getProducts(pricing.products, now(), input);
    },
  };
}

function getProducts(products: ListedPrice[], now: number, input: Input): unknown {
  const { ServiceCode: service, Filters: filters = [], FormatVersion: format, NextToken: token } = input;
  const limit = input.MaxResults ?? 100;
  if (typeof service !== 'string') refuse('ServiceCode is required.');
  if (format !== undefined && format !== 'aws_v1') refuse(`Unsupported format version: ${format}.`);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) refuse('MaxResults must be between 1 and 100.');
  for (const { Type: type, Field: field, Value: value } of filters) {
    if (type !== 'TERM_MATCH' || typeof field !== 'string' || typeof value !== 'string') refuse('Invalid filter.');
  }
  const rows = products.map((product, i) => ({ product, i }));
  const accepts = ({ product }: (typeof rows)[number]) => {
    const attributes: Record<string, string | undefined> = attributesOf(product);
    const fits = ({ Field, Value }: { Field: string; Value: string }) =>
      attributes[Field]?.toLowerCase() === Value.toLowerCase();
    return service === 'AmazonSageMaker' && filters.every(fits);
  };
  const query = JSON.stringify([service, filters, format]);
  let after: Key | undefined;
  if (token !== undefined && token !== null) {
    const key = readToken(query, String(token), now, tokenLifetime);
    if (key === 'expired') throw awsError('ExpiredNextTokenException', 'The pagination token expired.');
    if (typeof key === 'string')
      throw awsError('InvalidNextTokenException', `The pagination token is invalid: ${key}.`);
    after = key;
  }
  const { page, last } = takePage(rows, ({ i }): Key => [i, 0], { after, limit, descending: false, accepts });
  return {
    FormatVersion: 'aws_v1',
    PriceList: page.map(({ product, i }) => JSON.stringify(productOf(product, `SKU${i}`))),
    ...(last === undefined ? {} : { NextToken: issueToken(query, last, now) }),
  };
}

function attributesOf({ region, usagetype, platoinstancetype, instanceName }: ListedPrice) {
  return {
    servicecode: 'AmazonSageMaker',
    regionCode: region,
    usagetype,
    ...(platoinstancetype === undefined ? {} : { platoinstancetype }),
    ...(instanceName === undefined ? {} : { instanceName }),
  };
}

/** As in AWS's own answers: terms and their prices under keys that are made of the SKU. */
function productOf(product: ListedPrice, sku: string) {
  const { usd, unit = 'Hrs', effectiveDate = '2026-09-01T00:00:00Z', currency = 'USD' } = product;
  const term = `${sku}.JRTCKXETXF`;
  const rateCode = `${term}.6YS6EN2CT7`;
  const dimension = {
    unit,
    beginRange: '0',
    endRange: 'Inf',
    appliesTo: [],
    rateCode,
    pricePerUnit: { [currency]: usd },
  };
  return {
    product: { productFamily: unit === 'Hrs' ? 'ML Instance' : 'Storage', attributes: attributesOf(product), sku },
    serviceCode: 'AmazonSageMaker',
    terms: {
      OnDemand: {
        [term]: {
          priceDimensions: { [rateCode]: dimension },
          sku,
          effectiveDate,
          offerTermCode: 'JRTCKXETXF',
          termAttributes: {},
        },
      },
    },
  };
}

function refuse(message: string): never {
  throw awsError('InvalidParameterException', message);
}

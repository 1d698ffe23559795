import { type HourlyRate, parseRate } from '../../domain/money.ts';

/** A row of the price list that has a price. */
export interface PriceRow {
  attributes: Record<string, string>;
  usagetype: string;
  /** Undefined in rows that are of no instance, or do not name it. */
  instanceType?: string;
  rate: HourlyRate;
  /** ISO 8601: when this price came into force. */
  since: string;
}

/** A product as AWS writes it. What it documents may be absent all the same: nothing here is taken for granted. */
interface Product {
  product?: { attributes?: Record<string, string> };
  terms?: { OnDemand?: Record<string, Term> };
}
interface Term {
  effectiveDate?: string;
  priceDimensions?: Record<string, { pricePerUnit?: Record<string, string> }>;
}

/**
 * Reads a product of the price list, which comes as a JSON text. Rows of USD 0 are AWS's free tiers and placeholders: no
 * price. Of several steps the highest counts: which one somebody is on, their own usage decides.
 * @returns the row; undefined where it has no price; a sentence where it cannot be read
 */
export function readRow(text: string): PriceRow | string | undefined {
  let product: Product;
  try {
    product = JSON.parse(text) ?? {};
  } catch {
    return `a row is no JSON: ${text.slice(0, 60)}`;
  }
  const attributes = product.product?.attributes ?? {};
  const { usagetype = '', instanceName } = attributes;
  const terms = Object.values(product.terms?.OnDemand ?? {});
  const since =
    terms
      .map(({ effectiveDate = '' }) => effectiveDate)
      .sort()
      .at(-1) ?? '';
  const prices = terms
    .filter(({ effectiveDate = '' }) => effectiveDate === since)
    .flatMap(({ priceDimensions }) => Object.values(priceDimensions ?? {}))
    .map(({ pricePerUnit }) => pricePerUnit ?? {});
  const inUsd = prices.flatMap(({ USD }) => (USD === undefined ? [] : [USD]));
  if (inUsd.length === 0) {
    const [other] = prices.flatMap(Object.keys);
    return other === undefined ? undefined : `${usagetype} is priced in ${other}, not in USD`;
  }
  try {
    const rate = Math.max(...inUsd.map(parseRate));
    if (rate === 0) return undefined;
    // `USE1-Studio:JupyterLab-ml.t3.medium`
    const instanceType = instanceName || /-(ml\.[\w.-]+)$/.exec(usagetype)?.[1];
    return { attributes, usagetype, ...(instanceType ? { instanceType } : {}), rate, since };
  } catch (error) {
    return `${usagetype}: ${(error as Error).message}`;
  }
}

import { type HourlyRate, parseRate } from '../../domain/money.ts';
import type { Instant } from '../../domain/time.ts';

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

/** A product as AWS writes it. What it documents may be absent or null all the same: nothing here is taken for granted. */
interface Product {
  product?: { attributes?: Record<string, string> | null } | null;
  terms?: { OnDemand?: Record<string, Term | null> | null } | null;
}
interface Term {
  effectiveDate?: string | null;
  priceDimensions?: Record<string, Dimension | null> | null;
}
interface Dimension {
  unit?: string | null;
  pricePerUnit?: Record<string, string> | null;
}

/** What prices are for, as AWS writes it in several ways: an hour, or a gigabyte of a volume for a month. */
const HOUR = { name: 'the hour', unit: /^(session-)?(hrs?|hours?)$/i };
const GIGABYTE_MONTH = { name: 'the gigabyte-month', unit: /^gb-mo(nths?)?$/i };

/**
 * Reads a product of the price list, which comes as a JSON text. Rows of USD 0 are AWS's free tiers and placeholders: no
 * price. Of several steps the highest counts: which one somebody is on, their own usage decides. What is for another unit
 * is another price, such as a fee in advance beside that of an hour. A price that comes into force later is none yet.
 * @returns the row; undefined where it has no price; a sentence where it cannot be read
 */
export function readRow(text: string, now: Instant): PriceRow | string | undefined {
  try {
    return readProduct(JSON.parse(text) ?? {}, now);
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is no JSON' : 'cannot be read';
    return `a row ${what}: ${text.slice(0, 60)}`;
  }
}

function readProduct({ product, terms }: Product, now: Instant): PriceRow | string | undefined {
  const attributes = product?.attributes ?? {};
  const { usagetype = '', instanceName } = attributes;
  const inForce = Object.values(terms?.OnDemand ?? {}).flatMap((term) => {
    const since = term?.effectiveDate ?? '';
    return term && !(Date.parse(since) > now) ? [{ since, term }] : [];
  });
  const since = inForce.reduce((latest, term) => (term.since > latest ? term.since : latest), '');
  const dimensions = inForce
    .filter((term) => term.since === since)
    .flatMap(({ term }) => Object.values(term.priceDimensions ?? {}))
    .flatMap((dimension) => (dimension ? [{ unit: dimension.unit ?? '', price: dimension.pricePerUnit ?? {} }] : []));
  const inUsd = dimensions.flatMap(({ unit, price: { USD } }) => (USD === undefined ? [] : [{ unit, USD }]));
  if (inUsd.length === 0) {
    const [other] = dimensions.flatMap(({ price }) => Object.keys(price));
    return other === undefined ? undefined : `${usagetype} is priced in ${other}, not in USD`;
  }
  const wanted = /VolumeUsage/i.test(usagetype) ? GIGABYTE_MONTH : HOUR;
  try {
    const rates = inUsd.map(({ unit, USD }) => ({ unit, rate: parseRate(USD) })).filter(({ rate }) => rate > 0);
    if (rates.length === 0) return undefined;
    const fitting = rates.filter(({ unit }) => wanted.unit.test(unit)).map(({ rate }) => rate);
    if (fitting.length === 0) return `${usagetype} is priced by "${rates[0]!.unit}", not by ${wanted.name}`;
    // `USE1-Studio:JupyterLab-ml.t3.medium`
    const instanceType = instanceName || /-(ml\.[\w.-]+)$/.exec(usagetype)?.[1];
    return { attributes, usagetype, ...(instanceType ? { instanceType } : {}), rate: Math.max(...fitting), since };
  } catch (error) {
    return `${usagetype}: ${(error as Error).message}`;
  }
}

import { createHash } from 'node:crypto';

/** A place in an ordered listing: the sort value, then a number that breaks ties. */
export type Key = readonly [sort: number, seq: number];

/** What was wrong with a token, for each service to name in its own way. */
export type TokenFault = 'garbage' | 'other query' | 'expired';

/** Fifteen minutes, after which the tagging API forgets a token, in milliseconds. */
export const tokenLifetime = 15 * 60_000;

/**
 * Makes an opaque token that serves only the operation and the parameters it was issued for. It names the last row
 * given rather than a position, so rows that come and go between two pages neither repeat nor hide others.
 */
export function issueToken(query: string, key: Key, now: number): string {
  const body = `${digest(query)}.${key[0]}.${key[1]}.${now}`;
  return Buffer.from(`${body}.${digest(body)}`).toString('base64url');
}

/** Reads a token back for the same query; otherwise says what is wrong with it. */
export function readToken(
  query: string,
  token: string,
  now: number,
  lifetime = Number.POSITIVE_INFINITY,
): Key | TokenFault {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const parts = text.split('.');
  const [owner, sort, seq, issued, seal] = parts;
  const isOurs = parts.length === 5 && seal === digest(parts.slice(0, 4).join('.'));
  // The seal makes a hand-made or shortened token garbage, as it is to AWS.
  if (!isOurs || Buffer.from(text, 'latin1').toString('base64url') !== token) return 'garbage';
  if (owner !== digest(query)) return 'other query';
  if (now - Number(issued) > lifetime) return 'expired';
  return [Number(sort), Number(seq)];
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}

/** Compares two places. */
export function compareKeys(a: Key, b: Key): number {
  return a[0] - b[0] || a[1] - b[1];
}

/**
 * Takes one page from rows sorted ascending by `keyOf`. Walks no further than the page needs, so listing everything
 * costs each row once, however many pages that takes.
 */
export function takePage<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
  wanted: { after: Key | undefined; limit: number; descending: boolean; accepts: (row: Row) => boolean },
): { page: Row[]; last: Key | undefined } {
  const { after, limit, descending, accepts } = wanted;
  const step = descending ? -1 : 1;
  let index = descending ? rows.length - 1 : 0;
  if (after !== undefined) {
    // First row beyond `after` in the direction of travel.
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareKeys(keyOf(rows[middle] as Row), after);
      if (descending ? order < 0 : order <= 0) low = middle + 1;
      else high = middle;
    }
    index = descending ? low - 1 : low;
  }
  const page: Row[] = [];
  for (; index >= 0 && index < rows.length; index += step) {
    const row = rows[index] as Row;
    if (!accepts(row)) continue;
    // A row beyond the page proves that there is a next page: AWS gives no token on the last one.
    if (page.length === limit) return { page, last: keyOf(page[limit - 1] as Row) };
    page.push(row);
  }
  return { page, last: undefined };
}

/** Rows kept in order of their keys: appended cheaply, sorted only when one came out of order. */
export function sortedRows<Row>(keyOf: (row: Row) => Key): {
  push(row: Row): void;
  remove(row: Row): void;
  all(): readonly Row[];
} {
  const rows: Row[] = [];
  let isSorted = true;
  return {
    push(row) {
      const last = rows.at(-1);
      if (last !== undefined && compareKeys(keyOf(last), keyOf(row)) > 0) isSorted = false;
      rows.push(row);
    },
    remove(row) {
      rows.splice(rows.indexOf(row), 1);
    },
    all() {
      if (!isSorted) rows.sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
      isSorted = true;
      return rows;
    },
  };
}

import { createHash, randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Books, Ledger, OnRecord } from '../../application/ports.ts';
import { type BudgetMark, type Exception, subjectKey } from '../../domain/budget.ts';
import type { OwnerSpend, Spending } from '../../domain/spending.ts';
import { DAY, type Instant, SECOND } from '../../domain/time.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import { expiry, fleetPartition, fromItem, type Item, toItem } from './items.ts';
import { chunked, put, replaceAll } from './replace.ts';

// Beside the runs, so that a scan reads all of it with them; `!` sorts before every run.
const BOOKS_KEY = '!books';
const SUMS_PREFIX = '!sums#';
const MARK_PREFIX = 'budget#';
const EXCEPTION_PREFIX = 'exception#';

/** What the closing leaves for scans, and what budgets have told and been told. */
export function dynamodbBooks(client: DynamoDBClient, table: string): Pick<Ledger, 'keep' | 'mark' | 'except'> {
  return {
    async keep(place, { sums, ...books }) {
      const pk = fleetPartition(place);
      const { account, region } = place;
      const chunks = sums.map(({ owners }) => chunked(owners));
      const heads = sums.map(({ owners: _, period, ...head }, n) => {
        return { ...head, period: ends(period), parts: chunks[n]!.length };
      });
      await replaceAll(client, table, { pk, prefix: SUMS_PREFIX }, (stamp) => [
        ...chunks.flatMap((parts, n) =>
          parts.map((owners, i) => ({ pk, sk: `${SUMS_PREFIX}${stamp}#${n}#${i}`, owners, account, region })),
        ),
        { pk, sk: BOOKS_KEY, ...books, sums: heads, stamp, account, region },
      ]);
    },
    async mark(place, { budget, subject, period, told, overSince }) {
      const { account, region } = place;
      // By a hash: names of budgets and teams may be longer than a key.
      const name = JSON.stringify([budget, subjectKey(subject), period.from]);
      const key = { pk: fleetPartition(place), sk: MARK_PREFIX + createHash('sha256').update(name).digest('hex') };
      const expiresAt = Number.isFinite(period.to) ? Math.ceil((period.to + 35 * DAY) / SECOND) : undefined;
      const fixed = { budget, subject, period: ends(period), account, region, expiresAt };
      const write = (since: Instant | undefined) => {
        const set = Object.entries({ ...fixed, overSince: since }).filter(([, value]) => value !== undefined);
        // DynamoDB takes no empty set: a limit that is seen spent may have nothing new to tell.
        const add: [string, unknown][] = told.length > 0 ? [['told', new Set(told)]] : [];
        const all = [...set, ...add];
        const command = new UpdateItemCommand({
          TableName: table,
          Key: toItem(key),
          UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}${add.length > 0 ? ' ADD #told :told' : ''}`,
          ExpressionAttributeNames: Object.fromEntries(all.map(([name]) => [`#${name}`, name])),
          ExpressionAttributeValues: toItem(Object.fromEntries(all.map(([name, value]) => [`:${name}`, value]))),
          ...(since === undefined
            ? {}
            : { ConditionExpression: 'attribute_not_exists(#overSince) OR #overSince > :overSince' }),
        });
        return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
      };
      // An earlier moment is on record: the rest is written beside it.
      if (!(await write(overSince))) await write(undefined);
    },
    async except(place, exception) {
      const { account, region } = place;
      const sk = `${EXCEPTION_PREFIX}${new Date(exception.at).toISOString()}#${randomUUID()}`;
      const lasting = Number.isFinite(exception.until) ? expiry(exception.until) : { until: undefined };
      await put(client, table, { pk: fleetPartition(place), sk, ...exception, account, region, ...lasting });
    },
  };
}

type Ends = { from: number; to?: number };

/** A total has no end, and DynamoDB no infinity. */
function ends({ from, to }: { from: number; to: number }): Ends {
  return Number.isFinite(to) ? { from, to } : { from };
}

function withEnd({ from, to = Number.POSITIVE_INFINITY }: Ends) {
  return { from, to };
}

type Head = Omit<Spending, 'owners' | 'period'> & { period: Ends; parts: number };
type BooksItem = Omit<Books, 'sums'> & { sums: Head[]; stamp: string } & Record<
    'pk' | 'sk' | 'account' | 'region',
    unknown
  >;

/** What a load has met of the books so far. */
export interface BooksReader {
  /** Whether the item was the books' own. */
  take(key: string, item: Item): boolean;
  read(): Pick<OnRecord, 'books' | 'marks' | 'exceptions'>;
}

/** Gathers the books among the items of the partition that a scan reads whole. */
export function booksReader(): BooksReader {
  let books: BooksItem | undefined;
  const sums = new Map<string, string>();
  const marks: BudgetMark[] = [];
  const exceptions: Exception[] = [];
  return {
    take(key, item) {
      if (key === BOOKS_KEY) books = fromItem<BooksItem>(item);
      else if (key.startsWith(SUMS_PREFIX)) sums.set(key.slice(SUMS_PREFIX.length), item.owners!.S!);
      else if (key.startsWith(MARK_PREFIX)) marks.push(readMark(item));
      else if (key.startsWith(EXCEPTION_PREFIX)) exceptions.push(readException(item));
      else return false;
      return true;
    },
    read() {
      const read = books && readBooks(books, sums);
      return {
        ...(read ? { books: read } : {}),
        ...(marks.length > 0 ? { marks } : {}),
        ...(exceptions.length > 0 ? { exceptions } : {}),
      };
    },
  };
}

/** Sums of which a part is missing are being replaced at this moment: whoever needs them makes them of the days. */
function readBooks(
  { sums: heads, stamp, pk: _, sk: __, account: ___, region: ____, ...books }: BooksItem,
  chunks: ReadonlyMap<string, string>,
): Books {
  const sums = heads.flatMap(({ parts, period, ...head }, n): Spending[] => {
    const json = Array.from({ length: parts }, (_, i) => chunks.get(`${stamp}#${n}#${i}`));
    if (json.some((part) => part === undefined)) return [];
    return [{ ...head, period: withEnd(period), owners: json.flatMap((part) => JSON.parse(part!) as OwnerSpend[]) }];
  });
  return { ...books, sums };
}

function readMark(item: Item): BudgetMark {
  const { budget, subject, period, told, overSince } = fromItem<
    Omit<BudgetMark, 'period' | 'told'> & { period: Ends; told?: Set<string> }
  >(item);
  return {
    budget,
    subject,
    period: withEnd(period),
    told: [...(told ?? [])].sort(),
    ...(overSince === undefined ? {} : { overSince }),
  };
}

function readException(item: Item): Exception {
  const { kind, budget, subject, amount, at, until = Number.POSITIVE_INFINITY, by, why } = fromItem<Exception>(item);
  return {
    kind,
    subject,
    at,
    until,
    by,
    why,
    ...(budget === undefined ? {} : { budget }),
    ...(amount === undefined ? {} : { amount }),
  };
}

import { createHash, randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Books, Ledger, OnRecord } from '../../application/ports.ts';
import { type BudgetMark, type Exception, subjectKey } from '../../domain/budget.ts';
import type { OwnerSpend, Spending } from '../../domain/spending.ts';
import { DAY, SECOND } from '../../domain/time.ts';
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
export function dynamodbBooks(
  client: DynamoDBClient,
  table: string,
): Pick<Ledger, 'keep' | 'mark' | 'except' | 'revoke'> {
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
    async mark(place, { budget, subject, period, told, over }) {
      const { account, region } = place;
      // By a hash: names of budgets and teams may be longer than a key.
      const name = JSON.stringify([budget, subjectKey(subject), period.from]);
      const key = { pk: fleetPartition(place), sk: MARK_PREFIX + createHash('sha256').update(name).digest('hex') };
      const lasting = Number.isFinite(period.to) ? { expiresAt: Math.ceil((period.to + 35 * DAY) / SECOND) } : {};
      const set = Object.entries({ budget, subject, period: ends(period), account, region, ...lasting });
      // DynamoDB takes no empty set: a threshold may be told before the limit is spent, and the other way round.
      const add = Object.entries({ told, over }).flatMap(([of, some]) =>
        some.length > 0 ? [[of, new Set(some)] as const] : [],
      );
      const all = [...set, ...add];
      const terms = (entries: readonly (readonly [string, unknown])[], sign: string) =>
        entries.map(([of]) => `#${of}${sign}:${of}`).join(', ');
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem(key),
        UpdateExpression: `SET ${terms(set, ' = ')}${add.length > 0 ? ` ADD ${terms(add, ' ')}` : ''}`,
        ExpressionAttributeNames: Object.fromEntries(all.map(([of]) => [`#${of}`, of])),
        ExpressionAttributeValues: toItem(Object.fromEntries(all.map(([of, value]) => [`:${of}`, value]))),
      });
      await call('dynamodb:UpdateItem', () => client.send(command));
    },
    async except(place, { id: _, ...exception }) {
      const { account, region } = place;
      const sk = `${EXCEPTION_PREFIX}${new Date(exception.at).toISOString()}#${randomUUID()}`;
      const lasting = Number.isFinite(exception.until) ? expiry(exception.until) : { until: undefined };
      await put(client, table, { pk: fleetPartition(place), sk, ...exception, account, region, ...lasting });
    },
    async revoke(place, { id, until }, { at, by, why }) {
      if (id === undefined || until <= at) return false;
      const revoked = { by, ...(why ? { why } : {}), ...(Number.isFinite(until) ? { until } : {}) };
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem({ pk: fleetPartition(place), sk: EXCEPTION_PREFIX + id }),
        // What else it says stays: a record of who gave what, and who took it back.
        UpdateExpression: 'SET #until = :at, revoked = :revoked, expiresAt = :expires',
        // Another may have taken it back since.
        ConditionExpression: Number.isFinite(until)
          ? '#until = :until'
          : 'attribute_exists(pk) AND attribute_not_exists(#until)',
        ExpressionAttributeNames: { '#until': 'until' },
        ExpressionAttributeValues: toItem({
          ':at': at,
          ':revoked': revoked,
          ':expires': expiry(at).expiresAt,
          ...(Number.isFinite(until) ? { ':until': until } : {}),
        }),
      });
      return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
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
  const { budget, subject, period, told, over } = fromItem<
    Pick<BudgetMark, 'budget' | 'subject'> & { period: Ends; told?: Set<string>; over?: Set<string> }
  >(item);
  return { budget, subject, period: withEnd(period), told: [...(told ?? [])].sort(), over: [...(over ?? [])].sort() };
}

function readException(item: Item): Exception {
  const { sk, ...read } = fromItem<Exception & { sk: string }>(item);
  const { kind, budget, subject, amount, at, until = Number.POSITIVE_INFINITY, by, why, revoked } = read;
  return {
    id: sk.slice(EXCEPTION_PREFIX.length),
    kind,
    subject,
    at,
    until,
    by,
    ...(why ? { why } : {}),
    ...(budget === undefined ? {} : { budget }),
    ...(amount === undefined ? {} : { amount }),
    ...(revoked ? { revoked } : {}),
  };
}

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Books, Ledger, OnRecord } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import { type BudgetMark, type Exception, subjectKey } from '../../domain/budget.ts';
import type { LedgerDay, LedgerLine } from '../../domain/ledger.ts';
import { dateOf } from '../../domain/period.ts';
import type { OwnerSpend, Spending } from '../../domain/spending.ts';
import { DAY, SECOND } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { expiry, fleetPartition, fromItem, type Item, monthsBetween, toItem } from './items.ts';
import { query } from './query.ts';

/** The IAM actions that each verb calls. */
export const LEDGER_CALLS: Calls<Ledger> = {
  days: ['dynamodb:Query'],
  close: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
  keep: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
  mark: ['dynamodb:UpdateItem'],
  except: ['dynamodb:PutItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const LEDGER_ACTIONS = /* @__PURE__ */ actionsOf(LEDGER_CALLS);

// Beside the runs, so that a scan reads all of it with them; `!` sorts before every run.
const BOOKS_KEY = '!books';
const SUMS_PREFIX = '!sums#';
const MARK_PREFIX = 'budget#';
const EXCEPTION_PREFIX = 'exception#';

/** How many characters of JSON an item holds: DynamoDB takes 400 KB, and a character of a name may be four bytes. */
const CHUNK = 90_000;

/** The books in DynamoDB. What is larger than an item lies in several, under a stamp of its own: no reader meets half of two. */
export function dynamodbLedger(client: DynamoDBClient, table: string): Ledger {
  const put = (item: object) =>
    call('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item: toItem(item) })));
  const remove = (pk: string, sk: string) =>
    call('dynamodb:DeleteItem', () =>
      client.send(new DeleteItemCommand({ TableName: table, Key: toItem({ pk, sk }) })),
    );
  const keysOf = async (pk: string, prefix: string): Promise<string[]> => {
    const keys: string[] = [];
    const input = {
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toItem({ ':pk': pk, ':prefix': prefix }),
      ProjectionExpression: 'sk',
      ConsistentRead: true,
    };
    await query(client, input, (item) => keys.push(item.sk!.S!));
    return keys;
  };
  return {
    async days(place, from, to) {
      const found = new Map<string, DayItem[]>();
      for (const at of monthsBetween(from, Math.max(from, to - 1))) {
        const input = {
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
          // `~` sorts after whatever a key of that day goes on with.
          ExpressionAttributeValues: toItem({
            ':pk': ledgerPartition(place, dateOf(at)),
            ':first': dateOf(from),
            ':last': `${dateOf(Math.max(from, to - 1))}~`,
          }),
          ConsistentRead: true,
        };
        await query(client, input, (item) => {
          const chunk = fromItem<DayItem>(item);
          const [date, stamp] = chunk.sk.split('#') as [string, string];
          found.set(`${date}#${stamp}`, [...(found.get(`${date}#${stamp}`) ?? []), chunk]);
        });
      }
      return wholeDays([...found.values()]).filter(({ date }) => {
        const at = Date.parse(date);
        return from <= at && at < to;
      });
    },
    async close(place, { date, lines, settledAt, foreign }) {
      const pk = ledgerPartition(place, date);
      const before = await keysOf(pk, `${date}#`);
      const stamp = randomUUID();
      const chunks = chunked(lines);
      for (const [i, json] of chunks.entries()) {
        const more = { ...(settledAt === undefined ? {} : { settledAt }), ...(foreign ? { foreign } : {}) };
        const { account, region } = place;
        const of = { chunks: chunks.length, lines: json, account, region };
        await put({ pk, sk: `${date}#${stamp}#${i}`, ...of, ...more });
      }
      for (const sk of before) await remove(pk, sk);
    },
    async keep(place, { sums, ...books }) {
      const pk = fleetPartition(place);
      const { account, region } = place;
      const before = await keysOf(pk, SUMS_PREFIX);
      const stamp = randomUUID();
      const parts: number[] = [];
      for (const [n, { owners }] of sums.entries()) {
        const chunks = chunked(owners);
        parts.push(chunks.length);
        for (const [i, json] of chunks.entries())
          await put({ pk, sk: `${SUMS_PREFIX}${stamp}#${n}#${i}`, owners: json, account, region });
      }
      const heads = sums.map(({ owners: _, ...head }, n) => ({ ...head, period: ends(head.period), parts: parts[n] }));
      await put({ pk, sk: BOOKS_KEY, ...books, sums: heads, stamp, account, region });
      for (const sk of before) await remove(pk, sk);
    },
    async mark(place, { budget, subject, period, told, overSince }) {
      const { account, region } = place;
      const names = {
        '#budget': 'budget',
        '#subject': 'subject',
        '#period': 'period',
        '#told': 'told',
        '#region': 'region',
      };
      const sets = [
        '#budget = :budget',
        '#subject = :subject',
        '#period = :period',
        'account = :account',
        '#region = :region',
        'expiresAt = :expiresAt',
        ...(overSince === undefined ? [] : ['overSince = if_not_exists(overSince, :overSince)']),
      ];
      // DynamoDB takes no empty set: a limit that is seen spent may have nothing new to tell.
      const add = told.length > 0 ? ' ADD #told :told' : '';
      if (!add) delete (names as Record<string, string>)['#told'];
      const values = toItem({
        ':budget': budget,
        ':subject': subject,
        ':period': ends(period),
        ':account': account,
        ':region': region,
        ':expiresAt': Number.isFinite(period.to) ? Math.ceil((period.to + 35 * DAY) / SECOND) : undefined,
        ...(overSince === undefined ? {} : { ':overSince': overSince }),
        ...(told.length > 0 ? { ':told': new Set(told) } : {}),
      });
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem({
          pk: fleetPartition(place),
          sk: `${MARK_PREFIX}${JSON.stringify([budget, subjectKey(subject), period.from])}`,
        }),
        UpdateExpression: `SET ${sets.filter((set) => values[':expiresAt'] || !set.startsWith('expiresAt')).join(', ')}${add}`,
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
      });
      await call('dynamodb:UpdateItem', () => client.send(command));
    },
    async except(place, exception) {
      const { account, region } = place;
      const sk = `${EXCEPTION_PREFIX}${new Date(exception.at).toISOString()}#${randomUUID()}`;
      const lasting = Number.isFinite(exception.until) ? expiry(exception.until) : {};
      const record = { ...exception, ...(Number.isFinite(exception.until) ? {} : { until: undefined }) };
      await put({ pk: fleetPartition(place), sk, ...record, account, region, ...lasting });
    },
  };
}

type DayItem = Pick<LedgerDay, 'settledAt' | 'foreign'> & { sk: string; chunks: number; lines: string };
type Ends = { from: number; to?: number };

/** A total has no end, and DynamoDB no infinity. */
function ends({ from, to }: { from: number; to: number }): Ends {
  return Number.isFinite(to) ? { from, to } : { from };
}

function withEnd({ from, to = Number.POSITIVE_INFINITY }: Ends) {
  return { from, to };
}

/** Days by month, and kept for good: a total is all of them. */
function ledgerPartition({ account, region }: Place, date: string): string {
  return `ledger#${account}#${region}#${date.slice(0, 7)}`;
}

/** Rows as JSON, cut where an item is full; one piece at least. */
function chunked(rows: unknown[]): string[] {
  const chunks: string[] = [];
  let chunk: string[] = [];
  let size = 0;
  for (const row of rows) {
    const json = JSON.stringify(row);
    if (size + json.length > CHUNK && chunk.length > 0) {
      chunks.push(`[${chunk.join()}]`);
      [chunk, size] = [[], 0];
    }
    chunk.push(json);
    size += json.length + 1;
  }
  return [...chunks, `[${chunk.join()}]`];
}

/** Of each date, what is there whole: settled before unsettled, where one replaces the other at this moment. */
function wholeDays(sets: DayItem[][]): LedgerDay[] {
  const days = new Map<string, LedgerDay>();
  for (const set of sets) {
    const [first] = set;
    if (!first || set.length < first.chunks) continue;
    const [date] = first.sk.split('#') as [string];
    const known = days.get(date);
    if (known && (known.settledAt ?? 0) > (first.settledAt ?? 0)) continue;
    const index = ({ sk }: DayItem) => Number(sk.split('#')[2]);
    const lines = set
      .sort((a, b) => index(a) - index(b))
      .flatMap(({ lines: json }) => JSON.parse(json) as LedgerLine[]);
    const { settledAt, foreign } = first;
    const more = { ...(settledAt === undefined ? {} : { settledAt }), ...(foreign ? { foreign } : {}) };
    days.set(date, { date, lines, ...more });
  }
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
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

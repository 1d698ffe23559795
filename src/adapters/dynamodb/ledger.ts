import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Ledger } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import type { LedgerDay, LedgerLine } from '../../domain/ledger.ts';
import { dateOf } from '../../domain/period.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { dynamodbBooks } from './books.ts';
import { fromItem, monthsBetween, toItem } from './items.ts';
import { query } from './query.ts';
import { chunked, replaceAll } from './replace.ts';

/** The IAM actions that each verb calls. */
export const LEDGER_CALLS: Calls<Ledger> = {
  days: ['dynamodb:Query'],
  close: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
  keep: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
  mark: ['dynamodb:UpdateItem'],
  except: ['dynamodb:PutItem'],
  revoke: ['dynamodb:UpdateItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const LEDGER_ACTIONS = /* @__PURE__ */ actionsOf(LEDGER_CALLS);

/** The books in DynamoDB. What is larger than an item lies in several, under a stamp of its own: no reader meets half of two. */
export function dynamodbLedger(client: DynamoDBClient, table: string): Ledger {
  return {
    ...dynamodbBooks(client, table),
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
    async close(place, { date, lines, ...more }) {
      const { account, region } = place;
      const pk = ledgerPartition(place, date);
      const chunks = chunked(lines);
      await replaceAll(client, table, { pk, prefix: `${date}#` }, (stamp) =>
        chunks.map((json, i) => {
          return { pk, sk: `${date}#${stamp}#${i}`, chunks: chunks.length, lines: json, account, region, ...more };
        }),
      );
    },
  };
}

type DayItem = Pick<LedgerDay, 'settledAt' | 'foreign' | 'isUnseen'> & { sk: string; chunks: number; lines: string };

/** Days by month, and kept for good: a total is all of them. */
function ledgerPartition({ account, region }: Place, date: string): string {
  return `ledger#${account}#${region}#${date.slice(0, 7)}`;
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
    const { settledAt, foreign, isUnseen } = first;
    const more = {
      ...(isUnseen ? { isUnseen } : {}),
      ...(settledAt === undefined ? {} : { settledAt }),
      ...(foreign ? { foreign } : {}),
    };
    days.set(date, { date, lines, ...more });
  }
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

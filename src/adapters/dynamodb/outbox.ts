import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Outbox, Owed } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import { placeKey } from '../../domain/app.ts';
import { type Fate, type Notice, type PastNotice, TRACES, type Trace } from '../../domain/notice.ts';
import type { Standing } from '../../domain/rules/delivery.ts';
import type { Instant } from '../../domain/time.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import type { Item } from './items.ts';
import { expiry, fromItem, monthsBetween, toItem } from './items.ts';
import { OWED_INDEX } from './table.ts';

/** The IAM actions that each verb calls. */
export const OUTBOX_CALLS: Calls<Outbox> = {
  owe: ['dynamodb:PutItem', 'dynamodb:GetItem'],
  standings: ['dynamodb:GetItem'],
  owed: ['dynamodb:Query'],
  oldest: ['dynamodb:Query'],
  claim: ['dynamodb:UpdateItem'],
  settle: ['dynamodb:UpdateItem'],
  postpone: ['dynamodb:UpdateItem'],
  get: ['dynamodb:GetItem'],
  trace: ['dynamodb:UpdateItem'],
  history: ['dynamodb:Query'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const OUTBOX_ACTIONS = /* @__PURE__ */ actionsOf(OUTBOX_CALLS);

/** The lower goes first: what is about to happen to somebody's work passes what can wait. */
const URGENCY: Record<Notice['facts']['kind'], number> = {
  warning: 1,
  stopped: 2,
  budget: 2,
  failure: 2,
  confirmation: 3,
  digest: 5,
  report: 6,
};

/** Sorts before every urgency. */
const FIRST = '0';

/** A notice that is owed. */
const OWED = 'attribute_exists(owedPk) AND attribute_not_exists(settledAt)';

type NoticeItem = Notice & {
  pk: string;
  sk: string;
  attempts: number;
  fate?: Fate;
  settledAt?: Instant;
} & Partial<Record<Trace, Instant>>;

/**
 * The outbox in DynamoDB. A notice is one item for good, so that it is never owed twice. In the index it stands among
 * what is owed, which `deliver` reads, until it is settled; from then on under its month, as history.
 * @param cause the event that whatever is owed comes of
 */
export function dynamodbOutbox(client: DynamoDBClient, table: string, cause?: string): Outbox {
  const update = (
    notice: Notice,
    expression: { UpdateExpression: string; ConditionExpression: string },
    values?: object,
  ) => {
    const command = new UpdateItemCommand({
      TableName: table,
      Key: toItem(itemKey(notice)),
      ...expression,
      ...(values ? { ExpressionAttributeValues: toItem(values) } : {}),
    });
    return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
  };
  return {
    async owe(notice) {
      const whence = cause === undefined ? {} : { cause };
      const keys = { ...itemKey(notice), ...owedKey(notice) };
      const Item = toItem({ ...keys, ...whence, ...notice, attempts: 0, ...expiry(notice.owedAt) });
      const command = new PutItemCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' });
      if (await conditional(() => call('dynamodb:PutItem', () => client.send(command))))
        return { owedAt: notice.owedAt, isNew: true };
      const get = new GetItemCommand({
        TableName: table,
        Key: toItem(itemKey(notice)),
        ConsistentRead: true,
        ProjectionExpression: 'owedAt',
      });
      const found = await call('dynamodb:GetItem', () => client.send(get));
      return { owedAt: found.Item ? fromItem<Notice>(found.Item).owedAt : notice.owedAt, isNew: false };
    },
    standings: (place, ids) => standings(client, table, place, ids),
    owed: (place, now, limit) => owed(client, table, place, now, limit),
    oldest: (place) => oldest(client, table, place),
    claim: (notice, now, until) =>
      update(
        notice,
        {
          UpdateExpression: 'SET claimedUntil = :until ADD attempts :one',
          ConditionExpression: `${OWED} AND (attribute_not_exists(claimedUntil) OR claimedUntil <= :now)`,
        },
        { ':until': until, ':now': now, ':one': 1 },
      ),
    async settle(notice, fate, now) {
      await update(
        notice,
        {
          UpdateExpression: 'SET fate = :fate, settledAt = :now, owedPk = :month, owedSk = :since REMOVE claimedUntil',
          ConditionExpression: OWED,
        },
        {
          ':fate': fate,
          ':now': now,
          ':month': monthOf(notice, notice.owedAt),
          ':since': since(notice.owedAt, notice.id),
        },
      );
    },
    async postpone(notice, at, code) {
      // A claim until then: nobody else takes it before.
      await update(
        notice,
        {
          UpdateExpression: 'SET claimedUntil = :at, lastCode = :code',
          ConditionExpression: OWED,
        },
        { ':at': at, ':code': code },
      );
    },
    async get({ account, region }, id) {
      const key = toItem(itemKey({ id, account, region }));
      const get = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
      const { Item } = await call('dynamodb:GetItem', () => client.send(get));
      return Item && readPast(Item);
    },
    async trace({ account, region }, id, what, at) {
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem(itemKey({ id, account, region })),
        UpdateExpression: 'SET #what = :at',
        ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(#what)',
        ExpressionAttributeNames: { '#what': what },
        ExpressionAttributeValues: toItem({ ':at': at }),
      });
      return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
    },
    async history(place, from, now) {
      const read = (pk: string, sk: string) => pagesOf(client, table, pk, sk);
      // What is owed first: what is settled meanwhile is then found twice, never missed. Later tellings hold.
      const owed = await read(placeKey(place), FIRST);
      const months = monthsBetween(from, now).map((at) => read(monthOf(place, at), since(from, '')));
      const items = [owed, ...(await Promise.all(months))].flat().map(readPast);
      const past = [...new Map(items.map((one) => [one.notice.id, one])).values()];
      return past
        .filter(({ notice }) => notice.owedAt >= from)
        .sort((a, b) => b.notice.owedAt - a.notice.owedAt || (a.notice.id < b.notice.id ? -1 : 1));
    },
  };
}

/** Settled notices lie in the index by the month (UTC) in which they were first owed. */
function monthOf(place: Place, at: Instant): string {
  return `${placeKey(place)}#${new Date(at).toISOString().slice(0, 7)}`;
}

function since(at: Instant, id: string): string {
  return `${new Date(at).toISOString()}#${id}`;
}

/** All of the index under a key, from a sort key on. */
async function pagesOf(client: DynamoDBClient, table: string, pk: string, from: string): Promise<Item[]> {
  const items: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      IndexName: OWED_INDEX,
      KeyConditionExpression: 'owedPk = :pk AND owedSk >= :from',
      ExpressionAttributeValues: toItem({ ':pk': pk, ':from': from }),
      ExclusiveStartKey,
    });
    const page = await call('dynamodb:Query', () => client.send(command));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return items;
}

function readPast(item: Item): PastNotice {
  const read = fromItem<NoticeItem>(item);
  const { fate, settledAt } = read;
  const traces = TRACES.map((trace) => [trace, read[trace]]).filter(([, at]) => at !== undefined);
  return {
    ...readOwed(item),
    ...(fate ? { fate: { ...fate, at: settledAt! } } : {}),
    traces: Object.fromEntries(traces),
  };
}

function itemKey({ id, account, region }: Pick<Notice, 'id' | 'account' | 'region'>): { pk: string; sk: string } {
  return { pk: `notice#${placeKey({ account, region })}`, sk: id };
}

function owedKey(notice: Notice): { owedPk: string; owedSk: string } {
  const { facts, owedAt, id } = notice;
  return { owedPk: placeKey(notice), owedSk: `${URGENCY[facts.kind]}#${new Date(owedAt).toISOString()}#${id}` };
}

async function owed(client: DynamoDBClient, table: string, place: Place, now: Instant, limit: number): Promise<Owed[]> {
  const found: Owed[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const command = new QueryCommand({
      TableName: table,
      IndexName: OWED_INDEX,
      KeyConditionExpression: 'owedPk = :place',
      FilterExpression: 'attribute_not_exists(claimedUntil) OR claimedUntil <= :now',
      ExpressionAttributeValues: toItem({ ':place': placeKey(place), ':now': now }),
      Limit: Math.max(limit, 25),
      ExclusiveStartKey,
    });
    const page = await call('dynamodb:Query', () => client.send(command));
    for (const item of page.Items ?? []) found.push(readOwed(item));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey && found.length < limit);
  return found.slice(0, limit);
}

/** The oldest of each urgency stands first in it: one small query for each that is owed, and one that finds no more. */
async function oldest(client: DynamoDBClient, table: string, place: Place): ReturnType<Outbox['oldest']> {
  const found: Awaited<ReturnType<Outbox['oldest']>> = [];
  for (let from = FIRST; ; ) {
    const command = new QueryCommand({
      TableName: table,
      IndexName: OWED_INDEX,
      KeyConditionExpression: 'owedPk = :place AND owedSk >= :from',
      ExpressionAttributeValues: toItem({ ':place': placeKey(place), ':from': from }),
      Limit: 1,
    });
    const [item] = (await call('dynamodb:Query', () => client.send(command))).Items ?? [];
    if (!item) return found;
    const { facts, owedAt, owedSk } = fromItem<Pick<Notice, 'facts' | 'owedAt'> & { owedSk: string }>(item);
    found.push({ kind: facts.kind, owedAt });
    from = `${Number.parseInt(owedSk, 10) + 1}`;
  }
}

async function standings(client: DynamoDBClient, table: string, place: Place, ids: string[]): Promise<Standing[]> {
  const read = async (id: string): Promise<Standing | undefined> => {
    const { account, region } = place;
    const get = new GetItemCommand({
      TableName: table,
      Key: toItem(itemKey({ id, account, region })),
      ConsistentRead: true,
      ProjectionExpression: 'owedAt, attempts, fate, settledAt',
    });
    const { Item } = await call('dynamodb:GetItem', () => client.send(get));
    if (!Item) return undefined;
    const { owedAt, attempts, fate, settledAt } = fromItem<{
      owedAt: number;
      attempts: number;
      fate?: Fate;
      settledAt?: number;
    }>(Item);
    return { owedAt, attempts, ...(fate ? { fate: { kind: fate.kind, at: settledAt! } } : {}) };
  };
  return (await Promise.all(ids.map(read))).filter((standing) => standing !== undefined);
}

function readOwed(item: Item): Owed {
  const { id, to, account, region, owedAt, facts, cause, attempts } = fromItem<NoticeItem>(item);
  return { notice: { id, to, account, region, owedAt, facts, ...(cause === undefined ? {} : { cause }) }, attempts };
}

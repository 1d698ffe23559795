import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { OnRecord, RunChange, Runs, ScanState } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import { assertNever } from '../../domain/assert-never.ts';
import type { Rates } from '../../domain/cost.ts';
import type { Pause } from '../../domain/pause.ts';
import { isMark, type Run } from '../../domain/run.ts';
import type { Instant } from '../../domain/time.ts';
import type { Volume } from '../../domain/volume.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { booksReader } from './books.ts';
import { conditional } from './conditional.ts';
import { isInHistory, readHistory } from './history.ts';
import type { Item } from './items.ts';
import { fleetPartition, fromItem, historyItem, readRun, runItem, runItemKey, STATE_KEY, toItem } from './items.ts';
import { dynamodbPauses, PAUSE_KEY, PAUSES_CALLS, readPause } from './pauses.ts';
import { PRICES_KEY, readPrices } from './prices.ts';
import { partition, query } from './query.ts';
import { readVolume, VOLUME_PREFIX } from './volumes.ts';

/** The IAM actions that each verb calls. */
export const RUNS_CALLS: Calls<Runs> = {
  load: ['dynamodb:Query'],
  get: ['dynamodb:GetItem'],
  open: ['dynamodb:PutItem'],
  change: ['dynamodb:UpdateItem'],
  retire: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
  backfill: ['dynamodb:Query', 'dynamodb:PutItem'],
  history: ['dynamodb:Query'],
  remember: ['dynamodb:PutItem'],
  place: ['dynamodb:Scan'],
  ...PAUSES_CALLS,
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const RUNS_ACTIONS = /* @__PURE__ */ actionsOf(RUNS_CALLS);

/** The record of runs in DynamoDB: one conditional write on one item each. */
export function dynamodbRuns(client: DynamoDBClient, table: string): Runs {
  const put = (item: object, condition: object = {}) => {
    const command = new PutItemCommand({ TableName: table, Item: toItem(item), ...condition });
    return conditional(() => call('dynamodb:PutItem', () => client.send(command)));
  };
  // Of two tellings of one run the newer stays, or else the one with the earlier end.
  const archive = async (run: Run, freedAt: Instant) => {
    await put(historyItem(run, freedAt), {
      ConditionExpression:
        'attribute_not_exists(pk) OR version < :version OR (version = :version AND endedAt > :endedAt)',
      ExpressionAttributeValues: toItem({ ':version': run.version, ':endedAt': run.endedAt }),
    });
  };
  return {
    ...dynamodbPauses(client, table),
    load: (place) => load(client, table, place),
    async get(app) {
      const command = new GetItemCommand({ TableName: table, Key: toItem(runItemKey(app)), ConsistentRead: true });
      const { Item } = await call('dynamodb:GetItem', () => client.send(command));
      return Item && readRun(Item);
    },
    async open(run, replaces) {
      if (!replaces) return put(runItem(run), { ConditionExpression: 'attribute_not_exists(pk)' });
      // History first: it has the same key and the same content whoever writes it, and a crash leaves the name as it was.
      await archive(replaces, run.startedAt);
      return put(runItem(run), unchanged(replaces));
    },
    async change(run, change) {
      const { set, condition, names = {}, values = {} } = expressionOf(run, change);
      const counter = change.kind === 'evidence' ? 'looks' : 'version';
      const command = new UpdateItemCommand({
        TableName: table,
        Key: toItem(runItemKey(run.app)),
        UpdateExpression: `${set} ADD ${counter} :one`,
        ConditionExpression: `startedAt = :startedAt AND ${condition}`,
        ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
        ExpressionAttributeValues: toItem({ ...values, ':one': 1, ':startedAt': run.startedAt }),
      });
      return conditional(() => call('dynamodb:UpdateItem', () => client.send(command)));
    },
    async retire(run) {
      await archive(run, run.endedAt!);
      const command = new DeleteItemCommand({ TableName: table, Key: toItem(runItemKey(run.app)), ...unchanged(run) });
      return conditional(() => call('dynamodb:DeleteItem', () => client.send(command)));
    },
    async backfill(run, holder) {
      if (!isMark(run) && (await isInHistory(client, table, run, holder.startedAt))) return;
      await put(historyItem(run, holder.startedAt), { ConditionExpression: 'attribute_not_exists(pk)' });
    },
    history: (place, since, now) => readHistory(client, table, { place, since, now }),
    async remember(place, state) {
      const { account, region } = place;
      await put({ pk: fleetPartition(place), sk: STATE_KEY, account, region, ...state });
    },
    async place() {
      // Every item says whose it is, but for the counts of askings.
      let ExclusiveStartKey: Item | undefined;
      do {
        const command = new ScanCommand({
          TableName: table,
          Limit: 10,
          ProjectionExpression: 'account, #region',
          FilterExpression: 'attribute_exists(account)',
          ExpressionAttributeNames: { '#region': 'region' },
          ExclusiveStartKey,
        });
        const { Items = [], LastEvaluatedKey } = await call('dynamodb:Scan', () => client.send(command));
        if (Items[0]) return fromItem<Place>(Items[0]);
        ExclusiveStartKey = LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return undefined;
    },
  };
}

async function load(client: DynamoDBClient, table: string, place: Place): Promise<OnRecord> {
  const runs: Run[] = [];
  const volumes: Volume[] = [];
  let state: ScanState = {};
  let prices: Rates | undefined;
  const books = booksReader();
  let pause: Pause | undefined;
  await query(client, { TableName: table, ...partition(fleetPartition(place)), ConsistentRead: true }, (item) => {
    const key = item.sk?.S ?? '';
    if (key === STATE_KEY) state = readState(item);
    else if (key === PRICES_KEY) prices = readPrices(item);
    else if (key === PAUSE_KEY) pause = readPause(item);
    else if (key.startsWith(VOLUME_PREFIX)) volumes.push(readVolume(item));
    else if (!books.take(key, item)) runs.push(readRun(item));
  });
  const others = { ...(volumes.length > 0 ? { volumes } : {}), ...(prices ? { prices } : {}), ...books.read() };
  return { runs, state, ...others, ...(pause ? { pause } : {}) };
}

function readState(item: Item): ScanState {
  const { digest, digestAt, valve, asked, idleAfter } = fromItem<ScanState>(item);
  return {
    ...(digest === undefined ? {} : { digest }),
    ...(digestAt === undefined ? {} : { digestAt }),
    ...(valve === undefined ? {} : { valve }),
    ...(asked === undefined ? {} : { asked }),
    ...(idleAfter === undefined ? {} : { idleAfter }),
  };
}

/** The item is still the one that was read. */
function unchanged(run: Run): object {
  return {
    ConditionExpression: 'startedAt = :startedAt AND version = :version',
    ExpressionAttributeValues: toItem({ ':startedAt': run.startedAt, ':version': run.version }),
  };
}

const GOING_ON = 'attribute_not_exists(endedAt)';

/** No evidence has come since the run was read. */
function unseen({ looks }: Run): { condition: string; values: Record<string, unknown> } {
  if (looks === undefined) return { condition: 'attribute_not_exists(looks)', values: {} };
  return { condition: 'looks = :looks', values: { ':looks': looks } };
}

/** What is armed is what it was when the run was read. */
function asArmed({ backstop }: Run): Omit<Expression, 'set'> {
  if (!backstop) return { condition: 'attribute_not_exists(backstop)' };
  const isSet = `attribute_${backstop.isSet ? '' : 'not_'}exists(backstop.isSet)`;
  return {
    condition: `backstop.#name = :name AND backstop.#at = :knownAt AND backstop.since = :since AND ${isSet}`,
    names: { '#name': 'name', '#at': 'at' },
    values: { ':name': backstop.name, ':knownAt': backstop.at, ':since': backstop.since },
  };
}

interface Expression {
  set: string;
  condition: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

function expressionOf(run: Run, change: RunChange): Expression {
  switch (change.kind) {
    case 'warn':
      return {
        set: 'SET warnings.#rule = :warning',
        condition: GOING_ON,
        names: { '#rule': change.rule },
        values: { ':warning': change.warning },
      };
    case 'lift': {
      const names = Object.fromEntries(change.warnings.map(({ rule }, i) => [`#rule${i}`, rule]));
      const values = Object.fromEntries(change.warnings.map(({ number }, i) => [`:warning${i}`, { number }]));
      return {
        set: `SET ${change.warnings.map((_, i) => `warnings.#rule${i} = :warning${i}`).join(', ')}`,
        condition: GOING_ON,
        names,
        values,
      };
    }
    case 'stop': {
      const { condition, values } = change.isIdle ? unseen(run) : { condition: GOING_ON, values: {} };
      return {
        set: 'SET stop = :stop',
        condition: `${GOING_ON} AND version = :version AND ${condition}`,
        values: { ...values, ':stop': change.stop, ':version': run.version },
      };
    }
    case 'retry':
      if (!change.stop) return { set: 'REMOVE stop', condition: GOING_ON };
      return { set: 'SET stop = :stop', condition: GOING_ON, values: { ':stop': change.stop } };
    case 'end':
      if (change.stop) {
        const values = { ':at': change.at, ':stop': change.stop };
        return {
          set: 'SET endedAt = if_not_exists(endedAt, :at), stop = :stop',
          condition: 'attribute_exists(pk)',
          values,
        };
      }
      return {
        set: 'SET endedAt = :at',
        condition: `(${GOING_ON} OR endedAt > :at)`,
        values: { ':at': change.at },
      };
    case 'ends': {
      const { endedAt, laterEnds, stop } = change;
      return {
        set: `SET endedAt = :endedAt, laterEnds = :laterEnds${stop ? ', stop = :stop' : ''}`,
        condition: 'version = :version',
        values: {
          ...{ ':endedAt': endedAt, ':laterEnds': laterEnds, ':version': run.version },
          ...(stop ? { ':stop': stop } : {}),
        },
      };
    }
    case 'backstop': {
      const { backstop } = change;
      const { condition, names = {}, values } = asArmed(run);
      const isIntention = backstop !== undefined && !backstop.isSet;
      return {
        set: backstop ? 'SET backstop = :backstop' : 'REMOVE backstop',
        condition: isIntention ? `${condition} AND ${GOING_ON}` : condition,
        names,
        values: { ...values, ...(backstop ? { ':backstop': backstop } : {}) },
      };
    }
    case 'facts': {
      const facts = Object.entries({
        owner: change.owner,
        team: change.team,
        sharing: change.sharing,
        instanceType: change.instanceType,
        contact: change.contact,
      }).filter(([, value]) => value !== undefined);
      return {
        set: `SET ${facts.map(([name]) => `#${name} = :${name}`).join(', ')}`,
        condition: GOING_ON,
        names: Object.fromEntries(facts.map(([name]) => [`#${name}`, name])),
        values: Object.fromEntries(facts.map(([name, value]) => [`:${name}`, value])),
      };
    }
    case 'extend':
      return {
        set: 'SET extensions = list_append(extensions, :asked)',
        condition: `${GOING_ON} AND NOT contains(extensions, :at)`,
        values: { ':asked': [change.at], ':at': change.at },
      };
    case 'evidence': {
      const { condition, values } = unseen(run);
      const { evidence, use } = change;
      return {
        set: `SET evidence.#source = :evidence${use ? ', #use = :use' : ''}`,
        condition: `${GOING_ON} AND ${condition}`,
        names: { '#source': evidence.source, ...(use ? { '#use': 'use' } : {}) },
        values: { ...values, ':evidence': evidence, ...(use ? { ':use': use } : {}) },
      };
    }
    default:
      return assertNever(change);
  }
}

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Volumes } from '../../application/ports.ts';
import { type Place, placeKey } from '../../domain/app.ts';
import { spaceKey } from '../../domain/picture.ts';
import type { Instant } from '../../domain/time.ts';
import type { Volume } from '../../domain/volume.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { conditional } from './conditional.ts';
import { expiry, fleetPartition, fromItem, type Item, KEPT, monthsBetween, toItem } from './items.ts';
import { partition, query } from './query.ts';

/** The IAM actions that each verb calls. */
export const VOLUMES_CALLS: Calls<Volumes> = {
  record: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
  history: ['dynamodb:Query'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const VOLUMES_ACTIONS = /* @__PURE__ */ actionsOf(VOLUMES_CALLS);

/** What the sort keys of volumes begin with, in the partition that a scan reads whole. */
export const VOLUME_PREFIX = 'volume#';

/** The record of volumes in DynamoDB: beside the runs, so that a scan reads both at once. */
export function dynamodbVolumes(client: DynamoDBClient, table: string): Volumes {
  const put = (item: object, condition: object = {}) => {
    const command = new PutItemCommand({ TableName: table, Item: toItem(item), ...condition });
    return conditional(() => call('dynamodb:PutItem', () => client.send(command)));
  };
  return {
    async record({ ended, opened }) {
      // History first, as with runs: the same item whoever writes it, and a crash leaves the stretch to be ended again.
      if (ended) await put(historyItem(ended));
      if (opened) return put({ ...keyOf(opened), ...opened }, ended ? unchanged(ended) : isNew);
      const command = new DeleteItemCommand({ TableName: table, Key: toItem(keyOf(ended!)), ...unchanged(ended!) });
      return conditional(() => call('dynamodb:DeleteItem', () => client.send(command)));
    },
    async history(place, since, now) {
      const volumes = new Map<string, Volume>();
      for (const at of monthsBetween(Math.max(since, now - KEPT), now)) {
        await query(client, { TableName: table, ...partition(historyPartition(place, at)) }, (item) => {
          const volume = readVolume(item);
          const key = `${spaceKey(volume)}@${volume.since}`;
          // Two scans that saw one end at a month's edge: it was over by the earlier.
          const other = volumes.get(key);
          if (!other || volume.until! < other.until!) volumes.set(key, volume);
        });
      }
      return [...volumes.values()].filter(({ until }) => until! > since);
    },
  };
}

const isNew = { ConditionExpression: 'attribute_not_exists(pk)' };

function unchanged({ since }: Volume): object {
  return { ConditionExpression: 'since = :since', ExpressionAttributeValues: toItem({ ':since': since }) };
}

function keyOf(volume: Volume): { pk: string; sk: string } {
  return { pk: fleetPartition(volume), sk: `${VOLUME_PREFIX}${spaceKey(volume)}` };
}

function historyItem(volume: Volume): object {
  const { since, until } = volume;
  const sk = `${spaceKey(volume)}@${new Date(since).toISOString()}`;
  return { pk: historyPartition(volume, until!), sk, ...volume, ...expiry(until!) };
}

/** Stretches that are over lie by the month of their end (UTC). */
function historyPartition(place: Place, at: Instant): string {
  return `volumes#${placeKey(place)}#${new Date(at).toISOString().slice(0, 7)}`;
}

/** Reads a stretch from the table. */
export function readVolume(item: Item): Volume {
  const {
    pk: _pk,
    sk: _sk,
    expiresAt: _expiry,
    ...volume
  } = fromItem<Volume & Record<'pk' | 'sk' | 'expiresAt', unknown>>(item);
  return volume;
}

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { KeptPrices } from '../../application/ports.ts';
import type { Place } from '../../domain/app.ts';
import type { Rates } from '../../domain/cost.ts';
import type { HourlyRate } from '../../domain/money.ts';
import { actionsOf, type Calls } from '../actions.ts';
import { call } from '../aws-error.ts';
import { fleetPartition, fromItem, type Item, toItem } from './items.ts';

/** The IAM actions that each verb calls. */
export const PRICES_CALLS: Calls<KeptPrices> = {
  get: ['dynamodb:GetItem'],
  keep: ['dynamodb:PutItem'],
};

/** The IAM actions that this adapter calls: stack/check reads them. @public */
export const PRICES_ACTIONS = /* @__PURE__ */ actionsOf(PRICES_CALLS);

/** Beside the runs, so that a scan reads it with them; `!` sorts before every run. */
export const PRICES_KEY = '!prices';

/** The price list as it was last read: one item a region. */
export function dynamodbPrices(client: DynamoDBClient, table: string): KeptPrices {
  const keyOf = (place: Place) => ({ pk: fleetPartition(place), sk: PRICES_KEY });
  return {
    async get(place) {
      const command = new GetItemCommand({ TableName: table, Key: toItem(keyOf(place)) });
      const { Item } = await call('dynamodb:GetItem', () => client.send(command));
      return Item && readPrices(Item);
    },
    async keep({ account, region }, rates) {
      const Item = toItem({ ...keyOf({ account, region }), account, region, ...ratesItem(rates) });
      await call('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}

type ByInstance = Record<string, HourlyRate>;
type RatesItem = Omit<Rates, 'byInstance' | 'byAppType'> & {
  byInstance: ByInstance;
  byAppType: Record<string, ByInstance>;
};

function ratesItem({ byInstance, byAppType = new Map(), ...rates }: Rates): RatesItem {
  const types = [...byAppType].map(([appType, prices]) => [appType, Object.fromEntries(prices)] as const);
  return { ...rates, byInstance: Object.fromEntries(byInstance), byAppType: Object.fromEntries(types) };
}

/** Reads the price list from the table. */
export function readPrices(item: Item): Rates {
  const { source, asOf, byInstance, byAppType, canvas, gigabyteMonth, older } = fromItem<RatesItem>(item);
  const types = Object.entries(byAppType).map(
    ([appType, prices]) => [appType, new Map(Object.entries(prices))] as const,
  );
  return {
    source,
    ...(asOf === undefined ? {} : { asOf }),
    byInstance: new Map(Object.entries(byInstance)),
    ...(types.length > 0 ? { byAppType: new Map(types) } : {}),
    ...(canvas === undefined ? {} : { canvas }),
    ...(gigabyteMonth === undefined ? {} : { gigabyteMonth }),
    ...(older === undefined ? {} : { older }),
  };
}

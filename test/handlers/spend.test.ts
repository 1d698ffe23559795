import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { dynamodbPrices } from '../../src/adapters/dynamodb/prices.ts';
import { startLab } from './lab.ts';
import type { Lambda } from './lambda.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
let spend: Lambda;
beforeAll(async () => {
  lab = await startLab();
  spend = await lab.lambda('spend');
});
afterEach(() => lab.aws.faults.clear());
afterAll(async () => {
  await lab.close();
});

const place = { account: '111122223333', region: 'us-east-1' };
const at = (time: string) => ({ time, account: place.account, region: place.region });
const kept = () => dynamodbPrices(lab.dynamodb, 'curfew').get(place);

test('reads AWS’s price list each day, and keeps it with its date', async () => {
  const { value, error } = await spend.invoke(at('2026-11-23T06:00:00Z'));
  expect(error).toBeUndefined();
  expect(value).toMatchObject({ prices: { source: 'AWS price list of 2026-11-23', faults: [] }, faults: [] });
  expect(await kept()).toMatchObject({ asOf: '2026-11-23' });
  await spend.invoke(at('2026-11-24T06:00:00Z'));
  expect(await kept()).toMatchObject({ asOf: '2026-11-24' });
});

test('fails loudly where it may not, names the right, and leaves what was read before', async () => {
  lab.aws.faults.add({
    service: 'pricing',
    action: 'GetProducts',
    status: 400,
    code: 'AccessDeniedException',
    message: 'no',
  });
  const { error } = await spend.invoke(at('2026-11-25T06:00:00Z'));
  expect(error?.message).toContain('pricing:GetProducts');
  expect(await kept()).toMatchObject({ asOf: '2026-11-24' });
});

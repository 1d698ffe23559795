import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import { dynamodbPrices } from '../../src/adapters/dynamodb/prices.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { startLab } from './lab.ts';
import type { Lambda } from './lambda.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
let spend: Lambda;
let scan: Lambda;
beforeAll(async () => {
  lab = await startLab();
  spend = await lab.lambda('spend');
  scan = await lab.lambda('scan');
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

test('fails loudly where a part of the list is gone, and keeps its last prices', async () => {
  const { products } = lab.aws.pricing;
  lab.aws.pricing.products = products.filter(({ usagetype }) => !usagetype.includes('JupyterLab'));
  const { error } = await spend.invoke(at('2026-11-24T07:00:00Z'));
  lab.aws.pricing.products = products;
  expect(error?.message).toContain('no price of JupyterLab in us-east-1 any more');
  expect((await kept())!.byAppType!.get('JupyterLab')!.size).toBeGreaterThan(20);
  await spend.invoke(at('2026-11-24T08:00:00Z'));
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

describe('the bill', () => {
  const hours = async (from: string, to: string) => {
    const app = { domainId: 'd-abcdefghijkl', userProfileName: 'alice', appType: 'JupyterLab' as const };
    lab.clock.now = Date.parse(from);
    lab.aws.studio.createApp({ ...app, appName: 'default', instanceType: 'ml.g5.xlarge' });
    await scan.invoke({ ...at(from) });
    lab.clock.now = Date.parse(to);
    lab.aws.studio.deleteApp({ ...app, appName: 'default' });
    lab.clock.now += 2 * MINUTE;
    await scan.invoke({ ...at(new Date(lab.clock.now).toISOString()) });
  };
  const ledger = () => dynamodbLedger(lab.dynamodb, 'curfew');
  const days = () => ledger().days(place, Date.parse('2027-01-01'), Date.parse('2027-02-01'));
  const run = (time: string) => {
    lab.clock.now = Date.parse(time);
    lab.aws.calls.reset();
    return spend.invoke(at(time));
  };

  beforeAll(async () => {
    const { studio } = lab.aws;
    studio.createDomain({ domainId: 'd-abcdefghijkl', name: 'lab', at: Date.parse('2026-12-01') });
    studio.createUserProfile({ domainId: 'd-abcdefghijkl', name: 'alice', at: Date.parse('2026-12-01') });
    await hours('2027-01-05T10:00:00Z', '2027-01-05T14:00:00Z');
  });

  test('replaces what was accrued once it is settled, by two requests a page', async () => {
    const early = await run('2027-01-06T06:00:00Z');
    expect(early.value).toMatchObject({ books: { findings: [] }, faults: [] });
    expect((await days()).map(({ date }) => date)).toEqual(['2027-01-01', '2027-01-02', '2027-01-03']);
    const { value } = await run('2027-01-09T06:00:00Z');
    expect(value).toMatchObject({ books: { requests: 2, findings: [], faults: [] }, faults: [] });
    expect(lab.aws.calls.count('cost-explorer')).toBe(2);
    const line = (await days()).find(({ date }) => date === '2027-01-05')!.lines[0];
    const billed = lab.aws.costExplorer.lines().filter(({ date }) => date === '2027-01-05');
    // Four hours at $1.41, and by scans two minutes more; the bill of it is 3 % less.
    expect(line).toMatchObject({ owner: 'alice', what: 'ml.g5.xlarge', accrued: 5_687_000 });
    expect(line!.billed).toBe(Math.round(billed.reduce((sum, { amount }) => sum + Number(amount) * 1e6, 0)));
    expect((await lab.runs.load(place)).books).toMatchObject({ unsettled: [], drift: { days: 1 } });
  });

  test('where it may not be read, says what to do, and closes the days all the same', async () => {
    const denied = { status: 400, code: 'AccessDeniedException', message: 'no' };
    lab.aws.faults.add({ service: 'cost-explorer', action: 'GetCostAndUsage', ...denied });
    const { value, error } = await run('2027-01-10T06:00:00Z');
    expect(error).toBeUndefined();
    expect(value).toMatchObject({ books: { closed: 1, settled: 0, findings: [/ce:GetCostAndUsage/] } });
  });

  test('a fault of AWS’s own fails the pass, loudly and last', async () => {
    lab.aws.faults.add({
      service: 'cost-explorer',
      action: 'GetCostAndUsage',
      status: 400,
      code: 'ValidationException',
    });
    const { error } = await run('2027-01-11T06:00:00Z');
    expect(error?.message).toContain('the bill was not read (ValidationException');
    expect((await lab.runs.load(place)).books?.closedUntil).toBe(Date.parse('2027-01-09'));
  });
});

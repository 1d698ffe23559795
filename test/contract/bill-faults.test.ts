import type { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { costExplorerBill } from '../../src/adapters/cost-explorer/bill.ts';
import { PAD } from './bill-contract.ts';
import { arnOf, tagsOf } from './bill-lines.ts';
import { LAB, line, startBill } from './bill-world.ts';

// Answers of Cost Explorer that are less, or other, than what was asked: nothing of them counts.

const PROFILE_TAG = 'sagemaker:user-profile-arn';
const SPACE_TAG = 'sagemaker:space-arn';

let world: Awaited<ReturnType<typeof startBill>>;
beforeEach(async () => {
  world = await startBill();
});
afterEach(() => world.aws.close());

describe('half a page set', () => {
  beforeEach(() => {
    for (let i = 0; i < 9; i++) world.put(line({ tags: tagsOf({ domainId: 'd-lab', spaceName: `s${i}` }) }));
    world.costExplorer.pageSize = 4;
  });
  const failPage = (code: string, times = 1) => {
    const when = ({ NextPageToken }: { NextPageToken?: string }) => NextPageToken !== undefined;
    const fault = { service: 'cost-explorer' as const, action: 'GetCostAndUsage', status: 400, code, message: 'no' };
    world.aws.faults.add({ ...fault, when, times });
  };

  it.each(['LimitExceededException', 'DataUnavailableException', 'AccessDeniedException', 'RequestChangedException'])(
    'is none: %s on a later page fails the reading',
    async (code) => {
      failPage(code);
      // The profiles' page, the spaces' first, and the one that failed: all are paid for.
      await expect(world.read()).rejects.toMatchObject({ name: 'PortError', code, requests: 3 });
    },
  );

  it('a token that expired midway begins that set anew, once, and every request counts', async () => {
    // The profiles' answer is one page, the spaces' three.
    const whole = await world.read();
    expect(whole.requests).toBe(4);
    failPage('InvalidNextTokenException');
    world.aws.calls.reset();
    const reading = await world.read();
    expect(reading.days).toEqual(whole.days);
    expect([reading.requests, world.calls()]).toEqual([6, 6]);
    failPage('InvalidNextTokenException', 2);
    await expect(world.read()).rejects.toMatchObject({ kind: 'fault', code: 'InvalidNextTokenException' });
  });

  it('a set that is begun anew holds nothing of the one before', async () => {
    failPage('InvalidNextTokenException');
    world.beforeCall(3, () => {
      world.costExplorer.extras.length = 1;
    });
    expect((await world.read()).days[0]!.rows).toEqual([
      { usage: LAB, amount: 1_000_000, holder: { domainId: 'd-lab', spaceName: 's0' } },
    ]);
  });

  it('the same token twice is a fault, not an endless bill', async () => {
    let first: string | undefined;
    world.costExplorer.tamper = (answer) => {
      first ??= answer.NextPageToken;
      return first === undefined ? answer : { ...answer, NextPageToken: first };
    };
    await expect(world.read()).rejects.toMatchObject({ kind: 'fault', code: 'RepeatedToken' });
    expect(world.calls()).toBe(3);
  });

  it('nor do two tokens in turn make one, each page of which costs a cent', async () => {
    const tokens = ['a', 'b'];
    let asked = 0;
    const ResultsByTime = [
      { TimePeriod: { Start: '2026-11-02', End: '2026-11-03' }, Total: {}, Groups: [], Estimated: false },
    ];
    const send = async () => {
      if (asked > 20) throw new Error('endless');
      return { $metadata: { attempts: 1 }, ResultsByTime, NextPageToken: tokens[asked++ % 2] };
    };
    const bill = costExplorerBill({ send } as unknown as CostExplorerClient);
    const reading = bill.read('us-east-1', '2026-11-02', '2026-11-03');
    await expect(reading).rejects.toMatchObject({ kind: 'fault', code: 'RepeatedToken' });
    expect(asked).toBe(3);
  });
});

describe('an answer that is not what was asked', () => {
  type Answer = {
    ResultsByTime: {
      TimePeriod: { Start: string; End: string };
      Estimated?: boolean;
      Groups: { Keys: string[]; Metrics: Record<string, { Amount?: string; Unit?: string }> }[];
    }[];
  };
  const spoil = (change: (answer: Answer) => unknown, tag = SPACE_TAG) => {
    world.costExplorer.tamper = (answer, { GroupBy }) => {
      if (GroupBy?.[0].Key === tag) change(answer);
      return answer;
    };
  };
  const group = ({ ResultsByTime }: Answer) => ResultsByTime[0]!.Groups[0]!;

  it.each<[string, string, (answer: Answer) => unknown, RegExp]>([
    ['a day is missing', 'MissingDay', (answer) => answer.ResultsByTime.pop(), /space-arn: nothing of 2026-11-02/],
    [
      'a day that nobody asked for',
      'UnexpectedDay',
      ({ ResultsByTime }) => Object.assign(ResultsByTime[0]!.TimePeriod, { Start: '2026-11-03', End: '2026-11-04' }),
      /2026-11-03 by sagemaker:space-arn/,
    ],
    [
      'a day that is a month',
      'UnexpectedDay',
      ({ ResultsByTime }) => Object.assign(ResultsByTime[0]!.TimePeriod, { End: '2026-12-01' }),
      /2026-11-02/,
    ],
    ['no results', 'MissingResults', (answer) => Reflect.deleteProperty(answer, 'ResultsByTime'), /a page is empty/],
    ['a group twice', 'RepeatedGroup', ({ ResultsByTime: [day] }) => day!.Groups.push(day!.Groups[0]!), /came twice/],
    ['three keys', 'BadKeys', (answer) => group(answer).Keys.push('more'), /more/],
    ['one key', 'BadKeys', (answer) => group(answer).Keys.pop(), /2026-11-02/],
    [
      'another tag',
      'BadKeys',
      (answer) => group(answer).Keys.splice(0, 1, `sagemaker:space$${arnOf(PAD)}`),
      /no group of this tag/,
    ],
    ['no metrics', 'MissingMetric', (answer) => Object.assign(group(answer), { Metrics: {} }), new RegExp(LAB)],
    [
      'no currency',
      'MissingCurrency',
      (answer) => Reflect.deleteProperty(group(answer).Metrics.UnblendedCost!, 'Unit'),
      /of no currency/,
    ],
  ])('%s: refused, with what and where', async (_, code, change, says) => {
    world.put(line({ tags: tagsOf(PAD) }));
    spoil(change);
    await expect(world.read()).rejects.toMatchObject({ name: 'PortError', kind: 'fault', code });
    await expect(world.read()).rejects.toThrow(says);
  });

  it.each(['', 'NaN', '1,5', '$1', '0x10', '1e-99', ' 1', '1.', 'Infinity', '99999999999999', '1 USD'])(
    'the amount "%s": refused, with day and usage',
    async (amount) => {
      world.put(line({ amount }));
      await expect(world.read()).rejects.toMatchObject({ kind: 'fault', code: 'BadAmount' });
      await expect(world.read()).rejects.toThrow(/2026-11-02.*Studio:JupyterLab-ml\.t3\.medium/);
      await expect(world.read()).rejects.toThrow(/(not an|too large an) amount: "/);
    },
  );

  it.each([
    ['1.5e-3', 1_500],
    ['0E-10', 0],
    ['0E-45', 0],
    ['-0.00E-99', 0],
    ['0.00000049999999999999999999999999999999', 0],
    ['0.0000005', 1],
    ['123456789.123456789', 123_456_789_123_457],
  ])('the amount "%s" is one', async (amount, expected) => {
    world.put(line({ amount }));
    const { days } = await world.read();
    expect(days[0]!.rows.map((row) => row.amount)).toEqual([expected]);
  });

  it('a day is an estimate where either answer says so, or does not say', async () => {
    const isEstimated = async () => (await world.read()).days[0]!.isEstimated;
    expect(await isEstimated()).toBe(false);
    for (const tag of [PROFILE_TAG, SPACE_TAG]) {
      spoil(({ ResultsByTime }) => Object.assign(ResultsByTime[0]!, { Estimated: true }), tag);
      expect(await isEstimated()).toBe(true);
      spoil(({ ResultsByTime }) => Reflect.deleteProperty(ResultsByTime[0]!, 'Estimated'), tag);
      expect(await isEstimated()).toBe(true);
    }
  });
});

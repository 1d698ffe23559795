import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BillLine } from '../../local/aws/index.ts';
import { costExplorerBill } from '../../src/adapters/cost-explorer/bill.ts';
import { PortError } from '../../src/application/ports.ts';
import { billOf } from '../../src/wiring.ts';
import { clientsOf, settle, startWorld } from '../local/world.ts';
import { memoryBill } from '../memory/ports.ts';
import { ALICE, billContract, PAD } from './bill-contract.ts';
import { arnOf, FAULTS_OF_COST_EXPLORER, tagsOf } from './bill-lines.ts';

const micro = (usd: string) => Math.round(Number(usd) * 1e6);
const month = Array.from({ length: 30 }, (_, i) =>
  new Date(Date.UTC(2026, 10, 21) - i * 86_400_000).toISOString().slice(0, 10),
);

const worlds: Awaited<ReturnType<typeof startWorld>>[] = [];
afterAll(() => Promise.all(worlds.map(({ aws }) => aws.close())));

billContract('Cost Explorer', async () => {
  const world = await startWorld();
  worlds.push(world);
  const { extras } = world.aws.costExplorer;
  return {
    bill: costExplorerBill(world.costs),
    put: ({ usd, holder, usage, ...row }) =>
      extras.push({ ...row, usage: `USE1-${usage}`, amount: usd, ...(holder ? { tags: tagsOf(holder) } : {}) }),
    credit: (date, amount) =>
      extras.push({ date, amount, usage: 'USE1-Studio:JupyterLab-ml.t3.medium', recordType: 'Credit' }),
    live: (amount, region = 'us-east-1') => {
      for (const date of month) extras.push({ date, amount, region, usage: 'USE1-Studio:JupyterLab-ml.t3.medium' });
    },
    throttle: () => {
      const fault = { service: 'cost-explorer' as const, status: 400, code: 'LimitExceededException' };
      world.aws.faults.clear();
      for (const action of ['GetCostAndUsage', 'GetCostForecast']) world.aws.faults.add({ ...fault, action });
    },
    heal: () => world.aws.faults.clear(),
    requests: () => world.aws.calls.count('cost-explorer'),
  };
});

billContract('in memory', async () => {
  const bill = memoryBill();
  bill.estimatedFrom = '2026-11-21';
  return {
    bill,
    put: ({ usd, ...row }) => bill.rows.push({ ...row, amount: micro(usd) }),
    credit: (date, usd) => bill.credited.push({ date, amount: micro(usd) }),
    live: (usd, region = 'us-east-1') => {
      if (region === 'us-east-1') bill.perDay = micro(usd);
    },
    throttle: () => bill.failures.push(new PortError('throttled', 'LimitExceededException', 'no')),
    heal: () => bill.failures.splice(0),
    requests: () => bill.requests,
  };
});

describe('Cost Explorer’s bill', () => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeEach(async () => {
    world = await startWorld({ record: true });
  });
  afterEach(() => world.aws.close());
  const line = (over: Partial<BillLine>): BillLine => ({
    date: '2026-11-02',
    usage: 'USE1-Studio:JupyterLab-ml.t3.medium',
    amount: '1',
    ...over,
  });
  const read = () => costExplorerBill(world.costs).read('us-east-1', '2026-11-02', '2026-11-03');

  it('asks for SageMaker in the region, without credits, by each tag and usage type', async () => {
    await costExplorerBill(world.costs, '111122223333').read('eu-west-1', '2026-11-02', '2026-11-03');
    const inputs = world.aws.calls.list().map(({ input }) => input);
    expect(inputs.map(({ GroupBy }) => GroupBy)).toEqual(
      ['sagemaker:user-profile-arn', 'sagemaker:space-arn'].map((Key) => [
        { Type: 'TAG', Key },
        { Type: 'DIMENSION', Key: 'USAGE_TYPE' },
      ]),
    );
    const is = (Key: string, ...Values: string[]) => ({ Dimensions: { Key, Values } });
    for (const { TimePeriod, Granularity, Metrics, Filter } of inputs) {
      expect([TimePeriod, Granularity, Metrics]).toEqual([
        { Start: '2026-11-02', End: '2026-11-03' },
        'DAILY',
        ['UnblendedCost'],
      ]);
      expect(Filter).toEqual({
        And: [
          is('SERVICE', 'Amazon SageMaker'),
          is('REGION', 'eu-west-1'),
          is('LINKED_ACCOUNT', '111122223333'),
          { Not: is('RECORD_TYPE', 'Credit', 'Refund') },
        ],
      });
    }
  });

  it('reads every page of both, a day on two pages included, and counts them', async () => {
    const { costExplorer, calls } = world.aws;
    for (let i = 0; i < 25; i++) {
      const holder =
        i % 2 ? { domainId: 'd-lab', userProfileName: `u${i}` } : { domainId: 'd-lab', spaceName: `s${i}` };
      costExplorer.extras.push(line({ amount: `${i + 1}`, tags: tagsOf(holder) }));
    }
    const whole = await read();
    expect(whole.days[0]!.rows).toHaveLength(25);
    costExplorer.pageSize = 4;
    calls.reset();
    const inPages = await read();
    expect(inPages.days).toEqual(whole.days);
    // 12 profiles and 13 spaces, each with the untagged rest: 13 and 14 groups, four on a page.
    expect([inPages.requests, calls.count('cost-explorer')]).toEqual([8, 8]);
  });

  it('counts what the SDK asked again, too', async () => {
    const fault = {
      service: 'cost-explorer' as const,
      action: 'GetCostAndUsage',
      status: 500,
      code: 'InternalFailure',
    };
    world.aws.faults.add(fault);
    const { costs } = clientsOf(world.aws, { maxAttempts: 2 });
    expect((await costExplorerBill(costs).read('us-east-1', '2026-11-02', '2026-11-03')).requests).toBe(3);
  });

  it('takes a row that is tagged in one answer, and so untagged in the other, once', async () => {
    world.aws.costExplorer.extras.push(
      line({ amount: '0.1234567891', tags: tagsOf(ALICE) }),
      line({ amount: '0.0000004', tags: tagsOf(PAD) }),
      line({ amount: '0.2000004' }),
      line({ amount: '0.2000004', usage: 'Studio:JupyterLab-ml.t3.medium' }),
    );
    const { days, faults } = await read();
    expect(days[0]!.rows).toEqual([
      { usage: 'Studio:JupyterLab-ml.t3.medium', amount: 123_457, holder: ALICE },
      { usage: 'Studio:JupyterLab-ml.t3.medium', amount: 0, holder: PAD },
      // 0.4000008 in all: of rounded amounts it would be 400_000.
      { usage: 'Studio:JupyterLab-ml.t3.medium', amount: 400_001 },
    ]);
    expect(faults).toEqual([]);
  });

  it('knows usage types of every region without its prefix', async () => {
    const names = ['USE1-', 'EU-', 'EUC1-', 'APN1-', 'UGW1-', ''].map((prefix, i) => `${prefix}Train:ml.p${i}.2xlarge`);
    world.aws.costExplorer.extras.push(...names.map((usage) => line({ usage })));
    const usages = (await read()).days[0]!.rows.map(({ usage }) => usage);
    expect(usages.sort()).toEqual(names.map((_, i) => `Train:ml.p${i}.2xlarge`));
  });

  it('bills what really ran, spaces and profiles, as the embedded AWS ran it', async () => {
    const { studio, costExplorer } = world.aws;
    settle(world.aws);
    const at = Date.UTC(2026, 10, 2, 12);
    studio.createSpace({ domainId: 'd-lab', name: 'pad', owner: 'alice', ebsGb: 30, at });
    const app = { appName: 'default', instanceType: 'ml.g5.xlarge', at };
    studio.createApps([
      { ...app, domainId: 'd-lab', spaceName: 'pad', appType: 'JupyterLab' },
      { ...app, domainId: 'd-lab', userProfileName: 'alice', appType: 'KernelGateway' },
    ]);
    costExplorer.drift = 1;
    expect((await read()).days[0]!.rows).toEqual(
      expect.arrayContaining([
        { usage: 'Studio:JupyterLab-ml.g5.xlarge', amount: 12 * 1_410_000, holder: PAD },
        { usage: 'Studio:KernelGateway-ml.g5.xlarge', amount: 12 * 1_410_000, holder: ALICE },
        { usage: 'Studio:VolumeUsage.gp3', amount: 56_000, holder: PAD },
      ]),
    );
  });

  it('where no tag is active, everything is untagged and what to do is told', async () => {
    world.aws.costExplorer.extras.push(line({ tags: tagsOf(ALICE) }), line({ tags: tagsOf(PAD) }));
    world.aws.costExplorer.activeTags.clear();
    const { days, faults } = await read();
    expect(days[0]!.rows).toEqual([{ usage: 'Studio:JupyterLab-ml.t3.medium', amount: 2_000_000 }]);
    expect(faults).toEqual([
      expect.stringMatching(/activate sagemaker:user-profile-arn and sagemaker:space-arn .*management account/),
    ]);
  });

  it('of one account leaves the others out; of all tells that they are several', async () => {
    const other = { account: '444455556666', tags: { 'sagemaker:space-arn': arnOf(PAD, '444455556666') } };
    world.aws.costExplorer.extras.push(line({ tags: tagsOf(ALICE) }), line(other));
    const ours = await costExplorerBill(world.costs, '111122223333').read('us-east-1', '2026-11-02', '2026-11-03');
    expect(ours.days[0]!.rows.map(({ holder }) => holder)).toEqual([ALICE]);
    expect(ours.faults).toEqual([]);
    const all = await read();
    expect(all.days[0]!.rows).toHaveLength(2);
    expect(all.faults).toEqual([expect.stringContaining('111122223333, 444455556666')]);
  });

  it('the client of production asks us-east-1, whatever the region', async () => {
    const before = process.env;
    process.env = { ...before, ...world.aws.env, AWS_REGION: 'eu-west-1' };
    try {
      expect((await billOf().read('eu-west-1', '2026-11-02', '2026-11-03')).requests).toBe(2);
    } finally {
      process.env = before;
    }
  });

  it.each(FAULTS_OF_COST_EXPLORER)('%s is told as %s, with the IAM action and AWS’s code', async (code, kind, more) => {
    const bill = costExplorerBill(world.costs);
    for (const [action, ask] of [
      ['GetCostAndUsage', () => read()],
      ['GetCostAndUsage', () => bill.credits('us-east-1', '2026-11-01', '2026-11-23')],
      ['GetCostForecast', () => bill.forecast('us-east-1', '2026-11-23', '2026-11-24')],
    ] as const) {
      world.aws.faults.clear();
      const fault = { service: 'cost-explorer' as const, action, status: 400, code, message: more.says ?? 'no' };
      world.aws.faults.add({ ...fault, times: Number.POSITIVE_INFINITY });
      if (action === 'GetCostForecast' && code === 'DataUnavailableException') {
        expect(await ask()).toBeUndefined();
        continue;
      }
      await expect(ask()).rejects.toMatchObject({ name: 'PortError', kind, code, cause: expect.anything() });
      await expect(ask()).rejects.toThrow(`ce:${action}`);
      if (more.advice) await expect(ask()).rejects.toThrow(more.advice);
    }
  });
});

import { ListCostAllocationTagsCommand } from '@aws-sdk/client-cost-explorer';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askCosts, by, november, rowsOf, startApp } from './costs.ts';
import { settle, startWorld } from './world.ts';

let world: Awaited<ReturnType<typeof startWorld>>;
beforeEach(async () => {
  world = await startWorld();
  settle(world.aws);
});
afterEach(() => world.aws.close());

const ALICE = 'arn:aws:sagemaker:us-east-1:111122223333:user-profile/d-lab/alice';
const PAD = 'arn:aws:sagemaker:us-east-1:111122223333:space/d-lab/pad';
const ask = (input?: Parameters<typeof askCosts>[1]) => askCosts(world.costs, input);
const start = (...[appType, from, over]: [Parameters<typeof startApp>[1], number, object?]) =>
  startApp(world.aws, appType, from, over);
/** Deletes an app at a time; the clock then is where it was. */
const end = (app: ReturnType<typeof start>, when: number) => {
  const { now } = world.clock;
  world.clock.now = when;
  world.aws.studio.deleteApp(app);
  world.clock.now = now;
};

it('the bill is of what ran, from CreateApp to DeleteApp, divided by the drift, on the day it ran', async () => {
  end(start('JupyterLab', november(17, 22)), november(18, 8, 18));
  expect(rowsOf(await ask({ TimePeriod: { Start: '2026-11-17', End: '2026-11-19' } }))).toEqual([
    // 2 h and 8.3 h; ÷ 1.03; at $1.41.
    [`sagemaker:user-profile-arn$${ALICE}`, 'USE1-Studio:JupyterLab-ml.g5.xlarge', '2.7378640777', '1.9417475728'],
    [`sagemaker:user-profile-arn$${ALICE}`, 'USE1-Studio:JupyterLab-ml.g5.xlarge', '11.3621359223', '8.0582524272'],
  ]);
});

it('the bill counts KernelGateway apps on one instance once, JupyterLab apps each, JupyterServer and failed apps never', async () => {
  world.aws.costExplorer.drift = 1;
  end(start('KernelGateway', november(18, 1)), november(18, 3));
  end(start('KernelGateway', november(18, 2)), november(18, 4));
  end(start('KernelGateway', november(18, 6), { instanceType: 'ml.t3.medium' }), november(18, 7));
  end(start('JupyterLab', november(18, 1)), november(18, 3));
  end(start('JupyterLab', november(18, 2)), november(18, 4));
  end(start('Canvas', november(18, 2)), november(18, 4));
  start('JupyterServer', november(18, 1));
  start('JupyterLab', november(18, 5), { fails: true });
  const billed = rowsOf(await ask()).map(([, usage, amount]) => [usage, amount]);
  expect(billed).toEqual([
    ['USE1-Canvas:Session-Hrs', '3.8'],
    ['USE1-Studio:JupyterLab-ml.g5.xlarge', '5.64'],
    ['USE1-Studio:KernelGateway-ml.g5.xlarge', '4.23'],
    ['USE1-Studio:KernelGateway-ml.t3.medium', '0.05'],
  ]);
});

it('the bill remembers runs that ListApps has forgotten, and those under one name', async () => {
  world.aws.costExplorer.drift = 1;
  const name = { appName: 'default' };
  end(start('JupyterLab', november(10, 1), name), november(10, 2));
  end(start('JupyterLab', november(10, 3), name), november(10, 5));
  expect(world.aws.studio.apps()).toEqual([]);
  const TimePeriod = { Start: '2026-11-10', End: '2026-11-11' };
  expect(rowsOf(await ask({ TimePeriod })).map((row) => row[2])).toEqual(['4.23']);
});

it('the bill holds spaces’ volumes, running or not, by the gigabyte-month', async () => {
  const space = { domainId: 'd-lab', name: 'pad', ebsGb: 30, at: november(18, 12) };
  world.aws.studio.createSpace(space);
  expect(rowsOf(await ask({ GroupBy: [by('sagemaker:space-arn'), by('USAGE_TYPE')] }))).toEqual([
    [`sagemaker:space-arn$${PAD}`, 'USE1-Studio:VolumeUsage.gp3', '0.056', '0.5'],
  ]);
});

it('the bill is a day late, brought up to date three times a day, and an estimate for two days', async () => {
  start('JupyterLab', november(20));
  world.aws.costExplorer.drift = 1;
  const days = async () => {
    const { ResultsByTime = [] } = await ask({ TimePeriod: { Start: '2026-11-20', End: '2026-11-24' } });
    return ResultsByTime.map(({ Groups, Estimated }) => [Groups?.[0]?.Metrics?.UsageQuantity?.Amount, Estimated]);
  };
  // Monday 09:00: as of Sunday 08:00.
  const until = (hours: string) => [
    ['24', false],
    ['24', true],
    [hours, true],
    [undefined, true],
  ];
  expect(await days()).toEqual(until('8'));
  world.clock.now = november(23, 15, 59);
  expect(await days()).toEqual(until('8'));
  world.clock.now = november(23, 16);
  expect(await days()).toEqual(until('16'));
  world.aws.costExplorer.hoursLate = 30;
  expect(await days()).toEqual(until('10'));
  world.aws.costExplorer.daysEstimated = 0;
  expect((await days()).map(([, isEstimated]) => isEstimated)).toEqual([false, false, false, true]);
});

it('the bill loses the tags of a share of its rows, always of the same ones', async () => {
  start('JupyterLab', november(1));
  const tagged = async () => {
    const all = rowsOf(await ask({ TimePeriod: { Start: '2026-11-01', End: '2026-11-21' } }));
    return all.map(([tag]) => tag !== 'sagemaker:user-profile-arn$');
  };
  world.aws.costExplorer.untagged = 0.3;
  const first = await tagged();
  expect(first).toContain(true);
  expect(first).toContain(false);
  expect(await tagged()).toEqual(first);
  world.aws.costExplorer.seed = 'another';
  expect(await tagged()).not.toEqual(first);
});

it('the bill knows a tag from the day it was activated, and tells which are', async () => {
  start('JupyterLab', november(16));
  const { activeTags } = world.aws.costExplorer;
  activeTags.set('sagemaker:user-profile-arn', '2026-11-17');
  activeTags.delete('sagemaker:space-arn');
  const TimePeriod = { Start: '2026-11-16', End: '2026-11-18' };
  expect(rowsOf(await ask({ TimePeriod })).map(([tag]) => tag)).toEqual([
    'sagemaker:user-profile-arn$',
    `sagemaker:user-profile-arn$${ALICE}`,
  ]);
  const tags = async (input: object) =>
    (await world.costs.send(new ListCostAllocationTagsCommand(input))).CostAllocationTags;
  expect(await tags({ TagKeys: ['sagemaker:space-arn', 'sagemaker:user-profile-arn'] })).toEqual([
    { TagKey: 'sagemaker:space-arn', Type: 'UserDefined', Status: 'Inactive' },
    { TagKey: 'sagemaker:user-profile-arn', Type: 'UserDefined', Status: 'Active' },
  ]);
  expect(await tags({ Status: 'Inactive' })).toHaveLength(1);
});

it('the bill bills what the price list does not know', async () => {
  world.aws.costExplorer.drift = 1;
  end(start('JupyterLab', november(18, 1), { instanceType: 'ml.x9.large' }), november(18, 3));
  expect(rowsOf(await ask()).map((row) => row[2])).toEqual(['2']);
});

import { expect, test } from 'vitest';
import type { BilledRow } from '../../src/domain/bill.ts';
import { untaggedFindings } from '../../src/domain/bill-tags.ts';
import { newRun, type Run } from '../../src/domain/run.ts';
import { DAY, HOUR } from '../../src/domain/time.ts';
import type { Volume } from '../../src/domain/volume.ts';
import { ref } from './builders.ts';

const DATE = '2026-11-20';
const start = Date.parse(`${DATE}T00:00:00Z`);
const LAB = 'Studio:JupyterLab-ml.g5.xlarge';
const NOTEBOOK = 'Studio:KernelGateway-ml.t3.medium';
const { userProfileName, ...inDomain } = ref;

const ran = (app: Run['app'], instanceType: string, startedAt = start): Run => {
  return { ...newRun(app, startedAt, { instanceType }), endedAt: startedAt + HOUR };
};
const inSpace = ran({ ...inDomain, spaceName: 'lab', appType: 'JupyterLab' }, 'ml.g5.xlarge');
const notebook = ran({ ...ref, appType: 'KernelGateway' }, 'ml.t3.medium');
const volume: Volume = { ...inDomain, spaceName: 'lab', since: start - DAY };
const profiles = (amount: number): BilledRow => {
  return { usage: NOTEBOOK, amount, holder: { domainId: ref.domainId, userProfileName: userProfileName! } };
};
const spaces = (amount: number): BilledRow => {
  return { usage: LAB, amount, holder: { domainId: ref.domainId, spaceName: 'lab' } };
};
const nobodys = (amount: number, usage = LAB): BilledRow => ({ usage, amount });
const found = (rows: BilledRow[], { runs = [inSpace, notebook], volumes = [] as Volume[] } = {}) =>
  untaggedFindings([{ date: DATE, isEstimated: false, rows, foreign: [] }], { runs, volumes });

test('nothing carries a tag: both are to be activated, and the domain’s', () => {
  expect(found([nobodys(5), nobodys(9, NOTEBOOK)])).toEqual([
    expect.stringMatching(
      /user-profile-arn or .*space-arn.*TagKey=sagemaker:user-profile-arn.*TagKey=sagemaker:domain-arn/,
    ),
  ]);
  expect(found([])).toEqual([]);
  expect(found([nobodys(5, 'Train:ml.p3.2xlarge')])).toEqual([]);
});

test('only profiles are named, though spaces ran: that tag alone is missing', () => {
  const [finding, ...more] = found([profiles(1_000_000), nobodys(9_000_000)]);
  expect(more).toEqual([]);
  expect(finding).toMatch(
    /^No row of the bill carries sagemaker:space-arn, though spaces ran what \$9\.00 of it is for/,
  );
  expect(finding).toContain('TagKey=sagemaker:space-arn,Status=Active)');
  expect(finding).not.toContain('user-profile');
});

test('volumes are spaces’ too', () => {
  const rows = [profiles(1_000_000), nobodys(9_000_000, 'Studio:VolumeUsage.gp3')];
  expect(found(rows, { volumes: [volume] })).toEqual([expect.stringContaining('carries sagemaker:space-arn, though')]);
  expect(found(rows)).toEqual([]);
});

test('only spaces are named, though profiles ran', () => {
  const [finding] = found([spaces(1_000_000), nobodys(9_000_000, NOTEBOOK)]);
  expect(finding).toMatch(/carries sagemaker:user-profile-arn, though profiles ran what \$9\.00/);
  expect(finding).not.toContain('TagKey=sagemaker:space-arn');
});

test.each<[string, BilledRow[], Partial<Parameters<typeof found>[1]>]>([
  ['no space ran', [profiles(1e6), nobodys(9e6)], { runs: [notebook] }],
  [
    'none ran on that day',
    [profiles(1e6), nobodys(9e6)],
    { runs: [{ ...inSpace, startedAt: start - DAY, endedAt: start }] },
  ],
  ['none ran that', [profiles(1e6), nobodys(9e6, 'Canvas:Session-Hrs')], {}],
  ['it is a tenth of all at most', [profiles(9e6), nobodys(1e6)], {}],
  ['both tags are there', [profiles(1e6), spaces(1), nobodys(9e6)], {}],
])('nothing is missing where %s', (_, rows, record) => expect(found(rows, record)).toEqual([]));

import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ReportFacts } from '../../src/domain/report/facts.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import type { Lambda } from './lambda.ts';

let lab: Awaited<ReturnType<typeof startLab>>;
let report: Lambda;
// Monday of 2027-W02, 08:00 in New York.
const MONDAY = Date.parse('2027-01-11T13:00:00Z');
const CONTEXT = { functionName: 'curfew-prod-weekly-report', awsRequestId: 'request-1' };
const round = (time: number) => {
  lab.clock.now = time;
  return report.invoke({ time: new Date(time).toISOString(), ...lab.place }, CONTEXT);
};
const owed = async () => {
  const all = await lab.outbox.owed(lab.place, lab.clock.now + DAY, 100);
  return all.flatMap(({ notice }) => (notice.facts.kind === 'report' ? [{ ...notice, facts: notice.facts }] : []));
};

beforeAll(async () => {
  lab = await startLab();
  const reports = 'timezone: America/New_York\nreport: { daily: never, weekly: "MON 08:00" }';
  await writeFile(lab.policy, POLICY.replace('report: { daily: never }', reports));
  const [scan, mine] = await Promise.all([lab.lambda('scan'), lab.lambda('weekly-report')]);
  report = mine;
  const { studio } = lab.aws;
  studio.createDomain({ domainId: 'd-abcdefghijkl', name: 'lab', at: lab.clock.now - DAY });
  studio.createUserProfile({ domainId: 'd-abcdefghijkl', name: 'alice', at: lab.clock.now - DAY });
  const app = { domainId: 'd-abcdefghijkl', userProfileName: 'alice', appType: 'JupyterLab' as const };
  lab.clock.now = MONDAY - 5 * DAY;
  studio.createApp({ ...app, appName: 'default', instanceType: 'ml.g5.xlarge' });
  await scan.invoke({ time: new Date(lab.clock.now).toISOString(), ...lab.place });
  const dimensions = { FunctionName: 'curfew-prod-scan' };
  lab.aws.cloudwatch.put({ namespace: 'AWS/Lambda', name: 'Invocations', dimensions }, MONDAY - 3 * DAY, 2_016);
});
afterAll(() => lab.close());

test('before its hour a round looks at nothing, nobody and no AWS', async () => {
  lab.aws.calls.reset();
  const { value, error } = await round(MONDAY - MINUTE);
  expect([value, error]).toEqual([{ owed: 0, empty: 0, faults: [] }, undefined]);
  expect(lab.aws.calls.counts()).toEqual({});
});

test('half a picture fails the round, loudly and without an address, and owes nothing', async () => {
  lab.aws.faults.add({ service: 'sagemaker', action: 'ListApps', status: 400, code: 'AccessDenied', message: 'no' });
  const { error } = await round(MONDAY);
  lab.aws.faults.clear();
  expect(error?.message).toMatch(/weekly-report[\s\S]*reports wait: no apps/);
  expect(await owed()).toEqual([]);
});

test('at the policy’s hour it owes the week’s reports, with what Curfew itself cost; the next round owes none', async () => {
  const { value, error, text } = await round(MONDAY + 15 * MINUTE);
  expect(error).toBeUndefined();
  expect(value).toEqual({ week: '2027-W01', owed: 2, empty: 0, faults: [] });
  const reports = await owed();
  expect(reports.map(({ to }) => to).sort()).toEqual(['admin-one@example.org', 'admin-two@example.org']);
  const facts: ReportFacts = reports[0]!.facts;
  expect(facts).toMatchObject({ week: '2027-W01', scope: 'admin', admin: { running: 1, unconfirmed: ['alice'] } });
  expect(facts.spent).toBeGreaterThan(0);
  expect(facts.admin!.ownCost).toBeGreaterThan(1_500_000);
  expect(text).not.toContain('example.org');
  lab.aws.calls.reset();
  expect((await round(MONDAY + 30 * MINUTE)).value).toEqual({ owed: 0, empty: 0, faults: [] });
  expect(lab.aws.calls.counts()).toEqual({ 'dynamodb GetItem': 1 });
  expect(await owed()).toHaveLength(2);
});

test('a CloudWatch that does not answer keeps no report from being owed', async () => {
  lab.aws.faults.add({
    service: 'cloudwatch',
    action: 'GetMetricData',
    status: 400,
    code: 'AccessDenied',
    message: 'no',
  });
  expect((await round(MONDAY + 7 * DAY + HOUR)).value).toEqual({ week: '2027-W02', owed: 2, empty: 0, faults: [] });
  lab.aws.faults.clear();
  const facts = (await owed()).filter((one) => one.facts.week === '2027-W02').map((one) => one.facts);
  expect(facts).toHaveLength(2);
  for (const one of facts) expect(one.admin).not.toHaveProperty('ownCost');
});

import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { CloudTrailEvent, CreateApp } from '../../local/aws/index.ts';
import { dynamodbLedger } from '../../src/adapters/dynamodb/ledger.ts';
import type { AppRef } from '../../src/domain/app.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, type Lambda } from './lambda.ts';

const BUDGETS = `${POLICY}
budgets:
  - { name: per person, for: each owner, period: month, limit: 10 USD, warn-at: [50%], at-limit: block }
guardrails:
  - { name: one GPU, at-most: { "ml.g5.*": 1 } }
`;

let lab: Awaited<ReturnType<typeof startLab>>;
let studioEvent: Lambda;
let scan: Lambda;
const heard: CloudTrailEvent[] = [];
beforeAll(async () => {
  lab = await startLab();
  await writeFile(lab.policy, BUDGETS);
  [studioEvent, scan] = [await lab.lambda('studio-event'), await lab.lambda('scan')];
  lab.aws.studio.onEvent((event) => {
    heard.push(event);
  });
  lab.aws.studio.createDomain({ domainId: 'd-abcdefghijkl', name: 'lab', at: lab.clock.now - 90 * DAY });
  for (const name of ['alice', 'bob', 'carol'])
    lab.aws.studio.createUserProfile({ domainId: 'd-abcdefghijkl', name, at: lab.clock.now - 90 * DAY });
});
afterAll(() => lab.close());
beforeEach(() => {
  heard.length = 0;
  lab.aws.faults.clear();
});

const app = (userProfileName: string, appName: string, instanceType = 'ml.g5.xlarge'): CreateApp => ({
  ...{ domainId: 'd-abcdefghijkl', userProfileName, appType: 'JupyterLab', appName, instanceType },
});
/** A person starts an app, and its event reaches the function. */
async function create(what: CreateApp) {
  lab.aws.studio.createApp(what);
  const event = heard.findLast(({ detail }) => detail.eventName === 'CreateApp');
  return (await studioEvent.invoke(event, contextOf('curfew-studio-event'))).value;
}
const isUp = ({ appName, userProfileName }: CreateApp) =>
  lab.aws.studio
    .apps()
    .some((one) => one.appName === appName && one.userProfileName === userProfileName && one.deletingAt === undefined);
const pass = () => scan.invoke({ time: new Date(lab.clock.now).toISOString(), account: lab.place.account });

test('over its budget, an app is stopped within its own creation’s event; whoever is within theirs goes on', async () => {
  expect(await create(app('alice', 'first'))).toEqual({ noted: 'run started' });
  // $1.41 an hour: $10 are spent after 7 hours and some minutes.
  lab.clock.now += 8 * HOUR;
  expect((await pass()).value).toMatchObject({ stopped: 1, failed: 0, faults: [] });
  lab.clock.now += 10 * MINUTE;
  expect(await create(app('alice', 'second'))).toEqual({ noted: 'run started', enforced: 'stopped' });
  expect(isUp(app('alice', 'second'))).toBe(false);
  expect(await create(app('bob', 'first'))).toEqual({ noted: 'run started' });
  expect(await lab.runs.get({ ...lab.place, ...app('alice', 'second') } as AppRef)).toMatchObject({
    endedAt: lab.clock.now + SECOND,
    stop: { told: true },
  });
  const told = (await lab.outbox.owed(lab.place, lab.clock.now + DAY, 99)).map(({ notice }) => notice.facts);
  expect(told.map(({ kind }) => kind).sort()).toEqual(['budget', 'budget', 'stopped', 'stopped', 'stopped', 'stopped']);
  expect(told.find(({ kind }) => kind === 'stopped')).toMatchObject({
    rule: 'per person: budget',
    appeal: ['admin-one@example.org', 'admin-two@example.org'],
  });
});

test('a stop that AWS turns away is tried again by the next scan', async () => {
  lab.aws.faults.add({ service: 'sagemaker', action: 'DeleteApp', status: 400, code: 'ResourceInUse' });
  lab.clock.now += 10 * MINUTE;
  expect(await create(app('alice', 'third'))).toEqual({ noted: 'run started', enforced: 'failed' });
  lab.aws.faults.clear();
  lab.clock.now += 5 * MINUTE;
  expect((await pass()).value).toMatchObject({ stopped: 1 });
  expect(isUp(app('alice', 'third'))).toBe(false);
});

test('the newest over a quota is stopped at once; another’s is not counted', async () => {
  expect(await create(app('bob', 'second'))).toEqual({ noted: 'run started', enforced: 'stopped' });
  expect(await create(app('bob', 'small', 'ml.t3.medium'))).toEqual({ noted: 'run started' });
  expect(await create(app('carol', 'first'))).toEqual({ noted: 'run started' });
});

test('who is within all of it costs no call of SageMaker', async () => {
  lab.aws.calls.reset();
  expect(await create(app('carol', 'small', 'ml.t3.medium'))).toEqual({ noted: 'run started' });
  expect(lab.aws.calls.count('sagemaker')).toBe(0);
});

test('what was lifted goes on, and what was granted too', async () => {
  const ledger = dynamodbLedger(lab.dynamodb, 'curfew');
  const subject = { kind: 'owner' as const, name: 'd-abcdefghijkl/alice' };
  const times = { at: lab.clock.now, until: lab.clock.now + HOUR };
  await ledger.except(lab.place, { kind: 'lift', subject, ...times, by: 'an admin', why: 'deadline' });
  lab.clock.now += MINUTE;
  expect(await create(app('alice', 'fourth'))).toEqual({ noted: 'run started' });
  lab.clock.now += 2 * HOUR;
  expect((await pass()).value).toMatchObject({ stopped: 1 });
});

test('while Curfew is paused, nothing is stopped', async () => {
  await lab.runs.pause(lab.place, { from: lab.clock.now, by: 'an admin' });
  lab.clock.now += MINUTE;
  expect(await create(app('alice', 'fifth'))).toEqual({ noted: 'run started', enforced: 'paused' });
  expect(isUp(app('alice', 'fifth'))).toBe(true);
});

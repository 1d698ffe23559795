import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DigestFacts } from '../../src/domain/notice.ts';
import { DAY, HOUR, MINUTE } from '../../src/domain/time.ts';
import { POLICY, startLab } from './lab.ts';
import { contextOf, type Lambda, scheduled } from './lambda.ts';

const context = contextOf('curfew-scan');
const NATIVE_IDLE = 'native-idle: { JupyterLab: 2h, apply: true }';
const DAILY = POLICY.replace('daily: never', 'daily: "00:00"');
const idle = (LifecycleManagement: string, minutes = 120) => ({
  DefaultResourceSpec: { InstanceType: 'ml.t3.medium' },
  AppLifecycleManagement: {
    IdleSettings: {
      LifecycleManagement,
      IdleTimeoutInMinutes: minutes,
      MinIdleTimeoutInMinutes: 60,
      MaxIdleTimeoutInMinutes: minutes,
    },
  },
});
const on = idle('ENABLED');
const off = idle('DISABLED');

let lab: Awaited<ReturnType<typeof startLab>>;
let scan: Lambda;
beforeAll(async () => {
  lab = await startLab();
  const { studio } = lab.aws;
  studio.createDomain({ domainId: 'd-lab', name: 'lab' });
  for (const name of ['alice', 'bob', 'carol']) studio.createUserProfile({ domainId: 'd-lab', name });
  scan = await lab.lambda('scan');
});
afterAll(() => lab.close());
beforeEach(async () => {
  const { studio, faults, calls } = lab.aws;
  lab.clock.now += 2 * DAY;
  lab.nextAccount();
  studio.updates = 'replace';
  studio.domain('d-lab')!.settings = { ExecutionRole: 'arn:aws:iam::111122223333:role/x', JupyterLabAppSettings: off };
  studio.profile('d-lab', 'alice')!.settings = {};
  studio.profile('d-lab', 'bob')!.settings = { JupyterLabAppSettings: off, CodeEditorAppSettings: off };
  studio.profile('d-lab', 'carol')!.settings = { JupyterLabAppSettings: on };
  faults.clear();
  calls.reset();
  await writeFile(lab.policy, `${DAILY}${NATIVE_IDLE}\n`);
});

const pass = (more: object = {}) =>
  scan.invoke(scheduled(lab.clock.now, { account: lab.place.account }), { ...context, ...more });
const changes = () => Object.keys(lab.changes()).filter((name) => name.startsWith('sagemaker'));
const deny = (action: string, when?: (input: { UserProfileName?: string }) => boolean) =>
  lab.aws.faults.add({
    service: 'sagemaker',
    action,
    status: 400,
    code: 'AccessDeniedException',
    times: Number.POSITIVE_INFINITY,
    ...(when ? { when } : {}),
  });
async function digests(): Promise<DigestFacts[]> {
  const owed = await lab.outbox.owed(lab.place, lab.clock.now, 100);
  const facts = owed.filter(({ notice }) => notice.to === 'admin-one@example.org').map(({ notice }) => notice.facts);
  return facts.filter((one) => one.kind === 'digest');
}
const told = (digest: DigestFacts | undefined) =>
  digest?.nativeIdle?.findings.map(({ userProfileName = 'domain', outcome }) => `${outcome} ${userProfileName}`);
const settingsOf = (name?: string) =>
  (name === undefined ? lab.aws.studio.domain('d-lab') : lab.aws.studio.profile('d-lab', name))!.settings;

describe('the pass that makes the digest', () => {
  it.each(['replace', 'merge'] as const)(
    'sets what the policy gives leave for, and nothing else, where an update means %s',
    async (updates) => {
      lab.aws.studio.updates = updates;
      expect((await pass()).error).toBeUndefined();
      expect(settingsOf()).toEqual({ ExecutionRole: 'arn:aws:iam::111122223333:role/x', JupyterLabAppSettings: on });
      expect(settingsOf('alice')).toEqual({});
      expect(settingsOf('bob')).toEqual({ JupyterLabAppSettings: on, CodeEditorAppSettings: off });
      expect(lab.changes()).toMatchObject({ 'sagemaker UpdateDomain': 1, 'sagemaker UpdateUserProfile': 1 });
      expect(told((await digests())[0])).toEqual(['set domain', 'set bob']);
    },
  );

  it('has nothing left to tell the next day: an empty lab as the policy wants it gets no digest', async () => {
    await pass();
    lab.clock.now += DAY;
    lab.aws.calls.reset();
    await pass();
    expect(changes()).toEqual([]);
    expect(await digests()).toHaveLength(1);
  });

  it.each([
    ['observe', 'apply: true'],
    ['warn', 'apply: true'],
    ['enforce', 'apply: false'],
    ['enforce', ''],
  ])('in mode %s with "%s" only tells', async (mode, leave) => {
    const idleKey = NATIVE_IDLE.replace(/, apply: true/, leave ? `, ${leave}` : '');
    await writeFile(lab.policy, `${DAILY.replace('enforce', mode)}${idleKey}\n`);
    expect((await pass()).error).toBeUndefined();
    expect(changes()).toEqual([]);
    expect(told((await digests())[0])).toEqual(['drift domain', 'drift bob']);
    expect(settingsOf('bob')).toEqual({ JupyterLabAppSettings: off, CodeEditorAppSettings: off });
  });

  it('leaves an exempt owner alone, by tag too', async () => {
    const { studio } = lab.aws;
    studio.setTags(studio.arn.profile('d-lab', 'bob'), { curfew: 'exempt' });
    await writeFile(
      lab.policy,
      `${DAILY.replace('exempt:', 'exempt:\n  - { tag: { curfew: exempt } }')}${NATIVE_IDLE}\n`,
    );
    await pass();
    studio.setTags(studio.arn.profile('d-lab', 'bob'), {});
    expect(told((await digests())[0])).toEqual(['set domain']);
    expect(settingsOf('bob')).toEqual({ JupyterLabAppSettings: off, CodeEditorAppSettings: off });
  });

  it('looks at no settings where the policy does not speak of them', async () => {
    await writeFile(lab.policy, DAILY);
    await pass();
    expect(Object.keys(lab.aws.calls.counts()).filter((name) => /Describe|Update|ListUserProfiles/.test(name))).toEqual(
      [],
    );
  });
});

it('a quiet scan makes the very calls that it makes without native-idle', async () => {
  await pass();
  const quiet = async (policy: string) => {
    await writeFile(lab.policy, policy);
    lab.clock.now += 5 * MINUTE;
    lab.aws.calls.reset();
    expect((await pass()).error).toBeUndefined();
    return lab.aws.calls.counts();
  };
  const without = await quiet(DAILY);
  expect(await quiet(`${DAILY}${NATIVE_IDLE}\n`)).toEqual(without);
  expect(without).toEqual({
    'dynamodb Query': without['dynamodb Query'],
    'sagemaker ListApps': 1,
    'sagemaker ListSpaces': 1,
  });
});

describe('a failure', () => {
  it('of one profile is its own: the digest goes out and tells it, and the pass fails loudly with the IAM action', async () => {
    deny('DescribeUserProfile', ({ UserProfileName }) => UserProfileName === 'alice');
    deny('UpdateUserProfile');
    const { error } = await pass();
    expect(error).toMatchObject({ name: 'PassFailed' });
    for (const action of ['sagemaker:DescribeUserProfile', 'sagemaker:UpdateUserProfile'])
      expect(error!.message).toContain(`${action} is not allowed`);
    const [digest] = await digests();
    expect(told(digest)).toEqual(['failed alice', 'failed bob', 'set domain']);
    expect(digest!.nativeIdle!.findings[0]!.why).toContain('sagemaker:DescribeUserProfile is not allowed');
    // Told once a day, not by every scan.
    lab.clock.now += 5 * MINUTE;
    expect((await pass()).error).toBeUndefined();
  });

  it('of the listing of profiles leaves the domains, and the digest tells it', async () => {
    deny('ListUserProfiles');
    expect((await pass()).error?.message).toContain('sagemaker:ListUserProfiles is not allowed');
    const [digest] = await digests();
    expect(told(digest)).toEqual(['set domain']);
    expect(digest!.nativeIdle!.faults).toEqual([expect.stringContaining('sagemaker:ListUserProfiles')]);
  });

  it('of all of it still lets the digest of a running lab go out', async () => {
    for (const action of ['ListDomains', 'ListUserProfiles']) deny(action);
    lab.aws.studio.createApp({
      domainId: 'd-lab',
      userProfileName: 'alice',
      appType: 'JupyterLab',
      appName: 'default',
      at: lab.clock.now - HOUR,
    });
    expect((await pass()).error?.name).toBe('PassFailed');
    expect(changes()).toEqual([]);
    expect(await digests()).toMatchObject([{ running: 1, nativeIdle: { findings: [], faults: [{}, {}] } }]);
  });
});

it('what there is no time for is told, and is where the next day begins', async () => {
  await pass({ remaining: 60_000 });
  const [first] = await digests();
  expect(first!.nativeIdle).toMatchObject({ unseen: 3 });
  expect(told(first)).toEqual(['set domain']);
  expect(lab.aws.calls.count('sagemaker', 'DescribeUserProfile')).toBe(0);
  lab.clock.now += DAY;
  await pass({ remaining: 299_000 });
  expect(told((await digests())[1])).toEqual(['set bob']);
});

import { UpdateContinuousBackupsCommand, UpdateTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { createTable } from '../../src/adapters/dynamodb/table.ts';
import type { Finding } from '../../src/domain/checkup/finding.ts';
import { MINUTE } from '../../src/domain/time.ts';
import { TRACE } from './curfew.ts';
import { startLab } from './lab.ts';

/** Nothing is under a max-idle, so that no app is without evidence. */
const POLICY = `mode: enforce
admins: [admin@example.org]
sender: Curfew <curfew@example.org>
limits:
  - name: everything
    max-uptime: 7d
exempt:
  - { app-type: JupyterServer }
report: { daily: never }
`;
const ROLE = 'arn:aws:iam::111122223333:role/curfew-prod';
const CALLER = 'arn:aws:iam::111122223333:role/lab/CurfewRole';
const NAMES = ['scan', 'studio-event', 'activity-event', 'links', 'mail-feedback', 'deliver', 'spend', 'weekly-report'];
const LINKS = 'https://links.example.org';
const anything = (...actions: string[]) => ({ effect: 'Allow' as const, actions, resources: ['*'] });
const all = [
  anything('sagemaker:*', 'dynamodb:*', 'ses:*', 'tag:*', 'cloudwatch:*', 'pricing:*', 'ce:*', 'ssm:*', 'scheduler:*'),
];

let lab: Awaited<ReturnType<typeof startLab>>;
beforeAll(async () => {
  lab = await startLab();
  await createTable(lab.dynamodb, 'curfew');
});
afterAll(() => lab.close());

const protect = (isWanted: boolean) =>
  lab.dynamodb.send(new UpdateTableCommand({ TableName: 'curfew', DeletionProtectionEnabled: isWanted }));
const recover = (isWanted: boolean) =>
  lab.dynamodb.send(
    new UpdateContinuousBackupsCommand({
      TableName: 'curfew',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: isWanted },
    }),
  );
const beat = (name: 'Invocations' | 'Errors', ago: number, value: number) =>
  lab.aws.cloudwatch.put(
    { namespace: 'AWS/Lambda', name, dimensions: { FunctionName: 'curfew-prod-scan' } },
    lab.clock.now - ago,
    value,
  );

/** An account in which everything is as it should be: tests spoil one thing. */
beforeEach(async () => {
  const { aws } = lab;
  // Another time, in which nothing has been measured yet.
  lab.clock.now += 24 * 60 * MINUTE;
  aws.faults.clear();
  await lab.file('curfew.yml', POLICY);
  await Promise.all([protect(true), recover(true)]);
  aws.trails.splice(0, aws.trails.length, { name: 'org', isMultiRegion: true, homeRegion: 'eu-west-1' });
  for (const tag of ['domain-arn', 'user-profile-arn', 'space-arn'])
    aws.costExplorer.activeTags.set(`sagemaker:${tag}`, '');
  const env = {
    ...{ CURFEW_TABLE: 'curfew', CURFEW_VERSION: packageFile.version, CURFEW_CONFIGURATION_SET: 'set' },
    ...{ CURFEW_POLICY: 'curfew.yml', CURFEW_BASE_URL: LINKS },
  };
  const others = Array.from({ length: 60 }, (_, i) => ({ name: `other-${i}`, handler: 'index.handler', role: 'r' }));
  const ours = NAMES.map((name) => ({
    name: `curfew-prod-${name}`,
    handler: `dist/handlers/${name}.handler`,
    role: ROLE,
    env,
  }));
  aws.functions.splice(0, aws.functions.length, ...others, ...ours);
  aws.iam.clear();
  aws.iam.set(ROLE, all).set(CALLER, all);
  Object.assign(aws.ses, { production: true, paused: false, enforcement: 'HEALTHY' });
  aws.ses.quota = { max24HourSend: 50_000, maxSendRate: 14 };
  aws.ses.identities = new Set(['example.org']);
  aws.ses.pending.clear();
  for (const ago of [3, 8, 13, 18]) beat('Invocations', ago * MINUTE, 1);
  aws.calls.reset();
});

interface Report {
  ok: boolean;
  version: string;
  findings: Finding[];
}
const env = { CURFEW_TABLE: 'curfew', CURFEW_BASE_URL: LINKS };
const run = (...args: string[]) => lab.curfew(['doctor', ...lab.now(), ...args], env);
async function examine(...args: string[]) {
  const { code, stdout, stderr } = await run('--json', ...args);
  expect(stderr).not.toMatch(TRACE);
  const report = JSON.parse(stdout) as Report;
  return { code, ...report, of: (check: string) => report.findings.find((one) => one.check === check)! };
}
const bad = ({ findings }: Report) => findings.filter(({ health }) => health !== 'ok');

describe('an account that is well', () => {
  it('is found so, by reading alone, and exit 0', async () => {
    const report = await examine();
    expect(bad(report)).toEqual([]);
    expect(report).toMatchObject({ code: 0, ok: true, version: packageFile.version });
    expect(report.findings.map(({ check }) => check)).toEqual([
      'credentials',
      'policy',
      'table',
      'pause',
      'version',
      'terminal',
      'last scan',
      'backstop',
      'events',
      'cost tags',
      'sender',
      'sending',
      'agents',
      'native idle',
      `rights of ${NAMES.join(', ')}`,
      'rights of you',
    ]);
    expect(Object.keys(lab.changes())).toEqual(['iam SimulatePrincipalPolicy']);
    // It is paid for by the request.
    expect(lab.aws.calls.count('cost-explorer')).toBe(1);
  });

  it('is told in lines for people, with a sum on stderr', async () => {
    const { code, stdout, stderr } = await run();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok {9}credentials: account 111122223333, region us-east-1, as arn:aws:sts::111122223333:/);
    expect(stderr).toBe('16 checks: 16 ok, 0 warnings, 0 wrong, 0 not known. Nothing was changed.\n');
  });
});

type Spoil = () => unknown;
const ours = () => lab.aws.functions.flatMap((one) => (one.env ? [one.env] : []));
const expire = () =>
  lab.dynamodb.send(
    new UpdateTimeToLiveCommand({
      TableName: 'curfew',
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: false },
    }),
  );

describe('one thing that is not well is found, alone, with how to mend it', () => {
  it.each<[what: string, check: string, health: string, says: RegExp, mend: RegExp, spoil: Spoil]>([
    [
      'the policy has faults',
      'policy',
      'wrong',
      /curfew\.yml/,
      /policy check curfew\.yml/,
      () => lab.file('curfew.yml', 'mode: no'),
    ],
    [
      'no recovery',
      'table',
      'warning',
      /cannot be restored/,
      /update-continuous-backups --table-name curfew/,
      () => recover(false),
    ],
    [
      'no protection',
      'table',
      'warning',
      /keeps it from being deleted/,
      /--deletion-protection-enabled/,
      () => protect(false),
    ],
    [
      'a trail that is off',
      'events',
      'warning',
      /the trail org is off/,
      /start-logging --name org/,
      () => (lab.aws.trails[0]!.isLogging = false),
    ],
    [
      'no trail at all',
      'events',
      'warning',
      /no trail covers us-east-1/,
      /create-trail/,
      () => lab.aws.trails.splice(0),
    ],
    [
      'a trail of another region alone',
      'events',
      'warning',
      /no trail covers/,
      /create-trail/,
      () => (lab.aws.trails[0]!.isMultiRegion = false),
    ],
    [
      'a trail of reads alone',
      'events',
      'warning',
      /logs no management events that write/,
      /put-event-selectors/,
      () =>
        (lab.aws.trails[0]!.selectors = {
          EventSelectors: [{ ReadWriteType: 'ReadOnly', IncludeManagementEvents: true }],
        }),
    ],
    [
      'a trail of data alone',
      'events',
      'warning',
      /logs no management events/,
      /put-event-selectors/,
      () =>
        (lab.aws.trails[0]!.selectors = {
          AdvancedEventSelectors: [{ FieldSelectors: [{ Field: 'eventCategory', Equals: ['Data'] }] }],
        }),
    ],
    [
      'a tag that is not active',
      'cost tags',
      'warning',
      /sagemaker:space-arn is not active/,
      /update-cost-allocation-tags-status .*TagKey=sagemaker:space-arn,Status=Active$/,
      () => lab.aws.costExplorer.activeTags.delete('sagemaker:space-arn'),
    ],
    [
      'a sender that nobody knows',
      'sender',
      'wrong',
      /knows neither curfew@example\.org nor its domain/,
      /create-email-identity --email-identity example\.org/,
      () => lab.aws.ses.identities.clear(),
    ],
    [
      'a sender that waits',
      'sender',
      'wrong',
      /has not verified it/,
      /DKIM/,
      () => {
        lab.aws.ses.identities.clear();
        lab.aws.ses.pending.add('example.org');
      },
    ],
    ['the sandbox', 'sending', 'wrong', /sandbox/, /Request production access/, () => (lab.aws.ses.production = false)],
    [
      'paused sending',
      'sending',
      'wrong',
      /sends nothing/,
      /put-account-sending-attributes/,
      () => (lab.aws.ses.paused = true),
    ],
    ['probation', 'sending', 'warning', /on probation/, /Reputation/, () => (lab.aws.ses.enforcement = 'PROBATION')],
    [
      'a quota of nothing',
      'sending',
      'wrong',
      /used up: 0 of 0/,
      /Service Quotas/,
      () => (lab.aws.ses.quota.max24HourSend = 0),
    ],
    [
      'another version',
      'version',
      'warning',
      /0\.0\.1 is deployed/,
      /serverless deploy/,
      () => (lab.aws.functions.at(-1)!.env!.CURFEW_VERSION = '0.0.1'),
    ],
    [
      'a missing function',
      'version',
      'wrong',
      /of the deployed functions weekly-report is missing/,
      /serverless deploy/,
      () => lab.aws.functions.pop(),
    ],
    [
      'links made here that lead elsewhere',
      'terminal',
      'warning',
      /lead to https:..links\.example\.org, and those of the functions to https:..other\.example\.org/,
      /export CURFEW_BASE_URL=https:..other\.example\.org/,
      () => ours().map((its) => (its.CURFEW_BASE_URL = 'https://other.example.org')),
    ],
    [
      'functions that read another policy',
      'terminal',
      'warning',
      /read their policy from ssm:.curfew.prod.policy, and curfew\.yml was looked at/,
      /export CURFEW_POLICY=ssm:.curfew.prod.policy/,
      () => ours().map((its) => (its.CURFEW_POLICY = 'ssm:/curfew/prod/policy')),
    ],
    [
      'failing scans',
      'last scan',
      'wrong',
      /the last scan failed/,
      /aws logs tail .aws.lambda.curfew-prod-scan/,
      () => beat('Errors', 3 * MINUTE, 1),
    ],
    [
      'a scan that failed once',
      'last scan',
      'warning',
      /4 scans in an hour, 1 of them failed/,
      /aws logs tail/,
      () => beat('Errors', 18 * MINUTE, 1),
    ],
    [
      'a pause',
      'pause',
      'warning',
      /paused until somebody resumes.*by jo/,
      /curfew resume/,
      () => lab.curfew(['pause', '--why', 'exams', ...lab.now()], env),
    ],
    [
      'a CLI without rights',
      'rights of you',
      'warning',
      /CurfewRole may not dynamodb:Query on arn:aws:dynamodb:us-east-1:111122223333:table.curfew/,
      /IAM > Roles > CurfewRole/,
      () => lab.aws.iam.set(CALLER, [anything('sagemaker:*', 'tag:*')]),
    ],
  ])('%s', async (_, check, health, says, mend, spoil) => {
    await spoil();
    const report = await examine();
    if (check === 'pause') await lab.curfew(['resume', ...lab.now()], env);
    const found = report.of(check);
    expect(found).toMatchObject({ health, says: expect.stringMatching(check === 'pause' ? /by arn:aws:sts/ : says) });
    expect(found.mend.join('\n')).toMatch(mend);
    expect([report.code, report.ok]).toEqual(health === 'wrong' ? [1, false] : [0, true]);
    // What rests on a policy cannot be looked at without one; nothing else changes.
    if (check !== 'policy') expect(bad(report).map((one) => one.check)).toEqual([check]);
    else
      expect(
        new Set(
          bad(report)
            .slice(1)
            .map((one) => one.health),
        ),
      ).toEqual(new Set(['not known']));
  });

  it('a function without a right: which, on what; exit 1', async () => {
    const scoped = { ...anything('dynamodb:*'), resources: ['arn:aws:dynamodb:us-east-1:111122223333:table/curfew*'] };
    lab.aws.iam.set(ROLE, [
      anything('sagemaker:List*', 'tag:*', 'cloudwatch:*', 'pricing:*', 'ses:*', 'ce:*', 'scheduler:*'),
      scoped,
    ]);
    const report = await examine();
    const found = report.of(`rights of ${NAMES.join(', ')}`);
    expect(found.health).toBe('wrong');
    expect(found.says).toMatch(
      /^curfew-prod may not sagemaker:DeleteApp on arn:aws:sagemaker:us-east-1:111122223333:app.d-\w+.anybody.jupyterlab.default, sagemaker:DescribeApp/,
    );
    expect(report.code).toBe(1);
    expect(bad(report)).toHaveLength(1);
  });

  it('a right that hangs on a condition is not known, and an explicit denial is one whatever else is allowed', async () => {
    const [grant] = all;
    lab.aws.iam.set(ROLE, [
      { ...anything('ses:SendEmail'), contextKey: 'ses:FromAddress' },
      anything('sagemaker:*', 'dynamodb:*', 'ses:Get*', 'tag:*', 'cloudwatch:*', 'pricing:*', 'ce:*', 'scheduler:*'),
    ]);
    const rights = `rights of ${NAMES.join(', ')}`;
    expect((await examine()).of(rights)).toMatchObject({
      health: 'not known',
      says: expect.stringMatching(/ses:SendEmail/),
    });
    lab.aws.iam.set(ROLE, [grant!, { ...anything('dynamodb:PutItem'), effect: 'Deny' }]);
    expect((await examine()).of(rights)).toMatchObject({
      health: 'wrong',
      says: expect.stringMatching(/may not dynamodb:PutItem/),
    });
  });

  it('each role of its own is told by itself', async () => {
    const own = 'arn:aws:iam::111122223333:role/curfew-prod-deliver';
    lab.aws.functions.find(({ name }) => name === 'curfew-prod-deliver')!.role = own;
    lab.aws.iam.set(own, [anything('dynamodb:*', 'ses:GetAccount')]);
    const report = await examine();
    expect(report.of('rights of deliver')).toMatchObject({
      health: 'wrong',
      says: expect.stringMatching(
        /ses:SendEmail on arn:aws:ses:us-east-1:111122223333:identity.example\.org, ses:SendEmail on .*configuration-set.set/,
      ),
    });
    expect(bad(report)).toHaveLength(1);
  });

  it('apps whose use nobody tells, with what to install where', async () => {
    await lab.file('curfew.yml', POLICY.replace('max-uptime: 7d', 'max-uptime: 7d\n    max-idle: 2h'));
    const { of, code } = await examine();
    expect(of('agents')).toMatchObject({
      health: 'warning',
      says: expect.stringMatching(/of \d+ running apps under a max-idle .* do not tell of their use/),
    });
    expect(of('agents').mend).toContain('npx curfew agent install --domain d-lab, and then a restart of those apps');
    expect(code).toBe(0);
  });

  it('idle settings that are not the policy’s', async () => {
    await lab.file('curfew.yml', `${POLICY}native-idle: { JupyterLab: 2h }\n`);
    const { of } = await examine();
    expect(of('native idle')).toMatchObject({
      health: 'warning',
      says: expect.stringMatching(/JupyterLab of class is not set, wanted 2 h/),
    });
    expect(of('native idle').mend.join()).toMatch(/curfew idle-settings/);
    expect(lab.aws.calls.count('sagemaker', 'UpdateDomain')).toBe(0);
  });

  it('no scan for a quarter of an hour, and none at all', async () => {
    lab.clock.now += 30 * MINUTE;
    expect((await examine()).of('last scan')).toMatchObject({
      health: 'wrong',
      says: expect.stringMatching(/no scan was made for \d+ min, and one is due every 5 minutes/),
    });
    lab.clock.now += 600 * MINUTE;
    expect((await examine()).of('last scan')).toMatchObject({
      health: 'wrong',
      says: expect.stringMatching(/for 3 h at least/),
    });
  });

  it('functions that do not say their version', async () => {
    for (const one of lab.aws.functions) if (one.env) one.env = { CURFEW_TABLE: 'curfew' };
    expect((await examine()).of('version')).toMatchObject({
      health: 'not known',
      says: expect.stringMatching(/CURFEW_VERSION is not set/),
    });
  });

  it('a table in which nothing expires', async () => {
    await expire();
    const found = (await examine()).of('table');
    await createTable(lab.dynamodb, 'curfew');
    expect(found).toMatchObject({ health: 'warning', says: expect.stringMatching(/nothing in it expires/) });
  });

  it('a table that is not there, and no table', async () => {
    const other = await examine('--table', 'other');
    expect(other.of('table')).toMatchObject({ health: 'wrong', says: 'there is no table other in us-east-1' });
    expect(other.code).toBe(1);
    const { stdout, code } = await lab.curfew(['doctor', '--json', ...lab.now()]);
    const { findings } = JSON.parse(stdout) as Report;
    expect(code).toBe(0);
    expect(findings.find(({ check }) => check === 'table')).toMatchObject({ health: 'warning' });
    expect(findings.filter(({ health }) => health === 'not known').map(({ check }) => check)).toEqual([
      'pause',
      'version',
      'terminal',
      'last scan',
      'rights',
      'rights of you',
    ]);
  });
});

describe('what may not be asked, or is not answered, is not known; and hides nothing else', () => {
  const never = Number.POSITIVE_INFINITY;
  it.each([
    ['cloudtrail', 'DescribeTrails', 'events', /cloudtrail:DescribeTrails/],
    ['cloudtrail', 'GetEventSelectors', 'events', /may not ask whether that is management events/],
    ['cost-explorer', 'ListCostAllocationTags', 'cost tags', /only the organization’s management account/],
    ['sesv2', 'GetAccount', 'sending', /ses:GetAccount is not allowed/],
    ['sesv2', 'GetEmailIdentity', 'sender', /ses:GetEmailIdentity is not allowed/],
    ['dynamodb', 'DescribeTable', 'table', /dynamodb:DescribeTable is not allowed/],
    ['dynamodb', 'GetItem', 'pause', /dynamodb:GetItem is not allowed/],
    ['cloudwatch', 'GetMetricData', 'last scan', /cloudwatch:GetMetricData is not allowed/],
    ['iam', 'GetRole', 'rights of you', /iam:GetRole is not allowed/],
  ] as const)('%s %s', async (service, action, check, says) => {
    lab.aws.faults.add({ service, action, code: 'AccessDeniedException', status: 403, message: 'no', times: never });
    const report = await examine();
    expect(report.of(check)).toMatchObject({ health: 'not known', says: expect.stringMatching(says) });
    const others = bad(report).filter((one) => one.check !== check);
    expect(others).toEqual([]);
    expect(report.code).toBe(0);
  });

  it('the functions: what rests on them is not known either', async () => {
    lab.aws.faults.add({
      service: 'lambda',
      action: 'ListFunctions',
      code: 'AccessDeniedException',
      status: 403,
      times: never,
    });
    const report = await examine();
    expect(bad(report).map(({ check, health }) => [check, health])).toEqual([
      ['version', 'not known'],
      ['terminal', 'not known'],
      ['last scan', 'not known'],
      ['rights', 'not known'],
    ]);
  });

  it('SageMaker: the apps are not known, and nothing says that all is well with them', async () => {
    lab.aws.faults.add({
      service: 'sagemaker',
      action: 'ListApps',
      code: 'AccessDeniedException',
      status: 400,
      times: never,
    });
    expect((await examine()).of('agents')).toMatchObject({
      health: 'not known',
      says: expect.stringMatching(/sagemaker:ListApps/),
    });
  });

  it('credentials that are no good are wrong: exit 1, and what can be asked is asked all the same', async () => {
    lab.aws.faults.add({
      service: 'sts',
      action: 'GetCallerIdentity',
      code: 'ExpiredToken',
      status: 403,
      times: never,
    });
    const report = await examine();
    expect(report.of('credentials')).toMatchObject({ health: 'wrong', mend: ['aws sts get-caller-identity'] });
    expect(report.code).toBe(1);
    expect(report.of('sending').health).toBe('ok');
  });

  it('names from AWS move no cursor', async () => {
    lab.aws.trails.splice(0, 1, { name: 'x\u001b[2Jy', isLogging: false });
    expect((await run()).stdout).not.toContain('\u001b');
  });
});

import { readFileSync } from 'node:fs';
import { UpdateContinuousBackupsCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/domain/checkup/finding.ts';
import { functionsOf } from '../../stack/check/functions.ts';
import { PLACE, resolve, type Template } from '../../stack/check/resolve.ts';
import { packaged } from '../deploy/packaged.ts';
import { startZipped } from '../deploy/zipped.ts';
import { scheduled } from '../handlers/lambda.ts';
import { startShell, TRACE } from './curfew.ts';

// docs/deploy.md as a new admin follows it, word by word, and docs/operate.md after it: every `npx curfew` of them in its order, on
// the policy that the repository has, the packaged stack and an embedded AWS. What only a real account can take is in
// aws-commands.test.ts.

const stepsOf = (page: string) =>
  [...readFileSync(page, 'utf8').matchAll(/npx curfew ([a-z][^#`\n]*)/g)].map(([, words = '']) => words.trim());
const steps = stepsOf('docs/deploy.md');
const upTo = (step: string) => steps.slice(0, steps.indexOf(step));
const from = (step: string) => steps.slice(steps.indexOf(step));

const DOMAIN = 'd-abcdefghijkl';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let zipped: Awaited<ReturnType<typeof startZipped>>;
let shell: Awaited<ReturnType<typeof startShell>>;
let template: Template;
let env: Record<string, string> = {};

beforeAll(async () => {
  template = (await packaged()).template;
  zipped = await startZipped();
  const { aws, clock } = zipped;
  const at = clock.now - 3 * HOUR;
  aws.studio.createDomain({ domainId: DOMAIN, name: 'lab', at });
  for (const name of ['alice', 'bob']) aws.studio.createUserProfile({ domainId: DOMAIN, name, at });
  const app = {
    domainId: DOMAIN,
    appName: 'default',
    appType: 'JupyterLab' as const,
    instanceType: 'ml.t3.medium',
    at,
  };
  for (const userProfileName of ['alice', 'bob']) aws.studio.createApps([{ ...app, userProfileName }]);
  // As an account is before anybody has read the page.
  aws.ses.identities.clear();
  aws.costExplorer.activeTags.clear();
  shell = await startShell(aws.env);
  await shell.file('curfew.yml', readFileSync('curfew.yml'));
  await shell.file('people.csv', 'alice,alice@example.org\nbob,bob@example.org\n');
});
afterAll(async () => {
  await shell.close();
  await zipped.close();
});

/** The words of a command as a shell reads them. */
const split = (command: string) => [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
const curfew = (command: string) =>
  shell.curfew([...split(command), '--now', new Date(zipped.clock.now).toISOString()], env);

/** Commands that no time matters to, and those that ask before they do it. */
const TIMELESS = ['policy check', 'agent', 'contacts list', 'table create'];
const ASKING = [`agent install --domain ${DOMAIN}`, `agent uninstall --domain ${DOMAIN}`];

/** A command of the page does what the page says: it ends well, and prints no trace. On a terminal, where it asks. */
async function follow(command: string): Promise<void> {
  const isTimeless = TIMELESS.some((one) => command.startsWith(one));
  const { code, stdout, stderr } = ASKING.includes(command)
    ? await shell.onTerminal(split(command), 'y\n')
    : isTimeless
      ? await shell.curfew(split(command), env)
      : await curfew(command);
  expect(`${stdout}${stderr}`).not.toMatch(TRACE);
  expect([command, code, code === 0 ? '' : stderr]).toEqual([command, 0, '']);
}

async function doctor(): Promise<Map<string, Finding>> {
  const { stdout } = await curfew('doctor --json');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return new Map(findings.map((finding) => [finding.check, finding]));
}
const unwell = (findings: Map<string, Finding>) =>
  [...findings.values()].filter(({ health }) => health !== 'ok').map(({ check, health }) => [check, health]);

/** `npx serverless deploy`, as far as an embedded AWS knows of it: the functions, their roles with their rights, the table as it is kept. */
async function deploy(): Promise<void> {
  const { aws, dynamodb } = zipped;
  const { Properties: table } = template.Resources.Table!;
  await dynamodb.send(
    new UpdateTableCommand({ TableName: 'Table', DeletionProtectionEnabled: table.DeletionProtectionEnabled }),
  );
  const { PointInTimeRecoverySpecification } = table;
  await dynamodb.send(new UpdateContinuousBackupsCommand({ TableName: 'Table', PointInTimeRecoverySpecification }));
  for (const { name, roleId, resource, policies } of functionsOf(template)) {
    const role = `arn:aws:iam::${PLACE.account}:role/${roleId}`;
    const { Handler, Environment } = resource.Properties;
    aws.functions.push({
      ...{ name: `curfew-prod-${name}`, handler: Handler, role },
      env: resolve(Environment.Variables, template) as Record<string, string>,
    });
    aws.iam.set(
      role,
      policies.flatMap(({ Statement }) =>
        Statement.map(({ Effect, Action, Resource }) => ({
          ...{ effect: Effect, actions: [Action].flat(), resources: [Resource].flat() },
        })),
      ),
    );
  }
  const { TableName, LinksUrl } = template.Outputs;
  env = {
    CURFEW_TABLE: resolve(TableName!.Value, template) as string,
    CURFEW_BASE_URL: resolve(LinksUrl!.Value, template) as string,
  };
}

/** A pass by the packaged function, as its schedule starts it; Lambda counts it. */
async function pass(): Promise<void> {
  const { aws, clock } = zipped;
  const { value, error } = await zipped.invoke('scan', scheduled(clock.now));
  expect([error, value]).toMatchObject([undefined, { mode: 'observe', faults: [] }]);
  const dimensions = { FunctionName: 'curfew-prod-scan' };
  aws.cloudwatch.put({ namespace: 'AWS/Lambda', name: 'Invocations', dimensions }, clock.now, 1);
}

describe('docs/deploy.md, followed word by word', () => {
  it('has the steps that are followed here, in this order', () => {
    expect(steps.slice(0, 4)).toEqual(['status', 'policy check', 'scan', 'doctor']);
    expect(steps).toContain(`agent install --domain ${DOMAIN}`);
    expect(steps.at(-1)).toBe('pause');
  });

  it('before: looks at the account and the policy, with no table; doctor says that nothing is deployed', async () => {
    for (const step of upTo('doctor')) await follow(step);
    expect(unwell(await doctor())).toContainEqual(['sender', 'wrong']);
    expect(zipped.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
  });

  it('step 7: doctor finds nothing wrong with the packaged stack, and of the account what steps 3 to 5 and 8 mend', async () => {
    const { aws, clock } = zipped;
    await deploy();
    clock.now += 5 * MINUTE;
    await pass();
    clock.now += MINUTE;
    const before = await doctor();
    expect(before.get('version')).toMatchObject({ health: 'ok', says: expect.stringContaining('8 functions') });
    // Step 3, 4 and 5: (AWS).
    aws.ses.identities.add('example.org');
    aws.ses.production = true;
    aws.trails.push({ name: 'management-events', isMultiRegion: true });
    for (const tag of ['domain-arn', 'user-profile-arn', 'space-arn'])
      aws.costExplorer.activeTags.set(`sagemaker:${tag}`, '');
    const after = await doctor();
    expect(unwell(before).map(([check]) => check)).toEqual(expect.arrayContaining(['events', 'cost tags', 'sender']));
    // Step 8 is still to come, and these credentials are of no role that IAM knows.
    expect(unwell(after)).toEqual([
      ['agents', 'warning'],
      ['rights of you', 'not known'],
    ]);
    for (const { name } of functionsOf(template))
      expect(after.get(`rights of ${name}`)).toMatchObject({ health: 'ok' });
  });

  it('step 8 and the rollout: every command does what the page says, and in mode observe nothing is stopped', async () => {
    for (const step of from(`agent install --domain ${DOMAIN} --dry-run`)) await follow(step);
    expect(zipped.aws.studio.apps()).toHaveLength(2);
    expect(zipped.aws.calls.count('sagemaker', 'DeleteApp')).toBe(0);
    expect((await doctor()).get('pause')).toMatchObject({ health: 'warning' });
    expect(zipped.denied).toEqual([]);
  });
});

describe('docs/operate.md, followed after it', () => {
  it('every command does what the page says, and the restored table is one to work on', async () => {
    // Who gets a report is told in test/cli/report.test.ts: nobody here has confirmed.
    const followed = stepsOf('docs/operate.md').filter((step) => !step.startsWith('report '));
    expect(followed.length).toBeGreaterThan(20);
    await follow('resume');
    for (const step of followed) await follow(step.replace('OLD', 'Table'));
    expect((await doctor()).get('pause')).toMatchObject({ health: 'ok' });
    const restored = await shell.curfew(['doctor', '--json', '--table', 'curfew-restored'], env);
    const { findings } = JSON.parse(restored.stdout) as { findings: Finding[] };
    // Nothing works on it yet, and it is paused before anything does: step 2 of a restoration.
    expect(findings.find(({ check }) => check === 'pause')).toMatchObject({
      health: 'warning',
      says: expect.stringContaining('restore'),
    });
  });
});

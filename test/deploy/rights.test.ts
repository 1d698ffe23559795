import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { HANDLERS } from '../../build.mjs';
import { PARAMETER_ACTIONS } from '../../src/adapters/ssm/parameter.ts';
import {
  actionsAllowed,
  actionsOfLambda,
  type DeployedFunction,
  functionsOf,
  type Statement,
} from '../../stack/check/functions.ts';
import { actionsNeeded } from '../../stack/check/needs.ts';
import { policyFaults } from '../../stack/check/policies.ts';
import { PLACE, resolve as resolveIn, type Template } from '../../stack/check/resolve.ts';
import { isAllowed, rightsFaults } from '../../stack/check/simulate.ts';
import { FITTED, packaged } from './packaged.ts';

/** Those that may stop apps. */
const STOPPERS = ['links', 'scan', 'studio-event'];

let template: Template;
beforeAll(async () => {
  template = (await packaged()).template;
});
const functionOf = (name: string, of = template): DeployedFunction => functionsOf(of).find((one) => one.name === name)!;
const arn = (service: string, rest: string) => `arn:aws:${service}:${PLACE.region}:${PLACE.account}:${rest}`;

describe('each function', () => {
  it.each(HANDLERS)('%s may do what its code calls, and nothing more', async (name) => {
    const deployed = functionOf(name);
    const needed = new Set([...(await actionsNeeded(name)), ...actionsOfLambda(deployed, template)]);
    expect([...actionsAllowed(deployed.policies)].sort()).toEqual([...needed].sort());
  });

  it('has a role of its own, which Lambda alone may be', () => {
    const functions = functionsOf(template);
    expect(functions.map(({ name }) => name).sort()).toEqual([...HANDLERS].sort());
    expect(new Set(functions.map(({ roleId }) => roleId)).size).toBe(HANDLERS.length);
    for (const { roleId } of functions) {
      const { AssumeRolePolicyDocument, ManagedPolicyArns } = template.Resources[roleId]!.Properties;
      expect(AssumeRolePolicyDocument.Statement).toEqual([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ]);
      expect(ManagedPolicyArns).toBeUndefined();
    }
    expect(Object.keys(template.Resources)).not.toContain('IamRoleLambdaExecution');
  });

  it.each(HANDLERS)('%s writes to its own log alone', async (name) => {
    const { policies } = functionOf(name);
    const log = (of: string) => arn('logs', `log-group:/aws/lambda/curfew-prod-${of}:log-stream:x`);
    const may = (of: string) => isAllowed(policies, { action: 'logs:PutLogEvents', resource: log(of) });
    for (const of of HANDLERS) expect(await may(of)).toBe(of === name);
  });

  it('can do what it calls, and cannot delete a space, a profile or a domain, nor read another table', async () => {
    expect(await rightsFaults(template)).toEqual([]);
  });

  it('that stops apps stops those of the given domains alone', async () => {
    const given = (await packaged(FITTED)).template;
    for (const name of STOPPERS) {
      const { policies } = functionOf(name, given);
      const stops = (domain: string) =>
        isAllowed(policies, {
          action: 'sagemaker:DeleteApp',
          resource: arn('sagemaker', `app/${domain}/alice/jupyterlab/default`),
        });
      expect(await Promise.all(['d-aaaaaaaaaaaa', 'd-bbbbbbbbbbbb', 'd-cccccccccccc'].map(stops))).toEqual([
        true,
        true,
        false,
      ]);
    }
  });

  it('other than scan, links and studio-event stops nothing', () => {
    const stoppers = functionsOf(template).filter(({ policies }) =>
      actionsAllowed(policies).has('sagemaker:DeleteApp'),
    );
    expect(stoppers.map(({ name }) => name).sort()).toEqual(STOPPERS);
  });
});

describe('the backstop', () => {
  const policiesOf = (id: string, of = template) =>
    (of.Resources[id]!.Properties.Policies as { PolicyDocument: unknown }[]).map(
      ({ PolicyDocument }) => resolveIn(PolicyDocument, of) as DeployedFunction['policies'][number],
    );
  const app = (domain: string) => arn('sagemaker', `app/${domain}/alice/jupyterlab/default`);

  it('may stop apps and leave behind what it could not, and nothing else', () => {
    expect([...actionsAllowed(policiesOf('BackstopRole'))].sort()).toEqual(['sagemaker:DeleteApp', 'sqs:SendMessage']);
  });

  it('stops those of the given domains alone', async () => {
    const given = (await packaged(FITTED)).template;
    const may = (domain: string) =>
      isAllowed(policiesOf('BackstopRole', given), { action: 'sagemaker:DeleteApp', resource: app(domain) });
    expect([await may('d-bbbbbbbbbbbb'), await may('d-cccccccccccc')]).toEqual([true, false]);
  });

  it('is Scheduler’s to be, of this account and for schedules of its own group', () => {
    const { AssumeRolePolicyDocument } = template.Resources.BackstopRole!.Properties;
    expect(resolveIn(AssumeRolePolicyDocument, template).Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition: {
          StringEquals: {
            'aws:SourceAccount': PLACE.account,
            'aws:SourceArn': arn('scheduler', 'schedule-group/curfew-prod-backstop'),
          },
        },
      },
    ]);
  });

  it('is lent by `scan` and `studio-event` alone, to Scheduler alone; no function touches schedules of another group', async () => {
    const pass = (name: string, service: string) =>
      isAllowed(functionOf(name).policies, {
        action: 'iam:PassRole',
        resource: `arn:aws:iam::${PLACE.account}:role/BackstopRole`,
        context: { 'iam:PassedToService': service },
      });
    for (const name of HANDLERS)
      expect([name, await pass(name, 'scheduler.amazonaws.com')]).toEqual([
        name,
        name === 'scan' || name === 'studio-event',
      ]);
    expect(await pass('scan', 'lambda.amazonaws.com')).toBe(false);
    for (const name of ['scan', 'studio-event', 'spend'])
      for (const [group, isOurs] of [
        ['curfew-prod-backstop', true],
        ['curfew-prod', false],
        ['default', false],
      ] as const) {
        const resource = arn('scheduler', `schedule/${group}/one`);
        expect(await isAllowed(functionOf(name).policies, { action: 'scheduler:DeleteSchedule', resource })).toBe(
          isOurs,
        );
      }
  });
});

describe('the statement of docs/security.md', () => {
  const [, json = ''] =
    /```json\n(\{\n {2}"Sid": "NeverStop[\s\S]*?)```/.exec(readFileSync('docs/security.md', 'utf8')) ?? [];

  it.each(STOPPERS)('keeps %s from stopping what is tagged exempt, and from nothing else', async (name) => {
    const { policies } = functionOf(name);
    const guarded = [...policies, { Version: '2012-10-17', Statement: [JSON.parse(json) as Statement] }];
    const stop = (context: Record<string, string>, of = guarded) =>
      isAllowed(of, {
        action: 'sagemaker:DeleteApp',
        resource: arn('sagemaker', 'app/d-abcdefghijkl/alice/jupyterlab/default'),
        context,
      });
    const exempt = { 'aws:ResourceTag/curfew': 'exempt' };
    expect(await Promise.all([stop(exempt), stop({ 'aws:ResourceTag/curfew': 'training' }), stop({})])).toEqual([
      false,
      true,
      true,
    ]);
    expect(await stop(exempt, policies)).toBe(true);
  });
});

describe('the lists of actions', () => {
  const adapters = readdirSync('src/adapters', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

  it.each(adapters.filter((file) => /_(ACTIONS|CALLS)\b/.test(readFileSync(`src/adapters/${file}`, 'utf8'))))(
    '%s lists every action that it calls',
    async (file) => {
      const text = readFileSync(`src/adapters/${file}`, 'utf8');
      const exported = Object.entries(
        (await import(/* @vite-ignore */ resolve('src/adapters', file))) as Record<string, unknown>,
      );
      const listed = exported.filter(([name]) => name.endsWith('_ACTIONS')).flatMap(([, list]) => list as string[]);
      const body = text.replaceAll(/export const \w+_(CALLS|ACTIONS)[^=]*=[\s\S]*?[}\]];\n/g, '');
      const called = [...body.matchAll(/'((?:sagemaker|tag|cloudwatch|dynamodb|ses|ssm|pricing|ce|scheduler):\w+)'/g)];
      for (const [, action] of called) expect(listed).toContain(action);
    },
  );

  it('are exported by every adapter that a function could be wired to', () => {
    expect(PARAMETER_ACTIONS).toEqual(['ssm:GetParameter']);
    const wiring = readFileSync('src/wiring.ts', 'utf8');
    const wired = [...wiring.matchAll(/from '\.\/(adapters\/[^']+)'/g)].map(([, path]) => `src/${path}`);
    const silent = wired.filter((path) => {
      const text = readFileSync(path, 'utf8');
      return /from '@aws-sdk\//.test(text) && !/export const \w+_ACTIONS/.test(text);
    });
    // The CLI's alone: they make the table, ask whose the credentials are, read saved output, and know the SDK's own lists.
    expect(silent.sort()).toEqual([
      'src/adapters/dynamodb/table.ts',
      'src/adapters/sagemaker/account.ts',
      'src/adapters/sagemaker/known-types.ts',
      'src/adapters/saved/fleet.ts',
      'src/adapters/sts/account.ts',
    ]);
  });
});

describe('a planted fault is found:', () => {
  /** The template with a statement of a function's role spoiled. */
  const spoiled = (role: string, sid: string, spoil: (statement: Statement) => void): Template => {
    const copy = structuredClone(template);
    const statements = copy.Resources[role]!.Properties.Policies[0].PolicyDocument.Statement as Statement[];
    spoil(statements.find(({ Sid }) => Sid === sid)!);
    return copy;
  };
  const faultsOf = async (bad: Template) => [...(await policyFaults(bad)), ...(await rightsFaults(bad))];

  it('none in the template as it is', async () => {
    expect(await faultsOf(template)).toEqual([]);
  });

  it.each<[string, string, string, (statement: Statement) => void, string | RegExp]>([
    ['an action of *', 'ScanRole', 'Look', (one) => (one.Action = '*'), 'Look allows *'],
    [
      'all actions of a service',
      'ScanRole',
      'Record',
      (one) => (one.Action = 'dynamodb:*'),
      'Record allows dynamodb:*',
    ],
    [
      'an action that AWS does not know',
      'LinksRole',
      'Stop',
      (one) => (one.Action = 'sagemaker:StopApp'),
      /does not know/,
    ],
    ['a resource of * where AWS can scope it', 'LinksRole', 'Stop', (one) => (one.Resource = '*'), /AWS can scope it/],
    [
      'more than the code calls',
      'ActivityEventRole',
      'Record',
      (one) => (one.Action = [one.Action].flat().concat('dynamodb:PutItem')),
      'activity-event may do dynamodb:PutItem, and never does',
    ],
    [
      'a right that is missing',
      'DeliverRole',
      'Send',
      (one) => (one.Action = 'ses:GetAccount'),
      'deliver calls ses:SendEmail, and may not',
    ],
    [
      'a right on the wrong table',
      'SpendRole',
      'Record',
      (one) => (one.Resource = arn('dynamodb', 'table/other')),
      'spend calls dynamodb:PutItem, and may not',
    ],
    [
      'a right on every table',
      'ActivityEventRole',
      'Record',
      (one) => (one.Resource = arn('dynamodb', 'table/*')),
      /activity-event may do dynamodb:GetItem on .*payroll/,
    ],
    [
      'a right to delete a space',
      'ScanRole',
      'Stop',
      (one) => Object.assign(one, { Action: ['sagemaker:DeleteApp', 'sagemaker:DeleteSpace'], Resource: '*' }),
      /scan may do sagemaker:DeleteSpace/,
    ],
    [
      'a right to delete a domain',
      'ScanRole',
      'Domains',
      (one) => (one.Action = 'sagemaker:DeleteDomain'),
      /DeleteDomain, which destroys/,
    ],
    ['an effect that is none', 'ScanRole', 'Stop', (one) => (one.Effect = 'Permit' as never), /Effect/],
    [
      'a right by what it leaves out',
      'ScanRole',
      'Stop',
      (one) => Object.assign(one, { NotResource: one.Resource, Resource: undefined }),
      /leaves out/,
    ],
  ])('%s', async (_, role, sid, spoil, expected) => {
    expect(await faultsOf(spoiled(role, sid, spoil))).toContainEqual(
      typeof expected === 'string' ? expect.stringContaining(expected) : expect.stringMatching(expected),
    );
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRAILS_ACTIONS } from '../../src/adapters/cloudtrail/trails.ts';
import { BEATS_ACTIONS } from '../../src/adapters/cloudwatch/beats.ts';
import { CANVAS_USE_ACTIONS } from '../../src/adapters/cloudwatch/canvas-use.ts';
import { COST_TAGS_ACTIONS } from '../../src/adapters/cost-explorer/cost-tags.ts';
import { PAUSES_ACTIONS } from '../../src/adapters/dynamodb/pauses.ts';
import { TABLE_CARE_ACTIONS } from '../../src/adapters/dynamodb/table-care.ts';
import { SIMULATOR_ACTIONS } from '../../src/adapters/iam/simulator.ts';
import { FUNCTIONS_ACTIONS } from '../../src/adapters/lambda/functions.ts';
import { FLEET_ACTIONS } from '../../src/adapters/sagemaker/fleet.ts';
import { SETTINGS_ACTIONS } from '../../src/adapters/sagemaker/settings.ts';
import { BACKSTOP_ACTIONS } from '../../src/adapters/scheduler/backstop.ts';
import { MAIL_ACCOUNT_ACTIONS } from '../../src/adapters/ses/mail-account.ts';
import { startShell } from '../cli/curfew.ts';

const deploy = readFileSync('docs/deploy.md', 'utf8');
const operate = readFileSync('docs/operate.md', 'utf8');

/** What the adapters that `doctor` asks may call beyond reading, which it does not. */
const WRITES = [
  'sagemaker:DeleteApp',
  'sagemaker:DescribeApp',
  'sagemaker:UpdateDomain',
  'sagemaker:UpdateUserProfile',
  'scheduler:CreateSchedule',
  'scheduler:UpdateSchedule',
  'scheduler:DeleteSchedule',
  'iam:PassRole',
];

it('the rights of `doctor` are those that its adapters call, and no other', () => {
  const told = JSON.parse(/<!-- doctor-rights.*?```json\n(.*?)```/s.exec(deploy)![1]!) as { Action: string[] };
  const needed = new Set(
    [
      TRAILS_ACTIONS,
      BEATS_ACTIONS,
      CANVAS_USE_ACTIONS,
      COST_TAGS_ACTIONS,
      TABLE_CARE_ACTIONS,
      SIMULATOR_ACTIONS,
      FUNCTIONS_ACTIONS,
      FLEET_ACTIONS,
      SETTINGS_ACTIONS,
      MAIL_ACCOUNT_ACTIONS,
      BACKSTOP_ACTIONS,
      // The record of runs and the pause, which it reads.
      ['dynamodb:Query', 'dynamodb:GetItem'],
    ]
      .flat()
      .filter((action) => !WRITES.includes(action)),
  );
  expect(told.Action).toEqual([...needed].sort());
});

it('the rights of `pause` are those that its adapter calls', () => {
  const outside = ['scheduler:ListSchedules', 'scheduler:DeleteSchedule'];
  for (const action of [...PAUSES_ACTIONS, ...outside])
    expect(deploy.split('`curfew pause` and')[1]).toContain(`\`${action}\``);
});

describe('every command of the docs', () => {
  let shell: Awaited<ReturnType<typeof startShell>>;
  beforeAll(async () => {
    shell = await startShell();
  });
  afterAll(() => shell.close());

  const text = `${deploy}\n${operate}\n${readFileSync('README.md', 'utf8')}`;
  const lines = [...text.matchAll(/npx curfew ((?:[a-z][a-z-]*(?= |`|\n|$) ?)+)([^\n`#]*)/g)];
  const used = new Map<string, Set<string>>();
  for (const [, words = '', rest = ''] of lines) {
    const flags = used.get(words.trim()) ?? new Set();
    for (const [flag] of rest.matchAll(/--[a-z-]+/g)) flags.add(flag);
    used.set(words.trim(), flags);
  }

  it('is there to be tried', () => expect(used.size).toBeGreaterThan(8));
  it.each([...used].map(([words, flags]) => [words, [...flags]] as const))('npx curfew %s %j', async (words, flags) => {
    const { code, stdout } = await shell.curfew([...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: curfew ${words}`);
    for (const flag of flags) expect(stdout).toContain(flag);
  });
});

it('every link of the docs leads somewhere', () => {
  for (const name of ['README.md', 'docs/deploy.md', 'docs/operate.md', 'docs/security.md', 'docs/cost.md'])
    for (const [, target = ''] of readFileSync(name, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(existsSync(join(dirname(name), target)), `${name}: ${target}`).toBe(true);
});

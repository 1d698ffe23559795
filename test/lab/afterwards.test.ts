import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedAws, startEmbeddedAws } from '../../local/aws/index.ts';
import { checkAfterwards, liveOnWithoutCurfew, tellAfterwards } from '../../local/lab/afterwards.ts';
import { createAgenda } from '../../local/lab/agenda.ts';
import { createLedger, type LabRun, type Ledger } from '../../local/lab/ledger.ts';
import { PEOPLE } from '../../local/lab/people.ts';
import { schedulerBackstop } from '../../src/adapters/scheduler/backstop.ts';
import type { AppRef } from '../../src/domain/app.ts';
import { HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { policyOf } from '../domain/builders.ts';
import { clientsOf } from '../local/world.ts';

const START = Date.UTC(2026, 10, 3, 8);
const policy = policyOf(`
mode: enforce
admins: [a@example.org]
sender: Curfew <c@example.org>
limits: []
budgets: [{ name: per person, for: each owner, period: total, limit: 10 USD, at-limit: block }]
safety: { max-stops: 2 }
`);
const person = PEOPLE.find(({ profile }) => profile === 'noah-fischer')!;
const { domainId, profile } = person;

let aws: EmbeddedAws;
let ledger: Ledger;
const agenda = createAgenda(START);
beforeEach(async () => {
  agenda.clock.now = START;
  aws = await startEmbeddedAws({ now: () => agenda.clock.now });
  ledger = createLedger(aws.studio);
  aws.studio.onEvent(ledger.hear);
  aws.scheduler.createGroup('backstop');
  aws.studio.createDomain({ domainId, name: 'lab', at: START });
  aws.studio.createUserProfile({ domainId, name: profile, at: START });
});
afterEach(() => aws.close());

/** An ml.m5.xlarge, by JupyterLab: $10 are spent after 43 hours and a half. */
function begin(appName = 'default', tags?: Record<string, string>): LabRun {
  const id = { domainId, userProfileName: profile, appType: 'JupyterLab', appName } as const;
  const app = aws.studio.createApp({ ...id, instanceType: 'ml.m5.xlarge', ...(tags ? { tags } : {}) });
  const run: LabRun = { app, person, habit: { ...person.habits[0]! }, startedAt: START, until: Infinity, uses: [] };
  ledger.begin(run);
  return run;
}
async function arm({ app }: LabRun, at: Instant) {
  const { account, region } = aws.studio.place;
  const place = {
    group: 'backstop',
    role: 'arn:aws:iam::111122223333:role/b',
    queue: 'arn:aws:sqs:us-east-1:111122223333:q',
  };
  const { domainId, userProfileName, appType, appName } = app;
  const ref = { account, region, domainId, userProfileName: userProfileName!, appType, appName } as AppRef;
  await schedulerBackstop(clientsOf(aws).scheduler, place).arm({ name: appName, app: ref, at });
}
async function judge(rules = policy) {
  agenda.clock.now = START + HOUR;
  const afterwards = await liveOnWithoutCurfew(aws, agenda, ledger.runs);
  const [alive, early, capped] = checkAfterwards(aws, rules, afterwards, ledger.runs, {
    ...{ lastScan: START + HOUR, isOwnPolicy: true },
  }).map(({ broken }) => broken);
  return { alive, early, capped, told: tellAfterwards(afterwards) };
}
const fine = { alive: [], early: [], capped: [] };

test('stopped by Scheduler after the budget was spent: every promise holds, and people are told', async () => {
  await arm(begin(), START + 45 * HOUR);
  const { told, ...promises } = await judge();
  expect(promises).toEqual(fine);
  expect(ledger.runs[0]).toMatchObject({ endedAt: START + 45 * HOUR, endedBy: 'the backstop' });
  expect(told).toContain(
    'of 1 apps that ran, 0 of them exempt, EventBridge Scheduler would still have stopped 1, once a budget or an uptime ran out, 44 h later',
  );
});

test('without a schedule, it runs on: that is one broken promise', async () => {
  begin();
  const { told, ...promises } = await judge();
  expect(promises).toEqual({ ...fine, capped: [expect.stringContaining('running still: its budget was spent')] });
  expect(told).toContain('none would have been stopped');
});

test('late by a day', async () => {
  const run = begin();
  await arm(run, START + 72 * HOUR);
  expect(await judge()).toMatchObject({ ...fine, capped: [expect.stringContaining('JupyterLab default')] });
});

test('before its budget was spent', async () => {
  await arm(begin(), START + 30 * HOUR);
  expect(await judge()).toMatchObject({ ...fine, early: [expect.stringContaining('budget was not spent')] });
});

test('of what is exempt', async () => {
  await arm(begin('default', { curfew: 'exempt' }), START + 45 * HOUR);
  expect(await judge()).toMatchObject({ ...fine, early: [expect.stringContaining('JupyterLab default')] });
});

test('more at once than the safety valve lets through may run on', async () => {
  for (const name of ['one', 'two', 'three']) begin(name);
  expect(await judge()).toMatchObject(fine);
});

test('what it stopped while Curfew lived', async () => {
  await arm(begin(), START + 30 * MINUTE);
  agenda.clock.now = START + 30 * MINUTE;
  await aws.scheduler.fire();
  expect(await judge()).toMatchObject({ ...fine, alive: [expect.stringContaining('JupyterLab default')] });
});

test('by its uptime: not before its limit and grace, and no later than all that could be asked for', async () => {
  const capped = policyOf(`
mode: enforce
admins: [a@example.org]
sender: Curfew <c@example.org>
limits: [{ name: all, max-uptime: 1d, grace: 1h }]
backstop: { for: [uptime] }
safety: { max-stops: 3 }
`);
  const runs = ['early', 'right', 'late'].map((name) => begin(name));
  // 25 hours, and twice four hours with a grace each.
  for (const [i, hours] of [24, 36, 40].entries()) await arm(runs[i]!, START + hours * HOUR);
  expect(await judge(capped)).toMatchObject({
    ...{
      alive: [],
      early: [expect.stringContaining('early')],
      capped: [expect.stringMatching(/late .*uptime was over/)],
    },
  });
});

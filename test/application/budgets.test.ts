import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noteActivity } from '../../src/application/activity-event.ts';
import { moneyOf } from '../../src/application/budgets.ts';
import { enforceOn } from '../../src/application/enforce.ts';
import { survey } from '../../src/application/survey.ts';
import { type AppRef, appKey } from '../../src/domain/app.ts';
import type { Standing } from '../../src/domain/budget.ts';
import { withPolicyPrices } from '../../src/domain/cost.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { BudgetFacts } from '../../src/domain/notice.ts';
import { periodOf } from '../../src/domain/period.ts';
import type { Tags } from '../../src/domain/picture.ts';
import type { Budget, Guardrail, Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

/** $10 an hour: figures that a person can follow. */
const PRICES = { 'ml.g5.xlarge': parseRate('10') };

const perPerson: Budget = {
  name: 'per person',
  for: 'each owner',
  period: 'month',
  limit: 100_000_000,
  warnAt: [0.5, 0.8],
  forecastAt: [],
  atLimit: 'block',
};

const none: Guardrail = { name: 'g', match: {}, atMost: [], for: 'each owner' };

function lab(policy: Partial<Policy> = {}) {
  const it = world({ limits: [], budgets: [perPerson], prices: PRICES, owners: TEMPLATE, ...policy });
  const app = (userProfileName: string, appName = 'default') => ({
    ...{ ...ref, userProfileName, appName, instanceType: 'ml.g5.xlarge' },
  });
  return Object.assign(it, {
    app,
    /** An app starts, and its event comes at once. @returns what enforcement made of it */
    async create(who: AppRef & { instanceType: string }, at: Instant, tags: Tags = {}) {
      it.ports.fleet.start(who, at);
      await it.event({ kind: 'app created', app: who, at });
      const rates = withPolicyPrices(await it.ports.prices.rates('us-east-1'), it.policy.prices);
      const actor = { ...it.ports, policy: it.policy, baseUrl: it.baseUrl, rates };
      return enforceOn(it.ports, actor, { place: PLACE, app: who, at, tags }, at);
    },
    async standings(now: Instant) {
      const seen = await survey(it.ports, it.policy, { place: PLACE, now });
      const rates = withPolicyPrices(await it.ports.prices.rates('us-east-1'), it.policy.prices);
      return (await moneyOf(it.ports, it.policy, seen, rates, now)).standings;
    },
    async pass(now: Instant) {
      const report = await it.scan(now);
      await it.deliver(now);
      expect(report.faults).toEqual([]);
      return report.outcomes.map(({ kind, app: { appName } }) => `${kind} ${appName}`).sort();
    },
    isUp: (who: AppRef) => it.ports.fleet.apps.get(appKey(who))?.status === 'InService',
    /** What was crossed in each budget mail that went out, in order. */
    crossed: () =>
      it.ports.postbox.sent.flatMap(({ facts }) =>
        facts.kind === 'budget' ? [facts.crossed.map(({ kind, share }) => `${kind} ${share * 100}`).join()] : [],
      ),
  });
}

const TEMPLATE = { address: { template: '{profile}@people.example.org' }, exceptions: {} };

test('seed 1.151: the event of a creation that comes late stops nothing that is exempt by then, and dates what it stops by AWS’s clock', async () => {
  const rail = { ...none, allow: ['ml.t3.*'] };
  const weekend = { during: { days: [0, 6], from: 0, to: 24 * 60 } };
  const it = lab({ budgets: [], guardrails: [rail], exempt: [weekend] });
  const [friday, saturday, monday] = [4 * DAY, 5 * DAY, 7 * DAY].map((after) => NOON + after);
  it.ports.fleet.at = saturday;
  expect(await it.create(it.app('alice'), friday!)).toEqual({ kind: 'let be' });
  it.ports.fleet.at = monday;
  expect(await it.create(it.app('bob'), friday!)).toEqual({ kind: 'stopped', rule: 'g: guardrail' });
  expect(await it.ports.runs.get(it.app('bob'))).toMatchObject({ startedAt: friday, endedAt: monday });
});

test('the event of a creation that comes late stops nothing that was granted more since', async () => {
  const it = lab();
  it.ports.fleet.start(it.app('alice'), NOON);
  expect(await it.pass(NOON + 11 * HOUR)).toContain('stopped default');
  const again = it.app('alice', 'again');
  const at = NOON + 12 * HOUR;
  it.ports.fleet.start(again, at);
  await it.ports.ledger.except(PLACE, {
    ...{ kind: 'grant', amount: 100_000_000, by: 'admin', why: 'because' },
    ...{ subject: { kind: 'owner', name: `${ref.domainId}/alice` }, at: at + 2 * MINUTE, until: at + DAY },
  });
  await it.pass(at + 3 * MINUTE);
  expect(await it.create(again, at)).toEqual({ kind: 'let be' });
  expect(it.isUp(again)).toBe(true);
});

describe('thresholds', () => {
  test('each fires once a period, and several crossed at once make one mail', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 4 * HOUR);
    expect(it.crossed()).toEqual([]);
    await it.pass(NOON + 5 * HOUR);
    await it.pass(NOON + 6 * HOUR);
    expect(it.crossed()).toEqual(['spent 50']);
    await it.pass(NOON + 10 * HOUR);
    await it.pass(NOON + 11 * HOUR);
    expect(it.crossed()).toEqual(['spent 50', 'spent 80,spent 100']);
  });

  test('the mail has the figures', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 5.5 * HOUR);
    const facts = it.ports.postbox.sent.find((one) => one.facts.kind === 'budget')!.facts as BudgetFacts;
    expect(facts).toMatchObject({
      budget: 'per person',
      whose: 'alice',
      owner: `${ref.domainId}/alice`,
      limit: 100_000_000,
      spent: 55_000_000,
      billed: 0,
      hourly: 10_000_000,
      // November's last seven and a half days: a day of what runs, and no closed day to tell of a trend.
      forecast: 295_000_000,
      atLimit: 'block',
    });
    expect(facts.running.map(({ appName }) => appName)).toEqual(['default']);
  });

  test('a notice of an account with more apps than an item holds names the dearest, and counts the rest', async () => {
    const it = lab({ budgets: [{ ...perPerson, for: 'account', atLimit: 'warn' }] });
    for (let i = 0; i < 300; i++) it.ports.fleet.start(it.app('alice', `app${i}`), NOON - i * MINUTE);
    await it.pass(NOON + MINUTE);
    const facts = it.ports.postbox.sent.find((one) => one.facts.kind === 'budget')!.facts as BudgetFacts;
    expect([facts.running.length, facts.more, facts.running[0]!.appName]).toEqual([20, 280, 'app299']);
  });

  test('never again after a dip, and a new limit has thresholds of its own', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'warn' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 5 * HOUR);
    const grant = (amount: number, at: Instant, until: Instant) =>
      it.ports.ledger.except(PLACE, {
        ...{ kind: 'grant', subject: { kind: 'owner', name: `${ref.domainId}/alice` }, by: 'admin', why: 'paper' },
        ...{ amount, at, until },
      });
    // Twice the limit for a while: 25 % spent, then 50 % of it once more, and the old one when the grant is over.
    await grant(100_000_000, NOON + 5 * HOUR, NOON + 11 * HOUR);
    await it.pass(NOON + 6 * HOUR);
    expect(it.crossed()).toEqual(['spent 50']);
    await it.pass(NOON + 10 * HOUR);
    expect(it.crossed()).toEqual(['spent 50', 'spent 50']);
    await it.pass(NOON + 11 * HOUR);
    await it.pass(NOON + 12 * HOUR);
    expect(it.crossed()).toEqual(['spent 50', 'spent 50', 'spent 80,spent 100']);
  });

  test('a period that turns begins anew', async () => {
    const it = lab({ budgets: [{ ...perPerson, period: 'week', atLimit: 'warn' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 5 * HOUR);
    // Six days and a half on, it is Monday: 12 hours of the new week make $120.
    await it.pass(NOON + 7 * DAY);
    expect(it.crossed()).toEqual(['spent 50', 'spent 50,spent 80,spent 100']);
  });

  test('what is expected of the period’s end fires too', async () => {
    const it = lab({ budgets: [{ ...perPerson, limit: 200_000_000, forecastAt: [1] }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + HOUR);
    expect(it.crossed()).toEqual(['forecast 100']);
  });

  test('whole days that are not closed yet tell of a trend, and today does not', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'warn' }] });
    const midnight = NOON - 12 * HOUR;
    const [two, today] = [it.app('alice'), it.app('alice', 'today')];
    it.ports.fleet.start(two, midnight - 2 * DAY);
    await it.scan(midnight - 2 * DAY + MINUTE);
    await it.event({ kind: 'app deleted', app: two, at: midnight });
    it.ports.fleet.end(two);
    it.ports.fleet.start(today, midnight);
    await it.scan(midnight + MINUTE);
    await it.event({ kind: 'app deleted', app: today, at: NOON });
    it.ports.fleet.end(today);
    // $480 in two days, and $120 today. November goes on for seven days and a half, of which the first is as it is now.
    const [{ spend, forecast }] = (await it.standings(NOON)) as [Standing];
    expect([spend.amount, forecast]).toEqual([600_000_000, 600_000_000 + 6.5 * 240_000_000]);
  });

  test('an owner who may not be told: the admins are, with why; a team’s or the account’s goes to them', async () => {
    const account: Budget = { ...perPerson, name: 'all', for: 'account', atLimit: 'warn' };
    const it = lab({ budgets: [perPerson, account], owners: { address: undefined, exceptions: {} } });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 5 * HOUR);
    const told = it.ports.postbox.sent.flatMap(({ facts, to }) =>
      facts.kind === 'budget' ? [`${facts.whose}: ${to}: ${facts.audience.why ?? ''}`] : [],
    );
    expect(told.sort()).toEqual([
      'alice: admin@example.org: No address is known for alice: the policy has no owners.address. You are told instead.',
      'the account: admin@example.org: ',
    ]);
  });

  test('a crash between notice and mark repeats no mail', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    const { mark } = it.ports.ledger;
    it.ports.ledger.mark = async () => Promise.reject(new Error('no write'));
    const { faults } = await it.scan(NOON + 5 * HOUR);
    expect(faults).toEqual(['telling of budget per person (alice) failed: no write']);
    it.ports.ledger.mark = mark;
    await it.pass(NOON + 5 * HOUR + 5 * MINUTE);
    await it.pass(NOON + 6 * HOUR);
    expect(it.crossed()).toEqual(['spent 50']);
  });

  test('in mode observe nobody is told, and nothing is marked', async () => {
    const it = lab({ mode: 'observe' });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 12 * HOUR)).toEqual(['held default', 'started default']);
    expect([it.crossed(), it.ports.ledger.writes]).toEqual([[], 0]);
  });
});

describe('at the limit', () => {
  test('block: what runs is stopped at once, and whatever is created afterwards within its own event', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 9 * HOUR);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['stopped default']);
    const enforced = await it.create(it.app('alice', 'again'), NOON + 11 * HOUR);
    expect(enforced).toEqual({ kind: 'stopped', rule: 'per person: budget' });
    expect(it.isUp(it.app('alice', 'again'))).toBe(false);
    // Somebody else's is let be.
    expect(await it.create(it.app('bob'), NOON + 11 * HOUR)).toEqual({ kind: 'let be' });
    await it.deliver(NOON + 11 * HOUR);
    const stopped = it.ports.postbox.sent.findLast(({ facts }) => facts.kind === 'stopped')!.facts;
    expect(stopped).toMatchObject({
      rule: 'per person: budget',
      reason: '$100.00 of $100.00 spent (alice)',
      appeal: ['admin@example.org'],
      budget: { atLimit: 'block', period: periodOf('month', NOON, it.policy.timezone) },
    });
  });

  test('the mail of a budget tells which shares are to be told, and how many apps are free', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    const { instanceType: _, ...server } = { ...it.app('alice', 'jupyter'), appType: 'JupyterServer' };
    it.ports.fleet.start(server, NOON);
    await it.pass(NOON + 5 * HOUR);
    const facts = it.ports.postbox.sent.findLast((mail) => mail.facts.kind === 'budget')!.facts;
    expect(facts).toMatchObject({ warnAt: [0.5, 0.8], free: 1, crossed: [{ kind: 'spent', share: 0.5 }] });
  });

  test('an event that is lost: the next scan stops it', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    it.ports.fleet.start(it.app('alice', 'again'), NOON + 11 * HOUR);
    expect(await it.pass(NOON + 11 * HOUR + 5 * MINUTE)).toEqual(['started again', 'stopped again']);
  });

  test('stop: what had started by then is stopped, what is started afterwards goes on', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'stopped default']);
    expect(await it.create(it.app('alice', 'again'), NOON + 11 * HOUR)).toEqual({ kind: 'let be' });
    expect(await it.pass(NOON + 12 * HOUR)).toEqual([]);
  });

  test('stop: after a grant is spent too, what had started by then is stopped again', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    const subject = { kind: 'owner' as const, name: `${ref.domainId}/alice` };
    const times = { at: NOON + 10 * HOUR, until: NOON + 9 * DAY, by: 'admin', why: '' };
    await it.ports.ledger.except(PLACE, { kind: 'grant', subject, amount: 20_000_000, ...times });
    await it.create(it.app('alice', 'again'), NOON + 11 * HOUR);
    expect(await it.pass(NOON + 12 * HOUR)).toEqual([]);
    expect(await it.pass(NOON + 13 * HOUR)).toEqual(['stopped again']);
    await it.create(it.app('alice', 'after'), NOON + 14 * HOUR);
    expect(await it.pass(NOON + 15 * HOUR)).toEqual([]);
  });

  test('stop: when a grant ends unspent, what had started by then is stopped, and what is started afterwards goes on', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    const subject = { kind: 'owner' as const, name: `${ref.domainId}/alice` };
    const times = { at: NOON + 10 * HOUR, until: NOON + 20 * HOUR, by: 'admin', why: '' };
    await it.ports.ledger.except(PLACE, { kind: 'grant', subject, amount: 1_000_000_000, ...times });
    await it.create(it.app('alice', 'again'), NOON + 11 * HOUR);
    expect(await it.pass(NOON + 19 * HOUR)).toEqual([]);
    expect(await it.pass(NOON + 20 * HOUR)).toEqual(['stopped again']);
    await it.create(it.app('alice', 'after'), NOON + 21 * HOUR);
    expect(await it.pass(NOON + 22 * HOUR)).toEqual([]);
  });

  test.each([
    ['too small a grant', { kind: 'grant' as const, amount: 1_000_000 }],
    ['a grant that ends', { kind: 'grant' as const, amount: 50_000_000 }],
    ['a lift that ends', { kind: 'lift' as const }],
  ])('stop: what it has let be goes on, whatever is given afterwards: %s', async (_, given) => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    await it.create(it.app('alice', 'again'), NOON + 11 * HOUR);
    await it.pass(NOON + 11 * HOUR + 5 * MINUTE);
    const subject = { kind: 'owner' as const, name: `${ref.domainId}/alice` };
    const times = { at: NOON + 11.2 * HOUR, until: NOON + 12 * HOUR, by: 'admin', why: '' };
    await it.ports.ledger.except(PLACE, { ...given, subject, ...times });
    for (const hours of [11.25, 11.5, 12, 12.5]) expect(await it.pass(NOON + hours * HOUR)).toEqual([]);
    expect(it.isUp(it.app('alice', 'again'))).toBe(true);
  });

  test('a term acts and tells within its days alone, and is expected to end at nothing before them', async () => {
    const days = { from: '2026-11-24', to: '2026-11-24' };
    const it = lab({ budgets: [{ ...perPerson, period: days, forecastAt: [1] }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 5 * HOUR)).toEqual(['started default']);
    expect((await it.standings(NOON + 5 * HOUR))[0]!.forecast).toBeUndefined();
    expect(await it.pass(NOON + 12 * HOUR + 5 * MINUTE)).toEqual([]);
    expect(it.crossed()).toEqual(['forecast 100']);
    expect(await it.pass(NOON + 22 * HOUR)).toEqual(['stopped default']);
    // The day after nothing of it is left to say.
    const after = NOON + 36 * HOUR;
    it.ports.fleet.start(it.app('alice', 'after'), after);
    expect(await it.pass(after + HOUR)).toEqual(['started after']);
    expect(it.crossed()).toEqual(['forecast 100', 'spent 50,spent 80,spent 100']);
  });

  test('another time zone within a period: what was told stays told, and what `stop` let be goes on', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    await it.create(it.app('alice', 'again'), NOON + 11 * HOUR);
    it.policy.timezone = 'America/New_York';
    expect(await it.pass(NOON + 12 * HOUR)).toEqual([]);
    it.policy.timezone = 'Pacific/Kiritimati';
    expect(await it.pass(NOON + 13 * HOUR)).toEqual([]);
    expect(it.crossed()).toEqual(['spent 50,spent 80,spent 100']);
  });

  test('with a grace: a warning first, without a button that would not help', async () => {
    const it = lab({ budgets: [{ ...perPerson, grace: 30 * MINUTE }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'warned default']);
    expect(await it.pass(NOON + 10 * HOUR + 29 * MINUTE)).toEqual([]);
    expect(await it.pass(NOON + 10 * HOUR + 30 * MINUTE)).toEqual(['stopped default']);
  });

  test('warn: nothing is stopped', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'warn' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 20 * HOUR);
    expect(it.isUp(it.app('alice'))).toBe(true);
  });

  test('an exempt app is never touched, at a scan or on creation', async () => {
    const it = lab({ exempt: [{ tag: { curfew: ['exempt'] } }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    it.ports.fleet.tags.set(`user-profile/${ref.domainId}/alice`, { curfew: 'exempt' });
    expect(await it.create(it.app('alice', 'again'), NOON + 11 * HOUR)).toEqual({ kind: 'let be' });
    expect(await it.pass(NOON + 12 * HOUR)).toEqual([]);
  });

  test('an app that is created with a tag that exempts it, which the listing of tags does not show yet', async () => {
    const it = lab({ exempt: [{ tag: { curfew: ['exempt'] } }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    expect(await it.create(it.app('alice', 'again'), NOON + 11 * HOUR, { curfew: 'exempt' })).toEqual({
      kind: 'let be',
    });
    expect((await it.create(it.app('alice', 'other'), NOON + 11 * HOUR, { curfew: 'no' })).kind).toBe('stopped');
  });

  test('what is free saves nothing, and goes on', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    const free = { ...it.app('alice', 'free'), appType: 'JupyterServer', instanceType: 'system' };
    it.ports.fleet.start(free, NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'started free', 'stopped default']);
    const again = { ...free, appName: 'again' };
    expect(await it.create(again, NOON + 11 * HOUR)).toEqual({ kind: 'let be' });
    expect([it.isUp(free), it.isUp(again)]).toEqual([true, true]);
  });

  test('a lift lets apps be until it ends, and a grant until it is spent', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 10 * HOUR);
    const subject = { kind: 'owner' as const, name: `${ref.domainId}/alice` };
    const by = { by: 'admin', why: 'deadline' };
    const end = NOON + 14 * HOUR;
    await it.ports.ledger.except(PLACE, { kind: 'lift', subject, at: NOON + 10 * HOUR, until: end, ...by });
    expect(await it.create(it.app('alice', 'again'), NOON + 11 * HOUR)).toEqual({ kind: 'let be' });
    expect(await it.pass(NOON + 12 * HOUR)).toEqual([]);
    await it.ports.ledger.except(PLACE, {
      ...{ kind: 'grant', subject, amount: 40_000_000, at: end, until: NOON + 9 * DAY, ...by },
    });
    expect(await it.pass(end)).toEqual([]);
    expect(await it.pass(NOON + 15 * HOUR)).toEqual(['stopped again']);
  });

  test('a stop that fails is tried again until it is seen to have worked, and nothing says blocked before', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    it.ports.fleet.failStops = 2;
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['failed default', 'started default']);
    expect(await it.pass(NOON + 10 * HOUR + 5 * MINUTE)).toEqual(['failed default']);
    expect(it.mails()).not.toContain('stopped default');
    expect(await it.pass(NOON + 10 * HOUR + 10 * MINUTE)).toEqual(['stopped default']);
    expect(it.mails().filter((mail) => mail === 'stopped default')).toHaveLength(1);
  });

  test('of two budgets with a grace the one acts that stops earlier', async () => {
    const [slow, quick] = [
      { ...perPerson, name: 'slow', grace: 2 * DAY },
      { ...perPerson, name: 'quick', grace: 10 * MINUTE },
    ];
    const it = lab({ budgets: [slow, quick] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'warned default']);
    expect(await it.pass(NOON + 10 * HOUR + 10 * MINUTE)).toEqual(['stopped default']);
    expect(it.ports.postbox.sent.find(({ facts }) => facts.kind === 'stopped')!.facts).toMatchObject({
      rule: 'quick: budget',
    });
  });

  test.each([
    ['max-uptime', { maxUptime: 9.5 * HOUR }],
    ['max-idle', { maxIdle: 9.5 * HOUR }],
  ])('a budget with a long grace puts off no stop that a limit has announced: %s', async (key, bound) => {
    const it = lab({
      limits: [{ name: 'all', match: {}, grace: 2 * HOUR, ...bound }],
      budgets: [{ ...perPerson, grace: 2 * DAY }],
    });
    const alices = it.app('alice');
    it.ports.fleet.start(alices, NOON);
    const look = async (at: Instant) => {
      const activity = [{ kind: 'kernel', busy: false }];
      await noteActivity(it.ports.runs, alices, { observedAt: at, activity });
      return it.pass(at);
    };
    expect(await look(NOON + 5 * MINUTE)).toEqual(['started default']);
    expect(await look(NOON + 9.5 * HOUR)).toEqual(['warned default']);
    // The budget is spent. Its own warning goes before what heartbeats may still move.
    expect(await look(NOON + 10 * HOUR)).toEqual(key === 'max-idle' ? ['warned default'] : []);
    expect(await look(NOON + 11 * HOUR)).toEqual([]);
    expect(await look(NOON + 11.5 * HOUR)).toEqual(['stopped default']);
    expect(it.ports.postbox.sent.find(({ facts }) => facts.kind === 'stopped')!.facts).toMatchObject({
      rule: `all: ${key}`,
    });
  });

  test.each(['half a picture', 'a mark that cannot be written'])(
    '%s makes one warning of a budget, not one a scan',
    async (what) => {
      const it = lab({ budgets: [{ ...perPerson, grace: DAY }] });
      it.ports.fleet.start(it.app('alice'), NOON);
      await it.pass(NOON + 9 * HOUR);
      if (what === 'half a picture') it.ports.fleet.missing = [{ part: 'spaces', why: 'AccessDenied' }];
      else it.ports.ledger.mark = async () => Promise.reject(new Error('throttled'));
      for (let at = NOON + 10 * HOUR; at < NOON + 11 * HOUR; at += 5 * MINUTE) {
        await it.scan(at);
        await it.deliver(at);
      }
      const warnings = it.mails().filter((mail) => /^warning/.test(mail));
      expect(warnings).toHaveLength(what === 'half a picture' ? 1 : 0);
    },
  );

  test('stop lets be what is started afterwards, also where its mark could not be written at first', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    const { mark } = it.ports.ledger;
    it.ports.ledger.mark = async () => Promise.reject(new Error('throttled'));
    const at = NOON + 10 * HOUR;
    const { outcomes } = await it.scan(at);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['held', 'started']);
    it.ports.ledger.mark = mark;
    expect(await it.pass(at + 5 * MINUTE)).toEqual(['stopped default']);
    it.ports.fleet.start(it.app('alice', 'again'), at + 6 * MINUTE);
    expect(await it.pass(at + 10 * MINUTE)).toEqual(['started again']);
    // A mail that cannot be owed keeps no mark from being written.
    const other = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    other.ports.fleet.start(other.app('alice'), NOON);
    other.ports.outbox.owe = async () => Promise.reject(new Error('throttled'));
    await other.scan(at);
    expect([...other.ports.ledger.marks.values()].map(({ told, over }) => [told, over.length])).toEqual([[[], 1]]);
  });

  test('a budget that cannot be reckoned once takes no warning of it back', async () => {
    const it = lab({ budgets: [{ ...perPerson, grace: HOUR }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    const at = NOON + 10 * HOUR;
    expect(await it.pass(at)).toEqual(['started default', 'warned default']);
    const { history } = it.ports.runs;
    it.ports.runs.history = async () => Promise.reject(new Error('throttled'));
    const { outcomes, faults } = await it.scan(at + 5 * MINUTE);
    expect([outcomes, faults]).toEqual([[], ['budgets could not be reckoned: throttled']]);
    it.ports.runs.history = history;
    expect(await it.pass(at + 10 * MINUTE)).toEqual([]);
    expect(await it.pass(at + HOUR)).toEqual(['stopped default']);
    expect(it.mails().filter((mail) => /^warning/.test(mail))).toHaveLength(1);
  });

  test('stop: a limit that a bill says was not spent, and is spent again, ends what had started by then', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'stopped default']);
    // The price list was wrong: an hour costs half.
    it.policy.prices = { 'ml.g5.xlarge': parseRate('5')! };
    it.ports.fleet.start(it.app('alice', 'again'), NOON + 11 * HOUR);
    expect(await it.pass(NOON + 12 * HOUR)).toEqual(['started again']);
    // $50 and nine hours and a half of it: spent anew.
    expect(await it.pass(NOON + 20.5 * HOUR)).toEqual([]);
    expect(await it.pass(NOON + 21 * HOUR)).toEqual(['stopped again']);
    it.ports.fleet.start(it.app('alice', 'after'), NOON + 22 * HOUR);
    expect(await it.pass(NOON + 23 * HOUR)).toEqual(['started after']);
    expect(it.crossed()).toEqual(['spent 50,spent 80,spent 100']);
  });

  test('the mail of a budget that is lifted says that nothing is stopped', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + HOUR);
    const subject = { kind: 'owner' as const, name: `${ref.domainId}/alice` };
    await it.ports.ledger.except(PLACE, {
      kind: 'lift',
      subject,
      at: NOON + HOUR,
      until: NOON + 9 * DAY,
      by: 'admin',
      why: '',
    });
    await it.pass(NOON + 10 * HOUR);
    const facts = it.ports.postbox.sent.find((one) => one.facts.kind === 'budget')!.facts;
    expect(facts).toMatchObject({ atLimit: 'warn', isLifted: true });
  });

  test('an owner under several budgets is told by each, and the strictest acts', async () => {
    const gentle: Budget = { ...perPerson, name: 'gentle', limit: 50_000_000, warnAt: [], atLimit: 'warn' };
    const it = lab({ budgets: [gentle, perPerson] });
    it.ports.fleet.start(it.app('alice'), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual(['started default', 'stopped default']);
    expect(it.crossed().sort()).toEqual(['spent 100', 'spent 50,spent 80,spent 100']);
  });

  test('its mail says that the safety valve holds it, and which apps are exempt', async () => {
    const it = lab({
      safety: { maxStops: { count: 1 } },
      exempt: [{ owner: ['bob'] }],
      budgets: [{ ...perPerson, for: 'account' }],
    });
    for (const name of ['a', 'b']) it.ports.fleet.start(it.app('alice', name), NOON);
    it.ports.fleet.start(it.app('bob'), NOON);
    await it.pass(NOON + 10 * HOUR);
    const facts = it.ports.postbox.sent.find((one) => one.facts.kind === 'budget')!.facts as BudgetFacts;
    expect(facts.valve).toEqual({ wanted: 2, most: 1 });
    expect(facts.running.map(({ owner, isExempt }) => [owner, isExempt])).toEqual([
      ['alice', undefined],
      ['alice', undefined],
      ['bob', true],
    ]);
  });

  test('the safety valve holds budgets too', async () => {
    const it = lab({ safety: { maxStops: { count: 1 } }, budgets: [{ ...perPerson, for: 'account' }] });
    for (const who of ['alice', 'bob']) it.ports.fleet.start(it.app(who), NOON);
    expect(await it.pass(NOON + 10 * HOUR)).toEqual([
      'held default',
      'held default',
      'started default',
      'started default',
    ]);
  });

  test('where what was spent cannot be read, budgets act on nobody, and the scan says so', async () => {
    const it = lab();
    it.ports.fleet.start(it.app('alice'), NOON);
    await it.pass(NOON + 9 * HOUR);
    it.ports.runs.history = async () => Promise.reject(new Error('throttled'));
    const { faults, outcomes } = await it.scan(NOON + 10 * HOUR);
    expect([faults, outcomes]).toEqual([['budgets could not be reckoned: throttled'], []]);
  });

  test('a team is blocked as one: by its domain, or by a tag', async () => {
    const it = lab({ team: { tag: 'team' }, budgets: [{ ...perPerson, for: 'each team' }] });
    for (const who of ['alice', 'bob'])
      it.ports.fleet.tags.set(`user-profile/${ref.domainId}/${who}`, { team: 'alpha' });
    it.ports.fleet.start(it.app('alice'), NOON);
    it.ports.fleet.start(it.app('bob'), NOON);
    it.ports.fleet.start(it.app('carol'), NOON);
    const outcomes = await it.pass(NOON + 5 * HOUR);
    expect(outcomes.filter((one) => one.startsWith('stopped'))).toHaveLength(2);
    expect(it.isUp(it.app('carol'))).toBe(true);
    expect(await it.create(it.app('bob', 'more'), NOON + 6 * HOUR)).toMatchObject({ kind: 'stopped' });
  });
});

describe('guardrails', () => {
  test('what is not allowed is stopped within its event', async () => {
    const it = lab({ budgets: [], guardrails: [{ ...none, name: 'small only', allow: ['ml.t3.*'] }] });
    expect(await it.create(it.app('alice'), NOON)).toEqual({ kind: 'stopped', rule: 'small only: guardrail' });
    const small = { ...it.app('alice', 'small'), instanceType: 'ml.t3.medium' };
    expect(await it.create(small, NOON)).toEqual({ kind: 'let be' });
    await it.deliver(NOON);
    expect(it.ports.postbox.sent[0]!.facts).toMatchObject({
      reason: 'ml.g5.xlarge is not allowed here, only ml.t3.*',
      appeal: ['admin@example.org'],
    });
  });

  test('the newest over a quota is stopped, for each owner or team', async () => {
    const quota = { ...none, name: 'two GPUs', atMost: [{ pattern: 'ml.g5.*', count: 2 }] };
    const it = lab({ budgets: [], guardrails: [quota] });
    for (const [i, name] of ['a', 'b'].entries()) {
      expect(await it.create(it.app('alice', name), NOON + i * MINUTE)).toEqual({ kind: 'let be' });
    }
    expect(await it.create(it.app('bob', 'a'), NOON + 2 * MINUTE)).toEqual({ kind: 'let be' });
    expect(await it.create(it.app('alice', 'c'), NOON + 3 * MINUTE)).toEqual({
      kind: 'stopped',
      rule: 'two GPUs: guardrail',
    });
    it.policy.guardrails = [{ ...quota, for: 'each team' }];
    expect(await it.pass(NOON + 4 * MINUTE)).toEqual(['stopped a']);
    expect(it.isUp(it.app('bob', 'a'))).toBe(false);
  });

  test('by a tag that only AWS knows: looked up before it acts', async () => {
    const it = lab({
      budgets: [],
      guardrails: [{ ...none, allow: ['ml.t3.*'], match: { tag: { course: ['101'] } } }],
    });
    expect(await it.create(it.app('alice'), NOON)).toEqual({ kind: 'let be' });
    it.ports.fleet.tags.set(`user-profile/${ref.domainId}/bob`, { course: '101' });
    expect(await it.create(it.app('bob'), NOON)).toMatchObject({ kind: 'stopped' });
  });

  test('in mode warn it is held, with why', async () => {
    const it = lab({ mode: 'warn', budgets: [], guardrails: [{ ...none, allow: ['ml.t3.*'] }] });
    expect(await it.create(it.app('alice'), NOON)).toMatchObject({ kind: 'held', why: /^the mode is warn; / });
  });

  test('without guardrails and blocks, a creation asks nobody anything', async () => {
    const it = lab({ budgets: [{ ...perPerson, atLimit: 'stop' }] });
    it.ports.runs.load = async () => Promise.reject(new Error('asked'));
    expect(await it.create(it.app('alice'), NOON)).toEqual({ kind: 'let be' });
  });
});

describe('any history', () => {
  test('a blocked owner’s app never outlives one event or one scan, and thresholds fire exactly once', async () => {
    const step = fc.record({
      // No app is created, deleted and created again within a minute (START_TOLERANCE).
      wait: fc.integer({ min: 2, max: 300 }),
      who: fc.constantFrom('alice', 'bob'),
      appName: fc.constantFrom('a', 'b'),
      does: fc.constantFrom('start', 'start', 'end', 'scan', 'scan'),
      isHeard: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const it = lab();
        let now = NOON;
        const ran = new Map<string, { from: Instant; to?: Instant; isSeen: boolean }[]>();
        const isUp = (name: string) => ran.get(name)?.some(({ to }) => to === undefined) ?? false;
        const notice = () => {
          for (const [name, lives] of ran) {
            const [who, appName] = name.split('/') as [string, string];
            const last = lives.at(-1)!;
            if (last.to === undefined && !it.isUp(it.app(who, appName))) last.to = now;
          }
        };
        /** By minutes, and by nobody's arithmetic but its own. */
        const truth = (who: string, isKnown = false) => {
          let minutes = 0;
          for (const [name, lives] of ran)
            if (name.startsWith(`${who}/`))
              for (const { from, to = now, isSeen } of lives)
                for (let at = from; at < to && (isSeen || !isKnown); at += MINUTE) minutes++;
          return minutes / 6;
        };
        for (const { wait, who, appName, does, isHeard } of steps) {
          now += wait * MINUTE;
          const name = `${who}/${appName}`;
          if (does === 'start' && !isUp(name)) {
            ran.set(name, [...(ran.get(name) ?? []), { from: now, isSeen: isHeard }]);
            if (isHeard) {
              await it.create(it.app(who, appName), now);
              notice();
              // An event is held against what is on record: what no scan has seen yet, the next one finds.
              if (truth(who, true) >= 100) expect(isUp(name)).toBe(false);
            } else it.ports.fleet.start(it.app(who, appName), now);
            // What comes and goes between two scans while its event is lost, nobody can know of.
          } else if (does === 'end' && isUp(name) && ran.get(name)!.at(-1)!.isSeen) {
            it.ports.fleet.end(it.app(who, appName));
            await it.event({ kind: 'app deleted', app: it.app(who, appName), at: now });
            notice();
          } else if (does === 'scan') {
            await it.scan(now);
            for (const lives of ran.values()) lives.at(-1)!.isSeen = true;
            notice();
            for (const person of ['alice', 'bob'])
              if (truth(person) >= 100) for (const app of ['a', 'b']) expect(isUp(`${person}/${app}`)).toBe(false);
          }
        }
        await it.scan(now);
        for (const who of ['alice', 'bob']) {
          const spent = truth(who);
          const marks = [...it.ports.ledger.marks.values()].filter(({ subject }) => subject.name.endsWith(`/${who}`));
          const expected = [50, 80, 100].filter((share) => spent >= share).map((share) => `spent ${share / 100}`);
          expect(marks.flatMap(({ told }) => told.map((one) => one.replace(/ of .*/, '')))).toEqual(expected);
          const notices = [...it.ports.outbox.items.values()].flatMap(({ notice: { facts } }) =>
            facts.kind === 'budget' && facts.whose === who ? facts.crossed.map(({ share }) => share * 100) : [],
          );
          expect(notices.sort((a, b) => a - b)).toEqual([50, 80, 100].filter((share) => spent >= share));
        }
      }),
      { numRuns: 400 },
    );
  });
});

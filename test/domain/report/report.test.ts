import { describe, expect, test } from 'vitest';
import { toItem } from '../../../src/adapters/dynamodb/items.ts';
import type { Standing, Subject } from '../../../src/domain/budget.ts';
import { type Rates, withPolicyPrices } from '../../../src/domain/cost.ts';
import type { LedgerLine } from '../../../src/domain/ledger.ts';
import { describeMoney, parseRate } from '../../../src/domain/money.ts';
import { periodOf } from '../../../src/domain/period.ts';
import type { Budget } from '../../../src/domain/policy.ts';
import { partsByOwner, type WeekBook } from '../../../src/domain/report/book.ts';
import { instancesIn } from '../../../src/domain/report/instances.ts';
import { adminReport, isEmpty, ownerReport, teamReport } from '../../../src/domain/report/report.ts';
import { type Say, sentenceOf } from '../../../src/domain/report/sentence.ts';
import { weekNamed } from '../../../src/domain/report/week.ts';
import { newRun, type Run } from '../../../src/domain/run.ts';
import { lengthOf, packed } from '../../../src/domain/stretches.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../../src/domain/time.ts';
import { LONG } from '../../mail/notices.ts';
import { policy as basePolicy, ref } from '../builders.ts';

const at = (time: string) => Date.parse(`${time}Z`);
const WEEK = weekNamed('2026-W47', 'UTC')!;
const NOW = at('2026-11-23T08:00');
const rates: Rates = withPolicyPrices(
  { source: 'test', byInstance: new Map() },
  { 'ml.g5.xlarge': parseRate('10'), 'ml.m5.large': parseRate('1') },
);

function run(from: string, to: string | undefined, over: Partial<Run> = {}): Run {
  const made = newRun(ref, at(from), { instanceType: 'ml.g5.xlarge', owner: 'alice' });
  return { ...made, ...(to === undefined ? {} : { endedAt: at(to) }), ...over };
}

/** What is known of a run's use: hours after its start. */
const use = (from: string, seen: [number, number][], used: [number, number][]) => {
  const stretches = (some: [number, number][]) =>
    packed(
      some.map(([a, b]) => ({ from: at(from) + a * HOUR, to: at(from) + b * HOUR })),
      at(from),
    );
  return { seen: stretches(seen), used: stretches(used) };
};

const instances = (...runs: Run[]) => instancesIn({ runs, volumes: [] }, rates, WEEK, NOW);
const hours = (some: ReturnType<typeof instances>) =>
  some.map(({ up, used, idle }) => [up, used, idle].map((one) => lengthOf(one) / HOUR));
const stop = (rule: string, when: string) => ({ at: at(when), rule, reason: '', failures: 0, told: true as const });

describe('how instances spent their time', () => {
  test('without anybody’s word nothing is idle', () => {
    expect(hours(instances(run('2026-11-17T08:00', '2026-11-17T18:00')))).toEqual([[10, 0, 0]]);
  });

  test('what was seen and not used was idle, cut at the week’s edges', () => {
    const seen = use('2026-11-15T20:00', [[0, 12]], [[0, 6]]);
    expect(hours(instances(run('2026-11-15T20:00', '2026-11-16T10:00', { use: seen })))).toEqual([[10, 2, 6]]);
  });

  test('an instance that two share is idle only while neither is used and both are seen', () => {
    const kernel = (appName: string) => ({ app: { ...ref, appType: 'KernelGateway', appName } });
    const of = (appName: string, seen: [number, number][], used: [number, number][]) =>
      run('2026-11-17T08:00', '2026-11-17T18:00', { ...kernel(appName), use: use('2026-11-17T08:00', seen, used) });
    expect(hours(instances(of('k1', [[0, 10]], [[0, 2]]), of('k2', [[0, 8]], [[4, 6]])))).toEqual([[10, 4, 4]]);
    const silent = run('2026-11-17T08:00', '2026-11-17T18:00', kernel('k2'));
    expect(hours(instances(of('k1', [[0, 10]], []), silent))).toEqual([[10, 0, 0]]);
  });

  test('what is free is not counted, and a run that is told twice counts once', () => {
    const free = run('2026-11-17T08:00', undefined, {
      app: { ...ref, appType: 'JupyterServer' },
      instanceType: 'system',
    });
    const once = run('2026-11-17T08:00', '2026-11-17T09:00');
    expect(hours(instances(free, once, once))).toEqual([[1, 0, 0]]);
  });
});

describe('what a stop saved', () => {
  const saved = (...runs: Run[]) =>
    instances(...runs).flatMap(({ stops }) => stops.map(({ duration, amount }) => [duration / HOUR, amount! / 1e6]));

  test('is a day at most, as far as it lies in the week', () => {
    const ended = (when: string) => run('2026-11-14T08:00', when, { stop: stop('all: max-uptime', when) });
    expect(saved(ended('2026-11-17T08:00'))).toEqual([[24, 240]]);
    expect(saved(ended('2026-11-22T20:00'))).toEqual([[4, 40]]);
    expect(saved(ended('2026-11-15T20:00'))).toEqual([[20, 200]]);
    expect(saved(ended('2026-11-14T20:00'))).toEqual([]);
  });

  test('ends where the app is started again, on whatever instance', () => {
    const ended = run('2026-11-16T08:00', '2026-11-17T08:00', { stop: stop('all: max-idle', '2026-11-17T08:00') });
    expect(saved(ended, run('2026-11-17T11:00', '2026-11-17T12:00'))).toEqual([[3, 30]]);
    expect(saved(ended, run('2026-11-17T11:00', '2026-11-17T12:00', { instanceType: 'ml.m5.large' }))).toEqual([
      [3, 30],
    ]);
  });

  test('counts only what Curfew did by itself', () => {
    const by = (rule: string, more: object = {}) =>
      run('2026-11-16T08:00', '2026-11-17T08:00', { stop: { ...stop(rule, '2026-11-17T08:00'), ...more } });
    expect(saved(by('by request'))).toEqual([]);
    expect(saved(by('all: max-idle', { hadNoEffect: true }))).toEqual([]);
    expect(saved(run('2026-11-16T08:00', '2026-11-17T08:00'))).toEqual([]);
  });

  test('two stops of one app never save the same hour', () => {
    const first = run('2026-11-16T08:00', '2026-11-17T08:00', { stop: stop('a', '2026-11-17T08:00') });
    const again = run('2026-11-17T10:00', '2026-11-17T12:00', { stop: stop('a', '2026-11-17T12:00') });
    expect(saved(first, again)).toEqual([
      [2, 20],
      [24, 240],
    ]);
  });
});

describe('the one sentence', () => {
  const say: Say = {
    money: describeMoney,
    weekday: (date) => ['Sun', 'Mon'][new Date(date).getUTCDay()]!,
    day: (instant) => new Date(instant).toISOString().slice(5, 10),
  };
  const plain = { scope: 'owner' as const, whose: 'alice', spent: 41_200_000, unpriced: {}, at: NOW, period: WEEK };
  const said = (over: Partial<Parameters<typeof sentenceOf>[0]>) =>
    sentenceOf({ ...plain, hours: { idleCost: 0 }, source: {}, budgets: [], moreBudgets: 0, ...over }, say);
  const budget = (name: string, spent: number, whose = 'alice') => ({ budget: name, whose, spent, limit: 100 });
  const admin = { scope: 'admin' } as const;
  const each = (...people: string[]) => people.map((whose) => budget('per person', 100, whose));
  const since = { recordedSince: WEEK.from + 2 * DAY };
  const sofar = { at: WEEK.from + 3 * DAY };

  test.each([
    [{}, 'You spent $41.20.'],
    [{ last: 41_000_000 }, 'You spent $41.20, about as much as the week before.'],
    [{ last: 20_600_000 }, 'You spent $41.20, twice the week before ($20.60).'],
    [{ last: 82_400_000 }, 'You spent $41.20, half of the week before ($82.40).'],
    [{ last: 13_700_000 }, 'You spent $41.20, 3 times the week before ($13.70).'],
    [{ last: 11_800_000 }, 'You spent $41.20, $29.40 more than the week before.'],
    [{ last: 30_000_000 }, 'You spent $41.20, $11.20 more than the week before.'],
    [{ last: 60_000_000 }, 'You spent $41.20, $18.80 less than the week before.'],
    [{ last: 0 }, 'You spent $41.20, and nothing the week before.'],
    [{ last: 1_000_000 }, 'You spent $41.20, after $1.00 the week before.'],
    [{ spent: 0 }, 'You spent nothing.'],
    [{ spent: 0, last: 5_000_000 }, 'You spent nothing, after $5.00 the week before.'],
    [{ spent: 0, unpriced: { 'ml.x9.large': 3 * HOUR } }, 'You used 3 h of ml.x9.large, which has no known price.'],
    [
      { unpriced: { 'ml.x9.large': 3 * HOUR } },
      'You spent $41.20; 3 h of ml.x9.large ran without a known price, and is not in it.',
    ],
    [{ spent: -1_000_000, last: 5_000_000 }, 'You spent -$1.00.'],
    [{ hours: { idleCost: 4_200_000 } }, 'You spent $41.20; $4.20 of it was time that nobody used.'],
    [{ hours: { idleCost: 4_000_000 } }, 'You spent $41.20.'],
    [{ spent: 2_000_000, hours: { idleCost: 900_000 } }, 'You spent $2.00.'],
    [{ source: since }, 'You spent $41.20 since 11-18, where the record begins.'],
    [{ source: since, spent: 0 }, 'You spent nothing since 11-18, where the record begins.'],
    [{ source: { recordedSince: NOW }, spent: 0 }, 'Nothing is on record of this week.'],
    [{ ...sofar, last: 60_000_000 }, 'You spent $41.20 this week so far.'],
    [{ ...sofar, spent: 0, last: 60_000_000 }, 'You spent nothing this week so far.'],
    [{ ...sofar, source: since }, 'You spent $41.20 this week so far, since 11-18, where the record begins.'],
    [
      { ...sofar, spent: 0, unpriced: { 'ml.x9.large': 3 * HOUR } },
      'You used 3 h of ml.x9.large this week so far, which has no known price.',
    ],
    [{ budgets: [budget('mine', 100), budget('ours', 99)] }, 'You spent $41.20; the budget “mine” is spent.'],
    [{ spent: 0, budgets: [budget('mine', 120)] }, 'You spent nothing; the budget “mine” is spent.'],
    [
      { budgets: [budget('a', 200), budget('b', 100), budget('c', 1)], moreBudgets: 9 },
      'You spent $41.20; 2 budgets are spent.',
    ],
    [
      { budgets: [budget('a', 200), budget('b', 100)], moreBudgets: 9 },
      'You spent $41.20; at least 2 budgets are spent.',
    ],
    [
      { ...admin, budgets: [...each('jonas'), budget('per person', 1)] },
      'The account spent $41.20; jonas has spent all of the budget “per person”.',
    ],
    [
      { ...admin, budgets: [...each('jonas', 'ivo', 'zoe'), budget('per person', 1)] },
      'The account spent $41.20; for 3 people the budget “per person” is spent.',
    ],
    [
      { ...admin, budgets: each('jonas', 'ivo'), moreBudgets: 5 },
      'The account spent $41.20; for at least 2 people the budget “per person” is spent.',
    ],
    [
      { ...admin, budgets: [budget('teams', 100, 'team a'), budget('teams', 100, 'team b')] },
      'The account spent $41.20; for 2 teams the budget “teams” is spent.',
    ],
    [
      { ...admin, budgets: [budget('all of it', 100, 'the account')] },
      'The account spent $41.20; the budget “all of it” is spent.',
    ],
    [
      { ...admin, budgets: [budget('all', 100, 'the account'), ...each('jonas', 'ivo'), budget('x', 100, 'team a')] },
      'The account spent $41.20; 4 budgets are spent: “all”, “per person” for 2 people, “x” for team a.',
    ],
    [
      { scope: 'team', whose: 'alpha', budgets: [budget('alpha', 100, 'team alpha')] },
      'Team alpha spent $41.20; the budget “alpha” is spent.',
    ],
    [{ scope: 'team', whose: 'alpha' }, 'Team alpha spent $41.20.'],
    [{ scope: 'admin' }, 'The account spent $41.20.'],
    [
      { idlest: { amount: 18_000_000, what: 'ml.g5.xlarge', name: 'x', when: { date: '2026-11-22' } } },
      'You spent $41.20; $18.00 of it was GPU time (ml.g5.xlarge) that nobody used on Sun.',
    ],
    [
      { idlest: { amount: 18_000_000, what: 'ml.m5.large', name: 'x', when: 'weekend' } },
      'You spent $41.20; $18.00 of it was time on an ml.m5.large that nobody used at the weekend.',
    ],
    [
      { last: 20_600_000, idlest: { amount: 18_000_000, what: 'Canvas', name: 'x' } },
      'You spent $41.20, twice the week before ($20.60); $18.00 of it was Canvas time that nobody used.',
    ],
  ] as const)('%j', (over, sentence) => {
    expect(said(over as never)).toBe(sentence);
  });
});

/** A book of lines and runs. */
function book(lines: LedgerLine[], runs: Run[] = [], over: Partial<WeekBook> = {}): WeekBook {
  const admin = {
    withoutAgent: [],
    moreWithoutAgent: 0,
    failedStops: [],
    unconfirmed: [],
    moreUnconfirmed: 0,
    findings: [],
  };
  return {
    ...{
      week: WEEK,
      at: NOW,
      account: ref.account,
      domains: new Map(),
      before: [],
      running: [],
      standings: [],
    },
    ...{ policy: { ...basePolicy, timezone: 'UTC' }, drift: undefined, totals: new Map(), admin, lines },
    list: { asOf: '2026-11-22' },
    source: { foreign: [] },
    instances: instances(...runs),
    ...over,
  };
}

const line = (from: Instant, over: Partial<LedgerLine> = {}): LedgerLine => ({
  ...{ from, to: from + DAY, domainId: ref.domainId, owner: 'alice', duration: HOUR },
  ...{ what: 'ml.g5.xlarge', usage: 'Studio:JupyterLab-ml.g5.xlarge', ...over },
});
const spendOf = (billed: number, unpriced: Record<string, number> = {}) => ({
  ...{ billed, accrued: 0, recent: 0, unpriced },
});
const of = (it: WeekBook, owner = 'alice') => ownerReport(it, partsByOwner(it), [`${ref.domainId}/${owner}`]);

describe('a report', () => {
  test('shares what a usage was billed among its apps by their time, and keeps storage and the rest apart', () => {
    const other = { app: { ...ref, appName: 'other' } };
    const facts = of(
      book(
        [
          line(WEEK.from, { accrued: 50_000_000, billed: 40_000_000 }),
          line(WEEK.from + DAY, { accrued: 10_000_000 }),
          line(WEEK.from, { usage: 'Studio:VolumeUsage.gp3', what: 'volumes of 5 GB', billed: 500_000 }),
          line(WEEK.from, { usage: 'Train:ml.p3.2xlarge', what: 'Train:ml.p3.2xlarge', billed: -1_000_000 }),
        ],
        [run('2026-11-16T00:00', '2026-11-16T04:00'), run('2026-11-17T00:00', '2026-11-17T01:00', other)],
      ),
    );
    expect(facts.rows.map(({ name, kind, amount }) => [name, kind, amount])).toEqual([
      ['alice', 'app', 40_000_000],
      ['other', 'app', 10_000_000],
      ['storage', 'storage', 500_000],
      ['Train:ml.p3.2xlarge', 'other', -1_000_000],
    ]);
    expect(facts).toMatchObject({ spent: 49_500_000, billed: 39_500_000, estimated: 10_000_000 });
  });

  test('tells the admins what the bill gives nobody, storage among it', () => {
    const nobodys = ({ domainId: _, owner: __, ...rest }: LedgerLine): LedgerLine => rest;
    const facts = adminReport(
      book([
        line(WEEK.from, { billed: 1_000_000 }),
        nobodys(line(WEEK.from, { usage: 'Studio:VolumeUsage.gp3', what: 'Studio:VolumeUsage.gp3', billed: 290_000 })),
        nobodys(line(WEEK.from, { usage: 'Train:ml.p3.2xlarge', what: 'Train:ml.p3.2xlarge', billed: 30_000 })),
      ]),
    );
    expect(facts.admin!.unattributed).toBe(320_000);
    expect(facts.rows.map(({ name, kind }) => [name, kind])).toEqual([
      ['Studio:JupyterLab-ml.g5.xlarge', 'other'],
      ['Studio:VolumeUsage.gp3', 'unattributed'],
      ['Train:ml.p3.2xlarge', 'unattributed'],
    ]);
    expect(facts.admin!.teams.find(({ name }) => name === 'unattributed')!.amount).toBe(facts.admin!.unattributed);
  });

  test('tells of each row, person, team and day how long what has no price ran: nothing is $0 for want of one', () => {
    const without = { usage: 'Studio:JupyterLab-ml.x9.large', what: 'ml.x9.large' };
    const apps = ['one', 'two'].map((appName, i) =>
      run(`2026-11-17T0${i}:00`, '2026-11-17T04:00', {
        app: { ...ref, appName },
        instanceType: 'ml.x9.large',
        owner: 'bob',
      }),
    );
    const it = book(
      [
        line(WEEK.from, { accrued: 2_000_000 }),
        line(WEEK.from + DAY, { ...without, owner: 'bob', duration: 7 * HOUR }),
      ],
      apps,
      { before: [[{ ...spendOf(0, { 'ml.x9.large': HOUR }), owner: 'bob', domainId: ref.domainId }]] },
    );
    const facts = adminReport(it);
    expect(facts.rows.map(({ name, amount, unpriced }) => [name, amount, unpriced])).toEqual([
      ['Studio:JupyterLab-ml.g5.xlarge', 2_000_000, undefined],
      ['one', 0, 4 * HOUR],
      ['two', 0, 3 * HOUR],
    ]);
    expect(facts.people.map(({ name, amount, unpriced }) => [name, amount, unpriced])).toEqual([
      ['alice', 2_000_000, undefined],
      ['bob', 0, 7 * HOUR],
    ]);
    expect(facts.admin!.teams).toMatchObject([{ amount: 2_000_000, unpriced: 7 * HOUR }]);
    expect(facts.days.slice(0, 3)).toEqual([
      { date: '2026-11-16', amount: 2_000_000 },
      { date: '2026-11-17', amount: 0, unpriced: 7 * HOUR },
      { date: '2026-11-18', amount: 0 },
    ]);
    // The week before had no price: it was not $0.
    expect(facts).not.toHaveProperty('last');
    expect(facts.people[1]).not.toHaveProperty('last');
  });

  test('says that what runs now costs more than the hour it names', () => {
    const running = (isUnpriced?: true) => ({
      ...{ domainId: ref.domainId, owner: 'alice', hourly: isUnpriced ? 0 : 1_000_000 },
      facts: { ...ref, owner: 'alice', startedAt: NOW - HOUR },
      ...(isUnpriced ? { isUnpriced } : {}),
    });
    const facts = of(book([line(WEEK.from)], [], { running: [running(), running(true)] }));
    expect(facts).toMatchObject({ hourly: 1_000_000, isHourlyLeast: true, running: [{}, { isUnpriced: true }] });
    expect(of(book([line(WEEK.from)], [], { running: [running()] }))).not.toHaveProperty('isHourlyLeast');
  });

  test('names what its own estimate rests on: of what AWS has billed there is no price, and of others’ lines nothing is said', () => {
    const it = book([
      line(WEEK.from, { accrued: 5_000_000, billed: 4_000_000, isPolicys: true }),
      line(WEEK.from + DAY, { accrued: 5_000_000 }),
      line(WEEK.from + DAY, { owner: 'bob', accrued: 5_000_000, isPolicys: true }),
    ]);
    const [listed, policys] = ['list price of 2026-11-22', "the policy's price"];
    expect([of(it), of(it, 'bob'), adminReport(it)].map(({ source }) => source.basis)).toEqual([
      ...[listed, policys, `${listed} and ${policys}`],
    ]);
    const bundled = { ...it, list: { ...it.list, isBundled: true as const } };
    expect(of(bundled).source.basis).toBe(`${listed} (as it came with Curfew)`);
  });

  test('corrects what is not billed yet by what the bill made of earlier estimates, and still adds up', () => {
    const drift = { billed: 97_000_000, accrued: 100_000_000, days: 20 };
    const lines = [1, 2, 3].map((day) => line(WEEK.from + day * DAY, { accrued: 3_333_333 + day }));
    const facts = of(book(lines, [], { drift }));
    expect(facts.spent).toBe(Math.round(10_000_005 * 0.97));
    expect(facts.days.reduce((sum, { amount }) => sum + amount, 0)).toBe(facts.spent);
  });

  test('names the idleness that cost most, of the day that it was on', () => {
    const sunday = use('2026-11-22T00:00', [[0, 20]], [[0, 2]]);
    const lines = [line(at('2026-11-22T00:00'), { accrued: 200_000_000 })];
    const facts = of(book(lines, [run('2026-11-22T00:00', '2026-11-22T20:00', { use: sunday })]));
    expect(facts.idlest).toEqual({
      ...{ amount: 180_000_000, what: 'ml.g5.xlarge', name: 'alice', when: { date: '2026-11-22' } },
    });
    // The same hours, and nobody's word: no idleness.
    const unseen = of(book(lines, [run('2026-11-22T00:00', '2026-11-22T20:00')]));
    expect(unseen).not.toHaveProperty('idlest');
    expect(unseen.hours).toMatchObject({ idle: 0, unknown: 20 * HOUR, idleCost: 0 });
  });

  test('tells of each budget what its sum lacks, what of it was granted, and that it is lifted', () => {
    const none: number[] = [];
    const budget: Budget = {
      ...{ name: 'month', for: 'each owner', period: 'month', limit: 90_000_000, warnAt: none, forecastAt: none },
      atLimit: 'warn',
    };
    const subject: Subject = { kind: 'owner', name: `${ref.domainId}/alice` };
    const unpriced = { Canvas: 5 * HOUR };
    const spend = { billed: 0, accrued: 72_030_000, recent: 0, unpriced, amount: 72_030_000 };
    const period = periodOf('month', NOW, 'UTC');
    const lifted = { kind: 'lift', subject, by: 'admin', at: NOW, until: period.to } as const;
    const standing: Standing = { budget, subject, period, limit: 95e6, spend, hourly: 0, isOver: false, lifted };
    const told = (one: Standing) => of(book([line(WEEK.from)], [], { standings: [one] })).budgets;
    expect(told(standing)).toEqual([
      {
        ...{ budget: 'month', whose: 'alice', spent: 72_030_000, limit: 95_000_000, granted: 5_000_000, unpriced },
        ...{ period: { from: period.from, to: period.to }, lifted: { until: period.to } },
      },
    ]);
    const forGood = { ...standing, lifted: { ...lifted, until: Number.POSITIVE_INFINITY } };
    expect(told(forGood)[0]!.lifted).toEqual({});
    // Where nothing lacks a price, is granted or lifted, nothing is said of it; and what is over is expected no more.
    const { lifted: _, ...plain } = standing;
    const over = { ...plain, limit: 90e6, spend: { ...spend, unpriced: {} }, period: WEEK, forecast: 80e6 };
    expect(told(over)).toEqual([
      {
        ...{ budget: 'month', whose: 'alice', spent: 72_030_000, limit: 90_000_000 },
        period: { from: WEEK.from, to: WEEK.to },
      },
    ]);
  });

  test('of a team ranks its people, with what nobody answers for as a line of its own', () => {
    const it = book([
      line(WEEK.from, { billed: 1_000_000 }),
      line(WEEK.from, { owner: 'bob', billed: 2_000_000 }),
      (({ owner: _, ...rest }) => ({ ...rest, billed: 500_000 }))(line(WEEK.from)),
      line(WEEK.from, { domainId: 'd-other', owner: 'zoe', billed: 9_000_000 }),
    ]);
    const team = teamReport(it, ref.domainId);
    expect(team.people.map(({ name, amount }) => [name, amount])).toEqual([
      ['bob', 2_000_000],
      ['alice', 1_000_000],
      [undefined, 500_000],
    ]);
    expect(adminReport(it).admin!.teams.map(({ name, amount }) => [name, amount])).toEqual([
      ['d-other', 9_000_000],
      [ref.domainId, 3_500_000],
    ]);
  });

  test('is empty where nothing was spent, up, or running', () => {
    expect(isEmpty(of(book([])))).toBe(true);
    expect(isEmpty(of(book([line(WEEK.from)])))).toBe(false);
    expect(isEmpty(of(book([line(WEEK.from, { billed: 5 }), line(WEEK.from, { usage: 'x', billed: -5 })])))).toBe(
      false,
    );
    expect(isEmpty(of(book([], [run('2026-11-17T00:00', '2026-11-17T01:00')])))).toBe(false);
  });

  test('of 400 apps and 10,000 people, with names as long as AWS’s can be, is an item of DynamoDB, and adds up', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `${i}-${LONG}`.slice(0, 63));
    const lines = names.map((owner, i) => line(WEEK.from, { owner, billed: 1_000_000 + i }));
    const runs = names.slice(0, 400).map((appName) =>
      run('2026-11-17T00:00', '2026-11-17T05:00', {
        ...{ app: { ...ref, appName }, owner: names[0]!, stop: stop('a'.repeat(60), '2026-11-17T05:00') },
      }),
    );
    const running = names.map((owner) => ({
      ...{ domainId: ref.domainId, owner, hourly: 1, facts: { ...ref, appName: LONG, owner, startedAt: NOW - MINUTE } },
    }));
    const it = book(lines, runs, { running: running as never });
    const own = of(it, names[0]!);
    expect(own.rows.length + own.more.count).toBe(400);
    expect(own.rows.reduce((sum, { amount }) => sum + amount, own.more.amount)).toBe(own.spent);
    expect([own.saved.stops.length, own.saved.more, own.saved.amount]).toEqual([
      15,
      385,
      400 * 190_000_000 + 400 * 50_000_000,
    ]);
    const all = adminReport(it);
    expect(all.people.reduce((sum, { amount }) => sum + amount, all.morePeople.amount)).toBe(all.spent);
    for (const facts of [own, all, teamReport(it, ref.domainId)])
      expect(JSON.stringify(toItem(facts)).length).toBeLessThan(200_000);
  });
});

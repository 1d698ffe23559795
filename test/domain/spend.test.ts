import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppRef } from '../../src/domain/app.ts';
import { costsSoFar, type Rates } from '../../src/domain/cost.ts';
import { costOf, parseRate } from '../../src/domain/money.ts';
import { type Period, periodOf } from '../../src/domain/period.ts';
import { newRun, type Run } from '../../src/domain/run.ts';
import { BY, type Charge, chargesOf, describeSpend, sumOf } from '../../src/domain/spend.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import type { Volume } from '../../src/domain/volume.ts';
import { NOON, ref } from './builders.ts';

const rates: Rates = {
  source: 'test',
  byInstance: new Map(
    Object.entries({ 'ml.t3.medium': '0.05', 'ml.g5.xlarge': '1.41', 'ml.p4d.24xlarge': '25.2512883' }).map(
      ([type, usd]) => [type, parseRate(usd)],
    ),
  ),
  byAppType: new Map([['CodeEditor', new Map([['ml.t3.medium', parseRate('0.0611')]])]]),
  canvas: parseRate('1.9'),
  gigabyteMonth: parseRate('0.112'),
};

const ALWAYS: Period = { from: 0, to: Number.POSITIVE_INFINITY };
const at = (time: string) => Date.parse(time);

function ran(
  from: Instant,
  to: Instant | undefined,
  over: Omit<Partial<Run>, 'app'> & { app?: Partial<AppRef> } = {},
): Run {
  const { app, ...rest } = over;
  const run = newRun({ ...ref, ...app } as AppRef, from, { instanceType: 'ml.g5.xlarge', owner: 'alice' });
  return { ...run, ...(to === undefined ? {} : { endedAt: to }), ...rest };
}

const charges = (runs: Run[], period = ALWAYS, now = NOON) => chargesOf({ runs, volumes: [] }, rates, period, now);
const spent = (runs: Run[], period = ALWAYS, now = NOON) => describeSpend(sumOf(charges(runs, period, now)));

describe('what others got wrong', () => {
  test('a restart after 64 hours on ml.g5.xlarge bills 5 minutes as 5 minutes', () => {
    const runs = [ran(NOON - 70 * HOUR, NOON - 64 * HOUR), ran(NOON - 5 * MINUTE, undefined)];
    const sinceStop = { from: NOON - 64 * HOUR, to: NOON };
    expect(spent(runs, sinceStop)).toBe('$0.12');
    expect(sumOf(charges(runs, sinceStop)).amount).toBe(117_500);
    expect(costOf(parseRate('1.41'), 64 * HOUR + 5 * MINUTE)).toBe(90_357_500);
  });

  test('a run in a space without an owner is its domain’s', () => {
    const { userProfileName: _, ...rest } = ref;
    const { owner: __, ...run } = newRun({ ...rest, spaceName: 'common' }, NOON - HOUR, {
      instanceType: 'ml.g5.xlarge',
    });
    const [charge] = charges([run]);
    expect(charge).toMatchObject({ domainId: ref.domainId, amount: 1_410_000 });
    expect([BY.owner(charge!), BY.domain(charge!)]).toEqual([undefined, ref.domainId]);
  });

  test('an unknown type is never $1.41, and never $0: what it is missing from says so', () => {
    const unknown = ran(NOON - 3 * HOUR, NOON, { instanceType: 'ml.x9.large', app: { appName: 'x' } });
    expect(spent([unknown])).toBe('3 h of ml.x9.large without a price');
    expect(spent([unknown, ran(NOON - HOUR, NOON)])).toBe('$1.41 and 3 h of ml.x9.large without a price');
    const session = ran(NOON - HOUR, NOON, { instanceType: 'ml.y9.large', app: { appName: 'y' } });
    expect(spent([unknown, session, ran(NOON - HOUR, NOON)])).toBe(
      '$1.41, 3 h of ml.x9.large and 1 h of ml.y9.large without a price',
    );
    expect(spent([])).toBe('$0.00');
  });

  test('a run over a month’s edge is charged on each side for what lies there', () => {
    const run = ran(at('2026-11-30T22:30:00Z'), at('2026-12-01T00:45:00Z'));
    const now = at('2026-12-02T00:00:00Z');
    const november = periodOf('month', at('2026-11-15T00:00:00Z'), 'UTC');
    const december = periodOf('month', now, 'UTC');
    expect(sumOf(charges([run], november, now)).amount).toBe(2_115_000);
    expect(sumOf(charges([run], december, now)).amount).toBe(1_057_500);
  });
});

describe('what is charged', () => {
  test('a run that goes on, until now; one that began after now, not at all', () => {
    expect(spent([ran(NOON - 2 * HOUR, undefined)])).toBe('$2.82');
    expect(charges([ran(NOON + HOUR, undefined)])).toEqual([]);
    expect(spent([ran(NOON - 2 * HOUR, NOON + HOUR)])).toBe('$2.82');
  });

  test('KernelGateway apps on one instance once: the oldest carries the charge, and then the next', () => {
    const kernel = (appName: string, from: Instant, to: Instant | undefined, owner: string) =>
      ran(from, to, { owner, app: { appType: 'KernelGateway', appName } });
    const runs = [
      kernel('b', NOON - 3 * HOUR, NOON - HOUR, 'bob'),
      kernel('a', NOON - 4 * HOUR, NOON - 2 * HOUR, 'alice'),
      kernel('c', NOON - 3.5 * HOUR, NOON - 3 * HOUR, 'carol'),
      kernel('d', NOON - HOUR / 2, undefined, 'dan'),
    ];
    expect(charges(runs).map(({ owner, duration }) => [owner, duration / HOUR])).toEqual([
      ['alice', 2],
      ['bob', 1],
      ['dan', 0.5],
    ]);
    const elsewhere = [
      kernel('a', NOON - HOUR, NOON, 'alice'),
      { ...kernel('b', NOON - HOUR, NOON, 'alice'), instanceType: 'ml.t3.medium' },
      ran(NOON - HOUR, NOON, { app: { appType: 'KernelGateway', appName: 'a', userProfileName: 'bob' } }),
    ];
    expect(charges(elsewhere)).toHaveLength(3);
  });

  test('a run that is on record twice, once', () =>
    expect(spent([ran(NOON - HOUR, NOON), ran(NOON - HOUR, NOON)])).toBe('$1.41'));

  test('free apps are free', () => {
    const server = ran(NOON - DAY, NOON, { instanceType: 'system', app: { appType: 'JupyterServer' } });
    expect(charges([server])).toEqual([]);
  });

  test('Canvas by the session-hour, whatever it runs on', () => {
    const canvas = ran(NOON - 2 * HOUR, NOON, { instanceType: 'system', app: { appType: 'Canvas' } });
    expect(charges([canvas])).toMatchObject([{ what: 'Canvas', amount: 3_800_000 }]);
    const { canvas: _, ...without } = rates;
    expect(describeSpend(sumOf(chargesOf({ runs: [canvas], volumes: [] }, without, ALWAYS, NOON)))).toBe(
      '2 h of Canvas without a price',
    );
  });

  test('each component at its own rate, and none at another’s', () => {
    const editor = (instanceType: string) => ran(NOON - HOUR, NOON, { instanceType, app: { appType: 'CodeEditor' } });
    expect(charges([editor('ml.t3.medium')])).toMatchObject([{ amount: 61_100 }]);
    expect(charges([editor('ml.g5.xlarge')])[0]).not.toHaveProperty('amount');
  });

  test('an app without an instance type is told by its app type', () => {
    const { instanceType: _, ...run } = ran(NOON - HOUR, NOON);
    expect(spent([run])).toBe('1 h of JupyterLab without a price');
  });

  test('a run whose owner nobody saw is its space’s owner’s, or its own profile’s', () => {
    const { userProfileName: _, ...rest } = ref;
    const app = { ...rest, spaceName: 'lab' };
    const run = { ...newRun(app, NOON - HOUR, { instanceType: 'ml.g5.xlarge' }), endedAt: NOON };
    const volume = { ...ref, spaceName: 'lab', gigabytes: 5, since: NOON, owner: 'bob' };
    expect(chargesOf({ runs: [run], volumes: [volume] }, rates, ALWAYS, NOON)).toMatchObject([{ owner: 'bob' }]);
    const { owner: __, ...own } = ran(NOON - HOUR, NOON);
    expect(charges([own])).toMatchObject([{ owner: 'alice' }]);
  });
});

describe('volumes', () => {
  const volume = (over: Partial<Volume> = {}): Volume => ({
    account: ref.account,
    region: ref.region,
    domainId: ref.domainId,
    spaceName: 'lab',
    gigabytes: 100,
    owner: 'alice',
    since: at('2026-09-10T00:00:00Z'),
    ...over,
  });
  const billed = (volumes: Volume[], period: Period, now = at('2027-01-01T00:00:00Z')) =>
    chargesOf({ runs: [], volumes }, rates, period, now);
  const monthOf = (month: string) => periodOf('month', at(`${month}-15T00:00:00Z`), 'UTC');

  test('a whole month is a gigabyte-month, however long the month', () => {
    for (const month of ['2026-10', '2026-11', '2026-12'])
      expect(billed([volume()], monthOf(month))).toMatchObject([{ what: 'volumes of 100 GB', amount: 11_200_000 }]);
  });

  test('from its creation, to its end, until now', () => {
    expect(billed([volume()], monthOf('2026-09'))).toMatchObject([{ amount: 7_840_000 }]);
    const gone = volume({ until: at('2026-11-16T00:00:00Z') });
    expect(billed([gone], monthOf('2026-11'))).toMatchObject([{ amount: 5_600_000 }]);
    expect(billed([gone], monthOf('2026-12'))).toEqual([]);
    expect(billed([volume()], monthOf('2026-11'), at('2026-11-04T00:00:00Z'))).toMatchObject([{ amount: 1_120_000 }]);
  });

  test('a period over a month’s edge: each month at its own length, rounded by itself', () => {
    const period = { from: at('2026-10-31T00:00:00Z'), to: at('2026-11-02T00:00:00Z') };
    expect(billed([volume({ gigabytes: 5 })], period).map(({ amount }) => amount)).toEqual([18_065, 18_667]);
  });

  test('of unknown size, or without a price: told, never $0', () => {
    const { gigabytes: _, ...unsized } = volume();
    const day = { from: at('2026-11-01T00:00:00Z'), to: at('2026-11-02T00:00:00Z') };
    expect(describeSpend(sumOf(billed([unsized], day)))).toBe('24 h of volumes of unknown size without a price');
    const { gigabyteMonth: __, ...without } = rates;
    expect(describeSpend(sumOf(chargesOf({ runs: [], volumes: [volume()] }, without, day, NOON)))).toBe(
      '24 h of volumes of 100 GB without a price',
    );
  });

  test('what is on record twice, once', () =>
    expect(
      billed(
        [volume({ until: at('2026-12-01T00:00:00Z') }), volume({ until: at('2026-12-01T00:00:00Z') })],
        monthOf('2026-11'),
      ),
    ).toHaveLength(1));
});

/** A meter of its own: ticks second by second, asks who runs, and shares no arithmetic with the code. */
function meter(runs: Run[], period: Period, now: Instant): Map<string, number> {
  const owners = new Map<string, number>();
  const from = Math.max(period.from, Math.min(...runs.map(({ startedAt }) => startedAt)));
  for (let tick = from; tick < Math.min(period.to, now); tick += SECOND) {
    const taken = new Set<string>();
    const running = runs.filter(({ startedAt, endedAt }) => startedAt <= tick && tick < (endedAt ?? now));
    for (const run of running.sort((a, b) => a.startedAt - b.startedAt || (a.app.appName < b.app.appName ? -1 : 1))) {
      const { appType, userProfileName, appName } = run.app;
      const instance =
        appType === 'KernelGateway'
          ? `kernels of ${userProfileName} on ${run.instanceType}`
          : `${appType} ${appName} of ${userProfileName}`;
      if (taken.has(instance)) continue;
      taken.add(instance);
      // What the run's own meter moves in this second.
      const seconds = (tick - run.startedAt) / SECOND;
      const moved = shown(run.instanceType!, seconds + 1) - shown(run.instanceType!, seconds);
      owners.set(run.owner!, (owners.get(run.owner!) ?? 0) + moved);
    }
  }
  return owners;
}

/** Millionths of a dollar for a second, as a fraction of 36,000,000 (ten decimals of an hour's rate). */
const USD: Record<string, bigint> = {
  'ml.t3.medium': 500_000_000n,
  'ml.g5.xlarge': 14_100_000_000n,
  'ml.p4d.24xlarge': 252_512_883_000n,
};

/** What a meter shows after so many seconds, in whole micro-dollars. */
function shown(instanceType: string, seconds: number): number {
  return Number((USD[instanceType]! * BigInt(seconds) * 2n + 36_000_000n) / 72_000_000n);
}

describe('against a meter that ticks every second', () => {
  const zone = fc.constantFrom('UTC', 'America/New_York', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Kathmandu');
  /** Around a month's edge, and around the nights in which clocks change. */
  const night = fc.constantFrom(
    '2026-11-01T03:00:00Z',
    '2026-11-30T23:00:00Z',
    '2026-03-08T06:00:00Z',
    '2026-10-03T14:00:00Z',
  );
  const life = fc.record({
    start: fc.integer({ min: 0, max: 5 * 3600 }),
    length: fc.integer({ min: 1, max: 4 * 3600 }),
    goesOn: fc.boolean(),
    owner: fc.constantFrom('alice', 'bob'),
    appType: fc.constantFrom('JupyterLab', 'KernelGateway'),
    appName: fc.constantFrom('a', 'b', 'c'),
    instanceType: fc.constantFrom('ml.t3.medium', 'ml.g5.xlarge', 'ml.p4d.24xlarge'),
  });

  test('spend is the same to the micro-dollar, over any edge of any zone’s months, weeks and days', () => {
    fc.assert(
      fc.property(
        fc.array(life, { minLength: 1, maxLength: 8 }),
        night,
        zone,
        fc.constantFrom('month' as const, 'week' as const, 'total' as const),
        fc.integer({ min: 0, max: 8 * 3600 }),
        (lives, around, timezone, kind, elapsed) => {
          const begin = at(around);
          const now = begin + elapsed * SECOND;
          // One name runs once at a time, as AWS has it: what would overlap is left out.
          const runs = lives
            .sort((a, b) => a.start - b.start)
            .map(({ start, length, goesOn, owner, appType, appName, instanceType }) =>
              ran(begin + start * SECOND, goesOn ? undefined : begin + (start + length) * SECOND, {
                owner,
                instanceType,
                app: { appType, appName, userProfileName: owner },
              }),
            )
            .filter((run, i, all) => {
              const before = all
                .slice(0, i)
                .filter(
                  ({ app }) => app.appName === run.app.appName && app.userProfileName === run.app.userProfileName,
                );
              return before.every(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt <= run.startedAt);
            });
          for (const moment of [begin, begin + 6 * HOUR]) {
            const period = periodOf(kind, moment, timezone);
            const byOwner = Map.groupBy(charges(runs, period, now), ({ owner }: Charge) => owner!);
            const spend = new Map([...byOwner].map(([owner, its]) => [owner, sumOf(its).amount]));
            expect([...spend].sort()).toEqual([...meter(runs, period, now)].sort());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('periods that join add up to what lies in both, to the micro-dollar', () => {
    fc.assert(
      fc.property(
        fc.array(life, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0, max: 10 * 3600 }),
        (lives, cut) => {
          const runs = lives.map(({ start, length, owner, ...app }, i) =>
            ran(NOON + start * SECOND, NOON + (start + length) * SECOND, {
              owner,
              instanceType: app.instanceType,
              app: { appType: app.appType, appName: `${app.appName}${i}`, userProfileName: owner },
            }),
          );
          const edge = NOON + cut * SECOND;
          const now = NOON + DAY;
          const duration = (period: Period) => charges(runs, period, now).reduce((sum, one) => sum + one.duration, 0);
          const amount = (period: Period) => sumOf(charges(runs, period, now)).amount;
          const [before, after] = [
            { from: 0, to: edge },
            { from: edge, to: now },
          ];
          expect(duration(before) + duration(after)).toBe(duration(ALWAYS));
          expect(amount(before) + amount(after)).toBe(amount(ALWAYS));
          // Any grouping of the same charges is the same sum.
          const all = charges(runs, ALWAYS, now);
          const byOwner = [...Map.groupBy(all, BY.owner).values()].map((its) => sumOf(its).amount);
          expect(byOwner.reduce((sum, amount) => sum + amount, 0)).toBe(sumOf(all).amount);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('teams', () => {
  test('a team is the domain, or the value of a tag; without the tag, no team', () => {
    const [tagged, bare] = [
      ran(NOON - 2 * HOUR, NOON, { team: 'alpha' }),
      ran(NOON - HOUR, NOON, { app: { appName: 'b' } }),
    ];
    const told = charges([tagged, bare]);
    expect(told.map((charge) => BY.team(charge, { team: { tag: 'team' } }))).toEqual(['alpha', undefined]);
    expect(told.map((charge) => BY.team(charge, { team: 'domain' }))).toEqual([ref.domainId, ref.domainId]);
  });
});

test('what an app that is over has cost does not grow any more', () => {
  const run = ran(NOON - 3 * HOUR, NOON - 2 * HOUR);
  const app = { ref: run.app, run, startedAt: run.startedAt, teams: [], tags: {}, instanceType: 'ml.g5.xlarge' };
  expect([...costsSoFar([app], rates, NOON).values()]).toMatchObject([{ kind: 'known', amount: 1_410_000 }]);
});

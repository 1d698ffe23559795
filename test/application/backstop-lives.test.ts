import fc from 'fast-check';
import { expect, test } from 'vitest';
import { armNew } from '../../src/application/arm-new.ts';
import { scheduleName } from '../../src/application/backstop.ts';
import { sweepBackstops } from '../../src/application/backstop-sweep.ts';
import { scan } from '../../src/application/scan.ts';
import { noteStudioEvent } from '../../src/application/studio-event.ts';
import { type AppRef, appKey } from '../../src/domain/app.ts';
import { withPolicyPrices } from '../../src/domain/cost.ts';
import { parseRate } from '../../src/domain/money.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { Killed, mortal } from './mortal.ts';
import { world } from './world.ts';

const PEOPLE = ['alice', 'bob'];
const NAMES = ['one', 'two'];
const OURS: Partial<Policy>[] = [
  {},
  { mode: 'warn' },
  { exempt: [{ owner: ['alice'] }] },
  { backstop: { for: ['budget'], margin: 30 * MINUTE } },
  { budgets: [] },
  { safety: { maxStops: { count: 1 } } },
];

type Step =
  | { kind: 'start' | 'end' | 'restart'; who: string; name: string; isTold: boolean }
  | { kind: 'policy'; which: number }
  | { kind: 'grant' | 'lift'; who: string; hours: number }
  | { kind: 'pause' | 'resume' | 'half' | 'whole' | 'refuse' | 'sweep' };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('start' as const, 'start' as const, 'end' as const, 'restart' as const),
    who: fc.constantFrom(...PEOPLE),
    name: fc.constantFrom(...NAMES),
    isTold: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('policy' as const), which: fc.nat(OURS.length - 1) }),
  fc.record({
    kind: fc.constantFrom('grant' as const, 'lift' as const),
    who: fc.constantFrom(...PEOPLE),
    hours: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({
    kind: fc.constantFrom(
      'pause' as const,
      'resume' as const,
      'half' as const,
      'whole' as const,
      'refuse' as const,
      'sweep' as const,
    ),
  }),
);
/** Of a quarter of an hour: what happens, and at which calls its passes die. */
const quarter = fc.record({
  steps: fc.array(step, { maxLength: 2 }),
  deaths: fc.array(fc.record({ call: fc.nat(40), when: fc.constantFrom('before' as const, 'after' as const) }), {
    minLength: 2,
    maxLength: 2,
  }),
  isOff: fc.boolean(),
});

function lab() {
  const it = world({
    ...{
      limits: [{ name: 'all', match: {}, maxUptime: 20 * HOUR, grace: 30 * MINUTE }],
      extensions: { hours: HOUR, atMost: 0 },
    },
    budgets: [
      {
        ...{ name: 'per person', for: 'each owner', period: 'month', limit: 60_000_000, atLimit: 'block' },
        ...{ warnAt: [], forecastAt: [] },
      },
    ],
    prices: { 'ml.g5.xlarge': parseRate('10') },
    backstop: { for: ['budget', 'uptime'], margin: 30 * MINUTE },
  });
  const base = it.policy;
  const { fleet, backstop, runs, ledger } = it.ports;
  const app = (who: string, name: string) => ({
    ...ref,
    userProfileName: who,
    appName: name,
    instanceType: 'ml.g5.xlarge',
  });
  const isUp = (one: AppRef) => fleet.apps.get(appKey(one))?.status === 'InService';
  const rates = async () => withPolicyPrices(await it.ports.prices.rates('us-east-1'), it.policy.prices);
  const fired: string[] = [];
  const tell = async (kind: 'app created' | 'app deleted', one: ReturnType<typeof app>, at: Instant) => {
    const actor = { ...it.ports, policy: it.policy, rates: await rates() };
    await noteStudioEvent(actor, PLACE, { kind, app: one, at }, at);
    if (kind === 'app created') await armNew(it.ports, actor, { place: PLACE, app: one }, at);
  };
  const end = async (one: ReturnType<typeof app>, at: Instant, isTold: boolean) => {
    if (!isUp(one)) return;
    fleet.end(one);
    if (isTold) await tell('app deleted', one, at);
  };
  const begin = async (one: ReturnType<typeof app>, at: Instant, isTold: boolean) => {
    if (isUp(one)) return;
    fleet.start(one, at);
    if (isTold) await tell('app created', one, at);
  };
  return {
    ...it,
    fired,
    async happen(one: Step, at: Instant) {
      if (one.kind === 'start') return begin(app(one.who, one.name), at, one.isTold);
      if (one.kind === 'end') return end(app(one.who, one.name), at, one.isTold);
      if (one.kind === 'restart') {
        await end(app(one.who, one.name), at, false);
        return begin(app(one.who, one.name), at + 90 * SECOND, one.isTold);
      }
      if (one.kind === 'policy') it.policy = { ...base, ...OURS[one.which] };
      else if (one.kind === 'grant' || one.kind === 'lift')
        await ledger.except(PLACE, {
          ...{ kind: one.kind, subject: { kind: 'owner', name: `${ref.domainId}/${one.who}` }, amount: 30_000_000 },
          ...{ at, until: at + one.hours * HOUR, by: 'admin', why: 'why' },
        });
      else if (one.kind === 'pause') await runs.pause(PLACE, { from: at, by: 'admin' });
      else if (one.kind === 'resume') {
        const known = await runs.lastPause(PLACE);
        if (known) await runs.resume(PLACE, known, at);
      } else if (one.kind === 'half') fleet.missing = [{ part: 'tags', why: 'throttled' }];
      else if (one.kind === 'whole') fleet.missing = [];
      else if (one.kind === 'refuse') fleet.failStops = 2;
      else await sweepBackstops({ backstop, runs }, PLACE, at);
      return undefined;
    },
    /** A pass; with a death, it dies at that call, if it makes so many. */
    async pass(now: Instant, death?: { call: number; when: 'before' | 'after' }) {
      const { ports } = mortal(it.ports, death);
      await scan(ports, it.policy, { place: PLACE, now, apply: true }).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
    },
    tick(now: Instant) {
      for (const { app: one, name } of backstop.fire(now)) {
        if (!isUp(one)) continue;
        fired.push(`${name} at ${new Date(now).toISOString()}`);
        fleet.end(one);
      }
    },
  };
}

test('while one pass in a quarter of an hour lives to its end, the backstop stops nothing, whatever else dies or changes', async () => {
  let armed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(quarter, { minLength: 8, maxLength: 60 }), async (quarters) => {
      const it = lab();
      let now = NOON;
      const pass = async (death?: { call: number; when: 'before' | 'after' }) => {
        for (let i = 0; i < 5; i++) {
          now += MINUTE;
          it.tick(now);
        }
        await it.pass(now, death);
      };
      for (const { steps, deaths, isOff } of quarters) {
        for (const one of steps) await it.happen(one, now + 10 * SECOND);
        for (const death of deaths) await pass(isOff ? undefined : death);
        await pass();
        armed += it.ports.backstop.schedules.size;
        expect(it.fired).toEqual([]);
      }
      // All is well again: what stands is what is on record, of runs that go on.
      it.ports.fleet.missing = [];
      for (let i = 0; i < 3; i++) await pass();
      const { runs } = await it.ports.runs.load(PLACE);
      const onRecord = runs.flatMap(({ backstop, ...run }) => {
        if (!backstop) return [];
        expect([backstop.isSet, run.endedAt, backstop.name]).toEqual([true, undefined, scheduleName(run)]);
        return [[backstop.name, backstop.at]];
      });
      const standing = [...it.ports.backstop.schedules.values()].map(({ name, at }) => [name, at]);
      expect(standing.sort()).toEqual(onRecord.sort());
      // And with everything dead from now on, whatever still runs is stopped no earlier than a margin from here.
      for (const { at } of it.ports.backstop.schedules.values()) expect(at).toBeGreaterThan(now + 20 * MINUTE);
      for (const { at } of it.ports.backstop.schedules.values()) expect(at).toBeLessThan(now + 40 * DAY);
    }),
    { numRuns: 100 },
  );
  // It had something to stop.
  expect(armed).toBeGreaterThan(300);
}, 60_000);

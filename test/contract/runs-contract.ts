import { beforeEach, describe, expect, it } from 'vitest';
import type { RunChange, Runs } from '../../src/application/ports.ts';
import type { AppRef, Place } from '../../src/domain/app.ts';
import { appKey } from '../../src/domain/app.ts';
import type { Armed, Run, Stop } from '../../src/domain/run.ts';
import { newRun } from '../../src/domain/run.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';

const place: Place = { account: '111122223333', region: 'us-east-1' };
const T0 = Date.UTC(2026, 10, 23, 9);
const app: AppRef = { ...place, domainId: 'd-lab', spaceName: 'alice-lab', appType: 'JupyterLab', appName: 'default' };
const named = (appName: string): AppRef => ({ ...app, appName });
const run = newRun(app, T0, { instanceType: 'ml.t3.medium', owner: 'alice' });
const stopAt = (at: number): Stop => ({ at, rule: 'all: max-uptime', reason: 'up 26 h, limit 24 h', failures: 0 });
const warning = {
  number: 1,
  given: { due: T0 + DAY, at: T0 + DAY + MINUTE, stopAt: T0 + DAY + HOUR, notices: ['warning-a', 'warning-b'] },
};
const seen = (source: string, observedAt: number, lastUseAt = observedAt) => ({
  source,
  kind: 'kernel',
  busy: false,
  lastUseAt,
  observedAt,
});

const armedAt = (at: Instant, isSet?: true): Armed => ({
  ...{ name: 'alice.default.1', at, rule: 'per person: budget', reason: '$1 of $2 spent', since: T0 },
  ...(isSet ? { isSet } : {}),
});

/** One change of each kind, as it may be asked of a run that goes on. */
const CHANGES: RunChange[] = [
  { kind: 'warn', rule: 'all: max-uptime', warning },
  { kind: 'lift', warnings: [{ rule: 'all: max-uptime', number: 1 }] },
  { kind: 'stop', stop: stopAt(T0 + HOUR) },
  { kind: 'retry', stop: { ...stopAt(T0 + HOUR), failures: 1, code: 'InternalFailure' } },
  { kind: 'retry', stop: undefined },
  { kind: 'end', at: T0 + HOUR },
  { kind: 'end', at: T0 + HOUR, stop: { ...stopAt(T0 + HOUR), told: true } },
  { kind: 'ends', endedAt: T0 + HOUR, laterEnds: [T0 + 2 * HOUR, T0 + 3 * HOUR] },
  {
    kind: 'facts',
    owner: 'bob',
    team: 'beta',
    sharing: 'Shared',
    instanceType: 'ml.m5.large',
    contact: 'bob@example.org',
  },
  { kind: 'extend', at: T0 + HOUR },
  { kind: 'backstop', backstop: armedAt(T0 + HOUR) },
  { kind: 'evidence', evidence: seen('agent', T0 + HOUR) },
];
const called = (change: RunChange) => `${change.kind}${'stop' in change ? (change.stop ? ' with stop' : ' off') : ''}`;

/** What every record of runs must do. `make` gives an empty one. */
export function runsContract(name: string, make: () => Promise<Runs>): void {
  describe(`Runs, ${name}`, () => {
    let runs: Runs;
    const history = () => runs.history(place, T0 - DAY, T0 + 40 * DAY);
    beforeEach(async () => {
      runs = await make();
    });
    const ended = async (at = T0 + HOUR): Promise<Run> => {
      await runs.open(run);
      await runs.change(run, { kind: 'end', at });
      return (await runs.get(app))!;
    };

    describe('reading', () => {
      it('knows nothing at first, and has no place', async () => {
        expect(await runs.place()).toBeUndefined();
        expect(await runs.load(place)).toEqual({ runs: [], state: {} });
        expect(await runs.get(app)).toBeUndefined();
      });

      it('gives every member back as it was written, and no others', async () => {
        const full: Run = {
          ...run,
          endedAt: T0 + 2 * HOUR,
          warnings: { 'naïve "limit" #1.2: max-idle': warning, 'other: max-uptime': { number: 3 } },
          extensions: [T0 + 1, T0 + 2],
          evidence: { agent: seen('agent', T0 + 5), 'canvas-metric': { ...seen('canvas-metric', T0 + 6), busy: true } },
          stop: { ...stopAt(T0 + HOUR), failures: 2, code: 'InternalFailure', told: true },
          version: 7,
        };
        const bare = newRun(
          { ...place, domainId: 'd-lab', userProfileName: 'bob', appType: 'Canvas', appName: 'x' },
          T0,
        );
        expect(await runs.open(full)).toBe(true);
        expect(await runs.open(bare)).toBe(true);
        expect(await runs.get(app)).toEqual(full);
        expect(await runs.get(bare.app)).toEqual(bare);
        const loaded = await runs.load(place);
        expect(loaded.state).toEqual({});
        expect(loaded.runs).toHaveLength(2);
        expect(loaded.runs).toEqual(expect.arrayContaining([full, bare]));
      });

      it('tells a profile’s app from a space’s, and names apart that only case or kind divides', async () => {
        const holder = { domainId: 'd-lab', appType: 'JupyterLab', appName: 'default' };
        const apps: AppRef[] = [
          { ...place, ...holder, userProfileName: 'x' },
          { ...place, ...holder, spaceName: 'x' },
          { ...place, ...holder, spaceName: 'x', appType: 'CodeEditor' },
          { ...place, ...holder, spaceName: 'x', appName: 'Default' },
          { ...place, ...holder, spaceName: 'x', domainId: 'd-other' },
        ];
        for (const one of apps) expect(await runs.open(newRun(one, T0))).toBe(true);
        expect(new Set((await runs.load(place)).runs.map(({ app }) => JSON.stringify(app))).size).toBe(5);
      });

      it('keeps accounts and regions apart', async () => {
        const other = { ...app, account: '999988887777' };
        const far = { ...app, region: 'eu-west-1' };
        for (const one of [app, other, far]) await runs.open(newRun(one, T0));
        expect((await runs.load(place)).runs.map((one) => one.app)).toEqual([app]);
        expect((await runs.load({ account: '999988887777', region: 'us-east-1' })).runs.map((one) => one.app)).toEqual([
          other,
        ]);
        expect((await runs.load({ account: '1', region: 'us-east-1' })).runs).toEqual([]);
      });

      it('loads more than one page holds, whole', async () => {
        const fat = 'x'.repeat(60_000);
        const names = Array.from({ length: 25 }, (_, i) => `app${String(i).padStart(3, '0')}`);
        await Promise.all(
          names.map((appName) =>
            runs.open({ ...newRun(named(appName), T0), evidence: { agent: { ...seen('agent', T0), kind: fat } } }),
          ),
        );
        await runs.remember(place, { digest: '2026-11-23' });
        const loaded = await runs.load(place);
        expect(loaded.runs.map((one) => one.app.appName).sort()).toEqual(names);
        expect(loaded.state).toEqual({ digest: '2026-11-23' });
      });

      it('remembers a pass’s state, the last whole, and no run is mistaken for it', async () => {
        const whole = { digest: '2026-11-22', digestAt: T0, valve: '2026-11-21', idleAfter: 'd-lab/alice' };
        await runs.remember(place, whole);
        await runs.open(run);
        expect((await runs.load(place)).state).toEqual(whole);
        await runs.remember(place, { digest: '2026-11-23', idleAfter: undefined });
        expect(await runs.load(place)).toEqual({ runs: [run], state: { digest: '2026-11-23' } });
      });

      it('knows whose it is from the first write on, whatever that was', async () => {
        await runs.open(run);
        expect(await runs.place()).toEqual(place);
      });

      it('knows whose it is by its state alone', async () => {
        await runs.remember(place, { valve: '2026-11-21' });
        expect(await runs.place()).toEqual(place);
      });
    });

    describe('open', () => {
      it('begins a run under a free name, once', async () => {
        expect(await runs.open(run)).toBe(true);
        expect(await runs.open({ ...run, startedAt: T0 + DAY })).toBe(false);
        expect(await runs.get(app)).toEqual(run);
        expect(await history()).toEqual([]);
      });

      it('replaces an ended run, which becomes history with all it had, and starts with a clean slate', async () => {
        await runs.open(run);
        await runs.change(run, { kind: 'warn', rule: 'all: max-uptime', warning });
        await runs.change(run, { kind: 'end', at: T0 + HOUR });
        const known = (await runs.get(app))!;
        const next = newRun(app, T0 + 2 * HOUR);
        expect(await runs.open(next, known)).toBe(true);
        expect(await runs.get(app)).toEqual(next);
        expect(await history()).toEqual([known]);
      });

      it('replaces a run that was still open, with the end that the caller gives it', async () => {
        await runs.open(run);
        const next = newRun(app, T0 + 2 * HOUR);
        expect(await runs.open(next, { ...run, endedAt: T0 + 2 * HOUR })).toBe(true);
        expect(await history()).toEqual([{ ...run, endedAt: T0 + 2 * HOUR }]);
      });

      it('is refused, and leaves the name as it is, where the run to replace has changed', async () => {
        const known = await ended();
        await runs.change(run, { kind: 'end', at: T0 + HOUR / 2 });
        const before = await runs.get(app);
        expect(await runs.open(newRun(app, T0 + 2 * HOUR), known)).toBe(false);
        expect(await runs.get(app)).toEqual(before);
        // The one that wins tells history what the loser told it, and newer.
        expect(await runs.open(newRun(app, T0 + 2 * HOUR), before!)).toBe(true);
        expect(await history()).toEqual([before]);
      });

      it('is refused where another run has replaced it, and history keeps one end of one run', async () => {
        // Over a month's edge: an event with the exact end was first, a scan that saw it later comes second.
        const open = { ...run, startedAt: Date.UTC(2026, 10, 30, 20) };
        await runs.open(open);
        const exact = { ...open, endedAt: Date.UTC(2026, 10, 30, 23, 59, 50) };
        const late = { ...open, endedAt: Date.UTC(2026, 11, 1, 0, 0, 20) };
        const next = newRun(app, exact.endedAt + 1000);
        expect(await runs.open(next, exact)).toBe(true);
        expect(await runs.open(newRun(app, late.endedAt), late)).toBe(false);
        expect(await runs.get(app)).toEqual(next);
        expect(await history()).toEqual([exact]);
      });

      it('is refused, and writes nothing, where the name is free meanwhile', async () => {
        const known = await ended();
        await runs.retire(known);
        expect(await runs.open(newRun(app, T0 + 2 * HOUR), known)).toBe(false);
        expect(await runs.get(app)).toBeUndefined();
        expect(await history()).toEqual([known]);
      });

      it('is won by one of many at once', async () => {
        const fresh = Array.from({ length: 20 }, (_, i) => newRun(app, T0 + i));
        const won = await Promise.all(fresh.map((one) => runs.open(one)));
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await runs.get(app)).toEqual(fresh[won.indexOf(true)]);
        const known = { ...(await runs.get(app))!, endedAt: T0 + HOUR };
        const nexts = Array.from({ length: 20 }, (_, i) => newRun(app, T0 + HOUR + i));
        const replaced = await Promise.all(nexts.map((one) => runs.open(one, known)));
        expect(replaced.filter(Boolean)).toHaveLength(1);
        expect(await runs.get(app)).toEqual(nexts[replaced.indexOf(true)]);
        expect(await history()).toEqual([known]);
      });
    });

    describe('change', () => {
      it.each(CHANGES.map((change) => [called(change), change] as const))(
        '%s: is written once more than before, and nothing beside it moves',
        async (_, change) => {
          const full: Run = {
            ...run,
            warnings: { 'all: max-uptime': warning, 'other: max-idle': { number: 2 } },
            extensions: [T0 + 1],
            evidence: { metric: seen('metric', T0 + 1) },
            stop: stopAt(T0 + 2),
          };
          await runs.open(full);
          expect(await runs.change(full, change)).toBe(true);
          expect(await runs.get(app)).toEqual(expected(full, change));
        },
      );

      it.each(CHANGES.map((change) => [called(change), change] as const))(
        '%s: is refused for a name that nobody holds, and makes nothing',
        async (_, change) => {
          expect(await runs.change(run, change)).toBe(false);
          expect(await runs.get(app)).toBeUndefined();
          expect((await runs.load(place)).runs).toEqual([]);
        },
      );

      it.each(CHANGES.map((change) => [called(change), change] as const))(
        '%s: is refused for another run of the same name, and changes nothing',
        async (_, change) => {
          await runs.open(run);
          expect(await runs.change({ ...run, startedAt: T0 - DAY }, change)).toBe(false);
          expect(await runs.get(app)).toEqual(run);
        },
      );

      it.each(
        CHANGES.filter(({ kind }) => kind !== 'end' && kind !== 'ends').map(
          (change) => [called(change), change] as const,
        ),
      )('%s: is refused for a run that is over, and changes nothing', async (_, change) => {
        const over = await ended();
        expect(await runs.change(over, change)).toBe(false);
        expect(await runs.get(app)).toEqual(over);
      });

      it('a backstop insists on the one before it: of two that make or move it, one is first', async () => {
        await runs.open(run);
        const [first, second] = [armedAt(T0 + HOUR), armedAt(T0 + 2 * HOUR)];
        const arm = (known: Armed | undefined, backstop: Armed | undefined) =>
          runs.change(known ? { ...run, backstop: known } : run, { kind: 'backstop', backstop });
        expect(await arm(undefined, first)).toBe(true);
        expect(await arm(undefined, second)).toBe(false);
        expect(await arm(second, undefined)).toBe(false);
        expect((await runs.get(app))?.backstop).toEqual(first);
        expect(await arm(first, { ...first, isSet: true })).toBe(true);
        expect(await arm(first, undefined)).toBe(false);
        expect(await arm({ ...first, isSet: true }, undefined)).toBe(true);
        expect(await runs.get(app)).not.toHaveProperty('backstop');
        expect(await arm(undefined, undefined)).toBe(true);
      });

      it('a run that is over is armed no more; what was set out on before can be noted, and taken down', async () => {
        await runs.open({ ...run, backstop: armedAt(T0 + HOUR) });
        await runs.change(run, { kind: 'end', at: T0 + HOUR });
        const over = (await runs.get(app))!;
        expect(await runs.change(over, { kind: 'backstop', backstop: armedAt(T0 + 2 * HOUR) })).toBe(false);
        expect(await runs.change(over, { kind: 'backstop', backstop: armedAt(T0 + HOUR, true) })).toBe(true);
        const set = (await runs.get(app))!;
        expect(set.backstop).toEqual(armedAt(T0 + HOUR, true));
        expect(await runs.change(set, { kind: 'backstop', backstop: undefined })).toBe(true);
        expect(await runs.get(app)).not.toHaveProperty('backstop');
      });

      it('the news of an end can say what ended it', async () => {
        await runs.open(run);
        const stop = { ...stopAt(T0 + HOUR), by: 'backstop' as const };
        expect(await runs.change(run, { kind: 'ends', endedAt: T0 + HOUR, laterEnds: [], stop })).toBe(true);
        expect(await runs.get(app)).toMatchObject({ endedAt: T0 + HOUR, stop });
      });

      it('stop insists on the version that was decided on', async () => {
        await runs.open(run);
        await runs.change(run, { kind: 'extend', at: T0 + 1 });
        const before = await runs.get(app);
        expect(await runs.change(run, { kind: 'stop', stop: stopAt(T0 + HOUR) })).toBe(false);
        expect(await runs.get(app)).toEqual(before);
        expect(await runs.change(before!, { kind: 'stop', stop: stopAt(T0 + HOUR) })).toBe(true);
        // The same intention twice is an intention that was changed meanwhile.
        expect(await runs.change(before!, { kind: 'stop', stop: stopAt(T0 + HOUR) })).toBe(false);
      });

      it('a stop for idleness insists on the evidence too; one by the clock does not wait for a flood of it to end', async () => {
        await runs.open(run);
        for (const first of [run, (await runs.get(app))!]) {
          await runs.change((await runs.get(app))!, { kind: 'evidence', evidence: seen('agent', T0 + MINUTE) });
          expect(await runs.change(first, { kind: 'stop', stop: stopAt(T0 + HOUR), isIdle: true })).toBe(false);
        }
        const before = (await runs.get(app))!;
        expect(await runs.change(before, { kind: 'stop', stop: stopAt(T0 + HOUR), isIdle: true })).toBe(true);
        await runs.change(before, { kind: 'evidence', evidence: seen('agent', T0 + 2 * MINUTE) });
        const { version } = (await runs.get(app))!;
        expect(await runs.change({ ...before, version }, { kind: 'stop', stop: stopAt(T0 + 2 * HOUR) })).toBe(true);
      });

      it('a stop is set out on by one of many at once', async () => {
        await runs.open(run);
        const won = await Promise.all(
          Array.from({ length: 20 }, (_, i) => runs.change(run, { kind: 'stop', stop: stopAt(T0 + i) })),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await runs.get(app))!.stop).toEqual(stopAt(T0 + won.indexOf(true)));
      });

      it('every other change goes through beside others: none is lost', async () => {
        await runs.open(run);
        const changes: RunChange[] = [
          ...Array.from({ length: 10 }, (_, i) => ({ kind: 'extend' as const, at: T0 + i })),
          ...Array.from({ length: 10 }, (_, i) => ({ kind: 'warn' as const, rule: `rule.${i}`, warning })),
        ];
        const done = await Promise.all(changes.map((change) => runs.change(run, change)));
        expect(done.every(Boolean)).toBe(true);
        const found = (await runs.get(app))!;
        expect([...found.extensions].sort()).toEqual(Array.from({ length: 10 }, (_, i) => T0 + i));
        expect(Object.keys(found.warnings)).toHaveLength(10);
        expect(found.version).toBe(21);
      });

      it('lifts several warnings at once, each keeping its number', async () => {
        await runs.open(run);
        for (const rule of ['a', 'b', 'c']) await runs.change(run, { kind: 'warn', rule, warning });
        await runs.change(run, {
          kind: 'lift',
          warnings: [
            { rule: 'a', number: 1 },
            { rule: 'c', number: 1 },
          ],
        });
        expect((await runs.get(app))!.warnings).toEqual({ a: { number: 1 }, b: warning, c: { number: 1 } });
      });

      it('facts are set one by one', async () => {
        await runs.open(newRun(app, T0));
        await runs.change(run, { kind: 'facts', owner: 'bob' });
        expect(await runs.get(app)).toMatchObject({ owner: 'bob' });
        await runs.change(run, { kind: 'facts', instanceType: 'ml.m5.large' });
        await runs.change(run, { kind: 'facts', contact: '' });
        expect(await runs.get(app)).toMatchObject({ owner: 'bob', instanceType: 'ml.m5.large', contact: '' });
      });

      it('evidence insists on the run that it was made from, so that no proof of use is lost to another', async () => {
        await runs.open(run);
        const put = async (from: Run, evidence: ReturnType<typeof seen>) =>
          runs.change(from, { kind: 'evidence', evidence });
        expect(await put(run, seen('agent', T0 + 20))).toBe(true);
        expect(await put(run, seen('agent', T0 + 30))).toBe(false);
        expect(await put((await runs.get(app))!, seen('canvas-metric', T0 + 1))).toBe(true);
        expect(await put((await runs.get(app))!, seen('agent', T0 + 30, T0 + 5))).toBe(true);
        const known = { agent: seen('agent', T0 + 30, T0 + 5), 'canvas-metric': seen('canvas-metric', T0 + 1) };
        expect((await runs.get(app))!.evidence).toEqual(known);
      });

      it('of many pieces of evidence at once, one is written', async () => {
        await runs.open(run);
        const won = await Promise.all(
          Array.from({ length: 20 }, (_, i) => runs.change(run, { kind: 'evidence', evidence: seen('agent', T0 + i) })),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await runs.get(app))!.evidence.agent).toEqual(seen('agent', T0 + won.indexOf(true)));
      });

      it('the same asking counts once, and another one counts too', async () => {
        await runs.open(run);
        expect(await runs.change(run, { kind: 'extend', at: T0 + HOUR })).toBe(true);
        expect(await runs.change(run, { kind: 'extend', at: T0 + HOUR })).toBe(false);
        expect(await runs.change(run, { kind: 'extend', at: T0 + 2 * HOUR })).toBe(true);
        expect((await runs.get(app))!.extensions).toEqual([T0 + HOUR, T0 + 2 * HOUR]);
      });

      it('end keeps the earlier of two ends', async () => {
        const over = await ended(T0 + HOUR);
        expect(over.endedAt).toBe(T0 + HOUR);
        expect(await runs.change(over, { kind: 'end', at: T0 + 2 * HOUR })).toBe(false);
        expect(await runs.change(over, { kind: 'end', at: T0 + HOUR })).toBe(false);
        expect(await runs.get(app)).toEqual(over);
        expect(await runs.change(over, { kind: 'end', at: T0 + HOUR / 2 })).toBe(true);
        expect((await runs.get(app))!.endedAt).toBe(T0 + HOUR / 2);
      });

      it('ends insist on the run that they were made from, so that no end that was told is lost to another', async () => {
        const over = await ended(T0 + HOUR);
        expect(await runs.change(run, { kind: 'ends', endedAt: T0 + 1, laterEnds: [] })).toBe(false);
        expect(await runs.get(app)).toEqual(over);
        const change = { kind: 'ends' as const, endedAt: T0 + HOUR, laterEnds: [T0 + 2 * HOUR] };
        expect(await runs.change(over, change)).toBe(true);
        expect(await runs.get(app)).toEqual({ ...over, laterEnds: [T0 + 2 * HOUR], version: over.version + 1 });
      });

      it('end by Curfew is recorded on a run that an event ended before, whose end stays', async () => {
        const over = await ended(T0 + HOUR);
        const stop = { ...stopAt(T0 + HOUR), told: true as const };
        expect(await runs.change(run, { kind: 'end', at: T0 + 2 * HOUR, stop })).toBe(true);
        expect(await runs.get(app)).toEqual({ ...over, stop, version: over.version + 1 });
      });

      it('end by Curfew leaves an end on record as it is: the event of our own call tells its exact time', async () => {
        await ended(T0 + 2 * HOUR);
        const stop = { ...stopAt(T0 + HOUR), told: true as const };
        expect(await runs.change(run, { kind: 'end', at: T0 + HOUR, stop })).toBe(true);
        expect(await runs.get(app)).toMatchObject({ endedAt: T0 + 2 * HOUR, stop });
      });
    });

    describe('history', () => {
      const over = (startedAt: number, endedAt: number): Run => ({ ...newRun(app, startedAt), endedAt });
      const holder = newRun(app, T0 + 5 * HOUR);
      const told = async () => (await history()).map(({ startedAt, endedAt }) => [startedAt - T0, endedAt! - T0]);

      it('takes in a run that was told late, once', async () => {
        await runs.open(holder);
        await runs.backfill(over(T0, T0 + 5 * HOUR), holder);
        await runs.backfill(over(T0, T0 + 5 * HOUR), holder);
        await runs.backfill(over(T0 + 20_000, T0 + 5 * HOUR), holder);
        expect(await told()).toEqual([[0, 5 * HOUR]]);
        expect(await runs.get(app)).toEqual(holder);
      });

      it('a mark ends the run before it, and is no run, whichever came first', async () => {
        await runs.open(holder);
        await runs.backfill(over(T0 + HOUR, T0 + HOUR), holder);
        expect(await told()).toEqual([]);
        await runs.backfill(over(T0, T0 + 5 * HOUR), holder);
        expect(await told()).toEqual([[0, HOUR]]);
        await runs.backfill(over(T0 + HOUR / 2, T0 + HOUR / 2), holder);
        expect(await told()).toEqual([[0, HOUR / 2]]);
      });

      it('a mark that held the name is kept as one: it may belong to a run that is told later', async () => {
        const mark = { ...over(T0 + HOUR, T0 + HOUR), laterEnds: [T0 + 3 * HOUR] };
        await runs.open(mark);
        await runs.open(holder, mark);
        await runs.backfill(over(T0, T0 + 5 * HOUR), holder);
        await runs.backfill(over(T0 + 2 * HOUR, T0 + 5 * HOUR), holder);
        expect((await told()).sort()).toEqual([
          [0, HOUR],
          [2 * HOUR, 3 * HOUR],
        ]);
      });

      it('knows of an end that was told late over a month’s edge, in the month that it corrects', async () => {
        const edge = Date.UTC(2026, 11, 1);
        const first = newRun(app, edge - 20 * HOUR);
        const next = newRun(app, edge + 2 * HOUR);
        await runs.open(first);
        await runs.open(next, { ...first, endedAt: next.startedAt });
        expect(await runs.history(place, edge, edge + DAY)).toHaveLength(1);
        await runs.backfill(over(edge - HOUR, edge - HOUR), next);
        expect(await runs.history(place, edge, edge + DAY)).toEqual([]);
        expect(await runs.history(place, edge - DAY, edge + DAY)).toEqual([{ ...first, endedAt: edge - HOUR }]);
      });

      it('does not take a run for another that it knows from the month before', async () => {
        const edge = Date.UTC(2026, 11, 1);
        const [first, second] = [newRun(app, edge - 20 * HOUR), newRun(app, edge - 10 * HOUR)];
        const third = newRun(app, edge + 2 * HOUR);
        await runs.open(first);
        await runs.open(second, { ...first, endedAt: edge - 12 * HOUR });
        await runs.open(third, { ...second, endedAt: edge - 5 * HOUR });
        await runs.backfill({ ...newRun(app, first.startedAt), endedAt: third.startedAt }, third);
        expect(await runs.history(place, edge, edge + DAY)).toEqual([]);
      });

      it('reaches back without end', async () => {
        await runs.retire(await ended());
        expect(await runs.history(place, 0, T0 + DAY)).toHaveLength(1);
      });
    });

    describe('retire', () => {
      it('moves an ended run to history and frees its name', async () => {
        const over = await ended();
        expect(await runs.retire(over)).toBe(true);
        expect(await runs.get(app)).toBeUndefined();
        expect((await runs.load(place)).runs).toEqual([]);
        expect(await history()).toEqual([over]);
        expect(await runs.open(newRun(app, T0 + DAY))).toBe(true);
      });

      it('is refused, and leaves the name as it is, where the run has changed', async () => {
        const over = await ended();
        await runs.change(over, { kind: 'end', at: T0 + HOUR / 2 });
        const before = await runs.get(app);
        expect(await runs.retire(over)).toBe(false);
        expect(await runs.get(app)).toEqual(before);
        expect(await runs.retire(before!)).toBe(true);
        expect(await history()).toEqual([before]);
      });

      it('is refused, and writes nothing, where another run holds the name', async () => {
        const over = await ended();
        const next = newRun(app, T0 + DAY);
        await runs.open(next, over);
        expect(await runs.retire({ ...over, version: 1 })).toBe(false);
        expect(await runs.get(app)).toEqual(next);
        expect(await history()).toEqual([over]);
      });

      it('done twice leaves one history', async () => {
        const over = await ended();
        const done = await Promise.all([runs.retire(over), runs.retire(over), runs.retire(over)]);
        expect(done.filter(Boolean)).toHaveLength(1);
        expect(await history()).toEqual([over]);
      });

      it('keeps two runs of one name apart', async () => {
        const first = await ended();
        await runs.open(newRun(app, T0 + DAY), first);
        await runs.change(newRun(app, T0 + DAY), { kind: 'end', at: T0 + DAY + HOUR });
        const second = (await runs.get(app))!;
        await runs.retire(second);
        expect((await history()).sort((a, b) => a.startedAt - b.startedAt)).toEqual([first, second]);
        expect(new Set((await history()).map((one) => appKey(one.app))).size).toBe(1);
      });
    });
  });
}

/** What a run is after a change, by the words of the port. */
function expected(before: Run, change: RunChange): Run {
  const after: Run = { ...structuredClone(before), version: before.version + (change.kind === 'evidence' ? 0 : 1) };
  switch (change.kind) {
    case 'warn':
      after.warnings[change.rule] = change.warning;
      return after;
    case 'lift':
      for (const { rule, number } of change.warnings) after.warnings[rule] = { number };
      return after;
    case 'stop':
      return { ...after, stop: change.stop };
    case 'retry': {
      const { stop: _, ...rest } = after;
      return change.stop ? { ...rest, stop: change.stop } : rest;
    }
    case 'end':
      return { ...after, endedAt: change.at, ...(change.stop ? { stop: change.stop } : {}) };
    case 'ends':
      return {
        ...after,
        endedAt: change.endedAt,
        laterEnds: change.laterEnds,
        ...(change.stop ? { stop: change.stop } : {}),
      };
    case 'backstop': {
      const { backstop: _, ...rest } = after;
      return change.backstop ? { ...rest, backstop: change.backstop } : rest;
    }
    case 'facts': {
      const { kind: _, ...facts } = change;
      return { ...after, ...facts };
    }
    case 'extend':
      return { ...after, extensions: [...after.extensions, change.at] };
    case 'evidence':
      after.evidence[change.evidence.source] = change.evidence;
      return { ...after, looks: (before.looks ?? 0) + 1 };
  }
}

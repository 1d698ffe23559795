import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { appKey } from '../../src/domain/app.ts';
import type { Mode } from '../../src/domain/policy.ts';
import { DAY, HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

/** Four names, used again and again: few enough that restarts, races and tags meet. */
const NAMES = ['a', 'b', 'c', 'd'];
const GRACE = 30 * MINUTE;
const MAX_UPTIME = 6 * HOUR;
const MAX_IDLE = 2 * HOUR;
const STALE = 30 * MINUTE;

const name = fc.constantFrom(...NAMES);
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('scan' as const), minutes: fc.integer({ min: 1, max: 90 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('two scans' as const), skew: fc.integer({ min: 0, max: 30_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('dry run' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deliver' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      name,
      told: fc.boolean(),
      keepsCreationTime: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), name, told: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('evidence' as const),
      name,
      busy: fc.boolean(),
      ago: fc.integer({ min: 0, max: 300 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('extend' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('exempt' as const), name, on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('pause' as const),
      minutes: fc.option(fc.integer({ min: 1, max: 600 }), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('resume' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('mode' as const),
      mode: fc.constantFrom<Mode>('observe', 'warn', 'enforce'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('half a picture' as const),
      part: fc.constantFrom('apps' as const, 'tags' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stops fail' as const), times: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('old event' as const),
      name,
      ago: fc.integer({ min: 5, max: 600 }),
      created: fc.boolean(),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The truth about the lab, kept beside the service and sharing no code with its rules. */
interface Truth {
  runningSince: Map<string, Instant>;
  exempt: Set<string>;
  evidence: Map<string, { busy: boolean; lastUseAt: Instant; observedAt: Instant }>;
  isHalf: boolean;
  /** Until when the lab is paused, or was: the last pause's end, whoever or whatever ended it. */
  pausedUntil: Instant;
  now: Instant;
  /** How far ahead the clock of a second scan is. */
  skew: number;
  /** What went wrong: kept here, since the pass catches whatever a call throws. */
  violations: string[];
}

function appOf(appName: string) {
  return { ...ref, appName, instanceType: 'ml.g5.xlarge' };
}

async function live(steps: Step[]) {
  const lab = world({
    admins: ['admin@example.org'],
    limits: [{ name: 'all', match: {}, maxUptime: MAX_UPTIME, maxIdle: MAX_IDLE, grace: GRACE }],
    exempt: [{ tag: { curfew: ['exempt'] } }],
    evidence: { staleAfter: STALE },
  });
  const truth: Truth = {
    runningSince: new Map(),
    exempt: new Set(),
    evidence: new Map(),
    isHalf: false,
    pausedUntil: Number.NEGATIVE_INFINITY,
    now: NOON,
    skew: 0,
    violations: [],
  };
  const { stop } = lab.ports.fleet;
  lab.ports.fleet.stop = async (app) => {
    const since = truth.runningSince.get(app.appName);
    const answer = await stop(app);
    if (answer === 'stopping' && since !== undefined) {
      truth.violations.push(...wrongs(lab, truth, app.appName, since));
      truth.runningSince.delete(app.appName);
    }
    return answer;
  };
  const { send } = lab.ports.postbox;
  lab.ports.postbox.send = async (notice, urls) => {
    if (truth.now < truth.pausedUntil) truth.violations.push(`${notice.facts.kind} mail while paused`);
    return send(notice, urls);
  };
  const run = async (appName: string) =>
    lab.ports.runs.items.get(`${ref.account}#${ref.region}#${appKey(appOf(appName))}`);

  for (const one of steps) {
    switch (one.do) {
      case 'scan':
        truth.now += one.minutes * MINUTE;
        await lab.scan(truth.now);
        truth.isHalf = false;
        lab.ports.fleet.missing = [];
        break;
      case 'two scans':
        truth.skew = one.skew;
        await Promise.all([lab.scan(truth.now), lab.scan(truth.now + one.skew)]);
        truth.now += one.skew;
        truth.skew = 0;
        break;
      case 'dry run': {
        const before = [lab.writes(), lab.ports.fleet.stopped.length, lab.ports.postbox.sent.length];
        await lab.scan(truth.now, false);
        expect([lab.writes(), lab.ports.fleet.stopped.length, lab.ports.postbox.sent.length]).toEqual(before);
        break;
      }
      case 'deliver':
        await lab.deliver(truth.now);
        break;
      case 'start': {
        if (truth.runningSince.has(one.name)) break;
        // AWS takes longer than this to stop an app and start it again.
        truth.now += 3 * MINUTE;
        const createdAt = lab.ports.fleet.apps.get(appKey(appOf(one.name)))?.createdAt ?? truth.now;
        // Of an app that nobody saw gone, a CreationTime that AWS keeps is all that can be known.
        const wasSeenGone = ((await run(one.name))?.endedAt ?? 0) > createdAt;
        lab.ports.fleet.start(appOf(one.name), one.keepsCreationTime && wasSeenGone ? createdAt : truth.now);
        truth.runningSince.set(one.name, truth.now);
        truth.evidence.delete(one.name);
        if (one.told) await lab.event({ kind: 'app created', app: appOf(one.name), at: truth.now });
        break;
      }
      case 'end':
        if (!truth.runningSince.delete(one.name)) break;
        truth.now += 3 * MINUTE;
        lab.ports.fleet.end(appOf(one.name));
        if (one.told) await lab.event({ kind: 'app deleted', app: appOf(one.name), at: truth.now });
        break;
      case 'evidence': {
        const since = truth.runningSince.get(one.name);
        const known = await run(one.name);
        // An agent speaks of the run it lives in, once that is on record.
        if (since === undefined || !known || known.endedAt !== undefined || Math.abs(known.startedAt - since) > MINUTE)
          break;
        // No two things happen at one moment, and a use that was proven stays so.
        truth.now += 1;
        const evidence = {
          busy: one.busy,
          lastUseAt: Math.max(since, known.evidence.agent?.lastUseAt ?? since, truth.now - one.ago * MINUTE),
          observedAt: truth.now,
        };
        const isNewer = (known.evidence.agent?.observedAt ?? 0) < truth.now;
        await lab.ports.runs.change(known, {
          kind: 'evidence',
          evidence: { source: 'agent', kind: 'kernel', ...evidence },
        });
        if (isNewer) truth.evidence.set(one.name, evidence);
        break;
      }
      case 'extend': {
        const known = await run(one.name);
        if (known) await lab.ports.runs.change(known, { kind: 'extend', at: truth.now });
        break;
      }
      case 'exempt':
        if (one.on) truth.exempt.add(one.name);
        else truth.exempt.delete(one.name);
        lab.ports.fleet.tags.set(
          `app/${ref.domainId}/alice/jupyterlab/${one.name}`,
          one.on ? { curfew: 'exempt' } : {},
        );
        break;
      case 'pause': {
        const until = one.minutes === undefined ? undefined : truth.now + one.minutes * MINUTE;
        await lab.ports.runs.pause(PLACE, { from: truth.now, by: 'jo', ...(until === undefined ? {} : { until }) });
        truth.pausedUntil = until ?? Number.POSITIVE_INFINITY;
        break;
      }
      case 'resume': {
        const pause = await lab.ports.runs.lastPause(PLACE);
        if (truth.now >= truth.pausedUntil || !pause) break;
        await lab.ports.runs.resume(PLACE, pause, truth.now);
        truth.pausedUntil = truth.now;
        break;
      }
      case 'mode':
        lab.policy.mode = one.mode;
        break;
      case 'half a picture':
        truth.isHalf = true;
        lab.ports.fleet.missing = [{ part: one.part, why: 'ThrottlingException' }];
        break;
      case 'stops fail':
        lab.ports.fleet.failStops = one.times;
        break;
      case 'old event': {
        const at = truth.now - one.ago * MINUTE;
        // A late event tells of a call that was made: never of one after the run that goes on truth.now had begun.
        const since = truth.runningSince.get(one.name);
        if (since !== undefined && at >= since - MINUTE) break;
        await lab.event({ kind: one.created ? 'app created' : 'app deleted', app: appOf(one.name), at });
        break;
      }
    }
  }
  return { lab, truth };
}

/** What is wrong with a stop, at the moment it takes effect, held against the truth. */
function wrongs(lab: ReturnType<typeof world>, truth: Truth, appName: string, since: Instant): string[] {
  const { now } = truth;
  // Of two scans at once nobody tells which one stops it.
  const latest = now + truth.skew;
  const warnings = [...lab.ports.outbox.items.values()]
    .map(({ notice }) => notice)
    .filter(
      ({ facts, owedAt }) =>
        facts.kind === 'warning' &&
        facts.app.appName === appName &&
        owedAt >= Math.max(since, truth.pausedUntil) &&
        owedAt <= latest - GRACE,
    );
  const evidence = truth.evidence.get(appName);
  const isIdle =
    evidence && !evidence.busy && latest - evidence.lastUseAt >= MAX_IDLE && now - evidence.observedAt <= STALE;
  const isOver = latest - since >= MAX_UPTIME || isIdle;
  const rules: [string, boolean][] = [
    ['only enforce stops', lab.policy.mode !== 'enforce'],
    ['nothing is stopped while paused', now < truth.pausedUntil],
    ['an exemption always wins', truth.exempt.has(appName)],
    ['no stop on half a picture', truth.isHalf],
    ['a warning of this run, at least a grace old and of no time before a pause’s end', warnings.length === 0],
    ['over a limit, by uptime or by fresh evidence', !isOver],
  ];
  return rules.filter(([, broken]) => broken).map(([rule]) => `${appName} at ${now - since} ms: ${rule}`);
}

describe('whatever happens to a lab', () => {
  test('no wrong stop, every notice once, mail to admins only', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const { lab, truth } = await live(steps);
        expect(truth.violations).toEqual([]);
        const sent = lab.ports.postbox.sent;
        expect(new Set(sent.map(({ id }) => id)).size, 'every notice once').toBe(sent.length);
        const warnings = sent.flatMap(({ facts }) =>
          facts.kind === 'warning'
            ? [`${facts.app.appName} ${facts.app.startedAt} ${facts.rule} ${facts.warnedAt} ${facts.stopAt}`]
            : [],
        );
        expect(new Set(warnings).size, 'no warning twice').toBe(warnings.length);
        expect(new Set(sent.map(({ to }) => to)).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 400 },
    );
  });

  test('what is over its limit is stopped, and what is owed is sent, once nothing fails any more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const { lab, truth } = await live(steps);
        const healed = truth.now;
        lab.policy.mode = 'enforce';
        const pause = await lab.ports.runs.lastPause(PLACE);
        if (pause) await lab.ports.runs.resume(PLACE, pause, healed);
        truth.pausedUntil = Math.min(truth.pausedUntil, healed);
        lab.ports.fleet.missing = [];
        truth.isHalf = false;
        lab.ports.fleet.failStops = 0;
        // Three days: every limit, every extension and every grace has passed.
        for (truth.now = healed; truth.now <= healed + 3 * DAY; truth.now += 30 * MINUTE) {
          await lab.scan(truth.now);
          await lab.deliver(truth.now);
        }
        expect(truth.violations).toEqual([]);
        expect([...truth.runningSince.keys()].filter((running) => !truth.exempt.has(running))).toEqual([]);
        expect([...lab.ports.outbox.items.values()].filter(({ fate }) => !fate)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test('the safety valve: no scan stops more than the policy allows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 100 }), async (apps, percent) => {
        const lab = world({ safety: { maxStops: { share: percent / 100 } } });
        for (let i = 0; i < apps; i++)
          lab.ports.fleet.start({ ...ref, appName: `app-${i}`, instanceType: 'ml.g5.xlarge' }, NOON + (i % 3) * HOUR);
        for (let at = NOON; at < NOON + 2 * DAY; at += HOUR) {
          const before = lab.ports.fleet.stopped.length;
          const running = apps - before;
          await lab.scan(at);
          expect(lab.ports.fleet.stopped.length - before).toBeLessThanOrEqual(
            Math.max(1, Math.floor((running * percent) / 100)),
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

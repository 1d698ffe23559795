import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noteActivity } from '../../src/application/activity-event.ts';
import type { Notice } from '../../src/domain/notice.ts';
import { HOUR, type Instant, MINUTE } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { type Beat, beat, histories, type Step } from './heartbeats.ts';
import { notIdle, notWarned, type Word } from './idle-truth.ts';
import { world } from './world.ts';

/**
 * One app's name, restarted at will; an agent in it that says anything at all, by a clock that is wrong within what is
 * accepted; an EventBridge that loses, repeats, delays and reorders; another source beside it; and scans at any time.
 */
const app = { ...ref, appName: 'default', instanceType: 'ml.g5.xlarge' };
const GRACE = 30 * MINUTE;
const MAX_UPTIME = 6 * HOUR;
const SCAN = 5 * MINUTE;
/** Evidence that lives shorter than the limit, and longer. */
const SETTINGS = [
  { maxIdle: 2 * HOUR, staleAfter: 30 * MINUTE },
  { maxIdle: 20 * MINUTE, staleAfter: 90 * MINUTE },
];

const isIdleWarning = ({ facts }: Notice) => facts.kind === 'warning' && facts.rule === 'all: max-idle';

async function live(history: Step[], { maxIdle, staleAfter }: (typeof SETTINGS)[number]) {
  const lab = world({
    admins: ['admin@example.org'],
    limits: [{ name: 'all', match: {}, maxUptime: MAX_UPTIME, maxIdle, grace: GRACE }],
    evidence: { staleAfter },
  });
  const { fleet, runs, outbox } = lab.ports;
  const truth = {
    now: NOON,
    run: 0,
    since: NOON,
    isRunning: true,
    heard: [] as Word[],
    sent: [] as { beat: Beat; at: Instant; run: number; since: Instant }[],
  };
  const violations: string[] = [];
  const idleStops: Instant[] = [];
  fleet.start(app, NOON);
  const created = () => [...fleet.apps.values()][0]!.createdAt!;

  /** What can be known of this run: a word stamped before it may be of the run before. */
  const heard = () => truth.heard.filter(({ at }) => at >= truth.since);
  const known = () => ({ ...truth, maxIdle, staleAfter, grace: GRACE });
  const fault = (kind: string) => (rule: string) => `${kind} at ${(truth.now - NOON) / MINUTE} min: ${rule}`;

  const { stop } = fleet;
  fleet.stop = async (one) => {
    const answer = await stop(one);
    if (answer !== 'stopping') return answer;
    truth.isRunning = false;
    const isIdleStop = [...runs.items.values()][0]?.stop?.rule === 'all: max-idle';
    if (isIdleStop || truth.now - truth.since < MAX_UPTIME) {
      idleStops.push(truth.now);
      const words = heard().filter(({ run }) => run === truth.run);
      const warnings = [...outbox.items.values()].map(({ notice }) => notice).filter(isIdleWarning);
      const warned = warnings.map(({ owedAt }) => owedAt);
      violations.push(...[...notIdle(words, known()), ...notWarned(words, warned, known())].map(fault('stop')));
    }
    return answer;
  };
  const { owe } = outbox;
  outbox.owe = async (notice) => {
    if (isIdleWarning(notice)) violations.push(...notIdle(seen, known()).map(fault('warning')));
    return owe(notice);
  };

  /** What had been heard when a scan looked. */
  let seen: Word[] = [];

  const isOnRecord = async () => {
    const known = await runs.get(app);
    return known !== undefined && known.endedAt === undefined && Math.abs(known.startedAt - truth.since) <= MINUTE;
  };
  const arrive = async ({ beat, at, run, since }: (typeof truth.sent)[number]) => {
    const observedAt = at + beat.skew * MINUTE;
    const activity = beat.activity.map(({ kind, busy, usedAt }) => ({
      kind,
      busy,
      ...(usedAt === undefined ? {} : { lastUseAt: since + usedAt * MINUTE }),
    }));
    // Nobody can hear an agent whose run is not on record yet.
    if (await isOnRecord()) {
      truth.heard.push({
        source: 'agent',
        run,
        at: observedAt,
        busy: activity.some(({ busy }) => busy),
        sawPeople: activity.some(({ kind }) => kind === 'kernel' || kind === 'editor'),
        uses: activity.flatMap(({ busy, lastUseAt }) =>
          busy ? [observedAt] : lastUseAt === undefined ? [] : [Math.min(lastUseAt, observedAt)],
        ),
      });
    }
    await noteActivity(runs, app, { observedAt, activity });
  };

  for (const one of history) {
    switch (one.do) {
      case 'wait':
        truth.now += one.minutes * MINUTE;
        break;
      case 'beat': {
        if (!truth.isRunning) break;
        const sent = { beat: one.beat, at: truth.now, run: truth.run, since: truth.since };
        truth.sent.push(sent);
        if (one.arrives !== 'later') await arrive(sent);
        if (one.arrives === 'twice') await arrive(sent);
        break;
      }
      case 'late':
        if (truth.sent.length > 0) await arrive(truth.sent[one.which % truth.sent.length]!);
        break;
      case 'metric': {
        const known = await runs.get(app);
        const before = known?.evidence['canvas-metric'];
        if (!truth.isRunning || !(await isOnRecord()) || before?.observedAt === truth.now) break;
        const used = one.busy ? truth.now : Math.min(truth.since + (one.usedAt ?? 0) * MINUTE, truth.now);
        const word = { source: 'canvas-metric', busy: one.busy, kind: 'canvas', observedAt: truth.now };
        const lastUseAt = Math.max(used, before?.lastUseAt ?? 0);
        await runs.change(known!, { kind: 'evidence', evidence: { ...word, lastUseAt } });
        truth.heard.push({ ...word, run: truth.run, at: truth.now, sawPeople: true, uses: [used] });
        break;
      }
      case 'scan': {
        const { load } = runs;
        // A heartbeat lands between the scan's look at the record and what it does.
        runs.load = async (place) => {
          const known = await load(place);
          runs.load = load;
          seen = heard();
          if (one.meanwhile && truth.isRunning) await arrive({ ...truth, beat: one.meanwhile, at: truth.now });
          return known;
        };
        await lab.scan(truth.now);
        break;
      }
      case 'restart':
        // AWS takes longer than this to stop an app and start it again.
        truth.now += 3 * MINUTE;
        fleet.end(app);
        fleet.start(app, one.told === 'by an event alone' ? created() : truth.now);
        Object.assign(truth, { run: truth.run + 1, since: truth.now, isRunning: true });
        if (one.told !== 'by no event') await lab.event({ kind: 'app created', app, at: truth.now });
        break;
      case 'deliver':
        await lab.deliver(truth.now);
        break;
    }
  }
  return { lab, truth, violations, idleStops };
}

describe('whatever an agent says, and however it arrives', () => {
  test('no stop for idleness without fresh evidence at least max-idle old, and none while the newest word is busy', async () => {
    let stops = 0;
    await fc.assert(
      fc.asyncProperty(histories, fc.constantFrom(...SETTINGS), async (history, settings) => {
        const { violations, idleStops } = await live(history, settings);
        expect(violations).toEqual([]);
        stops += idleStops.length;
      }),
      { numRuns: 1000 },
    );
    // Else it proves nothing.
    expect(stops).toBeGreaterThan(50);
  });

  test('an uptime limit binds: forged heartbeats buy no more, however many, and whenever they land', async () => {
    const forged = fc.record({
      beats: fc.array(beat, { minLength: 1, maxLength: 6 }),
      /** The use that it tells of moves on by so many minutes at each heartbeat. */
      creep: fc.integer({ min: 0, max: 5 }),
      /** One lands before each write of a scan, not only before each scan. */
      floods: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(forged, fc.constantFrom(...SETTINGS), async ({ beats, creep, floods }, settings) => {
        const lab = world({
          limits: [{ name: 'all', match: {}, maxUptime: MAX_UPTIME, maxIdle: settings.maxIdle, grace: GRACE }],
          evidence: { staleAfter: settings.staleAfter },
        });
        const { fleet, runs } = lab.ports;
        fleet.start(app, NOON);
        let now = NOON;
        let count = 0;
        const forge = async () => {
          const { activity, skew } = beats[count % beats.length]!;
          // A flood tells something new each time: a millisecond is enough.
          const observedAt = now + skew * MINUTE + count++;
          const seen = activity.map(({ kind, busy, usedAt }) =>
            usedAt === undefined ? { kind, busy } : { kind, busy, lastUseAt: NOON + (usedAt + creep * count) * MINUTE },
          );
          await noteActivity(runs, app, { observedAt, activity: seen });
        };
        const { change } = runs;
        runs.change = async (run, what) => {
          if (floods && what.kind !== 'evidence') await forge();
          return change(run, what);
        };
        for (; fleet.stopped.length === 0 && now <= NOON + MAX_UPTIME + GRACE; now += SCAN) {
          await forge();
          await lab.scan(now);
        }
        expect(fleet.stopped.length).toBe(1);
      }),
      { numRuns: 300 },
    );
  });
});

import { describe, expect, test } from 'vitest';
import { deliver } from '../../src/application/deliver.ts';
import { scan } from '../../src/application/scan.ts';
import { noteStudioEvent } from '../../src/application/studio-event.ts';
import { appKey } from '../../src/domain/app.ts';
import { DAY, HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { type Death, mortal } from './mortal.ts';
import { world } from './world.ts';

type Lab = ReturnType<typeof world>;
type Ports = Lab['ports'];
interface Step {
  name: string;
  at: Instant;
  /** What happens in the world before the step; done once, whatever is repeated. */
  before?: (lab: Lab) => void | Promise<void>;
  run: (ports: Ports, lab: Lab, now: Instant) => Promise<unknown>;
}

const up = { ...ref, appName: 'forgotten', instanceType: 'ml.g5.xlarge' };
const idle = { ...ref, appName: 'idle', instanceType: 'ml.g5.xlarge' };
const canvas = { ...ref, appType: 'Canvas', appName: 'canvas' };
const again = { ...ref, appName: 'again', instanceType: 'ml.g5.xlarge' };

const scanStep = (ports: Ports, lab: Lab, now: Instant) => scan(ports, lab.policy, { place: PLACE, now, apply: true });
const deliverStep = (ports: Ports, lab: Lab, now: Instant) =>
  deliver(ports, lab.policy, { place: PLACE, now, wait: async () => {} });
/** Delivered again after a crash, an event still tells the time of the call. */
const eventStep =
  (kind: 'app created' | 'app deleted', app: typeof up, at: Instant) =>
  async (ports: Ports, lab: Lab, now: Instant) => {
    const rates = await ports.prices.rates('us-east-1');
    return noteStudioEvent({ ...ports, policy: lab.policy, rates }, PLACE, { kind, app, at }, now);
  };

/** Two days of a lab: one app forgotten, two idle, one restarted under its name while a stop of it is under way. */
const TIMELINE: Step[] = [
  {
    name: 'the first scan opens runs',
    at: NOON,
    before: ({ ports: { fleet } }) => {
      for (const app of [up, idle, canvas, again]) fleet.start(app, NOON);
    },
    run: scanStep,
  },
  {
    name: 'an idle app is warned',
    at: NOON + 2 * HOUR,
    before: ({ ports }) => evidence(ports, NOON, NOON + 2 * HOUR),
    run: scanStep,
  },
  { name: 'its mail goes out', at: NOON + 2 * HOUR + MINUTE, run: deliverStep },
  {
    name: 'the idle app is used, and its warning lifts',
    at: NOON + 2 * HOUR + 20 * MINUTE,
    before: ({ ports }) => evidence(ports, NOON + 2 * HOUR + 10 * MINUTE, NOON + 2 * HOUR + 15 * MINUTE),
    run: scanStep,
  },
  {
    name: 'an idle Canvas app is warned',
    at: NOON + 4 * HOUR,
    before: ({ ports }) => measure(ports, NOON + HOUR, NOON + 4 * HOUR),
    run: scanStep,
  },
  { name: 'its mail goes out', at: NOON + 4 * HOUR + 2 * MINUTE, run: deliverStep },
  {
    name: 'the Canvas app is stopped',
    at: NOON + 4 * HOUR + 50 * MINUTE,
    before: ({ ports }) => measure(ports, NOON + HOUR, NOON + 4 * HOUR + 50 * MINUTE),
    run: scanStep,
  },
  { name: 'two apps are warned at a day', at: NOON + DAY, run: scanStep },
  { name: 'their mail goes out', at: NOON + DAY + 5 * MINUTE, run: deliverStep },
  { name: 'both are stopped', at: NOON + DAY + 50 * MINUTE, run: scanStep },
  { name: 'that is told', at: NOON + DAY + 52 * MINUTE, run: deliverStep },
  {
    name: 'one is created again at once',
    at: NOON + DAY + 55 * MINUTE,
    before: ({ ports: { fleet } }) => fleet.start(again, NOON + DAY + 55 * MINUTE),
    run: eventStep('app created', again, NOON + DAY + 55 * MINUTE),
  },
  { name: 'a scan sees it', at: NOON + DAY + 58 * MINUTE, run: scanStep },
  {
    name: 'its owner deletes it',
    at: NOON + DAY + 65 * MINUTE,
    before: ({ ports: { fleet } }) => fleet.end(again),
    run: eventStep('app deleted', again, NOON + DAY + 65 * MINUTE),
  },
  { name: 'days later the records are put away', at: NOON + 4 * DAY, run: scanStep },
  { name: 'the last mail', at: NOON + 4 * DAY + MINUTE, run: deliverStep },
];

async function evidence({ runs }: Ports, lastUseAt: Instant, observedAt: Instant) {
  const run = await runs.get(idle);
  await runs.change(run!, {
    kind: 'evidence',
    evidence: { source: 'agent', kind: 'kernel', busy: false, lastUseAt, observedAt },
  });
}

/** Canvas's metric tells of a use before a scan and again before its repeat, at other moments of their minutes. */
function measure({ canvasUse }: Ports, usedAt: Instant, at: Instant) {
  for (const measured of [at - 15 * SECOND, at + 15 * SECOND]) canvasUse.put(canvas, measured, measured - usedAt);
}

/** Lives the timeline; with a death, that step dies there, and is run again by a new process. */
async function live(death?: { step: number } & Death) {
  const lab = world({ admins: ['a@example.org', 'b@example.org'], report: { daily: 9 * 60 }, timezone: 'UTC' });
  const stops: { name: string; at: Instant }[] = [];
  const calls: number[] = [];
  let now = 0;
  let unsettled = 0;
  const { stop } = lab.ports.fleet;
  lab.ports.fleet.stop = async (app) => {
    const answer = await stop(app);
    if (answer === 'stopping') stops.push({ name: app.appName, at: now });
    return answer;
  };
  for (const [i, step] of TIMELINE.entries()) {
    await step.before?.(lab);
    now = step.at;
    const process = mortal(lab.ports, death?.step === i ? death : undefined);
    await step.run(process.ports, lab, now).catch(() => {});
    calls.push(process.calls());
    if (death?.step !== i) continue;
    const settled = [...lab.ports.outbox.items.values()].filter(({ fate }) => fate).length;
    unsettled = lab.ports.postbox.sent.length - settled;
    // A scan at the clock's next round: until then, the dead one might still be waiting for an answer.
    now += step.run === scanStep ? 5 * MINUTE : MINUTE;
    await step.run(lab.ports, lab, now).catch(() => {});
    // `deliver` runs each minute: a mail that the dead round had claimed goes out once the claim has run out.
    if (step.run === deliverStep) await deliverStep(lab.ports, lab, now + 5 * MINUTE);
  }
  // A mail that was claimed by a process that died is free again after its claim has run out.
  for (const minutes of [10, 20]) {
    await scanStep(lab.ports, lab, NOON + 4 * DAY + minutes * MINUTE);
    await deliverStep(lab.ports, lab, NOON + 4 * DAY + minutes * MINUTE);
  }
  return { lab, stops, calls, unsettled };
}

/** What people and machines got, without the moments that a repeat may shift. */
function result({ lab, stops }: Awaited<ReturnType<typeof live>>) {
  const mails = new Map<string, number>();
  for (const { to, facts } of lab.ports.postbox.sent) {
    const about =
      'app' in facts && facts.app ? `${facts.app.appName}@${facts.app.startedAt}` : 'date' in facts ? facts.date : '';
    const rule = 'rule' in facts ? facts.rule : '';
    const key = `${[facts.kind, about, rule].filter(Boolean).join(' ')} to ${to}`;
    mails.set(key, (mails.get(key) ?? 0) + 1);
  }
  const runs = [...lab.ports.runs.past.values(), ...lab.ports.runs.items.values()].map(
    ({ app, startedAt, endedAt, stop }) =>
      `${appKey(app)} ${startedAt} ${endedAt !== undefined} ${stop?.told ?? false}`,
  );
  return { mails, runs: runs.sort(), stops: stops.map(({ name }) => name).sort() };
}

describe('killed at any await, the pass leaves a state from which the next one is right', async () => {
  const whole = await live();
  const expected = result(whole);

  test('the timeline does what it is for', () => {
    expect(expected.stops).toEqual(['again', 'canvas', 'forgotten', 'idle']);
    expect([...expected.mails.keys()].filter((mail) => mail.endsWith('a@example.org')).sort()).toEqual([
      'digest 2026-11-23 to a@example.org',
      'digest 2026-11-24 to a@example.org',
      'digest 2026-11-27 to a@example.org',
      `stopped again@${NOON} all: max-uptime to a@example.org`,
      `stopped canvas@${NOON} all: max-idle to a@example.org`,
      `stopped forgotten@${NOON} all: max-uptime to a@example.org`,
      `stopped idle@${NOON} all: max-uptime to a@example.org`,
      `warning again@${NOON} all: max-uptime to a@example.org`,
      `warning canvas@${NOON} all: max-idle to a@example.org`,
      `warning forgotten@${NOON} all: max-uptime to a@example.org`,
      `warning idle@${NOON} all: max-idle to a@example.org`,
      `warning idle@${NOON} all: max-uptime to a@example.org`,
    ]);
    expect(Math.max(...expected.mails.values())).toBe(1);
  });

  for (const [step, { name }] of TIMELINE.entries()) {
    test(`${name}: killed at each of its ${whole.calls[step]} calls`, async () => {
      for (let call = 0; call < whole.calls[step]!; call++) {
        for (const when of ['before', 'after'] as const) {
          const died = await live({ step, call, when });
          const got = result(died);
          const where = `${name}, ${when} call ${call}`;
          expect(got.stops, where).toEqual(expected.stops);
          expect(got.runs, where).toEqual(expected.runs);
          expect([...got.mails.keys()].sort(), where).toEqual([...expected.mails.keys()].sort());
          // Once each; only what SES had accepted, and we had not recorded when we died, goes out again.
          const repeated = [...got.mails.values()].reduce((sum, count) => sum + count - 1, 0);
          expect(repeated, where).toBe(died.unsettled);
          for (const { name: app, at } of died.stops) {
            const warnings = [...died.lab.ports.outbox.items.values()].filter(
              ({ notice: { facts } }) =>
                facts.kind === 'warning' &&
                facts.app.appName === app &&
                facts.rule === `all: max-${app === 'canvas' ? 'idle' : 'uptime'}`,
            );
            expect(warnings.length, where).toBeGreaterThan(0);
            for (const { notice } of warnings) expect(at - notice.owedAt, where).toBeGreaterThanOrEqual(30 * MINUTE);
          }
        }
      }
    });
  }
});

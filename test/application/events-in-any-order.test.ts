import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMark, type Run } from '../../src/domain/run.ts';
import { HOUR, type Instant, MINUTE, SECOND } from '../../src/domain/time.ts';
import { NOON, ref } from '../domain/builders.ts';
import { PLACE } from '../memory/ports.ts';
import { world } from './world.ts';

const app = { ...ref, instanceType: 'ml.g5.xlarge' };
type Interval = [from: Instant, to: Instant | undefined];

/** Every run of the lab's one app that is on record, in order, as spend sees it. */
async function recorded(lab: ReturnType<typeof world>): Promise<Interval[]> {
  const past = await lab.ports.runs.history(PLACE, 0, NOON + 1000 * HOUR);
  const holder = [...lab.ports.runs.items.values()].filter((run) => !isMark(run));
  return [...past, ...holder]
    .map(({ startedAt, endedAt }: Run): Interval => [startedAt, endedAt])
    .sort(([a], [b]) => a - b);
}

const created = (at: Instant) => ({ kind: 'app created' as const, app, at });
const deleted = (at: Instant) => ({ kind: 'app deleted' as const, app: ref, at });

/** Runs of one app: AWS takes a minute to delete an app, and whole seconds are all that CloudTrail tells. */
const runs = fc
  .array(
    fc.record({
      pause: fc.integer({ min: 121, max: 6 * 3600 }),
      length: fc.oneof(fc.integer({ min: 121, max: 600 }), fc.integer({ min: 600, max: 9 * 3600 })),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain((steps) => fc.record({ steps: fc.constant(steps), goesOn: fc.boolean() }))
  .map(({ steps, goesOn }) => {
    const intervals: Interval[] = [];
    let at = NOON;
    for (const { pause, length } of steps) {
      const from = at + pause * SECOND;
      at = from + length * SECOND;
      intervals.push([from, at]);
    }
    if (goesOn) intervals.at(-1)![1] = undefined;
    return intervals;
  });

const eventsOf = (truth: Interval[]) =>
  truth.flatMap(([from, to]) => [created(from), ...(to === undefined ? [] : [deleted(to)])]);

describe('the same events make the same runs', () => {
  test('in any order, told once or more', async () => {
    const shuffled = runs.chain((truth) => {
      const events = eventsOf(truth);
      return fc.record({
        truth: fc.constant(truth),
        events: fc
          .tuple(
            fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }),
            fc.array(fc.constantFrom(...events), { maxLength: 6 }),
            fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
          )
          .map(([once, again, places]) => {
            const all = [...once];
            again.forEach((event, i) => void all.splice(places[i]! % (all.length + 1), 0, event));
            return all;
          }),
      });
    });
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ truth, events }) => {
        const lab = world();
        for (const event of events) await lab.event(event);
        expect(await recorded(lab)).toEqual(truth);
      }),
      { numRuns: 500 },
    );
  });

  test('late by hours or soon, beside scans that see the app come and go', async () => {
    const lives = fc.record({
      truth: runs,
      delays: fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 6 * 3600 })), {
        minLength: 12,
        maxLength: 12,
      }),
      repeats: fc.array(fc.integer({ min: 0, max: 6 * 3600 }), { minLength: 12, maxLength: 12 }),
      scans: fc.array(fc.integer({ min: 0, max: 60 * 3600 }), { maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(lives, async ({ truth, delays, repeats, scans }) => {
        const lab = world({ limits: [] });
        const agenda: [Instant, () => unknown][] = scans.map((after) => {
          const now = NOON + after * SECOND;
          return [now, () => lab.scan(now)];
        });
        for (const [from, to] of truth) {
          agenda.push([from, () => lab.ports.fleet.start(app, from)]);
          if (to !== undefined) agenda.push([to, () => lab.ports.fleet.end(app)]);
        }
        eventsOf(truth).forEach((event, i) => {
          agenda.push([event.at + delays[i]! * SECOND, () => lab.event(event)]);
          if (repeats[i]! % 2 === 1)
            agenda.push([event.at + (delays[i]! + repeats[i]!) * SECOND, () => lab.event(event)]);
        });
        for (const [, deed] of agenda.sort(([a], [b]) => a - b)) await deed();
        expect(await recorded(lab)).toEqual(truth);
      }),
      { numRuns: 500 },
    );
  });

  test('D2, C2, D1: the run that D1 ended is not lost, nor is C1’s when it comes last', async () => {
    const truth: Interval[] = [
      [NOON, NOON + HOUR],
      [NOON + 2 * HOUR, NOON + 3 * HOUR],
    ];
    const lab = world();
    for (const event of [deleted(NOON + 3 * HOUR), created(NOON + 2 * HOUR), deleted(NOON + HOUR), created(NOON)])
      await lab.event(event);
    expect(await recorded(lab)).toEqual(truth);
  });

  test('a CreateApp that comes before the DeleteApp of the run before it dates that end, until the DeleteApp does', async () => {
    const lab = world();
    await lab.event(created(NOON));
    await lab.event(created(NOON + 9 * HOUR));
    expect(await recorded(lab)).toEqual([
      [NOON, NOON + 9 * HOUR],
      [NOON + 9 * HOUR, undefined],
    ]);
    await lab.event(deleted(NOON + 30 * MINUTE));
    expect(await recorded(lab)).toEqual([
      [NOON, NOON + 30 * MINUTE],
      [NOON + 9 * HOUR, undefined],
    ]);
  });

  test('two events of one app at once: neither is lost', async () => {
    const lab = world();
    await lab.event(created(NOON + 5 * HOUR));
    await Promise.all([created(NOON), deleted(NOON + HOUR), created(NOON + 2 * HOUR)].map((event) => lab.event(event)));
    await Promise.all(
      [deleted(NOON + 6 * HOUR), deleted(NOON + 3 * HOUR), created(NOON + 7 * HOUR)].map((event) => lab.event(event)),
    );
    expect(await recorded(lab)).toEqual([
      [NOON, NOON + HOUR],
      [NOON + 2 * HOUR, NOON + 3 * HOUR],
      [NOON + 5 * HOUR, NOON + 6 * HOUR],
      [NOON + 7 * HOUR, undefined],
    ]);
  });

  test('a name is not put away while its last end waits for the CreateApp that it is of', async () => {
    const lab = world({ limits: [] });
    const [first, second] = [NOON + HOUR, NOON + 49 * HOUR];
    await lab.event(created(NOON));
    await lab.event(deleted(first));
    for (let at = NOON + 2 * HOUR; at <= second - 5 * MINUTE; at += HOUR) await lab.scan(at);
    // Three minutes of life, of which the end is told at once, and the beginning four hours late.
    await lab.event(deleted(second + 3 * MINUTE));
    for (let at = second + 5 * MINUTE; at <= second + 4 * HOUR; at += 5 * MINUTE) await lab.scan(at);
    await lab.event({ ...created(second), at: second });
    await lab.scan(second + 4 * HOUR + 5 * MINUTE);
    expect(await recorded(lab)).toEqual([
      [NOON, first],
      [second, second + 3 * MINUTE],
    ]);
  });
});

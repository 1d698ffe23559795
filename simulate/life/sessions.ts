import { lawOf, runningIn } from '../oracle/truth.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../spec.ts';
import type { Step } from '../steps.ts';
import type { Person } from './founding.ts';
import type { Life } from './life.ts';
import { going } from './luck.ts';

/** People come, work and go, each at their own pace; now and then a class comes all at once. */
export function settle(life: Life, start: number): void {
  const { agenda, luck, persons } = life;
  for (const person of persons) {
    const pace = luck.between(55 * DAY, 380 * DAY);
    const come = (at: number) =>
      agenda.put(at, (now) => {
        come(now + luck.about(pace) + HOUR);
        return begin(life, person, now, { isForgotten: luck.chance(0.5) });
      });
    come(start + luck.about(pace / 2));
    if (luck.chance(0.7))
      agenda.put(start + luck.whole(1, 60) * SECOND, (at) => [
        { at, do: 'profile', profile: `${person.domainId}/${person.name}` },
      ]);
  }
  const teach = (at: number) =>
    agenda.put(at, (now) => {
      teach(now + luck.between(40 * DAY, 120 * DAY));
      const size = luck.whole(3, Math.max(3, Math.floor(persons.length / 2)));
      return persons.slice(0, size).flatMap((person) => begin(life, person, now, { isForgotten: true, isShort: true }));
    });
  teach(start + luck.between(5 * DAY, 40 * DAY));
}

/** Somebody starts an app, works with breaks, and ends it, or forgets to. */
function begin(
  life: Life,
  person: Person,
  now: number,
  how: { isForgotten: boolean; isShort?: boolean; slot?: string },
): Step[] {
  const { agenda, luck, lab } = life;
  const { truth } = lab.judge;
  const slot = how.slot ?? luck.pick(person.slots);
  if (runningIn(truth, slot)) {
    // Somebody who comes back to what still runs.
    return [{ at: now, do: 'use', slot, until: now + luck.about(HOUR) + MINUTE }];
  }
  // Canvas tells of its use by a metric of its own.
  const hasAgent = luck.chance(0.75) && !slot.includes('/Canvas/');
  const agent = hasAgent ? { agent: luck.chance(0.15) ? luck.about(6 * HOUR) : 400 * DAY } : {};
  const keeps = luck.chance(0.12) ? { keepsCreationTime: true as const } : {};
  const fails = luck.chance(0.02) ? { fails: true as const } : {};
  const steps: Step[] = [{ at: now, do: 'start', slot, ...agent, ...keeps, ...fails }];
  tell(life, 'created', slot, now, now);
  plan(life, slot, now, 'up');
  let at = now + luck.about(10 * MINUTE);
  const stretches = how.isShort ? 1 : luck.whole(1, 4);
  for (let i = 0; i < stretches; i++) {
    const until = at + (luck.chance(0.08) ? luck.between(8 * HOUR, 40 * HOUR) : luck.about(90 * MINUTE) + MINUTE);
    agenda.put(at, (then) => [{ at: then, do: 'use', slot, until: Math.round(until) }]);
    at = until + luck.about(70 * MINUTE);
  }
  // Whoever opens one notebook often opens another, and both kernels share an instance.
  const other = person.slots.find((one) => one !== slot && one.includes('/kernel-'));
  if (other && slot.includes('/kernel-') && !how.slot && luck.chance(0.5))
    steps.push(...begin(life, person, now, { ...how, slot: other }));
  if (!how.isForgotten) {
    agenda.put(at, (then) => endSteps(life, slot, now, then));
    return steps;
  }
  // Forgotten: perhaps remembered days later.
  if (luck.chance(0.6)) agenda.put(at + luck.about(50 * HOUR), (then) => endSteps(life, slot, now, then));
  plan(life, slot, at, 'idle');
  return steps;
}

function endSteps(life: Life, slot: string, start: number, now: number): Step[] {
  const run = runningIn(life.lab.judge.truth, slot);
  if (!run || run.start !== start) return [];
  tell(life, 'deleted', slot, now, now);
  again(life, slot, now);
  return [{ at: now, do: 'end', slot }];
}

/** What was stopped is told by CloudTrail too, and may be started again before long. */
export function tellOfStops(life: Life): void {
  const { news, judge } = life.lab;
  for (const run of news.stopped.splice(0)) {
    tell(life, 'deleted', run.slot.id, judge.truth.now, run.end!);
    again(life, run.slot.id, judge.truth.now);
  }
}

function again(life: Life, slot: string, now: number): void {
  const { agenda, luck } = life;
  if (!luck.chance(0.25)) return;
  const at = now + (luck.chance(0.5) ? luck.between(2.2 * MINUTE, 12 * MINUTE) : luck.about(5 * HOUR) + 3 * MINUTE);
  agenda.put(at, (then) => {
    const agent = luck.chance(0.75) && !slot.includes('/Canvas/') ? { agent: 400 * DAY } : {};
    tell(life, 'created', slot, then, then);
    plan(life, slot, then, 'up');
    plan(life, slot, then, 'idle');
    const until = then + luck.about(HOUR) + MINUTE;
    // Perhaps by somebody who has the mail of the run before still open.
    const { user } = life.lab.judge.truth.slots.get(slot)!;
    const to = life.lab.spec.addresses[user];
    if (to && luck.chance(0.3))
      agenda.put(then + luck.whole(2, 150) * SECOND, (now) => [{ at: now, do: 'press', to, button: 'stop', ago: 0 }]);
    const isKept = luck.chance(0.4) ? { keepsCreationTime: true as const } : {};
    return [
      { at: then, do: 'start', slot, ...agent, ...isKept },
      { at: then, do: 'use', slot, until },
    ];
  });
}

/** Somebody who is warned ends the app and starts it anew, and then presses a button of the mail about the run before. */
export function startOver(life: Life, slot: string, to: string, now: number): void {
  const { agenda, luck } = life;
  const end = now + luck.about(8 * MINUTE) + MINUTE;
  agenda.put(end, (at) => {
    if (!runningIn(life.lab.judge.truth, slot)) return [];
    tell(life, 'deleted', slot, at, at);
    return [{ at, do: 'end', slot }];
  });
  const begun = end + luck.between(2.2 * MINUTE, 6 * MINUTE);
  agenda.put(begun, (at) => {
    tell(life, 'created', slot, at, at);
    plan(life, slot, at, 'up');
    return [{ at, do: 'start', slot }];
  });
  const button = luck.pick(['stop', 'stop', 'keep'] as const);
  agenda.put(begun + luck.whole(2, 100) * SECOND, (at) => [{ at, do: 'press', to, button, ago: 0 }]);
}

/** EventBridge tries for a day, and Lambda for six hours more. */
const LATEST = 30 * HOUR;

/** CloudTrail's event of a call: soon as a rule; in bad times late, twice or never. */
function tell(life: Life, what: 'created' | 'deleted', slot: string, now: number, of: number): void {
  const { agenda, luck, isBad } = life;
  if (luck.chance(isBad ? 0.2 : 0.05)) return;
  const send = (delay: number) =>
    agenda.put(now + delay, (at) => [{ at, do: 'event', what, slot, of, ...going(luck, life.isBad, 3) }]);
  const soon = () => luck.whole(5 * SECOND, 4 * MINUTE);
  const late = (mean: number) => Math.min(luck.about(mean), LATEST);
  send(isBad && luck.chance(0.12) ? late(7 * HOUR) : soon());
  if (isBad && luck.chance(0.1)) send(luck.chance(0.5) ? soon() : late(9 * HOUR));
}

/** Has scans made when a run reaches a bound: by the clock from its start, for idleness from its last use. */
function plan({ lab, wantScan }: Life, slot: string, from: number, bound: 'up' | 'idle'): void {
  const { judge, spec } = lab;
  const law = lawOf(judge.truth, judge.truth.slots.get(slot)!, spec, from, judge.truth.order);
  if (law !== undefined && law !== 'exempt' && law[bound] !== undefined)
    wantScan(from + law[bound], () => runningIn(judge.truth, slot) !== undefined);
}

import { randomOf } from '../../local/lab/random.ts';
import type { Lab } from '../lab.ts';
import { DAY, HOUR, MINUTE } from '../spec.ts';
import { OURS, type Step } from '../steps.ts';
import { type Agenda, newAgenda } from './agenda.ts';
import { govern } from './changes.ts';
import { account } from './closings.ts';
import type { Person } from './founding.ts';
import { type Luck, luckOf } from './luck.ts';
import { readMail } from './post.ts';
import { awaitBackstop, schedule } from './schedule.ts';
import { settle, tellOfStops } from './sessions.ts';
import { blow } from './weather.ts';

/** All that the parts of a life share. */
export interface Life {
  lab: Lab;
  persons: Person[];
  agenda: Agenda;
  luck: Luck;
  /** Bad times, in which anything may fail; between them come good ones, in which nothing does. */
  isBad: boolean;
  /** Until when the scheduler starts nothing. */
  outUntil: number;
  /** Until when none of our functions runs at all. */
  deadUntil: number;
  /** Has a scan made at the next of its moments after this one, if it is wanted still by then. */
  wantScan: (at: number, isWanted?: () => boolean) => void;
  /** Has a round of delivery made, if anything is owed. */
  wantRound: (at: number) => void;
  /** When each agent last spoke, by slot. */
  spoke: Map<string, { at: number; busy: boolean }>;
}

/** How long bad and good times last. */
const BAD = { least: 6 * DAY, most: 28 * DAY };
const GOOD = { least: 18 * HOUR, most: 27 * HOUR };

/** Everything that happens in a lab, drawn from its seed as it lives: each step is performed before the next is drawn. */
export async function live(
  lab: Lab,
  persons: Person[],
  { seed, until, perform }: { seed: string; until: number; perform: (steps: Step[]) => Promise<boolean> },
): Promise<void> {
  const luck = luckOf(randomOf(seed, 'life'));
  const agenda = newAgenda();
  const start = lab.judge.truth.now;
  const life: Life = {
    lab,
    persons,
    agenda,
    luck,
    isBad: true,
    outUntil: 0,
    deadUntil: 0,
    wantScan: () => {},
    wantRound: () => {},
    spoke: new Map(),
  };
  schedule(life, start);
  settle(life, start);
  govern(life, start);
  account(life, start);
  blow(life, start);
  turn(life, start + luck.between(BAD.least, BAD.most));
  die(life, start, until);
  for (let next = agenda.take(); next && next.at < until; next = agenda.take()) {
    const isDead = next.at < life.deadUntil;
    const steps = next.deed(Math.round(next.at)).filter((step) => !isDead || !OURS.has(step.do));
    if (steps.length > 0 && !(await perform(steps))) return;
    tellOfStops(life);
    awaitBackstop(life);
    readMail(life);
    life.wantRound(Math.round(next.at));
  }
}

/** From bad times to good ones, and back. */
function turn(life: Life, at: number): void {
  life.agenda.put(at, (now) => {
    if (life.deadUntil === Number.POSITIVE_INFINITY) return [];
    life.isBad = !life.isBad;
    const { least, most } = life.isBad ? BAD : GOOD;
    turn(life, now + life.luck.between(least, most));
    if (life.isBad) return [];
    life.outUntil = 0;
    life.deadUntil = 0;
    for (let hour = 0; hour < most / HOUR; hour += 2.25) life.wantScan(now + hour * HOUR + MINUTE);
    return [
      { at: now, do: 'fire' },
      { at: now, do: 'ses', is: 'up' },
      { at: now, do: 'stops', are: 'up' },
      { at: now, do: 'listing' },
      { at: now, do: 'resume' },
    ];
  });
}

/** Every function of ours is dead for days, now and then; in some labs for good, before the year is over. */
function die(life: Life, start: number, end: number): void {
  const { agenda, luck } = life;
  const again = (at: number) =>
    agenda.put(at, (now) => {
      again(now + luck.about(60 * DAY));
      if (!life.isBad) return [];
      life.deadUntil = Math.max(life.deadUntil, now + luck.between(DAY, 7 * DAY));
      // Before anything lives again: what was to be stopped by then?
      agenda.put(life.deadUntil - MINUTE, (then) => [{ at: then, do: 'fire' }]);
      return [];
    });
  again(start + luck.about(40 * DAY));
  if (!luck.chance(0.3)) return;
  agenda.put(end - luck.between(3 * DAY, 14 * DAY), () => {
    life.deadUntil = Number.POSITIVE_INFINITY;
    return [];
  });
  agenda.put(end - MINUTE, (at) => [{ at, do: 'fire' }]);
}

import { DAY, HOUR, MINUTE, SECOND } from '../../src/domain/time.ts';
import type { Studio } from '../aws/index.ts';
import type { Agenda } from './agenda.ts';
import type { Agents } from './agents.ts';
import { wallTime, weekdayOf } from './calendar.ts';
import type { Habit } from './habits.ts';
import type { LabRun, Ledger } from './ledger.ts';
import type { Person } from './people.ts';
import { PEOPLE } from './people.ts';
import type { Random } from './random.ts';
import { randomOf } from './random.ts';
import { atWork, type Use, usesOf } from './use.ts';

/** How people answer what Curfew does to their app. */
export interface Life {
  onWarned(run: LabRun, stopAt: number | undefined): void;
  /** @param isMoney by a budget or a guardrail */
  onStopped(run: LabRun, isMoney: boolean): void;
}

/** How often the stubborn start anew what no budget lets them. */
const GIVE_UP = 2;

interface World {
  studio: Studio;
  ledger: Ledger;
  agents: Agents;
  agenda: Agenda;
  seed: string;
}

/** Notes what everybody will do on the lab's days. Of use itself Curfew sees only what an agent tells. */
export function peopleLive(world: World, days: number): Life {
  const start = world.agenda.clock.now;
  for (const person of PEOPLE) {
    for (const [n, habit] of person.habits.entries()) {
      const random = randomOf(world.seed, person.profile, String(n));
      if (habit.runsSince !== undefined)
        world.agenda.at(start, () =>
          begin(world, person, habit, Number.POSITIVE_INFINITY, [], start - habit.runsSince! * HOUR),
        );
      for (let day = 0; day < days; day++) planDay(world, person, habit, n, random, day);
    }
  }
  const random = randomOf(world.seed, 'answers');
  const tries = new Map<Person, number>();
  return {
    onWarned(run, stopAt) {
      const { now } = world.agenda.clock;
      const at = now + random.between(4, 25) * MINUTE;
      const { heeds, pleads, returns } = run.person;
      const [hasHeeded, hasPleaded, hasReturned] = [heeds, pleads, returns].map(random.chance);
      const uses = atWork(run.habit, at, at + random.between(20, 60) * MINUTE);
      if (stopAt !== undefined && at > stopAt) return;
      if (hasPleaded)
        world.agenda.at(at, () => world.studio.setTags(run.app.arn, { ...run.habit.tags, curfew: 'exempt' }));
      else if (hasHeeded) world.agenda.at(at, () => stop(world, run));
      else if (hasReturned) work(world, run, uses);
    },
    onStopped(run, isMoney) {
      const { person } = run;
      if (!person.stubborn || (isMoney && (tries.get(person) ?? 0) >= GIVE_UP)) return;
      if (isMoney) tries.set(person, (tries.get(person) ?? 0) + 1);
      const at = world.agenda.clock.now + random.between(2, 8) * MINUTE;
      const uses = usesOf(run.habit, { from: at, leaves: at, until: run.until }, random);
      world.agenda.at(at, () => begin(world, person, run.habit, run.until, uses));
    },
  };
}

/** All chances of a day are drawn whether or not they are used: what Curfew does to one day does not change the next. */
function planDay(world: World, person: Person, habit: Habit, n: number, random: Random, day: number): void {
  const [comes, forgets] = [random.chance(habit.comes), random.chance(habit.forgets)];
  const start = wallTime(day, random.between(...habit.starts));
  const isNever = habit.forgetsFor[0] === Number.POSITIVE_INFINITY;
  const later = isNever ? 0 : Math.round(random.between(...habit.forgetsFor));
  const hour = random.between(...habit.ends);
  const end = wallTime(day + (forgets ? later : 0), hour);
  const clicksTwice = random.chance(0.03);
  if (!comes || !habit.weekdays.includes(weekdayOf(day))) return;
  const until = forgets && isNever ? Number.POSITIVE_INFINITY : end;
  const chances = randomOf(world.seed, person.profile, String(n), 'uses', String(day));
  const leaves = wallTime(day, habit.leaves ? chances.between(...habit.leaves) : hour);
  const uses = usesOf(habit, { from: start, leaves, until }, chances);
  world.agenda.at(start, () => begin(world, person, habit, until, uses));
  if (clicksTwice) world.agenda.at(start + 2 * SECOND, () => begin(world, person, habit, until, []));
}

function begin(world: World, person: Person, habit: Habit, until: number, uses: Use[], at?: number): void {
  const { studio, ledger, agenda } = world;
  const { domainId, profile } = person;
  const { appType, appName, instanceType, space, tags } = habit;
  const holder = space === undefined ? { userProfileName: profile } : { spaceName: space };
  if (space !== undefined && studio.space(domainId, space) === undefined) return;
  const id = { domainId, ...holder, appType, appName };
  const going = ledger.last(studio.app(id) ?? ({ ...id } as never));
  try {
    const app = studio.createApp({
      ...id,
      instanceType,
      tags,
      by: profile,
      keepCreationTime: habit.keepsCreationTime,
      ...(habit.refused ? { refused: { code: 'ResourceLimitExceeded', message: QUOTA } } : {}),
      ...(at === undefined ? {} : { at }),
    });
    const run = { app, person, habit, startedAt: at ?? agenda.clock.now, until, uses: [] };
    ledger.begin(run);
    work(world, run, uses);
    noteEnd(world, run);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // It runs already: they go on with it, and will stop it when they are done today.
    if (going === undefined || going.endedAt !== undefined) return;
    going.until = until;
    work(world, going, uses);
    noteEnd(world, going);
  }
}

function work({ agents }: World, run: LabRun, uses: Use[]): void {
  run.uses.push(...uses);
  agents.expect(run, uses);
}

const QUOTA = "The account-level service limit 'Studio JupyterLab Apps running on ml.p5.48xlarge' is 0 Apps.";

/** What AWS refuses is somebody's ordinary day; anything else is a fault of the lab. */
function isRefusal(error: unknown): boolean {
  return ['ResourceInUse', 'ResourceLimitExceeded'].includes((error as { code?: string }).code ?? '');
}

function noteEnd(world: World, run: LabRun): void {
  const { until } = run;
  if (until - world.agenda.clock.now > 400 * DAY) return;
  world.agenda.at(until, () => {
    // Since then they may have thought better of it.
    if (run.until === until) stop(world, run);
  });
}

function stop({ studio }: World, run: LabRun): void {
  if (run.endedAt !== undefined) return;
  const { domainId, userProfileName, spaceName, appType, appName } = run.app;
  studio.deleteApp({ domainId, userProfileName, spaceName, appType, appName, by: run.person.profile });
}

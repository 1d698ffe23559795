import { pauseEndAt } from '../oracle/pauses.ts';
import { runningIn, useAt } from '../oracle/truth.ts';
import { DAY, HOUR, MINUTE } from '../spec.ts';
import type { Step } from '../steps.ts';
import type { Life } from './life.ts';
import { going } from './luck.ts';

/** EventBridge starts a scan each five minutes: of these, the simulator makes those at which anything may change. */
const TICK = 5 * MINUTE;

/** Scans at every moment at which a decision may turn, and at random between; deliveries while anything is owed. */
export function schedule(life: Life, start: number): void {
  const { agenda, luck, lab } = life;
  const wanted = new Map<number, (() => boolean)[]>();
  life.wantScan = (at, isWanted = () => true) => {
    const tick = Math.ceil((at + 1) / TICK) * TICK;
    const others = wanted.get(tick);
    if (others) {
      others.push(isWanted);
      return;
    }
    wanted.set(tick, [isWanted]);
    agenda.put(tick + 2_000, (now) => {
      const isStill = wanted.get(tick)!.some((one) => one());
      wanted.delete(tick);
      return now < life.outUntil || !isStill ? [] : scanSteps(life, now);
    });
  };
  const beat = (at: number) =>
    agenda.put(at, (now) => {
      life.wantScan(now);
      beat(now + luck.between(12 * HOUR, 60 * HOUR));
      return [];
    });
  beat(start);
  let planned = Number.POSITIVE_INFINITY;
  const plan = (at: number) => {
    if (at >= planned) return;
    planned = at;
    agenda.put(at, (now) => {
      if (at !== planned) return [];
      planned = Number.POSITIVE_INFINITY;
      return roundSteps(life, now);
    });
  };
  // A round that is due each minute does nothing while nothing is owed, and little while all waits for another try.
  life.wantRound = (at) => {
    const { open } = lab.judge;
    if (open.size === 0) return;
    // In a pause none does anything: that none does is seen now and then.
    const { truth } = lab.judge;
    const end = pauseEndAt(truth, truth.order);
    if (at < end) {
      plan(Math.min(end, at + luck.between(2 * HOUR, 9 * HOUR)));
      return;
    }
    const isNew = [...open.values()].some(({ claims }) => claims.length === 0);
    plan(at + (isNew ? MINUTE : luck.pick([5 * MINUTE, 31 * MINUTE])));
  };
  // The scheduler is out for a day, now and then.
  const fall = (at: number) =>
    agenda.put(at, (now) => {
      if (life.isBad) life.outUntil = now + luck.between(2 * HOUR, 26 * HOUR);
      fall(now + luck.about(30 * DAY));
      return [];
    });
  fall(start + luck.about(20 * DAY));
}

/** Scheduler makes what is due within a minute of its time. A living Curfew has looked just before. */
export function awaitBackstop({ lab, agenda, luck, wantScan }: Life): void {
  const { now } = lab.judge.truth;
  const isAny = (holds: (at: number) => boolean) =>
    [...lab.ports.backstop.schedules.values()].some(({ at }) => holds(at));
  for (const due of lab.news.due.splice(0)) {
    for (const before of [40 * MINUTE, 6 * MINUTE])
      if (due - before > now) wantScan(due - before, () => isAny((at) => at === due));
    const isAnyDue = (now: number) => isAny((at) => at <= now);
    agenda.put(Math.max(due, now) + luck.whole(0, 59_000), (at) => (isAnyDue(at) ? [{ at, do: 'fire' }] : []));
  }
}

function roundSteps({ lab, luck, isBad, outUntil }: Life, now: number): Step[] {
  if (lab.judge.open.size === 0 || now < outUntil) return [];
  const steps: Step[] = [{ at: now, do: 'deliver', ...going(luck, isBad, 12) }];
  if (isBad && luck.chance(0.08))
    steps.push({ at: now, do: 'deliver', overlaps: true, ...going(luck, true, 12), luck: luck.whole(1, 1e9) });
  return steps;
}

/** A scan, the heartbeats that came before it, and what may go on beside it. */
function scanSteps(life: Life, now: number): Step[] {
  const { luck, isBad } = life;
  const steps: Step[] = beats(life, now);
  const scan: Step = { at: now, do: 'scan', ...going(luck, isBad, 14) };
  steps.push(scan);
  if (!isBad) return steps;
  if (luck.chance(0.02)) return [...steps, { at: now, do: 'scan', dry: true }];
  // One of a minute before, which failed and is tried again by the time that its event tells.
  if (luck.chance(0.04)) return [...steps, { at: now + 10_000, do: 'scan', skew: -luck.whole(60, 110) * 1_000 }];
  if (luck.chance(0.06))
    steps.push({ at: now, do: 'scan', overlaps: true, ...going(luck, true, 14), luck: luck.whole(1, 1e9) });
  if (luck.chance(0.05))
    steps.push({ at: now, do: 'deliver', overlaps: true, ...going(luck, true, 12), luck: luck.whole(1, 1e9) });
  if (luck.chance(0.12)) steps.push(...beside(life, now));
  if (luck.chance(0.004)) {
    steps.push({ at: now, do: 'pause', overlaps: true, luck: luck.whole(1, 1e9) });
    life.agenda.put(now + luck.about(2 * HOUR) + MINUTE, (at) => [{ at, do: 'resume' }]);
  }
  return steps;
}

/** Something of a person's or an agent's at the very moment of a scan. */
function beside({ lab, luck }: Life, now: number): Step[] {
  const { truth } = lab.judge;
  const running = [...truth.slots.keys()].filter((slot) => runningIn(truth, slot));
  if (running.length === 0) return [];
  const slot = luck.pick(running);
  const run = runningIn(truth, slot)!;
  const common = { at: now, overlaps: true as const, luck: luck.whole(1, 1e9) };
  const { spaceName, domainId, appType, user } = run.slot;
  const mails = lab.mails.get(`${user}@example.org`)?.filter(({ urls }) => urls.keep) ?? [];
  const beat: Step = { ...common, do: 'beat', slot, run: run.start, observedAt: now - 1_000 };
  const use: Step = { ...common, do: 'use', slot, until: now + HOUR };
  return luck.pick<Step[]>([
    [use, { ...beat, observedAt: now + 500 }],
    [beat],
    [{ ...common, do: 'end', slot }],
    appType !== 'Canvas' && spaceName !== undefined
      ? [
          {
            ...common,
            do: 'tag',
            resource: `space/${domainId}/${spaceName}`,
            tags: { curfew: luck.pick(['exempt', 'training']) },
          },
        ]
      : [beat],
    mails.length > 0
      ? [
          {
            ...common,
            do: 'press',
            to: mails[0]!.to,
            button: luck.pick(['keep', 'keep', 'stop', 'unsubscribe']),
            ago: 0,
          },
        ]
      : [beat],
  ]);
}

/**
 * What agents have said since the last scan, as far as it bears on this one: their newest word. One that says nothing
 * new is left out while the last is fresh.
 */
function beats(life: Life, now: number): Step[] {
  const { lab, luck, isBad, spoke, agenda } = life;
  const { truth } = lab.judge;
  const steps: Step[] = [];
  for (const slot of truth.slots.keys()) {
    const run = runningIn(truth, slot);
    if (!run) continue;
    if (run.slot.appType === 'Canvas') {
      if (luck.chance(isBad ? 0.8 : 1)) steps.push({ at: now - MINUTE, do: 'metric', slot });
      // A second source, that speaks now and then: neither may outvote the other's word of work.
      if (!luck.chance(0.3)) continue;
    }
    const observedAt = now - luck.whole(1_000, 4 * MINUTE);
    if (observedAt < run.start || observedAt >= run.agentUntil) continue;
    const { busy } = useAt(run, observedAt);
    const last = spoke.get(slot);
    const isOld = !last || last.at < run.start || now - last.at > lab.spec.staleAfter * 0.6 || last.busy !== busy;
    if (!isOld && !luck.chance(0.02)) continue;
    if (isBad && luck.chance(0.06)) continue;
    spoke.set(slot, { at: observedAt, busy });
    const beat: Step = {
      at: now,
      do: 'beat',
      slot,
      run: run.start,
      observedAt,
      ...(luck.chance(0.2) ? going(luck, isBad, 2) : {}),
    };
    if (isBad && luck.chance(0.05)) agenda.put(now + luck.about(40 * MINUTE), (at) => [{ ...beat, at }]);
    else steps.push(beat);
    if (isBad && luck.chance(0.03)) agenda.put(now + luck.about(30 * MINUTE), (at) => [{ ...beat, at }]);
  }
  return steps;
}

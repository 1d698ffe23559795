import { type Instant, SECOND } from '../../src/domain/time.ts';

/** The world's clock: it stands still while anybody works. */
export interface Clock {
  now: Instant;
}

type Deed = () => void | Promise<void>;

/** What is to happen, and when. */
export interface Agenda {
  clock: Clock;
  /** Does `deed` at the first second from `at` on, or now if that is past; what is due at the same instant, in the order of its noting. */
  at(at: Instant, deed: Deed): void;
  /** Does one thing after another until `end`; `passed` hears of each. */
  live(end: Instant, passed: (now: Instant) => void): Promise<void>;
}

/** An empty agenda. */
export function createAgenda(start: Instant): Agenda {
  const clock: Clock = { now: start };
  // Sorted, the next at the end: taking it costs nothing.
  const deeds: { at: Instant; deed: Deed }[] = [];
  return {
    clock,
    at(wanted, deed) {
      // CloudTrail tells seconds, and the bill counts in whole milliseconds.
      const at = Math.ceil(wanted / SECOND) * SECOND;
      let low = 0;
      let high = deeds.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (deeds[middle]!.at > at) low = middle + 1;
        else high = middle;
      }
      // Before those of the same instant, which are nearer the end and so go first.
      deeds.splice(low, 0, { at, deed });
    },
    async live(end, passed) {
      for (let next = deeds.at(-1); next !== undefined && next.at < end; next = deeds.at(-1)) {
        deeds.pop();
        // A handler that slept may have moved the clock past this.
        clock.now = Math.max(clock.now, next.at);
        await next.deed();
        passed(clock.now);
      }
      clock.now = Math.max(clock.now, end);
    },
  };
}

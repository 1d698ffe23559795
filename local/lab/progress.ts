import type { Instant } from '../../src/domain/time.ts';
import { DAY, MINUTE } from '../../src/domain/time.ts';
import { clockTime, dayHeading } from './calendar.ts';

/** A bar on stderr while the lab lives, where that is a terminal; else one line that says that it takes its time. */
export function progressBar(from: Instant, to: Instant): { passed: (now: Instant) => void; end: () => void } {
  if (!process.stderr.isTTY) {
    const days = Math.round((to - from) / DAY);
    process.stderr.write(`Living ${days} ${days === 1 ? 'day' : 'days'} of the lab: some minutes.\n`);
    return { passed: () => {}, end: () => {} };
  }
  const clear = '\r\u001b[K';
  let shown = Number.NEGATIVE_INFINITY;
  return {
    passed(now) {
      if (now - shown < 30 * MINUTE) return;
      shown = now;
      const share = Math.min(1, (now - from) / (to - from));
      const width = Math.max(10, Math.min(40, (process.stderr.columns ?? 80) - 40));
      const done = Math.round(share * width);
      const bar = '█'.repeat(done) + '░'.repeat(width - done);
      process.stderr.write(
        `${clear}${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${dayHeading(now)} ${clockTime(now)}`,
      );
    },
    end: () => void process.stderr.write(clear),
  };
}

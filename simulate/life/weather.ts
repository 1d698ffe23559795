import { DAY, HOUR, MINUTE } from '../spec.ts';
import type { Step } from '../steps.ts';
import type { Life } from './life.ts';

/** What AWS lets down for a while: SES, DeleteApp, or a part of every listing. */
export function blow(life: Life, start: number): void {
  const { agenda, luck } = life;
  const front = (mean: number, breaks: (at: number) => Step, heals: (at: number) => Step) => {
    const again = (at: number) =>
      agenda.put(at, (now) => {
        again(now + luck.about(mean) + HOUR);
        if (!life.isBad) return [];
        agenda.put(now + luck.about(3 * HOUR) + 2 * MINUTE, (then) => [heals(then)]);
        return [breaks(now)];
      });
    again(start + luck.about(mean));
  };
  front(
    4 * DAY,
    (at) => ({ at, do: 'ses', is: luck.pick(['down', 'throttling', 'without quota']) }),
    (at) => ({ at, do: 'ses', is: 'up' }),
  );
  front(
    6 * DAY,
    (at) => ({ at, do: 'stops', are: luck.pick(['throttled', 'denied']) }),
    (at) => ({ at, do: 'stops', are: 'up' }),
  );
  front(
    6 * DAY,
    (at) => ({ at, do: 'listing', lacks: luck.pick(['apps', 'spaces', 'tags']) }),
    (at) => ({ at, do: 'listing' }),
  );
}

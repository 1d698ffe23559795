import { MINUTE, SECOND } from '../../src/domain/time.ts';
import type { Agenda } from './agenda.ts';
import type { Random } from './random.ts';

/**
 * The way of an event to its handler: best effort, at least once, unordered (aws-facts, "Events").
 * @param missed hears of each that is lost or late
 */
export function eventPost<Event>(
  agenda: Agenda,
  random: Random,
  deliver: (event: Event) => Promise<void>,
  missed: (event: Event) => void = () => {},
) {
  const lost = { count: 0 };
  const post = (event: Event, after: number) => agenda.at(agenda.clock.now + after, () => deliver(event));
  return {
    lost,
    send(event: Event): void {
      const luck = random.next();
      const soon = random.between(3, 90) * SECOND;
      const late = random.between(5, 45) * MINUTE;
      if (luck < 0.06) missed(event);
      if (luck < 0.03) lost.count += 1;
      else if (luck < 0.06) post(event, late);
      else post(event, soon);
      if (luck > 0.95) post(event, late);
    },
  };
}

import { deliver } from '../../src/application/deliver.ts';
import { scan } from '../../src/application/scan.ts';
import { noteStudioEvent, type StudioEvent } from '../../src/application/studio-event.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { Instant } from '../../src/domain/time.ts';
import { policy as basePolicy, NOON } from '../domain/builders.ts';
import {
  memoryBackstop,
  memoryCanvasUse,
  memoryContacts,
  memoryFleet,
  memoryKeptPrices,
  memoryLedger,
  memoryLinks,
  memoryOutbox,
  memoryPostbox,
  memoryPrices,
  memoryRuns,
  memoryVolumes,
  PLACE,
} from '../memory/ports.ts';

/** A lab of one's own under a clock that tests turn: no stop is held by the valve, no digest goes out. */
export function world(overrides: Partial<Policy> = {}) {
  const volumes = memoryVolumes();
  const kept = memoryKeptPrices();
  const ledger = memoryLedger();
  const ports = {
    fleet: memoryFleet(),
    canvasUse: memoryCanvasUse(),
    runs: memoryRuns(volumes, kept, ledger),
    volumes,
    ledger,
    kept,
    outbox: memoryOutbox(),
    contacts: memoryContacts(),
    links: memoryLinks(),
    postbox: memoryPostbox(),
    prices: memoryPrices(),
    backstop: memoryBackstop(),
  };
  const policy: Policy = {
    ...basePolicy,
    safety: { maxStops: { count: 1000 } },
    report: { daily: 'never' },
    ...overrides,
  };
  return {
    ports,
    policy,
    now: NOON as Instant,
    /** Where links point: without it nobody is asked to confirm. */
    baseUrl: undefined as string | undefined,
    scan(now: Instant, apply = true) {
      return scan(ports, this.policy, { place: PLACE, now, apply, baseUrl: this.baseUrl });
    },
    deliver(now: Instant) {
      return deliver({ ...ports, baseUrl: this.baseUrl }, this.policy, { place: PLACE, now, wait: async () => {} });
    },
    async event(event: StudioEvent) {
      const rates = await ports.prices.rates('us-east-1');
      return noteStudioEvent({ ...ports, policy: this.policy, baseUrl: this.baseUrl, rates }, PLACE, event, event.at);
    },
    /** What every mail that went out was, in order: `warning default`. */
    mails() {
      return ports.postbox.sent.map(({ facts }) =>
        `${facts.kind} ${'app' in facts && facts.app ? facts.app.appName : ''}`.trim(),
      );
    },
    /** How many writes the record and the outbox have had. */
    writes() {
      return ports.runs.writes + ports.volumes.writes + ports.ledger.writes + ports.outbox.writes;
    },
  };
}

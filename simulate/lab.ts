import { createStudio } from '../local/aws/studio.ts';
import type { Studio } from '../local/aws/studio-types.ts';
import type { Rates } from '../src/domain/cost.ts';
import {
  memoryBackstop,
  memoryBill,
  memoryCanvasUse,
  memoryContacts,
  memoryKeptPrices,
  memoryLedger,
  memoryLinks,
  memoryOutbox,
  memoryReports,
  memoryRuns,
  memoryVolumes,
} from '../test/memory/ports.ts';
import { faultyPorts, type Invocation, portError, type Witness } from './calls.ts';
import { type Judge, newJudge } from './oracle/judge.ts';
import { CANVAS_PRICE, PRICES } from './oracle/prices.ts';
import type { Slot, TrueRun } from './oracle/truth.ts';
import { studioFleet } from './ports/fleet.ts';
import { mailRoom } from './ports/postbox.ts';
import type { Spec } from './spec.ts';
import type { Step, StepOf } from './steps.ts';

export const BASE_URL = 'https://curfew.example.org';
export const PLACE = { account: '111122223333', region: 'us-east-1' };

/** What a mailbox holds: who got which mail, and where its buttons lead. */
export interface Mail {
  at: number;
  notice: string;
  kind: string;
  to: string;
  urls: Partial<Record<string, string>>;
  slot?: string;
  startedAt?: number;
}

/** Figures of a life. */
export interface Counts {
  scans: number;
  decisions: number;
  rounds: number;
  runs: number;
  warned: number;
  stops: number;
  armed: number;
  fired: number;
  mails: number;
  faults: number;
  deaths: number;
  overlaps: number;
  steps: number;
}

/** A lab, the service that governs it, and the judge of both. */
export interface Lab {
  judge: Judge;
  studio: Studio;
  ports: ReturnType<typeof innerPorts>;
  portsFor: (invocation: Invocation) => ReturnType<typeof innerPorts>;
  spec: Spec;
  /** Grows when spaces or tags change. */
  edition: number;
  weather: {
    ses: StepOf<'ses'>['is'];
    stops: StepOf<'stops'>['are'];
    lacks: StepOf<'listing'>['lacks'] | undefined;
  };
  /** By address in lower case. */
  mails: Map<string, Mail[]>;
  /** What came since somebody last looked: new mail, runs that Curfew or its backstop stopped, and when schedules are due. */
  news: { mails: Mail[]; stopped: TrueRun[]; due: number[] };
  counts: Counts;
  /** A sum over all calls of the service and their answers. */
  digest: number;
  invocations: number;
  /** Steps that others are performed beside. */
  crowded: WeakSet<Step>;
  /** Hears of all that happens, in words. */
  tell: ((words: string) => void) | undefined;
}

/** What a lab begins with. */
export interface Founding {
  at: number;
  spec: Spec;
  bill: Pick<Judge['truth']['bill'], 'factor' | 'late' | 'isTagged' | 'taggedFrom'>;
  slots: Slot[];
  /** Spaces: `d/name` to its owner, and whether it is shared. */
  spaces: { domainId: string; name: string; owner?: string; isShared: boolean; appType: string }[];
  profiles: { domainId: string; name: string }[];
}

function ratesForAll(): Rates {
  return { source: 'simulated prices', byInstance: new Map(Object.entries(PRICES)), canvas: CANVAS_PRICE };
}

function innerPorts(studio: Studio, between: Parameters<typeof studioFleet>[1]) {
  const volumes = memoryVolumes();
  const kept = memoryKeptPrices();
  const ledger = memoryLedger();
  const rates = ratesForAll();
  return {
    fleet: studioFleet(studio, between),
    canvasUse: memoryCanvasUse(),
    runs: memoryRuns(volumes, kept, ledger),
    volumes,
    ledger,
    bill: memoryBill(),
    backstop: memoryBackstop(),
    reports: memoryReports(),
    outbox: memoryOutbox(),
    contacts: memoryContacts(),
    links: memoryLinks(),
    postbox: mailRoom(),
    prices: { rates: async () => rates },
  };
}

/** Founds a lab: its people's profiles and spaces are there, and nothing runs yet. */
export function foundLab({ at, spec, bill, slots, spaces, profiles }: Founding, witnessOf: (lab: Lab) => Witness): Lab {
  const judge = newJudge(at);
  const { truth } = judge;
  Object.assign(truth.bill, bill);
  const studio = createStudio({ now: () => truth.now, ...PLACE, partition: 'aws' });
  const weather: Lab['weather'] = { ses: 'up', stops: 'up', lacks: undefined };
  let once: string | undefined;
  const lab: Lab = {
    judge,
    studio,
    spec,
    weather,
    edition: 0,
    mails: new Map(),
    news: { mails: [], stopped: [], due: [] },
    digest: 0x811c9dc5,
    invocations: 0,
    crowded: new WeakSet(),
    tell: undefined,
    counts: newCounts(),
    ports: innerPorts(studio, {
      now: () => truth.now,
      edition: () => lab.edition,
      come: () => 0.5,
      faultOf(call) {
        if (call === weather.lacks || call === once) return portError('throttled');
        return call === 'stop' && (weather.stops === 'throttled' || weather.stops === 'denied')
          ? portError(weather.stops)
          : undefined;
      },
    }),
    portsFor: () => lab.ports,
  };
  lab.ports.postbox.faultOf = (call) => {
    if (weather.ses === 'down') return portError('fault');
    return weather.ses === 'throttling' && call === 'send' ? portError('throttled') : undefined;
  };
  const lacking = (call: number) => {
    once = (['apps', 'spaces', 'tags'] as const)[call % 3];
    lab.ports.canvasUse.fault = 'planned';
    return {
      until() {
        once = undefined;
        lab.ports.canvasUse.fault = undefined;
      },
    };
  };
  lab.portsFor = faultyPorts(lab.ports, { judge, witness: witnessOf(lab), lacking });
  for (const domainId of new Set(profiles.map((one) => one.domainId)))
    studio.createDomain({ domainId, name: domainId });
  for (const profile of profiles) studio.createUserProfile({ ...profile, at });
  for (const { domainId, name, owner, isShared, appType } of spaces) {
    const sharing = isShared ? 'Shared' : 'Private';
    studio.createSpace({ domainId, name, owner, sharing, appType: appType as never, ebsGb: 5, at });
    truth.owners.set(`${domainId}/${name}`, [{ order: 0, at, value: owner }]);
  }
  for (const slot of slots) truth.slots.set(slot.id, slot);
  return lab;
}

export function newCounts(): Counts {
  const names = [
    'scans',
    'decisions',
    'rounds',
    'runs',
    'warned',
    'stops',
    'armed',
    'fired',
    'mails',
    'faults',
    'deaths',
    'overlaps',
    'steps',
  ];
  return Object.fromEntries(names.map((name) => [name, 0])) as unknown as Counts;
}

import fc from 'fast-check';

/** A last use, in minutes after the run's start: one that is yet to come is a clock that jumped. Undefined: there was none. */
const usedAt = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: -60, max: 300 }) },
);
const busy = fc.nat({ max: 7 }).map((n) => n === 0);
const activity = fc.uniqueArray(
  fc.record({ kind: fc.constantFrom<string>('kernel', 'terminal', 'editor', 'gpu', 'cpu'), busy, usedAt }),
  { selector: ({ kind }) => kind, maxLength: 5 },
);
/** A quiet kernel, so that idleness is not a rare thing. */
const quiet = usedAt.map((at) => [{ kind: 'kernel', busy: false, usedAt: at }]);
/** One heartbeat: anything that an agent may say. */
export interface Beat {
  activity: { kind: string; busy: boolean; usedAt: number | undefined }[];
  /** Minutes by which the app's clock is ahead: five are accepted, any that it is behind are. */
  skew: number;
}
/** Any heartbeat, most of them of a quiet kernel. */
export const beat: fc.Arbitrary<Beat> = fc.record({
  activity: fc.oneof({ weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: activity }),
  skew: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -60, max: 5 }) }),
});
const wait = fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 40 }) });
const beats = fc.record({
  do: fc.constant('beat' as const),
  beat,
  arrives: fc.constantFrom('now' as const, 'now' as const, 'now' as const, 'twice' as const, 'later' as const),
});
const scan = fc.record({ do: fc.constant('scan' as const), meanwhile: fc.option(beat, { nil: undefined, freq: 6 }) });
const metric = fc.record({ do: fc.constant('metric' as const), busy, usedAt });
const others = fc.oneof(
  wait,
  beats,
  scan,
  metric,
  fc.record({ do: fc.constant('late' as const), which: fc.nat() }),
  fc.record({
    do: fc.constant('restart' as const),
    /** Where AWS keeps the CreationTime of the run before, only the event tells: else nobody could know. */
    told: fc.constantFrom('by no event' as const, 'by an event' as const, 'by an event alone' as const),
  }),
  fc.record({ do: fc.constant('deliver' as const) }),
);
const hours = <T extends Step>(speaks: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(wait, speaks, scan), { minLength: 1, maxLength: 8 }).map((rounds): Step[] => rounds.flat());
/** The history of a name: hours in which one source speaks and the other is silent, and whatever comes between. */
export const histories = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: hours(beats) },
      { weight: 3, arbitrary: hours(metric) },
      { weight: 4, arbitrary: others.map((one): Step[] => [one]) },
    ),
    { minLength: 2, maxLength: 10 },
  )
  .map((parts): Step[] => parts.flat());
/** One thing that happens. */
export type Step = typeof others extends fc.Arbitrary<infer T> ? T : never;

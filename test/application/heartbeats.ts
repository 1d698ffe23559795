import fc from 'fast-check';

/** A last use, in minutes after the run's start: one that is yet to come is a clock that jumped. Undefined: there was none. */
const usedAt = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: -60, max: 300 }) },
);
const activity = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom<string>('kernel', 'terminal', 'editor', 'gpu', 'cpu'),
    busy: fc.nat({ max: 7 }).map((n) => n === 0),
    usedAt,
  }),
  { selector: ({ kind }) => kind, maxLength: 5 },
);
/** A quiet kernel, so that idleness is not a rare thing. */
const quiet = usedAt.map((at) => [{ kind: 'kernel' as string, busy: false, usedAt: at }]);
/** One heartbeat: anything that an agent may say. */
export const beat = fc.record({
  activity: fc.oneof({ weight: 3, arbitrary: quiet }, { weight: 1, arbitrary: activity }),
  /** Minutes by which the app's clock is ahead: five are accepted, any that it is behind are. */
  skew: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -60, max: 5 }) }),
});
const wait = fc.record({ do: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 40 }) });
const beats = fc.record({
  do: fc.constant('beat' as const),
  beat,
  arrives: fc.constantFrom('now' as const, 'now' as const, 'now' as const, 'twice' as const, 'later' as const),
});
const scan = fc.record({ do: fc.constant('scan' as const), meanwhile: fc.option(beat, { nil: undefined, freq: 6 }) });
const others = fc.oneof(
  wait,
  beats,
  scan,
  fc.record({ do: fc.constant('late' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('metric' as const), busy: fc.boolean(), usedAt }),
  fc.record({
    do: fc.constant('restart' as const),
    /** Where AWS keeps the CreationTime of the run before, only the event tells: else nobody could know. */
    told: fc.constantFrom('by no event' as const, 'by an event' as const, 'by an event alone' as const),
  }),
  fc.record({ do: fc.constant('deliver' as const) }),
);
/** The history of a name. Mostly an ordinary day: time goes by, the agent speaks, a scan looks. */
export const histories = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.tuple(wait, beats, scan) }, { weight: 1, arbitrary: fc.tuple(others) }), {
    minLength: 5,
    maxLength: 30,
  })
  .map((parts): Step[] => parts.flat());
export type Beat = typeof beat extends fc.Arbitrary<infer T> ? T : never;
export type Step = typeof others extends fc.Arbitrary<infer T> ? T : never;

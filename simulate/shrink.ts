import type { Step } from './steps.ts';

/** Whether a timeline still fails in the same way. */
type StillFails = (steps: Step[]) => Promise<boolean>;

/** What shrinking may cost, in steps lived again: some ten seconds. */
const MOST_STEPS = 800_000;

/** The shortest timeline that was found to fail still: by its end first, then by leaving out ever smaller parts. */
export async function shrink(steps: Step[], fails: StillFails, most = MOST_STEPS): Promise<Step[]> {
  let lived = 0;
  const stillFails = async (candidate: Step[]) => {
    lived += candidate.length;
    return lived <= most && fails(candidate);
  };
  const short = await byItsEnd(steps, stillFails);
  const isOver = () => lived >= most;
  const rough = await byParts(short, stillFails, isOver, short.length / 32);
  const bare = await byWhatIsIn(rough, stillFails);
  return withoutDetails(await byParts(bare, stillFails, isOver), stillFails);
}

/** What changes the law changes all that follows: it is kept while the beginning is cut off. */
const LAW = new Set<Step['do']>(['policy', 'tag', 'own', 'ses', 'stops', 'listing']);

async function byItsEnd(steps: Step[], fails: StillFails): Promise<Step[]> {
  for (let count = 40; count < steps.length; count *= 2) {
    const before = steps.slice(0, -count).filter((step) => LAW.has(step.do));
    const candidate = [...before, ...steps.slice(-count)];
    if (await fails(candidate)) return candidate;
  }
  return steps;
}

/** Whole kinds of steps, and all that concerns one app or reader, go at once where they bear on nothing. */
async function byWhatIsIn(steps: Step[], fails: StillFails): Promise<Step[]> {
  // The many first.
  const marks = (step: Step) => [
    `do ${step.do}`,
    ...('slot' in step ? [`slot ${step.slot}`] : []),
    ...('to' in step ? [`to ${step.to}`] : []),
  ];
  let left = steps;
  for (const mark of new Set(steps.flatMap(marks))) {
    const candidate = left.filter((step) => !marks(step).includes(mark));
    if (candidate.length < left.length && (await fails(candidate))) left = candidate;
  }
  return left;
}

/** Delta debugging (Zeller): leaves out parts, halves, quarters, and so on, down to parts of the least size. */
async function byParts(steps: Step[], fails: StillFails, isOver: () => boolean, least = 1): Promise<Step[]> {
  let left = steps;
  for (let size = Math.ceil(left.length / 2); size >= least && !isOver(); ) {
    const before = left.length;
    for (let at = left.length - size; at > -size && !isOver(); at -= size) {
      const candidate = [...left.slice(0, Math.max(0, at)), ...left.slice(at + size)];
      if (candidate.length < left.length && (await fails(candidate))) left = candidate;
    }
    if (size === 1 && left.length === before) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return left;
}

/** Faults, clocks and chance that bear on nothing are left out of the steps that remain. */
async function withoutDetails(steps: Step[], fails: StillFails): Promise<Step[]> {
  let left = steps;
  for (let i = 0; i < left.length; i++) {
    for (const detail of ['faults', 'skew', 'luck', 'overlaps'] as const) {
      if (!(detail in left[i]!)) continue;
      const { [detail]: _, ...bare } = left[i] as Step & Record<typeof detail, unknown>;
      const candidate = left.with(i, bare as Step);
      if (await fails(candidate)) left = candidate;
    }
  }
  return left;
}

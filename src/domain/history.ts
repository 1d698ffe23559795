import { appKey, placeKey } from './app.ts';
import { isMark, type Run, START_TOLERANCE } from './run.ts';

/**
 * Ended runs as they were, by all that has been told of them: one app runs once at a time, so a run was over by the
 * next start and the next end that anybody told of its name. What is told late or twice, in any order, so ends no run
 * too late and bills none twice. Marks end runs, and are none.
 * @param told runs and marks, of any names, in any order, some perhaps told twice
 */
export function asTheyWere(told: Run[]): Run[] {
  const names = Map.groupBy(told, ({ app }) => `${placeKey(app)}#${appKey(app)}`);
  return [...names.values()].flatMap(settle);
}

function settle(told: Run[]): Run[] {
  const runs = told
    .filter((run) => !isMark(run))
    .sort((a, b) => a.startedAt - b.startedAt)
    .reduce<Run[]>((kept, run) => {
      const last = kept.at(-1);
      // The same start told twice: whoever wrote last knows most.
      if (!last || run.startedAt - last.startedAt > START_TOLERANCE) kept.push(run);
      else if (run.version > last.version) kept[kept.length - 1] = run;
      return kept;
    }, []);
  const ends = told.flatMap(({ endedAt, laterEnds = [] }) => [endedAt!, ...laterEnds]);
  const cuts = [...runs.map(({ startedAt }) => startedAt), ...ends].sort((a, b) => a - b);
  return runs.map((run) => {
    const endedAt = cuts.find((cut) => cut > run.startedAt)!;
    return endedAt === run.endedAt ? run : { ...run, endedAt };
  });
}

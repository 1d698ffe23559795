import type { Arguments } from './arguments.ts';
import { carryOut } from './crew.ts';
import { catchMutants, describeCatches } from './mutants/catch.ts';
import { MUTANTS } from './mutants/list.ts';
import { describeLives, digestOf, sumOf } from './report.ts';
import { describeStep, relive } from './timeline.ts';
import { type LabResult, liveOrder } from './worker.ts';

const WORKER = new URL('./worker.ts', import.meta.url);

const print = (text: string) => process.stdout.write(`${text}\n`);
const seconds = () => performance.now() / 1000;

/** Lives the labs, until a promise is broken. @returns the exit code */
export async function runYears(labs: string[], { seed, people, json }: Arguments): Promise<number> {
  const begun = seconds();
  const orders = labs.map((lab) => ({ seed: lab, people, isShrunk: true }));
  const results = await carryOut(WORKER, orders, { isOver: ({ violation }) => violation !== undefined });
  const failed = results.find(({ violation }) => violation);
  const took = seconds() - begun;
  if (json)
    print(JSON.stringify({ seed, people, seconds: took, digest: digestOf(results), ...sumOf(results), failed }));
  else {
    print(describeLives(results, { seed, people, seconds: took }));
    print(failed ? describeFailure(failed, people) : 'Every promise held.');
  }
  return failed ? 1 : 0;
}

function describeFailure({ seed, violation, steps = [], before }: LabResult, people: number): string {
  const { rule, about, at } = violation!;
  return [
    `\nBROKEN in lab ${seed}, ${new Date(at).toISOString()}: ${rule}`,
    `  ${about}`,
    `${steps.length} of ${before} steps, and it fails still:`,
    ...steps.map((step) => `  ${describeStep(step)}`),
    `npm run simulate -- --seed ${seed} --people ${people} --replay   # shows it step by step`,
  ].join('\n');
}

/** Lives one lab, and shows its shortest failing timeline with all that the service decided and did. */
export async function runReplay(labs: string[], { people, json }: Arguments): Promise<number> {
  for (const seed of labs) {
    const { violation, steps, before } = await liveOrder({ seed, people, isShrunk: true });
    if (!violation || !steps) continue;
    const lines: string[] = [];
    const again = await relive(seed, people, steps, (words) => lines.push(words));
    if (json) print(JSON.stringify({ seed, violation: again.violation, steps, lines }));
    else {
      print(`Lab ${seed}: ${steps.length} of ${before} steps\n`);
      for (const line of lines) print(line);
      print(`\nBROKEN: ${again.violation?.rule ?? violation.rule}\n  ${again.violation?.about ?? violation.about}`);
    }
    return 1;
  }
  if (!json)
    print(`${labs.length === 1 ? `Lab ${labs[0]}` : `${labs.length} labs`}: every promise held, nothing to replay.`);
  return 0;
}

/** Plants each mutant in a copy of the service, and sees it caught. */
export async function runMutants(_labs: string[], { seed, people, json }: Arguments): Promise<number> {
  const begun = seconds();
  const catches = await catchMutants(MUTANTS, { seed, people });
  if (json) print(JSON.stringify({ seed, people, seconds: seconds() - begun, catches }));
  else print(describeCatches(catches, seconds() - begun));
  return catches.every(({ caught }) => caught) ? 0 : 1;
}

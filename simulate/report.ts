import type { Counts } from './lab.ts';
import { DAY } from './spec.ts';
import type { LabResult } from './worker.ts';

const number = (count: number) => count.toLocaleString('en-US');

/** Adds figures up. */
export function sumOf(results: LabResult[]): Counts {
  const sum: Record<string, number> = {};
  for (const { counts } of results)
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  return sum as unknown as Counts;
}

/** One sum over all calls of all labs: two machines that lived the same years show the same. */
export function digestOf(results: LabResult[]): string {
  let sum = 0x811c9dc5;
  for (const { digest } of results) sum = Math.imul(sum ^ digest, 0x01000193) >>> 0;
  return sum.toString(16).padStart(8, '0');
}

/** The figures of a simulation, for people. */
export function describeLives(
  results: LabResult[],
  { seed, people, seconds }: { seed: string; people: number; seconds: number },
): string {
  const sum = sumOf(results);
  const years = results.reduce((all, { lived }) => all + lived, 0) / (365 * DAY);
  const rows: [string, string][] = [
    ['Lab-years', `${years.toFixed(1)}, ${people} people in each`],
    ['Runs of apps', number(sum.runs)],
    ['Scans', `${number(sum.scans)}, ${number(sum.decisions)} decisions, ${number(sum.overlaps)} beside another`],
    ['Warnings', number(sum.warned)],
    ['Stops', number(sum.stops)],
    ['Backstop', `${number(sum.armed)} schedules made or moved, ${number(sum.fired)} of them stopped an app`],
    ['Rounds of delivery', `${number(sum.rounds)}, ${number(sum.mails)} mails`],
    ['Faults', `${number(sum.faults)} calls that failed or were not answered, ${number(sum.deaths)} killed processes`],
    ['Steps', number(sum.steps)],
    ['Digest', digestOf(results)],
  ];
  const head = `Simulated, seed ${seed}, in ${seconds.toFixed(0)} s`;
  return [head, ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`)].join('\n');
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { labsOf } from '../arguments.ts';
import { CREW, carryOut } from '../crew.ts';
import { DAY } from '../spec.ts';
import type { Order } from '../worker.ts';

/** A fault to plant in the service: text that stands once in a file of `src`, and what is put in its place. */
export interface Mutant {
  name: string;
  file: string;
  from: string;
  to: string;
  /** A lab that catches it before long, for whoever has no time to look for one. */
  lab?: string;
}

/** What became of a mutant. */
export interface Catch {
  mutant: string;
  file: string;
  caught: boolean;
  /** The promise that it broke, and after how many years in all. */
  rule?: string;
  /** The lab in which it did. */
  lab?: string;
  years: number;
}

/** So many years a mutant may live unseen. */
const MOST_YEARS = 100;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The text of the mutant's file with the mutant in it. Throws where the text to replace is not there exactly once. */
export function mutated({ name, file, from, to }: Mutant): string {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const count = text.split(from).length - 1;
  if (count !== 1) throw new Error(`the mutant "${name}" has rotted: its text is ${count} times in ${file}`);
  return text.replace(from, () => to);
}

const WORKER = new URL('../worker.ts', import.meta.url);

/** Bundles the worker with a mutant in the service. Throws where the mutant's file is no part of what is lived. */
async function plant(mutant: Mutant, outfile: string): Promise<void> {
  const contents = mutated(mutant);
  let isPlanted = false;
  const planting: Plugin = {
    name: 'mutant',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path !== join(ROOT, mutant.file)) return undefined;
        isPlanted = true;
        return { contents, loader: 'ts' };
      }),
  };
  const entryPoints = [fileURLToPath(WORKER)];
  await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', plugins: [planting] });
  if (!isPlanted) throw new Error(`the mutant "${mutant.name}" is in ${mutant.file}, which no life runs`);
}

const sound = new Map<string, Promise<void>>();

/** Throws where the service as it is fails in a lab: whatever fails there would be no catch. */
function insistOnSoundness(order: Order): Promise<void> {
  const known = sound.get(order.seed);
  if (known) return known;
  const lived = carryOut(WORKER, [order], { width: 1 }).then(([result]) => {
    if (result?.violation) throw new Error(`lab ${order.seed} fails without any mutant: ${result.violation.rule}`);
  });
  sound.set(order.seed, lived);
  return lived;
}

/** Lives labs under a mutant until a promise is broken. */
async function hunt(mutant: Mutant, { seed, people, isHurried }: Hunting): Promise<Catch> {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-mutant-'));
  try {
    const worker = join(folder, 'worker.mjs');
    await plant(mutant, worker);
    const known = mutant.lab === undefined ? [] : [mutant.lab];
    const labs = labsOf(seed, MOST_YEARS);
    const orders = (isHurried ? [...known, ...labs] : [...labs, ...known]).map((lab) => ({
      seed: lab,
      people,
      isShrunk: false,
    }));
    const results = await carryOut(pathToFileURL(worker), orders, {
      width: 1,
      isOver: ({ violation }) => violation !== undefined,
    });
    const years = results.reduce((all, { lived }) => all + lived, 0) / (365 * DAY);
    const rule = results.at(-1)?.violation?.rule;
    if (rule !== undefined) await insistOnSoundness(orders[results.length - 1]!);
    const caught = rule === undefined ? {} : { rule, lab: results.at(-1)!.seed };
    return { mutant: mutant.name, file: mutant.file, caught: rule !== undefined, years, ...caught };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where mutants are hunted: in the labs of a seed, and at last in those that are known to catch them; `isHurried`, there at first. */
interface Hunting {
  seed: string;
  people: number;
  isHurried?: boolean;
}

/** Hunts all mutants, two at once. */
export async function catchMutants(mutants: Mutant[], hunting: Hunting): Promise<Catch[]> {
  const catches: Catch[] = [];
  let next = 0;
  const lane = async () => {
    while (next < mutants.length) {
      const index = next++;
      const mutant = mutants[index]!;
      catches[index] = await hunt(mutant, hunting);
    }
  };
  await Promise.all(Array.from({ length: CREW }, lane));
  return catches;
}

/** The table of mutants, for people. */
export function describeCatches(catches: Catch[], seconds: number): string {
  const width = Math.max(...catches.map(({ mutant }) => mutant.length));
  const rows = catches.map(({ mutant, caught, years, rule }) => {
    return `  ${mutant.padEnd(width)}  ${(caught ? years.toFixed(2) : `over ${years.toFixed(0)}`).padStart(8)}  ${rule ?? 'SURVIVED'}`;
  });
  const survived = catches.filter(({ caught }) => !caught).length;
  return [
    `  ${'mutant'.padEnd(width)}  ${'years'.padStart(8)}  the promise that it broke`,
    ...rows,
    `${catches.length - survived} of ${catches.length} mutants caught in ${seconds.toFixed(0)} s${survived > 0 ? `; ${survived} SURVIVED` : ''}`,
  ].join('\n');
}

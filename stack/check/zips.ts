import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** Evidence is what it is whatever the policy: its function reads none. */
const WITHOUT_POLICY = ['activity-event'];

/** What is in a zip. Node has no reader of its own; Python's is on every machine that builds this. */
export function namesIn(zip: string): string[] {
  const script = 'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
  return execFileSync('python3', ['-c', script, zip], { encoding: 'utf8' }).split('\n').filter(Boolean).sort();
}

/** Unpacks a zip as Lambda does. */
export function unzip(zip: string, folder: string): void {
  execFileSync('python3', ['-m', 'zipfile', '-e', zip, folder]);
}

/** Zips that hold more or less than their bundle, its source map and the policy where it is read. */
export function zipFaults(folder: string, handlers: string[]): string[] {
  return handlers.flatMap((name) => {
    const bundle = [`dist/handlers/${name}.mjs`, `dist/handlers/${name}.mjs.map`];
    const expected = WITHOUT_POLICY.includes(name) ? bundle : ['curfew.yml', ...bundle];
    const held = namesIn(join(folder, `${name}.zip`));
    return held.join() === expected.join() ? [] : [`${name}.zip holds ${held}, not ${expected}`];
  });
}

/** The size of each zip, in bytes. */
export function zipSizes(folder: string, handlers: string[]): Map<string, number> {
  return new Map(handlers.map((name) => [name, statSync(join(folder, `${name}.zip`)).size]));
}

import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { bundleSdkOf, HANDLERS, handlerNames } from './bundles.ts';
import { median } from './numbers.ts';

/** How long a handler's bundle takes to load, held against the SDK alone. */
export interface ColdImport {
  handler: string;
  /** Medians, in milliseconds. */
  ms: number;
  sdkMs: number;
  bytes: number;
  sdkBytes: number;
  sdk: string[];
}

/** Loads each handler and its SDK in turn, each time in a fresh process: what slows the machine slows both. */
export async function coldImports(folder: string, runs: number): Promise<ColdImport[]> {
  const results: ColdImport[] = [];
  for (const handler of await handlerNames()) {
    const file = resolve(HANDLERS, `${handler}.mjs`);
    const bare = join(folder, `sdk-of-${handler}.mjs`);
    const sdk = await bundleSdkOf(handler, bare);
    const times = { own: [] as number[], sdk: [] as number[] };
    for (let i = 0; i < runs; i++) {
      times.own.push(await importTime(file));
      times.sdk.push(await importTime(bare));
    }
    const [bytes, sdkBytes] = await Promise.all([file, bare].map(async (path) => (await stat(path)).size));
    results.push({ handler, ms: median(times.own), sdkMs: median(times.sdk), bytes: bytes!, sdkBytes: sdkBytes!, sdk });
  }
  return results;
}

/** Milliseconds that the import takes in a process that has loaded nothing else; Node's own start is not in it. */
async function importTime(file: string): Promise<number> {
  const url = pathToFileURL(file).href;
  const script = `const t = performance.now(); await import(${JSON.stringify(url)}); process.stderr.write(String(performance.now() - t)); process.exit(0)`;
  const { stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, AWS_REGION: 'us-east-1' },
  });
  return Number(stderr);
}

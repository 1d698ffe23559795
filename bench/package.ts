import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { zipSizes } from '../stack/check/zips.ts';
import { handlerNames } from './bundles.ts';

/** What a deployment is made of, and how long that takes. */
export interface Packaged {
  /** The whole step: the build, the packager, and all checks; in milliseconds. */
  ms: number;
  /** Bytes of each zip, by handler. */
  zips: Map<string, number>;
}

/** Runs the package step as CI does. Throws where it finds a fault. */
export async function packageStack(): Promise<Packaged> {
  const started = performance.now();
  await promisify(execFile)('npm', ['run', 'package', '--silent']);
  const ms = performance.now() - started;
  return { ms, zips: zipSizes('.serverless', await handlerNames()) };
}

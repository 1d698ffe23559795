import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Template } from '../../stack/check/resolve.ts';

/** All that the packager reads. */
const INPUTS = ['serverless.yml', 'curfew.yml', 'package.json', 'stack', 'dist/handlers'];

/** Where packages are kept, so that not every test file makes its own; a change of any input makes another. */
const KEPT = '.vitest/packages';

/** What is older than this was of other inputs. */
const AN_HOUR = 3_600_000;

const TEMPLATE = 'cloudformation-template-update-stack.json';

/** Every parameter of serverless.yml that changes what is deployed, given at once: each package takes seconds. */
export const FITTED = {
  domains: 'd-aaaaaaaaaaaa, d-bbbbbbbbbbbb',
  'alarm-mail': 'one@example.net, two@example.net',
  'alarm-key': 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000',
  table: 'curfew-restored',
};

/** Packages the stack as `npm run package` does, in a folder of its own: the zips, and the template. */
export async function packaged(
  params: Record<string, string> = {},
): Promise<{ folder: string; file: string; template: Template }> {
  const folder = resolve(KEPT, await fingerprint(params));
  if (!(await isThere(join(folder, TEMPLATE)))) await make(params, folder);
  const file = join(folder, TEMPLATE);
  return { folder, file, template: JSON.parse(await readFile(file, 'utf8')) as Template };
}

async function make(params: Record<string, string>, folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'curfew-package-'));
  for (const input of INPUTS) await cp(input, join(work, input), { recursive: true });
  const given = Object.entries(params).map(([name, value]) => `--param=${name}=${value}`);
  const binary = resolve('node_modules/.bin/serverless');
  // Nothing of the host's: no credentials, no region, no network.
  const env = { PATH: process.env.PATH, HOME: work, SLS_TELEMETRY_DISABLED: '1' };
  await promisify(execFile)(process.execPath, [binary, 'package', ...given], { cwd: work, env }).catch(({ stdout }) => {
    throw new Error(`serverless package failed: ${stdout}`);
  });
  await mkdir(KEPT, { recursive: true });
  const made = await mkdtemp(resolve(KEPT, 'new-'));
  await cp(join(work, '.serverless'), made, { recursive: true });
  await rm(work, { recursive: true });
  for (const name of await readdir(KEPT)) {
    const old = resolve(KEPT, name);
    // Another test file may have given it its name meanwhile.
    const kept = await stat(old).catch(() => undefined);
    if (kept && kept.mtimeMs < Date.now() - AN_HOUR) await rm(old, { recursive: true, force: true });
  }
  // Another test file may have been quicker: either will do.
  await rename(made, folder).catch(() => rm(made, { recursive: true }));
}

async function fingerprint(params: Record<string, string>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(params));
  for (const input of INPUTS) {
    const entries = await readdir(input).catch(() => undefined);
    const files =
      entries === undefined ? [input] : (await readdir(input, { recursive: true })).map((name) => join(input, name));
    for (const file of files.sort()) hash.update(file).update(await readFile(file).catch(() => ''));
  }
  return hash.digest('hex').slice(0, 16);
}

function isThere(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

/** The options of build.mjs for a handler: what is held against a handler must be built like one. */
const AS_BUILT: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  mainFields: ['module', 'main'],
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  target: 'node24',
  minify: true,
  keepNames: true,
};

/** Bundles one of the bench's own jobs. */
export async function bundleJob(entry: string, outfile: string): Promise<string> {
  await build({ ...AS_BUILT, entryPoints: [entry], outfile });
  return outfile;
}

export const HANDLERS = 'dist/handlers';

/** The names of all bundled handlers. */
export async function handlerNames(): Promise<string[]> {
  const files = await readdir(HANDLERS);
  return files
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => file.replace(/\.mjs$/, ''))
    .sort();
}

/**
 * Bundles only the SDK that a handler uses: the same clients and the same commands, loaded in the same way (at once,
 * or when first needed), and nothing of ours. They are read from the handler's source map and the files it names.
 * @returns the SDK packages in it
 */
export async function bundleSdkOf(handler: string, outfile: string): Promise<string[]> {
  const map = JSON.parse(await readFile(join(HANDLERS, `${handler}.mjs.map`), 'utf8')) as { sources: string[] };
  const ours = map.sources.filter((source) => !source.includes('node_modules/') && source.endsWith('.ts'));
  const names = new Map<string, Set<string>>();
  const lazy = new Set<string>();
  for (const source of ours) {
    const text = await readFile(join(HANDLERS, source), 'utf8');
    for (const [, list = '', from = ''] of text.matchAll(/^import \{([^}]*)\} from '(@aws-sdk\/[^']+)';/gm)) {
      const wanted = names.get(from) ?? new Set();
      for (const name of list.split(',').map((part) => part.trim()))
        if (name && !name.startsWith('type ')) wanted.add(name);
      names.set(from, wanted);
    }
    for (const [, from = ''] of text.matchAll(/\bimport\('(@aws-sdk\/[^']+)'\)/g)) lazy.add(from);
  }
  // What the bundler dropped from the handler is no part of its SDK.
  const isIn = (name: string) => map.sources.some((source) => source.includes(`node_modules/${name}/`));
  const used = [...names].filter(([name]) => isIn(name) && !lazy.has(name));
  const contents = [
    ...used.map(
      ([from, list], i) => `import { ${[...list].map((name) => `${name} as ${name}${i}`).join(', ')} } from '${from}';`,
    ),
    `export const sdk = [${used.flatMap(([, list], i) => [...list].map((name) => `${name}${i}`)).join(', ')}];`,
    ...[...lazy].map((from, i) => `export const later${i} = () => import('${from}');`),
  ].join('\n');
  await build({ ...AS_BUILT, stdin: { contents, resolveDir: process.cwd(), loader: 'ts' }, outfile });
  return [...used.map(([from]) => from), ...[...lazy].map((from) => `${from} (when needed)`)];
}

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
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
 * Bundles only the SDK that a handler uses: the same clients and the same commands, loaded in the same way (at once, or
 * when first needed), each by name so that nothing else of a client comes along, and nothing of ours.
 * @returns the SDK packages in it
 */
export async function bundleSdkOf(handler: string, outfile: string): Promise<string[]> {
  const { atOnce, later } = await sdkOf(`src/handlers/${handler}.ts`);
  // The dynamic import needs a file of its own, which loads only the names that it exports.
  const rest = outfile.replace(/\.mjs$/, '-later.ts');
  await writeFile(rest, imports(later, 'later'));
  const contents = `${imports(atOnce, 'sdk')}\nexport const load = () => import(${JSON.stringify(rest)});`;
  const nodePaths = [resolve('node_modules')];
  await build({ ...AS_BUILT, nodePaths, stdin: { contents, resolveDir: process.cwd(), loader: 'ts' }, outfile });
  return [...[...atOnce.keys()].sort(), ...[...later.keys()].sort().map((name) => `${name} (when needed)`)];
}

type Names = Map<string, Set<string>>;

function imports(names: Names, exported: string): string {
  const lines = [...names].map(([from, list], i) => {
    return `import { ${[...list].map((name) => `${name} as ${name}${i}`).join(', ')} } from '${from}';`;
  });
  const all = [...names].flatMap(([, list], i) => [...list].map((name) => `${name}${i}`));
  return `${lines.join('\n')}\nexport const ${exported} = [${all.join(', ')}];`;
}

/** What a handler's own files import of the SDK, by package: those loaded with it, and those that wait for an `import()`. */
async function sdkOf(entry: string): Promise<{ atOnce: Names; later: Names }> {
  const { metafile } = await build({
    ...AS_BUILT,
    entryPoints: [entry],
    outfile: 'unused.mjs',
    write: false,
    metafile: true,
  });
  const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === entry);
  const isKept = (file: string) => (output?.inputs[file]?.bytesInOutput ?? 0) > 0;
  const eager = new Set<string>();
  const walk = (file: string) => {
    if (eager.has(file)) return;
    eager.add(file);
    for (const { path, kind } of metafile.inputs[file]?.imports ?? []) if (kind !== 'dynamic-import') walk(path);
  };
  walk(entry);
  const atOnce: Names = new Map();
  const later: Names = new Map();
  const add = (to: Names, from: string, name: string) => to.set(from, (to.get(from) ?? new Set<string>()).add(name));
  for (const file of Object.keys(metafile.inputs)) {
    if (file.includes('node_modules/') || !isKept(file)) continue;
    const text = await readFile(file, 'utf8');
    for (const [, list = '', from = ''] of text.matchAll(/^import \{([^}]*)\} from '(@aws-sdk\/[^']+)';/gm)) {
      const names = list.split(',').map((part) => part.trim());
      for (const name of names) {
        // A name that only a function which was dropped speaks of still counts where its package is in the bundle.
        const isIn = Object.keys(output?.inputs ?? {}).some(
          (input) => input.includes(`node_modules/${from}/`) && isKept(input),
        );
        if (name && !name.startsWith('type ') && isIn) add(eager.has(file) ? atOnce : later, from, name);
      }
    }
    // A whole client behind an `import()`: of it, only what the file names is needed.
    for (const [, from = ''] of text.matchAll(/\bimport\('(@aws-sdk\/[^']+)'\)/g)) {
      for (const [name] of text.matchAll(/\b[A-Z]\w*Client\b/g))
        if (!new RegExp(`^import .*\\b${name}\\b`, 'm').test(text)) add(later, from, name);
    }
  }
  for (const from of later.keys()) if (atOnce.has(from)) later.delete(from);
  return { atOnce, later };
}

// Writes each Lambda to dist/handlers/<name>.mjs, self-contained, and the CLI to dist/cli.mjs, with dist/cli/ beside it.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';
import { writeTemplates } from './templates/compile.mjs';

/** Files under src/handlers that are Lambdas: the ones that export `handler`. */
export const HANDLERS = [
  'scan',
  'studio-event',
  'activity-event',
  'links',
  'mail-feedback',
  'deliver',
  'spend',
  'weekly-report',
];

const shared = {
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  // `module` first: CommonJS builds of the SDK would double the bundle.
  mainFields: ['module', 'main'],
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  // yaml's own build for Node is CommonJS: twice the size once bundled.
  alias: { yaml: './node_modules/yaml/browser/dist/index.js' },
  // What is still CommonJS asks for Node's own modules with `require`.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};

/** What Node 20 lacks of what the CLI uses; tsconfig.cli.json says that there is no more. */
const FOR_NODE_20 = `
// Which Node the SDK's later versions want is no news to who uses this one.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (groups.has(key)) groups.get(key).push(item);
    else groups.set(key, [item]);
  }
  return groups;
};`;

/** Renamed into its place, so that what runs meanwhile, such as another `npm start`, never misses a file nor reads half of one. */
async function replace(path, contents, mode) {
  const aside = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(aside, contents, { mode });
  await rename(aside, path);
}

async function buildAll() {
  await writeTemplates();
  const built = await Promise.all([
    build({
      ...shared,
      entryPoints: HANDLERS.map((name) => `src/handlers/${name}.ts`),
      outdir: 'dist/handlers',
      outExtension: { '.js': '.mjs' },
      target: 'node24',
      minify: true,
      keepNames: true,
    }),
    build({
      ...shared,
      entryPoints: { cli: 'src/cli/main.ts' },
      outdir: 'dist',
      outExtension: { '.js': '.mjs' },
      // What a command loads by `import()` is a file of its own, so that the others do not wait for it.
      splitting: true,
      chunkNames: 'cli/[name]-[hash]',
      target: 'node20',
      banner: { js: `#!/usr/bin/env node\n${shared.banner.js}\n${FOR_NODE_20}` },
    }),
  ]);
  const files = built.flatMap(({ outputFiles }) => outputFiles);
  // npx links the bin once, and makes it executable only then: a rebuilt one must be so by itself.
  for (const { path, contents } of files) await replace(path, contents, path.endsWith('cli.mjs') ? 0o755 : 0o644);
  const made = new Set(files.map(({ path }) => path));
  for (const name of await readdir('dist', { recursive: true })) {
    const path = resolve('dist', name);
    if (/\.mjs(\.map)?$/.test(name) && !made.has(path)) await rm(path, { force: true });
  }
}

if (import.meta.filename === process.argv[1]) await buildAll();

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

/** How use cases call a port where that is not its name in lower case. */
const RECEIVERS: Record<string, string> = { KeptPrices: 'kept', StudioSettings: 'settings' };

const WIRING = readFileSync('src/wiring.ts', 'utf8');

/** A function of wiring.ts: the port that it returns, and the adapters that it makes it of. */
interface Factory {
  port: string;
  adapters: string[];
}

/**
 * The IAM actions that a handler's code calls: of each adapter that its imports of wiring.ts lead to, those of the verbs
 * that its use cases call. An adapter without a table of verbs counts with all that it lists.
 */
export async function actionsNeeded(handler: string): Promise<Set<string>> {
  const file = `src/handlers/${handler}.ts`;
  const bundle = await bundleOf(file);
  const imported = /import \{([^}]*)\} from '\.\.\/wiring\.ts';/.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
  const factories = imported.split(',').map((name) => name.trim());
  const needed = new Set<string>();
  for (const name of factories.filter(Boolean)) {
    const { port, adapters } = factoryOf(name);
    for (const adapter of adapters) {
      const exported = Object.entries(
        (await import(/* @vite-ignore */ resolve('src', adapter))) as Record<string, unknown>,
      );
      const calls = exported.find(([key]) => key.endsWith('_CALLS'))?.[1] as Record<string, string[]> | undefined;
      const listed = exported.find(([key]) => key.endsWith('_ACTIONS'))?.[1] as string[] | undefined;
      if (!calls) {
        if (!listed && /@aws-sdk\//.test(readFileSync(`src/${adapter}`, 'utf8')))
          throw new Error(`src/${adapter} calls AWS, and exports no list of actions`);
        for (const action of listed ?? []) needed.add(action);
        continue;
      }
      for (const [verb, actions] of Object.entries(calls))
        if (isCalled(bundle, name, port, verb)) for (const action of actions) needed.add(action);
    }
  }
  return needed;
}

/** What a handler's bundle holds of our code: what nothing calls is not in it. */
async function bundleOf(entryPoint: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

function factoryOf(name: string): Factory {
  const found = new RegExp(
    `export (?:async )?function ${name}\\([\\s\\S]*?\\): ([\\w<>.]+) \\{\\n([\\s\\S]*?)\\n\\}`,
  ).exec(WIRING);
  if (!found) throw new Error(`wiring.ts has no function ${name}`);
  const [, port = '', body = ''] = found;
  const adapters = [...WIRING.matchAll(/import \{([^}]*)\} from '\.\/(adapters\/[^']+)';/g)]
    .filter(([, names = '']) => names.split(',').some((one) => new RegExp(`\\b${one.trim()}\\(`).test(body)))
    .map(([, , path = '']) => path);
  return { port, adapters };
}

function isCalled(bundle: string, factory: string, port: string, verb: string): boolean {
  const receiver = RECEIVERS[port] ?? `${port[0]?.toLowerCase()}${port.slice(1)}`;
  // A name that is taken already, the bundler numbers.
  return new RegExp(`(?:\\b${receiver}\\d*|\\b${factory}\\([^()]*\\))[?!]?\\.${verb}\\(`).test(bundle);
}

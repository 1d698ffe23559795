import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What each ring may import from: folders and files under src, and packages. Arrows point inward. */
const MAY_IMPORT: Record<string, { rings: string[]; packages: RegExp }> = {
  domain: { rings: ['domain'], packages: /^$/ },
  application: { rings: ['application', 'domain'], packages: /^node:crypto$/ },
  adapters: {
    rings: ['adapters', 'application/ports.ts', 'application/doctor-ports.ts', 'domain'],
    packages: /^(node:.*|@aws-sdk\/.*|handlebars\/runtime.*)$/,
  },
  handlers: {
    rings: ['handlers', 'application', 'domain', 'config.ts', 'wiring.ts'],
    packages: /^(node:.*|@middy\/.*|@aws-lambda-powertools\/.*|aws-lambda|zod)$/,
  },
  cli: {
    rings: [
      'cli',
      'application',
      'domain',
      'config.ts',
      'wiring.ts',
      'wiring-doctor.ts',
      '../package.json',
      '../agent/activity-agent.sh',
    ],
    packages: /^(node:.*|commander|cli-table3|csv-parse\/sync|string-width)$/,
  },
  'config.ts': { rings: ['domain', 'policy-file.ts'], packages: /^node:fs\/promises$/ },
  'policy-file.ts': { rings: ['domain', 'policy-schema.ts'], packages: /^yaml$/ },
  'policy-schema.ts': { rings: ['domain', 'policy-forms.ts'], packages: /^zod$/ },
  'policy-forms.ts': { rings: ['domain'], packages: /^zod$/ },
  'wiring-doctor.ts': { rings: ['adapters', 'application/doctor-ports.ts'], packages: /^@aws-sdk\/.*$/ },
  'wiring.ts': { rings: ['adapters', 'application/ports.ts', 'config.ts'], packages: /^@aws-sdk\/.*$/ },
};

/** The clock, chance and the environment come in as arguments. */
const FORBIDDEN =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bconsole\.|\bperformance\.|\bsetTimeout\b/;
const PURE = ['domain', 'application'];

/** What is wrong with a file, as sentences. */
function faultsOf(file: string, text: string): string[] {
  const ring = Object.keys(MAY_IMPORT).find((name) => file === name || file.startsWith(`${name}/`));
  if (!ring) return [`${file} lies in no ring`];
  const { rings, packages } = MAY_IMPORT[ring]!;
  const faults: string[] = [];
  for (const [, from, dynamic] of text.matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)) {
    const name = (from ?? dynamic)!;
    if (!name.startsWith('.')) {
      if (!packages.test(name)) faults.push(`${file} imports ${name}`);
      continue;
    }
    const target = normalize(join(dirname(file), name));
    if (!rings.some((allowed) => target === allowed || target.startsWith(`${allowed}/`)))
      faults.push(`${file} imports ${target}`);
  }
  if (PURE.includes(ring) && FORBIDDEN.test(text)) faults.push(`${file} uses ${FORBIDDEN.exec(text)![0]}`);
  if (ring === 'domain' && /\basync\b|\bPromise\b/.test(text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')))
    faults.push(`${file} is not synchronous`);
  return faults;
}

const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

describe('arrows point inward', () => {
  test.each(files)('src/%s', (file) => expect(faultsOf(file, readFileSync(join('src', file), 'utf8'))).toEqual([]));

  test('every ring has files: a rule for an empty folder would hold nothing', () => {
    for (const ring of Object.keys(MAY_IMPORT))
      expect(
        files.some((file) => file === ring || file.startsWith(`${ring}/`)),
        ring,
      ).toBe(true);
  });
});

describe('a planted arrow is seen', () => {
  test.each([
    [
      'domain/rules/bad.ts',
      "import { x } from '../../application/ports.ts';",
      'domain/rules/bad.ts imports application/ports.ts',
    ],
    ['domain/bad.ts', "import { x } from 'node:fs';", 'domain/bad.ts imports node:fs'],
    [
      'domain/bad.ts',
      "import type { App } from '@aws-sdk/client-sagemaker';",
      'domain/bad.ts imports @aws-sdk/client-sagemaker',
    ],
    ['domain/bad.ts', 'const now = Date.now();', 'domain/bad.ts uses Date.now'],
    ['domain/bad.ts', 'export async function f() {}', 'domain/bad.ts is not synchronous'],
    [
      'application/bad.ts',
      "import { x } from '../adapters/dynamodb/runs.ts';",
      'application/bad.ts imports adapters/dynamodb/runs.ts',
    ],
    ['application/bad.ts', 'const table = process.env.TABLE;', 'application/bad.ts uses process.'],
    ['adapters/bad.ts', "import { x } from '../application/scan.ts';", 'adapters/bad.ts imports application/scan.ts'],
    [
      'handlers/bad.ts',
      "const x = await import('../adapters/ses/postbox.ts');",
      'handlers/bad.ts imports adapters/ses/postbox.ts',
    ],
    ['cli/bad.ts', "import { x } from '../handlers/scan.ts';", 'cli/bad.ts imports handlers/scan.ts'],
    ['utils/bad.ts', '', 'utils/bad.ts lies in no ring'],
  ])('%s: %s', (file, text, fault) => expect(faultsOf(file, text)).toEqual([fault]));
});

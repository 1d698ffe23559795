import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** What takes its time, as a lab or an attack does: `npm run test:lab`. */
export const LIVED: string[] = [
  'test/lab/lab.test.ts',
  'test/bench/*.test.ts',
  'test/handlers/links-abuse.test.ts',
  'test/simulate/mutants.test.ts',
];

export default defineConfig({
  // The build of yaml that ships: build.mjs.
  resolve: { alias: { yaml: fileURLToPath(new URL('node_modules/yaml/browser/dist/index.js', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/cli/**', 'test/browser/**', 'test/agent/**', ...LIVED],
    // Real servers and bundles: a slow machine may take its time over the first of them.
    maxWorkers: 2,
    // Files share their imports: half the time. None may leave anything behind it.
    isolate: false,
    testTimeout: 30_000,
    // Some begin by packaging the stack.
    hookTimeout: 120_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/unit.json' }]] : ['default'],
  },
});

import { defineConfig } from 'vitest/config';

/** Tests of `curfew` as a terminal runs it, a process a command: `npm run test:cli`. */
export default defineConfig({
  test: {
    include: ['test/cli/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 30_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/cli.json' }]] : ['default'],
  },
});

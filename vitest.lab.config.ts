import { defineConfig } from 'vitest/config';

/** Whole days of the lab of `npm start`, lived several times over: `npm run test:lab`. */
export default defineConfig({
  test: {
    include: ['test/lab/lab.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 300_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/lab.json' }]] : ['default'],
  },
});

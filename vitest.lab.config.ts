import { defineConfig } from 'vitest/config';
import fast, { LIVED } from './vitest.config.ts';

/** Whole days of the lab of `npm start`, months of money, thousands of clicks, planted faults: `npm run test:lab`. */
export default defineConfig({
  ...(fast.resolve ? { resolve: fast.resolve } : {}),
  test: {
    include: LIVED,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/lab.json' }]] : ['default'],
  },
});

import { defineConfig } from 'vitest/config';

/** The agent against a real Jupyter server: `npm run test:agent`. It needs Jupyter and tmux (CONTRIBUTING.md), which `npm test` does not. */
export default defineConfig({
  test: {
    include: ['test/agent/**/*.test.ts'],
    // They wait more than they work.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.vitest/agent.json' }]] : ['default'],
  },
});

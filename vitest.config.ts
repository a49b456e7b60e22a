import { defineConfig } from 'vitest/config';
import { endToEndTests } from './test/support/deployed-suite.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/attacks/**'],
          globalSetup: ['test/support/temporary-directory.ts'],
          testTimeout: 20_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: endToEndTests(process.env.MCP_URL),
          globalSetup: ['test/support/temporary-directory.ts', 'test/support/running-stack.ts'],
          setupFiles: ['test/support/skip-what-is-lacking.ts'],
          testTimeout: 30_000,
          // A stack of one's own starts in a second, unless both cores are busy with other tests.
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

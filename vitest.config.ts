import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/attacks/**'],
          testTimeout: 20_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/attacks/**/*.test.ts'],
          globalSetup: ['test/support/running-stack.ts'],
          testTimeout: 30_000,
          // A stack of one's own starts in a second, unless both cores are busy with other tests.
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

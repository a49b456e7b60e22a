import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

/** One red test is enough to judge a mutant, so the fastest files come first: by default the slowest do. */
class FastestFirst extends BaseSequencer {
  async sort(files) {
    return (await super.sort(files)).toReversed();
  }
}

/** The tests that stand next to `core/oauth`: they need no network, no database and no stack. */
// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default defineConfig({
  test: {
    include: ['test/core/oauth/**/*.test.ts'],
    // They take seconds or minutes, and every mutant would wait for them: ten thousand signatures of an adapter, the
    // model of a grant's life, and properties of every URL (making such URLs is what takes long).
    exclude: ['signature', 'grant-machine*', 'any-url'].map((name) => `test/core/oauth/${name}.test.ts`),
    testTimeout: 20_000,
    // One worker for all files of a run: they share no state, and starting one each takes longer than their tests.
    isolate: false,
    sequence: { sequencer: FastestFirst },
  },
});

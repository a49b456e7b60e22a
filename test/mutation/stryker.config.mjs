const build = 'build/mutation';

/** Mutation testing of `core/oauth`. README.md says how to run it, and why what survives may. */
// biome-ignore lint/style/noDefaultExport: Stryker reads the default export
export default {
  mutate: [
    'functions/core/oauth/**/*.ts',
    // Data with its source and date, and no check: names and addresses of vendors' clients.
    '!functions/core/oauth/presets/!(index).ts',
  ],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.mjs', related: false },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // On a busy machine a test may wait for its turn; a mutant that is merely slow must not count as found.
  timeoutMS: 30_000,
  ignorePatterns: ['/build', '/cdk.out', '/test-results', '/.gatehouse', '/infra', '/test/{attacks,e2e,infra}'],
  tempDirName: `${build}/sandbox`,
  // Stryker would rewrite tsconfig.json with TypeScript's API, which TypeScript 7 does not have; Vite strips the types.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  incremental: true,
  incrementalFile: `${build}/incremental.json`,
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  jsonReporter: { fileName: `${build}/report.json` },
  htmlReporter: { fileName: `${build}/report.html` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
  thresholds: { high: 95, low: 85, break: 85 },
};

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runPlan } from '../../support/grant-machine.ts';
import { plans } from '../../support/grant-plans.ts';
import { aMemoryMachineStore } from '../../support/grant-stores.ts';

/** `GRANT_MACHINE_RUNS=20000 vitest run test/core/oauth/grant-machine.test.ts` looks for longer. */
const { GRANT_MACHINE_RUNS: runs = '1000' } = process.env;

test('F7 T13 whatever happens to a grant, in whatever order: one live successor, one redemption, no way back, nothing spent by a 503 or a 429', {
  timeout: 600_000,
}, async () => {
  const reached = new Set<string>();
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
      await runPlan(await aMemoryMachineStore(), plan, scheduler, reached);
    }),
    { numRuns: Number(runs) },
  );
  // The plans went everywhere: each way to be refused was met.
  expect([...reached].sort()).toEqual([
    'code-expired',
    'code-replayed',
    'family-expired-absolute',
    'family-expired-idle',
    'family-wrong',
    'grant-revoked',
    'refresh-token-reused',
    'signing-unavailable',
    'store-unavailable',
    'too-many-requests',
    'verifier-wrong',
  ]);
});

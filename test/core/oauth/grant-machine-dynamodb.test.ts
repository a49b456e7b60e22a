import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { createStoreTable, type DynamoDbServer, startFrontedDynalite } from '../../support/dynamodb-server.ts';
import { runPlan } from '../../support/grant-machine.ts';
import { plans } from '../../support/grant-plans.ts';
import { aDynamoDbMachineStore } from '../../support/grant-stores.ts';

/** As `grant-machine.test.ts`, over the items and conditions that DynamoDB gets. */
const { GRANT_MACHINE_DYNAMODB_RUNS: runs = '60' } = process.env;

let server: DynamoDbServer;
beforeAll(async () => {
  server = await startFrontedDynalite();
  await createStoreTable(server.client);
});
afterAll(() => server.close());

test('F7 T13 the same over the conditions of DynamoDB', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
      await runPlan(await aDynamoDbMachineStore(server), plan, scheduler, new Set());
    }),
    { numRuns: Number(runs) },
  );
});

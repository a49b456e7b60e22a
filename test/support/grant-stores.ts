import { createDynamoDbAssertions } from '../../functions/adapters/dynamodb-assertions.ts';
import { createGatheredReads } from '../../functions/adapters/dynamodb-gathered-reads.ts';
import { createDynamoDbGrants } from '../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry, createDynamoDbRegistryDesk } from '../../functions/adapters/dynamodb-registry.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { createMemoryStore } from '../../functions/adapters/memory-store.ts';
import type { Assertions } from '../../functions/core/oauth/client-assertion.ts';
import type { Grants, Registry } from '../../functions/core/oauth/store.ts';
import { aClient, random } from './builders.ts';
import { type DynamoDbServer, TABLE } from './dynamodb-server.ts';

/** What the token endpoint works on, with `client-a` in it. */
export type MachineStore = {
  readonly registry: Registry;
  readonly grants: Grants;
  readonly assertions: Assertions;
  /** Whether answers come in the order in which the operations took effect. */
  readonly inOrder: boolean;
};

export async function aMemoryMachineStore(): Promise<MachineStore> {
  const { registry, desk, grants, assertions } = createMemoryStore();
  await desk.enrol(aClient());
  return { registry, grants, assertions, inOrder: true };
}

export async function aDynamoDbMachineStore({ client }: Pick<DynamoDbServer, 'client'>): Promise<MachineStore> {
  const table = createTable(client, TABLE, createGatheredReads(client));
  await createDynamoDbRegistryDesk(table).enrol(aClient());
  return {
    registry: createDynamoDbRegistry(table),
    grants: createDynamoDbGrants(table),
    assertions: createDynamoDbAssertions(table, random),

    inOrder: false,
  };
}

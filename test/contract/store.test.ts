import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGatheredReads } from '../../functions/adapters/dynamodb-gathered-reads.ts';
import { createDynamoDbGrants } from '../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry, createDynamoDbRegistryDesk } from '../../functions/adapters/dynamodb-registry.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { createDynamoDbTransactions } from '../../functions/adapters/dynamodb-transactions.ts';
import { createMemoryStore } from '../../functions/adapters/memory-store.ts';
import { ok } from '../../functions/core/result.ts';
import { aClient, aGrant, aTransaction } from '../support/builders.ts';
import {
  connect,
  createStoreTable,
  type DynamoDbServer,
  ELSEWHERE,
  startDynalite,
  startFrontedDynalite,
  TABLE,
} from '../support/dynamodb-server.ts';
import { describeStore } from './store-suite.ts';
import type { Store } from './store-target.ts';

function storeOn({ client }: Pick<DynamoDbServer, 'client'>, table = createTable(client, TABLE)): Store {
  return {
    registry: createDynamoDbRegistry(table),
    desk: createDynamoDbRegistryDesk(table),
    transactions: createDynamoDbTransactions(table),
    grants: createDynamoDbGrants(table),
  };
}

async function openOn(server: DynamoDbServer) {
  await createStoreTable(server.client);
  return { store: storeOn(server), close: server.close };
}

/** As the token function opens it. */
async function openGathering(server: DynamoDbServer) {
  const { close } = await openOn(server);
  return { store: storeOn(server, createTable(server.client, TABLE, createGatheredReads(server.client))), close };
}

describeStore({ name: 'memory', open: async () => ({ store: createMemoryStore(), close: async () => {} }) });

if (!ELSEWHERE) {
  describeStore({
    name: 'DynamoDB, on dynalite alone',
    withoutItem: 'dynalite 4 ignores ReturnValuesOnConditionCheckFailure',
    open: async () => openOn(await startDynalite()),
  });
}

const where = ELSEWHERE ?? 'on the local cloud';

describeStore({ name: `DynamoDB, ${where}`, open: async () => openOn(await startFrontedDynalite()) });

describeStore({
  name: `DynamoDB, ${where}, its reads gathered`,
  open: async () => openGathering(await startFrontedDynalite()),
});

describe('items in DynamoDB', () => {
  let server: DynamoDbServer;
  let store: Store;
  beforeAll(async () => {
    server = await startFrontedDynalite();
    ({ store } = await openOn(server));
  });
  afterAll(() => server.close());

  const itemAt = async (pk: string) =>
    (await server.client.send(new GetItemCommand({ TableName: TABLE, Key: { pk: { S: pk } }, ConsistentRead: true })))
      .Item ?? {};
  const spoil = async (pk: string, changes: Record<string, { S: string } | undefined>) => {
    const item = { ...(await itemAt(pk)), ...changes };
    const kept = Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
    await server.client.send(new PutItemCommand({ TableName: TABLE, Item: kept as typeof item as never }));
  };

  test('X8 everything that ends has a ttl, and a client of the operator or a disabled one has none', async () => {
    const dynamic = aClient({ id: 'dynamic', source: 'dcr', expires: 2_000_000 });
    const grant = aGrant();
    const transaction = aTransaction();
    expect(await store.registry.admit(dynamic, 1_000_000)).toEqual({ ok: true, value: 'added' });
    await store.desk.enrol(aClient({ id: 'static' }));
    await store.grants.mint(grant);
    await store.transactions.open(transaction);
    expect(await itemAt('CLIENT#dynamic')).toMatchObject({ ttl: { N: '2000000' } });
    expect((await itemAt(`GRANT#${grant.id}`)).ttl).toEqual({ N: String(grant.expires) });
    expect((await itemAt(`TXN#${transaction.id}`)).ttl).toEqual({ N: String(transaction.expires) });
    expect(await itemAt('CLIENT#static')).not.toHaveProperty('ttl');
    await store.registry.extend(dynamic.id, 1_000_000, 3_000_000);
    expect(await itemAt('CLIENT#dynamic')).toMatchObject({ exp: { N: '3000000' }, ttl: { N: '3000000' } });
    await store.desk.disable(dynamic.id);
    expect(await itemAt('CLIENT#dynamic')).not.toHaveProperty('ttl');
  });

  test.each([
    ['T10 without a challenge', { chal: undefined }],
    ['with a challenge of another length', { chal: { S: 'short' } }],
    ['K20 of another kind', { st: { S: 'other' } }],
    ['active without a family', { st: { S: 'active' } }],
    ['with a client id that is none', { cid: { S: 'a#b' } }],
    ['whose end is no number', { cexp: { S: '1' } }],
  ])('a grant %s is corrupt: never a token, never a guess', async (_, changes) => {
    const grant = aGrant();
    await store.grants.mint(grant);
    await spoil(`GRANT#${grant.id}`, changes);
    const found = await store.grants.find(grant.id);
    expect(found).toMatchObject({ ok: false, error: { reason: 'item-corrupt', item: 'grant', id: grant.id } });
    expect(JSON.stringify(found)).not.toContain(grant.code);
  });

  test('a grant that is corrupt is revoked all the same, and nobody is named', async () => {
    const grant = aGrant();
    await store.grants.mint(grant);
    await spoil(`GRANT#${grant.id}`, { sub: undefined });
    const { clientId, familySecret } = grant;
    expect(await store.grants.revokeHeld(grant.id, { clientId, familySecret })).toEqual(ok({ revoked: undefined }));
    expect((await itemAt(`GRANT#${grant.id}`)).st).toEqual({ S: 'revoked' });
  });

  test('a client without redirect URIs is corrupt', async () => {
    const client = aClient({ id: 'spoiled' });
    await store.desk.enrol(client);
    await spoil('CLIENT#spoiled', { uris: undefined });
    expect(await store.registry.find(client.id)).toMatchObject({ error: { reason: 'item-corrupt', detail: 'uris' } });
  });

  test('a disabled client whose end has passed is not overwritten either', async () => {
    const client = aClient({ id: 'off', expires: 1_000_010 });
    await store.registry.admit(client, 1_000_000);
    await spoil('CLIENT#off', { st: { S: 'off' } });
    expect(await store.registry.admit(client, 1_000_020)).toEqual(ok('kept'));
    expect(await itemAt('CLIENT#off')).toMatchObject({ st: { S: 'off' } });
  });

  test('X12 every read is strongly consistent', async () => {
    const inputs: unknown[] = [];
    const client = connect('http://127.0.0.1:1');
    client.middlewareStack.add(() => async ({ input }) => {
      inputs.push(input);
      return { output: { $metadata: {} }, response: {} } as never;
    });
    await storeOn({ client }).registry.find(aClient().id);
    await storeOn({ client }).grants.find(aGrant().id);
    expect(inputs).toMatchObject([{ ConsistentRead: true }, { ConsistentRead: true }]);
  });

  test('K18 a table that does not answer is a value, within seconds', async () => {
    const gone = storeOn({ client: connect('http://127.0.0.1:1') });
    const refused = { ok: false, error: { reason: 'store-unavailable' } };
    expect(await gone.registry.find(aClient().id)).toMatchObject(refused);
    expect(await gone.grants.mint(aGrant())).toMatchObject(refused);
    expect(await gone.grants.revoke(aGrant().id)).toMatchObject(refused);
  });

  test('a request that DynamoDB calls invalid is a bug, and throws', async () => {
    const table = createTable(server.client, TABLE);
    const change = { expression: 'SET #a = :b', values: {} };
    await expect(table.update('X', change, { expression: 'attribute_exists(#pk)' })).rejects.toThrow();
    expect(await table.get('X')).toEqual(ok(undefined));
  });
});

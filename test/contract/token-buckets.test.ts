import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { createDynamoDbTokenBuckets } from '../../functions/adapters/dynamodb-token-buckets.ts';
import { createMemoryStore } from '../../functions/adapters/memory-store.ts';
import { digest } from '../../functions/core/oauth/digest.ts';
import { bucketOf, type TokenBuckets } from '../../functions/core/oauth/token-bucket.ts';
import { ok } from '../../functions/core/result.ts';
import { aClientId } from '../support/builders.ts';
import {
  connect,
  createStoreTable,
  type DynamoDbServer,
  ELSEWHERE,
  startFrontedDynalite,
  TABLE,
} from '../support/dynamodb-server.ts';

/** Every implementation of `TokenBuckets`, condition by condition. Times are milliseconds. */
const NOW = 1_000_000_000;
/** A batch is two seconds' worth; ten batches are a full bucket. */
const BUCKET = bucketOf({ rate: 5, burst: 100 });

let server: DynamoDbServer;
beforeAll(async () => {
  server = await startFrontedDynalite();
  await createStoreTable(server.client);
});
afterAll(() => server.close());

let count = 0;
const aClient = () => aClientId(`client-${count++}`);
const empty = (until: number) => ({ ok: false, error: { reason: 'bucket-empty', until } });

describe.each([
  ['memory', () => createMemoryStore().buckets],
  [
    `DynamoDB, ${ELSEWHERE ?? 'on the local cloud'}`,
    () => createDynamoDbTokenBuckets(createTable(server.client, TABLE)),
  ],
])('token buckets: %s', (_, open) => {
  let buckets: TokenBuckets;
  beforeAll(() => {
    buckets = open();
  });

  test('hold their burst, then say to the millisecond when there is more', async () => {
    const client = aClient();
    for (let batch = 0; batch < 10; batch++) expect(await buckets.take(client, BUCKET, NOW)).toEqual(ok(undefined));
    expect(await buckets.take(client, BUCKET, NOW)).toEqual(empty(NOW + 2_000));
    expect(await buckets.take(client, BUCKET, NOW + 1_999)).toEqual(empty(NOW + 2_000));
    expect(await buckets.take(client, BUCKET, NOW + 2_000)).toEqual(ok(undefined));
    expect(await buckets.take(client, BUCKET, NOW + 2_000)).toEqual(empty(NOW + 4_000));
  });

  test('are full after a rest and never fuller, however long it was', async () => {
    const client = aClient();
    for (const from of [NOW, NOW + 20_000, NOW + 86_400_000]) {
      const taken = await Promise.all(Array.from({ length: 12 }, () => buckets.take(client, BUCKET, from)));
      expect(taken.filter(({ ok: took }) => took)).toHaveLength(10);
    }
  });

  test('of other clients are other buckets', async () => {
    const [one, other] = [aClient(), aClient()];
    for (let batch = 0; batch < 10; batch++) await buckets.take(one, BUCKET, NOW);
    expect(await buckets.take(one, BUCKET, NOW)).toMatchObject({ ok: false });
    expect(await buckets.take(other, BUCKET, NOW)).toEqual(ok(undefined));
  });

  test('give fifty writers at once ten batches and no more', async () => {
    const client = aClient();
    const taken = await Promise.all(Array.from({ length: 50 }, () => buckets.take(client, BUCKET, NOW)));
    expect(taken.filter(({ ok: took }) => took)).toHaveLength(10);
    expect(taken.filter(({ ok: took }) => !took)).toEqual(Array.from({ length: 40 }, () => empty(NOW + 2_000)));
  });

  test('hold a single batch where the burst is the smallest, and give it back in time', async () => {
    const small = bucketOf({ rate: 3, burst: 10 });
    const client = aClient();
    expect(await buckets.take(client, small, NOW)).toEqual(ok(undefined));
    expect(await buckets.take(client, small, NOW)).toEqual(empty(NOW + 3_334));
    expect(await buckets.take(client, small, NOW + 3_334)).toEqual(ok(undefined));
  });
});

describe('the item of a bucket', () => {
  const itemOf = async (client: string) => {
    const Key = { pk: { S: `BUCKET#${digest(client)}` } };
    return (await server.client.send(new GetItemCommand({ TableName: TABLE, Key, ConsistentRead: true }))).Item;
  };
  const table = () => createTable(server.client, TABLE);

  test('X8 ends when it can say nothing more, and does not grow', async () => {
    const client = aClient();
    for (let batch = 0; batch < 3; batch++) {
      await createDynamoDbTokenBuckets(table()).take(client, BUCKET, NOW);
      expect(await itemOf(client)).toEqual({
        pk: { S: `BUCKET#${digest(client)}` },
        full: { N: String(NOW + 2_000 * (batch + 1)) },
        exp: { N: String(NOW / 1000 + 20) },
        ttl: { N: String(NOW / 1000 + 20) },
      });
    }
  });

  test('K20 that was not written by this server lets nobody through', async () => {
    for (const full of [{ S: 'tomorrow' }, undefined]) {
      const client = aClient();
      const pk = { S: `BUCKET#${digest(client)}` };
      await table().put(full === undefined ? { pk } : { pk, full }, { expression: 'attribute_not_exists(#pk)' });
      const taken = await createDynamoDbTokenBuckets(table()).take(client, BUCKET, NOW);
      expect(taken).toMatchObject({ ok: false, error: { reason: 'store-unavailable' } });
    }
  });

  test('K18 that cannot be reached is unavailable', async () => {
    const gone = createDynamoDbTokenBuckets(createTable(connect('http://127.0.0.1:1'), TABLE));
    expect(await gone.take(aClient(), BUCKET, NOW)).toMatchObject({ error: { reason: 'store-unavailable' } });
  });

  test('K19 whose answer was lost may lose its client a batch, and never wins it one', async () => {
    const client = aClient();
    const forgetful = connect(server.url);
    // As the SDK does that lost the first answer.
    forgetful.middlewareStack.add((next) => async (call) => {
      await next(call).catch(() => undefined);
      return next(call);
    });
    const buckets = createDynamoDbTokenBuckets(createTable(forgetful, TABLE));
    expect(await buckets.take(client, BUCKET, NOW)).toEqual(ok(undefined));
    expect((await itemOf(client))?.full).toEqual({ N: String(NOW + 6_000) });
  });
});

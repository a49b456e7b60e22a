import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDynamoDbAssertions } from '../../functions/adapters/dynamodb-assertions.ts';
import { createDynamoDbDocuments } from '../../functions/adapters/dynamodb-documents.ts';
import { createGatheredReads } from '../../functions/adapters/dynamodb-gathered-reads.ts';
import { createDynamoDbGrants } from '../../functions/adapters/dynamodb-grants.ts';
import { createDynamoDbRegistry } from '../../functions/adapters/dynamodb-registry.ts';
import { createDynamoDbRules } from '../../functions/adapters/dynamodb-rules.ts';
import { createTable } from '../../functions/adapters/dynamodb-table.ts';
import { systemClock, systemRandom } from '../../functions/adapters/system.ts';
import { withKeptDocuments } from '../../functions/core/oauth/cimd/document-clients.ts';
import { exchangeToken } from '../../functions/core/oauth/exchange-token.ts';
import { ok } from '../../functions/core/result.ts';
import { aClientId, aSigningKey } from '../support/builders.ts';
import {
  connect,
  createStoreTable,
  type DynamoDbServer,
  OTHER_TABLE,
  startFrontedDynalite,
  TABLE,
} from '../support/dynamodb-server.ts';
import { onRecord } from '../support/on-record.ts';

/** Reads of one turn as one BatchGetItem, over the real client and dynalite. What DynamoDB does under load is injected. */
let server: DynamoDbServer;
const REFRESH_TOKEN = [22, 43, 43].map((length) => 'A'.repeat(length)).join('.');
const sent: { readonly operation: string | undefined; readonly input: Batch }[] = [];

type Batch = {
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys: readonly object[]; readonly ConsistentRead?: boolean }>
  >;
};

beforeAll(async () => {
  server = await startFrontedDynalite();
  await createStoreTable(server.client, TABLE);
  await createStoreTable(server.client, OTHER_TABLE);
  server.client.middlewareStack.add((next, { commandName }) => (call) => {
    sent.push({ operation: commandName, input: call.input as Batch });
    return next(call);
  });
  const put = createTable(server.client, TABLE).put;
  for (const n of [1, 2]) {
    await put({ pk: { S: `A#${n}` }, n: { N: `${n}` } }, { expression: 'attribute_not_exists(#pk)' });
  }
  await createTable(server.client, OTHER_TABLE).put(
    { pk: { S: 'A#1' }, n: { N: '10' } },
    { expression: 'attribute_not_exists(#pk)' },
  );
});
afterAll(() => server.close());
beforeEach(() => void sent.splice(0));

function tablesOf(client: DynamoDBClient) {
  const reads = createGatheredReads(client);
  return { one: createTable(client, TABLE, reads), other: createTable(client, OTHER_TABLE, reads) };
}

const item = (n: number, key = `A#${n}`) => ok({ pk: { S: key }, n: { N: `${n}` } });

describe('reads of one turn', () => {
  test('are one operation over both tables, strongly consistent, and each has its own answer', async () => {
    const { one, other } = tablesOf(server.client);
    const found = await Promise.all([one.get('A#1'), other.get('A#1'), one.get('A#2'), one.get('A#3')]);
    expect(found).toEqual([item(1), item(10, 'A#1'), item(2), ok(undefined)]);
    expect(sent.map(({ operation }) => operation)).toEqual(['BatchGetItemCommand']);
    expect(sent[0]?.input.RequestItems).toMatchObject({
      [TABLE]: { ConsistentRead: true },
      [OTHER_TABLE]: { ConsistentRead: true },
    });
  });

  test('of one item ask for it once, which DynamoDB would otherwise refuse', async () => {
    const { one } = tablesOf(server.client);
    expect(await Promise.all([one.get('A#1'), one.get('A#1')])).toEqual([item(1), item(1)]);
    expect(sent).toHaveLength(1);
  });

  test('of another turn are another operation, and see what was written in between', async () => {
    const { one } = tablesOf(server.client);
    expect(await one.get('A#later')).toEqual(ok(undefined));
    await one.put({ pk: { S: 'A#later' } }, { expression: 'attribute_not_exists(#pk)' });
    expect(await one.get('A#later')).toEqual(ok({ pk: { S: 'A#later' } }));
  });

  test('that are more than a batch holds are several', async () => {
    const { one } = tablesOf(server.client);
    const keys = Array.from({ length: 150 }, (_, n) => `none-${n}`);
    expect(new Set(await Promise.all(keys.map(one.get)))).toEqual(new Set(keys.map(() => ok(undefined))));
    const sizes = sent.map(({ input }) => input.RequestItems?.[TABLE]?.Keys.length);
    expect(sizes).toEqual([100, 50]);
  });
});

describe('a request to /token', () => {
  const issuer = 'https://mcp.example';
  const url = aClientId('https://client.example/app/client.json');
  const forms: readonly (readonly [string, string, string, readonly number[]])[] = [
    ['of a client of the registry', 'client-a', REFRESH_TOKEN, [1, 1]],
    ['of a client with a document: its rule, its document and the grant', url, REFRESH_TOKEN, [2, 1]],
    ['with a token that is none: no grant', 'client-a', 'garbage', [1]],
  ];

  test.each(forms)('%s, is one operation', async (_, client_id, refresh_token, counts) => {
    const { one, other } = tablesOf(server.client);
    const stored = createDynamoDbRegistry(one);
    const rules = createDynamoDbRules(one);
    const documents = createDynamoDbDocuments(one);
    const registry = withKeptDocuments(stored, { clock: systemClock, rules, documents, vetted: [], issuer });
    const ports = {
      clock: systemClock,
      random: systemRandom,
      registry: { ...stored, ...registry },
      grants: createDynamoDbGrants(other),
      assertions: createDynamoDbAssertions(other, systemRandom),
      openAssertion: async () => undefined,
      allowance: async () => ok(undefined),
      signer: (await aSigningKey()).signer,
      record: onRecord,
      issuer,
      resource: `${issuer}/mcp`,
      refreshGrace: 10,
    };
    const form = Object.entries({ grant_type: 'refresh_token', client_id, refresh_token });
    expect(await exchangeToken(ports, form, undefined)).toMatchObject({ ok: false });
    expect(sent.map(({ operation }) => operation)).toEqual(['BatchGetItemCommand']);
    const wanted = Object.values(sent[0]?.input.RequestItems ?? {});
    expect(wanted.map(({ Keys }) => Keys.length)).toEqual(counts);
  });
});

describe('what DynamoDB left out', () => {
  /** A client whose first batches leave the last key of the first table unread. */
  function leavingOut(times: number): DynamoDBClient {
    const client = connect(server.url);
    let left = times;
    client.middlewareStack.add((next) => async (call) => {
      const { RequestItems = {} } = call.input as Batch;
      const [[table = '', { Keys }] = ['', { Keys: [] }], ...others] = Object.entries(RequestItems);
      if (left <= 0) return next(call);
      left -= 1;
      const rest = { [table]: { Keys: Keys.slice(0, -1), ConsistentRead: true }, ...Object.fromEntries(others) };
      const output = { Responses: {}, $metadata: {} };
      const now = Object.entries(rest).filter(([, wanted]) => wanted.Keys.length > 0);
      if (now.length > 0) {
        const answered = await next({ ...call, input: { RequestItems: Object.fromEntries(now) } as never });
        Object.assign(output, answered.output);
      }
      Object.assign(output, { UnprocessedKeys: { [table]: { Keys: Keys.slice(-1), ConsistentRead: true } } });
      return { output, response: {} } as never;
    });
    return client;
  }

  test.each([1, 2])('%i times is asked for again, and nobody notices', async (times) => {
    const { one, other } = tablesOf(leavingOut(times));
    expect(await Promise.all([one.get('A#1'), other.get('A#1')])).toEqual([item(1), item(10, 'A#1')]);
  });

  test('three times is unavailable, never absent; what was read beside it stands', async () => {
    const { one, other } = tablesOf(leavingOut(3));
    const [left, read] = await Promise.all([one.get('A#1'), other.get('A#1')]);
    expect(left).toMatchObject({ error: { reason: 'store-unavailable', operation: 'BatchGetItem' } });
    expect(read).toEqual(item(10, 'A#1'));
  });
});

test('K18 a table that does not answer is unavailable for every read', async () => {
  const { one, other } = tablesOf(connect('http://127.0.0.1:1'));
  const unavailable = { ok: false, error: { reason: 'store-unavailable', operation: 'BatchGetItem' } };
  expect(await Promise.all([one.get('A#1'), other.get('A#1')])).toMatchObject([unavailable, unavailable]);
});

test('a request that DynamoDB calls invalid is a bug, and throws for every read', async () => {
  const { one } = tablesOf(server.client);
  const asked = await Promise.allSettled([one.get('A#1'), one.get('x'.repeat(3_000))]);
  expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from '../../infra/local/aws/dynamodb/database.ts';
import { batchedKeys, queriedKey } from '../../infra/local/aws/dynamodb/leading-keys.ts';
import { createTables, type Table } from '../../infra/local/aws/dynamodb/tables.ts';
import { createWrites } from '../../infra/local/aws/dynamodb/writes.ts';
import { failureOf, temporaryDirectory } from './fixtures/running-endpoint.ts';

const directory = temporaryDirectory();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the keys that a batch is judged by', () => {
  const keys = (name: string, ...values: string[]) => ({ Keys: values.map((S) => ({ [name]: { S } })) });
  const judged = (RequestItems: Record<string, { Keys: Record<string, { S: string }>[] }>) =>
    batchedKeys({ RequestItems }, (table) => (table === 'Notes' ? 'pk' : 'id'));

  test('are its own, of one table', () => {
    expect(judged({ Notes: keys('pk', 'a', 'b') })).toEqual([{ table: 'Notes', keys: ['a', 'b'] }]);
  });

  test('are those of each table, and on each table also all of them, of two', () => {
    expect(judged({ Notes: keys('pk', 'a'), Log: keys('id', 'b') })).toEqual([
      { table: 'Notes', keys: ['a'] },
      { table: 'Notes', keys: ['a', 'b'] },
      { table: 'Log', keys: ['b'] },
      { table: 'Log', keys: ['a', 'b'] },
    ]);
  });

  test('are none where none is named, and then nothing is allowed', () => {
    expect(judged({})).toEqual([]);
    expect(batchedKeys({ RequestItems: 'Notes' }, () => 'pk')).toEqual([]);
  });
});

describe('the partition key that a Query asks for', () => {
  const values = { ':v': { S: 'a' }, ':w': { S: 'b' }, ':n': { N: '7' } };
  const keyOf = (KeyConditionExpression: string, names: Record<string, string> = {}) =>
    queriedKey(
      { KeyConditionExpression, ExpressionAttributeValues: values, ExpressionAttributeNames: names },
      { hash: 'pk', range: 'sk' },
    );

  test.each([
    ['pk = :v', 'a'],
    ['pk=:n', '7'],
    ['sk = :w AND pk = :v', 'a'],
    ['pk = :v AND begins_with(sk, :w)', 'a'],
    ['(pk = :v) AND (sk BETWEEN :v AND :w)', 'a'],
  ])('is read from %s', (expression, key) => {
    expect(keyOf(expression)).toBe(key);
  });

  test('is read through a name', () => {
    expect(keyOf('#p = :v AND #s = :w', { '#p': 'pk', '#s': 'sk' })).toBe('a');
  });

  test.each([
    'begins_with(pk, :v)',
    'sk = :v',
    'pk = :v OR pk = :w',
    'pk = :v AND pk = :w',
    'NOT pk = :v',
    'pk <> :v',
    'x.pk = :v',
    'list[0].pk = :v',
    'pk = :missing',
    '#p = :v',
    '',
  ])('is not guessed from "%s"', (expression) => {
    expect(() => keyOf(expression)).toThrow('Query condition missed key schema element: pk');
  });

  test('is not read from the older KeyConditions', () => {
    const both = { KeyConditionExpression: 'pk = :v', KeyConditions: {}, ExpressionAttributeValues: values };
    expect(() => queriedKey(both, { hash: 'pk', range: undefined })).toThrow('KeyConditionExpression');
  });
});

describe('a failed condition that wants the old item', () => {
  const table: Table = {
    name: 'Counters',
    arn: 'arn:aws:dynamodb:us-east-1:000000000000:table/Counters',
    keys: { hash: 'pk', range: undefined },
    indexes: new Map(),
    definition: {
      TableName: 'Counters',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    },
  };
  const item = (n: number) => ({ TableName: 'Counters', Item: { pk: { S: 'c' }, n: { N: String(n) } } });

  test('shows the item the condition saw, not what the next write made of it', async () => {
    const database = await openDatabase(join(directory, 'counters'));
    // Whoever comes between the failed write and the read of the old item has time to do so.
    const slowToRead: Database = {
      ...database,
      call: async (operation, input) => {
        if (operation === 'GetItem') await sleep(50);
        return database.call(operation, input);
      },
    };
    try {
      await createTables(database, [table]);
      const writes = createWrites(slowToRead);
      await writes.write('PutItem', table, item(1));
      const failing = writes.write('PutItem', table, {
        ...item(9),
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const [failure] = await Promise.all([failureOf(failing), writes.write('PutItem', table, item(2))]);
      expect(failure.members).toEqual({ Item: { pk: { S: 'c' }, n: { N: '1' } } });
    } finally {
      await database.close();
    }
  });
});

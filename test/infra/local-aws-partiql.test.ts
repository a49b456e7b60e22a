import { DynamoDBClient, ExecuteStatementCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parsePartiQl } from '../../infra/local/aws/dynamodb/partiql.ts';
import { failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

let running: RunningEndpoint;
let reader: DynamoDBClient;
let log: string;

beforeAll(async () => {
  running = await startEndpoint();
  reader = new DynamoDBClient(running.as('ReaderFunction'));
  log = running.ref('Log');
});
afterAll(() => running.close());

function execute(statement: string, ...values: string[]) {
  const Parameters = values.map((S) => ({ S }));
  return reader.send(
    new ExecuteStatementCommand({ Statement: statement, ...(values.length > 0 ? { Parameters } : {}) }),
  );
}

const append = (pk: string, sk: string, text: string) =>
  execute(`INSERT INTO "${log}" VALUE {'pk': ?, 'sk': ?, 'text': ?}`, pk, sk, text);

describe('an INSERT', () => {
  test('appends an item', async () => {
    await append('a', '1', 'first');
    const writer = new DynamoDBClient(running.as('WriterFunction'));
    const { Items } = await writer.send(
      new QueryCommand({
        TableName: log,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: 'a' } },
      }),
    );
    expect(Items).toEqual([{ pk: { S: 'a' }, sk: { S: '1' }, text: { S: 'first' } }]);
  });

  test('on a key that is there is a DuplicateItemException and changes nothing', async () => {
    await append('b', '1', 'first');
    expect((await failureOf(append('b', '1', 'second'))).name).toBe('DuplicateItemException');
    await append('b', '2', 'another sort key is another item');
  });

  test('lets one of many racing appends through', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => append('c', '1', String(n))));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('needs as many values as it has parameters', async () => {
    const failure = await failureOf(execute(`INSERT INTO "${log}" VALUE {'pk': ?, 'sk': ?}`, 'd'));
    expect(failure.name).toBe('ValidationException');
  });

  test('into a table that the role may not append to is denied', async () => {
    const failure = await failureOf(execute(`INSERT INTO "${running.ref('Notes')}" VALUE {'pk': ?}`, 'OPEN#1'));
    expect(failure.message).toContain('is not authorized to perform: dynamodb:PartiQLInsert');
  });
});

describe('every other statement', () => {
  test.each([
    ['dynamodb:PartiQLSelect', (table: string) => `SELECT * FROM "${table}" WHERE pk = ?`],
    ['dynamodb:PartiQLUpdate', (table: string) => `UPDATE "${table}" SET text = ? WHERE pk = 'a' AND sk = '1'`],
    ['dynamodb:PartiQLDelete', (table: string) => `delete from "${table}" where pk = ?`],
  ])('needs %s, which an appending role does not have', async (action, statement) => {
    const failure = await failureOf(execute(statement(log), 'a'));
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toContain(`is not authorized to perform: ${action} on resource: ${running.arn('Log')}`);
  });

  test.each([
    `INSERT INTO Log VALUE {'pk': ?}`,
    `INSERT INTO "Log" VALUE {'pk': 'literal'}`,
    `INSERT INTO "Log" VALUE {'pk': ?, 'pk': ?}`,
    `INSERT INTO "Log" VALUE {'pk': ?}; DELETE FROM "Log" WHERE pk = ?`,
    `INSERT INTO "Log" VALUE {'pk': ?,}`,
    `INSERT INTO "Log" VALUE {}`,
    `INSERT INTO "Log" VALUE << {'pk': ?} >>`,
    `INSERT INTO "Log"."by-subject" VALUE {'pk': ?}`,
    `EXISTS (SELECT * FROM "Log")`,
    '',
  ])('is not read: %s', (statement) => {
    expect(() => parsePartiQl(statement)).toThrow("Statement wasn't well formed");
  });

  test('names the index that a SELECT reads', () => {
    expect(parsePartiQl('SELECT pk FROM "Log"."by-subject" WHERE u = ?')).toEqual({
      kind: 'other',
      action: 'PartiQLSelect',
      table: 'Log',
      index: 'by-subject',
    });
  });
});

test('a name in an INSERT may hold commas, braces and doubled quotes', () => {
  expect(parsePartiQl(`insert into "Log" value { 'a,b' : ?, 'it''s': ?, '}': ? }`)).toEqual({
    kind: 'insert',
    table: 'Log',
    attributes: ['a,b', "it's", '}'],
  });
});

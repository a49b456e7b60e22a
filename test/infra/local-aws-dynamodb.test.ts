import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clientOf, failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';
import { send, toDynamoDb } from './fixtures/signed-request.ts';

let running: RunningEndpoint;
let reader: DynamoDBClient;
let writer: DynamoDBClient;
let notes: string;
let log: string;

beforeAll(async () => {
  running = await startEndpoint();
  reader = new DynamoDBClient(running.as('ReaderFunction'));
  writer = new DynamoDBClient(running.as('WriterFunction'));
  notes = running.ref('Notes');
  log = running.ref('Log');
});
afterAll(() => running.close());

const put = (pk: string, n: number) =>
  writer.send(new PutItemCommand({ TableName: notes, Item: { pk: { S: pk }, n: { N: String(n) } } }));

describe('a table of the template', () => {
  test('keeps what one role wrote for another that may read it', async () => {
    await put('OPEN#1', 1);
    const { Item } = await reader.send(new GetItemCommand({ TableName: notes, Key: { pk: { S: 'OPEN#1' } } }));
    expect(Item).toEqual({ pk: { S: 'OPEN#1' }, n: { N: '1' } });
  });

  test('is found by its ARN too', async () => {
    await put('OPEN#arn', 1);
    const key = { TableName: running.arn('Notes'), Key: { pk: { S: 'OPEN#arn' } } };
    expect((await reader.send(new GetItemCommand(key))).Item).toBeDefined();
  });

  test('has the keys and indexes that the template says', async () => {
    const { Table } = await writer.send(new DescribeTableCommand({ TableName: log }));
    expect(Table?.KeySchema?.map(({ AttributeName }) => AttributeName)).toEqual(['pk', 'sk']);
    expect(Table?.GlobalSecondaryIndexes?.[0]).toMatchObject({
      IndexName: 'by-subject',
      Projection: { ProjectionType: 'KEYS_ONLY' },
    });
  });

  test('lets exactly one of many racing conditional updates through', async () => {
    await put('OPEN#race', 0);
    const update = () =>
      writer.send(
        new UpdateItemCommand({
          TableName: notes,
          Key: { pk: { S: 'OPEN#race' } },
          UpdateExpression: 'SET n = n + :one',
          ConditionExpression: 'n = :zero',
          ExpressionAttributeValues: { ':one': { N: '1' }, ':zero': { N: '0' } },
        }),
      );
    const results = await Promise.allSettled(Array.from({ length: 20 }, update));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a failed condition', () => {
  const conditional = (returning: 'ALL_OLD' | undefined) =>
    writer.send(
      new PutItemCommand({
        TableName: notes,
        Item: { pk: { S: 'OPEN#2' }, n: { N: '9' } },
        ConditionExpression: 'attribute_not_exists(pk)',
        ...(returning ? { ReturnValuesOnConditionCheckFailure: returning } : {}),
      }),
    );

  beforeEach(() => put('OPEN#2', 2));

  test('brings the item it failed on when ALL_OLD is asked for', async () => {
    const failure = await failureOf(conditional('ALL_OLD'));
    expect(failure.name).toBe('ConditionalCheckFailedException');
    expect(failure.Item).toEqual({ pk: { S: 'OPEN#2' }, n: { N: '2' } });
  });

  test('brings no item otherwise', async () => {
    const failure = await failureOf(conditional(undefined));
    expect(failure.name).toBe('ConditionalCheckFailedException');
    expect(failure.Item).toBeUndefined();
  });

  test('on a key without an item brings none', async () => {
    const failure = await failureOf(
      writer.send(
        new DeleteItemCommand({
          TableName: notes,
          Key: { pk: { S: 'OPEN#nothing' } },
          ConditionExpression: 'attribute_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );
    expect([failure.name, failure.Item]).toEqual(['ConditionalCheckFailedException', undefined]);
  });
});

describe('dynamodb:LeadingKeys', () => {
  test('keeps a role to the partition keys of its policy', async () => {
    const failure = await failureOf(
      reader.send(new GetItemCommand({ TableName: notes, Key: { pk: { S: 'SHUT#1' } } })),
    );
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toBe(
      `User: arn:aws:sts::000000000000:assumed-role/desk-reader/${running.ref('ReaderFunction')} is not authorized to perform: dynamodb:GetItem on resource: ${running.arn('Notes')} because no identity-based policy allows the dynamodb:GetItem action`,
    );
  });

  test('is about every key of a batch', async () => {
    const batch = (...keys: string[]) =>
      reader.send(
        new BatchGetItemCommand({ RequestItems: { [notes]: { Keys: keys.map((pk) => ({ pk: { S: pk } })) } } }),
      );
    expect((await batch('OPEN#1')).Responses?.[notes]).toHaveLength(1);
    expect((await failureOf(batch('OPEN#1', 'SHUT#1'))).name).toBe('AccessDeniedException');
  });

  test('a batch over two tables needs the action on each of them', async () => {
    const RequestItems = {
      [notes]: { Keys: [{ pk: { S: 'OPEN#1' } }] },
      [log]: { Keys: [{ pk: { S: 'OPEN#1' }, sk: { S: '1' } }] },
    };
    const batch = new BatchGetItemCommand({ RequestItems });
    expect((await writer.send(batch)).Responses?.[notes]).toHaveLength(1);
    const failure = await failureOf(reader.send(batch));
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toContain(`dynamodb:BatchGetItem on resource: ${running.arn('Log')} `);
  });

  test('is taken from the item a put writes, not from a key beside it', async () => {
    const put = (pk: string, beside: string) => {
      const smuggling = { TableName: notes, Item: { pk: { S: pk } }, Key: { pk: { S: beside } } };
      return send(running.as('ReaderFunction'), toDynamoDb('PutItem', smuggling));
    };
    expect((await put('OPEN#3', 'SHUT#3')).status).toBe(200);
    expect(await (await put('SHUT#3', 'OPEN#3')).text()).toContain('AccessDeniedException');
  });
});

test('an index named beside a GetItem does not make it one of the index', async () => {
  const read = { TableName: log, IndexName: 'by-subject', Key: { pk: { S: 'a' }, sk: { S: '1' } } };
  expect((await send(running.as('WriterFunction'), toDynamoDb('GetItem', read))).status).toBe(200);
  expect(running.calls.at(-1)?.resource).toBe(running.arn('Log'));
});

describe('a Query', () => {
  beforeAll(async () => {
    const statement = `INSERT INTO "${log}" VALUE {'pk': ?, 'sk': ?, 'u': ?, 't': ?}`;
    const row = ['day', '1', 'ada', '12:00'].map((S) => ({ S }));
    await reader.send(new ExecuteStatementCommand({ Statement: statement, Parameters: row }));
  });

  const query = (input: object) =>
    writer.send(new QueryCommand({ TableName: log, ExpressionAttributeValues: { ':v': { S: 'ada' } }, ...input }));

  test('of an index is judged as one of that index', async () => {
    const { Items } = await query({ IndexName: 'by-subject', KeyConditionExpression: 'u = :v' });
    expect(Items).toEqual([{ pk: { S: 'day' }, sk: { S: '1' }, u: { S: 'ada' }, t: { S: '12:00' } }]);
    expect(running.calls.at(-1)?.resource).toBe(`${running.arn('Log')}/index/by-subject`);
  });

  test('of an index is also judged by the policy of its table', async () => {
    const values = { ':v': { S: 'ada' } };
    const byReader = new QueryCommand({
      TableName: log,
      IndexName: 'by-subject',
      KeyConditionExpression: 'u = :v',
      ExpressionAttributeValues: values,
    });
    const failure = await failureOf(reader.send(byReader));
    expect(failure.message).toContain('with an explicit deny in a resource-based policy');
  });
});

describe('what the policies do not allow', () => {
  test('a resource policy denies a write that the role itself would be allowed', async () => {
    const item = { TableName: log, Item: { pk: { S: 'day' }, sk: { S: '2' } } };
    const failure = await failureOf(writer.send(new PutItemCommand(item)));
    expect(failure.message).toContain('is not authorized to perform: dynamodb:PutItem');
    expect(failure.message).toContain('with an explicit deny in a resource-based policy');
  });

  test('a Scan is denied to a role that may only read items', async () => {
    expect((await failureOf(reader.send(new ScanCommand({ TableName: notes })))).name).toBe('AccessDeniedException');
  });

  test('an operation that is not served is denied by name, whatever the policy says', async () => {
    const transaction = new TransactWriteItemsCommand({ TransactItems: [] });
    const failure = await failureOf(writer.send(transaction));
    expect(failure.message).toContain('dynamodb:TransactWriteItems because the local cloud does not serve it');
  });

  test('another key pair than the endpoint gave out is nobody', async () => {
    const stranger = clientOf(running.endpoint, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' });
    const failure = await failureOf(new DynamoDBClient(stranger).send(new ScanCommand({ TableName: notes })));
    expect(failure.name).toBe('UnrecognizedClientException');
  });
});

import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { createFaults } from '../../infra/local/aws/faults.ts';
import { failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

const faults = createFaults();
const invoked: [name: string, event: unknown][] = [];
let running: RunningEndpoint;
let dynamodb: DynamoDBClient;
let kms: KMSClient;
let lambda: LambdaClient;

beforeAll(async () => {
  running = await startEndpoint({
    faults,
    invoke: async (name, event) => {
      invoked.push([name, event]);
      if ((event as { fail?: boolean }).fail) {
        const error = { errorType: 'TypeError', errorMessage: 'it broke' };
        return { payload: error, error };
      }
      if ((event as { bug?: boolean }).bug) throw new Error('a bug of the local cloud');
      return { payload: { got: event } };
    },
  });
  dynamodb = new DynamoDBClient(running.as('WriterFunction'));
  kms = new KMSClient(running.as('WriterFunction'));
  lambda = new LambdaClient(running.as('ReaderFunction'));
});
beforeEach(() => running.endpoint.resetCounts());
afterAll(() => running.close());

const invoke = (event: object, more: object = {}) =>
  lambda.send(
    new InvokeCommand({ FunctionName: running.ref('WriterFunction'), Payload: JSON.stringify(event), ...more }),
  );

describe('Lambda Invoke', () => {
  test('runs the function that the role may invoke and brings its answer', async () => {
    const { Payload, FunctionError, StatusCode } = await invoke({ n: 1 });
    expect(invoked.at(-1)).toEqual([running.arn('WriterFunction'), { n: 1 }]);
    expect(JSON.parse(Payload?.transformToString() ?? '')).toEqual({ got: { n: 1 } });
    expect([StatusCode, FunctionError]).toEqual([200, undefined]);
  });

  test('takes the function’s ARN as well', async () => {
    await invoke({ n: 2 }, { FunctionName: running.arn('WriterFunction') });
    expect(invoked.at(-1)).toEqual([running.arn('WriterFunction'), { n: 2 }]);
  });

  test('says so when the function failed', async () => {
    const { Payload, FunctionError } = await invoke({ fail: true });
    expect(FunctionError).toBe('Unhandled');
    expect(JSON.parse(Payload?.transformToString() ?? '')).toMatchObject({ errorMessage: 'it broke' });
  });

  test('of another function is denied before anything runs', async () => {
    const before = invoked.length;
    const failure = await failureOf(invoke({}, { FunctionName: running.ref('ReaderFunction') }));
    expect([failure.name, invoked.length]).toEqual(['AccessDeniedException', before]);
    expect(failure.message).toContain('lambda:InvokeFunction');
  });

  test('without waiting is not served', async () => {
    const failure = await failureOf(invoke({}, { InvocationType: 'Event' }));
    expect(failure.name).toBe('InvalidParameterValueException');
  });

  test('is the only operation of Lambda', async () => {
    expect((await failureOf(lambda.send(new ListFunctionsCommand({})))).name).toBe('AccessDeniedException');
  });
});

describe('a bug of the local cloud', () => {
  test('is told to its owner in full and to the caller not at all', async () => {
    const failure = await failureOf(invoke({ bug: true }));
    expect([failure.name, failure.message]).toEqual(['InternalFailure', expect.not.stringContaining('a bug')]);
    expect(running.calls.at(-1)).toMatchObject({ status: 500, bug: new Error('a bug of the local cloud') });
  });
});

describe('what the endpoint reports', () => {
  const key = { pk: { S: 'OPEN#1' } };

  test('counts every call by operation and resource, denied ones too', async () => {
    const get = (TableName: string) => dynamodb.send(new GetItemCommand({ TableName, Key: key }));
    await get(running.ref('Notes'));
    await get(running.ref('Notes'));
    await failureOf(invoke({}, { FunctionName: running.ref('ReaderFunction') }));
    expect(running.endpoint.counts()).toEqual({
      [`dynamodb:GetItem table/${running.ref('Notes')}`]: 2,
      [`lambda:Invoke function:${running.ref('ReaderFunction')}`]: 1,
    });
    running.endpoint.resetCounts();
    expect(running.endpoint.counts()).toEqual({});
  });

  test('says who called what and how it ended, and holds no argument', async () => {
    await dynamodb.send(new PutItemCommand({ TableName: running.ref('Notes'), Item: { ...key, t: { S: 'private' } } }));
    expect(running.calls.at(-1)).toMatchObject({
      service: 'dynamodb',
      operation: 'PutItem',
      resource: running.arn('Notes'),
      caller: 'arn:aws:sts::000000000000:assumed-role/desk-writer/desk-writer',
      status: 200,
      error: undefined,
    });
    expect(JSON.stringify(running.calls)).not.toContain('private');
  });
});

describe('a fault asked for by a test', () => {
  const sign = () =>
    kms.send(
      new SignCommand({
        KeyId: running.arn('SigningKey'),
        Message: Buffer.from('x'),
        SigningAlgorithm: 'ECDSA_SHA_256',
      }),
    );
  const count = (by: number) =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName: running.ref('Notes'),
        Key: { pk: { S: 'OPEN#fault' } },
        UpdateExpression: 'ADD n :by',
        ExpressionAttributeValues: { ':by': { N: String(by) } },
        ReturnValues: 'UPDATED_NEW',
      }),
    );

  test('fails as many calls as it says and then no more', async () => {
    faults.failNext('kms:Sign', new AwsError('ThrottlingException', 'Rate exceeded'), 2);
    expect((await failureOf(sign())).name).toBe('ThrottlingException');
    expect((await failureOf(sign())).name).toBe('ThrottlingException');
    expect((await sign()).Signature).toBeDefined();
  });

  test('may lose the answer to a write that was carried out', async () => {
    await count(1);
    faults.loseAnswer('dynamodb:UpdateItem');
    await failureOf(count(1));
    expect((await count(1)).Attributes).toEqual({ n: { N: '3' } });
  });
});

import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientConfig, clientOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';
import { send, type Tampering, type ToSign, toDynamoDb } from './fixtures/signed-request.ts';

let running: RunningEndpoint;
let config: ClientConfig;
let read: ToSign;

beforeAll(async () => {
  running = await startEndpoint();
  config = running.as('ReaderFunction');
  read = toDynamoDb('GetItem', { TableName: running.ref('Notes'), Key: { pk: { S: 'OPEN#1' } } });
});
afterAll(() => running.close());

/** The status and the error's name of a request, `ok` when there was none. */
async function outcome(toSign: ToSign, instead: Tampering = {}, signer = config): Promise<string> {
  const response = await send(signer, toSign, instead);
  if (response.ok) return 'ok';
  const { __type: type } = (await response.json()) as { __type: string };
  return type;
}

describe('a signature', () => {
  test('made by the SDK is accepted', async () => {
    const key = { TableName: running.ref('Notes'), Key: { pk: { S: 'OPEN#1' } } };
    const { $metadata } = await new DynamoDBClient(config).send(new GetItemCommand(key));
    expect($metadata.httpStatusCode).toBe(200);
  });

  test('made by the documented steps is accepted', async () => {
    expect(await outcome(read)).toBe('ok');
  });

  test('does not cover another body', async () => {
    const body = JSON.stringify({ TableName: running.ref('Notes'), Key: { pk: { S: 'OPEN#2' } } });
    expect(await outcome(read, { body })).toBe('InvalidSignatureException');
  });

  test('does not cover another path', async () => {
    expect(await outcome(read, { path: '/other' })).toBe('InvalidSignatureException');
  });

  test('does not cover another header', async () => {
    const headers = { 'x-amz-target': 'DynamoDB_20120810.Scan' };
    expect(await outcome(read, { headers })).toBe('InvalidSignatureException');
  });

  test('is wanted on every x-amz header that is sent', async () => {
    expect(await outcome({ ...read, unsigned: ['x-amz-target'] })).toBe('InvalidSignatureException');
    expect(await outcome(read, { headers: { 'x-amz-extra': '1' } })).toBe('InvalidSignatureException');
  });

  test('is wanted on the host', async () => {
    expect(await outcome({ ...read, unsigned: ['host'] })).toBe('InvalidSignatureException');
  });

  test('with another secret is refused', async () => {
    const credentials = { ...config.credentials, secretAccessKey: 'guessed' };
    expect(await outcome(read, {}, { ...config, credentials })).toBe('InvalidSignatureException');
  });

  test('of another region is refused', async () => {
    expect(await outcome({ ...read, region: 'eu-central-1' })).toBe('InvalidSignatureException');
  });

  test('for another service than the one the request names is refused', async () => {
    expect(await outcome({ ...read, service: 'kms' })).toBe('UnknownOperationException');
  });

  test('for a service that is not here is denied', async () => {
    const response = await send(config, { ...read, service: 'sqs' });
    expect(await response.text()).toContain('is not authorized to perform: sqs:');
  });

  test('over a claimed hash that is not the body’s is refused', async () => {
    const headers = { ...read.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    expect(await outcome({ ...read, headers })).toBe('InvalidSignatureException');
  });

  test('is good for fifteen minutes to either side of the clock', async () => {
    const minute = 60_000;
    for (const minutes of [-14, 14]) expect(await outcome({ ...read, at: Date.now() + minutes * minute })).toBe('ok');
    for (const minutes of [-16, 16]) {
      expect(await outcome({ ...read, at: Date.now() + minutes * minute })).toBe('InvalidSignatureException');
    }
  });

  test('whose date is not the one of its scope is refused', async () => {
    expect(await outcome({ ...read, scopeDay: '20200101' })).toBe('InvalidSignatureException');
  });
});

describe('the session token', () => {
  test('must be there', async () => {
    const { accessKeyId, secretAccessKey } = config.credentials;
    expect(await outcome(read, {}, { ...config, credentials: { accessKeyId, secretAccessKey } })).toBe(
      'UnrecognizedClientException',
    );
  });

  test('must be the one of the key', async () => {
    const { sessionToken } = running.as('WriterFunction').credentials;
    const mixed = { ...config.credentials, ...(sessionToken ? { sessionToken } : {}) };
    expect(await outcome(read, {}, { ...config, credentials: mixed })).toBe('UnrecognizedClientException');
  });
});

describe('a request without a good Authorization header', () => {
  const post = async (path: string, headers: Record<string, string>) => {
    const response = await fetch(running.endpoint.url + path, { method: 'POST', body: '{}', headers });
    return { status: response.status, error: await response.text() };
  };

  test('is refused when there is none', async () => {
    const { status, error } = await post('/', { 'x-amz-target': 'DynamoDB_20120810.Scan' });
    expect(status).toBe(400);
    expect(error).toContain('MissingAuthenticationTokenException');
  });

  test('is refused when it is presigned', async () => {
    const { status, error } = await post('/?X-Amz-Signature=00', {});
    expect([status, error]).toEqual([403, expect.stringContaining('presigned')]);
  });

  test.each(['Bearer x', 'AWS4-HMAC-SHA256 Credential=a', 'AWS4-ECDSA-P256-SHA256 Credential=a/b'])(
    'is refused when it says %s',
    async (authorization) => {
      expect((await post('/', { authorization })).status).toBe(403);
    },
  );
});

test('the endpoint listens on loopback only', () => {
  expect(running.endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('keys of functions are drawn anew for every run', async () => {
  const second = await startEndpoint();
  try {
    const stale = clientOf(second.endpoint, config.credentials);
    expect(await outcome(read, {}, stale)).toBe('UnrecognizedClientException');
  } finally {
    await second.close();
  }
});

import { rmSync } from 'node:fs';
import { type AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { openDatabase } from '../../infra/local/aws/dynamodb/database.ts';
import { createTables, type Table } from '../../infra/local/aws/dynamodb/tables.ts';
import { openSecrets } from '../../infra/local/aws/secretsmanager/secrets.ts';
import { type RunningEndpoint, startEndpoint, temporaryDirectory } from './fixtures/running-endpoint.ts';

const directory = temporaryDirectory();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Options = Parameters<typeof startEndpoint>[0];

async function during<Result>(
  work: (running: RunningEndpoint) => Promise<Result>,
  more: Options = {},
): Promise<Result> {
  const running = await startEndpoint({ directory, ...more });
  try {
    return await work(running);
  } finally {
    await running.close();
  }
}

const secretsOf = ({ assembly, resolver, state, ref }: RunningEndpoint) => {
  const secrets = openSecrets(assembly, resolver, state);
  return ['ReaderSecret', 'ClientSecret'].map((id) => secrets.find(ref(id))?.value);
};

describe('a restart on the same state directory', () => {
  test('finds items, keys, secrets, objects and the developer’s pair again', async () => {
    const read = async (running: RunningEndpoint) => {
      const as = running.as('WriterFunction');
      const key = { TableName: running.ref('Notes'), Key: { pk: { S: 'OPEN#1' } } };
      const object = await new S3Client(as).send(new GetObjectCommand({ Bucket: running.ref('Vault'), Key: 'a' }));
      const signing = new GetPublicKeyCommand({ KeyId: running.arn('SigningKey') });
      return {
        item: (await new DynamoDBClient(as).send(new GetItemCommand(key))).Item,
        object: await object.Body?.transformToString(),
        publicKey: Buffer.from((await new KMSClient(as).send(signing)).PublicKey ?? []).toString('base64'),
        secrets: secretsOf(running),
        developer: running.credentials.developer,
      };
    };
    const first = await during(async (running) => {
      const as = running.as('WriterFunction');
      await new DynamoDBClient(as).send(
        new PutItemCommand({ TableName: running.ref('Notes'), Item: { pk: { S: 'OPEN#1' }, n: { N: '7' } } }),
      );
      await new S3Client(as).send(new PutObjectCommand({ Bucket: running.ref('Vault'), Key: 'a', Body: 'kept' }));
      return read(running);
    });
    expect(first).toMatchObject({ item: { n: { N: '7' } }, object: 'kept' });
    expect(await during(read)).toEqual(first);
  });

  test('brings a secret up to date whose value the template gives, and leaves generated ones', async () => {
    const [generated, given] = await during(async (running) => secretsOf(running));
    const outside = { identityClient: { id: 'desk-client', secret: 'another client secret' } };
    expect(given).toBe('a client secret');
    expect(await during(async (running) => secretsOf(running), { outside })).toEqual([
      generated,
      'another client secret',
    ]);
  });

  test('is refused when a table has other keys than its items', async () => {
    const other: Table = {
      name: 'Other',
      arn: 'arn',
      keys: { hash: 'id', range: undefined },
      indexes: new Map(),
      definition: { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] },
    };
    const there = { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], TableStatus: 'ACTIVE' };
    const database = { call: async () => ({ Table: there }), close: async () => undefined };
    await expect(createTables(database, [other])).rejects.toThrow('Start with --fresh');
  });
});

test('the database behind the endpoint answers nobody on its own port, which would not ask IAM', async () => {
  const listen = vi.spyOn(Server.prototype, 'listen');
  const database = await openDatabase(join(directory, 'alone'));
  const { port } = (listen.mock.contexts.at(-1) as Server).address() as AddressInfo;
  listen.mockRestore();
  try {
    expect(await database.call('ListTables', {})).toEqual({ TableNames: [] });
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.ListTables' };
    const response = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{}', headers });
    expect([response.status, await response.text()]).toEqual([403, '']);
  } finally {
    await database.close();
  }
});

import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { GetPublicKeyCommand, KMSClient, SignCommand, type SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';
import { clientOptionsOf, variablesOf } from './support/t-roles.ts';

/**
 * What each function cannot do to the items, keys and secrets of the others. Every attempt is made with the function's
 * own credentials by the real SDK, and is denied by the synthesized policies; every kind of attempt also succeeds for
 * the one function whose work it is, so that a cloud which denies everything fails here.
 */
let cloud: OwnCloud;

beforeAll(async () => {
  cloud = await startOwnCloud({ identityProvider: false });
});
afterAll(() => cloud.close());

const WRITES = ['put', 'update', 'delete'] as const;
const EVERYTHING = ['get', 'batch', 'query', 'scan', ...WRITES] as const;
type Verb = (typeof EVERYTHING)[number];
type TableName = 'REGISTRY_TABLE' | 'GRANTS_TABLE';

const FUNCTIONS = ['well-known', 'register', 'authorize', 'token', 'mcp', 'mcp-write', 'seal', 'migrate'] as const;
type FunctionName = (typeof FUNCTIONS)[number];

/** By function: which verbs reach which items. Everything that is not here is denied. */
const MAY: readonly [FunctionName, TableName, string, readonly Verb[]][] = [
  ['register', 'REGISTRY_TABLE', 'CLIENT#', ['put']],
  ['authorize', 'REGISTRY_TABLE', 'CLIENT#', ['get']],
  ['authorize', 'REGISTRY_TABLE', 'RULE#', ['get']],
  ['authorize', 'REGISTRY_TABLE', 'CIMD#', ['get', 'put']],
  ['authorize', 'GRANTS_TABLE', 'TXN#', ['get', 'put', 'update']],
  ['authorize', 'GRANTS_TABLE', 'GRANT#', ['put']],
  ['token', 'REGISTRY_TABLE', 'CLIENT#', ['batch', 'update']],
  ['token', 'REGISTRY_TABLE', 'RULE#', ['batch']],
  ['token', 'REGISTRY_TABLE', 'CIMD#', ['batch']],
  ['token', 'GRANTS_TABLE', 'GRANT#', ['batch', 'update']],
  ['token', 'GRANTS_TABLE', 'BUCKET#', ['update']],
  ['token', 'GRANTS_TABLE', 'JTI#', ['put']],
  ['mcp-write', 'GRANTS_TABLE', 'APPROVAL#', ['get', 'put', 'update']],
];
const KINDS: readonly [TableName, readonly string[]][] = [
  ['REGISTRY_TABLE', ['CLIENT#', 'RULE#', 'CIMD#', 'TOKEN#']],
  ['GRANTS_TABLE', ['TXN#', 'GRANT#', 'APPROVAL#', 'JTI#', 'BUCKET#']],
];
const ROW: Readonly<Record<FunctionName, string>> = {
  register: 'X4',
  mcp: 'X5',
  'mcp-write': 'X5',
  'well-known': 'X6',
  authorize: 'X17',
  token: 'X17',
  seal: 'X17',
  migrate: 'X17',
};

const items = FUNCTIONS.flatMap((name) =>
  KINDS.flatMap(([table, kinds]) =>
    kinds.map((kind) => {
      const may = MAY.find(([who, where, what]) => who === name && where === table && what === kind)?.[3] ?? [];
      return { name, table, kind, may, row: ROW[name] };
    }),
  ),
);

describe('items', () => {
  test.each(items)('$row $name may, of $kind items, $may and nothing else', async ({ name, table, kind, may }) => {
    const client = new DynamoDBClient(clientOptionsOf(cloud, name));
    const TableName = variablesOf(cloud, 'token')[table] ?? '';
    for (const verb of EVERYTHING) {
      const outcome = await attempt(client, verb, TableName, `${kind}attempt-of-${name}`);
      const allowed = may.includes(verb);
      expect([verb, outcome]).toEqual([verb, allowed ? 'allowed' : 'AccessDeniedException']);
    }
  });
});

describe('a batch over both tables', () => {
  const read = (name: FunctionName, client: string, grant: string) => {
    const { REGISTRY_TABLE = '', GRANTS_TABLE = '' } = variablesOf(cloud, 'token');
    const keys = (key: string) => ({ Keys: [{ pk: { S: key } }], ConsistentRead: true });
    const RequestItems = { [REGISTRY_TABLE]: keys(client), [GRANTS_TABLE]: keys(grant) };
    return outcomeOf(new DynamoDBClient(clientOptionsOf(cloud, name)).send(new BatchGetItemCommand({ RequestItems })));
  };

  test('X17 POSITIVE token reads a client and a grant at once', async () => {
    expect(await read('token', 'CLIENT#x', 'GRANT#x')).toBe('allowed');
  });

  test.each([
    ['token', 'CLIENT#x', 'TXN#x'],
    ['token', 'CLIENT#x', 'BUCKET#x'],
    ['token', 'TOKEN#x', 'GRANT#x'],
    ['authorize', 'CLIENT#x', 'TXN#x'],
  ] as const)('X17 %s does not read %s beside %s', async (name, client, grant) => {
    expect(await read(name, client, grant)).toBe('AccessDeniedException');
  });
});

describe('the token key', () => {
  const keyOf = () => variablesOf(cloud, 'token').TOKEN_SIGNING_KEY_ARN ?? '';

  test('X17 POSITIVE token signs with it', async () => {
    expect(await sign('token', keyOf())).toBe('allowed');
  });

  test.each([
    ['X4', 'register'],
    ['X5', 'mcp'],
    ['X5', 'mcp-write'],
    ['X6', 'well-known'],
    ['X17', 'authorize'],
    ['X17', 'seal'],
    ['X17', 'migrate'],
  ] as const)('%s %s cannot sign with it', async (_, name) => {
    expect(await sign(name, keyOf())).toBe('AccessDeniedException');
  });

  test('X17 token cannot sign with another algorithm, nor with the key of the audit log', async () => {
    expect(await sign('token', keyOf(), 'ECDSA_SHA_384')).toBe('AccessDeniedException');
    const others = cloud.assembly
      .ofType('AWS::KMS::Key')
      .map((resource) => cloud.resolver.arn(resource))
      .filter((arn) => arn !== keyOf());
    expect(others).toHaveLength(3);
    for (const arn of others) expect(await sign('token', arn)).toBe('AccessDeniedException');
  });

  test.each(FUNCTIONS.filter((name) => name !== 'migrate'))('X7 %s cannot even read its public half', async (name) => {
    const kms = new KMSClient(clientOptionsOf(cloud, name));
    expect(await outcomeOf(kms.send(new GetPublicKeyCommand({ KeyId: keyOf() })))).toBe('AccessDeniedException');
  });
});

describe('secrets', () => {
  const secretOf = {
    'identity provider': () => variablesOf(cloud, 'authorize').IDENTITY_SECRET_ARN ?? '',
    reader: () => variablesOf(cloud, 'mcp').DATABASE_SECRET_ARN ?? '',
    writer: () => variablesOf(cloud, 'mcp-write').DATABASE_SECRET_ARN ?? '',
    admin: () => variablesOf(cloud, 'migrate').DATABASE_SECRET_ARN ?? '',
  };
  const readers: Readonly<Record<keyof typeof secretOf, readonly FunctionName[]>> = {
    'identity provider': ['authorize'],
    reader: ['mcp', 'migrate'],
    writer: ['mcp-write', 'migrate'],
    admin: ['migrate'],
  };
  const names = Object.keys(secretOf) as (keyof typeof secretOf)[];

  test.each(FUNCTIONS.map((name) => ({ name, row: ROW[name] })))(
    '$row $name reads its own and no other',
    async ({ name }) => {
      const client = new SecretsManagerClient(clientOptionsOf(cloud, name));
      for (const secret of names) {
        const read = await outcomeOf(client.send(new GetSecretValueCommand({ SecretId: secretOf[secret]() })));
        const expected = readers[secret].includes(name) ? 'allowed' : 'AccessDeniedException';
        expect([secret, read]).toEqual([secret, expected]);
      }
    },
  );
});

/** The name of the error that a call was refused with. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'allowed',
    (error: Error) => error.name,
  );
}

async function sign(name: FunctionName, KeyId: string, algorithm: SigningAlgorithmSpec = 'ECDSA_SHA_256') {
  const kms = new KMSClient(clientOptionsOf(cloud, name));
  const Message = Buffer.alloc(32);
  const command = new SignCommand({ KeyId, Message, MessageType: 'DIGEST', SigningAlgorithm: algorithm });
  return outcomeOf(kms.send(command));
}

async function attempt(client: DynamoDBClient, verb: Verb, TableName: string, key: string): Promise<string> {
  const Key = { pk: { S: key } };
  const values = { ':pk': { S: key } };
  switch (verb) {
    case 'get':
      return outcomeOf(client.send(new GetItemCommand({ TableName, Key })));
    case 'batch':
      return outcomeOf(client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [Key] } } })));
    case 'query':
      return outcomeOf(
        client.send(
          new QueryCommand({ TableName, KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: values }),
        ),
      );
    case 'scan':
      return outcomeOf(client.send(new ScanCommand({ TableName })));
    case 'put':
      return outcomeOf(client.send(new PutItemCommand({ TableName, Item: { ...Key, st: { S: 'forged' } } })));
    case 'update':
      return outcomeOf(client.send(new UpdateItemCommand({ TableName, Key, UpdateExpression: 'REMOVE st' })));
    case 'delete':
      return outcomeOf(client.send(new DeleteItemCommand({ TableName, Key })));
  }
}

import {
  DeleteItemCommand,
  DynamoDBClient,
  ExecuteStatementCommand as ExecutePartiQL,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import {
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
} from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Resource } from '../../infra/local/template/assembly.ts';
import { type OwnCloud, startOwnCloud } from '../support/own-cloud.ts';

/**
 * What the reader role cannot do. Each attempt is made with the credentials that `mcp` itself runs with, by the real
 * SDK, and is denied by the synthesized policies: no line of the function's code stands in the way.
 */
let cloud: OwnCloud;
let its: Record<string, string>;
let other: { writerSecret: string; adminSecret: string; providerSecret: string; tokenKey: string };
let client: { dynamodb: DynamoDBClient; kms: KMSClient; data: RDSDataClient; secrets: SecretsManagerClient };

beforeAll(async () => {
  cloud = await startOwnCloud();
  its = variablesOf('mcp');
  other = {
    writerSecret: variablesOf('mcp-write').DATABASE_SECRET_ARN ?? '',
    adminSecret: variablesOf('migrate').DATABASE_SECRET_ARN ?? '',
    providerSecret: variablesOf('authorize').IDENTITY_SECRET_ARN ?? '',
    tokenKey: variablesOf('token').TOKEN_SIGNING_KEY_ARN ?? '',
  };
  const options = {
    endpoint: cloud.endpoint.url,
    region: 'us-east-1',
    credentials: cloud.credentials.forFunction(functionNamed('mcp')),
  };
  client = {
    dynamodb: new DynamoDBClient(options),
    kms: new KMSClient(options),
    data: new RDSDataClient(options),
    secrets: new SecretsManagerClient(options),
  };
});

afterAll(() => cloud.close());

describe('the reader role', () => {
  test('can do its own work: read its secret, and the database as mcp_reader', async () => {
    const { SecretString = '{}' } = await client.secrets.send(
      new GetSecretValueCommand({ SecretId: its.DATABASE_SECRET_ARN }),
    );
    expect(JSON.parse(SecretString)).toMatchObject({ username: 'mcp_reader' });
    const { records } = await client.data.send(sql('SELECT current_user::text'));
    expect(records?.[0]?.[0]?.stringValue).toBe('mcp_reader');
  });

  test.each(['writerSecret', 'adminSecret', 'providerSecret'] as const)('cannot read the %s', async (name) => {
    const attempt = client.secrets.send(new GetSecretValueCommand({ SecretId: other[name] }));
    await expectDenied(attempt, 'secretsmanager:GetSecretValue', other[name]);
  });

  test.each(['writerSecret', 'adminSecret'] as const)('cannot log in to the database with the %s', async (name) => {
    const attempt = client.data.send(sql('SELECT 1', other[name]));
    await expectDenied(attempt, 'secretsmanager:GetSecretValue', other[name]);
  });

  test.each([
    "INSERT INTO app.notes (ticket_id, body) VALUES (gen_random_uuid(), 'x')",
    'UPDATE app.orders SET status = status',
    'DELETE FROM app.orders',
    'CREATE TABLE app.mine (id int)',
    'CREATE TEMPORARY TABLE mine (id int)',
    'SET ROLE mcp_writer',
    'SET ROLE gatehouse_admin',
  ])('cannot write the database: %s', async (text) => {
    await expect(client.data.send(sql(text))).rejects.toMatchObject({
      name: 'DatabaseErrorException',
      message: expect.stringMatching(/SQLState: (?:25006|42501)/),
    });
  });

  test('cannot commit', async () => {
    const target = { resourceArn: its.DATABASE_CLUSTER_ARN, secretArn: its.DATABASE_SECRET_ARN };
    const { transactionId } = await client.data.send(
      new BeginTransactionCommand({ ...target, database: its.DATABASE_NAME }),
    );
    const attempt = client.data.send(new CommitTransactionCommand({ ...target, transactionId }));
    await expectDenied(attempt, 'rds-data:CommitTransaction', its.DATABASE_CLUSTER_ARN);
  });

  test('cannot sign a token', async () => {
    const command = new SignCommand({
      KeyId: other.tokenKey,
      Message: Buffer.alloc(32),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    });
    await expectDenied(client.kms.send(command), 'kms:Sign', other.tokenKey);
  });

  describe('and an audit row that is there', () => {
    const Key = { pk: { S: 'S#denied' }, sk: { S: '0000000001' } };

    test('is appended once', async () => {
      await client.dynamodb.send(insert('first'));
      await expect(client.dynamodb.send(insert('second'))).rejects.toMatchObject({ name: 'DuplicateItemException' });
    });

    const table = () => ({ TableName: its.AUDIT_TABLE ?? '' });
    test.each([
      ['dynamodb:PutItem', () => new PutItemCommand({ ...table(), Item: { ...Key, x: { S: 'forged' } } })],
      ['dynamodb:UpdateItem', () => new UpdateItemCommand({ ...table(), Key, UpdateExpression: 'REMOVE x' })],
      ['dynamodb:DeleteItem', () => new DeleteItemCommand({ ...table(), Key })],
      ['dynamodb:GetItem', () => new GetItemCommand({ ...table(), Key })],
      ['dynamodb:Scan', () => new ScanCommand(table())],
      [
        'dynamodb:PartiQLUpdate',
        () => partiql(`UPDATE "${its.AUDIT_TABLE}" SET x='forged' WHERE pk='S#denied' AND sk='0000000001'`),
      ],
      [
        'dynamodb:PartiQLDelete',
        () => partiql(`DELETE FROM "${its.AUDIT_TABLE}" WHERE pk='S#denied' AND sk='0000000001'`),
      ],
      ['dynamodb:PartiQLSelect', () => partiql(`SELECT * FROM "${its.AUDIT_TABLE}"`)],
      // biome-ignore lint/suspicious/noExplicitAny: each command is another type, and the client takes them all
    ] as [string, () => any][])('withstands %s', async (action, command) => {
      await expectDenied(client.dynamodb.send(command()), action, `table/${its.AUDIT_TABLE}`);
    });
  });

  test('cannot touch the registry or the grants', async () => {
    const tables = [variablesOf('token').REGISTRY_TABLE, variablesOf('token').GRANTS_TABLE];
    for (const TableName of tables) {
      const attempt = client.dynamodb.send(new GetItemCommand({ TableName, Key: { pk: { S: 'CLIENT#x' } } }));
      await expectDenied(attempt, 'dynamodb:GetItem', `table/${TableName}`);
    }
  });
});

async function expectDenied(attempt: Promise<unknown>, action: string, resource: string | undefined): Promise<void> {
  expect(resource).toBeTruthy();
  const error = await attempt.then(
    () => new Error(`${action} was allowed`),
    (refused: Error) => refused,
  );
  expect(error.name).toBe('AccessDeniedException');
  expect(error.message).toMatch(/^User: arn:aws:sts::000000000000:assumed-role\/\S+ is not authorized to perform: /);
  expect(error.message).toContain(`perform: ${action} on resource: `);
  expect(error.message).toContain(resource);
}

function sql(text: string, secretArn = its.DATABASE_SECRET_ARN): ExecuteStatementCommand {
  return new ExecuteStatementCommand({
    resourceArn: its.DATABASE_CLUSTER_ARN,
    secretArn,
    database: its.DATABASE_NAME,
    sql: text,
  });
}

function insert(value: string): ExecutePartiQL {
  const Statement = `INSERT INTO "${its.AUDIT_TABLE}" VALUE {'pk': ?, 'sk': ?, 'x': ?}`;
  return new ExecutePartiQL({ Statement, Parameters: [{ S: 'S#denied' }, { S: '0000000001' }, { S: value }] });
}

function partiql(Statement: string): ExecutePartiQL {
  return new ExecutePartiQL({ Statement });
}

function functionNamed(name: string): Resource {
  const found = cloud.assembly
    .ofType('AWS::Lambda::Function')
    .find((each) => rawVariables(each).POWERTOOLS_SERVICE_NAME === name);
  if (!found) throw new Error(`the template has no function ${name}`);
  return found;
}

function variablesOf(name: string): Record<string, string> {
  const resource = functionNamed(name);
  return cloud.resolver.resolve(resource.stack, rawVariables(resource) as never) as Record<string, string>;
}

function rawVariables(resource: Resource): Record<string, unknown> {
  return (resource.properties.Environment as { Variables: Record<string, unknown> }).Variables;
}

import {
  BatchExecuteStatementCommand,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  RDSDataClient,
} from '@aws-sdk/client-rds-data';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { openSecrets } from '../../infra/local/aws/secretsmanager/secrets.ts';
import type { Json } from '../../infra/local/template/json.ts';
import { failureOf, type RunningEndpoint, startEndpoint } from './fixtures/running-endpoint.ts';

let running: RunningEndpoint;
let reader: SecretsManagerClient;
let writer: SecretsManagerClient;
let database: RDSDataClient;
const handled: [operation: string, input: Json][] = [];

beforeAll(async () => {
  running = await startEndpoint({
    rdsData: {
      handle: async (operation, input) => {
        handled.push([operation, input]);
        if (JSON.stringify(input).includes('broken')) throw new AwsError('DatabaseErrorException', 'ERROR: broken');
        return operation === 'BeginTransaction' ? { transactionId: 't1' } : { numberOfRecordsUpdated: 1 };
      },
    },
  });
  reader = new SecretsManagerClient(running.as('ReaderFunction'));
  writer = new SecretsManagerClient(running.as('WriterFunction'));
  database = new RDSDataClient(running.as('ReaderFunction'));
});
afterAll(() => running.close());

const read = (client: SecretsManagerClient, id: string) => client.send(new GetSecretValueCommand({ SecretId: id }));

describe('a secret', () => {
  test('is generated as the template asks', async () => {
    const { SecretString, ARN, VersionStages } = await read(reader, running.ref('ReaderSecret'));
    expect([ARN, VersionStages]).toEqual([running.ref('ReaderSecret'), ['AWSCURRENT']]);
    expect(JSON.parse(SecretString ?? '')).toEqual({
      username: 'desk_reader',
      password: expect.stringMatching(/^[A-Za-z0-9]{40}$/),
    });
  });

  test('of the writer is denied to the reader, in the words of AWS', async () => {
    const failure = await failureOf(read(reader, running.ref('WriterSecret')));
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toBe(
      `User: arn:aws:sts::000000000000:assumed-role/desk-reader/${running.ref('ReaderFunction')} is not authorized to perform: secretsmanager:GetSecretValue on resource: ${running.ref('WriterSecret')} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
    );
  });

  test('under a key of the account needs that key too', async () => {
    expect((await read(writer, running.ref('WriterSecret'))).SecretString).toContain('desk_writer');
    const failure = await failureOf(read(reader, running.ref('AdminSecret')));
    expect(failure.message).toContain(
      `is not authorized to perform: kms:Decrypt on resource: ${running.arn('RestKey')}`,
    );
  });

  test('that the template gives in words has that value', async () => {
    expect((await read(writer, running.ref('ClientSecret'))).SecretString).toBe('a client secret');
  });

  test('that is attached to a cluster says where the database is', () => {
    const secrets = openSecrets(running.assembly, running.resolver, running.state);
    const value = JSON.parse(secrets.find('desk/admin')?.value ?? '');
    expect(value).toMatchObject({ username: 'desk_admin', engine: 'postgres', dbname: 'desk' });
    expect(secrets.login(running.ref('AdminSecret'))).toEqual({ username: 'desk_admin', password: value.password });
    expect(value.password).not.toMatch(/["@/\\]/);
    expect(secrets.login(running.ref('ClientSecret'))).toBeUndefined();
  });

  test('has one version, and no other is found', async () => {
    const other = new GetSecretValueCommand({ SecretId: running.ref('ReaderSecret'), VersionStage: 'AWSPREVIOUS' });
    expect((await failureOf(reader.send(other))).name).toBe('ResourceNotFoundException');
  });

  test('cannot be written by anybody', async () => {
    const put = new PutSecretValueCommand({ SecretId: running.ref('WriterSecret'), SecretString: 'x' });
    expect((await failureOf(writer.send(put))).message).toContain('secretsmanager:PutSecretValue');
  });
});

describe('the RDS Data API', () => {
  const target = (secret: string) => ({ resourceArn: running.arn('Cluster'), secretArn: running.ref(secret) });

  test('hands an allowed call to the database', async () => {
    const { transactionId } = await database.send(new BeginTransactionCommand(target('ReaderSecret')));
    expect(transactionId).toBe('t1');
    const statement = { ...target('ReaderSecret'), sql: 'SELECT 1', transactionId: 't1' };
    await database.send(new ExecuteStatementCommand(statement));
    expect(handled.at(-1)).toEqual(['ExecuteStatement', statement]);
  });

  test('lets nobody log in with a secret they may not read', async () => {
    const before = handled.length;
    const statement = new ExecuteStatementCommand({ ...target('WriterSecret'), sql: 'DELETE FROM orders' });
    const failure = await failureOf(database.send(statement));
    expect(failure.name).toBe('AccessDeniedException');
    expect(failure.message).toContain('secretsmanager:GetSecretValue');
    expect(handled).toHaveLength(before);
  });

  test('denies the operation that the role lacks', async () => {
    const commit = new CommitTransactionCommand({ ...target('ReaderSecret'), transactionId: 't1' });
    const failure = await failureOf(database.send(commit));
    expect(failure.message).toContain('is not authorized to perform: rds-data:CommitTransaction');
    expect(failure.$metadata).toMatchObject({ httpStatusCode: 403 });
  });

  test('denies an operation that is not served, by name', async () => {
    const batch = new BatchExecuteStatementCommand({ ...target('ReaderSecret'), sql: 'SELECT 1' });
    expect((await failureOf(database.send(batch))).message).toContain('rds-data:BatchExecuteStatement');
  });

  test('answers the database’s own errors under their names', async () => {
    const statement = new ExecuteStatementCommand({ ...target('ReaderSecret'), sql: 'broken' });
    const failure = await failureOf(database.send(statement));
    expect([failure.name, failure.message]).toEqual(['DatabaseErrorException', 'ERROR: broken']);
  });

  test('denies another cluster', async () => {
    const elsewhere = 'arn:aws:rds:us-east-1:000000000000:cluster:elsewhere';
    const statement = { ...target('ReaderSecret'), resourceArn: elsewhere, sql: 'SELECT 1' };
    expect((await failureOf(database.send(new ExecuteStatementCommand(statement)))).name).toBe('AccessDeniedException');
  });
});

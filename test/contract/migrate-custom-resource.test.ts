import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { answerCustomResource } from '../../functions/migrate/custom-resource.ts';
import type { MigratePorts } from '../../functions/migrate/ports.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { migratePorts } from '../support/migrated.ts';

/** CloudFormation's end: the address that takes the answer. */
type Received = {
  readonly method: string;
  readonly contentType: string | undefined;
  readonly body: Record<string, unknown>;
};

let database: TestDatabase;
let server: Server;
let url: string;
let received: Received[];
let statuses: number[];

beforeAll(async () => {
  database = await startDatabase();
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>;
    received.push({ method: request.method ?? '', contentType: request.headers['content-type'], body });
    response.writeHead(statuses.shift() ?? 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?signature=x`;
});
beforeEach(() => {
  received = [];
  statuses = [];
});
afterEach(() => {
  database.paused = false;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await database.stop();
});

const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'kid', alg: 'ES256', use: 'sig' } as const;
const ports = (): MigratePorts => ({
  ...migratePorts(database),
  publicKey: async (arn) => ({ ...key, kid: `of ${arn}` }),
});
const event = (more: Record<string, unknown> = {}) => ({
  RequestType: 'Create',
  ResponseURL: url,
  StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/service/1',
  RequestId: 'request-1',
  LogicalResourceId: 'DatabaseSchema',
  ResourceType: 'Custom::DatabaseSchema',
  ResourceProperties: { ServiceToken: 'arn', Migrations: 'hash', SampleData: 'true' },
  ...more,
});
const answer = async (more?: Record<string, unknown>, compose = ports, remaining = 60_000) => {
  await answerCustomResource(compose, event(more), remaining);
  return received.at(-1)?.body ?? {};
};

test('the schema is migrated and its version goes to the address of the event', async () => {
  const body = await answer();
  expect(body).toMatchObject({
    Status: 'SUCCESS',
    Data: { Version: '0004-performed-requests' },
    StackId: event().StackId,
    RequestId: 'request-1',
    LogicalResourceId: 'DatabaseSchema',
  });
  expect(received[0]).toMatchObject({ method: 'PUT', contentType: undefined });
  expect(await database.asSuperuser('SELECT count(*)::int AS n FROM app.customers')).toEqual([{ n: 12 }]);
});

test('the physical id is stable, and an update keeps the one it was given', async () => {
  const first = (await answer()).PhysicalResourceId;
  expect(first).toMatch(/^gatehouse-[0-9a-f]{24}$/);
  expect((await answer()).PhysicalResourceId).toBe(first);
  expect((await answer({ RequestType: 'Update', PhysicalResourceId: 'given' })).PhysicalResourceId).toBe('given');
});

test('a delete succeeds and does nothing, without a configuration even', async () => {
  const broken = () => {
    throw new Error('DATABASE_NAME is missing');
  };
  expect(await answer({ RequestType: 'Delete', PhysicalResourceId: 'p' }, broken)).toMatchObject({
    Status: 'SUCCESS',
    PhysicalResourceId: 'p',
  });
  expect(await database.asSuperuser('SELECT 1 FROM app.customers LIMIT 1')).toHaveLength(1);
});

test('a wrong configuration, wrong properties and an unknown type are answers too', async () => {
  const broken = () => {
    throw new Error('DATABASE_NAME is missing');
  };
  expect(await answer({}, broken)).toMatchObject({ Status: 'FAILED', Reason: 'DATABASE_NAME is missing' });
  expect(await answer({ ResourceProperties: {} })).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('SampleData'),
  });
  expect(await answer({ ResourceType: 'Custom::Other' })).toMatchObject({
    Status: 'FAILED',
    Reason: 'there is no custom resource Custom::Other',
  });
});

test('a failure says why, in a length CloudFormation takes, and without a secret', async () => {
  await answer();
  await database.asSuperuser('GRANT pg_read_all_data TO mcp_reader');
  const failed = await answer();
  await database.asSuperuser('REVOKE pg_read_all_data FROM mcp_reader');
  expect(failed).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('mcp_reader is a member of pg_read_all_data'),
  });
  const long = (): MigratePorts => ({ ...ports(), logins: () => Promise.reject(new Error('x'.repeat(100_000))) });
  expect(JSON.stringify(await answer({}, long)).length).toBeLessThan(4_096);
  for (const { password } of database.logins.values()) expect(JSON.stringify(received)).not.toContain(password);
});

test('a run that would outlast the function is answered before it ends', async () => {
  database.paused = true;
  expect(await answer({}, ports, 10_300)).toMatchObject({
    Status: 'FAILED',
    Reason: expect.stringContaining('ran out of time'),
  });
});

test('an answer that is not taken is sent again, and in the end fails the function', async () => {
  statuses = [500, 503];
  expect(await answer({ RequestType: 'Delete' })).toMatchObject({ Status: 'SUCCESS' });
  expect(received).toHaveLength(3);
  statuses = [500, 500, 500];
  await expect(answer({ RequestType: 'Delete' })).rejects.toThrow('CloudFormation answered 500');
});

test('public keys come as a key set, newest first', async () => {
  const body = await answer({ ResourceType: 'Custom::PublicKeys', ResourceProperties: { KeyArns: ['new', 'old'] } });
  const { Jwks } = body.Data as { Jwks: string };
  expect(JSON.parse(Jwks)).toEqual({
    keys: [
      { ...key, kid: 'of new' },
      { ...key, kid: 'of old' },
    ],
  });
});

import * as model from '@aws-sdk/client-rds-data';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createSqlReader, createSqlWriter } from '../../functions/adapters/data-api.ts';
import { BY_NAME } from '../../functions/adapters/data-api-failure.ts';
import { sql } from '../../functions/core/sql/statement.ts';
import { codeOfSql, mayRetry } from '../../functions/core/tools/failure.ts';
import { AwsError } from '../../infra/local/aws/aws-error.ts';
import { aCaller } from '../support/callers.ts';
import { type DataApiServer, HANG_UP, serveDataApi } from '../support/data-api-server.ts';
import { systemClock } from '../support/sql.ts';

/** Every error the service can answer with, over the wire and through the real client: what a tool is told. */
let api: DataApiServer;
let client: model.RDSDataClient;
let failing: 'BeginTransaction' | 'ExecuteStatement' | undefined;
let fault: Error;
beforeAll(async () => {
  api = await serveDataApi({
    handle: async (operation) => {
      if (operation === failing) throw fault;
      return { transactionId: 't' };
    },
    close: async () => {},
  });
  api.fault = (_call, serve) => serve();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new model.RDSDataClient({ endpoint: api.url, region: 'us-east-1', credentials, maxAttempts: 1 });
});
beforeEach(() => {
  api.calls.length = 0;
});
afterAll(async () => {
  client.destroy();
  await api.close();
});

const options = () => ({
  client,
  clusterArn: 'arn:aws:rds:us-east-1:000000000000:cluster:c',
  secretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s-AbCdEf',
  database: 'd',
  contextKey: async () => Buffer.alloc(32),
  clock: systemClock,
});
const calls = (name: string) => api.calls.filter(({ operation }) => operation === name).length;

/** Status, what is known, what the tool's caller is told and whether to come again, and how often a begin is tried. */
type Told = readonly [status: number, reason: string, code: string, retry: boolean, begins: number];
const TABLE: Readonly<Record<string, Told>> = {
  AccessDeniedException: [403, 'denied', 'database_denied', false, 1],
  BadRequestException: [400, 'invalid', 'database_refused', false, 1],
  DatabaseErrorException: [400, 'invalid', 'database_refused', false, 1],
  DatabaseNotFoundException: [404, 'unavailable', 'tool_failed', false, 1],
  DatabaseResumingException: [400, 'resuming', 'database_resuming', true, 1],
  DatabaseUnavailableException: [504, 'unavailable', 'database_unavailable', true, 3],
  ForbiddenException: [403, 'denied', 'database_denied', false, 1],
  HttpEndpointNotEnabledException: [400, 'unavailable', 'tool_failed', false, 1],
  InternalServerErrorException: [500, 'unavailable', 'database_unavailable', true, 3],
  InvalidResourceStateException: [400, 'unavailable', 'database_unavailable', true, 3],
  InvalidSecretException: [400, 'unavailable', 'tool_failed', false, 1],
  NotFoundException: [404, 'unavailable', 'tool_failed', false, 1],
  SecretsErrorException: [400, 'unavailable', 'tool_failed', false, 1],
  ServiceUnavailableError: [503, 'unavailable', 'database_unavailable', true, 3],
  StatementTimeoutException: [400, 'timeout', 'database_timeout', true, 1],
  TransactionNotFoundException: [404, 'unavailable', 'database_unavailable', true, 3],
  UnsupportedResultException: [400, 'invalid', 'database_refused', false, 1],
  // Of any service of AWS.
  ValidationException: [400, 'invalid', 'database_refused', false, 1],
  ThrottlingException: [429, 'unavailable', 'database_unavailable', true, 3],
  TooManyRequestsException: [429, 'unavailable', 'database_unavailable', true, 3],
  RequestTimeoutException: [408, 'unavailable', 'database_unavailable', true, 3],
  ExpiredTokenException: [403, 'unavailable', 'database_unavailable', true, 3],
};
/** Errors that nobody has named yet. */
const OTHERS: readonly (readonly [name: string, told: Told])[] = [
  ['SomethingForbidden', [403, 'denied', 'database_denied', false, 1]],
  ['SomethingWrong', [400, 'invalid', 'database_refused', false, 1]],
  ['SomethingTooMuch', [429, 'unavailable', 'database_unavailable', true, 3]],
  ['SomethingBroken', [502, 'unavailable', 'database_unavailable', true, 3]],
  ['constructor', [400, 'invalid', 'database_refused', false, 1]],
];

test('the table has every error of the service model, and no more than is known', () => {
  const ofModel = Object.entries(model)
    .filter(([name, value]) => typeof value === 'function' && /(?:Exception|Error)$/.test(name))
    .map(([name]) => name)
    .filter((name) => name !== 'RDSDataServiceException');
  expect(ofModel).toHaveLength(17);
  expect(Object.keys(TABLE)).toEqual(expect.arrayContaining(ofModel));
  expect(Object.keys(BY_NAME).sort()).toEqual(Object.keys(TABLE).sort());
});

test.each<readonly [string, Told]>([...Object.entries(TABLE), ...OTHERS])(
  '%s: what is told, and how often it is tried',
  async (name, [status, reason, code, retry, begins]) => {
    fault = new AwsError(name, 'said the service', status);
    failing = 'BeginTransaction';
    const started = performance.now();
    const answer = await createSqlReader(options())(aCaller(), sql`SELECT 1 AS n`);
    if (answer.ok) throw new Error('the fault had no effect');
    expect(answer.error).toMatchObject({ reason, detail: `${name}: said the service` });
    const told = codeOfSql(answer.error);
    expect([told, mayRetry(told)]).toEqual([code, retry]);
    // A read may begin a second time, with the same bound.
    expect([begins, 2 * begins]).toContain(calls('BeginTransaction'));
    expect(performance.now() - started).toBeLessThan(5_000);
  },
);

test.each(Object.entries(TABLE))('%s to a statement of a write: never sent again', async (name, [status]) => {
  fault = new AwsError(name, 'said the service', status);
  failing = 'ExecuteStatement';
  const ended = await createSqlWriter(options())(
    aCaller(),
    (execute) => execute(sql`SELECT 1 AS n`),
    AbortSignal.timeout(5_000),
  );
  expect(ended).toMatchObject({ end: 'rolled-back', error: { failure: { reason: TABLE[name]?.[1] } } });
  expect([calls('ExecuteStatement'), calls('RollbackTransaction')]).toEqual([1, 1]);
});

test('a connection that ends without an answer may be tried again; who called is told that the database is away', async () => {
  fault = HANG_UP;
  failing = 'BeginTransaction';
  const answer = await createSqlReader(options())(aCaller(), sql`SELECT 1 AS n`);
  expect(answer).toMatchObject({ ok: false, error: { reason: 'unavailable', retry: true } });
  expect(calls('BeginTransaction')).toBeLessThanOrEqual(6);
});

test('the size limit is its own reason, by whichever error the service says it', async () => {
  failing = 'ExecuteStatement';
  const limit = 'Database returned more than the allowed response size limit';
  for (const [name, message, reason] of [
    ['BadRequestException', limit, 'too-large'],
    ['BadRequestException', 'Database response exceeded size limit', 'too-large'],
    ['UnsupportedResultException', limit, 'too-large'],
    ['UnsupportedResultException', 'The size was too large.', 'too-large'],
    ['DatabaseErrorException', limit, 'too-large'],
    // The same error for a type, and PostgreSQL's own words about sizes, are something else.
    ['UnsupportedResultException', 'The result contains the unsupported data type INTERVAL.', 'invalid'],
    ['DatabaseErrorException', 'ERROR: array size exceeds the maximum allowed; SQLState: 54000', 'invalid'],
  ] as const) {
    fault = new AwsError(name, message, 400);
    const answer = await createSqlReader(options())(aCaller(), sql`SELECT 1 AS n`);
    expect(answer, message).toMatchObject({ ok: false, error: { reason, retry: false } });
  }
});
